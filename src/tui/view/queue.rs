//! What waits for a decision.

use super::canvas::Canvas;
use super::{Caret, detail};
use crate::domain::Request;
use crate::i18n::Text;
use crate::text::SafeText;
use crate::tui::model::content::{held_sentence, in_flight_text, request_lines};
use crate::tui::model::{Env, Regions, State};

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) -> Option<Caret> {
    headings(canvas, env, regions);
    let caret = list(canvas, state, env, regions);
    if !regions.detail.is_empty() {
        if regions.beside {
            canvas.bar(regions.detail.x.saturating_sub(1), regions.detail.y, regions.detail.rows);
        }
        let selected =
            state.approvals.list.get(state.approvals.cursor.at).and_then(|id| state.data.request(id));
        if let Some(request) = selected {
            let pane = regions.detail.inset(1);
            let lines = request_lines(state, env, request, pane.columns.into());
            detail::put(canvas, env, pane, &lines, 0, !regions.beside);
        }
    }
    caret
}

/// How wide the columns are: due, who, company, via, flag.
fn columns(all: u16) -> [u16; 5] {
    let due = 6;
    let all = all.saturating_sub(2 + due + 1);
    if all < 40 {
        let who = all / 2;
        return [due, who, all.saturating_sub(who + 1), 0, 0];
    }
    let flag = 10;
    let rest = all - flag - 3;
    if all < 60 {
        let who = rest / 2;
        return [due, who, rest - who + 1, 0, flag];
    }
    let (who, company) = (rest * 2 / 5, rest * 2 / 5);
    [due, who, company, rest - who - company, flag]
}

fn headings(canvas: &mut Canvas<'_>, env: &Env, regions: &Regions) {
    let pane = regions.heading;
    if pane.is_empty() {
        return;
    }
    let texts = [Text::ColumnDue, Text::ColumnWho, Text::ColumnCompany, Text::ColumnVia, Text::ColumnFlag];
    let mut x = pane.x + 2;
    for (text, wide) in texts.into_iter().zip(columns(pane.columns)) {
        if wide > 0 {
            canvas.put(x, pane.y, wide, &env.words.get(text), canvas.theme.quiet());
            x += wide + 1;
        }
    }
}

fn list(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) -> Option<Caret> {
    let pane = regions.list;
    let approvals = &state.approvals;
    if approvals.list.is_empty() {
        canvas.paragraphs(pane.inset(2), &[env.words.get(Text::ApprovalsEmpty)], canvas.theme.plain());
        return None;
    }
    let rows = approvals.list.iter().enumerate().skip(approvals.cursor.top).take(pane.rows.into());
    let mut caret = None;
    for ((at, id), y) in rows.zip(pane.y..) {
        if let Some(request) = state.data.request(id) {
            row(canvas, state, env, request, (pane.x, y, pane.columns));
        }
        if at == approvals.cursor.at {
            canvas.sign(pane.x, y, '>', canvas.theme.strong());
            canvas.restyle(pane.x, y, pane.columns, canvas.theme.selected());
            caret = Some(Caret { x: pane.x, y });
        }
    }
    caret
}

fn row(canvas: &mut Canvas<'_>, state: &State, env: &Env, request: &Request, (x, y, all): (u16, u16, u16)) {
    let now = state.server_now(env.now);
    let [due, who, company, via, flag] = columns(all);
    let settled = state.is_settled(request, env.now);
    let mut column = x + 2;
    let left = if settled { SafeText::constant("-") } else { env.words.span(request.expires.since(now)) };
    canvas.put(column, y, due, &left, canvas.theme.plain());
    column += due + 1;
    let name_style = if settled { canvas.theme.quiet() } else { canvas.theme.outside() };
    canvas.put(column, y, who, &request.requester.name.whole(), name_style);
    column += who + 1;
    if settled {
        // Who did what, and how long it can be taken back: over the rest of the row.
        let words = match state.in_flight.get(&request.id) {
            Some(doing) => env.words.get(in_flight_text(*doing)),
            None => held_sentence(state, env, request),
        };
        let room = (x + all).saturating_sub(column);
        canvas.put(column, y, room, &words, canvas.theme.notice());
        return;
    }
    let from = request.requester.company.as_ref().map(|company| company.whole()).unwrap_or_default();
    canvas.put(column, y, company, &from, canvas.theme.outside());
    column += company + 1;
    if via > 0 {
        let label = request.card_label.as_ref().map(|label| label.whole());
        let channel = || request.channel.map(|channel| env.words.channel_short(channel));
        let label = label.or_else(channel).unwrap_or_default();
        canvas.put(column, y, via, &label, canvas.theme.quiet());
        column += via + 1;
    }
    let requester = &request.requester;
    let hidden = [
        Some(&requester.name),
        requester.company.as_ref(),
        request.purpose.as_ref(),
        request.message.as_ref(),
    ]
    .into_iter()
    .flatten()
    .any(|text| text.has_hidden());
    if hidden {
        canvas.put(column, y, flag, &env.words.get(Text::FlagHidden), canvas.theme.bad());
    }
}
