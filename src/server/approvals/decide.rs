//! Deciding, and taking a decision back while it is held.

use unicode_segmentation::UnicodeSegmentation as _;

use super::{ApprovalError, EFFECTIVE, EXPIRED, current, touched};
use crate::api::{EventKind, Problem, ProblemCode};
use crate::domain::{
    ContactId, Decision, DecisionKind, HistoryKind, ReasonCode, RequestId, RequestState, normalise_line,
};
use crate::server::access::{self, Action, Actor, Answer, Object, Viewer};
use crate::server::store::outbox::Touched;
use crate::server::store::requests::{self, NewStep, RequestRow};
use crate::server::store::{Write, audit, contacts, outbox};
use crate::server::{ids, policy};
use crate::text::Untrusted;

/// Longest note or reason, in graphemes.
const MAX_WORDS: usize = 200;

/// Decides a request in the revision that was on the decider's screen.
pub(crate) async fn decide(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
    decision: &Decision,
    call: &str,
) -> Result<(), ApprovalError> {
    let row = find(tx, viewer, Action::Decide, id).await?;
    let decision = check(decision)?;
    let now = tx.now();
    if !row.lifetime.is_open(now) {
        let decided = row.request.decision.is_some()
            && matches!(
                row.request.state,
                RequestState::Approved | RequestState::Rejected | RequestState::Blocked
            );
        let code = if decided { ProblemCode::AlreadyDecided } else { ProblemCode::NotOpen };
        return Err(Problem::new(code).with_current(current(&row)).into());
    }
    if row.request.revision != revision {
        return Err(Problem::new(ProblemCode::RevisionChanged).with_current(current(&row)).into());
    }
    let policy = policy::effective(tx.conn(), row.company).await?;
    let effective_at = now.after(policy.rules.undo_window());
    let state = match decision.kind {
        DecisionKind::Approve => RequestState::Approved,
        DecisionKind::Reject => RequestState::Rejected,
    };
    let rule = row.request.verdict.rule.clone();
    let step = NewStep {
        request: row.sk,
        revision,
        who: viewer.member,
        decision: &decision,
        state,
        effective_at,
        rule: &rule,
        policy_version: policy.version,
    };
    if !requests::decide(tx, step).await? {
        // Nobody else writes meanwhile; the guard in the statement stands for stores where somebody may.
        return Err(Problem::new(ProblemCode::RevisionChanged).with_current(current(&row)).into());
    }
    let object = touched(&row, revision + 1);
    outbox::expect_nothing(tx, object).await?;
    outbox::expect(tx, object, EFFECTIVE, effective_at).await?;
    outbox::changed(tx, object).await?;
    if state == RequestState::Approved {
        let contact: ContactId = ids::contact(now);
        let sk = contacts::add_from_request(
            tx,
            contacts::NewContact {
                company: row.company,
                id: &contact,
                owner: viewer.member,
                request: row.sk,
                since: effective_at,
            },
        )
        .await?;
        let asked_under = (row.request.verdict.rule.as_str(), row.request.verdict.policy_version);
        contacts::note(tx, sk, row.request.created, HistoryKind::Requested, None, Some(asked_under)).await?;
        let decided_under = (rule.as_str(), policy.version);
        contacts::note(tx, sk, now, HistoryKind::Approved, Some(viewer.member), Some(decided_under)).await?;
        let object = Touched {
            company: row.company,
            kind: EventKind::Contact,
            id: contact.as_str(),
            member: Some(viewer.member),
            revision: 1,
        };
        outbox::expect(tx, object, EFFECTIVE, effective_at).await?;
    }
    let action = match decision.kind {
        DecisionKind::Approve => "request.approve",
        DecisionKind::Reject => "request.reject",
    };
    write_down(tx, viewer, &row, action, state, policy.version, call).await
}

