//! Requests of all kinds: what is read of them. Changes are in [`mod@write`], who has a part in one in
//! [`mod@parties`], those that another system decides in [`mod@elsewhere`].

mod elsewhere;
mod parties;
mod queue;
mod write;

use sqlx::Row as _;

pub(crate) use elsewhere::{FromElsewhere, LikeElsewhere, end_elsewhere, find_elsewhere, set_elsewhere};
pub(crate) use parties::{Parties, notes, parties, steps};
pub(crate) use queue::{Box, Wanted, by_tail, count_open, page, queue};
pub(crate) use write::{
    NewRequest, NewStep, add, add_approver, decide, forget_approvers, forget_questions, mark, note, pass_on,
    touch, undo, withdraw,
};

use super::members::member_id;
use super::{Conn, Row, StoreError};
use crate::domain::{
    Alternative, ApprovalKind, Channel, DecisionKind, DecisionMark, Elsewhere, Flag, Lifetime, Need, Part,
    ReasonCode, RequestId, RequestState, Requester, RequesterKind, RuleRef, Step, Time, Verdict, VerdictCode,
    Who,
};
use crate::server::secrets::Hash;
use crate::text::Untrusted;

/// The SQL twin of [`Lifetime::state_at`]: the state of `r` at the moment bound as `$now`.
pub(crate) fn state_at(now: &str) -> String {
    format!(
        "CASE WHEN r.state IN ('pending', 'pending_manager') AND r.expires_at <= {now} THEN 'expired' ELSE r.state END"
    )
}

/// A request with its hidden keys, as the store holds it.
#[derive(Clone, Debug)]
pub(crate) struct RequestRow {
    pub(crate) sk: i64,
    /// Whose the row is: the target's company.
    pub(crate) company: i64,
    pub(crate) company_name: Untrusted,
    /// Whom it is for.
    pub(crate) target: Option<i64>,
    pub(crate) target_who: Option<Who>,
    /// The member who asks, and their company.
    pub(crate) requester: Option<i64>,
    pub(crate) requester_company: Option<i64>,
    /// The last decision that was not taken back.
    pub(crate) last: Option<LastStep>,
    pub(crate) lifetime: Lifetime,
    pub(crate) id: RequestId,
    pub(crate) revision: i64,
    pub(crate) kind: ApprovalKind,
    pub(crate) typed: Requester,
    pub(crate) purpose: Option<Untrusted>,
    pub(crate) message: Option<Untrusted>,
    pub(crate) channel: Option<Channel>,
    pub(crate) introduced_by: Option<Untrusted>,
    pub(crate) card: Option<i64>,
    pub(crate) card_label: Option<Untrusted>,
    pub(crate) elsewhere: Option<Elsewhere>,
    pub(crate) flags: Vec<Flag>,
    pub(crate) created: Time,
    pub(crate) manager_asked: Need,
    pub(crate) manager_asking: Need,
    pub(crate) until: Option<Time>,
    pub(crate) items: Option<i64>,
    pub(crate) email_key: Option<String>,
    pub(crate) phone_key: Option<String>,
    pub(crate) verdict: Verdict,
    /// Marks of the member whom it was read for.
    pub(crate) snoozed_until: Option<Time>,
    pub(crate) asked_until: Option<Time>,
}

/// The last decision.
#[derive(Clone, Debug)]
pub(crate) struct LastStep {
    pub(crate) who: i64,
    pub(crate) part: Part,
    pub(crate) mark: DecisionMark,
}

/// What is selected of a step `s` with its people `w` and `v`.
const STEP: &str = "s.who, s.part, s.what, s.decided_at, s.reason, s.words, s.told,
    w.id AS who_id, w.name AS who_name, v.id AS for_id, v.name AS for_name";

/// Whether two companies are linked at the moment bound as `$now`.
fn linked(now: &str) -> String {
    format!(
        "EXISTS (SELECT 1 FROM partner_links l WHERE l.since <= {now} AND (l.ended_at IS NULL OR l.ended_at > {now})
           AND ((l.proposer = r.company AND l.accepter = r.requester_company)
             OR (l.accepter = r.company AND l.proposer = r.requester_company)))"
    )
}

