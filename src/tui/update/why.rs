//! Why something is as it is, what the same person asked before, and reading what belongs to a request.

use crate::domain::Verdict;
use crate::i18n::say::NAME_CELLS;
use crate::text::SafeText;
use crate::tui::model::{Effect, Layer, Selected, State, Step, Tab, WhyLayer};

/// Shows a verdict in words.
pub(super) fn open(state: &mut State, about: SafeText, verdict: Verdict) -> Step {
    state.layers.push(Layer::Why(Box::new(WhyLayer { about, verdict, top: 0 })));
    Step::draw()
}

/// Shows the verdict of the selected request.
pub(super) fn of_selected(state: &mut State) -> Step {
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let company = request.requester.company.as_ref().map(|company| company.line(NAME_CELLS));
    let about = SafeText::join([&request.requester.name.whole(), &company.unwrap_or_default()], ", ");
    let verdict = request.verdict.clone();
    open(state, about, verdict)
}

/// Shows what the same person asked before.
pub(super) fn earlier(state: &mut State) -> Step {
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
