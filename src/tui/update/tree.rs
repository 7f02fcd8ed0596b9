//! The department tree: a flat list of the rows that are open.

use super::lists;
use crate::domain::DepartmentId;
use crate::tui::model::{State, TreeRow};

/// Makes the visible tree anew. The cursor stays on its department.
pub(super) fn rebuild(state: &mut State) {
    let mut rows = Vec::new();
    for root in state.data.below(None) {
        add(state, root, 0, &mut rows);
    }
    let height: usize = state.regions().tree.rows.into();
    let directory = &mut state.directory;
    directory.tree = rows;
    let at = directory.department.as_ref().and_then(|id| directory.tree.iter().position(|row| row.id == *id));
    directory.tree_cursor.go(at.unwrap_or(directory.tree_cursor.at), directory.tree.len(), height);
}

fn add(state: &State, id: &DepartmentId, depth: usize, rows: &mut Vec<TreeRow>) {
    let children = state.data.below(Some(id));
    let open = state.directory.open.contains(id);
    rows.push(TreeRow { id: id.clone(), depth, has_children: !children.is_empty(), open });
    if open && depth < 64 {
        for child in children {
            add(state, child, depth + 1, rows);
        }
    }
}

/// Selects a department: its people are listed, the way to it is opened.
pub(super) fn select(state: &mut State, id: &DepartmentId) {
    let above: Vec<DepartmentId> = state.data.path(id).iter().rev().skip(1).map(|d| d.id.clone()).collect();
    let opened = above.into_iter().filter(|above| state.directory.open.insert(above.clone())).count();
    state.directory.department = Some(id.clone());
    if opened > 0 || !state.directory.tree.iter().any(|row| row.id == *id) {
        rebuild(state);
    } else {
        let height: usize = state.regions().tree.rows.into();
        let directory = &mut state.directory;
        let at = directory.tree.iter().position(|row| row.id == *id).unwrap_or(0);
        directory.tree_cursor.go(at, directory.tree.len(), height);
    }
    state.directory.list_cursor = crate::tui::model::Cursor::default();
    lists::directory(state);
}

/// Selects the department on which the tree's cursor stands.
pub(super) fn select_at_cursor(state: &mut State) {
    let row = state.directory.tree.get(state.directory.tree_cursor.at);
    if let Some(id) = row.map(|row| row.id.clone()) {
        select(state, &id);
    }
}
