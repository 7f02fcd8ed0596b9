//! The queue as it is listed: order, groups, filters.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::{external, lists, marks};
use crate::domain::{Request, RequestId, Time};
use crate::search::fold;
use crate::text::Untrusted;
use crate::tui::keys::Action;
use crate::tui::model::{
    DueIn, Env, Group, GroupKey, Grouping, InFlight, QueueOrder, QueueRow, Selected, State, Step, card_of,
    company_of,
};

const DAY: Duration = Duration::from_secs(24 * 3600);

fn later(until: Option<Time>, now: Time) -> bool {
    until.is_some_and(|until| until > now)
}

/// Makes the queue anew: what waits, what was decided and can be taken back, what was asked back about. The
/// selected row stays selected and where it is on the screen; what is gone is not marked any more.
pub(super) fn rebuild(state: &mut State, env: &Env) {
    let height = lists::height(state);
    let now = state.server_now(env.now);
    let mut queue: Vec<&Request> = state
        .data
        .requests()
        .filter(|request| request.is_queued(now) && !later(request.snoozed_until, now))
        .collect();
    let asked = |request: &Request| later(request.asked_until, now);
    match state.approvals.order {
        QueueOrder::Due => queue.sort_by_key(|request| (asked(request), request.expires, request.id.clone())),
        QueueOrder::Age => queue.sort_by_key(|request| (asked(request), request.created, request.id.clone())),
        QueueOrder::Name => queue.sort_by_cached_key(|request| {
            (asked(request), fold(request.requester.name.as_data()), request.id.clone())
        }),
    }
    let tomorrow = now.after(DAY);
    let deciding = |request: &Request| {
        matches!(state.in_flight.get(&request.id), Some(InFlight::Approve | InFlight::Reject))
    };
    let waiting: Vec<_> =
        queue.iter().filter(|request| request.waits(now) && !deciding(request) && !asked(request)).collect();
    let due = waiting.iter().filter(|request| request.expires <= tomorrow).count();
    let waiting = waiting.len();
    let all = queue.len();
    queue.retain(|request| state.approvals.filter.passes(request, now));
    let shown: Vec<RequestId> = queue.iter().map(|request| request.id.clone()).collect();
    let list = match state.approvals.grouping {
        None => shown.iter().cloned().map(QueueRow::Request).collect(),
        Some(grouping) => grouped(&queue, grouping, &state.approvals.open, now),
    };
    let approvals = &mut state.approvals;
    (approvals.waiting, approvals.due, approvals.hidden) = (waiting, due, all - shown.len());
    let known: HashSet<&RequestId> = shown.iter().collect();
    approvals.marks.retain(|id| known.contains(id));
    approvals.passed.retain(|id| known.contains(id) && !approvals.marks.is_empty());
    if let Some(range) = &mut approvals.range {
        range.before.retain(|id| known.contains(id));
    }
    if approvals.range.as_ref().is_some_and(|range| !known.contains(&range.from)) {
        approvals.range = None;
    }
    approvals.shown = shown;
    let before = approvals.list.get(approvals.cursor.at);
    let at = before.and_then(|row| list.iter().position(|other| other.is(row)));
    let offset = approvals.cursor.at.saturating_sub(approvals.cursor.top);
    let to = at.unwrap_or(approvals.cursor.at);
    if at.is_some() {
        approvals.cursor.top = to.saturating_sub(offset);
    }
    approvals.list = list;
    approvals.cursor.go(to, approvals.list.len(), height);
}

