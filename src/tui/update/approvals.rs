//! Deciding.

use super::{lists, say, write_key};
use crate::domain::{Decision, DecisionKind, ReasonCode, Request};
use crate::i18n::Text;
use crate::tui::model::{Effect, Env, Field, InFlight, Layer, RejectLayer, Selected, State, Step, Voice};

/// Approves the selected request.
pub(super) fn approve(state: &mut State, env: &Env) -> Step {
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let request = request.clone();
    decide(state, env, &request, Decision::approve())
}

/// Asks for the reason of a rejection.
pub(super) fn open_reasons(state: &mut State) -> Step {
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let (id, revision) = (request.id.clone(), request.revision);
    // Words that could not be sent are still there.
    let layer = match state.unsent.remove(&id) {
        Some(layer) => RejectLayer { revision, ..layer },
        None => RejectLayer { id, revision, at: 0, tell: false, words: None },
    };
    state.layers.push(Layer::Reject(layer));
    Step::draw()
}

/// Rejects with the reason that is chosen; own words are asked for first where they are the reason.
pub(super) fn reject(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Reject(layer)) = state.layers.last_mut() else { return Step::none() };
    let Some(reason) = ReasonCode::ALL.get(layer.at).copied() else { return Step::none() };
    let words = match (&layer.words, reason) {
        (None, ReasonCode::Other) => {
            layer.words = Some(Field::default());
            return Step::draw();
        }
        (Some(field), _) if field.text().trim().is_empty() => {
            return say(state, env, Voice::Bad, env.words.get(Text::WordsNeeded));
        }
        (Some(field), _) => Some(field.text().trim().into()),
        (None, _) => None,
    };
    let decision = Decision { text: words, tell: layer.tell, ..Decision::reject(reason) };
    let (id, revision) = (layer.id.clone(), layer.revision);
    if layer.words.is_some() {
        state.unsent.insert(id.clone(), layer.clone());
    }
    state.layers.pop();
    match state.data.request(&id).cloned() {
        Some(request) if request.revision == revision => decide(state, env, &request, decision),
        // It changed while the reason was chosen: what was on the screen is not what would be decided.
        _ => say(state, env, Voice::Bad, env.words.get(Text::FaultChanged)),
    }
}

/// Sends a decision; the row is marked at once and the cursor goes on.
fn decide(state: &mut State, env: &Env, request: &Request, decision: Decision) -> Step {
    let doing = match decision.kind {
        DecisionKind::Approve => InFlight::Approve,
        DecisionKind::Reject | DecisionKind::Block => InFlight::Reject,
    };
    let body = format!("{:?}", (decision.kind, decision.reason, decision.tell, &decision.text));
    let key = write_key(env, "decide", request.id.as_str(), request.revision, &body);
    state.in_flight.insert(request.id.clone(), doing);
    if matches!(state.layers.last(), Some(Layer::Request { .. })) {
        state.layers.pop();
    }
    lists::approvals(state, env);
    to_next_open(state, env);
    Step::run(Effect::Decide { id: request.id.clone(), revision: request.revision, decision, key })
}

/// The cursor goes on to the next row that waits; without one below, to the nearest above.
fn to_next_open(state: &mut State, env: &Env) {
    let at = state.approvals.cursor.at;
    let len = state.approvals.list.len();
    let waits = |place: &usize| {
        let request = state.approvals.list.get(*place).and_then(|id| state.data.request(id));
        request.is_some_and(|request| !state.is_settled(request, env.now))
    };
    let next = (at + 1..len).find(waits).or_else(|| (0..at).rev().find(waits));
    if let Some(next) = next {
        let height = lists::height(state);
        state.approvals.cursor.go(next, len, height);
    }
}

/// Takes back the selected decision, else this client's last one.
pub(super) fn undo(state: &mut State, env: &Env) -> Step {
    let Some(request) = state.undo_target() else {
        // The window of the last one has passed: say so, and what it would take now.
        return say(state, env, Voice::Bad, env.words.get(Text::FaultWindowOver));
    };
    let (id, revision) = (request.id.clone(), request.revision);
    let key = write_key(env, "undo", id.as_str(), revision, "");
    state.in_flight.insert(id.clone(), InFlight::Undo);
    // The row stands where it stood; the cursor goes back to it.
    let height = lists::height(state);
    if let Some(at) = state.approvals.list.iter().position(|other| *other == id) {
        let len = state.approvals.list.len();
        state.approvals.cursor.go(at, len, height);
    }
    Step::run(Effect::Undo { id, revision, key })
}
