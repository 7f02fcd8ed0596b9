//! The search field, and why somebody was found.

use super::canvas::{Canvas, cells};
use super::{Caret, directory};
use crate::domain::Member;
use crate::i18n::Text;
use crate::search::Field;
use crate::text::SafeText;
use crate::tui::model::{Env, Pane, SearchBox, State, Tab};

/// The field with what is typed, and how many were found. Returns the caret.
pub(super) fn field(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    pane: Pane,
    open: &SearchBox,
) -> Option<Caret> {
    if pane.is_empty() {
        return None;
    }
    let count = if open.answered.is_empty() {
        SafeText::default()
    } else {
        env.words.fill(Text::FoundCount, &[("n", SafeText::number(open.total as u64))])
    };
    let complete = match state.tab {
        Tab::External => state.data.contacts_complete,
        _ => state.data.members_complete,
    };
    let partial = if complete { SafeText::default() } else { env.words.get(Text::SearchNotComplete) };
    let right = SafeText::join([&partial, &count], "  ");
    let begins =
        canvas.put_right(pane.x + pane.columns - 1, pane.y, pane.columns / 2, &right, canvas.theme.quiet());
    canvas.put(pane.x, pane.y, 2, &SafeText::constant("/ "), canvas.theme.strong());
    let room = begins.saturating_sub(pane.x + 3);
    let (shown, caret) = open.field.shown(room.into());
    canvas.put(pane.x + 2, pane.y, room, &shown, canvas.theme.plain());
    if open.field.text().is_empty() {
        canvas.put(pane.x + 2, pane.y, room, &env.words.get(Text::SearchHint), canvas.theme.quiet());
    }
    Some(Caret { x: pane.x + 2 + cells(caret), y: pane.y })
}

/// What to say when nothing is listed.
pub(super) fn nothing(state: &State, env: &Env, open: &SearchBox) -> SafeText {
    if open.answered.is_empty() {
        return env.words.get(Text::SearchHelp);
    }
    let typed = SafeText::clean(open.field.text()).cut(24);
    let text = if state.tab == Tab::External { Text::NobodyOutside } else { Text::NobodyFound };
    env.words.fill(text, &[("query", typed)])
}

/// The field that made somebody match, when the row does not show it already; else the department.
pub(super) fn reason(state: &State, env: &Env, member: &Member, why: Field) -> (Field, SafeText) {
    let found = match why {
        Field::Email => member.emails.first().map(|email| email.whole()),
        Field::Phone => member.phones.first().map(|phone| phone.number.whole()),
        Field::Id => Some(member.id.shown()),
        _ => None,
    };
    match found {
        Some(text) => (why, text),
        None => (Field::Department, directory::department_of(state, env, member)),
    }
}
