//! Any keys, any news, any size: the screen stands and its cursors stay on rows that are there.

use namecard::domain::{Aim, Change, DecisionKind, Fault, ScanFault, Time};
use namecard::i18n::Lang;
use namecard::tui::keys::Chord;
use namecard::tui::model::{Answer, Cursor, Effect, InFlight, Msg, QueueRow, Size};
use proptest::prelude::*;
use serde_json::json;

use super::desk::{
    DAY, Desk, HOUR, SECOND, START, contact, contact_id, contacts, decided, member, member_id, members,
    request, request_id, snapshot,
};
use super::namecard::card;
use super::reach::{outside, person, refused};

#[test]
fn every_small_window_is_drawn() {
    for keys in [
        "1",
        "1 l",
        "1 l Enter",
        "2",
        "2 Enter",
        "2 e",
        "2 D",
        "3",
        "3 Enter",
        "3 x",
        "?",
        "Q",
        "/ a",
        "+ a",
        "I a",
        "1 w",
        "3 w",
        "g l",
        "3 m a a",
        "3 S q",
        "3 w",
        "3 T",
        "g h",
        "g s",
    ] {
        for lang in [Lang::En, Lang::ZhCn] {
            let mut desk = Desk::new(80, 24, lang);
            desk.keys(keys);
            if keys == "Q" {
                desk.send(Msg::Answer(Answer::Card(Ok(Box::new(card(json!({})))))));
            }
            for columns in 0..=41 {
                for rows in 0..=20 {
                    desk.send(Msg::Resize(Size { columns, rows }));
                    let buffer = desk.buffer();
                    assert_eq!((buffer.area.width, buffer.area.height), (columns, rows));
                    if let Some(caret) = desk.caret {
                        assert!(caret.x < columns && caret.y < rows, "{keys} at {columns}x{rows}: {caret:?}");
                    }
                }
            }
        }
    }
}

#[derive(Clone, Debug)]
enum Happens {
    Key(&'static str),
    Typed(char),
    Resize(u16, u16),
    Pass(i64),
    Request {
        n: u128,
        revision: i64,
        state: u8,
    },
    RequestGone(u128, i64),
    Contact {
        n: u128,
        revision: i64,
    },
    ContactGone(u128, i64),
    Member {
        n: u32,
        department: u128,
        as_of: i64,
    },
    MemberGone(u32, i64),
    Snapshot,
    Online,
    Offline,
    Card(bool),
    Decided {
        n: u128,
        lost: bool,
    },
    Wake,
    /// The newest question whom something means is answered.
    Aimed(u8),
    Linked(u128),
}

const KEYS: [&str; 63] = [
    "+",
    "I",
    "m",
    "f",
    "v",
    "A",
    "B",
    "i",
    "H",
    "s",
    "T",
    "w",
    "U",
    ".",
    "X",
    "F",
    "t",
    "2",
    "Space",
    "j",
    "k",
    "h",
    "l",
    "g",
    "G",
    "Down",
    "Up",
    "Left",
    "Right",
    "PgDn",
    "PgUp",
    "Home",
    "End",
    "Enter",
    "Esc",
    "Tab",
    "S-Tab",
    "1",
    "2",
    "3",
    "a",
    "x",
    "u",
    "c",
    "e",
    "D",
    "S",
    "/",
    "?",
    "Q",
    "R",
    "y",
    "Y",
    "n",
    "q",
    "Space",
    "Backspace",
    "Ctrl-u",
    "Ctrl-w",
    "Ctrl-d",
    "Ctrl-l",
    "p",
    "0",
];

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        12 => prop::sample::select(KEYS.to_vec()).prop_map(Happens::Key),
        2 => prop::char::range(' ', '龥').prop_map(Happens::Typed),
        1 => (0..140_u16, 0..50_u16).prop_map(|(columns, rows)| Happens::Resize(columns, rows)),
        2 => (0..20 * SECOND).prop_map(Happens::Pass),
        2 => (11..18_u128, 1..6_i64, 0..4_u8)
            .prop_map(|(n, revision, state)| Happens::Request { n, revision, state }),
        1 => (11..18_u128, 1..6_i64).prop_map(|(n, as_of)| Happens::RequestGone(n, as_of)),
        1 => (1..7_u128, 1..6_i64).prop_map(|(n, revision)| Happens::Contact { n, revision }),
        1 => (1..7_u128, 1..6_i64).prop_map(|(n, as_of)| Happens::ContactGone(n, as_of)),
        1 => (0..34_u32, 1..6_u128, 1..6_i64)
            .prop_map(|(n, department, as_of)| Happens::Member { n, department, as_of }),
        1 => (0..34_u32, 1..6_i64).prop_map(|(n, as_of)| Happens::MemberGone(n, as_of)),
        1 => Just(Happens::Snapshot),
        1 => Just(Happens::Online),
        1 => Just(Happens::Offline),
        1 => any::<bool>().prop_map(Happens::Card),
        1 => (11..18_u128, any::<bool>()).prop_map(|(n, lost)| Happens::Decided { n, lost }),
        1 => Just(Happens::Wake),
        3 => (0..5_u8).prop_map(Happens::Aimed),
        1 => (100..104_u128).prop_map(Happens::Linked),
    ]
}

