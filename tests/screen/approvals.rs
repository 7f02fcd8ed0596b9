//! The queue: deciding, taking back, losing.

use namecard::domain::{Change, Conflict, Decision, Fault, ReasonCode, RequestState, Time, Who};
use namecard::i18n::Lang;
use namecard::tui::model::{Answer, Effect, Layer, Msg};

use crate::desk::{DAY, Desk, SECOND, START, decided, member_id, request, request_id};

fn queue(columns: u16, rows: u16) -> Desk {
    let mut desk = Desk::new(columns, rows, Lang::En);
    assert_eq!(desk.keys("3"), []);
    desk
}

fn selected(desk: &Desk) -> u128 {
    let id = desk.state.approvals.request_at(desk.state.approvals.cursor.at).unwrap();
    (11..20).find(|n| request_id(*n) == *id).unwrap()
}

fn key_of(effect: &Effect) -> String {
    match effect {
        Effect::Decide { key, .. } | Effect::Undo { key, .. } => key.clone(),
        other => panic!("not a write: {other:?}"),
    }
}

#[test]
fn a_sends_exactly_one_decision_and_the_cursor_goes_on() {
    let mut desk = queue(80, 24);
    let asked = desk.keys("a");
    let key = key_of(&asked[0]);
    assert_eq!(
        asked,
        [Effect::Decide { id: request_id(11), revision: 1, decision: Decision::approve(), key }]
    );
    assert_eq!(desk.state.approvals.waiting, 3, "one on its way does not count");
    assert_eq!(desk.state.approvals.list.len(), 4, "its row stays");
    assert_eq!(selected(&desk), 12);
    // On the row whose answer is awaited the key does nothing but say so.
    assert_eq!(desk.keys("k a"), []);
    assert_eq!(desk.state.approvals.waiting, 3);
}

#[test]
fn the_key_is_the_same_for_the_same_decision_and_another_for_another() {
    let keys: Vec<String> = ["a", "a", "x Enter", "x j Enter"]
        .into_iter()
        .map(|keys| key_of(&queue(80, 24).keys(keys)[0]))
        .collect();
    assert_eq!(keys[0], keys[1]);
    assert!(keys[0] != keys[2] && keys[2] != keys[3]);
    let mut other = queue(80, 24);
    other.env.instance = [8; 16];
    assert_ne!(key_of(&other.keys("a")[0]), keys[0], "another terminal has another key");
}

#[test]
fn a_confirmed_decision_stays_marked_with_the_seconds_left_until_its_window_has_passed() {
    let mut desk = queue(80, 24);
    desk.keys("a");
    let until = START + 10 * SECOND;
    let mut confirmed = decided(11, "approve", "sam.zhang", until);
    confirmed.expires = request(11, "", "", 5 * 3_600 * SECOND, serde_json::json!({})).expires;
    desk.send(Msg::Answer(Answer::Decided(request_id(11), Ok(Box::new(confirmed)))));
    desk.shows("10 s [########]  approved by you");
    desk.pass(3 * SECOND + 1);
    desk.send(Msg::Wake);
    desk.shows("7 s [######--]  approved by you");
    assert_eq!(desk.state.approvals.waiting, 3);
    desk.pass(7 * SECOND);
    desk.send(Msg::Wake);
    desk.hides("陈静");
    assert_eq!(desk.state.approvals.list.len(), 3);
}

#[test]
fn the_state_wakes_at_each_second_of_an_undo_window_and_then_no_more() {
    let mut desk = queue(80, 24);
    let until = START + 2 * SECOND;
    let held = decided(15, "approve", "li.na", until);
    desk.send(Msg::Changes(vec![Change::Request(Box::new(held))], Time::from_micros(START)));
    let mut wakes = Vec::new();
    while let Some(at) = desk.state.next_deadline(desk.env.now) {
        assert!(at > desk.env.now, "time goes on");
        // Nothing that is shown changes before.
        let held =
            |desk: &mut Desk| desk.picture().lines().find(|row| row.contains("[#")).unwrap().to_owned();
        let before = held(&mut desk);
        desk.env.now = Time::from_micros(at.as_micros() - 1);
        assert_eq!(held(&mut desk), before);
        desk.env.now = at;
        desk.send(Msg::Wake);
        wakes.push(at.as_micros() - START);
    }
    assert_eq!(wakes, [SECOND, 2 * SECOND]);
}

