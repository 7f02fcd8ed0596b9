//! Requests and the decisions on them.

use sqlx::Row as _;

use super::members::member_id;
use super::{Conn, Row, StoreError, Write, flag};
use crate::domain::{
    ApprovalKind, Channel, Decision, DecisionKind, DecisionMark, Direction, Lifetime, ReasonCode, Request,
    RequestId, RequestState, Requester, Time, Verdict, VerdictCode, Who,
};
use crate::server::secrets::Hash;
use crate::text::Untrusted;

/// The SQL twin of [`Lifetime::state_at`]: the state of `r` at the moment bound as `$now`.
pub(crate) fn state_at(now: &str) -> String {
    format!(
        "CASE WHEN r.state IN ('pending', 'pending_manager') AND r.expires_at <= {now} THEN 'expired' ELSE r.state END"
    )
}

/// The SQL twin of [`Lifetime::is_queued`].
pub(crate) fn is_queued(now: &str) -> String {
    format!(
        "((r.state IN ('pending', 'pending_manager') AND r.expires_at > {now})
          OR (r.effective_at IS NOT NULL AND r.effective_at > {now}))"
    )
}

/// A request with its hidden keys.
#[derive(Clone, Debug)]
pub(crate) struct RequestRow {
    pub(crate) sk: i64,
    pub(crate) company: i64,
    /// Whom it is for.
    pub(crate) target: i64,
    /// Who made the last decision that was not taken back.
    pub(crate) decider: Option<i64>,
    pub(crate) lifetime: Lifetime,
    /// As its target sees it, without allowed actions.
    pub(crate) request: Request,
}

const COLUMNS: &str =
    "r.sk, r.company, r.target, r.id, r.revision, r.kind, r.name, r.company_name, r.title, r.email, r.phone,
    r.purpose, r.message, r.channel, r.card_label, r.created_at, r.expires_at, r.state, r.effective_at,
    r.verdict_code, r.rule, r.policy_version, t.id AS target_id, t.name AS target_name,
    s.who, s.what, s.decided_at, s.reason, s.words, s.told, w.id AS who_id, w.name AS who_name";

const FROM: &str = "FROM requests r JOIN members t ON t.sk = r.target
    LEFT JOIN request_steps s ON s.request = r.sk AND s.revision = (
        SELECT MAX(last.revision) FROM request_steps last WHERE last.request = r.sk AND last.undone_at IS NULL)
    LEFT JOIN members w ON w.sk = s.who";

fn read(row: &Row, now: Time, as_of: i64) -> Result<RequestRow, StoreError> {
    let text = |column: &str| -> Result<Option<Untrusted>, StoreError> {
        Ok(row.try_get::<Option<String>, _>(column)?.map(Untrusted::from))
    };
    let lifetime = Lifetime {
        stored: RequestState::parse(row.try_get("state")?).ok_or(StoreError::Unexpected("requests.state"))?,
        effective_at: row.try_get::<Option<i64>, _>("effective_at")?.map(Time::from_micros),
        expires: Time::from_micros(row.try_get("expires_at")?),
    };
    let decider: Option<i64> = row.try_get("who")?;
    let decision = match decider {
        None => None,
        Some(_) => Some(DecisionMark {
            kind: DecisionKind::parse(row.try_get("what")?)
                .ok_or(StoreError::Unexpected("request_steps.what"))?,
            by: Who {
                id: member_id(row.try_get("who_id")?)?,
                name: row.try_get::<String, _>("who_name")?.into(),
            },
            at: Time::from_micros(row.try_get("decided_at")?),
            reason: row
                .try_get::<Option<&str>, _>("reason")?
                .map(|reason| ReasonCode::parse(reason).ok_or(StoreError::Unexpected("request_steps.reason")))
                .transpose()?,
            text: text("words")?,
            told: row.try_get::<i64, _>("told")? != 0,
        }),
    };
    Ok(RequestRow {
        sk: row.try_get("sk")?,
        company: row.try_get("company")?,
        target: row.try_get("target")?,
        decider,
        lifetime,
        request: Request {
            id: RequestId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("requests.id"))?,
            revision: row.try_get("revision")?,
            as_of,
            kind: ApprovalKind::parse(row.try_get("kind")?).ok_or(StoreError::Unexpected("requests.kind"))?,
            direction: Direction::Incoming,
            requester: Requester {
                name: row.try_get::<String, _>("name")?.into(),
                company: text("company_name")?,
                title: text("title")?,
                email: text("email")?,
                phone: text("phone")?,
            },
            target: Who {
                id: member_id(row.try_get("target_id")?)?,
                name: row.try_get::<String, _>("target_name")?.into(),
            },
            purpose: text("purpose")?,
            message: text("message")?,
            channel: Channel::parse(row.try_get("channel")?)
                .ok_or(StoreError::Unexpected("requests.channel"))?,
            card_label: text("card_label")?,
            created: Time::from_micros(row.try_get("created_at")?),
            expires: lifetime.expires,
            state: lifetime.state_at(now),
            effective_at: lifetime.effective_at,
            decision,
            verdict: Verdict {
                code: VerdictCode::parse(row.try_get("verdict_code")?)
                    .ok_or(StoreError::Unexpected("requests.verdict_code"))?,
                rule: row.try_get("rule")?,
                policy_version: row.try_get("policy_version")?,
            },
            allowed: Vec::new(),
        },
    })
}