fn changes(change: Change) -> Msg {
    Msg::Changes(vec![change], Time::from_micros(START))
}

fn some_request(n: u128, revision: i64, state: u8) -> namecard::domain::Request {
    match state {
        0 => decided(n, "approve", "sam.zhang", START + 8 * SECOND),
        1 => decided(n, "reject", "ann", START + 30 * SECOND),
        2 => request(
            n,
            "Flagged",
            "Newco",
            n as i64 * HOUR,
            json!({"revision": revision, "as_of": revision, "flags": ["burst"], "allowed": ["approve", "reject", "block", "ask", "pass", "snooze"]}),
        ),
        _ => request(
            n,
            "新来的 New",
            "Newco",
            n as i64 * HOUR,
            json!({"revision": revision, "as_of": revision}),
        ),
    }
}

fn happen(desk: &mut Desk, what: &Happens) -> Vec<Effect> {
    let msg = match what {
        Happens::Key(key) => Msg::Key(Chord::parse(key).unwrap()),
        Happens::Typed(c) => Msg::Key(Chord::char(*c)),
        Happens::Resize(columns, rows) => Msg::Resize(Size { columns: *columns, rows: *rows }),
        Happens::Pass(micros) => {
            desk.pass(*micros);
            Msg::Wake
        }
        Happens::Request { n, revision, state } => {
            changes(Change::Request(Box::new(some_request(*n, *revision, *state))))
        }
        Happens::RequestGone(n, as_of) => changes(Change::RequestGone(request_id(*n), *as_of)),
        Happens::Contact { n, revision } => changes(Change::Contact(Box::new(contact(
            *n,
            "Someone 某人",
            Some("Newco"),
            *n as i64 * DAY,
            json!({"revision": revision, "as_of": revision}),
        )))),
        Happens::ContactGone(n, as_of) => changes(Change::ContactGone(contact_id(*n), *as_of)),
        Happens::Member { n, department, as_of } => changes(Change::Member(Box::new(member(
            &format!("p{n:02}"),
            "Moved 搬家",
            *department,
            1,
            json!({"as_of": as_of, "revision": as_of}),
        )))),
        Happens::MemberGone(n, as_of) => changes(Change::MemberGone(member_id(&format!("p{n:02}")), *as_of)),
        Happens::Snapshot => {
            desk.send(Msg::Snapshot(Box::new(snapshot())));
            desk.send(Msg::Members(members(), true));
            Msg::Contacts(contacts(), true)
        }
        Happens::Online => Msg::Online,
        Happens::Offline => Msg::Offline(Fault::Unreachable),
        Happens::Card(true) => Msg::Answer(Answer::Card(Ok(Box::new(card(json!({})))))),
        Happens::Card(false) => Msg::Answer(Answer::Card(Err(Fault::Unreachable))),
        Happens::Decided { n, lost } => {
            let result = if *lost { Err(Fault::Unreachable) } else { Ok(Box::new(some_request(*n, 2, 0))) };
            Msg::Answer(Answer::Decided(request_id(*n), result))
        }
        Happens::Wake => Msg::Wake,
        Happens::Aimed(how) => {
            let aim = match how {
                0 => Aim::One(Box::new(outside())),
                1 => Aim::One(Box::new(refused())),
                2 => Aim::Several(vec![(&person(102, "Dana Kern")).into()], None),
                3 => Aim::Unread(ScanFault::Broken),
                _ => Aim::Failed(Fault::Unreachable),
            };
            Msg::Answer(Answer::Aimed(desk.state.aims, Box::new(aim)))
        }
        Happens::Linked(n) => Msg::Linked(vec![person(*n, "Dana Kern")], true),
    };
    desk.send(msg)
}

