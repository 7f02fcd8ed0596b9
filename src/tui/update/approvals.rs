//! Deciding one request, taking decisions back, deciding again.

use super::{bulk, converse, lists, say, write_key};
use crate::domain::{ApprovalKind, Decision, DecisionKind, ReasonCode, Request, RequestAction, RequestId};
use crate::i18n::Text;
use crate::tui::model::{
    BLOCK_WORD, BlockLayer, DoubtLayer, Effect, Env, Field, InFlight, Layer, OnItsWay, Press, QueueRow,
    RejectLayer, Selected, State, Step, Voice, WhenWhat, WhyLayer, elsewhere_text,
};

/// Approves what is marked, else the selected request.
pub(super) fn approve(state: &mut State, env: &Env) -> Step {
    if state.has_marks() {
        return bulk::open(state, env, Decision::approve());
    }
    approve_as(state, env, Decision::approve())
}

/// Approves the selected request with limits: a permission until a date, a contact with tags.
pub(super) fn approve_with(state: &mut State, env: &Env) -> Step {
    let Selected::Request(request) = state.selected() else { return Step::none() };
    match request.kind {
        ApprovalKind::Permission => converse::choose_when(state, WhenWhat::Permission),
        ApprovalKind::Connection => converse::open_tags(state),
        ApprovalKind::Handover | ApprovalKind::PartnerLink => approve_as(state, env, Decision::approve()),
    }
}

/// Approves the selected request, after what has to be asked first.
pub(super) fn approve_as(state: &mut State, env: &Env, decision: Decision) -> Step {
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let request = request.clone();
    if let Some(other) = &request.elsewhere {
        return say(state, env, Voice::Bad, elsewhere_text(env, other));
    }
    if !request.allows(RequestAction::Approve) && request.allows(RequestAction::Assign) {
        return converse::choose_colleague(state);
    }
    if request.kind == ApprovalKind::PartnerLink && decision.scope.is_none() {
        return converse::choose_scope(state);
    }
    if let Some(room) = state.data.room_for(&request).filter(|room| room.left <= 0) {
        // The server's own answer; nothing is sent.
        let layer = WhyLayer::of(request.requester.name.clone(), room.verdict.clone());
        state.layers.push(Layer::Why(Box::new(layer)));
        return Step::draw();
    }
    if !request.flags.is_empty() {
        let (id, revision) = (request.id.clone(), request.revision);
        let layer = DoubtLayer { id, revision, decision, top: 0, since: env.now };
        state.layers.push(Layer::Doubt(Box::new(layer)));
        return Step::draw();
    }
    decide(state, env, &request, decision)
}

/// What is suspicious was shown: approves all the same.
pub(super) fn approve_doubted(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Doubt(layer)) = state.layers.last() else { return Step::none() };
    if env.now.since(layer.since) < super::layers::TYPED_AHEAD {
        return Step::none();
    }
    let layer = layer.clone();
    state.layers.pop();
    decide_unchanged(state, env, &layer.id, layer.revision, layer.decision)
}

/// Decides a request if it still is what was on the screen.
pub(super) fn decide_unchanged(
    state: &mut State,
    env: &Env,
    id: &RequestId,
    revision: i64,
    decision: Decision,
) -> Step {
    match state.data.request(id).cloned() {
        Some(request) if request.revision == revision => decide(state, env, &request, decision),
        // It changed while something was asked: what was on the screen is not what would be decided.
        _ => say(state, env, Voice::Bad, env.words.get(Text::FaultChanged)),
    }
}