/// Takes the viewer's own decision back while its window is open. A request whose life ended meanwhile
/// is then expired.
pub(crate) async fn undo(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
    call: &str,
) -> Result<(), ApprovalError> {
    let row = find(tx, viewer, Action::Decide, id).await?;
    let now = tx.now();
    if row.request.revision != revision {
        return Err(Problem::new(ProblemCode::RevisionChanged).with_current(current(&row)).into());
    }
    if row.request.decision.is_none() {
        return Err(Problem::new(ProblemCode::NotOpen).with_current(current(&row)).into());
    }
    if row.decider != Some(viewer.member) {
        return Err(Problem::new(ProblemCode::Forbidden).with_current(current(&row)).into());
    }
    if !row.lifetime.is_held(now) || !requests::undo(tx, row.sk, revision).await? {
        return Err(Problem::new(ProblemCode::WindowOver).with_current(current(&row)).into());
    }
    forget_effects(tx, &row).await?;
    let object = touched(&row, revision + 1);
    if row.lifetime.expires > now {
        outbox::expect(tx, object, EXPIRED, row.lifetime.expires).await?;
    }
    outbox::changed(tx, object).await?;
    let policy = policy::effective(tx.conn(), row.company).await?;
    write_down(tx, viewer, &row, "request.undo", RequestState::Pending, policy.version, call).await
}

/// Takes back what a held decision would have done.
pub(super) async fn forget_effects(tx: &mut Write, row: &RequestRow) -> Result<(), ApprovalError> {
    outbox::expect_nothing(tx, touched(row, row.request.revision)).await?;
    if let Some(contact) = contacts::unmake(tx, row.sk).await? {
        let object = Touched {
            company: row.company,
            kind: EventKind::Contact,
            id: &contact,
            member: Some(row.target),
            revision: 1,
        };
        outbox::expect_nothing(tx, object).await?;
    }
    Ok(())
}

async fn find(
    tx: &mut Write,
    viewer: &Viewer,
    action: Action,
    id: &RequestId,
) -> Result<RequestRow, ApprovalError> {
    let now = tx.now();
    let row = requests::by_id(tx.conn(), id, now, 0).await?;
    let actor = Actor::Member(viewer.clone());
    row.filter(|row| {
        let object = Object::Owned { company: row.company, owner: row.target };
        access::can(&actor, action, object) == Answer::Allow
    })
    .ok_or_else(|| Problem::new(ProblemCode::NotFound).into())
}

async fn write_down(
    tx: &mut Write,
    viewer: &Viewer,
    row: &RequestRow,
    action: &str,
    state: RequestState,
    policy_version: i64,
    call: &str,
) -> Result<(), ApprovalError> {
    audit::add(
        tx,
        audit::Entry {
            company: row.company,
            actor: &Actor::Member(viewer.clone()).tag(),
            action,
            object: row.request.id.as_str(),
            old_state: Some(row.request.state.as_str()),
            new_state: Some(state.as_str()),
            policy_version: Some(policy_version),
            call,
        },
    )
    .await?;
    Ok(())
}

/// A rejection needs a reason, `other` needs words; words are normalised and bounded.
fn check(decision: &Decision) -> Result<Decision, Problem> {
    let mut decision = decision.clone();
    if let Some(words) = &decision.text {
        let words = normalise_line(words.as_data());
        if words.graphemes(true).take(MAX_WORDS + 1).count() > MAX_WORDS || words.len() > 5 * MAX_WORDS {
            return Err(Problem::invalid("text", "too_long"));
        }
        decision.text = Some(Untrusted::from(words)).filter(|words| !words.is_empty());
    }
    match decision.kind {
        DecisionKind::Approve => {
            decision.reason = None;
            decision.tell = false;
        }
        DecisionKind::Reject => match decision.reason {
            None => return Err(Problem::invalid("reason", "missing")),
            Some(ReasonCode::Other) if decision.text.is_none() => {
                return Err(Problem::invalid("text", "missing"));
            }
            Some(_) => {}
        },
    }
    Ok(decision)
}