#[test]
fn u_takes_back_the_marked_row_under_the_cursor_else_the_last_decision() {
    let mut desk = queue(80, 24);
    let now = Time::from_micros(START);
    let until = START + 10 * SECOND;
    // Decided in another terminal: it is the selected row's decision that is taken back.
    desk.send(Msg::Changes(vec![Change::Request(Box::new(decided(15, "reject", "li.na", until)))], now));
    desk.shows("rejected by li.na");
    desk.keys("j j");
    assert_eq!(selected(&desk), 15);
    let asked = desk.keys("u");
    assert!(matches!(&asked[..], [Effect::Undo { id, revision: 2, .. }] if *id == request_id(15)));

    let mut desk = queue(80, 24);
    desk.keys("a");
    desk.send(Msg::Answer(Answer::Decided(
        request_id(11),
        Ok(Box::new(decided(11, "approve", "sam.zhang", until))),
    )));
    assert_ne!(selected(&desk), 11);
    let asked = desk.keys("u");
    assert!(matches!(&asked[..], [Effect::Undo { id, revision: 2, .. }] if *id == request_id(11)));
    assert_eq!(selected(&desk), 11, "the cursor is back on the row");
    // The same decision is not taken back twice.
    assert_eq!(desk.keys("u"), []);
    let back = request(11, "陈静", "Bluewave", DAY, serde_json::json!({"revision": 3, "as_of": 3}));
    desk.send(Msg::Answer(Answer::Undone(request_id(11), Ok(Box::new(back)))));
    assert_eq!(desk.state.approvals.waiting, 4);
    desk.shows("taken back");
}

#[test]
fn u_takes_back_the_last_press_in_whatever_order_the_answers_come() {
    let until = START + 10 * SECOND;
    let confirm = |desk: &mut Desk, n: u128| {
        let confirmed = Box::new(decided(n, "approve", "sam.zhang", until));
        desk.send(Msg::Answer(Answer::Decided(request_id(n), Ok(confirmed))))
    };
    // The answer to the second comes first.
    let mut desk = queue(80, 24);
    desk.keys("a");
    let second = selected(&desk);
    assert!(matches!(&desk.keys("a")[..], [Effect::Decide { id, .. }] if *id == request_id(second)));
    confirm(&mut desk, second);
    confirm(&mut desk, 11);
    assert!(matches!(&desk.keys("u")[..], [Effect::Undo { id, .. }] if *id == request_id(second)));

    // It has not come yet: the one before stays, and the second is taken back when it is there.
    let mut desk = queue(80, 24);
    desk.keys("a a");
    confirm(&mut desk, 11);
    assert_eq!(desk.keys("u"), []);
    let asked = confirm(&mut desk, second);
    assert!(matches!(&asked[..], [Effect::Undo { id, revision: 2, .. }] if *id == request_id(second)));
    assert_eq!(selected(&desk), second);
}

#[test]
fn whether_the_window_has_passed_is_the_servers_answer() {
    let mut desk = queue(80, 24);
    desk.keys("a");
    let until = START + 10 * SECOND;
    desk.send(Msg::Answer(Answer::Decided(
        request_id(11),
        Ok(Box::new(decided(11, "approve", "sam.zhang", until))),
    )));
    desk.pass(11 * SECOND);
    desk.send(Msg::Wake);
    assert!(matches!(&desk.keys("u")[..], [Effect::Undo { .. }]), "this clock may be wrong");
    let asked = desk.send(Msg::Answer(Answer::Undone(request_id(11), Err(Fault::WindowOver))));
    assert_eq!(asked, [Effect::ReadRequest(request_id(11))]);
    desk.shows("can no longer be taken back");
    // The server has said that it stands: nothing is asked any more.
    let mut stands = decided(11, "approve", "sam.zhang", until);
    (stands.as_of, stands.allowed) = (3, Vec::new());
    desk.send(Msg::Answer(Answer::RequestRead(request_id(11), Ok(Box::new(stands)))));
    assert_eq!(desk.keys("u"), []);
}

