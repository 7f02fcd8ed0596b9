//! Text fields: on layers and in the search.

use super::{converse, search, wizard};
use crate::tui::keys::Action;
use crate::tui::model::{Env, Field, Layer, State, Step};

fn field(state: &mut State) -> Option<&mut Field> {
    if !state.layers.is_empty() {
        return state.layers.last_mut()?.field();
    }
    state.search_box_mut().map(|search| &mut search.field)
}

/// After an edit: a search asks anew, and so does the wizard.
fn after(state: &mut State, before: Option<String>) -> Step {
    let changed = field(state).map(|field| field.text().to_owned()) != before;
    if changed && matches!(state.layers.last(), Some(Layer::Wizard(_))) {
        return wizard::typed(state);
    }
    if changed && matches!(state.layers.last(), Some(Layer::Colleague(_))) {
        return converse::find(state).and(Step::draw());
    }
    if changed && state.layers.is_empty() { search::ask(state).and(Step::draw()) } else { Step::draw() }
}

/// A letter is typed.
pub(super) fn typed(state: &mut State, env: &Env, c: char) -> Step {
    pasted(state, env, c.encode_utf8(&mut [0; 4]))
}

/// Text is put in.
pub(super) fn pasted(state: &mut State, _env: &Env, text: &str) -> Step {
    let Some(field) = field(state) else { return Step::none() };
    let before = field.text().to_owned();
    field.insert(text);
    after(state, Some(before))
}

/// The caret moves, or text is deleted.
pub(super) fn edit(state: &mut State, _env: &Env, action: Action) -> Step {
    let Some(field) = field(state) else { return Step::none() };
    let before = field.text().to_owned();
    match action {
        Action::LineStart => field.start(),
        Action::LineEnd => field.end(),
        Action::LetterLeft => field.letter_left(),
        Action::LetterRight => field.letter_right(),
        Action::WordLeft => field.go_word_left(),
        Action::WordRight => field.go_word_right(),
        Action::DeleteBefore => field.delete_before(),
        Action::DeleteBehind => field.delete_behind(),
        Action::DeleteWord => field.delete_word(),
        Action::DeleteToStart => field.delete_to_start(),
        _ => {}
    }
    after(state, Some(before))
}
