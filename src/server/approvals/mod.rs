//! The life of a request of any kind: asked, decided, decided a second time, taken back, withdrawn.
//!
//! Each of these is one transaction: the request, its step, what it leads to, the audit row, the outbox
//! rows and the stored answer stand or fall together. Exactly one decision wins.

mod ask;
mod converse;
mod decide;
mod detail;
mod effects;
mod elsewhere;
mod flags;
mod handover;
mod managers;
mod partner;
mod permission;
mod reach;
mod room;
mod side;
mod submit;
mod tell;
mod withdraw;

pub(crate) use ask::{Asking, Reach, ask, look};
pub(crate) use converse::{answer, answer_of_visitor, assign, pass, question, snooze};
pub(crate) use decide::{decide, undo};
pub(crate) use detail::detail;
pub(crate) use effects::refresh_linked;
pub(crate) use elsewhere::say_elsewhere;
pub(crate) use handover::{leave, offer, refuse};
pub(crate) use managers::renew as renew_managers;
pub(crate) use partner::{end_link, propose_link};
pub(crate) use permission::ask_permission;
pub(crate) use reach::Meant;
pub(crate) use room::room;
pub(crate) use side::Standing;
pub(crate) use submit::{Submission, Submitted, submit};
pub(crate) use withdraw::{withdraw, withdraw_own};

use super::access::{self, Action, Actor, Answer, Object, Viewer};
use super::store::requests::{self, Parties, RequestRow};
use super::store::{Conn, StoreError, Write, audit};
use crate::api::{Current, Problem, ProblemCode};
use crate::domain::{
    ApprovalKind, Asked, Direction, Need, Part, Request, RequestAction, RequestId, RequestState, Requester,
    RequesterKind, Seen, Time, Who,
};

/// Why a change to a request was not made.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApprovalError {
    /// To be told to the caller.
    #[error("refused: {0:?}")]
    Told(Box<Problem>),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<Problem> for ApprovalError {
    fn from(problem: Problem) -> Self {
        Self::Told(Box::new(problem))
    }
}

impl From<sqlx::Error> for ApprovalError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Cause of the outbox row that says that an undo window is over.
const EFFECTIVE: &str = "effective";

/// What nothing ends by itself is given a life that is as good as endless.
const LONG_LIFE: std::time::Duration = std::time::Duration::from_secs(100 * 365 * 24 * 3_600);
/// Cause of the outbox row that says that a request's life ended.
const EXPIRED: &str = "expired";

/// What the loser of a race is told.
fn current(row: &RequestRow, now: Time) -> Current {
    let last = row.last.as_ref();
    Current {
        revision: row.revision,
        state: Some(row.lifetime.state_at(now)),
        decided_by: last.map(|last| last.mark.by.clone()),
        decided_at: last.map(|last| last.mark.at),
    }
}

/// A refusal that says what the request is now.
fn lost(code: ProblemCode, row: &RequestRow, now: Time) -> ApprovalError {
    Problem::new(code).with_current(current(row, now)).into()
}

/// A request with its parties, as one viewer stands to it.
#[derive(Debug)]
struct Open {
    row: RequestRow,
    parties: Parties,
    part: Part,
}

/// The request, if there is one for this viewer and it is not another system's to decide.
async fn find(
    tx: &mut Write,
    viewer: &Viewer,
    action: Action,
    id: &RequestId,
) -> Result<Open, ApprovalError> {
    let open = find_any(tx, viewer, action, id).await?;
    elsewhere::refuse_elsewhere(&open.row)?;
    Ok(open)
}

/// The request, if there is one for this viewer.
async fn find_any(
    tx: &mut Write,
    viewer: &Viewer,
    action: Action,
    id: &RequestId,
) -> Result<Open, ApprovalError> {
    let now = tx.now();
    let missing = || ApprovalError::from(Problem::new(ProblemCode::NotFound));
    let row = requests::by_id(tx.conn(), id, viewer.member, now).await?.ok_or_else(missing)?;
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let part = parties.part_of(&row, viewer, now);
    let actor = Actor::Member(viewer.clone());
    match part
        .filter(|_| access::can(&actor, action, Object::Shared { has_part: part.is_some() }) == Answer::Allow)
    {
        Some(part) => Ok(Open { row, parties, part }),
        None => Err(missing()),
    }
}

