//! Deciding many at once: the summary, sending in pieces, and what came of each.

use super::approvals::{decision_key, doing, to_next_open};
use super::{converse, lists, news, say};
use crate::domain::{Change, DecideOne, Decision, DecisionKind, Fault, RequestId};
use crate::i18n::Text;
use crate::text::SafeText;
use crate::tui::model::{
    Batch, BulkLayer, Effect, Env, Field, Layer, Outcomes, Press, State, Step, TYPED_FROM, Ticket, Voice,
};

/// Most decisions that the server takes in one call.
const PIECE: usize = 100;

/// Shows what would be decided, and what would not and why.
pub(super) fn open(state: &mut State, env: &Env, decision: Decision) -> Step {
    let (going, left) = state.sorted_out(decision.kind, env.now);
    let revision = |id: RequestId| Some((id.clone(), state.data.request(&id)?.revision));
    let going: Vec<_> = going.into_iter().filter_map(revision).collect();
    let number = (going.len() >= TYPED_FROM).then(Field::default);
    let layer = BulkLayer { decision, going, left, at: 0, number, since: env.now };
    state.layers.push(Layer::Bulk(Box::new(layer)));
    Step::draw()
}

/// The answer to the summary.
pub(super) fn confirm(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Bulk(layer)) = state.layers.last() else { return Step::none() };
    if env.now.since(layer.since) < super::layers::TYPED_AHEAD {
        return Step::none();
    }
    let yes = match &layer.number {
        Some(field) => {
            if field.text().trim() != layer.going.len().to_string() {
                return say(state, env, Voice::Bad, env.words.get(Text::BulkNumberWrong));
            }
            true
        }
        None => layer.at == 1,
    };
    let (look, pass) = (layer.number.is_none() && layer.at == 2, layer.number.is_none() && layer.at == 3);
    let layer = layer.clone();
    state.layers.pop();
    if pass {
        return converse::choose_colleague_for(state, layer.without_room());
    }
    if look {
        // Only what was left out stays marked.
        let can = |id: &RequestId| {
            let request = state.data.request(id);
            request.is_some_and(|request| state.unmarkable(request, env.now).is_none())
        };
        state.approvals.marks = layer.left.iter().map(|(id, _)| id).filter(|id| can(id)).cloned().collect();
        state.approvals.passed.clear();
        let first = layer.left.first().map(|(id, _)| id.clone());
        if let Some(at) = first.and_then(|id| state.approvals.place(&id)) {
            let (len, height) = (state.approvals.list.len(), lists::height(state));
            state.approvals.cursor.go(at, len, height);
        }
        return Step::draw();
    }
    if !yes || layer.going.is_empty() {
        return Step::draw();
    }
    let keep = layer.without_room();
    send(state, env, layer.decision, layer.going, keep)
}

/// Sends the decisions in pieces. What changed since it was on the screen is not decided unseen; what is to be kept
/// stays marked.
pub(super) fn send(
    state: &mut State,
    env: &Env,
    decision: Decision,
    going: Vec<(RequestId, i64)>,
    keep: Vec<RequestId>,
) -> Step {
    let ticket = state.decisions.tickets.draw();
    let (mut items, mut failed) = (Vec::new(), Vec::new());
    for (id, revision) in going {
        match state.data.request(&id) {
            Some(request) if request.revision == revision => items.push(DecideOne {
                key: decision_key(env, request, &decision),
                id,
                revision,
                decision: decision.clone(),
            }),
            _ => failed.push((id, env.words.get(Text::FaultChanged))),
        }
    }
    for item in &items {
        state.in_flight.insert(item.id.clone(), doing(decision.kind));
        state.decisions.failed.remove(&item.id);
    }
    let pieces: Vec<Vec<DecideOne>> = items.chunks(PIECE).map(<[DecideOne]>::to_vec).collect();
    let number = state.decisions.press();
    let batch = Batch { ticket, decision, number, pieces: pieces.len(), done: Vec::new(), failed };
    state.decisions.batches.push(batch);
    state.approvals.marks = keep.into_iter().collect();
    state.approvals.passed.clear();
    state.approvals.range = None;
    lists::approvals(state, env);
    to_next_open(state, env);
    let effects: Vec<Effect> = pieces.into_iter().map(|piece| Effect::DecideMany(ticket, piece)).collect();
    if effects.is_empty() {
        return finish(state, env, ticket);
    }
    Step { effects, redraw: true }
}

