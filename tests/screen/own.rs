//! What one sets of one's own: tags, to whom a contact goes, what the namecard shows, whether requests are taken.

use namecard::domain::{CardId, Change, Fault, OwnSettings, Time};
use namecard::i18n::Lang;
use namecard::text::Untrusted;
use namecard::tui::model::{Answer, ContactChange, Effect, Layer, Msg};
use serde_json::json;

use crate::desk::{DAY, Desk, START, contact, contact_id, member_id};
use crate::namecard::card;

/// With a contact whose details are read.
pub fn read_contact(desk: &mut Desk) {
    let tagged = contact(
        1,
        "陈静 Chen Jing",
        Some("Bluewave"),
        DAY,
        json!({
            "as_of": 3, "tags": ["customer", "老客户"], "own_tags": ["met twice"],
            "allowed": ["edit_remark", "edit_tags", "remove", "hand_over", "introduce", "refuse"],
        }),
    );
    desk.send(Msg::Changes(vec![Change::Contact(Box::new(tagged.clone()))], Time::from_micros(START)));
    desk.keys("2");
    let detail = serde_json::from_value(json!({
        "contact": tagged, "history": [], "known_by": [{"id": "ann", "name": "Ann"}],
        "company_tags": ["customer", "press", "supplier"],
    }));
    desk.send(Msg::Answer(Answer::ContactRead(contact_id(1), Ok(Box::new(detail.unwrap())))));
}

fn desk() -> Desk {
    let mut desk = Desk::new(120, 40, Lang::En);
    read_contact(&mut desk);
    desk
}

fn words(all: &[&str]) -> Vec<Untrusted> {
    all.iter().map(|word| Untrusted::from(*word)).collect()
}

#[test]
fn the_companys_tags_are_ticked_and_ones_own_are_typed() {
    let mut desk = desk();
    desk.shows("customer, 老客户");
    desk.shows("own: met");
    desk.shows("also known by");
    assert_eq!(desk.keys("t Enter"), [], "as they are, nothing is written");
    // One that is not offered any more stays until it is unticked.
    desk.keys("t");
    desk.shows("[x] 老客户");
    desk.keys("Space j Space k");
    desk.keys("Up");
    desk.type_in("，jj x");
    let asked = desk.keys("Enter");
    let [Effect::ChangeContact { id, revision: 1, what: ContactChange::Tags(tags), key }] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!((id, key.len()), (&contact_id(1), 32));
    assert_eq!(tags.company, words(&["press", "老客户"]));
    assert_eq!(tags.own, words(&["met twice", "jj x"]));
    // What is typed stays until the server has it.
    let what = ContactChange::Tags(tags.clone());
    let lost = Fault::Changed { revision: 4 };
    desk.send(Msg::Answer(Answer::ContactChanged(contact_id(1), what.clone(), Err(lost))));
    desk.shows("jj x");
    let asked = desk.keys("Enter");
    assert!(matches!(&asked[..], [Effect::ChangeContact { revision: 4, .. }]), "{asked:?}");
    let asked = desk.send(Msg::Answer(Answer::ContactChanged(contact_id(1), what, Ok(()))));
    assert_eq!(asked, [Effect::ReadContact(contact_id(1))]);
    assert!(desk.state.layers.is_empty() && desk.state.writing == 0);
    desk.shows("Tags saved.");
}

#[test]
fn contacts_are_ordered_by_tag_and_the_tags_stand_in_front() {
    let mut desk = desk();
    desk.keys("S t");
    assert_eq!(desk.state.external.list.first(), Some(&contact_id(1)));
    desk.shows("by tag");
    desk.shows("customer, 老客户");
}

#[test]
fn a_contact_goes_to_a_colleague_or_is_made_known_to_one() {
    for (key, wanted) in [
        ("H", ContactChange::HandOver(member_id("suzuki"))),
        ("i", ContactChange::Introduce(member_id("suzuki"))),
    ] {
        let mut desk = desk();
        desk.keys(key);
        desk.shows("陈静 Chen Jing");
        desk.type_in("suzuki");
        let asked = desk.keys("Enter");
        let [Effect::ChangeContact { id, what, .. }] = &asked[..] else { panic!("{asked:?}") };
        assert_eq!((id, what), (&contact_id(1), &wanted));
        desk.send(Msg::Answer(Answer::ContactChanged(contact_id(1), wanted, Ok(()))));
        assert!(desk.state.layers.is_empty() && desk.state.writing == 0);
    }
}

