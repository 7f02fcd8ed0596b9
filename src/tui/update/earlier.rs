//! What the same person asked before, and reading what belongs to a request.

use crate::tui::model::{Effect, Layer, Selected, State, Step, Tab};

/// Shows what the same person asked before.
pub(super) fn open(state: &mut State) -> Step {
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let id = request.id.clone();
    let step = read_selected(state);
    state.layers.push(Layer::Earlier { id, top: 0 });
    step.and(Step::draw())
}

/// Reads what belongs to the request in front of the eye, if it is not known in its present revision.
pub(super) fn read_selected(state: &mut State) -> Step {
    let on_layer = state.layers.iter().any(|layer| matches!(layer, Layer::Past(_)));
    let wanted = match state.selected() {
        Selected::Request(request)
            if (state.tab == Tab::Approvals || on_layer)
                && state.data.request_detail(&request.id).is_none()
                && !state.in_flight.contains_key(&request.id) =>
        {
            request.id.clone()
        }
        _ => return Step::none(),
    };
    if state.reading_request.as_ref() == Some(&wanted) {
        return Step::none();
    }
    state.reading_request = Some(wanted.clone());
    Step { effects: vec![Effect::ReadRequestDetail(wanted)], redraw: false }
}
