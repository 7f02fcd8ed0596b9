//! One's own namecard: the code, its size, its proof, its rotation.

use namecard::domain::{Card, Fault};
use namecard::i18n::Lang;
use namecard::qr;
use namecard::text::SafeText;
use namecard::tui::model::{Answer, Code, Effect, Layer, Msg, NamecardLayer, Proof, Size, Ticket};
use namecard::tui::view::read_cells;
use serde_json::json;

use crate::desk::{DAY, Desk, SECOND, START, time};

const LINK: &str = "HTTP://127.0.0.1:45678/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1";

pub fn card(more: serde_json::Value) -> Card {
    let mut value = json!({
        "id": namecard::domain::CardId::from_bits(1), "revision": 1, "kind": "printed", "link": LINK,
        "owner": {"id": "sam.zhang", "name": "张三"}, "title": "Runtime lead", "company": "云帆科技 Yunfan",
        "created": time(START), "expires": time(START + 365 * DAY), "local_only": true, "moved": false, "uses": 0, "pending": 0,
    });
    value.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(value).unwrap()
}

fn opened(columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::new(columns, rows, Lang::En);
    assert_eq!(desk.keys("Q"), [Effect::ReadCards, Effect::ReadOwn]);
    desk.send(Msg::Answer(Answer::Card(Ok(Box::new(card(json!({})))))));
    desk
}

fn layer(desk: &Desk) -> &NamecardLayer {
    match desk.state.layers.first() {
        Some(Layer::Namecard(layer)) => layer,
        other => panic!("{other:?}"),
    }
}

/// What a scanner reads off the whole screen.
fn scanned(desk: &mut Desk) -> Option<String> {
    let buffer = desk.buffer();
    qr::read(&read_cells(&buffer, &desk.theme)).ok()
}

#[test]
fn the_code_on_the_screen_reads_back_as_the_link_at_every_size_that_holds_it() {
    let mut shown = 0;
    for (columns, rows) in [(80, 24), (120, 40), (100, 30), (60, 24), (200, 60), (41, 22)] {
        let mut desk = opened(columns, rows);
        match &layer(&desk).code {
            Code::Drawn(_, proof) => {
                assert_eq!(*proof, Proof::Good, "{columns}x{rows}");
                assert_eq!(scanned(&mut desk).as_deref(), Some(LINK), "{columns}x{rows}");
                shown += 1;
            }
            Code::TooSmall(_) => desk.shows(LINK.get(..20).unwrap()),
            Code::Unknown => panic!("{columns}x{rows}"),
        }
    }
    assert!(shown >= 5, "80x24 and larger windows hold it");
    assert!(matches!(layer(&opened(80, 24)).code, Code::Drawn(..)));
}

#[test]
fn a_window_that_is_too_small_says_what_is_needed_and_shows_the_link() {
    let mut desk = opened(40, 12);
    assert!(matches!(layer(&desk).code, Code::TooSmall(_)));
    desk.shows("7Q2M9K4TZR8VPQ1SWN5YB3XEA1");
    assert_eq!(scanned(&mut desk), None, "half a code is worse than none");
    desk.send(Msg::Resize(Size { columns: 80, rows: 24 }));
    assert_eq!(scanned(&mut desk).as_deref(), Some(LINK));
}

#[test]
fn a_code_that_does_not_read_back_is_not_shown() {
    let mut desk = opened(80, 24);
    let proof = layer(&desk).proof;
    desk.send(Msg::Answer(Answer::Proved(proof, false)));
    assert_eq!(scanned(&mut desk), None);
    desk.shows(LINK);
    // An answer about an older drawing changes nothing.
    let mut desk = opened(80, 24);
    desk.send(Msg::Answer(Answer::Proved(Ticket(0), false)));
    assert_eq!(scanned(&mut desk).as_deref(), Some(LINK));
}

#[test]
fn full_blocks_come_with_b_where_they_fit() {
    let mut desk = opened(120, 60);
    desk.keys("b");
    assert_eq!(scanned(&mut desk).as_deref(), Some(LINK));
    assert!(!desk.picture().contains('▀'));
    desk.keys("b");
    assert!(desk.picture().contains('▀'));
}

#[test]
fn the_link_is_copied_and_the_layer_left() {
    let mut desk = opened(80, 24);
    assert_eq!(desk.keys("y l"), [Effect::Copy(SafeText::clean(LINK))]);
    desk.keys("q");
    assert!(desk.state.layers.is_empty());
}