/// One request, whoever it is for.
pub(crate) async fn by_id(
    conn: &mut Conn,
    id: &RequestId,
    now: Time,
    as_of: i64,
) -> Result<Option<RequestRow>, StoreError> {
    sqlx::query(sql!("SELECT {COLUMNS} {FROM} WHERE r.id = $1"))
        .bind(id.as_str())
        .fetch_optional(conn)
        .await?
        .map(|row| read(&row, now, as_of))
        .transpose()
}

/// A member's queue: what waits, and what was decided and can still be taken back; most urgent first.
pub(crate) async fn queue(
    conn: &mut Conn,
    target: i64,
    now: Time,
    as_of: i64,
) -> Result<Vec<RequestRow>, StoreError> {
    let queued = is_queued("$2");
    let rows = sqlx::query(sql!(
        "SELECT {COLUMNS} {FROM} WHERE r.target = $1 AND {queued} ORDER BY r.expires_at, r.id"
    ))
    .bind(target)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| read(row, now, as_of)).collect()
}

/// Which requests a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Box {
    /// The queue.
    Approvals,
    /// Everything that was ever asked of the member.
    Incoming,
}

/// Which of a member's requests a page holds.
#[derive(Clone, Debug)]
pub(crate) struct Wanted {
    /// Of which box.
    pub(crate) which: Box,
    /// Only in this state.
    pub(crate) state: Option<RequestState>,
    /// Only behind the row that ends then, in microseconds, and has this id.
    pub(crate) after: Option<(i64, String)>,
    /// At most so many.
    pub(crate) limit: i64,
}

/// A page of a member's requests as they are at `now`, by when they end and id.
pub(crate) async fn page(
    conn: &mut Conn,
    target: i64,
    wanted: Wanted,
    now: Time,
    as_of: i64,
) -> Result<Vec<RequestRow>, StoreError> {
    let Wanted { which, state, after, limit } = wanted;
    let boxed = match which {
        Box::Approvals => is_queued("$2"),
        Box::Incoming => "1 = 1".to_owned(),
    };
    let state_at = state_at("$2");
    let (ends, id) = after.unwrap_or((i64::MIN, String::new()));
    let rows = sqlx::query(sql!(
        "SELECT {COLUMNS} {FROM} WHERE r.target = $1 AND {boxed} AND ($3 IS NULL OR {state_at} = $3)
           AND (r.expires_at > $4 OR (r.expires_at = $4 AND r.id > $5))
         ORDER BY r.expires_at, r.id LIMIT $6 + 0"
    ))
    .bind(target)
    .bind(now.as_micros())
    .bind(state.map(RequestState::as_str))
    .bind(ends)
    .bind(id)
    .bind(limit)
    .fetch_all(conn)
    .await?;
    rows.iter().map(|row| read(row, now, as_of)).collect()
}

