//! The directory: tree, people, details; or what a search found.

use super::canvas::{Canvas, cells};
use super::{Caret, detail, search};
use crate::domain::Member;
use crate::i18n::Text;
use crate::search::{Field, highlight};
use crate::text::SafeText;
use crate::tui::model::content::{self, department_name, member_lines, member_name};
use crate::tui::model::{Env, Regions, State};

pub(super) fn draw(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) -> Option<Caret> {
    let mut caret = None;
    if !regions.tree.is_empty() {
        caret = tree(canvas, state, env, regions);
    }
    if !regions.list.is_empty() {
        let listed = match &state.directory.search {
            Some(open) => {
                let field = search::field(canvas, state, env, regions.heading, open);
                found(canvas, state, env, regions);
                field
            }
            None => list(canvas, state, env, regions),
        };
        if state.directory.search.is_some() || !state.directory.in_tree {
            caret = listed;
        }
    }
    if !regions.detail.is_empty() {
        if regions.beside {
            canvas.bar(regions.detail.x.saturating_sub(1), regions.detail.y, regions.detail.rows);
        }
        if let Some(id) = state.listed_member(state.list_at()) {
            let lines = member_lines(state, env, id);
            detail::put(canvas, env, regions.detail.inset(1), &lines, 0, !regions.beside);
        }
    }
    caret
}

fn tree(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) -> Option<Caret> {
    let pane = regions.tree;
    if pane.columns < state.size.columns {
        canvas.bar(pane.x + pane.columns, pane.y, pane.rows);
    }
    let directory = &state.directory;
    let mut caret = None;
    let rows = directory.tree.iter().enumerate().skip(directory.tree_cursor.top).take(pane.rows.into());
    for ((at, row), y) in rows.zip(pane.y..) {
        let Some(department) = state.data.department(&row.id) else { continue };
        let indent = cells(row.depth.min(12) * 2);
        let sign = match (row.has_children, row.open) {
            (true, true) => 'v',
            (true, false) => '>',
            (false, _) => ' ',
        };
        let x = pane.x + indent;
        let end = pane.x + pane.columns;
        let count = SafeText::number(department.head_count);
        let count_at =
            canvas.put_right(end.saturating_sub(1), y, 7.min(pane.columns), &count, canvas.theme.quiet());
        canvas.sign(x, y, sign, canvas.theme.quiet());
        let name = department_name(env, department);
        let room = count_at.saturating_sub(x + 3);
        canvas.put(x + 2, y, room, &name, canvas.theme.plain());
        if at == directory.tree_cursor.at {
            let active = directory.in_tree && directory.search.is_none();
            let style = if active { canvas.theme.selected() } else { canvas.theme.selected_elsewhere() };
            canvas.restyle(pane.x, y, pane.columns.saturating_sub(1), style);
            caret = Some(Caret { x: pane.x, y });
        }
    }
    caret
}

/// Columns of the list: name and title, and a third one where there is room.
struct Columns {
    name: u16,
    title: u16,
    third: u16,
}

fn columns(all: u16) -> Columns {
    let all = all.saturating_sub(2);
    if all < 36 {
        return Columns { name: all, title: 0, third: 0 };
    }
    if all < 60 {
        let name = all / 2;
        return Columns { name, title: all - name - 1, third: 0 };
    }
    let (name, title) = (all * 2 / 5, all * 3 / 10);
    Columns { name, title, third: all.saturating_sub(name + title + 2) }
}

fn list(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) -> Option<Caret> {
    let (heading, pane) = (regions.heading, regions.list);
    let widths = columns(pane.columns);
    if !heading.is_empty() {
        let style = canvas.theme.quiet();
        let x = heading.x + 2;
        canvas.put(x, heading.y, widths.name, &env.words.get(Text::ColumnName), style);
        canvas.put(x + widths.name + 1, heading.y, widths.title, &env.words.get(Text::ColumnTitle), style);
        let third = x + widths.name + widths.title + 2;
        canvas.put(third, heading.y, widths.third, &env.words.get(Text::ColumnPhone), style);
    }
    if state.directory.list.is_empty() {
        canvas.paragraphs(pane.inset(2), &[empty(state, env)], canvas.theme.plain());
        return None;
    }
    let cursor = state.directory.list_cursor;
    let rows = state.directory.list.iter().enumerate().skip(cursor.top).take(pane.rows.into());
    let mut caret = None;
    for ((at, id), y) in rows.zip(pane.y..) {
        let selected = at == cursor.at;
        if let Some(member) = state.data.member(id) {
            row(canvas, state, env, member, (pane.x, y), &widths);
        }
        if selected {
            canvas.sign(pane.x, y, '>', canvas.theme.strong());
            let active = !state.directory.in_tree;
            let style = if active { canvas.theme.selected() } else { canvas.theme.selected_elsewhere() };
            canvas.restyle(pane.x, y, pane.columns, style);
            caret = Some(Caret { x: pane.x, y });
        }
    }
    caret
}

