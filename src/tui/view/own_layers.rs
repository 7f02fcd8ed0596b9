//! Layers in which one sets something of one's own.

use super::Caret;
use super::canvas::{Canvas, cells, tick};
use super::layers::{QUESTION, field, framed, wrapped};
use crate::domain::Card;
use crate::i18n::Text;
use crate::i18n::say::{self, NAME_CELLS};
use crate::text::{SafeText, Untrusted};
use crate::tui::model::{Env, Pane, SharingLayer, SharingRow, State, TagsLayer};

/// Rows of which one is selected, as many as fit around it. Returns where that one stands.
fn rows(canvas: &mut Canvas<'_>, pane: Pane, lines: &[SafeText], at: usize) -> Option<Caret> {
    let room: usize = pane.rows.into();
    let top = (at + 1).saturating_sub(room);
    let mut caret = None;
    for ((n, line), y) in lines.iter().enumerate().skip(top).take(room).zip(pane.y..) {
        canvas.put(pane.x + 2, y, pane.columns.saturating_sub(2), line, canvas.theme.plain());
        if n == at {
            canvas.select(pane, y);
            caret = Some(Caret { x: pane.x, y });
        }
    }
    caret
}

pub(super) fn tags(canvas: &mut Canvas<'_>, state: &State, env: &Env, layer: &TagsLayer) -> Option<Caret> {
    let contact = state.data.contact(&layer.id)?;
    let heading = env.words.fill(Text::EditTagsTitle, &[("name", contact.name.line(NAME_CELLS))]);
    let help = env.words.get(Text::EditTagsHelp);
    let wanted = wrapped(&help, QUESTION) + cells(layer.rows()) + 4;
    let inside = framed(canvas, state, QUESTION, wanted, &heading);
    let used = canvas.paragraphs(inside, &[help], canvas.theme.quiet());
    let (_, list) = inside.split_rows(used);
    // The field is always to be seen: what is typed there cannot be guessed.
    let (ticks, own) = list.split_rows(cells(layer.company.len()).min(list.rows.saturating_sub(1)));
    let lines: Vec<SafeText> =
        layer.company.iter().map(|(tag, ticked)| tick(*ticked, &tag.line(NAME_CELLS))).collect();
    let caret = rows(canvas, ticks, &lines, layer.at);
    let label = env.words.get(Text::EditTagsOwn);
    let at = own.x + 2 + canvas.put(own.x + 2, own.y, own.columns, &label, canvas.theme.quiet()) + 1;
    let room = (own.x + own.columns).saturating_sub(at + 2);
    let typed = field(canvas, at, own.y, room, &layer.own);
    if layer.types() { typed } else { caret }
}

pub(super) fn sharing(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    layer: &SharingLayer,
) -> Option<Caret> {
    let now = state.server_now(env.now);
    let words = &env.words;
    let line = |row: &SharingRow| match row {
        SharingRow::Field(at) => {
            let (field, ticked) = layer.fields.get(*at).cloned().unwrap_or_default();
            tick(ticked, &field.line(NAME_CELLS))
        }
        SharingRow::Accepts => tick(layer.accepts, &words.get(Text::SharingAccepts)),
        SharingRow::Away => match layer.away_until {
            Some(until) => {
                let date = ("date", say::date_time(until, now, &env.zone));
                tick(true, &words.fill(Text::SharingAway, &[date]))
            }
            None => tick(false, &words.get(Text::SharingNotAway)),
        },
        SharingRow::StandIn => match &layer.stand_in {
            Some((_, name)) => {
                tick(true, &words.fill(Text::SharingStandIn, &[("who", name.line(NAME_CELLS))]))
            }
            None => tick(false, &words.get(Text::SharingNoStandIn)),
        },
    };
    let lines: Vec<SafeText> = layer.rows().iter().map(line).collect();
    let mut help = vec![words.get(Text::SharingHelp)];
    if layer.fields.is_empty() {
        help.push(words.get(Text::SharingNothing));
    }
    let above: u16 = help.iter().map(|text| wrapped(text, QUESTION)).sum();
    let wanted = above + cells(help.len()) + cells(lines.len()) + 3;
    let inside = framed(canvas, state, QUESTION, wanted, &words.get(Text::SharingTitle));
    let used = canvas.paragraphs(inside, &help, canvas.theme.quiet());
    let (_, list) = inside.split_rows(used);
    rows(canvas, list, &lines, layer.at)
}

/// A card as an outsider sees it: the words of the page, and nothing else.
pub(super) fn outside(canvas: &mut Canvas<'_>, pane: Pane, env: &Env, card: &Card) {
    let words = &env.words;
    let button = |text: Text| {
        SafeText::join([&SafeText::constant("["), &words.get(text), &SafeText::constant("]")], " ")
    };
    let name = card.owner.name.whole();
    let title = card.title.as_ref().map(Untrusted::whole);
    let shown = card.phones.iter().chain(&card.emails).map(Untrusted::whole);
    let mut lines = vec![name.clone()];
    lines.extend(title);
    lines.push(card.company.whole());
    lines.extend(shown);
    lines.push(button(Text::PageSaveContact));
    lines.push(SafeText::default());
    lines.push(words.fill(Text::PageAsk, &[("name", name)]));
    lines.push(words.get(Text::PageAskWhat));
    lines.push(button(Text::PageBusiness));
    lines.push(button(Text::PagePersonal));
    if card.local_only {
        lines.push(SafeText::default());
        lines.push(words.get(Text::PageLocalOnly));
    }
    let (strong, plain) = (canvas.theme.strong(), canvas.theme.plain());
    canvas.lines(pane, &lines, |n| if n == 0 { strong } else { plain });
}
