//! What another system says of a request that it alone can decide. Nobody decides it here.

use super::converse::tell_moved;
use super::tell::{News, tell};
use super::{ApprovalError, LONG_LIFE, lost, write_down};
use crate::api::{ElsewhereBody, Problem, ProblemCode};
use crate::domain::{
    ApprovalKind, ElsewhereState, Need, Requester, RequesterKind, RuleRef, Time, Verdict, VerdictCode,
};
use crate::server::ids;
use crate::server::store::requests::{self, FromElsewhere, LikeElsewhere, NewRequest, RequestRow};
use crate::server::store::{StoreError, Write, members};
use crate::text::Untrusted;

/// The rule that a system decides what is its own.
const RULE: &str = "APR-02";

/// Refuses what only another system can decide, whoever asks.
pub(super) fn refuse_elsewhere(row: &RequestRow) -> Result<(), ApprovalError> {
    match row.elsewhere {
        Some(_) => Err(Problem::refused(row.verdict.clone()).into()),
        None => Ok(()),
    }
}

/// Takes what a system says of the request that it calls `key`. Said again, nothing changes; what is over stays so.
pub(crate) async fn say_elsewhere(
    tx: &mut Write,
    company: i64,
    (system, key): (&str, &str),
    said: &ElsewhereBody,
    call: &str,
) -> Result<RequestRow, ApprovalError> {
    let now = tx.now();
    let known = requests::find_elsewhere(tx.conn(), company, (system, key), now).await?;
    let sk = match known {
        None => arrive(tx, company, (system, key), said, call).await?,
        Some(row) if row.elsewhere.as_ref().is_some_and(|other| other.ended.is_some()) => {
            if row.lifetime.stored != said.state.state() {
                return Err(lost(ProblemCode::NotOpen, &row, now));
            }
            row.sk
        }
        Some(row) if said.state == ElsewhereState::Pending => change(tx, row, said, call).await?,
        Some(row) => end(tx, row, said.state, call).await?,
    };
    let row = requests::by_sk(tx.conn(), sk, now).await?;
    Ok(row.ok_or(StoreError::Unexpected("requests"))?)
}

/// Whom it is for, if they are of the company now.
async fn target(tx: &mut Write, company: i64, said: &ElsewhereBody) -> Result<i64, ApprovalError> {
    let member = members::find(tx.conn(), company, &said.member).await?;
    Ok(member.ok_or_else(|| Problem::new(ProblemCode::NotFound))?.sk)
}

fn requester(said: &ElsewhereBody) -> Requester {
    let requester = said.requester.clone();
    Requester {
        kind: RequesterKind::Visitor,
        member: None,
        verified: false,
        name: requester.name,
        company: requester.company,
        title: requester.title,
        email: requester.email,
        phone: requester.phone,
    }
}

fn text(field: &Option<Untrusted>) -> Option<&str> {
    field.as_ref().map(Untrusted::as_data)
}

fn ends(said: &ElsewhereBody, created: Time) -> Time {
    said.expires.unwrap_or_else(|| created.after(LONG_LIFE))
}

/// One that was not known.
async fn arrive(
    tx: &mut Write,
    company: i64,
    (system, key): (&str, &str),
    said: &ElsewhereBody,
    call: &str,
) -> Result<i64, ApprovalError> {
    let now = tx.now();
    let target = target(tx, company, said).await?;
    let created = said.created.unwrap_or(now);
    let state = said.state.state();
    let version = tx.policy(company).await?.version;
    let verdict = Verdict {
        code: VerdictCode::DecidedElsewhere,
        rule: RuleRef::built_in(RULE),
        policy_version: version,
        alternatives: Vec::new(),
    };
    let ended = (said.state != ElsewhereState::Pending).then_some(now);
    let sk = requests::add(
        tx,
        NewRequest {
            company,
            id: &ids::request(now),
            kind: ApprovalKind::Connection,
            target: Some(target),
            from: None,
            requester: &requester(said),
            email_key: None,
            phone_key: None,
            purpose: text(&said.purpose),
            message: text(&said.message),
            channel: None,
            introduced_by: None,
            card: None,
            card_label: text(&said.label),
            flags: &[],
            expires: ends(said, created),
            state,
            effective_at: None,
            manager_asked: Need::None,
            manager_asking: Need::None,
            until: None,
            verdict: &verdict,
            elsewhere: Some(FromElsewhere { system, key, link: text(&said.link), created, ended }),
            form: None,
        },
    )
    .await?;
    let row = requests::by_sk(tx.conn(), sk, now).await?.ok_or(StoreError::Unexpected("requests"))?;
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let expires = said.expires.filter(|_| ended.is_none());
    let news = News { revision: 1, expires, ..News::default() };
    tell(tx, &row, &parties, news).await?;
    write_down(tx, &row, ("operator", company), "request.elsewhere", state, Some(version), call).await?;
    Ok(sk)
}

/// One that still waits, perhaps otherwise than before.
async fn change(
    tx: &mut Write,
    row: RequestRow,
    said: &ElsewhereBody,
    call: &str,
) -> Result<i64, ApprovalError> {
    let target = target(tx, row.company, said).await?;
    let created = said.created.unwrap_or(row.created);
    let (expires, requester) = (ends(said, created), requester(said));
    let same = row.target == Some(target)
        && (&row.typed, &row.purpose, &row.message) == (&requester, &said.purpose, &said.message)
        && (&row.card_label, row.created, row.lifetime.expires) == (&said.label, created, expires)
        && row.elsewhere.as_ref().is_some_and(|other| other.link == said.link);
    if same {
        return Ok(row.sk);
    }
    let like = LikeElsewhere {
        target,
        requester: &requester,
        purpose: text(&said.purpose),
        message: text(&said.message),
        card_label: text(&said.label),
        link: text(&said.link),
        created,
        expires,
    };
    requests::set_elsewhere(tx, row.sk, like).await?;
    tell_moved(tx, &row, row.revision + 1, said.expires).await?;
    let (actor, state) = (("operator", row.company), said.state.state());
    write_down(tx, &row, actor, "request.elsewhere", state, None, call).await?;
    Ok(row.sk)
}

/// One that is over there.
async fn end(
    tx: &mut Write,
    row: RequestRow,
    state: ElsewhereState,
    call: &str,
) -> Result<i64, ApprovalError> {
    requests::end_elsewhere(tx, row.sk, state.state()).await?;
    let now = tx.now();
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let news = News { revision: row.revision + 1, ..News::default() };
    tell(tx, &row, &parties, news).await?;
    write_down(tx, &row, ("operator", row.company), "request.elsewhere", state.state(), None, call).await?;
    Ok(row.sk)
}
