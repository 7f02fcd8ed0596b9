//! Marking rows, one by one, in a range or by what they have in common.

use std::collections::BTreeSet;
use std::time::Duration;

use super::{lists, say};
use crate::domain::{Request, RequestId, Time};
use crate::i18n::Text;
use crate::text::SafeText;
use crate::tui::keys::Action;
use crate::tui::model::{
    Env, GroupKey, LeftOut, QueueRow, Range, Selected, State, Step, Voice, card_of, company_of,
    left_out_text, system_name,
};

/// From this age on a request is an old one.
const OLD: Duration = Duration::from_secs(2 * 24 * 3600);

/// Marks or unmarks the selected row, and goes on; on the heading of a group: its rows.
pub(super) fn toggle(state: &mut State, env: &Env) -> Step {
    if state.approvals.range.take().is_some() {
        return Step::draw();
    }
    if state.approvals.group().is_some() {
        return toggle_group(state, env);
    }
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let (id, why) = (request.id.clone(), state.unmarkable(request, env.now));
    let why = why.map(|why| left_out_text(env, Some(request), why));
    if !state.approvals.marks.remove(&id) {
        if let Some(why) = why {
            return say(state, env, Voice::Bad, why);
        }
        state.approvals.marks.insert(id);
    }
    let (len, height) = (state.approvals.list.len(), lists::height(state));
    state.approvals.cursor.step(1, len, height);
    super::external::read_selected(state).and(Step::draw())
}

fn toggle_group(state: &mut State, env: &Env) -> Step {
    let ids = of_group(state, state.server_now(env.now));
    let all = ids.iter().all(|id| {
        let request = state.data.request(id);
        state.approvals.marks.contains(id)
            || request.is_none_or(|request| refuses(state, env, request).is_some())
    });
    if all {
        state.approvals.marks.retain(|id| !ids.contains(id));
        return Step::draw();
    }
    add(state, env, ids)
}

/// The requests under the heading that the cursor is on.
fn of_group(state: &State, now: Time) -> Vec<RequestId> {
    let (Some(group), Some(grouping)) = (state.approvals.group(), state.approvals.grouping) else {
        return Vec::new();
    };
    matching(state, |request| grouping.of(request, now).0 == group.key)
}

fn matching(state: &State, what: impl Fn(&Request) -> bool) -> Vec<RequestId> {
    let shown = state.approvals.shown.iter().filter_map(|id| state.data.request(id));
    shown.filter(|request| what(request)).map(|request| request.id.clone()).collect()
}

/// Why a row is not marked with others: a warning wants to be looked at alone.
fn refuses(state: &State, env: &Env, request: &Request) -> Option<LeftOut> {
    let flag = request.flags.first().map(|flag| LeftOut::Flagged(*flag));
    state.unmarkable(request, env.now).or(flag)
}

/// Marks rows; of those that cannot be marked it is said how many and why.
fn add(state: &mut State, env: &Env, ids: Vec<RequestId>) -> Step {
    let (mut flagged, mut elsewhere, mut other) = (0_u64, 0_u64, 0_u64);
    let mut systems = BTreeSet::new();
    for id in ids {
        let Some(request) = state.data.request(&id) else { continue };
        match refuses(state, env, request) {
            None => {
                state.approvals.marks.insert(id);
                continue;
            }
            Some(LeftOut::Flagged(_)) => flagged += 1,
            Some(LeftOut::Elsewhere) => {
                elsewhere += 1;
                systems.extend(request.elsewhere.as_ref().map(system_name));
            }
            Some(_) => other += 1,
        }
        // One that was marked by itself stays marked.
        if !state.approvals.marks.contains(&id) {
            state.approvals.passed.insert(id);
        }
    }
    let n = SafeText::number(state.approvals.marks.len() as u64);
    let mut words = env.words.fill(Text::MarkedCount, &[("n", n)]);
    let left = flagged + elsewhere + other;
    if left > 0 {
        let count = |n: u64| ("n", SafeText::number(n));
        let mut parts = Vec::new();
        if flagged > 0 {
            parts.push(env.words.fill(Text::NotMarkedFlagged, &[count(flagged)]));
        }
        if let (Some(system), 1) = (systems.pop_first(), systems.len() + 1) {
            parts.push(env.words.fill(Text::NotMarkedSystem, &[count(elsewhere), ("system", system)]));
        } else if elsewhere > 0 {
            parts.push(env.words.fill(Text::NotMarkedElsewhere, &[count(elsewhere)]));
        }
        if other > 0 {
            parts.push(env.words.fill(Text::NotMarkedOther, &[count(other)]));
        }
        let values = [("n", SafeText::number(left)), ("why", SafeText::join(&parts, ", "))];
        words.push_constant(" ");
        words.push(&env.words.fill(Text::NotMarked, &values));
    }
    say(state, env, Voice::Good, words)
}

