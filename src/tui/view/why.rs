//! Why one may or may not, and what can be done instead.

use super::canvas::{Canvas, cells};
use super::{Caret, layers};
use crate::i18n::Text;
use crate::i18n::say::NAME_CELLS;
use crate::text::SafeText;
use crate::tui::model::answer::{AnswerRow, Look, first_row, why_rows};
use crate::tui::model::{Env, Pane, PermissionLayer, State, WhyLayer, layer_area};

/// Columns that an answer wants.
pub(super) const ANSWER: u16 = 78;

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &WhyLayer) -> Option<Caret> {
    let heading = env.words.fill(Text::WhyTitle, &[("name", layer.about.line(NAME_CELLS))]);
    let columns = layer_area(state.size, ANSWER, u16::MAX).framed().columns;
    let rows = why_rows(env, layer, columns.into());
    let inside = canvas.framed(layer_area(state.size, ANSWER, cells(rows.len()) + 2), &heading);
    put(canvas, inside, &rows, Some(layer.at).filter(|_| !layer.alternatives().is_empty()))
}

/// Rows of an answer, with the one that is chosen in sight. Where there is no room for all of them, what
/// was answered stays at the top and the rest is moved under it.
pub(super) fn put(
    canvas: &mut Canvas<'_>,
    pane: Pane,
    rows: &[AnswerRow],
    at: Option<usize>,
) -> Option<Caret> {
    let room = usize::from(pane.rows);
    let fits = rows.len() <= room;
    let answered = rows.iter().take_while(|row| row.choice.is_none());
    let said = answered.enumerate().filter(|(_, row)| row.look == Look::Strong).last();
    let kept = said.map_or(0, |(n, _)| n + 1).min(room / 2);
    let kept = if fits || at.is_none() { 0 } else { kept };
    let (head, rest) = rows.split_at_checked(kept).unwrap_or((rows, &[]));
    let top = at.map_or(0, |at| first_row(rest, at, room - kept));
    let mut caret = None;
    for (row, y) in head.iter().chain(rest.iter().skip(top)).take(room).zip(pane.y..) {
        let theme = canvas.theme;
        let style = match row.look {
            Look::Plain => theme.plain(),
            Look::Strong => theme.strong(),
            Look::Quiet => theme.quiet(),
            Look::Outside => theme.outside(),
            Look::Bad => theme.bad(),
        };
        canvas.put(pane.x, y, pane.columns, &row.text, style);
        if at.is_some() && row.choice == at {
            if caret.is_none() {
                canvas.sign(pane.x, y, '>', theme.strong());
                caret = Some(Caret { x: pane.x, y });
            }
            canvas.restyle(pane.x, y, pane.columns, theme.selected());
        }
    }
    caret
}

pub(super) fn permission(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    layer: &PermissionLayer,
) -> Option<Caret> {
    let words: [SafeText; 1] = [env.words.get(Text::PermissionWhy)];
    let heading = env.words.get(Text::PermissionTitle);
    let rows = words.iter().map(|text| layers::wrapped(text, layers::QUESTION) + 1).sum::<u16>() + 3;
    let inside = layers::framed(canvas, state, layers::QUESTION, rows, &heading);
    let used = canvas.paragraphs(inside, &words, canvas.theme.plain());
    layers::field(canvas, inside.x, inside.y + used, inside.columns.saturating_sub(2), &layer.field)
}