fn row(
    canvas: &mut Canvas<'_>,
    state: &State,
    env: &Env,
    member: &Member,
    (x, y): (u16, u16),
    widths: &Columns,
) {
    let x = x + 2;
    canvas.put(x, y, widths.name, &member_name(member), canvas.theme.plain());
    let mut title = member.title.as_ref().map(|title| title.whole()).unwrap_or_default();
    let leads =
        state.directory.department.as_ref().and_then(|id| member.membership(id)).is_some_and(|m| m.leader);
    if leads {
        title = SafeText::join([&env.words.get(Text::LeadMark), &title], " ");
    }
    if member.status != crate::domain::Status::Active {
        title = SafeText::join([&env.words.status(member.status), &title], " · ");
    }
    canvas.put(x + widths.name + 1, y, widths.title, &title, canvas.theme.quiet());
    let phone = member.phones.first().map(|phone| phone.number.whole()).unwrap_or_default();
    canvas.put(x + widths.name + widths.title + 2, y, widths.third, &phone, canvas.theme.quiet());
}

/// Why nobody is listed.
fn empty(state: &State, env: &Env) -> SafeText {
    let department = state.directory.department.as_ref().and_then(|id| state.data.department(id));
    match department {
        Some(department) if department.head_count > 0 && !state.directory.below => {
            env.words.fill(Text::DepartmentEmptyDirectly, &[("n", SafeText::number(department.head_count))])
        }
        Some(_) if !state.data.members_complete => env.words.get(Text::StillFetching),
        Some(_) => env.words.get(Text::DepartmentEmpty),
        None => env.words.get(Text::DirectoryEmpty),
    }
}

/// What a search found, with what matched marked.
fn found(canvas: &mut Canvas<'_>, state: &State, env: &Env, regions: &Regions) {
    let Some(open) = &state.directory.search else { return };
    let pane = regions.list;
    if open.hits.is_empty() {
        canvas.paragraphs(pane.inset(2), &[search::nothing(state, env, open)], canvas.theme.plain());
        return;
    }
    let widths = columns(pane.columns);
    let rows = open.hits.iter().enumerate().skip(open.cursor.top).take(pane.rows.into());
    for ((at, (_, why)), y) in rows.zip(pane.y..) {
        let Some(member) = state.listed_member(at).and_then(|id| state.data.member(id)) else { continue };
        let x = pane.x + 2;
        let name = member_name(member);
        let mut marks = highlight(Field::Name, name.as_str(), &open.answered);
        if *why == Field::Alias {
            marks.extend(highlight(Field::Alias, name.as_str(), &open.answered));
        }
        let (plain, matched) = (canvas.theme.plain(), canvas.theme.matched());
        canvas.put_marked((x, y, widths.name), &name, &marks, plain, matched);
        let title = member.title.as_ref().map(|title| title.whole()).unwrap_or_default();
        let title_marks = highlight(Field::Title, title.as_str(), &open.answered);
        let quiet = canvas.theme.quiet();
        canvas.put_marked((x + widths.name + 1, y, widths.title), &title, &title_marks, quiet, matched);
        // The field that matched, where it is not in the row already; else the department.
        let (field, text) = search::reason(state, env, member, *why);
        let text_marks = highlight(field, text.as_str(), &open.answered);
        let third = x + widths.name + widths.title + 2;
        canvas.put_marked((third, y, widths.third), &text, &text_marks, quiet, matched);
        if at == open.cursor.at {
            canvas.select(pane, y);
        }
    }
}

/// The department of somebody found, as a row shows it.
pub(super) fn department_of(state: &State, env: &Env, member: &Member) -> SafeText {
    let department = member.main_department().and_then(|id| state.data.department(id));
    department.map(|department| content::department_name(env, department)).unwrap_or_default()
}