/// Rows under the headings of their groups, the largest group first where groups have no order of their own.
fn grouped(queue: &[&Request], grouping: Grouping, open: &HashSet<GroupKey>, now: Time) -> Vec<QueueRow> {
    let mut groups: BTreeMap<GroupKey, (Option<Untrusted>, Vec<&Request>)> = BTreeMap::new();
    for request in queue {
        let (key, name) = grouping.of(request, now);
        groups.entry(key).or_insert_with(|| (name, Vec::new())).1.push(request);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    if !grouping.is_ordered() {
        groups.sort_by_key(|(_, (_, rows))| std::cmp::Reverse(rows.len()));
    }
    let mut list = Vec::new();
    for (key, (name, rows)) in groups {
        let open = open.contains(&key);
        let flagged = rows.iter().filter(|request| !request.flags.is_empty()).count();
        list.push(QueueRow::Group(Group { key, name, count: rows.len(), flagged, open }));
        if open {
            list.extend(rows.into_iter().map(|request| QueueRow::Request(request.id.clone())));
        }
    }
    list
}

/// After the order, the groups or the filter changed.
fn changed(state: &mut State, env: &Env) -> Step {
    state.approvals.range = None;
    rebuild(state, env);
    external::read_selected(state).and(Step::draw())
}

/// Orders the queue, or puts rows together; the same groups again: no groups.
pub(super) fn sort(state: &mut State, env: &Env, action: Action) -> Step {
    let approvals = &mut state.approvals;
    let wanted = match action {
        Action::GroupCompany => Some(Grouping::Company),
        Action::GroupCard => Some(Grouping::Card),
        Action::GroupKind => Some(Grouping::Kind),
        Action::GroupDue => Some(Grouping::Due),
        _ => None,
    };
    match action {
        Action::SortDue => approvals.order = QueueOrder::Due,
        Action::SortAge => approvals.order = QueueOrder::Age,
        Action::SortName => approvals.order = QueueOrder::Name,
        _ => {}
    }
    let grouping = if wanted == approvals.grouping { None } else { wanted };
    if grouping != approvals.grouping {
        approvals.open.clear();
        approvals.grouping = grouping;
        if grouping.is_some() {
            approvals.cursor = crate::tui::model::Cursor::default();
            approvals.list.clear();
        }
    }
    changed(state, env)
}

/// Narrows the queue down; the same again: not any more.
pub(super) fn filter(state: &mut State, env: &Env, action: Action) -> Step {
    let now = state.server_now(env.now);
    let (company, card, kind, due) = match state.selected() {
        Selected::Request(request) => (
            Some(company_of(request)),
            Some(card_of(request)),
            Some(request.kind),
            Some(DueIn::of(request, now)),
        ),
        _ => (None, None, None, None),
    };
    let filter = &mut state.approvals.filter;
    match action {
        Action::FilterMine => filter.mine = !filter.mine,
        Action::FilterFlagged => filter.flagged = !filter.flagged,
        Action::FilterCompany => filter.company = if filter.company.is_some() { None } else { company },
        Action::FilterCard => filter.card = if filter.card.is_some() { None } else { card },
        Action::FilterDue => filter.due = if filter.due.is_some() { None } else { due },
        Action::FilterKind => filter.kind = if filter.kind.is_some() { None } else { kind },
        _ => *filter = crate::tui::model::Filter::default(),
    }
    changed(state, env)
}

/// Opens or folds the group whose heading is selected. None where no heading is.
pub(super) fn turn_group(state: &mut State, env: &Env, open: Option<bool>) -> Option<Step> {
    let group = state.approvals.group()?;
    let (key, was) = (group.key.clone(), group.open);
    if open.unwrap_or(!was) {
        state.approvals.open.insert(key);
    } else {
        state.approvals.open.remove(&key);
    }
    Some(changed(state, env))
}

/// From a row to the heading of its group, which is folded.
pub(super) fn fold_row(state: &mut State, env: &Env) -> Step {
    if let Some(step) = turn_group(state, env, Some(false)) {
        return step;
    }
    let at = state.approvals.cursor.at;
    let above = state.approvals.list.iter().take(at).rposition(|row| matches!(row, QueueRow::Group(_)));
    if let Some(above) = above {
        let (len, height) = (state.approvals.list.len(), lists::height(state));
        state.approvals.cursor.go(above, len, height);
        return turn_group(state, env, Some(false)).unwrap_or_default();
    }
    Step::none()
}

/// Out of what was begun on the page: a range, the marks, the filter.
pub(super) fn back(state: &mut State, env: &Env) -> Step {
    if state.approvals.range.take().is_some() {
        return Step::draw();
    }
    if !state.approvals.marks.is_empty() {
        return marks::by(state, env, Action::MarkNone);
    }
    if !state.approvals.filter.is_empty() {
        return filter(state, env, Action::FilterNone);
    }
    Step::none()
}
