//! What surrounds the page: tabs, banner, messages, keys, status.

use super::canvas::{Canvas, cells};
use crate::domain::Time;
use crate::i18n::Text;
use crate::i18n::say;
use crate::text::SafeText;
use crate::tui::keys::{Binding, Scope};
use crate::tui::model::{
    Env, Link, Order, Pane, Phase, Regions, State, Tab, Voice, Width, help, window_width,
};

/// The tabs, with counts; on the right what is due and who is signed in.
pub(super) fn tabs(canvas: &mut Canvas<'_>, state: &State, env: &Env, pane: Pane) {
    if pane.is_empty() {
        return;
    }
    let narrow = pane.columns < 60;
    let mut x = pane.x;
    for (n, tab) in Tab::ALL.into_iter().enumerate() {
        let (name, count) = match tab {
            Tab::Directory => (Text::TabDirectory, None),
            Tab::External => (Text::TabExternal, Some(state.data.contacts_total)),
            Tab::Approvals => (Text::TabApprovals, i64::try_from(state.approvals.waiting).ok()),
        };
        let active = tab == state.tab;
        let mut label = SafeText::constant(if active { "[" } else { " " });
        label.push(&SafeText::number(n as u64 + 1));
        if !narrow || active {
            label.push_constant(" ");
            label.push(&env.words.get(name));
        }
        if let Some(count) = count.filter(|_| state.phase == Phase::Ready) {
            label.push_constant(" ");
            label.push(&SafeText::number(count));
        }
        label.push_constant(if active { "]" } else { " " });
        let style = if active { canvas.theme.strong() } else { canvas.theme.plain() };
        x += canvas.put(x, pane.y, (pane.x + pane.columns).saturating_sub(x), &label, style);
    }
    let right = pane.x + pane.columns;
    identity(canvas, state, env, Pane { x, columns: right.saturating_sub(x), ..pane });
}

/// On the right of the tabs: what is due, whether all this is made up or passes in the clear, who is signed
/// in. Where there is no room for all, what is due goes first and the marks last.
fn identity(canvas: &mut Canvas<'_>, state: &State, env: &Env, pane: Pane) {
    let (mut who, mut demo, mut due) = (None, None, None);
    let mut insecure = state.data.insecure_http.then(|| env.words.get(Text::InsecureHttp));
    if let (Some(me), Some(company)) = (&state.data.me, &state.data.company) {
        who = Some(SafeText::join([&company.id.shown(), &me.member.id.shown()], " / "));
        demo = company.made_up.then(|| env.words.get(Text::Demo));
    }
    if state.approvals.due > 0 {
        let count = SafeText::number(state.approvals.due as u64);
        due = Some(env.words.fill(Text::DueToday, &[("n", count)]));
    }
    let mut room = pane.columns;
    for part in [&mut insecure, &mut demo, &mut who, &mut due] {
        let needed = part.as_ref().map_or(0, |text| cells(text.width()) + 2);
        if needed > room {
            *part = None;
        } else {
            room -= needed;
        }
    }
    let mut right = pane.x + pane.columns;
    let (notice, alarm) = (canvas.theme.notice(), canvas.theme.alarm());
    for (part, style) in [(who, canvas.theme.plain()), (insecure, alarm), (demo, notice), (due, notice)] {
        if let Some(text) = part {
            right = canvas.put_right(right, pane.y, pane.columns, &text, style).saturating_sub(2);
        }
    }
}

/// A rule; a sentence instead of it while the server is gone.
pub(super) fn banner(canvas: &mut Canvas<'_>, state: &State, env: &Env, pane: Pane) {
    if pane.is_empty() {
        return;
    }
    canvas.rule(pane.x, pane.y, pane.columns);
    if let Link::Offline(since, fault) = &state.link {
        let mut text = env.words.fill(Text::OfflineSince, &[("time", say::clock(*since, &env.zone))]);
        text.push_constant(" ");
        text.push(&env.words.fault(fault));
        text.push_constant(" ");
        canvas.put(pane.x, pane.y, pane.columns, &text, canvas.theme.bad());
    }
}

