//! One's own namecard: the code, and what it shows.

use super::canvas::{Canvas, cells};
use super::{Caret, code, frame, own_layers};
use crate::domain::Card;
use crate::i18n::Text;
use crate::i18n::say;
use crate::qr::{Blocks, Level, Needs};
use crate::text::SafeText;
use crate::tui::model::{Code, Env, NamecardLayer, Pane, Proof, State, Voice, code_area};

/// Columns of words beside the code.
const WORDS: u16 = 30;

pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    layer: &NamecardLayer,
) -> Option<Caret> {
    let size = state.size;
    let whole = Pane { x: 0, y: 0, columns: size.columns, rows: size.rows };
    match &layer.card {
        None => {
            canvas.fill(whole, canvas.theme.plain());
            canvas.paragraphs(
                body(state).inset(1),
                &[env.words.get(Text::CardLoading)],
                canvas.theme.plain(),
            );
        }
        Some(Err(fault)) => {
            canvas.fill(whole, canvas.theme.plain());
            canvas.paragraphs(body(state).inset(1), &[env.words.fault(fault)], canvas.theme.plain());
        }
        Some(Ok(card)) if layer.outside => {
            canvas.fill(whole, canvas.theme.plain());
            let inside = canvas.framed(body(state), &env.words.get(Text::OutsideTitle));
            own_layers::outside(canvas, inside.inset(1), env, card);
        }
        Some(Ok(card)) => match &layer.code {
            Code::Drawn(blocks, Proof::Good) => paper(canvas, state, env, (layer, card), blocks),
            Code::Drawn(_, Proof::Pending) => {
                canvas.fill(whole, canvas.theme.plain());
                canvas.paragraphs(
                    body(state).inset(1),
                    &[env.words.get(Text::CodeChecking)],
                    canvas.theme.plain(),
                );
            }
            Code::Drawn(_, Proof::Bad) | Code::Unknown => {
                canvas.fill(whole, canvas.theme.plain());
                let words = [env.words.get(Text::CodeUnreadable), SafeText::clean(&card.link)];
                canvas.paragraphs(body(state).inset(1), &words, canvas.theme.plain());
            }
            Code::TooSmall(needs) => too_small(canvas, state, env, card, *needs),
        },
    }
    let keys = Pane { x: 0, y: size.rows.saturating_sub(1), columns: size.columns, rows: size.rows.min(1) };
    frame::key_line(canvas, state, env, keys);
    messages(canvas, state, env);
    None
}

fn body(state: &State) -> Pane {
    Pane { x: 0, y: 0, columns: state.size.columns, rows: state.size.rows.saturating_sub(1) }
}

/// The newest message, on the line of the link.
fn messages(canvas: &mut Canvas<'_>, state: &State, _env: &Env) {
    let Some(toast) = state.toasts.all().last() else { return };
    let Some(y) = state.size.rows.checked_sub(2) else { return };
    canvas.fill(Pane { x: 0, y, columns: state.size.columns, rows: 1 }, canvas.theme.plain());
    let style = if toast.voice == Voice::Good { canvas.theme.good() } else { canvas.theme.bad() };
    canvas.put(1, y, state.size.columns.saturating_sub(1), &toast.text, style);
}

/// The code on its paper, the words beside it, the link below.
fn paper(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    (layer, card): (&NamecardLayer, &Card),
    blocks: &Blocks,
) {
    let size = state.size;
    let style = canvas.theme.on_paper();
    let whole = Pane { x: 0, y: 0, columns: size.columns, rows: size.rows.saturating_sub(1) };
    canvas.fill(whole, style);
    let area = code_area(size);
    let (wide, high) = (cells(blocks.columns()), cells(blocks.rows()));
    let beside = area.columns >= wide + WORDS + 2;
    let used = if beside { wide + WORDS + 2 } else { wide };
    let x = area.x + (area.columns.saturating_sub(used)) / 2;
    let y = area.y + (area.rows.saturating_sub(high)) / 2;
    code::put(canvas, blocks, x, y);
    if beside {
        let pane = Pane { x: x + wide + 1, y: y + 1, columns: WORDS, rows: high.saturating_sub(1) };
        words(canvas, state, env, (layer, card), blocks, pane);
    }
    let link = SafeText::clean(&card.link);
    let row = size.rows.saturating_sub(2);
    let at = size.columns.saturating_sub(cells(link.width())) / 2;
    canvas.put(at, row, size.columns, &link, style);
}

