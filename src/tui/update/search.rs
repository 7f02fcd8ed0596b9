//! Searching: every letter is a question, and only the answer to the newest one counts.

use std::collections::HashMap;
use std::sync::Arc;

use super::{converse, external, lists};
use crate::domain::{ContactId, DepartmentId};
use crate::search::{Hit, Index, Query};
use crate::tui::model::{Effect, Found, Places, Rankable, SearchBox, Shared, State, Step, Tab, Ticket};

/// Opens the search of the page in front.
pub(super) fn open(state: &mut State) -> Step {
    match state.tab {
        Tab::Directory => state.directory.search = Some(SearchBox::default()),
        Tab::External => state.external.search = Some(SearchBox::default()),
        Tab::Approvals => return Step::none(),
    }
    Step::draw()
}

/// Closes it: tree, list and selection are as they were.
pub(super) fn close(state: &mut State) -> Step {
    match state.tab {
        Tab::Directory => state.directory.search = None,
        Tab::External => state.external.search = None,
        Tab::Approvals => {}
    }
    lists::keep_all(state);
    external::read_selected(state).and(Step::draw())
}

/// Asks for who matches what is typed on the page in front.
pub(super) fn ask(state: &mut State) -> Step {
    match state.tab {
        Tab::Directory => ask_in(state, Places::Directory),
        Tab::External => ask_in(state, outside(state)),
        Tab::Approvals => Step::none(),
    }
}

/// Whom the search of the second page looks through: the section in front.
fn outside(state: &State) -> Places {
    if state.external.linked { Places::Linked } else { Places::External }
}

fn ask_in(state: &mut State, places: Places) -> Step {
    let (index, search) = match places {
        Places::Directory => (state.people.index.clone(), state.directory.search.as_mut()),
        Places::External | Places::Linked if places != outside(state) => return Step::none(),
        Places::External => (state.outside.index.clone(), state.external.search.as_mut()),
        Places::Linked => (state.linked.index.clone(), state.external.search.as_mut()),
        Places::Picker => return converse::find(state),
    };
    let Some(search) = search else { return Step::none() };
    let query = search.field.text().to_owned();
    if Query::parse(&query).is_empty() {
        // Nothing asked: nothing found, and answers on their way are too late.
        search.wanted.draw();
        search.answered = Query::default();
        search.hits.clear();
        search.total = 0;
        search.cursor = crate::tui::model::Cursor::default();
        return Step::draw();
    }
    let ticket = search.wanted.draw();
    match index {
        Some(index) => Step { effects: vec![Effect::Rank { places, ticket, query, index }], redraw: true },
        None => Step::draw(),
    }
}

/// Asks who of the colleagues matches, for whoever is to get something.
pub(super) fn rank_for_picker(ticket: Ticket, query: String, index: Shared<Index>) -> Step {
    let places = Places::Picker;
    Step { effects: vec![Effect::Rank { places, ticket, query, index }], redraw: true }
}

/// The answer to a question.
pub(super) fn ranked(state: &mut State, places: Places, ticket: Ticket, hits: &[Hit], total: usize) -> Step {
    let height = lists::height(state);
    let contact = |people: &[ContactId], hit: &Hit| {
        Some((Found::Contact(people.get(hit.record as usize)?.clone()), hit.why))
    };
    let found: Vec<(Found, crate::search::Field)> = match places {
        Places::Picker => return converse::found(state, ticket, hits),
        Places::Directory => hits
            .iter()
            .filter_map(|hit| {
                Some((Found::Member(state.people.people.get(hit.record as usize)?.clone()), hit.why))
            })
            .collect(),
        Places::External | Places::Linked if places != outside(state) => return Step::none(),
        Places::External => hits.iter().filter_map(|hit| contact(&state.outside.people, hit)).collect(),
        Places::Linked => hits.iter().filter_map(|hit| contact(&state.linked.people, hit)).collect(),
    };
    let search = match places {
        Places::Directory => state.directory.search.as_mut(),
        Places::External | Places::Linked => state.external.search.as_mut(),
        Places::Picker => None,
    };
    let Some(search) = search.filter(|search| search.wanted == ticket) else { return Step::none() };
    search.answered = Query::parse(search.field.text());
    search.hits = found;
    search.total = total;
    search.cursor.go(0, search.hits.len(), height);
    external::read_selected(state).and(Step::draw())
}

/// A new index is there. A search that is open asks it, in front or not: the numbers of the records are
/// other ones now, so an answer of the old index must not count.
pub(super) fn indexed(state: &mut State, places: Places, ticket: Ticket, index: Shared<Index>) -> Step {
    match places {
        Places::Directory => {
            if state.people.asked != ticket {
                return Step::none();
            }
            state.people.people = std::mem::take(&mut state.people.next);
            state.people.index = Some(index);
            state.people.built = ticket;
        }
        Places::Picker => return Step::none(),
        Places::External | Places::Linked => {
            let place = if places == Places::Linked { &mut state.linked } else { &mut state.outside };
            if place.asked != ticket {
                return Step::none();
            }
            place.people = std::mem::take(&mut place.next);
            place.index = Some(index);
            place.built = ticket;
        }
    }
    let step = ask_in(state, places);
    if places == Places::Directory { step.and(converse::find(state)) } else { step }
}

/// Has an index made of all known colleagues.
pub(super) fn index_people(state: &mut State) -> Step {
    let mut paths: HashMap<DepartmentId, Arc<str>> = HashMap::new();
    let none: Arc<str> = "".into();
    let mut members: Vec<_> = state.data.members().cloned().collect();
    // The order of equal hits is the order of the records.
    members.sort_by_cached_key(|member| member.id.key());
    let people: Vec<_> = members
        .into_iter()
        .map(|member| {
            let path = match member.main_department() {
                Some(id) => {
                    Arc::clone(paths.entry(id.clone()).or_insert_with(|| state.data.search_path(id).into()))
                }
                None => Arc::clone(&none),
            };
            (member, path)
        })
        .collect();
    state.people.next = people.iter().map(|(member, _)| member.id.clone()).collect();
    let ticket = state.people.asked.draw();
    let effect = Effect::Index(Places::Directory, ticket, Shared::new(Rankable::Members(people)));
    Step { effects: vec![effect], redraw: false }
}

/// Has an index made of all known contacts.
pub(super) fn index_contacts(state: &mut State) -> Step {
    let mut contacts: Vec<_> = state.data.contacts().cloned().collect();
    contacts.sort_by(|a, b| a.id.cmp(&b.id));
    state.outside.next = contacts.iter().map(|contact| contact.id.clone()).collect();
    let ticket = state.outside.asked.draw();
    let effect = Effect::Index(Places::External, ticket, Shared::new(Rankable::Contacts(contacts)));
    Step { effects: vec![effect], redraw: false }
}

/// Has an index made of all whom linked companies show.
pub(super) fn index_linked(state: &mut State) -> Step {
    let people: Vec<_> = state.data.linked().cloned().collect();
    state.linked.next = people.iter().map(|person| person.id.clone()).collect();
    let ticket = state.linked.asked.draw();
    let effect = Effect::Index(Places::Linked, ticket, Shared::new(Rankable::Linked(people)));
    Step { effects: vec![effect], redraw: false }
}
