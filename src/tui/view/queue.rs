//! What waits for a decision.

use super::canvas::{Canvas, cells};
use super::{Caret, detail};
use crate::domain::{ApprovalKind, Direction, Request};
use crate::i18n::Text;
use crate::text::SafeText;
use crate::tui::model::content::{Line, held_sentence, in_flight_text, request_lines};
use crate::tui::model::{
    DueIn, Env, Filter, Group, GroupKey, QueueOrder, QueueRow, Regions, Selected, State, system_name,
};

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) -> Option<Caret> {
    headings(canvas, env, regions);
    let caret = list(canvas, state, env, regions);
    if !regions.detail.is_empty() {
        if regions.beside {
            canvas.bar(regions.detail.x.saturating_sub(1), regions.detail.y, regions.detail.rows);
        }
        if let Selected::Request(request) = state.on_page() {
            let pane = regions.detail.inset(1);
            let lines = request_lines(state, env, request, pane.columns.into());
            detail::put(canvas, env, pane, &lines, 0, !regions.beside);
        } else if let Some(group) = state.approvals.group() {
            detail::put(canvas, env, regions.detail.inset(1), &group_lines(state, env, group), 0, false);
        }
    }
    caret
}

/// How wide the columns are: due, kind, who, company, via, flag.
fn columns(all: u16) -> [u16; 6] {
    let (due, kind) = (5, 4);
    let all = all.saturating_sub(2 + due + 1 + kind + 1);
    if all < 40 {
        let who = all / 2;
        return [due, kind, who, all.saturating_sub(who + 1), 0, 0];
    }
    let flag = 12;
    let rest = all - flag - 3;
    if all < 56 {
        let who = rest / 2;
        return [due, kind, who, rest - who + 1, 0, flag];
    }
    let (who, company) = (rest * 2 / 5, rest * 7 / 20);
    [due, kind, who, company, rest - who - company, flag]
}

fn headings(canvas: &mut Canvas<'_>, env: &Env, regions: &Regions) {
    let pane = regions.heading;
    if pane.is_empty() {
        return;
    }
    let texts = [
        Text::ColumnDue,
        Text::ColumnKind,
        Text::ColumnWho,
        Text::ColumnCompany,
        Text::ColumnVia,
        Text::ColumnFlag,
    ];
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
        let text = if approvals.hidden > 0 {
            let values = [
                ("n", SafeText::number(approvals.hidden as u64)),
                ("filter", filter_text(env, &approvals.filter)),
            ];
            env.words.fill(Text::FilterHidesAll, &values)
        } else {
            env.words.get(Text::ApprovalsEmpty)
        };
        canvas.paragraphs(pane.inset(2), &[text], canvas.theme.plain());
        return None;
    }
    let rows = approvals.list.iter().enumerate().skip(approvals.cursor.top).take(pane.rows.into());
    let mut caret = None;
    for ((at, row), y) in rows.zip(pane.y..) {
        match row {
            QueueRow::Group(group) => heading(canvas, env, group, (pane.x, y, pane.columns)),
            QueueRow::Request(id) => {
                if let Some(request) = state.data.request(id) {
                    request_row(canvas, state, env, request, (pane.x, y, pane.columns));
                }
                if approvals.marks.contains(id) {
                    canvas.sign(pane.x + 1, y, '*', canvas.theme.strong());
                }
            }
        }
        if at == approvals.cursor.at {
            canvas.select(pane, y);
            caret = Some(Caret { x: pane.x, y });
        }
    }
    caret
}

/// The name of a group, and whether somebody outside chose it.
pub(super) fn group_name(
    env: &Env,
    key: &GroupKey,
    name: Option<&crate::text::Untrusted>,
) -> (SafeText, bool) {
    match (name, key) {
        (Some(name), _) => (name.line(40), true),
        (None, GroupKey::Channel(channel)) => (env.words.channel(*channel), false),
        (None, GroupKey::Kind(kind)) => (env.words.kind(*kind), false),
        (None, GroupKey::Due(due)) => (env.words.get(due_text(*due)), false),
        (None, GroupKey::Named(_) | GroupKey::Nameless) => (env.words.get(Text::GroupNoCompany), false),
    }
}

