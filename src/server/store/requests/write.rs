//! Changes to requests. Each names the revision that it is about; whoever comes second gets `false`.

use super::{FromElsewhere, need_number};
use crate::domain::{
    ApprovalKind, Channel, Decision, Flag, Need, NoteKind, Part, ReasonCode, RequestId, RequestState,
    Requester, Time, Verdict,
};
use crate::server::secrets::Hash;
use crate::server::store::{Conn, StoreError, Write, flag};
use crate::text::Untrusted;

/// A request that comes in.
#[derive(Clone, Debug)]
pub(crate) struct NewRequest<'a> {
    pub(crate) company: i64,
    pub(crate) id: &'a RequestId,
    pub(crate) kind: ApprovalKind,
    pub(crate) target: Option<i64>,
    /// The member who asks, with their company.
    pub(crate) from: Option<(i64, i64)>,
    pub(crate) requester: &'a Requester,
    pub(crate) email_key: Option<&'a str>,
    pub(crate) phone_key: Option<&'a str>,
    pub(crate) purpose: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
    pub(crate) channel: Option<Channel>,
    pub(crate) introduced_by: Option<i64>,
    pub(crate) card: Option<i64>,
    pub(crate) card_label: Option<&'a str>,
    pub(crate) flags: &'a [Flag],
    pub(crate) expires: Time,
    pub(crate) state: RequestState,
    pub(crate) effective_at: Option<Time>,
    pub(crate) manager_asked: Need,
    pub(crate) manager_asking: Need,
    pub(crate) until: Option<Time>,
    pub(crate) verdict: &'a Verdict,
    /// The system that alone can decide it.
    pub(crate) elsewhere: Option<FromElsewhere<'a>>,
    /// Hashes of the status page's token, of the form, and of what was typed.
    pub(crate) form: Option<(&'a Hash, &'a Hash, &'a Hash)>,
}

/// Writes a request. Returns its hidden key.
pub(crate) async fn add(tx: &mut Write, new: NewRequest<'_>) -> Result<i64, StoreError> {
    let now = tx.now().as_micros();
    let text = |field: &Option<Untrusted>| field.as_ref().map(|t| t.as_data().to_owned());
    let flags: Vec<&str> = new.flags.iter().map(|flag| flag.as_str()).collect();
    Ok(sqlx::query_scalar(
        "INSERT INTO requests (company, id, revision, kind, target, requester, requester_company, name, company_name,
            title, email, phone, email_key, phone_key, purpose, message, channel, introduced_by, card, card_label,
            flags, created_at, expires_at, state, effective_at, manager_asked, manager_asking, until,
            verdict_code, rule, policy_version, status_hash, form_hash, body_hash, system, system_key, system_link,
            system_ended_at)
         VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
            $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37) RETURNING sk",
    )
    .bind(new.company)
    .bind(new.id.as_str())
    .bind(new.kind.as_str())
    .bind(new.target)
    .bind(new.from.map(|(member, _)| member))
    .bind(new.from.map(|(_, company)| company))
    .bind(new.requester.name.as_data())
    .bind(text(&new.requester.company))
    .bind(text(&new.requester.title))
    .bind(text(&new.requester.email))
    .bind(text(&new.requester.phone))
    .bind(new.email_key)
    .bind(new.phone_key)
    .bind(new.purpose)
    .bind(new.message)
    .bind(new.channel.map(Channel::as_str))
    .bind(new.introduced_by)
    .bind(new.card)
    .bind(new.card_label)
    .bind(flags.join(" "))
    .bind(new.elsewhere.map_or(now, |other| other.created.as_micros()))
    .bind(new.expires.as_micros())
    .bind(new.state.as_str())
    .bind(new.effective_at.map(Time::as_micros))
    .bind(need_number(new.manager_asked))
    .bind(need_number(new.manager_asking))
    .bind(new.until.map(Time::as_micros))
    .bind(new.verdict.code.as_str())
    .bind(&new.verdict.rule.id)
    .bind(new.verdict.policy_version)
    .bind(new.form.map(|(status, ..)| status.as_slice()))
    .bind(new.form.map(|(_, form, _)| form.as_slice()))
    .bind(new.form.map(|(.., body)| body.as_slice()))
    .bind(new.elsewhere.map(|other| other.system))
    .bind(new.elsewhere.map(|other| other.key))
    .bind(new.elsewhere.and_then(|other| other.link))
    .bind(new.elsewhere.and_then(|other| other.ended).map(Time::as_micros))
    .fetch_one(tx.conn())
    .await?)
}