/// Messages, on the lines above the keys, newest at the bottom.
pub(super) fn toasts(canvas: &mut Canvas<'_>, state: &State, regions: &Regions) {
    let bottom = if regions.rule.is_empty() { regions.keys.y } else { regions.rule.y };
    for (n, toast) in state.toasts.all().iter().rev().enumerate() {
        let Some(y) = bottom.checked_sub(cells(n) + 1).filter(|y| *y > regions.tabs.y) else { return };
        let (sign, style) = match toast.voice {
            Voice::Good => ("  ", canvas.theme.good()),
            Voice::Bad => ("! ", canvas.theme.bad()),
        };
        let row = Pane { x: 0, y, columns: state.size.columns, rows: 1 };
        canvas.fill(row, canvas.theme.plain());
        let mut text = SafeText::constant(sign);
        text.push(&toast.text);
        canvas.put(0, y, state.size.columns, &text, style);
    }
}

/// The keys that work now, and the status.
pub(super) fn foot(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) {
    canvas.rule(regions.rule.x, regions.rule.y, regions.rule.columns);
    canvas.fill(regions.keys, canvas.theme.plain());
    key_line(canvas, state, env, regions.keys);
    if regions.status.is_empty() || state.phase != Phase::Ready {
        return;
    }
    let pane = regions.status;
    canvas.fill(pane, canvas.theme.plain());
    let right = status_right(state, env);
    let begins =
        canvas.put_right(pane.x + pane.columns - 1, pane.y, pane.columns / 2, &right, canvas.theme.quiet());
    let left = status_left(state, env);
    canvas.put(pane.x + 1, pane.y, begins.saturating_sub(pane.x + 3), &left, canvas.theme.quiet());
}

/// Keys in the order of their importance, as many as fit; help and leaving are always kept.
pub(super) fn key_line(canvas: &mut Canvas<'_>, state: &State, env: &Env, pane: Pane) {
    if pane.is_empty() {
        return;
    }
    let scopes = state.scopes();
    if !state.prefix.is_empty() {
        return prefix_strip(canvas, state, env, pane, &scopes);
    }
    let mut rows: Vec<&Binding> = Vec::new();
    for (n, scope) in scopes.iter().enumerate() {
        for binding in env.keymap.of_scope(*scope).filter(|binding| binding.footer > 0) {
            // A key that means something else further in is not this one's.
            let inner = scopes.get(..n).unwrap_or_default().iter();
            let mut inner = inner.flat_map(|scope| env.keymap.of_scope(*scope));
            let shadowed = inner.any(|other| other.keys.first() == binding.keys.first());
            if !shadowed && (binding.blocked)(state).is_none() {
                rows.push(binding);
            }
        }
    }
    rows.sort_by_key(|binding| binding.footer);
    let mut parts: Vec<(SafeText, SafeText, bool)> = rows
        .iter()
        .filter_map(|binding| {
            let keys = help::shown_keys(binding.keys.first()?);
            Some((SafeText::clean(&keys), env.words.get(binding.action.label()), binding.footer >= 90))
        })
        .collect();
    let wide = |parts: &[(SafeText, SafeText, bool)]| -> usize {
        parts.iter().map(|(keys, label, _)| keys.width() + label.width() + 3).sum()
    };
    while wide(&parts) > usize::from(pane.columns) {
        // From the right, but for what always stays; at last that goes too.
        let Some(at) = parts.iter().rposition(|(_, _, stays)| !stays).or(parts.len().checked_sub(1)) else {
            break;
        };
        parts.remove(at);
    }
    let mut x = pane.x + 1;
    let end = pane.x + pane.columns;
    for (keys, label, _) in &parts {
        x += canvas.put(x, pane.y, end.saturating_sub(x), keys, canvas.theme.strong());
        x += 1 + canvas.put(x + 1, pane.y, end.saturating_sub(x + 1), label, canvas.theme.plain());
        x += 2;
    }
}