/// When a group ends.
const fn due_text(due: DueIn) -> Text {
    match due {
        DueIn::Day => Text::DueDay,
        DueIn::Week => Text::DueWeek,
        DueIn::Later => Text::DueLater,
    }
}

/// What is told of a group beside its heading: what is marked, what it is, and what can be done with it.
fn group_lines(state: &State, env: &Env, group: &Group) -> Vec<Line> {
    let mut lines = Vec::new();
    let marked = state.approvals.marks.len() as u64;
    if marked > 0 {
        lines.push(Line::Notice(env.words.fill(Text::ActingOn, &[("n", SafeText::number(marked))])));
    }
    let (name, outside) = group_name(env, &group.key, group.name.as_ref());
    lines.push(if outside { Line::Outside(name) } else { Line::Section(name) });
    let n = SafeText::number(group.count as u64);
    lines.push(Line::Plain(env.words.fill(Text::GroupRows, &[("n", n)])));
    lines
}

/// The heading of a group: its name, how many rows it has, and how many of them have warnings.
fn heading(canvas: &mut Canvas<'_>, env: &Env, group: &Group, (x, y, all): (u16, u16, u16)) {
    canvas.sign(x + 2, y, if group.open { 'v' } else { '+' }, canvas.theme.quiet());
    let (name, outside) = group_name(env, &group.key, group.name.as_ref());
    let style = if outside { canvas.theme.outside() } else { canvas.theme.strong() };
    let mut count = SafeText::number(group.count as u64);
    if group.flagged > 0 {
        let n = SafeText::number(group.flagged as u64);
        count.push_constant("  ");
        count.push(&env.words.fill(Text::GroupFlagged, &[("n", n)]));
    }
    let counted = cells(count.width());
    let room = all.saturating_sub(4 + counted + 2);
    let used = canvas.put(x + 4, y, room, &name, style);
    canvas.put(x + 4 + used + 2, y, counted, &count, canvas.theme.strong());
}

/// What kind of row it is, in a column.
pub(super) const fn kind_short(request: &Request) -> Text {
    match (request.kind, request.direction) {
        (ApprovalKind::Connection, Direction::Incoming) => Text::KindShortConnection,
        (ApprovalKind::Connection, Direction::Outgoing) => Text::KindShortOutgoing,
        (ApprovalKind::Permission, _) => Text::KindShortPermission,
        (ApprovalKind::Handover, _) => Text::KindShortHandover,
        (ApprovalKind::PartnerLink, _) => Text::KindShortLink,
    }
}