/// The same in the revision that was on the viewer's screen.
async fn find_at(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
) -> Result<Open, ApprovalError> {
    let open = find(tx, viewer, Action::Decide, id).await?;
    if open.row.revision != revision {
        return Err(lost(ProblemCode::RevisionChanged, &open.row, tx.now()));
    }
    Ok(open)
}

/// Writes down what was done to a request, in the audit log of its company and, where another company's
/// member did it, of theirs.
async fn write_down(
    tx: &mut Write,
    row: &RequestRow,
    actor: (&str, i64),
    action: &str,
    state: RequestState,
    policy_version: Option<i64>,
    call: &str,
) -> Result<(), ApprovalError> {
    let before = row.lifetime.state_at(tx.now());
    write_states(tx, row, actor, action, (Some(before), state), policy_version, call).await
}

/// Writes down that a request came to be.
async fn write_begin(
    tx: &mut Write,
    row: &RequestRow,
    actor: (&str, i64),
    action: &str,
    policy_version: Option<i64>,
    call: &str,
) -> Result<(), ApprovalError> {
    let state = row.lifetime.stored;
    write_states(tx, row, actor, action, (None, state), policy_version, call).await
}

async fn write_states(
    tx: &mut Write,
    row: &RequestRow,
    (tag, company): (&str, i64),
    action: &str,
    (before, after): (Option<RequestState>, RequestState),
    policy_version: Option<i64>,
    call: &str,
) -> Result<(), ApprovalError> {
    let companies = [row.company, company];
    let once = companies.iter().take(if company == row.company { 1 } else { 2 });
    for company in once {
        audit::add(
            tx,
            audit::Entry {
                company: *company,
                actor: tag,
                action,
                object: row.id.as_str(),
                old_state: before.map(RequestState::as_str),
                new_state: Some(after.as_str()),
                policy_version,
                call,
            },
        )
        .await?;
    }
    Ok(())
}

/// The request as a viewer sees it, with what they may do now. None when it is not there for them.
pub(crate) fn seen_by(
    row: RequestRow,
    parties: &Parties,
    viewer: &Viewer,
    now: Time,
    as_of: i64,
) -> Option<Request> {
    let part = parties.part_of(&row, viewer, now)?;
    let allowed = allowed(&row, parties, viewer, part, now);
    let queued =
        parties.waits_for(&row, viewer, now).is_some() || parties.held_for(&row, viewer, now).is_some();
    let outgoing = part == Part::Requester || (part == Part::ManagerAsking && viewer.company != row.company);
    let outside = viewer.company != row.company;
    let heard_expires = row.expires_as_heard(now);
    let target = row.target_who.map(|Who { id, name }| Asked {
        id: (!outside).then_some(id),
        name,
        company: outside.then(|| row.company_name.clone()),
    });
    let target = match row.kind {
        // Before it is given to somebody, a handover is nobody's; a proposal is the other company's.
        ApprovalKind::PartnerLink if outside => {
            Some(Asked { id: None, name: row.company_name.clone(), company: None })
        }
        _ => target,
    };
    let mut request = Request {
        id: row.id,
        revision: row.revision,
        as_of,
        kind: row.kind,
        direction: if outgoing { Direction::Outgoing } else { Direction::Incoming },
        part,
        queued,
        requester: match row.requester_id {
            // For those of their company whoever asks is a colleague.
            Some(id) if outside && row.requester_company == Some(viewer.company) => Requester {
                kind: RequesterKind::Colleague,
                member: Some(id),
                verified: false,
                company: None,
                ..row.typed
            },
            _ => row.typed,
        },
        target,
        purpose: row.purpose,
        message: row.message,
        channel: row.channel,
        introduced_by: row.introduced_by.filter(|_| row.requester_company == Some(viewer.company)),
        card_label: row.card_label.filter(|_| !outside),
        elsewhere: row.elsewhere,
        flags: if outside { Vec::new() } else { row.flags },
        created: row.created,
        expires: row.lifetime.expires,
        state: row.lifetime.state_at(now),
        effective_at: row.lifetime.effective_at,
        manager_asked: row.manager_asked,
        manager_asking: row.manager_asking,
        decision: row.last.map(|last| last.mark),
        until: row.until,
        items: row.items,
        snoozed_until: row.snoozed_until.filter(|until| *until > now),
        asked_until: row.asked_until.filter(|until| *until > now),
        verdict: row.verdict,
        allowed,
    };
    if part == Part::Requester && outside {
        hide_from_requester(&mut request, now);
        request.expires = heard_expires;
    }
    Some(request)
}