fn on_a_row(what: &str, cursor: Cursor, len: usize) {
    assert!(cursor.at < len.max(1), "{what}: row {} of {len}", cursor.at);
    assert!(cursor.top <= cursor.at, "{what}: {cursor:?}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_the_screen_stands(story in prop::collection::vec(happens(), 1..120), chinese in any::<bool>()) {
        let mut desk = Desk::new(80, 24, if chinese { Lang::ZhCn } else { Lang::En });
        for what in &story {
            let asked = happen(&mut desk, what);
            let state = &desk.state;
            on_a_row("tree", state.directory.tree_cursor, state.directory.tree.len());
            on_a_row("people", state.directory.list_cursor, state.directory.list.len());
            on_a_row("external", state.external.cursor, state.external.list.len());
            on_a_row("approvals", state.approvals.cursor, state.approvals.list.len());
            // A list names only who is there.
            for id in &state.external.list {
                prop_assert!(state.data.contact(id).is_some() || state.data.linked_person(id).is_some());
            }
            for id in state.approvals.list.iter().filter_map(QueueRow::request) {
                prop_assert!(state.data.request(id).is_some());
            }
            for id in &state.approvals.marks {
                prop_assert!(state.approvals.shown.contains(id), "marked and not shown");
            }
            for effect in &asked {
                if let Effect::DecideMany(_, items) = effect {
                    for item in items.iter().filter(|item| item.decision.kind == DecisionKind::Approve) {
                        let request = state.data.request(&item.id);
                        prop_assert!(request.is_some_and(|request| request.flags.is_empty()), "a yes to many");
                    }
                }
            }
            for id in &state.directory.list {
                prop_assert!(state.data.member(id).is_some());
            }
            let now = state.server_now(desk.env.now);
            let counted = state.data.requests().filter(|request| {
                let doing = state.in_flight.get(&request.id);
                let deciding = matches!(doing, Some(InFlight::Approve | InFlight::Reject));
                !deciding && request.queued && request.lifetime().is_open(now)
            });
            prop_assert_eq!(state.approvals.waiting, counted.count(), "the count is that of the list");
        }
        desk.buffer();
    }

    #[test]
    fn the_order_of_arrival_does_not_matter(
        (news, shuffled) in prop::collection::vec((11..14_u128, 0..3_u8), 1..8).prop_flat_map(|news| {
            let news: Vec<(i64, u128, u8)> = news.into_iter().zip(2..).map(|((n, kind), at)| (at, n, kind)).collect();
            (Just(news.clone()), Just(news).prop_shuffle())
        })
    ) {
        let told = |news: &[(i64, u128, u8)]| {
            let mut desk = Desk::new(80, 24, Lang::En);
            for (as_of, n, kind) in news {
                desk.send(changes(match kind {
                    0 => Change::RequestGone(request_id(*n), *as_of),
                    _ => Change::Request(Box::new(request(
                        *n, &format!("v{as_of}"), "Co", *n as i64 * HOUR,
                        json!({"revision": as_of, "as_of": as_of}),
                    ))),
                }));
            }
            let mut known: Vec<_> = desk.state.data.requests().cloned().collect();
            known.sort_by_key(|request| request.id.clone());
            (known, desk.state.approvals.waiting)
        };
        prop_assert_eq!(told(&news), told(&shuffled));
    }
}
