//! What lies above the page.

use super::canvas::{Canvas, cells, tick};
use super::{Caret, detail, namecard, own_layers, past, queue_layers, why, wizard};
use crate::domain::{ReasonCode, RequestAction};
use crate::i18n::Text;
use crate::i18n::say::NAME_CELLS;
use crate::text::SafeText;
use crate::tui::model::content::card;
use crate::tui::model::{
    Ask, Env, Field, HelpRow, Layer, Pane, REMOVE_WORD, RejectLayer, RemarkLayer, RemoveLayer, State, help,
    help_area, layer_area,
};

/// Columns that a question wants.
pub(super) const QUESTION: u16 = 66;

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &Layer) -> Option<Caret> {
    match layer {
        Layer::Help { scopes, top } => {
            let rows = help::help_rows(state, env, scopes);
            draw_help(canvas, state, env, &rows, *top);
            None
        }
        Layer::Member { top, .. } | Layer::Contact { top, .. } | Layer::Request { top, .. } => {
            let card = card(state, env, layer)?;
            let inside = canvas.framed(card.frame, &SafeText::default());
            detail::put(canvas, env, inside, &card.lines, *top, false);
            None
        }
        Layer::Earlier { top, .. } => read(canvas, state, env, layer, *top, Text::KeyEarlier),
        Layer::Doubt(doubt) => read(canvas, state, env, layer, doubt.top, Text::DoubtTitle),
        Layer::Bulk(layer) => queue_layers::bulk(canvas, state, env, layer),
        Layer::Block(layer) => queue_layers::block(canvas, state, env, layer),
        Layer::Say(layer) => queue_layers::say(canvas, state, env, layer),
        Layer::When(layer) => queue_layers::when(canvas, state, env, layer),
        Layer::Colleague(layer) => queue_layers::colleague(canvas, state, env, layer),
        Layer::Scope(layer) => queue_layers::scope(canvas, state, env, layer),
        Layer::Past(layer) => past::draw(canvas, state, env, layer),
        Layer::Namecard(layer) => namecard::draw(canvas, state, env, layer),
        Layer::Reject(layer) => reject(canvas, state, env, layer),
        Layer::Remark(layer) => remark(canvas, state, env, layer),
        Layer::Tags(layer) => own_layers::tags(canvas, state, env, layer),
        Layer::Sharing(layer) => own_layers::sharing(canvas, state, env, layer),
        Layer::Remove(layer) => remove(canvas, state, env, layer),
        Layer::Ask { ask, at, .. } => question(canvas, state, env, *ask, *at),
        Layer::Wizard(layer) => wizard::draw(canvas, state, env, layer),
        Layer::Why(layer) => why::draw(canvas, state, env, layer),
        Layer::Permission(layer) => why::permission(canvas, state, env, layer),
        Layer::Show { text } => {
            let words = [env.words.get(Text::ShowLink), text.clone()];
            let rows = 2 + words.iter().map(|text| wrapped(text, QUESTION)).sum::<u16>() + 1;
            let inside = framed(canvas, state, QUESTION, rows, &env.words.get(Text::ShowTitle));
            canvas.paragraphs(inside, &words, canvas.theme.plain());
            None
        }
    }
}

/// Lines that are read, in a frame with a heading.
fn read(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    layer: &Layer,
    top: usize,
    heading: Text,
) -> Option<Caret> {
    let card = card(state, env, layer)?;
    let inside = canvas.framed(card.frame, &env.words.get(heading));
    detail::put(canvas, env, inside, &card.lines, top, false);
    None
}

/// A frame in the middle of what is above the key line.
pub(super) fn framed(
    canvas: &mut Canvas<'_>,
    state: &State,
    columns: u16,
    rows: u16,
    heading: &SafeText,
) -> Pane {
    canvas.framed(layer_area(state.size, columns, rows), heading)
}

pub(super) fn wrapped(text: &SafeText, columns: u16) -> u16 {
    cells(text.wrap(columns.saturating_sub(4).into()).len())
}

fn draw_help(canvas: &mut Canvas<'_>, state: &State, env: &Env, rows: &[HelpRow], top: usize) {
    let inside = canvas.framed(help_area(state.size), &env.words.get(Text::HelpTitle));
    for (row, y) in rows.iter().skip(top).take(inside.rows.into()).zip(inside.y..) {
        match row {
            HelpRow::Heading(text) => {
                canvas.put(inside.x, y, inside.columns, text, canvas.theme.strong());
            }
            HelpRow::Key(keys, text, possible) => {
                let style = if *possible { canvas.theme.plain() } else { canvas.theme.quiet() };
                canvas.put(inside.x + 2, y, 18, keys, canvas.theme.strong());
                canvas.put(inside.x + 21, y, inside.columns.saturating_sub(21), text, style);
            }
            HelpRow::Blank => {}
        }
    }
}

/// A field on a line of its own. Returns the caret.
pub(super) fn field(canvas: &mut Canvas<'_>, x: u16, y: u16, room: u16, field: &Field) -> Option<Caret> {
    let (shown, caret) = field.shown(room.into());
    canvas.put(x, y, 2, &SafeText::constant("> "), canvas.theme.strong());
    canvas.put(x + 2, y, room, &shown, canvas.theme.plain());
    Some(Caret { x: x + 2 + cells(caret), y })
}