/// What may follow after the keys that were pressed.
fn prefix_strip(canvas: &mut Canvas<'_>, state: &State, env: &Env, pane: Pane, scopes: &[Scope]) {
    let pressed: String = state.prefix.iter().map(ToString::to_string).collect();
    let mut x = pane.x + 1;
    let end = pane.x + pane.columns;
    x += canvas.put(x, pane.y, end.saturating_sub(x), &SafeText::clean(&pressed), canvas.theme.strong());
    x += 1 + canvas.put(
        x + 1,
        pane.y,
        end.saturating_sub(x + 1),
        &SafeText::constant("…"),
        canvas.theme.quiet(),
    );
    for (chord, binding) in env.keymap.after(scopes, &state.prefix) {
        let blocked = (binding.blocked)(state).is_some();
        let style = if blocked { canvas.theme.quiet() } else { canvas.theme.plain() };
        x += 2;
        x += canvas.put(
            x,
            pane.y,
            end.saturating_sub(x),
            &SafeText::clean(&chord.to_string()),
            canvas.theme.strong(),
        );
        let label = env.words.get(binding.action.label());
        x += 1 + canvas.put(x + 1, pane.y, end.saturating_sub(x + 1), &label, style);
    }
}

/// Where one is, and the row.
fn status_left(state: &State, env: &Env) -> SafeText {
    let len = state.list_len();
    let row = if len == 0 {
        SafeText::default()
    } else {
        let (at, len) = (SafeText::number(state.list_at() as u64 + 1), SafeText::number(len as u64));
        SafeText::join([&at, &len], "/")
    };
    let place = match state.tab {
        _ if state.search_box().is_some() => env.words.get(Text::Searching),
        Tab::Directory => {
            let path = state.directory.department.as_ref().map(|id| state.data.path(id)).unwrap_or_default();
            let names: Vec<SafeText> = path
                .into_iter()
                .map(|department| crate::tui::model::content::department_name(env, department))
                .collect();
            SafeText::join(&names, " > ")
        }
        Tab::External => {
            let order = match state.external.order {
                _ if state.external.linked => Text::OrderLinked,
                Order::Recent => Text::OrderRecent,
                Order::Company => Text::OrderCompany,
                Order::Tag => Text::OrderTag,
            };
            SafeText::join([&env.words.get(Text::TabExternal), &env.words.get(order)], " · ")
        }
        Tab::Approvals => env.words.get(Text::TabApprovals),
    };
    if state.tab == Tab::Approvals {
        return SafeText::join([&place, &row, &super::queue::status(state, env)], "  ");
    }
    let below = if state.tab == Tab::Directory && state.directory.below && state.directory.search.is_none() {
        env.words.get(Text::WithBelow)
    } else {
        SafeText::default()
    };
    SafeText::join([&place, &row, &below], "  ")
}

/// How fresh it is, and under which policy.
fn status_right(state: &State, env: &Env) -> SafeText {
    let fresh = match &state.link {
        Link::Online if !state.data.members_complete => env.words.fill(
            Text::FetchingDirectory,
            &[
                ("n", SafeText::number(state.data.members_known() as u64)),
                ("total", SafeText::number(state.data.members_total)),
            ],
        ),
        Link::Online => env.words.get(Text::Live),
        Link::Offline(since, _) => env
            .words
            .fill(Text::CopyOf, &[("time", say::clock(Time::from_micros(since.as_micros()), &env.zone))]),
    };
    let policy =
        env.words.fill(Text::PolicyVersion, &[("version", SafeText::number(state.data.policy_version))]);
    if window_width(state.size) == Width::Narrow { fresh } else { SafeText::join([&fresh, &policy], "  ") }
}