/// Requests as a viewer sees them.
pub(crate) async fn all_seen_by(
    conn: &mut Conn,
    rows: Vec<RequestRow>,
    viewer: &Viewer,
    now: Time,
    as_of: i64,
) -> Result<Vec<Request>, StoreError> {
    let mut seen = Vec::with_capacity(rows.len());
    for row in rows {
        let parties = requests::parties(conn, &row, now).await?;
        seen.extend(seen_by(row, &parties, viewer, now, as_of));
    }
    Ok(seen)
}

/// What the other company does with a request is its own matter: who decided, whom they asked, and
/// whether the request was rejected or its sender blocked. Until a decision takes effect nothing is heard.
fn hide_from_requester(request: &mut Request, now: Time) {
    request.state = match request.lifetime().seen_at(now) {
        Seen::Pending => RequestState::Pending,
        Seen::Approved => RequestState::Approved,
        Seen::NotAccepted => RequestState::Rejected,
        Seen::Withdrawn => RequestState::Withdrawn,
        Seen::Expired => RequestState::Expired,
    };
    request.manager_asked = Need::None;
    if request.effective_at.is_some_and(|at| at > now) {
        // The decision that they have not heard of raised it by one.
        request.revision -= 1;
        if request.decision.as_ref().is_some_and(|decision| decision.part == Part::ManagerAsking)
            && request.manager_asking == Need::Given
        {
            request.manager_asking = Need::Waits;
        }
    }
    if request.state == RequestState::Pending {
        // Nor of a first approval that has taken effect while the second one is waited for.
        request.effective_at = None;
    }
    request.decision = None;
}

/// What a viewer may do with a request now.
fn allowed(
    row: &RequestRow,
    parties: &Parties,
    viewer: &Viewer,
    part: Part,
    now: Time,
) -> Vec<RequestAction> {
    let mut allowed = Vec::new();
    let open = row.lifetime.is_open(now);
    let connection = row.kind == ApprovalKind::Connection;
    match parties.waits_for(row, viewer, now) {
        // One's own mark is no decision.
        Some(_) if row.elsewhere.is_some() => allowed.push(RequestAction::Snooze),
        Some(Part::Assigner) => allowed.push(RequestAction::Assign),
        Some(waits) => {
            allowed.extend([RequestAction::Approve, RequestAction::Reject]);
            if connection && matches!(waits, Part::Target | Part::StandIn) {
                allowed.extend([RequestAction::Block, RequestAction::Ask, RequestAction::Pass]);
            }
            allowed.push(RequestAction::Snooze);
        }
        None => {
            let mine = row.last.as_ref().is_some_and(|last| last.who == viewer.member);
            if row.lifetime.is_held(now) && mine {
                allowed.push(RequestAction::Undo);
            }
        }
    }
    // A handover that was given to somebody can be given to another one until it is taken.
    let assigned = row.kind == ApprovalKind::Handover && row.target.is_some();
    if open && assigned && parties.assigns(viewer) {
        allowed.push(RequestAction::Assign);
    }
    if part == Part::Requester && row.lifetime.seen_at(now) == Seen::Pending {
        allowed.push(RequestAction::Withdraw);
        if open && parties.question_open {
            allowed.push(RequestAction::Answer);
        }
    }
    allowed
}