#[test]
fn rotation_asks_first_and_leaked_is_its_own_answer() {
    for (keys, leaked) in [("2 Enter", false), ("3 Enter", true)] {
        let mut desk = opened(80, 24);
        assert_eq!(desk.keys("N"), []);
        desk.pass(SECOND);
        let asked = desk.keys(keys);
        assert!(
            matches!(&asked[..], [Effect::RotateCard { revision: 1, leaked: l, .. }] if *l == leaked),
            "{asked:?}"
        );
        let other = LINK.replace("7Q2M", "8Q2M");
        let new = card(json!({"link": other, "revision": 2, "previous_until": time(START + 7 * DAY)}));
        desk.send(Msg::Answer(Answer::Card(Ok(Box::new(new)))));
        assert_eq!(scanned(&mut desk), Some(other));
        assert_eq!(desk.state.writing, 0);
    }
    let mut desk = opened(80, 24);
    desk.keys("N");
    desk.pass(SECOND);
    assert_eq!(desk.keys("Enter"), [], "the first answer is harmless");
}

#[test]
fn a_rotation_that_failed_leaves_the_card_that_is_there() {
    let mut desk = opened(80, 24);
    desk.keys("N");
    desk.pass(SECOND);
    desk.keys("2 Enter");
    desk.send(Msg::Answer(Answer::Card(Err(Fault::Unreachable))));
    assert_eq!(scanned(&mut desk).as_deref(), Some(LINK));
}

#[test]
fn without_a_card_the_reason_is_said() {
    let mut desk = Desk::usual();
    desk.keys("Q");
    desk.send(Msg::Answer(Answer::Card(Err(Fault::Unreachable))));
    assert_eq!(scanned(&mut desk), None);
    let words = desk.env.words.fault(&Fault::Unreachable);
    desk.shows(words.as_str().get(..20).unwrap());
    assert_eq!(desk.keys("N y l b"), []);
}

#[test]
fn a_card_changed_elsewhere_is_read_again() {
    let mut desk = opened(80, 24);
    let now = namecard::domain::Time::from_micros(START);
    let asked = desk.send(Msg::Changes(vec![namecard::domain::Change::Card], now));
    assert_eq!(asked, [Effect::ReadCards]);
}

#[test]
fn other_cards_are_turned_to_and_one_that_is_ended_is_gone() {
    let mut desk = opened(120, 40);
    let other = |n: u128, label: &str| {
        let id = namecard::domain::CardId::from_bits(n);
        card(json!({"id": id, "kind": "event", "label": label, "uses": 3, "max_uses": 5, "pending": 2}))
    };
    let all = vec![card(json!({})), other(2, "展会 4 号展位"), other(3, "Talk")];
    desk.send(Msg::Answer(Answer::Cards(Ok(all.clone()))));
    assert_eq!(layer(&desk).at, 0);
    let label = |desk: &Desk| match &layer(desk).card {
        Some(Ok(card)) => card.label.as_ref().map(|label| label.as_data().to_owned()),
        other => panic!("{other:?}"),
    };
    desk.keys("l");
    assert_eq!(label(&desk).as_deref(), Some("展会 4 号展位"));
    desk.keys("h h");
    assert_eq!(label(&desk).as_deref(), Some("Talk"), "behind the first comes the last");
    // Read again, the one that is shown stays, wherever it stands now.
    desk.send(Msg::Answer(Answer::Cards(Ok(vec![all[0].clone(), all[2].clone(), all[1].clone()]))));
    assert_eq!((layer(&desk).at, label(&desk).as_deref()), (1, Some("Talk")));
    // The first answer is harmless.
    assert_eq!(desk.keys("X"), []);
    desk.pass(SECOND);
    assert_eq!(desk.keys("Enter"), []);
    desk.keys("X");
    desk.pass(SECOND);
    let effects = desk.keys("j Enter");
    assert!(
        matches!(&effects[..], [Effect::RevokeCard { id, revision: 1, .. }] if *id == all[2].id),
        "{effects:?}"
    );
    assert_eq!(desk.send(Msg::Answer(Answer::CardRevoked(Ok(vec![])))), [Effect::ReadCards]);
    desk.send(Msg::Answer(Answer::Cards(Ok(all[..1].to_vec()))));
    assert_eq!((layer(&desk).at, label(&desk)), (0, None));
}
