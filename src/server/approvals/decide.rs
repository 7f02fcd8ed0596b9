//! Deciding, and taking a decision back while it is held.

use super::effects::{self, Approval};
use super::managers::appoint;
use super::side::Standing;
use super::tell::{News, tell};
use super::{ApprovalError, Open, find_at, handover, lost, write_down};
use crate::api::{Problem, ProblemCode};
use crate::domain::{
    ApprovalKind, Decision, DecisionKind, Need, Part, ReasonCode, RequestId, RequestState, RuleRef, Time,
    normalise_line,
};
use crate::server::access::{Actor, Viewer};
use crate::server::policy::{Act, Actor as Asker, Case, Purpose, Target, verdict};
use crate::server::store::counters::{self, Counted};
use crate::server::store::requests::{self, NewStep, RequestRow};
use crate::server::store::{Write, contacts};
use crate::text::{Untrusted, fits};

/// Longest note or reason, in graphemes.
pub(super) const MAX_WORDS: usize = 200;
/// Most tags that a decision gives.
const MAX_TAGS: usize = 20;

/// Decides a request in the revision that was on the decider's screen.
pub(crate) async fn decide(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
    decision: &Decision,
    call: &str,
) -> Result<(), ApprovalError> {
    let open = find_first(tx, viewer, id, revision).await?;
    let now = tx.now();
    let decision = check(decision, open.row.kind)?;
    let waits = open.parties.waits_for(&open.row, viewer, now);
    let Some(part) = waits.filter(|part| *part != Part::Assigner) else {
        return Err(Problem::new(ProblemCode::Forbidden).into());
    };
    let Open { row, parties, .. } = open;
    if row.kind == ApprovalKind::Handover {
        return handover::answer(tx, viewer, row, &parties, &decision, call).await;
    }
    let owner = match (part, row.target) {
        (Part::Target | Part::StandIn, Some(target)) => target,
        _ => viewer.member,
    };
    let standing = Standing::of(tx, viewer.company, owner, now).await?;
    let effective_at = now.after(standing.rules().undo_window());
    let outcome = match decision.kind {
        DecisionKind::Approve => approve(&row, part, &standing)?,
        DecisionKind::Reject => Outcome::no(RequestState::Rejected, &row),
        DecisionKind::Block if matches!(part, Part::Target | Part::StandIn) => {
            Outcome::no(RequestState::Blocked, &row)
        }
        DecisionKind::Block => return Err(Problem::new(ProblemCode::Forbidden).into()),
    };
    let stored_part = if part == Part::StandIn { Part::Target } else { part };
    let expires = match outcome.state {
        RequestState::PendingManager => effective_at.after(standing.rules().manager_life()),
        _ => row.lifetime.expires,
    };
    let step = NewStep {
        request: row.sk,
        revision,
        who: viewer.member,
        part: stored_part,
        stands_for: row.target.filter(|_| part == Part::StandIn),
        decision: &decision,
        state: outcome.state,
        state_before: row.lifetime.stored,
        manager_asked: outcome.manager_asked,
        manager_asking: outcome.manager_asking,
        effective_at,
        expires,
        expires_before: row.lifetime.expires,
        rule: &outcome.rule.id,
        policy_version: standing.version(),
    };
    if !requests::decide(tx, step).await? {
        // Nobody else writes meanwhile; the guard in the statement stands for stores where somebody may.
        return Err(lost(ProblemCode::RevisionChanged, &row, now));
    }
    if decision.kind == DecisionKind::Approve && stored_part == Part::Target {
        counters::add(tx, owner, &standing.day.name, Counted::Approved, None).await?;
    }
    if outcome.state == RequestState::PendingManager && stored_part == Part::Target {
        for (part, need) in
            [(Part::ManagerAsked, outcome.manager_asked), (Part::ManagerAsking, outcome.manager_asking)]
        {
            if need == Need::Waits {
                appoint(tx, &row, part, &[viewer.member]).await?;
            }
        }
    }
    let approval = Approval {
        row: &row,
        viewer: Some(viewer),
        decision: &decision,
        effective_at,
        rule: &outcome.rule,
        policy_version: standing.version(),
    };
    match outcome.state {
        RequestState::Approved => effects::make(tx, approval).await?,
        RequestState::Blocked => effects::block(tx, approval).await?,
        _ => {}
    }
    // Marks were about the step that is over.
    if row.snoozed_until.or(row.asked_until).is_some() {
        requests::mark(tx, row.sk, viewer.member, None, None).await?;
    }
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let waits = outcome.state == RequestState::PendingManager;
    let news = News {
        revision: revision + 1,
        effective_at: Some(effective_at),
        expires: waits.then_some(expires),
        requester_hears: false,
        deaf: other_side(&row, viewer),
    };
    tell(tx, &row, &parties, news).await?;
    let action = match decision.kind {
        DecisionKind::Approve => "request.approve",
        DecisionKind::Reject => "request.reject",
        DecisionKind::Block => "request.block",
    };
    let actor = Actor::Member(viewer.clone()).tag();
    write_down(tx, &row, (&actor, viewer.company), action, outcome.state, Some(standing.version()), call)
        .await
}

