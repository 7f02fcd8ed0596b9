//! What the server tells: the start, more of it, another company, silence.

use namecard::domain::{Change, Fault, Time};
use namecard::i18n::Lang;
use namecard::tui::model::{Effect, Msg, Phase, Tab};
use serde_json::json;

use crate::desk::{Desk, START, member, member_id, request, request_id, snapshot};

#[test]
fn before_anything_is_known_the_screen_says_so_and_keys_do_no_harm() {
    let mut desk = Desk::empty(80, 24, Lang::En);
    desk.shows("Opening");
    assert_eq!(desk.keys("j k 3 a x u / Esc 2 e D 1 c Enter Q s h l"), []);
    assert!(desk.state.layers.is_empty());
    desk.send(Msg::Seeding { long: false });
    assert_eq!(desk.state.phase, Phase::Seeding { long: false });
    desk.send(Msg::Snapshot(Box::new(snapshot())));
    desk.shows("张三");
}

#[test]
fn a_start_that_fails_is_explained() {
    let mut desk = Desk::empty(80, 24, Lang::En);
    desk.send(Msg::Offline(Fault::Unreachable));
    let words = desk.env.words.fault(&Fault::Unreachable);
    desk.shows(words.as_str().get(..20).unwrap());
    assert_eq!(desk.keys("q"), [Effect::Quit]);
}

#[test]
fn while_the_server_is_gone_everything_stays_and_a_banner_tells_since_when() {
    let mut desk = Desk::usual();
    desk.pass(60_000_000);
    desk.send(Msg::Offline(Fault::Unreachable));
    desk.shows("20:27");
    desk.shows("王小明");
    let first = desk.picture();
    desk.pass(60_000_000);
    desk.send(Msg::Offline(Fault::Unreachable));
    assert_eq!(desk.picture(), first, "since the first time");
    desk.send(Msg::Online);
    desk.hides("20:27");
}

#[test]
fn a_new_start_keeps_tab_department_cursor_and_layers() {
    let mut desk = Desk::usual();
    desk.keys("j j Enter 3");
    desk.keys("Esc 3 j j");
    let before = desk.picture();
    let mut again = snapshot();
    again.as_of = 40;
    desk.send(Msg::Snapshot(Box::new(again)));
    desk.send(Msg::Members(crate::desk::members(), true));
    desk.send(Msg::Contacts(crate::desk::contacts(), true));
    assert_eq!(desk.state.tab, Tab::Approvals);
    assert_eq!(desk.picture(), before);
}

#[test]
fn another_company_replaces_everything() {
    let mut desk = Desk::usual();
    desk.keys("3 a j");
    let mut other = snapshot();
    other.company.id = namecard::domain::CompanyId::new("acme").unwrap();
    other.company.made_up = false;
    other.departments.truncate(1);
    other.members.clear();
    other.requests.clear();
    desk.send(Msg::Snapshot(Box::new(other)));
    assert!(desk.state.in_flight.is_empty() && desk.state.approvals.list.is_empty());
    desk.hides("李雷");
    desk.hides("DEMO");
    desk.shows("acme");
    desk.keys("1");
    desk.hides("王小明");
}

#[test]
fn a_card_that_is_open_goes_when_its_person_goes() {
    let mut desk = Desk::usual();
    desk.keys("j Enter");
    desk.shows("wang.xm@yunfan.example");
    desk.send(Msg::Changes(vec![Change::MemberGone(member_id("wang.xm"), 5)], Time::from_micros(START)));
    assert!(desk.state.layers.is_empty());
    desk.hides("王小明");
}

#[test]
fn a_member_who_moves_is_listed_once_and_in_the_new_place() {
    let mut desk = Desk::usual();
    let moved = member("suzuki", "Sara Suzuki", 5, 7, json!({"as_of": 9}));
    desk.send(Msg::Changes(vec![Change::Member(Box::new(moved))], Time::from_micros(START)));
    desk.hides("Sara Suzuki");
    desk.keys("h G");
    desk.shows("Sara Suzuki");
    assert_eq!(desk.state.directory.list.iter().filter(|id| **id == member_id("suzuki")).count(), 1);
}

#[test]
fn an_older_copy_does_not_undo_a_newer_one() {
    let mut desk = Desk::usual();
    let new = member("suzuki", "Sara New", 4, 2, json!({"as_of": 9}));
    desk.send(Msg::Changes(vec![Change::Member(Box::new(new))], Time::from_micros(START)));
    desk.send(Msg::Members(crate::desk::members(), true));
    desk.shows("Sara New");
}

#[test]
fn the_count_in_the_tab_is_what_waits() {
    let mut desk = Desk::usual();
    desk.shows("3 Approvals 4");
    let now = Time::from_micros(START);
    let ended = request(11, "李雷", "x", -1, json!({"state": "expired", "as_of": 4}));
    desk.send(Msg::Changes(vec![Change::Request(Box::new(ended))], now));
    desk.shows("3 Approvals 3");
    desk.send(Msg::Changes(vec![Change::RequestGone(request_id(12), 5)], now));
    desk.shows("3 Approvals 2");
}

#[test]
fn a_storm_of_changes_lists_each_request_once() {
    let mut desk = Desk::usual();
    let now = Time::from_micros(START);
    let changes = (0..5_000)
        .map(|n| {
            let ends = 1_000_000 * (1 + i64::from(n % 977));
            Change::Request(Box::new(request(
                100 + u128::from(n as u32 % 500),
                "N",
                "C",
                ends,
                json!({"as_of": n}),
            )))
        })
        .collect();
    desk.send(Msg::Changes(changes, now));
    assert_eq!(desk.state.approvals.waiting, 504);
    assert_eq!(desk.state.approvals.list.len(), 504);
}
