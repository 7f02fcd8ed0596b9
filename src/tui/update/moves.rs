//! Moving, opening, folding.

use super::{external, lists, marks, past, queue, tree, why, wizard};
use crate::domain::Candidate;
use crate::tui::model::{
    Env, Layer, Selected, State, Step, Tab, Width, content, help, help_area, past_rows, picker_rows, turn,
    window_width,
};

/// Rows by which a layer that is read may be scrolled, from its content.
fn scroll_limit(state: &State, env: &Env) -> usize {
    match state.layers.last() {
        Some(Layer::Help { scopes, .. }) => {
            let rows: usize = help_area(state.size).framed().rows.into();
            help::help_rows(state, env, scopes).len().saturating_sub(rows)
        }
        Some(layer) => content::card(state, env, layer).map_or(0, |card| card.scroll),
        None => 0,
    }
}

/// Moves by rows: in the top layer, else in the tree or the list.
pub(super) fn by_rows(state: &mut State, env: &Env, delta: isize) -> Step {
    if let Some(Layer::Why(_) | Layer::Wizard(_)) = state.layers.last() {
        return why::by_rows(state, delta);
    }
    let limit = scroll_limit(state, env);
    let (of_past, of_picker) = (past_rows(state.size), picker_rows(state.size));
    if let Some(Layer::Past(layer)) = state.layers.last_mut() {
        layer.cursor.step(delta, layer.list.len(), of_past);
        return external::read_selected(state).and(Step::draw());
    }
    if let Some(layer) = state.layers.last_mut() {
        match layer {
            Layer::Bulk(layer) => layer.at = turn(layer.at, delta, layer.answers()),
            Layer::When(layer) => layer.at = turn(layer.at, delta, layer.what.days().len() + 1),
            Layer::Colleague(layer) => layer.cursor.step(delta, layer.hits.len(), of_picker),
            Layer::Tags(layer) => layer.at = turn(layer.at, delta, layer.rows()),
            Layer::Sharing(layer) => layer.at = turn(layer.at, delta, layer.rows().len()),
            Layer::Scope(layer) => layer.cursor.step(delta, layer.tree.len(), of_picker),
            Layer::Ask { ask, at, .. } => *at = turn(*at, delta, ask.answers()),
            Layer::Reject(reject) => {
                reject.at = turn(reject.at, delta, crate::domain::ReasonCode::ALL.len());
            }
            _ => {
                if let Some(top) = layer.top() {
                    *top = top.saturating_add_signed(delta).min(limit);
                }
            }
        }
        return Step::draw();
    }
    let height = lists::height(state);
    if let Some(search) = state.search_box_mut() {
        search.cursor.step(delta, search.hits.len(), height);
        return external::read_selected(state).and(Step::draw());
    }
    match state.tab {
        Tab::Directory if state.directory.in_tree => {
            let rows: usize = state.regions().tree.rows.into();
            let directory = &mut state.directory;
            directory.tree_cursor.step(delta, directory.tree.len(), rows);
            tree::select_at_cursor(state);
        }
        Tab::Directory => {
            let directory = &mut state.directory;
            directory.list_cursor.step(delta, directory.list.len(), height);
        }
        Tab::External => {
            let external = &mut state.external;
            external.cursor.step(delta, external.list.len(), height);
        }
        Tab::Approvals => {
            let approvals = &mut state.approvals;
            approvals.cursor.step(delta, approvals.list.len(), height);
            marks::extend(state, env);
        }
    }
    external::read_selected(state).and(Step::draw())
}

/// Moves by a page or a part of it.
pub(super) fn by_pages(state: &mut State, env: &Env, direction: isize, parts: isize) -> Step {
    let regions = state.regions();
    let rows = if !state.layers.is_empty() {
        state.size.rows.saturating_sub(4)
    } else if state.tab == Tab::Directory && state.directory.in_tree {
        regions.tree.rows
    } else {
        regions.list.rows
    };
    let rows = isize::try_from(rows).unwrap_or(1);
    by_rows(state, env, direction * (rows / parts).max(1))
}

/// Moves to the first or the last row.
pub(super) fn to_end(state: &mut State, env: &Env, last: bool) -> Step {
    // Farther than any list is long; every move is brought into range.
    let far = isize::MAX / 2;
    by_rows(state, env, if last { far } else { -far })
}

/// The other pane of the directory.
pub(super) fn other_pane(state: &mut State) -> Step {
    if state.tab == Tab::Directory {
        state.directory.in_tree = !state.directory.in_tree;
        lists::keep_all(state);
    }
    Step::draw()
}

/// Folds a department; one that is folded gives way to the one above. From the list: to the tree.
pub(super) fn fold(state: &mut State) -> Step {
    if !state.directory.in_tree {
        return other_pane(state);
    }
    let Some(row) = state.directory.tree.get(state.directory.tree_cursor.at).cloned() else {
        return Step::none();
    };
    if row.open && row.has_children {
        state.directory.open.remove(&row.id);
        tree::rebuild(state);
        return Step::draw();
    }
    parent(state)
}

/// Unfolds a department; from one that is unfolded or has nothing below, to its people.
pub(super) fn unfold(state: &mut State) -> Step {
    if !state.directory.in_tree {
        return Step::none();
    }
    let Some(row) = state.directory.tree.get(state.directory.tree_cursor.at).cloned() else {
        return Step::none();
    };
    if row.has_children && !row.open {
        state.directory.open.insert(row.id);
        tree::rebuild(state);
        return Step::draw();
    }
    other_pane(state)
}

/// The department above.
pub(super) fn parent(state: &mut State) -> Step {
    let above = state
        .directory
        .department
        .as_ref()
        .and_then(|id| state.data.department(id))
        .and_then(|department| department.parent.clone());
    if let Some(above) = above {
        tree::select(state, &above);
    }
    Step::draw()
}

/// Opens what is selected.
pub(super) fn open(state: &mut State, env: &Env) -> Step {
    if matches!(state.layers.last(), Some(Layer::Past(_))) {
        return past::open_selected(state);
    }
    if state.tab == Tab::Approvals
        && state.layers.is_empty()
        && let Some(step) = queue::turn_group(state, env, None)
    {
        return step;
    }
    if state.tab == Tab::Directory && state.directory.in_tree && state.directory.search.is_none() {
        return open_department(state);
    }
    let layer = match state.on_page() {
        Selected::Member(member) => Layer::Member { id: member.id.clone(), top: 0 },
        Selected::Contact(contact) => Layer::Contact { id: contact.id.clone(), top: 0 },
        // Where there is no room beside the list, the details are a layer of their own.
        Selected::Request(request) => Layer::Request { id: request.id.clone(), top: 0 },
        Selected::Linked(person) => {
            let person = Candidate::from(person);
            return wizard::ask_about(state, &person);
        }
        Selected::Nobody => return Step::none(),
    };
    state.layers.push(layer);
    external::read_selected(state).and(Step::draw())
}

/// On a department: unfold it, or fold it again; in a narrow window its people come to the front.
fn open_department(state: &mut State) -> Step {
    let Some(row) = state.directory.tree.get(state.directory.tree_cursor.at).cloned() else {
        return Step::none();
    };
    if matches!(window_width(state.size), Width::Tiny | Width::Narrow) || !row.has_children {
        return other_pane(state);
    }
    if !state.directory.open.remove(&row.id) {
        state.directory.open.insert(row.id);
    }
    tree::rebuild(state);
    Step::draw()
}