fn request_row(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    request: &Request,
    (x, y, all): (u16, u16, u16),
) {
    let now = state.server_now(env.now);
    let [due, kind, who, company, via, flag] = columns(all);
    let settled = state.is_settled(request, env.now);
    let mut column = x + 2;
    let ends = request.ends().filter(|_| !settled);
    let left = ends.map_or(SafeText::constant("-"), |ends| env.words.span(ends.since(now)));
    canvas.put(column, y, due, &left, canvas.theme.plain());
    column += due + 1;
    canvas.put(column, y, kind, &env.words.get(kind_short(request)), canvas.theme.strong());
    column += kind + 1;
    let name_style = if settled { canvas.theme.quiet() } else { canvas.theme.outside() };
    let mut room = who;
    if let Some(other) = &request.elsewhere {
        let mut mark = SafeText::constant("[");
        mark.push(&system_name(other));
        mark.push_constant("]");
        let used = canvas.put(column, y, room, &mark, canvas.theme.outside());
        let used = used.saturating_add(1).min(room);
        column += used;
        room -= used;
    }
    canvas.put(column, y, room, &request.requester.name.whole(), name_style);
    column += room + 1;
    let over = match (settled, state.decisions.failed.get(&request.id)) {
        // Who did what, and how long it can be taken back; or why it was not done: over the rest of the row.
        (true, _) => Some((
            match state.in_flight.get(&request.id) {
                Some(doing) => env.words.get(in_flight_text(*doing)),
                None => held_sentence(state, env, request),
            },
            canvas.theme.notice(),
        )),
        (false, Some(why)) => Some((why.clone(), canvas.theme.bad())),
        (false, None) => None,
    };
    if let Some((words, style)) = over {
        let room = (x + all).saturating_sub(column);
        canvas.put(column, y, room, &words, style);
        return;
    }
    let from = request.requester.company.as_ref().map(|company| company.whole()).unwrap_or_default();
    canvas.put(column, y, company, &from, canvas.theme.outside());
    column += company + 1;
    if via > 0 {
        let label = request.card_label.as_ref().map(|label| label.whole());
        let channel = || request.channel.map(|channel| env.words.channel_short(channel));
        let system = || request.elsewhere.as_ref().map(system_name);
        let label = label.or_else(channel).or_else(system).unwrap_or_default();
        canvas.put(column, y, via, &label, canvas.theme.quiet());
        column += via + 1;
    }
    if let Some(text) = flag_text(env, request, flag) {
        canvas.put(column, y, flag, &text, canvas.theme.bad());
    }
}

/// The first warning in a column, and, where there is room, how many there are besides.
fn flag_text(env: &Env, request: &Request, room: u16) -> Option<SafeText> {
    let Some(first) = request.flags.first() else {
        let requester = &request.requester;
        let texts = [Some(&requester.name), requester.company.as_ref()];
        let written = [request.purpose.as_ref(), request.message.as_ref()];
        let hidden = texts.into_iter().chain(written).flatten().any(|text| text.has_hidden());
        return hidden.then(|| env.words.get(Text::FlagHidden));
    };
    let mut text = SafeText::constant("! ");
    text.push(&env.words.flag_short(*first));
    let mut more = text.clone();
    if request.flags.len() > 1 {
        more.push_constant(" +");
        more.push(&SafeText::number(request.flags.len() as u64 - 1));
    }
    Some(if more.width() <= usize::from(room) { more } else { text })
}

/// What the queue is narrowed down to.
pub(super) fn filter_text(env: &Env, filter: &Filter) -> SafeText {
    let mut parts = Vec::new();
    if filter.mine {
        parts.push(env.words.get(Text::FilterMineShown));
    }
    if filter.flagged {
        parts.push(env.words.get(Text::FilterFlaggedShown));
    }
    for (key, name) in [&filter.company, &filter.card].into_iter().flatten() {
        parts.push(group_name(env, key, name.as_ref()).0);
    }
    if let Some(kind) = filter.kind {
        parts.push(env.words.kind(kind));
    }
    parts.extend(filter.due.map(|due| env.words.get(due_text(due))));
    SafeText::join(&parts, ", ")
}

/// What of the queue is shown, and how: for the status line.
pub(super) fn status(state: &State, env: &Env) -> SafeText {
    let approvals = &state.approvals;
    let mut parts = Vec::new();
    if !approvals.filter.is_empty() {
        let values = [("filter", filter_text(env, &approvals.filter))];
        parts.push(env.words.fill(Text::FilterShown, &values));
    }
    if !approvals.marks.is_empty() {
        let n = SafeText::number(approvals.marks.len() as u64);
        parts.push(env.words.fill(Text::MarkedShown, &[("n", n)]));
    }
    if approvals.range.is_some() {
        parts.push(env.words.get(Text::RangeShown));
    }
    parts.push(env.words.get(match approvals.order {
        QueueOrder::Due => Text::SortedDue,
        QueueOrder::Age => Text::SortedAge,
        QueueOrder::Name => Text::SortedName,
    }));
    SafeText::join(&parts, "  ")
}
