//! Looking through requests that do not stand in the queue: what was decided, what one sent.

use super::{external, news};
use crate::domain::{Change, Fault, Request, RequestId, RequestState};
use crate::tui::model::{Cursor, Effect, Env, Layer, Past, PastLayer, State, Step};

/// Opens a list and begins to read it.
pub(super) fn open(state: &mut State, which: Past) -> Step {
    let list = known(state, which);
    let layer = PastLayer { which, list, next: None, reading: true, cursor: Cursor::default() };
    state.layers.push(Layer::Past(layer));
    Step::run(Effect::ReadPast(which, String::new()))
}

/// Whether a request belongs to a list.
fn belongs(which: Past, request: &Request) -> bool {
    match which {
        Past::Decided => {
            let open = matches!(request.state, RequestState::Pending | RequestState::PendingManager);
            !request.allows(crate::domain::RequestAction::Withdraw)
                && request.part != crate::domain::Part::Requester
                && (request.decision.is_some() || !open)
        }
        Past::Sent => request.part == crate::domain::Part::Requester,
    }
}

/// What is known of a list, newest first.
pub(super) fn known(state: &State, which: Past) -> Vec<RequestId> {
    let mut list: Vec<&Request> = state.data.requests().filter(|request| belongs(which, request)).collect();
    list.sort_by(|a, b| (b.last_moment(), &b.id).cmp(&(a.last_moment(), &a.id)));
    list.into_iter().map(|request| request.id.clone()).collect()
}

/// A page is there; the next one is read at once, until all is known.
pub(super) fn read(
    state: &mut State,
    env: &Env,
    which: Past,
    result: Result<(Vec<Request>, Option<String>), Fault>,
) -> Step {
    let open = state.layers.iter().any(|layer| matches!(layer, Layer::Past(past) if past.which == which));
    let (requests, next) = match result {
        Ok(page) => page,
        Err(fault) => {
            for layer in &mut state.layers {
                if let Layer::Past(past) = layer {
                    past.reading = false;
                }
            }
            return super::say(state, env, crate::tui::model::Voice::Bad, env.words.fault(&fault));
        }
    };
    let changes = requests.into_iter().map(|request| Change::Request(Box::new(request))).collect();
    let touched = state.data.apply(changes);
    let step = news::refresh(state, env, touched);
    for layer in &mut state.layers {
        if let Layer::Past(past) = layer
            && past.which == which
        {
            past.next.clone_from(&next);
            past.reading = next.is_some();
        }
    }
    let step = step.and(external::read_selected(state)).and(Step::draw());
    match next.filter(|_| open) {
        Some(next) => step.and(Step::run(Effect::ReadPast(which, next))),
        None => step,
    }
}

/// Makes the lists of the layers anew; the selected row stays selected.
pub(super) fn rebuild(state: &mut State) {
    let shown: Vec<Past> = state
        .layers
        .iter()
        .filter_map(|layer| match layer {
            Layer::Past(past) => Some(past.which),
            _ => None,
        })
        .collect();
    for which in shown {
        let list = known(state, which);
        let height = crate::tui::model::past_rows(state.size);
        for layer in &mut state.layers {
            if let Layer::Past(past) = layer
                && past.which == which
            {
                let id = past.list.get(past.cursor.at);
                let at = id.and_then(|id| list.iter().position(|other| other == id));
                past.list.clone_from(&list);
                past.cursor.go(at.unwrap_or(past.cursor.at), list.len(), height);
            }
        }
    }
}

/// Opens the details of the selected request.
pub(super) fn open_selected(state: &mut State) -> Step {
    let Some(Layer::Past(past)) = state.layers.last() else { return Step::none() };
    let Some(id) = past.list.get(past.cursor.at).cloned() else { return Step::none() };
    state.layers.push(Layer::Request { id, top: 0 });
    external::read_selected(state).and(Step::draw())
}