/// The request in the revision named; a loser is told what became of it.
async fn find_first(
    tx: &mut Write,
    viewer: &Viewer,
    id: &RequestId,
    revision: i64,
) -> Result<Open, ApprovalError> {
    let open = super::find(tx, viewer, crate::server::access::Action::Decide, id).await?;
    let now = tx.now();
    if open.part == Part::Requester {
        return Err(Problem::new(ProblemCode::Forbidden).into());
    }
    let (row, lifetime) = (&open.row, open.row.lifetime);
    if !lifetime.is_open(now) {
        let code = if row.last.is_some() && lifetime.state_at(now) != RequestState::Expired {
            ProblemCode::AlreadyDecided
        } else {
            ProblemCode::NotOpen
        };
        return Err(lost(code, row, now));
    }
    if row.revision != revision {
        return Err(lost(ProblemCode::RevisionChanged, row, now));
    }
    Ok(open)
}

/// What a decision makes of a request.
struct Outcome {
    state: RequestState,
    manager_asked: Need,
    manager_asking: Need,
    rule: RuleRef,
}

impl Outcome {
    /// A no, whatever managers were waited for.
    fn no(state: RequestState, row: &RequestRow) -> Self {
        Self {
            state,
            manager_asked: row.manager_asked,
            manager_asking: row.manager_asking,
            rule: row.verdict.rule.clone(),
        }
    }
}