#[test]
fn whoever_takes_over_on_their_side_is_refused_after_a_question() {
    let mut desk = desk();
    assert_eq!(desk.keys("x Enter"), [], "the harmless answer is chosen");
    desk.keys("x");
    desk.pass(1_000_000);
    let asked = desk.keys("2 Enter");
    let [Effect::ChangeContact { what: ContactChange::Refuse, .. }] = &asked[..] else { panic!("{asked:?}") };
    // What the server does not offer is not asked.
    let fixed = contact(1, "陈静", None, DAY, json!({"allowed": ["edit_remark"], "as_of": 9}));
    desk.send(Msg::Changes(vec![Change::Contact(Box::new(fixed))], Time::from_micros(START)));
    assert_eq!(desk.keys("x t H i"), []);
    assert!(desk.state.layers.is_empty());
}

/// What one set: requests are taken.
pub fn own(more: serde_json::Value) -> OwnSettings {
    let mut value = json!({"revision": 3, "accepts": true, "away_until": null, "stand_in": null});
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

/// My namecard with all that belongs to it.
pub fn open_namecard(desk: &mut Desk) {
    desk.keys("Q");
    desk.send(Msg::Answer(Answer::Card(Ok(Box::new(card(json!({"phones": ["+86 138 0000 0001"]})))))));
    desk.send(Msg::Answer(Answer::OwnRead(Ok(own(json!({}))))));
}

#[test]
fn what_a_card_shows_and_whether_requests_are_taken_is_set_from_it() {
    let mut desk = Desk::new(120, 40, Lang::En);
    open_namecard(&mut desk);
    desk.shows("Takes requests: yes");
    assert_eq!(desk.keys("e Enter"), [], "as it is, nothing is written");
    desk.keys("e");
    desk.shows("[x] +86 138 0000 0001");
    let rows = match desk.state.layers.last() {
        Some(Layer::Sharing(layer)) => layer.rows().len(),
        other => panic!("{other:?}"),
    };
    let asked = desk.keys("Space Enter");
    let [Effect::ChangeCard { id, revision: 1, like, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((id, like.fields.len()), (&CardId::from_bits(1), 0));
    desk.send(Msg::Answer(Answer::Card(Ok(Box::new(card(json!({"revision": 2})))))));
    // The three last rows: requests, away, stand-in.
    desk.keys("e");
    desk.keys(&vec!["j"; rows - 3].join(" "));
    desk.keys("Space j Space");
    desk.shows("Away until");
    desk.keys("j Enter");
    desk.keys("j Space");
    desk.type_in("suzuki");
    desk.keys("Enter");
    desk.shows("meanwhile Sara Suzuki");
    let asked = desk.keys("Enter");
    let [Effect::SetOwn(wanted, _)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((wanted.revision, wanted.accepts), (3, false));
    assert_eq!(wanted.stand_in.as_ref().map(|who| who.id.clone()), Some(member_id("suzuki")));
    let until = wanted.away_until.unwrap().timestamp().to_string();
    assert_eq!(until, "2026-05-31T23:59:59Z", "to the end of its day");
    let set = OwnSettings { revision: 4, ..wanted.clone() };
    desk.send(Msg::Answer(Answer::OwnSet(Ok(set))));
    assert_eq!(desk.state.writing, 0);
    desk.shows("Takes requests: no");
    desk.shows("Away until 2026-05-31");
    // A second time takes both back.
    desk.keys("e");
    desk.keys(&vec!["j"; rows - 2].join(" "));
    let asked = desk.keys("Space j Space Enter");
    let [Effect::SetOwn(wanted, _)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((wanted.revision, wanted.away_until, wanted.stand_in.as_ref()), (4, None, None));
    // Whoever else wrote meanwhile is looked at first.
    let asked = desk.send(Msg::Answer(Answer::OwnSet(Err(Fault::Changed { revision: 5 }))));
    assert_eq!(asked, [Effect::ReadOwn]);
}

#[test]
fn a_card_is_looked_at_from_outside_and_esc_comes_back_to_the_code() {
    let mut desk = Desk::new(80, 24, Lang::En);
    open_namecard(&mut desk);
    desk.keys("v");
    for text in ["As an outsider sees it", "张三", "Runtime lead", "云帆科技 Yunfan", "+86 138", "Business"]
    {
        desk.shows(text);
    }
    desk.hides("zhang.san@");
    desk.keys("Esc");
    assert!(matches!(desk.state.layers.last(), Some(Layer::Namecard(layer)) if !layer.outside));
    desk.keys("v v Esc");
    assert!(desk.state.layers.is_empty());
}