/// Begins a range, or ends it.
pub(super) fn range(state: &mut State, env: &Env) -> Step {
    if state.approvals.range.take().is_some() {
        return Step::draw();
    }
    let Selected::Request(request) = state.selected() else { return Step::none() };
    let from = request.id.clone();
    state.approvals.range = Some(Range { from, before: state.approvals.marks.clone() });
    extend(state, env);
    Step::draw()
}

/// The cursor moved: a range goes as far as it.
pub(super) fn extend(state: &mut State, env: &Env) {
    let Some(range) = state.approvals.range.clone() else { return };
    let Some(from) = state.approvals.place(&range.from) else { return };
    let at = state.approvals.cursor.at;
    let (first, last) = (from.min(at), from.max(at));
    let rows = state.approvals.list.iter().skip(first).take(last - first + 1);
    let within: BTreeSet<RequestId> = rows
        .filter_map(QueueRow::request)
        .filter_map(|id| state.data.request(id))
        .filter(|request| refuses(state, env, request).is_none())
        .map(|request| request.id.clone())
        .collect();
    state.approvals.marks = range.before.union(&within).cloned().collect();
}

/// Marks by what rows have in common.
pub(super) fn by(state: &mut State, env: &Env, action: Action) -> Step {
    state.approvals.range = None;
    let now = state.server_now(env.now);
    let ids = match action {
        Action::MarkNone => {
            state.approvals.marks.clear();
            state.approvals.passed.clear();
            state.decisions.failed.clear();
            return Step::draw();
        }
        Action::MarkInvert => {
            let before = std::mem::take(&mut state.approvals.marks);
            state.approvals.passed.clear();
            matching(state, |request| !before.contains(&request.id))
        }
        Action::MarkCompany => match key_here(state, company_of) {
            Some(key) => matching(state, |request| company_of(request).0 == key),
            None => of_group(state, state.server_now(env.now)),
        },
        Action::MarkCard => match key_here(state, card_of) {
            Some(key) => matching(state, |request| card_of(request).0 == key),
            None => of_group(state, state.server_now(env.now)),
        },
        Action::MarkFlagged => return flagged(state, env),
        Action::MarkOld => matching(state, |request| now.since(request.created) >= OLD),
        _ => matching(state, |_| true),
    };
    add(state, env, ids)
}

/// What the selected request has in common with others.
fn key_here(
    state: &State,
    of: impl Fn(&Request) -> (GroupKey, Option<crate::text::Untrusted>),
) -> Option<GroupKey> {
    match state.selected() {
        Selected::Request(request) => Some(of(request).0),
        _ => None,
    }
}

/// Marks the rows with warnings, and no others: to be rejected.
fn flagged(state: &mut State, env: &Env) -> Step {
    let ids =
        matching(state, |request| !request.flags.is_empty() && state.unmarkable(request, env.now).is_none());
    state.approvals.marks = ids.into_iter().collect();
    state.approvals.passed.clear();
    let n = SafeText::number(state.approvals.marks.len() as u64);
    say(state, env, Voice::Good, env.words.fill(Text::MarkedCount, &[("n", n)]))
}
