//! External contacts: order, remark, end.

use super::{go_to, lists, say, write_key};
use crate::domain::ContactId;
use crate::i18n::Text;
use crate::text::Untrusted;
use crate::tui::model::{
    Effect, Env, Field, Layer, Order, REMOVE_WORD, RemarkLayer, RemoveLayer, Selected, State, Step, Tab,
    Voice,
};

/// Orders the list.
pub(super) fn sort(state: &mut State, order: Order) -> Step {
    state.external.order = order;
    state.external.linked = false;
    lists::external(state);
    let height = lists::height(state);
    let len = state.external.list.len();
    state.external.cursor.go(0, len, height);
    read_selected(state).and(Step::draw())
}

/// Lists those whom linked companies show, or the contacts again.
pub(super) fn turn_linked(state: &mut State, env: &Env) -> Step {
    state.external.linked = state.tab != Tab::External || !state.external.linked;
    state.external.search = None;
    lists::external(state);
    let height = lists::height(state);
    let len = state.external.list.len();
    state.external.cursor.go(0, len, height);
    go_to(state, env, Tab::External)
}

/// Reads the history of the contact in front of the eye, if it is not known in its present revision.
pub(super) fn read_selected(state: &mut State) -> Step {
    let wanted = match state.selected() {
        Selected::Contact(contact)
            if state.tab == Tab::External && state.data.contact_detail(&contact.id).is_none() =>
        {
            contact.id.clone()
        }
        _ => return super::earlier::read_selected(state),
    };
    if state.reading.as_ref() == Some(&wanted) {
        return Step::none();
    }
    state.reading = Some(wanted.clone());
    Step { effects: vec![Effect::ReadContact(wanted)], redraw: false }
}

/// Reads a contact anew that was changed, if it is the one in front of the eye.
pub(super) fn read_again(state: &mut State, id: &ContactId) -> Step {
    match state.selected() {
        Selected::Contact(contact) if contact.id == *id => {
            state.reading = Some(id.clone());
            Step { effects: vec![Effect::ReadContact(id.clone())], redraw: false }
        }
        _ => Step::none(),
    }
}

/// Opens the field of the remark.
pub(super) fn edit_remark(state: &mut State) -> Step {
    let Selected::Contact(contact) = state.selected() else { return Step::none() };
    // Edited as it is shown: what the sanitiser would spell out cannot be typed.
    let field = Field::with(contact.remark.as_ref().map(Untrusted::whole).unwrap_or_default().as_str());
    let layer = RemarkLayer { id: contact.id.clone(), revision: contact.revision, field };
    state.layers.push(Layer::Remark(layer));
    Step::draw()
}

/// Saves the remark; the field stays until the server has it.
pub(super) fn save_remark(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Remark(layer)) = state.layers.last() else { return Step::none() };
    let remark = Untrusted::from(layer.field.text().trim());
    let (id, revision) = (layer.id.clone(), layer.revision);
    let known = state.data.contact(&id).and_then(|contact| contact.remark.clone()).unwrap_or_default();
    if known == remark {
        state.layers.pop();
        return Step::draw();
    }
    let key = write_key(env, "remark", id.as_str(), revision, remark.as_data());
    state.writing += 1;
    Step::run(Effect::SetRemark { id, revision, remark, key })
}

/// Asks for the word that ends the connection.
pub(super) fn ask_remove(state: &mut State) -> Step {
    let Selected::Contact(contact) = state.selected() else { return Step::none() };
    let layer = RemoveLayer { id: contact.id.clone(), revision: contact.revision, field: Field::default() };
    state.layers.push(Layer::Remove(layer));
    Step::draw()
}

/// Ends the connection, if the word is right.
pub(super) fn remove(state: &mut State, env: &Env) -> Step {
    let Some(Layer::Remove(layer)) = state.layers.last() else { return Step::none() };
    if !layer.field.text().trim().eq_ignore_ascii_case(REMOVE_WORD) {
        return say(state, env, Voice::Bad, env.words.get(Text::RemoveWordWrong));
    }
    let (id, revision) = (layer.id.clone(), layer.revision);
    let key = write_key(env, "remove", id.as_str(), revision, "");
    state.writing += 1;
    Step::run(Effect::RemoveContact { id, revision, key })
}