fn words(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    (layer, card): (&NamecardLayer, &Card),
    blocks: &Blocks,
    pane: Pane,
) {
    let now = state.server_now(env.now);
    let mut title = env.words.get(Text::CardTitle);
    if layer.all.len() > 1 {
        let of = [("n", layer.at + 1), ("total", layer.all.len())];
        let of = of.map(|(name, n)| (name, SafeText::number(n as u64)));
        title.push_constant("  ");
        title.push(&env.words.fill(Text::CardOf, &of));
    }
    let mut lines = vec![title, SafeText::default(), card.owner.name.whole()];
    lines.extend(card.title.as_ref().map(|title| title.whole()));
    lines.push(card.company.whole());
    lines.extend(card.label.as_ref().map(|label| label.whole()));
    lines.push(SafeText::default());
    lines.extend(card.phones.iter().chain(&card.emails).map(|line| line.whole()));
    if card.phones.is_empty() && card.emails.is_empty() {
        lines.push(env.words.get(Text::CardShows));
    }
    lines.push(env.words.get(Text::CardNeedsApproval));
    if let Some(own) = &layer.own {
        let takes = if own.accepts { Text::CardTakesRequests } else { Text::CardTakesNone };
        lines.push(env.words.get(takes));
        if let Some(until) = own.away_until.filter(|until| *until > now) {
            lines.push(env.words.fill(Text::CardAway, &[("date", say::date(until, &env.zone))]));
            let stand_in = own.stand_in.as_ref().map(|who| who.name.line(say::NAME_CELLS));
            lines.extend(stand_in.map(|who| env.words.fill(Text::CardStandIn, &[("who", who)])));
        }
    }
    let left = env.words.span(card.expires.since(now));
    lines.push(
        env.words.fill(Text::CardExpires, &[("date", say::date(card.expires, &env.zone)), ("left", left)]),
    );
    let count = |n: i64| SafeText::number(u64::try_from(n).unwrap_or(0));
    let mut used = vec![("n", count(card.uses)), ("pending", count(card.pending))];
    let text = match card.max_uses {
        Some(most) => {
            used.push(("most", count(most)));
            Text::CardUsedOf
        }
        None => Text::CardUsed,
    };
    lines.push(env.words.fill(text, &used));
    if let Some(until) = card.previous_until {
        lines.push(env.words.fill(Text::CardPrevious, &[("date", say::date(until, &env.zone))]));
    }
    lines.push(SafeText::default());
    let level = match blocks.code.level() {
        Level::M => SafeText::constant("M"),
        Level::L => SafeText::constant("L"),
    };
    lines.push(env.words.fill(
        Text::CardCheck,
        &[("version", SafeText::number(blocks.code.version() as u64)), ("level", level)],
    ));
    if card.local_only {
        lines.push(env.words.get(Text::CardLocalOnly));
    }
    if card.moved {
        lines.push(env.words.get(Text::CardMoved));
    }
    let plain = canvas.theme.on_paper();
    let strong = plain.patch(canvas.theme.strong());
    canvas.lines(pane, &lines, |n| if n == 0 || n == 2 { strong } else { plain });
}

/// The window is too small for any code that can be scanned: what it needs, and the ways out.
fn too_small(canvas: &mut Canvas<'_>, state: &State, env: &Env, card: &Card, needs: Needs) {
    let size = state.size;
    canvas.fill(Pane { x: 0, y: 0, columns: size.columns, rows: size.rows }, canvas.theme.plain());
    let area = code_area(size);
    // What the code needs, and the lines that stand below it.
    let foot = size.rows.saturating_sub(area.rows);
    let sizes = [
        ("columns", SafeText::number(needs.columns as u64)),
        ("rows", SafeText::number(needs.rows as u64 + u64::from(foot))),
        ("has_columns", SafeText::number(size.columns)),
        ("has_rows", SafeText::number(size.rows)),
    ];
    let words = [
        env.words.get(Text::TooSmall),
        env.words.fill(Text::TooSmallNeeds, &sizes),
        env.words.get(Text::TooSmallWindow),
        env.words.get(Text::TooSmallCopy),
        env.words.get(Text::TooSmallSave),
        SafeText::clean(&card.link),
    ];
    let pane =
        Pane { x: 0, y: 0, columns: size.columns.saturating_sub(1), rows: size.rows.saturating_sub(1) };
    let plain = canvas.theme.plain();
    canvas.lines(pane, &words, |_| plain);
}
