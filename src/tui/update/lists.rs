//! The lists that pages show, made from the data. The selected row stays selected by its id.

use std::collections::HashSet;

use crate::domain::{ContactId, DepartmentId, MemberId};
use crate::search::fold;
use crate::tui::model::{Cursor, Order, State};

pub(super) use super::queue::rebuild as approvals;

/// Replaces a list and keeps the cursor on its row; when that is gone, on its place.
fn replace<T: PartialEq>(list: &mut Vec<T>, cursor: &mut Cursor, new: Vec<T>, height: usize) {
    let at = list.get(cursor.at).and_then(|id| new.iter().position(|other| other == id));
    *list = new;
    cursor.go(at.unwrap_or(cursor.at), list.len(), height);
}

/// Rows that the list on the page in front has.
pub(super) fn height(state: &State) -> usize {
    state.regions().list.rows.into()
}

/// Brings every cursor into range, after the window changed.
pub(super) fn keep_all(state: &mut State) {
    let regions = state.regions();
    let height = regions.list.rows.into();
    let directory = &mut state.directory;
    directory.tree_cursor.keep(directory.tree.len(), regions.tree.rows.into());
    directory.list_cursor.keep(directory.list.len(), height);
    state.external.cursor.keep(state.external.list.len(), height);
    state.approvals.cursor.keep(state.approvals.list.len(), height);
    if let Some(search) = state.search_box_mut() {
        search.cursor.keep(search.hits.len(), height);
    }
}

/// The people of the selected department.
pub(super) fn directory(state: &mut State) {
    let height = height(state);
    let mut people: Vec<MemberId> = Vec::new();
    if let Some(department) = state.directory.department.clone() {
        people.extend_from_slice(state.data.staff(&department));
        if state.directory.below {
            let mut seen: HashSet<MemberId> = people.iter().cloned().collect();
            below(state, &department, &mut people, &mut seen);
        }
    }
    let directory = &mut state.directory;
    replace(&mut directory.list, &mut directory.list_cursor, people, height);
}

fn below(state: &State, department: &DepartmentId, people: &mut Vec<MemberId>, seen: &mut HashSet<MemberId>) {
    for child in state.data.below(Some(department)) {
        for member in state.data.staff(child) {
            if seen.insert(member.clone()) {
                people.push(member.clone());
            }
        }
        below(state, child, people, seen);
    }
}

/// External contacts in the order that was chosen, or those whom linked companies show.
pub(super) fn external(state: &mut State) {
    let height = height(state);
    if state.external.linked {
        let mut people: Vec<_> = state.data.linked().cloned().collect();
        people.sort_by_cached_key(|person| {
            (fold(person.company.as_data()), fold(person.name.as_data()), person.id.clone())
        });
        let ids = people.into_iter().map(|person| person.id.clone()).collect();
        let external = &mut state.external;
        return replace(&mut external.list, &mut external.cursor, ids, height);
    }
    let mut contacts: Vec<_> = state.data.contacts().cloned().collect();
    match state.external.order {
        Order::Recent => contacts.sort_by(|a, b| (b.since, &b.id).cmp(&(a.since, &a.id))),
        Order::Company => contacts.sort_by_cached_key(|contact| {
            let company = contact.company.as_ref().map(|company| fold(company.as_data()));
            // Without a company: at the end.
            (company.is_none(), company, fold(contact.name.as_data()), contact.id.clone())
        }),
        Order::Tag => contacts.sort_by_cached_key(|contact| {
            let tag = contact.tags.iter().chain(&contact.own_tags).next().map(|tag| fold(tag.as_data()));
            (tag.is_none(), tag, fold(contact.name.as_data()), contact.id.clone())
        }),
    }
    let ids: Vec<ContactId> = contacts.into_iter().map(|contact| contact.id.clone()).collect();
    let external = &mut state.external;
    replace(&mut external.list, &mut external.cursor, ids, height);
}