/// How many wait for a member: decided ones that are still held do not count.
pub(crate) async fn count_open(conn: &mut Conn, target: i64, now: Time) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM requests r
         WHERE r.target = $1 AND r.state IN ('pending', 'pending_manager') AND r.expires_at > $2",
    )
    .bind(target)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?)
}

/// A request that comes in.
#[derive(Clone, Debug)]
pub(crate) struct NewRequest<'a> {
    pub(crate) company: i64,
    pub(crate) id: &'a RequestId,
    pub(crate) target: i64,
    pub(crate) requester: &'a Requester,
    pub(crate) email_key: Option<&'a str>,
    pub(crate) phone_key: Option<&'a str>,
    pub(crate) purpose: &'a str,
    pub(crate) message: Option<&'a str>,
    pub(crate) card: i64,
    pub(crate) card_label: Option<&'a str>,
    pub(crate) expires: Time,
    pub(crate) verdict: &'a Verdict,
    pub(crate) status_hash: &'a Hash,
    pub(crate) form_hash: &'a Hash,
    pub(crate) body_hash: &'a Hash,
}

/// Writes a visitor's request.
pub(crate) async fn add(tx: &mut Write, new: NewRequest<'_>) -> Result<(), StoreError> {
    let now = tx.now().as_micros();
    let text = |field: &Option<Untrusted>| field.as_ref().map(|t| t.as_data().to_owned());
    sqlx::query(
        "INSERT INTO requests (company, id, revision, kind, target, name, company_name, title, email, phone,
            email_key, phone_key, purpose, message, channel, card, card_label, created_at, expires_at, state,
            verdict_code, rule, policy_version, status_hash, form_hash, body_hash)
         VALUES ($1, $2, 1, 'connection', $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 'namecard', $13, $14, $15, $16,
            'pending', $17, $18, $19, $20, $21, $22)",
    )
    .bind(new.company)
    .bind(new.id.as_str())
    .bind(new.target)
    .bind(new.requester.name.as_data())
    .bind(text(&new.requester.company))
    .bind(text(&new.requester.title))
    .bind(text(&new.requester.email))
    .bind(text(&new.requester.phone))
    .bind(new.email_key)
    .bind(new.phone_key)
    .bind(new.purpose)
    .bind(new.message)
    .bind(new.card)
    .bind(new.card_label)
    .bind(now)
    .bind(new.expires.as_micros())
    .bind(new.verdict.code.as_str())
    .bind(&new.verdict.rule)
    .bind(new.verdict.policy_version)
    .bind(new.status_hash.as_slice())
    .bind(new.form_hash.as_slice())
    .bind(new.body_hash.as_slice())
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The body that was sent with a form before, if it was.
pub(crate) async fn body_of_form(conn: &mut Conn, form_hash: &Hash) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(sqlx::query_scalar("SELECT body_hash FROM requests WHERE form_hash = $1")
        .bind(form_hash.as_slice())
        .fetch_optional(conn)
        .await?)
}

/// Whether the same card was asked from the same address or number since a moment.
pub(crate) async fn asked_since(
    conn: &mut Conn,
    card: i64,
    email_key: Option<&str>,
    phone_key: Option<&str>,
    since: Time,
) -> Result<bool, StoreError> {
    let count: i64 = sqlx::query_scalar(
        "SELECT COUNT(*) FROM requests
         WHERE card = $1 AND created_at > $4
           AND (($2 IS NOT NULL AND email_key = $2) OR ($3 IS NOT NULL AND phone_key = $3))",
    )
    .bind(card)
    .bind(email_key)
    .bind(phone_key)
    .bind(since.as_micros())
    .fetch_one(conn)
    .await?;
    Ok(count > 0)
}

/// A request as its requester's private page knows it.
#[derive(Clone, Debug)]
pub(crate) struct StatusRow {
    pub(crate) row: RequestRow,
    pub(crate) company_name: Untrusted,
    pub(crate) target_title: Option<Untrusted>,
}