/// Adds somebody who may decide; no member stands for every admin of the company.
pub(crate) async fn add_approver(
    tx: &mut Write,
    request: i64,
    part: Part,
    company: i64,
    member: Option<i64>,
) -> Result<(), StoreError> {
    sqlx::query("INSERT INTO request_approvers (request, part, company, member) VALUES ($1, $2, $3, $4)")
        .bind(request)
        .bind(part.as_str())
        .bind(company)
        .bind(member)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets who may decide in a part.
pub(crate) async fn forget_approvers(tx: &mut Write, request: i64, part: Part) -> Result<(), StoreError> {
    sqlx::query("DELETE FROM request_approvers WHERE request = $1 AND part = $2")
        .bind(request)
        .bind(part.as_str())
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A decision to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewStep<'a> {
    pub(crate) request: i64,
    /// Revision that was on the decider's screen.
    pub(crate) revision: i64,
    pub(crate) who: i64,
    pub(crate) part: Part,
    pub(crate) stands_for: Option<i64>,
    pub(crate) decision: &'a Decision,
    /// What the request is then, and was before.
    pub(crate) state: RequestState,
    pub(crate) state_before: RequestState,
    pub(crate) manager_asked: Need,
    pub(crate) manager_asking: Need,
    pub(crate) effective_at: Time,
    /// When it ends then if nobody decides further, and would have ended before.
    pub(crate) expires: Time,
    pub(crate) expires_before: Time,
    pub(crate) rule: &'a str,
    pub(crate) policy_version: i64,
}

/// Decides, if the request is still open, not held, and in the revision named.
pub(crate) async fn decide(tx: &mut Write, step: NewStep<'_>) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE requests SET state = $3, effective_at = $4, manager_asked = $6, manager_asking = $7, expires_at = $8,
            revision = revision + 1
         WHERE sk = $1 AND revision = $2 AND state IN ('pending', 'pending_manager') AND expires_at > $5
           AND (effective_at IS NULL OR effective_at <= $5)",
    )
    .bind(step.request)
    .bind(step.revision)
    .bind(step.state.as_str())
    .bind(step.effective_at.as_micros())
    .bind(now)
    .bind(need_number(step.manager_asked))
    .bind(need_number(step.manager_asking))
    .bind(step.expires.as_micros())
    .execute(tx.conn())
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO request_steps (request, revision, part, who, stands_for, what, decided_at, effective_at, reason,
            words, told, rule, policy_version, state_before, expires_before)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)",
    )
    .bind(step.request)
    .bind(step.revision + 1)
    .bind(step.part.as_str())
    .bind(step.who)
    .bind(step.stands_for)
    .bind(step.decision.kind.as_str())
    .bind(now)
    .bind(step.effective_at.as_micros())
    .bind(step.decision.reason.map(ReasonCode::as_str))
    .bind(step.decision.text.as_ref().map(|t| t.as_data().to_owned()))
    .bind(flag(step.decision.tell))
    .bind(step.rule)
    .bind(step.policy_version)
    .bind(step.state_before.as_str())
    .bind(step.expires_before.as_micros())
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// What a decision that was taken back leaves behind.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Undone {
    /// What the request is again.
    pub(crate) state: RequestState,
    /// When it ends again.
    pub(crate) expires: Time,
}

/// Takes the last decision back, if it is still held and the revision is the one named.
pub(crate) async fn undo(
    tx: &mut Write,
    request: i64,
    revision: i64,
    part: Part,
) -> Result<Option<Undone>, StoreError> {
    let Some(before) = last_step(tx.conn(), request).await? else { return Ok(None) };
    let now = tx.now().as_micros();
    // The approval that is taken back is waited for again; a first one also takes back who is needed next.
    let done = sqlx::query(
        "UPDATE requests SET state = $3, effective_at = NULL, expires_at = $4, revision = revision + 1,
            manager_asked = CASE $5 WHEN 'manager_asked' THEN MIN(manager_asked, 1) WHEN 'target' THEN 0
                ELSE manager_asked END,
            manager_asking = CASE $5 WHEN 'manager_asking' THEN MIN(manager_asking, 1) ELSE manager_asking END
         WHERE sk = $1 AND revision = $2 AND effective_at > $6",
    )
    .bind(request)
    .bind(revision)
    .bind(before.state.as_str())
    .bind(before.expires.as_micros())
    .bind(part.as_str())
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() != 1 {
        return Ok(None);
    }
    undo_steps(tx, request).await?;
    Ok(Some(before))
}