/// What came of a piece.
pub(super) fn decided(
    state: &mut State,
    env: &Env,
    ticket: Ticket,
    sent: &[RequestId],
    result: Result<Outcomes, Fault>,
) -> Step {
    for id in sent {
        state.in_flight.remove(id);
    }
    let mut effects = Vec::new();
    let results = match result {
        Ok(results) => results,
        Err(fault) => {
            if matches!(fault, Fault::TimedOut { sent: true }) {
                // Whether they were done nobody knows here: everything is read anew.
                effects.push(Effect::Refresh);
            }
            sent.iter().map(|id| (id.clone(), Err(fault.clone()))).collect()
        }
    };
    let (mut done, mut failed, mut changes) = (Vec::new(), Vec::new(), Vec::new());
    for (id, result) in results {
        match result {
            Ok(request) => {
                done.push(id);
                changes.push(Change::Request(request));
            }
            Err(fault) => {
                if matches!(fault, Fault::Decided(_) | Fault::Changed { .. }) {
                    effects.push(Effect::ReadRequest(id.clone()));
                }
                failed.push((id, env.words.fault(&fault)));
            }
        }
    }
    if let Some(batch) = state.decisions.batches.iter_mut().find(|batch| batch.ticket == ticket) {
        batch.pieces = batch.pieces.saturating_sub(1);
        batch.done.extend(done);
        batch.failed.extend(failed);
    }
    let touched = state.data.apply(changes);
    lists::approvals(state, env);
    let step = Step { effects, redraw: true }.and(news::refresh(state, env, touched));
    step.and(finish(state, env, ticket))
}

/// When all pieces are answered: what was decided can be taken back as a whole, what was not stays marked
/// with its reason.
fn finish(state: &mut State, env: &Env, ticket: Ticket) -> Step {
    let ended = |batch: &Batch| batch.ticket == ticket && batch.pieces == 0;
    let Some(at) = state.decisions.batches.iter().position(ended) else { return Step::none() };
    let Batch { decision, number, done, failed, .. } = state.decisions.batches.remove(at);
    let kind = decision.kind;
    let n = SafeText::number(done.len() as u64);
    if !done.is_empty() {
        state.decisions.last = Some(decision.clone());
        state.decisions.undone.clear();
        state.decisions.confirm(Press { requests: done, decision, number });
    }
    let count = SafeText::number(failed.len() as u64);
    let why = failed.first().map(|(_, why)| why.clone());
    let shown: Vec<_> = failed.into_iter().filter(|(id, _)| state.approvals.shown.contains(id)).collect();
    state.approvals.marks.extend(shown.iter().map(|(id, _)| id.clone()));
    state.decisions.failed.extend(shown);
    let yes = kind == DecisionKind::Approve;
    match why {
        None => {
            let text = if yes { Text::BulkApproved } else { Text::BulkRejected };
            say(state, env, Voice::Good, env.words.fill(text, &[("n", n)]))
        }
        Some(why) => {
            let text = if yes { Text::BulkApprovedSome } else { Text::BulkRejectedSome };
            let values = [("n", n), ("failed", count), ("why", why)];
            say(state, env, Voice::Bad, env.words.fill(text, &values))
        }
    }
}

/// What came of taking decisions back.
pub(super) fn undone(state: &mut State, env: &Env, results: Outcomes) -> Step {
    let (mut back, mut effects, mut changes, mut fault) = (Vec::new(), Vec::new(), Vec::new(), None);
    for (id, result) in results {
        state.in_flight.remove(&id);
        match result {
            Ok(request) => {
                back.push(id);
                changes.push(Change::Request(request));
            }
            Err(lost) => {
                effects.push(Effect::ReadRequest(id));
                fault = Some(lost);
            }
        }
    }
    if let Some(press) = back.first().and_then(|id| state.decisions.of(id)).cloned() {
        state.decisions.undone.push(Press { requests: back.clone(), ..press });
    }
    state.decisions.forget(&back);
    let touched = state.data.apply(changes);
    lists::approvals(state, env);
    let n = SafeText::number(back.len() as u64);
    let mut step = Step { effects, redraw: true }.and(news::refresh(state, env, touched));
    if !back.is_empty() {
        step = step.and(say(state, env, Voice::Good, env.words.fill(Text::BulkTakenBack, &[("n", n)])));
    }
    match fault {
        Some(fault) => step.and(say(state, env, Voice::Bad, env.words.fault(&fault))),
        None => step,
    }
}