/// Columns of a request at the moment bound as `$now`, read for the member bound as `$viewer`.
fn columns(now: &str) -> String {
    format!(
        "r.sk, r.company, r.target, r.requester, r.requester_company, r.id, r.revision, r.kind, r.name, r.company_name,
        r.title, r.email, r.phone, r.email_key, r.phone_key, r.purpose, r.message, r.channel, r.card, r.card_label,
        r.system, r.system_link, r.system_ended_at,
        r.flags, r.created_at, r.expires_at, r.state, r.effective_at, r.manager_asked, r.manager_asking, r.until,
        r.verdict_code, r.rule, r.policy_version, co.name AS own_company, t.id AS target_id, t.name AS target_name,
        q.id AS requester_id, i.name AS introducer, {} AS linked, k.snoozed_until, k.asked_until,
        CASE r.kind WHEN 'handover' THEN (SELECT COUNT(*) FROM handover_items h WHERE h.request = r.sk) END AS items,
        {STEP}",
        linked(now)
    )
}

/// The tables behind [`columns`].
fn tables(viewer: &str) -> String {
    format!(
        "FROM requests r JOIN companies co ON co.sk = r.company
        LEFT JOIN members t ON t.sk = r.target
        LEFT JOIN members q ON q.sk = r.requester
        LEFT JOIN members i ON i.sk = r.introduced_by
        LEFT JOIN request_marks k ON k.request = r.sk AND k.member = {viewer}
        LEFT JOIN request_steps s ON s.request = r.sk AND s.revision = (
            SELECT MAX(last.revision) FROM request_steps last
            WHERE last.request = r.sk AND last.undone_at IS NULL)
        LEFT JOIN members w ON w.sk = s.who
        LEFT JOIN members v ON v.sk = s.stands_for"
    )
}

fn text(row: &Row, column: &str) -> Result<Option<Untrusted>, StoreError> {
    Ok(row.try_get::<Option<String>, _>(column)?.map(Untrusted::from))
}

fn time(row: &Row, column: &str) -> Result<Option<Time>, StoreError> {
    Ok(row.try_get::<Option<i64>, _>(column)?.map(Time::from_micros))
}

fn word<T>(row: &Row, column: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    parse(row.try_get(column)?).ok_or(StoreError::Unexpected(column))
}

fn word_if<T>(
    row: &Row,
    column: &'static str,
    parse: impl Fn(&str) -> Option<T>,
) -> Result<Option<T>, StoreError> {
    let stored: Option<&str> = row.try_get(column)?;
    stored.map(|stored| parse(stored).ok_or(StoreError::Unexpected(column))).transpose()
}

fn who(row: &Row, id: &str, name: &str) -> Result<Option<Who>, StoreError> {
    let Some(id) = row.try_get::<Option<String>, _>(id)? else { return Ok(None) };
    Ok(Some(Who { id: member_id(&id)?, name: row.try_get::<String, _>(name)?.into() }))
}

fn need(row: &Row, column: &'static str) -> Result<Need, StoreError> {
    match row.try_get::<i64, _>(column)? {
        0 => Ok(Need::None),
        1 => Ok(Need::Waits),
        2 => Ok(Need::Given),
        _ => Err(StoreError::Unexpected(column)),
    }
}

/// The stored number of a need.
pub(crate) const fn need_number(need: Need) -> i64 {
    match need {
        Need::None => 0,
        Need::Waits => 1,
        Need::Given => 2,
    }
}

/// A step as [`STEP`] selects it; none where no step was joined.
fn step(row: &Row) -> Result<Option<LastStep>, StoreError> {
    let Some(sk) = row.try_get::<Option<i64>, _>("who")? else { return Ok(None) };
    let part = word(row, "part", Part::parse)?;
    let mark = DecisionMark {
        kind: word(row, "what", DecisionKind::parse)?,
        part,
        by: who(row, "who_id", "who_name")?.ok_or(StoreError::Unexpected("request_steps.who"))?,
        stands_for: who(row, "for_id", "for_name")?,
        at: Time::from_micros(row.try_get("decided_at")?),
        reason: word_if(row, "reason", ReasonCode::parse)?,
        text: text(row, "words")?,
        told: row.try_get::<i64, _>("told")? != 0,
    };
    Ok(Some(LastStep { who: sk, part, mark }))
}

/// The system that alone can decide a request, and what can be done instead of deciding it here.
fn of_elsewhere(row: &Row) -> Result<(Option<Elsewhere>, Vec<Alternative>), StoreError> {
    let Some(system) = text(row, "system")? else { return Ok((None, Vec::new())) };
    let (link, ended) = (text(row, "system_link")?, time(row, "system_ended_at")?);
    let open = Alternative {
        step: Step::OpenElsewhere,
        id: link.as_ref().map(|link| link.as_data().to_owned()),
        name: Some(system.clone()),
        at: None,
    };
    Ok((Some(Elsewhere { system, link, ended }), vec![open]))
}