fn reject(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &RejectLayer) -> Option<Caret> {
    let request = state.data.request(&layer.id)?;
    let heading = if layer.many {
        let n = state.approvals.marks.len() as u64;
        env.words.fill(Text::RejectTitleMany, &[("n", SafeText::number(n))])
    } else {
        env.words.fill(Text::RejectTitle, &[("name", request.requester.name.line(NAME_CELLS))])
    };
    let inside = framed(canvas, state, QUESTION, cells(ReasonCode::ALL.len()) + 8, &heading);
    let mut y = inside.y;
    canvas.put(inside.x, y, inside.columns, &env.words.get(Text::RejectWhy), canvas.theme.plain());
    y += 2;
    for (at, reason) in ReasonCode::ALL.iter().enumerate() {
        let mut line = SafeText::number(at as u64 + 1);
        line.push_constant("  ");
        line.push(&env.words.reason(*reason));
        canvas.put(inside.x + 2, y, inside.columns.saturating_sub(2), &line, canvas.theme.plain());
        if at == layer.at {
            canvas.select(inside, y);
        }
        y += 1;
    }
    let mut caret = Some(Caret { x: inside.x, y: inside.y + 2 + cells(layer.at) });
    if let Some(words) = &layer.words {
        caret = field(canvas, inside.x, y, inside.columns.saturating_sub(2), words);
    }
    y += 1;
    let blockable = !layer.many && request.allows(RequestAction::Block);
    for (there, ticked, text) in
        [(blockable, layer.block, Text::RejectBlock), (true, layer.tell, Text::RejectTell)]
    {
        if there && y < inside.y + inside.rows {
            let line = tick(ticked, &env.words.get(text));
            canvas.put(inside.x, y, inside.columns, &line, canvas.theme.plain());
            y += 1;
        }
    }
    caret
}

fn remark(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &RemarkLayer) -> Option<Caret> {
    let contact = state.data.contact(&layer.id)?;
    let heading = env.words.fill(Text::RemarkTitle, &[("name", contact.name.line(NAME_CELLS))]);
    let inside = framed(canvas, state, QUESTION, 5, &heading);
    canvas.put(inside.x, inside.y, inside.columns, &env.words.get(Text::RemarkHelp), canvas.theme.quiet());
    field(canvas, inside.x, inside.y + 2, inside.columns.saturating_sub(2), &layer.field)
}

fn remove(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &RemoveLayer) -> Option<Caret> {
    let contact = state.data.contact(&layer.id)?;
    let heading = env.words.fill(Text::RemoveTitle, &[("name", contact.name.line(NAME_CELLS))]);
    let word = SafeText::constant(REMOVE_WORD);
    let words = [
        env.words.get(Text::RemoveTheySee),
        env.words.get(Text::RemoveWeKeep),
        env.words.fill(Text::RemoveType, &[("word", word)]),
    ];
    let rows = words.iter().map(|text| wrapped(text, QUESTION) + 1).sum::<u16>() + 3;
    let inside = framed(canvas, state, QUESTION, rows, &heading);
    let used = canvas.paragraphs(inside, &words, canvas.theme.plain());
    field(canvas, inside.x, inside.y + used, inside.columns.saturating_sub(2), &layer.field)
}

fn question(canvas: &mut Canvas<'_>, state: &State, env: &Env, ask: Ask, at: usize) -> Option<Caret> {
    let on_its_way = SafeText::number((state.in_flight.len() + state.writing) as u64);
    let (title, text, answers) = match ask {
        Ask::Quit => (
            env.words.get(Text::QuitTitle),
            env.words.fill(Text::QuitText, &[("n", on_its_way)]),
            vec![Text::QuitStay, Text::QuitGo],
        ),
        Ask::Revoke { .. } => (
            env.words.get(Text::RevokeTitle),
            env.words.get(Text::RevokeText),
            vec![Text::RotateKeep, Text::RevokeEnd],
        ),
        Ask::Refuse { .. } => (
            env.words.get(Text::RefuseOwnerTitle),
            env.words.get(Text::RefuseOwnerText),
            vec![Text::RefuseOwnerKeep, Text::RefuseOwnerGo],
        ),
        Ask::Withdraw { .. } => (
            env.words.get(Text::WithdrawTitle),
            env.words.get(Text::WithdrawText),
            vec![Text::WithdrawKeep, Text::WithdrawGo],
        ),
        Ask::Rotate { .. } => (
            env.words.get(Text::RotateTitle),
            env.words.get(Text::RotateText),
            vec![Text::RotateKeep, Text::RotateGrace, Text::RotateLeaked],
        ),
    };
    let rows = wrapped(&text, QUESTION) + cells(answers.len()) + 3;
    let inside = framed(canvas, state, QUESTION, rows, &title);
    let used = canvas.paragraphs(inside, &[text], canvas.theme.plain());
    for (n, answer) in answers.into_iter().enumerate() {
        let y = inside.y + used + cells(n);
        let mut line = SafeText::number(n as u64 + 1);
        line.push_constant("  ");
        line.push(&env.words.get(answer));
        canvas.put(inside.x + 2, y, inside.columns.saturating_sub(2), &line, canvas.theme.plain());
        if n == at {
            canvas.select(inside, y);
        }
    }
    Some(Caret { x: inside.x, y: inside.y + used + cells(at) })
}