#[test]
fn a_rejection_names_its_reason_and_other_takes_words() {
    let mut desk = queue(80, 24);
    assert_eq!(desk.keys("x"), []);
    let asked = desk.keys("3 t Enter");
    let key = key_of(&asked[0]);
    let decision = Decision { tell: true, ..Decision::reject(ReasonCode::NoBusinessReason) };
    assert_eq!(asked, [Effect::Decide { id: request_id(11), revision: 1, decision, key }]);

    let mut desk = queue(80, 24);
    desk.keys("x 6 Enter");
    assert_eq!(desk.keys("Enter"), [], "without words there is nothing to send");
    desk.shows("!");
    desk.type_in("not now 以后再说");
    let asked = desk.keys("Enter");
    match &asked[..] {
        [Effect::Decide { decision, .. }] => {
            assert_eq!(decision.reason, Some(ReasonCode::Other));
            assert_eq!(decision.text.as_ref().map(|text| text.as_data()), Some("not now 以后再说"));
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn words_that_could_not_be_kept_are_still_there() {
    let mut desk = queue(80, 24);
    desk.keys("x 6 Enter");
    desk.type_in("not now 以后再说");
    let first = key_of(&desk.keys("Enter")[0]);
    desk.send(Msg::Answer(Answer::Decided(request_id(11), Err(Fault::StorageFull))));
    desk.shows("The disk is full");
    desk.keys("g g x");
    desk.shows("not now 以后再说");
    let again = desk.keys("Enter");
    assert_eq!(key_of(&again[0]), first, "the same decision, however often it is sent");
    let until = START + 10 * SECOND;
    desk.send(Msg::Answer(Answer::Decided(
        request_id(11),
        Ok(Box::new(decided(11, "reject", "sam.zhang", until))),
    )));
    assert!(desk.state.unsent.is_empty(), "what was said is not said again");
}

#[test]
fn esc_out_of_the_reasons_decides_nothing() {
    let mut desk = queue(80, 24);
    assert_eq!(desk.keys("x Esc"), []);
    assert!(desk.state.layers.is_empty() && desk.state.in_flight.is_empty());
    assert_eq!(desk.keys("x 6 Enter Esc Esc"), []);
    assert!(desk.state.layers.is_empty());
}

#[test]
fn a_request_that_changes_while_a_reason_is_chosen_is_not_decided_unseen() {
    let mut desk = queue(80, 24);
    desk.keys("x");
    let changed =
        request(11, "李雷", "碧波数据", 5 * 3_600 * SECOND, serde_json::json!({"revision": 2, "as_of": 2}));
    desk.send(Msg::Changes(vec![Change::Request(Box::new(changed))], Time::from_micros(START)));
    assert!(desk.state.layers.is_empty(), "the question about the old one is gone");
    assert_eq!(desk.keys("Enter").len(), 0);
}

#[test]
fn the_loser_is_told_by_whom_and_when_and_the_row_says_what_is_true() {
    let mut desk = queue(120, 40);
    desk.keys("a");
    let fault = Fault::Decided(Box::new(Conflict {
        state: RequestState::Rejected,
        revision: 2,
        by: Some(Who { id: member_id("li.na"), name: "李娜".into() }),
        at: Some(Time::from_micros(START)),
    }));
    let asked = desk.send(Msg::Answer(Answer::Decided(request_id(11), Err(fault))));
    assert_eq!(asked, [Effect::ReadRequest(request_id(11))]);
    desk.shows("李娜");
    desk.shows("not recorded");
    assert!(desk.state.in_flight.is_empty() && desk.state.decisions.made.is_empty());
}

#[test]
fn a_decision_whose_answer_was_lost_is_looked_up_before_anything_is_said_about_it() {
    let mut desk = queue(120, 40);
    desk.keys("a");
    let fault = Fault::TimedOut { sent: true };
    let asked = desk.send(Msg::Answer(Answer::Decided(request_id(11), Err(fault))));
    assert_eq!(asked, [Effect::ReadRequest(request_id(11))]);
    assert_eq!(desk.state.approvals.waiting, 4);
    let stands = decided(11, "approve", "sam.zhang", START + 9 * SECOND);
    desk.send(Msg::Answer(Answer::RequestRead(request_id(11), Ok(Box::new(stands)))));
    desk.shows("approved by you");
    assert_eq!(desk.state.approvals.waiting, 3);

    // A call that was never sent decided nothing: the same key may try again.
    let mut desk = queue(120, 40);
    let first = key_of(&desk.keys("a")[0]);
    assert_eq!(desk.send(Msg::Answer(Answer::Decided(request_id(11), Err(Fault::Unreachable)))), []);
    desk.keys("g g");
    assert_eq!(key_of(&desk.keys("a")[0]), first);
}

#[test]
fn the_answer_and_the_push_may_come_in_either_order_and_twice() {
    let until = START + 10 * SECOND;
    let answer = || {
        let request = decided(11, "approve", "sam.zhang", until);
        Msg::Answer(Answer::Decided(request_id(11), Ok(Box::new(request))))
    };
    let push = || {
        let request = decided(11, "approve", "sam.zhang", until);
        Msg::Changes(vec![Change::Request(Box::new(request))], Time::from_micros(START))
    };
    let late = || {
        // A copy from before the decision, read earlier and arriving later.
        let request = request(11, "陈静", "Bluewave", 3 * DAY, serde_json::json!({}));
        Msg::Changes(vec![Change::Request(Box::new(request))], Time::from_micros(START))
    };
    let mut pictures = Vec::new();
    for order in [[answer(), push(), late()], [push(), answer(), push()], [push(), late(), answer()]] {
        let mut desk = queue(80, 24);
        desk.keys("a");
        for msg in order {
            desk.send(msg);
        }
        desk.state.toasts = Default::default();
        pictures.push(desk.picture());
    }
    assert_eq!(pictures[0], pictures[1]);
    assert_eq!(pictures[0], pictures[2]);
}

#[test]
fn a_request_that_is_gone_does_not_come_back_by_a_late_copy() {
    let mut desk = queue(80, 24);
    let now = Time::from_micros(START);
    desk.send(Msg::Changes(vec![Change::RequestGone(request_id(11), 5)], now));
    assert_eq!(desk.state.approvals.list.len(), 3);
    let late = request(11, "李雷", "碧波数据", 5 * DAY, serde_json::json!({"as_of": 4}));
    desk.send(Msg::Changes(vec![Change::Request(Box::new(late))], now));
    assert_eq!(desk.state.approvals.list.len(), 3);
}

#[test]
fn the_cursor_keeps_its_row_when_others_come_and_go() {
    let mut desk = queue(80, 24);
    desk.keys("j j");
    assert_eq!(selected(&desk), 13);
    let now = Time::from_micros(START);
    let urgent = request(17, "Urgent", "Acme", 60 * SECOND, serde_json::json!({}));
    desk.send(Msg::Changes(vec![Change::Request(Box::new(urgent))], now));
    assert_eq!(desk.state.approvals.request_at(0), Some(&request_id(17)), "most urgent first");
    assert_eq!(selected(&desk), 13);
    desk.send(Msg::Changes(vec![Change::RequestGone(request_id(12), 9)], now));
    assert_eq!(selected(&desk), 13);
    assert_eq!(desk.state.approvals.waiting, 4);
}

#[test]
fn what_the_server_does_not_allow_is_refused_with_its_reason() {
    let mut desk = queue(80, 24);
    let foreign = request(11, "李雷", "碧波数据", DAY, serde_json::json!({"allowed": [], "as_of": 2}));
    desk.send(Msg::Changes(vec![Change::Request(Box::new(foreign))], Time::from_micros(START)));
    assert_eq!(desk.keys("a x"), []);
    assert!(desk.state.layers.is_empty() && desk.state.in_flight.is_empty());
    assert!(!desk.state.toasts.all().is_empty());
}

#[test]
fn quitting_with_a_decision_on_its_way_asks_first_and_a_key_typed_ahead_answers_nothing() {
    let mut desk = queue(80, 24);
    desk.keys("a");
    assert_eq!(desk.keys("q"), []);
    assert!(matches!(desk.state.layers.last(), Some(Layer::Ask { .. })));
    assert_eq!(desk.keys("2 Enter"), [], "typed before the question could be read");
    desk.pass(SECOND);
    assert_eq!(desk.keys("2 Enter"), [Effect::Quit]);
    let mut desk = queue(80, 24);
    assert_eq!(desk.keys("q"), [Effect::Quit], "nothing is on its way");
}

#[test]
fn what_the_phone_shows_is_no_question_of_this_clock() {
    // The server is an hour ahead: its clock counts.
    let mut desk = queue(80, 24);
    let server = START + 3_600 * SECOND;
    let held = decided(15, "approve", "li.na", server + 8 * SECOND);
    desk.send(Msg::Changes(vec![Change::Request(Box::new(held))], Time::from_micros(server)));
    desk.shows("8 s [#-------]  approved by li.na");
}