fn read(row: &Row) -> Result<RequestRow, StoreError> {
    let lifetime = Lifetime {
        stored: word(row, "state", RequestState::parse)?,
        effective_at: time(row, "effective_at")?,
        expires: Time::from_micros(row.try_get("expires_at")?),
    };
    let (company, requester_company): (i64, Option<i64>) =
        (row.try_get("company")?, row.try_get("requester_company")?);
    let requester_id: Option<String> = row.try_get("requester_id")?;
    let requester_id = requester_id.map(|id| member_id(&id)).transpose()?;
    let linked = row.try_get::<i64, _>("linked")? != 0;
    let kind = match (&requester_id, requester_company) {
        (None, _) => RequesterKind::Visitor,
        (Some(_), Some(other)) if other != company => RequesterKind::Member,
        (Some(_), _) => RequesterKind::Colleague,
    };
    let flags: &str = row.try_get("flags")?;
    let (elsewhere, alternatives) = of_elsewhere(row)?;
    Ok(RequestRow {
        sk: row.try_get("sk")?,
        company,
        company_name: row.try_get::<String, _>("own_company")?.into(),
        target: row.try_get("target")?,
        target_who: who(row, "target_id", "target_name")?,
        requester: row.try_get("requester")?,
        requester_company,
        last: step(row)?,
        lifetime,
        id: RequestId::new(row.try_get("id")?).map_err(|_| StoreError::Unexpected("requests.id"))?,
        revision: row.try_get("revision")?,
        kind: word(row, "kind", ApprovalKind::parse)?,
        typed: Requester {
            kind,
            member: requester_id.filter(|_| kind == RequesterKind::Colleague),
            verified: kind == RequesterKind::Member && linked,
            name: row.try_get::<String, _>("name")?.into(),
            company: text(row, "company_name")?,
            title: text(row, "title")?,
            email: text(row, "email")?,
            phone: text(row, "phone")?,
        },
        purpose: text(row, "purpose")?,
        message: text(row, "message")?,
        channel: word_if(row, "channel", Channel::parse)?,
        introduced_by: text(row, "introducer")?,
        card: row.try_get("card")?,
        card_label: text(row, "card_label")?,
        elsewhere,
        flags: flags.split(' ').filter_map(Flag::parse).collect(),
        created: Time::from_micros(row.try_get("created_at")?),
        manager_asked: need(row, "manager_asked")?,
        manager_asking: need(row, "manager_asking")?,
        until: time(row, "until")?,
        items: row.try_get("items")?,
        email_key: row.try_get("email_key")?,
        phone_key: row.try_get("phone_key")?,
        verdict: Verdict {
            code: word(row, "verdict_code", VerdictCode::parse)?,
            rule: RuleRef::built_in(row.try_get("rule")?),
            policy_version: row.try_get("policy_version")?,
            alternatives,
        },
        snoozed_until: time(row, "snoozed_until")?,
        asked_until: time(row, "asked_until")?,
    })
}