/// Asks for the reason of a rejection.
pub(super) fn open_reasons(state: &mut State, env: &Env, block: bool) -> Step {
    if !block && state.has_marks() {
        let going = state.sorted_out(DecisionKind::Reject, env.now).0;
        let Some(first) = going.first().and_then(|id| state.data.request(id)) else {
            return bulk::open(state, env, Decision::reject(ReasonCode::NotKnown));
        };
        let layer = RejectLayer { many: true, ..reasons_of(first) };
        state.layers.push(Layer::Reject(layer));
        return Step::draw();
    }
    let Selected::Request(request) = state.selected() else { return Step::none() };
    if let Some(other) = &request.elsewhere {
        let words = elsewhere_text(env, other);
        return say(state, env, Voice::Bad, words);
    }
    let fresh = reasons_of(request);
    // Words that could not be sent are still there.
    let layer = match state.unsent.remove(&fresh.id) {
        Some(layer) => RejectLayer { revision: fresh.revision, block, many: false, ..layer },
        None => RejectLayer { block, ..fresh },
    };
    state.layers.push(Layer::Reject(layer));
    Step::draw()
}

fn reasons_of(request: &Request) -> RejectLayer {
    let (id, revision) = (request.id.clone(), request.revision);
    RejectLayer { id, revision, at: 0, tell: false, block: false, many: false, words: None }
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
    let layer = layer.clone();
    state.layers.pop();
    if layer.many {
        return bulk::open(state, env, decision);
    }
    if layer.words.is_some() {
        state.unsent.insert(layer.id.clone(), layer.clone());
    }
    if layer.block {
        let decision = Decision { kind: DecisionKind::Block, tell: false, ..decision };
        let (id, revision) = (layer.id, layer.revision);
        let block = BlockLayer { id, revision, decision, field: Field::default() };
        state.layers.push(Layer::Block(Box::new(block)));
        return Step::draw();
    }
    decide_unchanged(state, env, &layer.id, layer.revision, decision)
}

/// Rejects and blocks, if the word is right.
pub(super) fn block(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Block(layer)) = state.layers.last() else { return Step::none() };
    if !layer.field.text().trim().eq_ignore_ascii_case(BLOCK_WORD) {
        return say(state, env, Voice::Bad, env.words.get(Text::RemoveWordWrong));
    }
    let layer = layer.clone();
    state.layers.pop();
    decide_unchanged(state, env, &layer.id, layer.revision, layer.decision)
}

/// Sends a decision; the row is marked at once and the cursor goes on.
pub(super) fn decide(state: &mut State, env: &Env, request: &Request, decision: Decision) -> Step {
    let key = decision_key(env, request, &decision);
    state.in_flight.insert(request.id.clone(), doing(decision.kind));
    if matches!(state.layers.last(), Some(Layer::Request { .. })) {
        state.layers.pop();
    }
    state.decisions.failed.remove(&request.id);
    let (requests, number) = (vec![request.id.clone()], state.decisions.press());
    let press = Press { requests, decision: decision.clone(), number };
    state.decisions.sending.insert(request.id.clone(), press);
    state.approvals.marks.remove(&request.id);
    lists::approvals(state, env);
    to_next_open(state, env);
    let effect = Effect::Decide { id: request.id.clone(), revision: request.revision, decision, key };
    super::external::read_selected(state).and(Step::run(effect))
}

/// The key of a decision.
pub(super) fn decision_key(env: &Env, request: &Request, decision: &Decision) -> String {
    write_key(env, "decide", request.id.as_str(), request.revision, &format!("{decision:?}"))
}

/// How a row is marked while a decision is on its way.
pub(super) const fn doing(kind: DecisionKind) -> InFlight {
    match kind {
        DecisionKind::Approve => InFlight::Approve,
        DecisionKind::Reject | DecisionKind::Block => InFlight::Reject,
    }
}

/// The cursor goes on to the next row that waits; without one below, to the nearest above.
pub(super) fn to_next_open(state: &mut State, env: &Env) {
    let at = state.approvals.cursor.at;
    let len = state.approvals.list.len();
    let waits = |place: &usize| {
        let request = state.approvals.request_at(*place).and_then(|id| state.data.request(id));
        request.is_some_and(|request| !state.is_settled(request, env.now))
    };
    if matches!(state.approvals.list.get(at), Some(QueueRow::Group(_))) {
        return;
    }
    let next = (at + 1..len).find(waits).or_else(|| (0..at).rev().find(waits));
    if let Some(next) = next {
        let height = lists::height(state);
        state.approvals.cursor.go(next, len, height);
    }
}

