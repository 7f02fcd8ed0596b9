//! What holds after every step, whatever the steps were. Each is looked at in what the database holds.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Facts, Made, Side};
use super::model::{Model, State, Time};
use super::people::{Member, Person};

/// 1. What has ended stays as it ended: nothing brings a request back that was rejected, blocked, withdrawn,
///    that ran out, or whose approval has taken effect.
pub fn what_has_ended_stays_ended(before: &Facts, after: &Facts) {
    for (was, is) in before.requests.iter().zip(&after.requests) {
        if was.has_ended(before.now) {
            assert_eq!(was, is, "invariant 1: it had ended");
        }
    }
}

/// 2. Every decision won alone and left exactly one trace: who, when, from which state to which, by which
///    version of the policy.
pub fn every_decision_has_one_trace(after: &Facts, model: &Model) {
    for (at, request) in model.requests.iter().enumerate() {
        let stored = &after.requests[at];
        let made: Vec<&Made> = after.made.iter().filter(|made| made.request == stored.id).collect();
        let told = request.decided.iter().map(|decided| Made {
            request: stored.id.clone(),
            part: decided.part.word().to_owned(),
            who: decided.who,
            what: decided.what.word().to_owned(),
            at: decided.at,
            effective: decided.effective,
            undone: decided.undone,
            version: decided.version,
        });
        let told: Vec<Made> = told.collect();
        assert_eq!(made, told.iter().collect::<Vec<_>>(), "invariant 2: decisions on request {at}");
        const ACTIONS: [&str; 5] =
            ["request.approve", "request.reject", "request.block", "handover.take", "handover.reject"];
        let mut traces: Vec<_> = after
            .traced
            .iter()
            .filter(|row| row.object == stored.id && row.company == stored.company)
            .filter(|row| ACTIONS.contains(&row.action.as_str()))
            .collect();
        assert_eq!(traces.len(), request.decided.len(), "invariant 2: traces of request {at}: {traces:?}");
        for decided in &request.decided {
            let old = decided.before.0.word();
            let fits = traces.iter().position(|row| {
                row.at == decided.at
                    && row.actor == Some(decided.who)
                    && row.old == old
                    && row.new == decided.after.word()
                    && row.version == Some(decided.version)
            });
            assert!(fits.is_some(), "invariant 2: no trace of {decided:?} in {traces:?}");
            traces.remove(fits.unwrap());
        }
    }
}

/// 3. Revisions only rise, by one with each change, and never without one.
pub fn revisions_only_rise(before: &Facts, after: &Facts, model: &Model) {
    for (was, is) in before.requests.iter().zip(&after.requests) {
        let by = is.revision - was.revision;
        assert!((0..=1).contains(&by), "invariant 3: from {was:?} to {is:?}");
        assert!(by == 1 || was == is, "invariant 3: changed under the same revision: from {was:?} to {is:?}");
    }
    for (at, (is, request)) in after.requests.iter().zip(&model.requests).enumerate() {
        assert_eq!(is.revision, request.revision, "invariant 3: revision of request {at}");
    }
}

/// 4. Counters say what was counted: what was refused counts for nothing, and what is taken back is given
///    back.
pub fn counters_count(after: &Facts, model: &Model) {
    let mut counted = BTreeMap::new();
    for (what, counts) in [("sent", &model.sent), ("approved", &model.approved)] {
        for ((member, day), n) in counts.iter().filter(|(_, n)| **n > 0) {
            counted.insert((*member, *day, what.to_owned()), *n);
        }
    }
    assert_eq!(after.counters, counted, "invariant 4");
}

/// 5. A contact is on a side exactly when an approval or a handover that has taken effect says so and
///    neither side ended it, and once.
pub fn contacts_follow_from_approvals(after: &Facts, model: &Model) {
    let was_there = |since: Time, gone: Option<Time>| gone.is_none_or(|gone| gone > since);
    let mut stored: Vec<(Member, Option<Member>, Time, Option<Time>)> = after
        .contacts
        .iter()
        .filter(|row| was_there(row.since, row.gone))
        .map(|row| (row.owner, row.peer, row.since, row.gone))
        .collect();
    let mut told: Vec<(Member, Option<Member>, Time, Option<Time>)> = model
        .contacts
        .iter()
        .filter(|row| !row.unmade && was_there(row.since, row.gone))
        .map(|row| {
            let peer = match row.peer {
                Person::Member(peer) => Some(peer),
                Person::Visitor(_) => None,
            };
            (row.owner, peer, row.since, row.gone)
        })
        .collect();
    stored.sort_unstable();
    told.sort_unstable();
    assert_eq!(stored, told, "invariant 5");
    let mut pairs = BTreeSet::new();
    let there = |row: &&Side| row.since <= after.now && row.gone.is_none_or(|gone| gone > after.now);
    for row in after.contacts.iter().filter(there) {
        let once = row.peer.is_none_or(|peer| pairs.insert((row.owner, peer)));
        assert!(once, "invariant 5: {:?} has {:?} twice", row.owner, row.peer);
        if let Some(request) = row.request.as_ref().and_then(|id| after.requests.iter().find(|r| r.id == *id))
        {
            assert_eq!(request.state, "approved", "invariant 5: {row:?} by {request:?}");
        }
    }
}

/// 6. Two approvals are two people's: nobody's second approval is on their own first one, on their own
///    request, or on one to themselves.
pub fn two_approvals_are_two_peoples(after: &Facts) {
    for request in &after.requests {
        let made = |second: bool| {
            after.made.iter().filter(move |made| {
                made.request == request.id && !made.undone && made.part.starts_with("manager") == second
            })
        };
        for second in made(true) {
            let own = made(false).any(|first| first.who == second.who)
                || [request.target, request.requester].contains(&Some(second.who));
            assert!(!own, "invariant 6: {second:?} on {request:?}");
        }
    }
}

/// 7. Nothing reaches the other side before it takes effect: while a decision is held, its requester reads
///    what they read before it was made, and is told nothing.
pub fn nothing_is_heard_before_it_counts(
    before: &Facts,
    after: &Facts,
    model: &Model,
    decided: Option<(usize, Member)>,
) {
    if let Some((at, by)) = decided
        && let request = &model.requests[at]
        && request.is_held(model.now)
        && request.crosses()
        && let Person::Member(requester) = request.from
    {
        // Of their company nobody hears before, unless the decision is one of theirs.
        let deaf = |who: &Member| {
            *who == requester || by.company() != who.company() && who.company() == requester.company()
        };
        for member in Member::ALL.iter().filter(|who| deaf(who)) {
            let told = |facts: &Facts| facts.told.get(member).copied().unwrap_or(0);
            assert_eq!(told(before), told(after), "invariant 7: {member:?} was told of it");
        }
    }
    let has = |row: &&Side| row.since <= after.now && row.request.is_some();
    for row in after.contacts.iter().filter(has).filter(|row| row.gone.is_none()) {
        let of = after.requests.iter().position(|stored| Some(&stored.id) == row.request.as_ref());
        let early = of.is_some_and(|at| model.requests[at].seen_at(model.now) != State::Approved);
        assert!(!early, "invariant 7: {row:?}");
    }
}