/// A yes: the policy is asked once more, by the same function that answered "may I?".
fn approve(row: &RequestRow, part: Part, standing: &Standing) -> Result<Outcome, ApprovalError> {
    let mut outcome = Outcome::no(RequestState::Approved, row);
    match (row.kind, part) {
        (ApprovalKind::Connection, Part::Target | Part::StandIn) => {
            let answer = verdict(&Case {
                act: Act::Approve,
                actor: Asker::Member(standing.side()),
                target: Target::Nobody,
                purpose: Purpose::Given,
                day_ends: standing.day.ends,
            });
            if !answer.code.is_yes() {
                return Err(Problem::refused(answer.into_verdict()).into());
            }
            outcome.manager_asked = if answer.managers.asked { Need::Waits } else { Need::None };
            outcome.rule = answer.rule;
        }
        (_, Part::ManagerAsked) => outcome.manager_asked = Need::Given,
        (_, Part::ManagerAsking) => outcome.manager_asking = Need::Given,
        _ => {}
    }
    if [outcome.manager_asked, outcome.manager_asking].contains(&Need::Waits) {
        outcome.state = RequestState::PendingManager;
    }
    Ok(outcome)
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
    let Open { row, .. } = find_at(tx, viewer, id, revision).await?;
    let now = tx.now();
    let Some(last) = row.last.clone() else { return Err(lost(ProblemCode::NotOpen, &row, now)) };
    if last.who != viewer.member {
        return Err(lost_to_other(&row, now));
    }
    let undone =
        if row.lifetime.is_held(now) { requests::undo(tx, row.sk, revision, last.part).await? } else { None };
    let Some(undone) = undone else { return Err(lost(ProblemCode::WindowOver, &row, now)) };
    effects::unmake(tx, &row).await?;
    if last.mark.kind == DecisionKind::Approve && last.part == Part::Target {
        let owner = row.target.unwrap_or(viewer.member);
        let standing = Standing::of(tx, row.company, owner, now).await?;
        let decided = super::side::day(last.mark.at, standing.zone());
        counters::give_back(tx, owner, &decided.name, Counted::Approved).await?;
    }
    if last.part == Part::Target {
        for part in [Part::ManagerAsked, Part::ManagerAsking] {
            requests::forget_approvers(tx, row.sk, part).await?;
        }
    }
    let parties = requests::parties(tx.conn(), &row, now).await?;
    let news = News {
        revision: revision + 1,
        effective_at: None,
        expires: Some(undone.expires),
        requester_hears: false,
        deaf: other_side(&row, viewer),
    };
    tell(tx, &row, &parties, news).await?;
    let actor = Actor::Member(viewer.clone()).tag();
    write_down(tx, &row, (&actor, viewer.company), "request.undo", undone.state, None, call).await
}

/// The company that asked, when it is not one of theirs who decides.
fn other_side(row: &RequestRow, viewer: &Viewer) -> Option<i64> {
    row.requester_company.filter(|company| *company != viewer.company)
}

fn lost_to_other(row: &RequestRow, now: Time) -> ApprovalError {
    lost(ProblemCode::Forbidden, row, now)
}

/// Words in their limits; none when they are empty.
pub(super) fn words(text: Option<&Untrusted>) -> Result<Option<Untrusted>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let text = normalise_line(text.as_data());
    if !fits(&text, MAX_WORDS, 5 * MAX_WORDS) {
        return Err(Problem::invalid("text", "too_long"));
    }
    Ok(Some(Untrusted::from(text)).filter(|text| !text.is_empty()))
}

/// A rejection needs a reason, `other` needs words; words are normalised and bounded.
fn check(decision: &Decision, kind: ApprovalKind) -> Result<Decision, Problem> {
    let mut decision = decision.clone();
    decision.text = words(decision.text.as_ref())?;
    let yes = decision.kind == DecisionKind::Approve;
    if decision.until.is_some() && !(yes && kind == ApprovalKind::Permission) {
        return Err(Problem::invalid("until", "not_here"));
    }
    if decision.scope.is_some() != (yes && kind == ApprovalKind::PartnerLink) {
        let wrong = if decision.scope.is_some() { "not_here" } else { "missing" };
        return Err(Problem::invalid("scope", wrong));
    }
    let takes_tags = yes && kind == ApprovalKind::Connection;
    if !decision.tags.is_empty() && !takes_tags {
        return Err(Problem::invalid("tags", "not_here"));
    }
    if decision.tags.len() > MAX_TAGS {
        return Err(Problem::invalid("tags", "too_many"));
    }
    decision.tags = decision.tags.iter().map(contacts::tag).collect::<Result<_, _>>()?;
    match decision.kind {
        DecisionKind::Approve => {
            decision.reason = None;
            decision.tell = false;
        }
        DecisionKind::Reject | DecisionKind::Block => match decision.reason {
            None => return Err(Problem::invalid("reason", "missing")),
            Some(ReasonCode::Other) if decision.text.is_none() => {
                return Err(Problem::invalid("text", "missing"));
            }
            Some(_) => {}
        },
    }
    Ok(decision)
}