/// The cursor goes to a request, if it stands in the list.
fn go_to(state: &mut State, id: &RequestId) {
    if let Some(at) = state.approvals.place(id) {
        let (len, height) = (state.approvals.list.len(), lists::height(state));
        state.approvals.cursor.go(at, len, height);
    }
}

/// Takes back the selected decision, else this client's last one; what was decided by one press goes back
/// as a whole.
pub(super) fn undo(state: &mut State, env: &Env) -> Step {
    if !state.selected_is_held() {
        match state.decisions.on_its_way() {
            // The one before it is not what was meant.
            Some(OnItsWay::One(id)) => {
                state.decisions.take_back = Some(id);
                return Step::draw();
            }
            Some(OnItsWay::Many) => return say(state, env, Voice::Bad, env.words.get(Text::LeftInFlight)),
            None => {}
        }
    }
    let targets: Vec<_> =
        state.undo_targets().into_iter().map(|request| (request.id.clone(), request.revision)).collect();
    take_back(state, env, targets)
}

/// Takes decisions back.
pub(super) fn take_back(state: &mut State, env: &Env, targets: Vec<(RequestId, i64)>) -> Step {
    let Some((first, _)) = targets.first().cloned() else {
        // The window of the last one has passed: say so, and what it would take now.
        return say(state, env, Voice::Bad, env.words.get(Text::FaultWindowOver));
    };
    let items: Vec<_> = targets
        .into_iter()
        .map(|(id, revision)| {
            let key = write_key(env, "undo", id.as_str(), revision, "");
            (id, revision, key)
        })
        .collect();
    for (id, ..) in &items {
        state.in_flight.insert(id.clone(), InFlight::Undo);
    }
    // The rows stand where they stood; the cursor goes back to the first.
    go_to(state, &first);
    match <[_; 1]>::try_from(items) {
        Ok([(id, revision, key)]) => Step::run(Effect::Undo { id, revision, key }),
        Err(items) => Step::run(Effect::UndoMany(items)),
    }
}

/// Decides again what was taken back last.
pub(super) fn redo(state: &mut State, env: &Env) -> Step {
    let Some(press) = state.decisions.undone.pop() else { return Step::none() };
    let open: Vec<Request> = press
        .requests
        .iter()
        .filter_map(|id| state.data.request(id))
        .filter(|request| state.unmarkable(request, env.now).is_none())
        .cloned()
        .collect();
    match open.as_slice() {
        [] => say(state, env, Voice::Bad, env.words.get(Text::NothingToRedo)),
        [request] => {
            go_to(state, &request.id);
            decide(state, env, request, press.decision)
        }
        _ => {
            let going = open.iter().map(|request| (request.id.clone(), request.revision)).collect();
            bulk::send(state, env, press.decision, going, Vec::new())
        }
    }
}

/// The last decision once more, on the selected row. A block is typed out each time: it comes to a rejection.
pub(super) fn repeat(state: &mut State, env: &Env) -> Step {
    let (Some(last), Selected::Request(request)) = (state.decisions.last.clone(), state.selected()) else {
        return Step::none();
    };
    let request = request.clone();
    match last.kind {
        DecisionKind::Approve => {
            let tags = if request.kind == ApprovalKind::Connection { last.tags } else { Vec::new() };
            approve_as(state, env, Decision { tags, ..Decision::approve() })
        }
        DecisionKind::Reject | DecisionKind::Block => {
            decide(state, env, &request, Decision { kind: DecisionKind::Reject, ..last })
        }
    }
}
