//! External contacts: order, history, remark, end.

use namecard::domain::{Change, ContactDetail, ContactRevision, Fault, HistoryEntry, HistoryKind, Time};
use namecard::i18n::Lang;
use namecard::tui::model::{Answer, Effect, Layer, Msg};
use serde_json::json;

use crate::desk::{DAY, Desk, START, contact, contact_id, contacts, member_id};

fn external(columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::new(columns, rows, Lang::En);
    desk.keys("2");
    desk
}

fn order(desk: &Desk) -> Vec<u128> {
    desk.state.external.list.iter().map(|id| (1..9).find(|n| contact_id(*n) == *id).unwrap()).collect()
}

fn detail(n: usize) -> Answer {
    let contact = contacts()[n - 1].clone();
    let entry = |at: i64, what, who: Option<&str>| HistoryEntry {
        at: Time::from_micros(START - at),
        what,
        who: who.map(|id| namecard::domain::Who { id: member_id(id), name: id.into() }),
        rule: Some("EXT-02".into()),
        policy_version: Some(1),
    };
    let history = vec![
        entry(2 * DAY, HistoryKind::Requested, None),
        entry(DAY, HistoryKind::Approved, Some("sam.zhang")),
    ];
    let id = contact.id.clone();
    Answer::ContactRead(
        id,
        Ok(Box::new(ContactDetail { contact, history, known_by: Vec::new(), company_tags: Vec::new() })),
    )
}

#[test]
fn the_history_of_the_selected_contact_is_read_once_and_shown() {
    let mut desk = Desk::new(120, 40, Lang::En);
    assert_eq!(desk.keys("2"), [Effect::ReadContact(contact_id(1))]);
    assert_eq!(desk.send(Msg::Answer(detail(1))), []);
    desk.shows("approved  you");
    assert_eq!(desk.keys("j"), [Effect::ReadContact(contact_id(2))]);
    assert_eq!(desk.keys("k"), [], "it is known");
    // Changed elsewhere: what was read is about an older revision.
    let changed = contact(1, "陈静 Chen Jing", None, DAY, json!({"revision": 2, "as_of": 5}));
    let asked = desk.send(Msg::Changes(vec![Change::Contact(Box::new(changed))], Time::from_micros(START)));
    assert_eq!(asked, [Effect::ReadContact(contact_id(1))]);
}

#[test]
fn a_history_that_was_overtaken_on_its_way_is_read_again() {
    let mut desk = Desk::new(80, 24, Lang::En);
    assert_eq!(desk.keys("2"), [Effect::ReadContact(contact_id(1))]);
    let changed = contact(1, "陈静 Chen Jing", None, DAY, json!({"revision": 2, "as_of": 5}));
    let changes = Msg::Changes(vec![Change::Contact(Box::new(changed))], Time::from_micros(START));
    assert_eq!(desk.send(changes), [], "one read is under way");
    assert_eq!(desk.send(Msg::Answer(detail(1))), [Effect::ReadContact(contact_id(1))]);
}

#[test]
fn the_list_is_ordered_by_company_or_by_date() {
    let mut desk = external(80, 24);
    assert_eq!(order(&desk), [1, 2, 3]);
    desk.keys("S c");
    assert_eq!(order(&desk), [2, 1, 3], "without a company: last");
    desk.shows("by company");
    desk.keys("S a");
    assert_eq!(order(&desk), [1, 2, 3]);
}

#[test]
fn a_remark_is_edited_saved_and_seen() {
    let mut desk = external(80, 24);
    desk.send(Msg::Answer(detail(1)));
    desk.keys("e");
    desk.shows("met at the fair");
    desk.type_in(", hall 3");
    let asked = desk.keys("Enter");
    let Effect::SetRemark { id, revision, remark, key } = &asked[0] else { panic!("{asked:?}") };
    assert_eq!((id, *revision, remark.as_data()), (&contact_id(1), 1, "met at the fair, hall 3"));
    assert_eq!(key.len(), 32);
    assert!(matches!(desk.state.layers.last(), Some(Layer::Remark(_))), "it stays until the server has it");
    let saved = ContactRevision { id: contact_id(1), revision: 2, as_of: 9 };
    let asked = desk.send(Msg::Answer(Answer::RemarkSet(contact_id(1), remark.clone(), Ok(saved))));
    assert_eq!(asked, [Effect::ReadContact(contact_id(1))], "its history is one longer");
    assert!(desk.state.layers.is_empty() && desk.state.writing == 0);
    desk.shows("hall 3");
}

#[test]
fn nothing_typed_is_lost_when_saving_fails_and_the_next_try_is_about_the_contact_as_it_is() {
    let mut desk = external(80, 24);
    desk.keys("e Ctrl-u");
    desk.type_in("call in May");
    let asked = desk.keys("Enter");
    let Effect::SetRemark { remark, .. } = &asked[0] else { panic!("{asked:?}") };
    let lost = Fault::Changed { revision: 4 };
    desk.send(Msg::Answer(Answer::RemarkSet(contact_id(1), remark.clone(), Err(lost))));
    desk.shows("call in May");
    desk.shows("changed meanwhile");
    let asked = desk.keys("Enter");
    assert!(matches!(&asked[0], Effect::SetRemark { revision: 4, .. }), "{asked:?}");
}

#[test]
fn an_unchanged_remark_writes_nothing_and_esc_neither() {
    let mut desk = external(80, 24);
    assert_eq!(desk.keys("e Enter"), []);
    assert_eq!(desk.keys("e x Esc"), []);
    assert!(desk.state.layers.is_empty());
}

#[test]
fn a_connection_ends_only_by_the_typed_word() {
    let mut desk = external(80, 24);
    assert_eq!(desk.keys("D Enter"), []);
    desk.type_in("yes");
    assert_eq!(desk.keys("Enter"), []);
    desk.keys("Ctrl-u");
    desk.type_in("Remove");
    let asked = desk.keys("Enter");
    let Effect::RemoveContact { id, revision: 1, .. } = &asked[0] else { panic!("{asked:?}") };
    assert_eq!(*id, contact_id(1));
    let gone = ContactRevision { id: contact_id(1), revision: 2, as_of: 9 };
    desk.send(Msg::Answer(Answer::ContactRemoved(contact_id(1), Ok(gone))));
    assert_eq!(order(&desk), [2, 3]);
    assert!(desk.state.layers.is_empty());
    assert_eq!(desk.state.data.contacts_total, 2);
}

#[test]
fn what_the_server_does_not_allow_is_not_offered() {
    let mut desk = external(80, 24);
    let fixed = contact(1, "陈静", None, DAY, json!({"allowed": [], "as_of": 3}));
    desk.send(Msg::Changes(vec![Change::Contact(Box::new(fixed))], Time::from_micros(START)));
    assert_eq!(desk.keys("e D"), []);
    assert!(desk.state.layers.is_empty());
    desk.hides("e remark");
}

#[test]
fn contacts_are_searched_too() {
    let mut desk = external(80, 24);
    for (typed, name) in
        [("chenjing", "陈静"), ("cj", "陈静"), ("bluew", "陈静"), ("amelie", "Amélie"), ("fair", "陈静")]
    {
        desk.keys("/");
        desk.type_in(typed);
        let first = desk
            .state
            .listed_contact(0)
            .and_then(|id| desk.state.data.contact(id))
            .map(|c| c.name.as_data().to_owned());
        assert!(first.as_deref().is_some_and(|first| first.contains(name)), "{typed}: {first:?}");
        desk.keys("Esc");
    }
}