/// Finds a request by the hash of its status token. A request of a retired company is not found.
pub(crate) async fn by_status(
    conn: &mut Conn,
    status_hash: &Hash,
    now: Time,
) -> Result<Option<StatusRow>, StoreError> {
    let row = sqlx::query(sql!(
        "SELECT {COLUMNS}, co.name AS owner_company, t.external_title AS target_title
         {FROM} JOIN companies co ON co.sk = r.company
         WHERE r.status_hash = $1 AND co.retired_at IS NULL"
    ))
    .bind(status_hash.as_slice())
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(StatusRow {
        row: read(&row, now, 0)?,
        company_name: row.try_get::<String, _>("owner_company")?.into(),
        target_title: row.try_get::<Option<String>, _>("target_title")?.map(Untrusted::from),
    }))
}

/// A decision to be written.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NewStep<'a> {
    pub(crate) request: i64,
    /// Revision that was on the decider's screen.
    pub(crate) revision: i64,
    pub(crate) who: i64,
    pub(crate) decision: &'a Decision,
    pub(crate) state: RequestState,
    pub(crate) effective_at: Time,
    pub(crate) rule: &'a str,
    pub(crate) policy_version: i64,
}

/// Decides, if the request is still open and in the revision named. Whoever comes second gets `false`.
pub(crate) async fn decide(tx: &mut Write, step: NewStep<'_>) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE requests SET state = $3, effective_at = $4, revision = revision + 1
         WHERE sk = $1 AND revision = $2 AND state IN ('pending', 'pending_manager') AND expires_at > $5",
    )
    .bind(step.request)
    .bind(step.revision)
    .bind(step.state.as_str())
    .bind(step.effective_at.as_micros())
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO request_steps (request, revision, step, who, what, decided_at, effective_at, reason, words, told,
            rule, policy_version)
         VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(step.request)
    .bind(step.revision + 1)
    .bind(step.who)
    .bind(step.decision.kind.as_str())
    .bind(now)
    .bind(step.effective_at.as_micros())
    .bind(step.decision.reason.map(ReasonCode::as_str))
    .bind(step.decision.text.as_ref().map(|t| t.as_data().to_owned()))
    .bind(flag(step.decision.tell))
    .bind(step.rule)
    .bind(step.policy_version)
    .execute(tx.conn())
    .await?;
    Ok(true)
}

/// Takes a decision back, if it is still held and the revision is the one named.
pub(crate) async fn undo(tx: &mut Write, request: i64, revision: i64) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE requests SET state = 'pending', effective_at = NULL, revision = revision + 1
         WHERE sk = $1 AND revision = $2 AND state IN ('approved', 'rejected') AND effective_at > $3",
    )
    .bind(request)
    .bind(revision)
    .bind(now)
    .execute(tx.conn())
    .await?;
    if done.rows_affected() != 1 {
        return Ok(false);
    }
    undo_steps(tx, request).await?;
    Ok(true)
}

/// Withdraws for the requester, who has heard of no decision yet: one that is still held goes with it.
pub(crate) async fn withdraw(tx: &mut Write, request: i64) -> Result<bool, StoreError> {
    let now = tx.now().as_micros();
    let done = sqlx::query(
        "UPDATE requests SET state = 'withdrawn', effective_at = NULL, revision = revision + 1
         WHERE sk = $1 AND ((state IN ('pending', 'pending_manager') AND expires_at > $2)
                            OR (state IN ('approved', 'rejected') AND effective_at > $2))",
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

/// Ids of requests and contacts of a member that end in `tail`; at most ten.
pub(crate) async fn by_tail(
    conn: &mut Conn,
    member: i64,
    now: Time,
    tail: &str,
) -> Result<Vec<String>, StoreError> {
    // The tail holds Crockford characters only: nothing in it means anything to LIKE.
    Ok(sqlx::query_scalar(
        "SELECT id FROM requests WHERE target = $1 AND id LIKE $3
         UNION ALL SELECT id FROM contacts WHERE owner = $1 AND gone_at IS NULL AND since <= $2 AND id LIKE $3
         LIMIT 10",
    )
    .bind(member)
    .bind(now.as_micros())
    .bind(format!("%{tail}"))
    .fetch_all(conn)
    .await?)
}