/// One request, whoever it is for, with the marks of a viewer (0: of nobody).
pub(crate) async fn by_id(
    conn: &mut Conn,
    id: &RequestId,
    viewer: i64,
    now: Time,
) -> Result<Option<RequestRow>, StoreError> {
    let (columns, tables) = (columns("$3"), tables("$2"));
    sqlx::query(sql!("SELECT {columns} {tables} WHERE r.id = $1"))
        .bind(id.as_str())
        .bind(viewer)
        .bind(now.as_micros())
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// One request by its hidden key.
pub(crate) async fn by_sk(conn: &mut Conn, sk: i64, now: Time) -> Result<Option<RequestRow>, StoreError> {
    let (columns, tables) = (columns("$2"), tables("0"));
    sqlx::query(sql!("SELECT {columns} {tables} WHERE r.sk = $1"))
        .bind(sk)
        .bind(now.as_micros())
        .fetch_optional(conn)
        .await?
        .as_ref()
        .map(read)
        .transpose()
}

/// Requests that are still open and were asked of a member, or asked by them.
pub(crate) async fn open_of(conn: &mut Conn, member: i64, now: Time) -> Result<Vec<RequestRow>, StoreError> {
    let (columns, tables) = (columns("$2"), tables("0"));
    sqlx::query(sql!(
        "SELECT {columns} {tables} WHERE (r.target = $1 OR r.requester = $1)
           AND r.state IN ('pending', 'pending_manager') AND r.expires_at > $2 ORDER BY r.sk"
    ))
    .bind(member)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Requests that wait for a manager on either side and have somebody of this company among the approvers.
pub(crate) async fn waiting_for_managers(
    conn: &mut Conn,
    company: i64,
    now: Time,
) -> Result<Vec<RequestRow>, StoreError> {
    let (columns, tables) = (columns("$2"), tables("0"));
    sqlx::query(sql!(
        "SELECT {columns} {tables} WHERE r.state = 'pending_manager' AND r.expires_at > $2
           AND EXISTS (SELECT 1 FROM request_approvers a WHERE a.request = r.sk AND a.company = $1) ORDER BY r.sk"
    ))
    .bind(company)
    .bind(now.as_micros())
    .fetch_all(conn)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// Other requests of whoever sent this one to the same company, newest first, at most twenty.
pub(crate) async fn of_same_person(
    conn: &mut Conn,
    row: &RequestRow,
    now: Time,
) -> Result<Vec<RequestRow>, StoreError> {
    let (columns, tables) = (columns("$2"), tables("0"));
    sqlx::query(sql!(
        "SELECT {columns} {tables} WHERE r.company = $1 AND r.sk <> $3 AND r.kind = 'connection'
           AND (r.requester = $4 OR r.email_key = $5 OR r.phone_key = $6) ORDER BY r.created_at DESC LIMIT 20"
    ))
    .bind(row.company)
    .bind(now.as_micros())
    .bind(row.sk)
    .bind(row.requester)
    .bind(&row.email_key)
    .bind(&row.phone_key)
    .fetch_all(conn)
    .await?
    .iter()
    .map(read)
    .collect()
}

/// How many requests of a member nobody has answered yet.
pub(crate) async fn open_sent(conn: &mut Conn, member: i64, now: Time) -> Result<i64, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT COUNT(*) FROM requests WHERE requester = $1 AND kind = 'connection'
           AND ((state IN ('pending', 'pending_manager') AND expires_at > $2) OR effective_at > $2)",
    )
    .bind(member)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?)
}

/// An open request for a permission of a member.
pub(crate) async fn open_permission(
    conn: &mut Conn,
    member: i64,
    now: Time,
) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM requests WHERE requester = $1 AND kind = 'permission'
           AND ((state = 'pending' AND expires_at > $2) OR effective_at > $2)",
    )
    .bind(member)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?)
}

/// A request of one member to another that is open, as its requester sees it.
pub(crate) async fn open_between(
    conn: &mut Conn,
    requester: i64,
    target: i64,
    now: Time,
) -> Result<Option<String>, StoreError> {
    Ok(sqlx::query_scalar(
        "SELECT id FROM requests WHERE requester = $1 AND target = $2 AND kind = 'connection'
           AND ((state IN ('pending', 'pending_manager') AND expires_at > $3) OR effective_at > $3) LIMIT 1",
    )
    .bind(requester)
    .bind(target)
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?)
}

/// When one member last said no to another, and it took effect.
pub(crate) async fn declined_between(
    conn: &mut Conn,
    requester: i64,
    target: i64,
    now: Time,
) -> Result<Option<Time>, StoreError> {
    let at: Option<i64> = sqlx::query_scalar(
        "SELECT MAX(effective_at) FROM requests WHERE requester = $1 AND target = $2 AND kind = 'connection'
           AND state IN ('rejected', 'blocked') AND effective_at <= $3",
    )
    .bind(requester)
    .bind(target)
    .bind(now.as_micros())
    .fetch_one(conn)
    .await?;
    Ok(at.map(Time::from_micros))
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
    pub(crate) target_title: Option<Untrusted>,
}

/// Finds a request by the hash of its status token. A request of a retired company is not found.
pub(crate) async fn by_status(
    conn: &mut Conn,
    status_hash: &Hash,
    now: Time,
) -> Result<Option<StatusRow>, StoreError> {
    let (columns, tables) = (columns("$2"), tables("0"));
    let row = sqlx::query(sql!(
        "SELECT {columns}, t.external_title AS target_title {tables}
         WHERE r.status_hash = $1 AND co.retired_at IS NULL"
    ))
    .bind(status_hash.as_slice())
    .bind(now.as_micros())
    .fetch_optional(conn)
    .await?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(StatusRow { row: read(&row)?, target_title: text(&row, "target_title")? }))
}