/// What the request was before its last decision.
async fn last_step(conn: &mut Conn, request: i64) -> Result<Option<Undone>, StoreError> {
    use sqlx::Row as _;

    let row = sqlx::query(
        "SELECT state_before, expires_before FROM request_steps
         WHERE request = $1 AND undone_at IS NULL ORDER BY revision DESC LIMIT 1",
    )
    .bind(request)
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Undone {
        state: RequestState::parse(row.try_get("state_before")?)
            .ok_or(StoreError::Unexpected("request_steps.state_before"))?,
        expires: Time::from_micros(row.try_get("expires_before")?),
    }))
}

/// Withdraws for the requester, who has heard of no decision yet: one that is still held goes with it.
pub(crate) async fn withdraw(tx: &mut Write, request: i64) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE requests SET state = 'withdrawn', effective_at = NULL, revision = revision + 1
         WHERE sk = $1 AND ((state IN ('pending', 'pending_manager') AND expires_at > $2)
                            OR (state IN ('approved', 'rejected', 'blocked') AND effective_at > $2))",
    )
    .bind(request)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    undo_steps(tx, request).await?;
    Ok(true)
}

async fn undo_steps(tx: &mut Write, request: i64) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query("UPDATE request_steps SET undone_at = $2 WHERE request = $1 AND undone_at IS NULL AND effective_at > $2")
        .bind(request)
        .bind(now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Gives an open request another target, or none, if the revision is the one named.
pub(crate) async fn pass_on(
    tx: &mut Write,
    request: i64,
    revision: i64,
    target: Option<i64>,
) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE requests SET target = $3, revision = revision + 1
         WHERE sk = $1 AND revision = $2 AND state = 'pending' AND expires_at > $4
           AND (effective_at IS NULL OR effective_at <= $4)",
    )
    .bind(request)
    .bind(revision)
    .bind(target)
    .bind(now)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Writes down something that was said or done on a request.
pub(crate) async fn note(
    tx: &mut Write,
    request: i64,
    what: NoteKind,
    who: Option<i64>,
    other: Option<i64>,
    words: Option<&str>,
) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    sqlx::query(
        "INSERT INTO request_notes (request, at, what, who, other, words) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(request)
    .bind(now)
    .bind(what.as_str())
    .bind(who)
    .bind(other)
    .bind(words)
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Sets a viewer's marks on a request.
pub(crate) async fn mark(
    tx: &mut Write,
    request: i64,
    member: i64,
    snoozed_until: Option<Time>,
    asked_until: Option<Time>,
) -> Result<(), StoreError> {
    sqlx::query(
        "INSERT INTO request_marks (request, member, snoozed_until, asked_until) VALUES ($1, $2, $3, $4)
         ON CONFLICT (request, member) DO UPDATE SET snoozed_until = excluded.snoozed_until,
            asked_until = excluded.asked_until",
    )
    .bind(request)
    .bind(member)
    .bind(snoozed_until.map(Time::as_micros))
    .bind(asked_until.map(Time::as_micros))
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Raises the revision of an open request, if it is the one named: something besides a decision changed.
pub(crate) async fn touch(tx: &mut Write, request: i64, revision: i64) -> Result<bool, StoreError> {
    let done = sqlx::query(
        "UPDATE requests SET revision = revision + 1
         WHERE sk = $1 AND revision = $2 AND state IN ('pending', 'pending_manager')",
    )
    .bind(request)
    .bind(revision)
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Questions on a request were answered: it is in everybody's way again.
pub(crate) async fn forget_questions(tx: &mut Write, request: i64) -> Result<(), StoreError> {
    sqlx::query("UPDATE request_marks SET asked_until = NULL WHERE request = $1")
        .bind(request)
        .execute(tx.conn())
        .await?;
    Ok(())
}
