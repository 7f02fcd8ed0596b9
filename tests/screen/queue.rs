//! The whole queue: marks, many at once, filters and groups, asking and passing on, what was decided.

use namecard::domain::{
    ApprovalKind, Change, Conflict, Decision, DecisionKind, Fault, ReasonCode, Request, RequestDetail,
    RequestId, RequestState, Time,
};
use namecard::i18n::Lang;
use namecard::tui::model::{Answer, Converse, Effect, InFlight, Layer, Msg, Past, QueueRow};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::desk::{DAY, Desk, HOUR, SECOND, START, decided, department, member_id, request, request_id};

/// What the server allows with a connection that waits for its target.
const WHOLE: [&str; 6] = ["approve", "reject", "block", "ask", "pass", "snooze"];

fn row(n: u128, name: &str, company: &str, card: &str, more: Value) -> Request {
    let mut fields = json!({"card_label": card, "allowed": WHOLE});
    fields.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    request(n, name, company, i64::try_from(n).unwrap() * HOUR, fields)
}

/// A queue of every kind: six by one card, of which one is flagged and one lives elsewhere, two by another.
pub fn every_kind() -> Vec<Request> {
    let link = "https://work.example/app?id=7";
    let open = json!([{"step": "open_elsewhere", "id": link, "name": "WeCom"}]);
    let elsewhere = json!({
        "elsewhere": {"system": "WeCom", "link": link}, "allowed": ["snooze"],
        "verdict": {"code": "decided_elsewhere", "rule": "APR-02", "policy_version": 1, "alternatives": open},
    });
    vec![
        row(
            11,
            "李雷 Li Lei",
            "碧波数据",
            "Expo-26 四号展位",
            json!({"flags": ["look_alike_domain", "personal_address"]}),
        ),
        row(12, "周婷", "碧波数据", "Expo-26 四号展位", elsewhere),
        row(13, "陈静 Chen Jing", "碧波数据", "Expo-26 四号展位", json!({})),
        row(14, "Olu Adeyemi", "Northgrid Ltd", "Expo-26 四号展位", json!({})),
        row(15, "한지민", "서울전자", "Expo-26 四号展位", json!({"created": time(START - 3 * DAY)})),
        row(
            16,
            "Maria de Vasconcelos",
            "Northgrid Ltd",
            "Expo-26 四号展位",
            json!({"part": "stand_in", "target": {"id": "li.na", "name": "李娜"}}),
        ),
        row(
            17,
            "Amélie Noël",
            "Arcadie SA",
            "desk",
            json!({"state": "pending_manager", "part": "manager_asked", "manager_asked": "waits", "allowed": ["approve", "reject", "snooze"]}),
        ),
        row(
            18,
            "王小明",
            "",
            "desk",
            json!({"kind": "permission", "requester": {"kind": "colleague", "name": "王小明"}, "part": "admin", "channel": null, "card_label": null, "until": time(START + 90 * DAY), "allowed": ["approve", "reject", "snooze"]}),
        ),
        row(
            19,
            "Arcadie SA",
            "Arcadie SA",
            "",
            json!({"kind": "partner_link", "requester": {"kind": "member", "name": "Zoë", "company": "Arcadie SA"}, "part": "admin", "channel": null, "card_label": null, "allowed": ["approve", "reject", "snooze"]}),
        ),
        row(
            20,
            "单雄信",
            "",
            "",
            json!({"kind": "handover", "requester": {"kind": "colleague", "name": "单雄信"}, "part": "assigner", "channel": null, "card_label": null, "items": 17, "allowed": ["assign"]}),
        ),
    ]
}

/// A row that a colleague has just approved.
pub fn taken(at: usize, now: i64) -> Request {
    let mut request = every_kind().remove(at);
    (request.revision, request.as_of, request.state) = (2, 5, RequestState::Approved);
    request.allowed = Vec::new();
    request.effective_at = Some(Time::from_micros(now + 10 * SECOND));
    let by = json!({"id": "li.na", "name": "李娜 Li Na"});
    let decision = json!({"kind": "approve", "part": "target", "by": by, "at": time(now)});
    request.decision = serde_json::from_value(decision).unwrap();
    request
}

/// A row with everything that belongs to it.
pub fn detail_of(at: usize, more: Value) -> RequestDetail {
    let mut detail = serde_json::to_value(&every_kind()[at]).unwrap();
    let fields = detail.as_object_mut().unwrap();
    for name in ["steps", "notes", "earlier", "known_by", "handed_over", "look_alikes"] {
        fields.insert(name.to_owned(), json!([]));
    }
    fields.insert("as_of".to_owned(), json!(2));
    fields.extend(more.as_object().unwrap().clone());
    serde_json::from_value(detail).unwrap()
}

/// Somebody who asked before, and whose colleague one of us knows.
pub fn known() -> Value {
    let who = json!({"id": "li.na", "name": "李娜"});
    json!({
        "earlier": [{"created": time(START - 40 * DAY), "target": who, "state": "rejected"}],
        "known_by": [{"who": who, "name": "周婷", "same_person": false}],
        "notes": [
            {"at": time(START - HOUR), "what": "question", "who": {"id": "sam.zhang", "name": "张三"}, "text": "在哪个展位？"},
            {"at": time(START - SECOND), "what": "answer", "text": "Hall 3, booth 4"},
        ],
    })
}

fn time(micros: i64) -> String {
    super::desk::time(micros)
}

pub fn queue(columns: u16, rows: u16, lang: Lang) -> Desk {
    let mut desk = Desk::new(columns, rows, lang);
    desk.keys("3");
    put(&mut desk, every_kind());
    desk.keys("g g");
    desk
}

fn put(desk: &mut Desk, requests: Vec<Request>) {
    let changes = requests
        .into_iter()
        .map(|mut request| {
            request.as_of = request.as_of.max(2);
            Change::Request(Box::new(request))
        })
        .collect();
    desk.send(Msg::Changes(changes, Time::from_micros(desk.env.now.as_micros())));
}

fn usual() -> Desk {
    queue(80, 24, Lang::En)
}

/// A queue of one card with many people, none of them suspicious but the first.
fn crowd(count: u128) -> Desk {
    let mut desk = Desk::new(80, 24, Lang::En);
    desk.keys("3");
    let all = (0..count).map(|n| {
        let flags = if n == 0 { json!({"flags": ["burst"]}) } else { json!({}) };
        row(100 + n, &format!("Visitor {n:03}"), "Bluewave", "booth 4", flags)
    });
    put(&mut desk, all.collect());
    let gone = (11..15).map(|n| Change::RequestGone(request_id(n), 9)).collect();
    desk.send(Msg::Changes(gone, Time::from_micros(START)));
    desk
}

fn marked(desk: &Desk) -> Vec<u128> {
    (1..2000).filter(|n| desk.state.approvals.marks.contains(&request_id(*n))).collect()
}

fn go(desk: &mut Desk, n: u128) {
    desk.keys("g g");
    let at = desk.state.approvals.place(&request_id(n)).unwrap();
    for _ in 0..at {
        desk.keys("j");
    }
}

fn confirmed(id: &RequestId, kind: &str) -> Request {
    let mut request = decided(11, kind, "sam.zhang", START + 10 * SECOND);
    request.id = id.clone();
    request
}

/// The pieces of a decision about many.
fn pieces(effects: &[Effect]) -> Vec<(namecard::tui::model::Ticket, Vec<RequestId>)> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::DecideMany(ticket, items) => {
                Some((*ticket, items.iter().map(|item| item.id.clone()).collect()))
            }
            _ => None,
        })
        .collect()
}

#[test]
fn rows_of_every_kind_are_told_apart() {
    let mut desk = queue(120, 40, Lang::En);
    for sign in ["<-", "PERM", "LINK", "HAND", "[WeCom] 周婷", "! look-alike"] {
        desk.shows(sign);
    }
    go(&mut desk, 18);
    desk.shows("permission");
    desk.shows("2026-08-26");
    go(&mut desk, 19);
    desk.shows("whom we show");
}

#[test]
fn marks_by_card_leave_out_what_is_flagged_or_lives_elsewhere_and_say_so() {
    let mut desk = usual();
    go(&mut desk, 13);
    desk.keys("m q");
    assert_eq!(marked(&desk), [13, 14, 15, 16]);
    desk.shows("2 not marked: 1 flagged, 1 in WeCom");
    desk.keys("a");
    for text in [
        "Approve 4 people",
        "2 left out",
        "周婷: belongs to WeCom: decide there",
        "李雷 Li Lei: domain that looks",
    ] {
        desk.shows(text);
    }
    desk.keys("Esc");
    desk.shows("ACTING ON 4");
    // The detail of the row itself has not gone.
    desk.shows("陈静 Chen Jing");
    desk.keys("m i");
    assert_eq!(marked(&desk), [17, 18, 19], "the others, but for those that cannot be decided here");
    desk.keys("m f");
    assert_eq!(marked(&desk), [11]);
    desk.keys("m o");
    assert_eq!(marked(&desk), [11, 15], "added to what is marked");
    desk.keys("f f");
    assert_eq!(marked(&desk), [11], "what is not shown is not marked");
    desk.keys("Esc");
    assert_eq!(
        (marked(&desk), desk.state.approvals.filter.flagged),
        (vec![], true),
        "marks go before filters"
    );
    desk.keys("Esc");
    assert!(desk.state.approvals.filter.is_empty());
}

#[test]
fn space_marks_a_row_and_v_a_range_that_goes_where_the_cursor_goes() {
    let mut desk = usual();
    go(&mut desk, 13);
    desk.keys("Space Space");
    assert_eq!(marked(&desk), [13, 14]);
    go(&mut desk, 14);
    desk.keys("Space");
    assert_eq!(marked(&desk), [13]);
    go(&mut desk, 15);
    desk.keys("v j j");
    assert_eq!(marked(&desk), [13, 15, 16, 17]);
    desk.keys("k");
    assert_eq!(marked(&desk), [13, 15, 16]);
    // What is gone while a range is open does not come back by it.
    desk.send(Msg::Changes(vec![Change::RequestGone(request_id(13), 9)], Time::from_micros(START)));
    desk.keys("j k");
    assert_eq!(marked(&desk), [15, 16]);
    put(&mut desk, vec![Request { as_of: 10, ..every_kind().remove(2) }]);
    desk.keys("Esc j");
    assert_eq!(marked(&desk), [15, 16], "the range has ended");
    go(&mut desk, 13);
    desk.keys("Space");
    go(&mut desk, 12);
    desk.keys("Space");
    assert_eq!(marked(&desk), [13, 15, 16]);
    desk.shows("belongs to WeCom: decide there");
}

#[test]
fn a_yes_to_many_shows_what_it_leaves_out_and_its_harmless_answer_is_chosen() {
    let mut desk = usual();
    desk.keys("m a");
    go(&mut desk, 11);
    desk.keys("Space");
    assert_eq!(marked(&desk), [11, 13, 14, 15, 16, 17, 18, 19]);
    assert_eq!(desk.keys("a"), []);
    for text in [
        "Approve 6 people",
        "4 left out",
        "domain that looks like",
        "needs an answer of its own",
        "Northgrid",
    ] {
        desk.shows(text);
    }
    desk.pass(SECOND);
    assert_eq!(desk.keys("Enter"), [], "nothing, unless something else was chosen");
    assert!(desk.state.layers.is_empty() && desk.state.in_flight.is_empty());
    desk.keys("a");
    assert_eq!(desk.keys("2 Enter"), [], "typed before it could be read");
    desk.pass(SECOND);
    let asked = desk.keys("2 Enter");
    let [(_, ids)] = &pieces(&asked)[..] else { panic!("{asked:?}") };
    let wanted: Vec<RequestId> = [13, 14, 15, 16, 17, 18].map(request_id).to_vec();
    assert_eq!(*ids, wanted);
    assert_eq!(desk.state.approvals.marks.len(), 0);
}

#[test]
fn twenty_five_and_more_are_confirmed_by_their_number_and_go_in_pieces() {
    let mut desk = crowd(160);
    desk.keys("m a a");
    desk.pass(SECOND);
    desk.type_in("158");
    assert_eq!(desk.keys("Enter"), []);
    desk.shows("not the number");
    desk.keys("Esc");
    assert_eq!(desk.state.approvals.marks.len(), 159, "nothing was done");
    desk.keys("a");
    desk.pass(SECOND);
    desk.type_in("159");
    let asked = desk.keys("Enter");
    let lengths: Vec<usize> = pieces(&asked).iter().map(|(_, ids)| ids.len()).collect();
    assert_eq!(lengths, [100, 59]);
    assert_eq!(desk.state.approvals.waiting, 1);
}

#[test]
fn what_failed_stays_marked_with_its_reason_and_u_takes_the_others_back_as_one() {
    let mut desk = usual();
    go(&mut desk, 13);
    desk.keys("m q a");
    desk.pass(SECOND);
    let asked = desk.keys("2 Enter");
    let [(ticket, ids)] = &pieces(&asked)[..] else { panic!("{asked:?}") };
    let results = ids
        .iter()
        .map(|id| {
            let lost = *id == request_id(15);
            let result = if lost { Err(Fault::StorageFull) } else { Ok(Box::new(confirmed(id, "approve"))) };
            (id.clone(), result)
        })
        .collect();
    desk.send(Msg::Answer(Answer::DecidedMany(*ticket, ids.clone(), Ok(results))));
    assert_eq!(marked(&desk), [15]);
    desk.shows("3 approved, 1 not; they stay marked. The disk is full");
    let asked = desk.keys("u");
    let [Effect::UndoMany(items)] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(items.iter().map(|(id, ..)| id.clone()).collect::<Vec<_>>(), [13, 14, 16].map(request_id));
    let open: Vec<_> = every_kind()
        .into_iter()
        .filter(|request| items.iter().any(|(id, ..)| *id == request.id))
        .map(|mut request| {
            (request.revision, request.as_of) = (3, 3);
            (request.id.clone(), Ok(Box::new(request)))
        })
        .collect();
    desk.send(Msg::Answer(Answer::UndoneMany(open)));
    desk.shows("Taken back: 3 wait again");
    assert_eq!(desk.keys("u"), [], "there is nothing more to take back");
    let asked = desk.keys("U");
    let [(_, again)] = &pieces(&asked)[..] else { panic!("{asked:?}") };
    assert_eq!(*again, [13, 14, 16].map(request_id));
}

#[test]
fn a_lost_piece_is_looked_up_and_its_rows_stay_marked() {
    let mut desk = usual();
    go(&mut desk, 13);
    desk.keys("m c a");
    desk.pass(SECOND);
    let asked = desk.keys("2 Enter");
    let [(ticket, ids)] = &pieces(&asked)[..] else { panic!("{asked:?}") };
    let lost = Err(Fault::TimedOut { sent: true });
    let asked = desk.send(Msg::Answer(Answer::DecidedMany(*ticket, ids.clone(), lost)));
    assert_eq!(asked, [Effect::Refresh]);
    assert_eq!(marked(&desk), [13]);
    assert!(desk.state.in_flight.is_empty() && desk.state.decisions.made.is_empty());
}

#[test]
fn somebody_else_was_first_on_one_of_many_and_no_dialog_says_so() {
    let mut desk = usual();
    go(&mut desk, 13);
    desk.keys("m q");
    let other = confirmed(&request_id(14), "reject");
    put(&mut desk, vec![other]);
    desk.keys("a");
    desk.shows("Approve 3 people");
    desk.pass(SECOND);
    let asked = desk.keys("2 Enter");
    let [(ticket, ids)] = &pieces(&asked)[..] else { panic!("{asked:?}") };
    assert!(!ids.contains(&request_id(14)));
    let conflict = Conflict { state: RequestState::Rejected, revision: 2, by: None, at: None };
    let results =
        ids.iter().map(|id| (id.clone(), Err(Fault::Decided(Box::new(conflict.clone()))))).collect();
    let asked = desk.send(Msg::Answer(Answer::DecidedMany(*ticket, ids.clone(), Ok(results))));
    assert!(desk.state.layers.is_empty());
    assert_eq!(asked.len(), ids.len(), "what is true is read: {asked:?}");
}

#[test]
fn a_flagged_row_takes_one_more_key_and_shows_what_looks_like_what() {
    let mut desk = usual();
    let detail = detail_of(
        0,
        json!({
            "look_alikes": [{"flag": "look_alike_domain", "typed": "b1uewave.example", "known": "bluewave.example"}],
        }),
    );
    desk.send(Msg::Answer(Answer::RequestDetailRead(request_id(11), Ok(Box::new(detail)))));
    assert_eq!(desk.keys("a"), []);
    for text in
        ["b1uewave.example", "bluewave.example", "differ  U+006C  /  U+0031", "y approves all the same"]
    {
        desk.shows(text);
    }
    assert_eq!(desk.keys("y"), [], "typed before it could be read");
    desk.pass(SECOND);
    assert_eq!(desk.keys("Enter"), []);
    let asked = desk.keys("y");
    assert!(matches!(&asked[..], [Effect::Decide { id, .. }] if *id == request_id(11)), "{asked:?}");
}

#[test]
fn the_detail_shows_a_look_alike_above_what_it_looks_like_and_points_at_the_letter() {
    let mut desk = usual();
    let pair = json!({"flag": "look_alike_domain", "typed": "b1uewave.example", "known": "bluewave.example"});
    let detail = detail_of(0, json!({"look_alikes": [pair]}));
    desk.send(Msg::Answer(Answer::RequestDetailRead(request_id(11), Ok(Box::new(detail)))));
    let picture = desk.picture();
    let rows: Vec<&str> = picture.lines().collect();
    let at = rows.iter().position(|row| row.starts_with(" known")).unwrap();
    let column = |row: &str, text: &str| row.find(text).map(|at| row[..at].chars().count());
    let letter = column(rows[at], "bluewave").unwrap() + 1;
    assert_eq!(column(rows[at + 1], "b1uewave"), Some(letter - 1), "one above the other:\n{picture}");
    assert_eq!(rows[at + 2].trim(), "^", "by more than a colour");
    assert_eq!(column(rows[at + 2], "^"), Some(letter));
    // Rejected, blocked by a word, and on with the next row.
    desk.keys("f f");
    desk.keys("F x 4 Space Enter");
    desk.type_in("block");
    let asked = desk.keys("Enter");
    assert!(matches!(&asked[..], [Effect::Decide { id, .. }] if *id == request_id(11)), "{asked:?}");
    assert_eq!(desk.state.approvals.request_at(desk.state.approvals.cursor.at), Some(&request_id(12)));
    let mut blocked = confirmed(&request_id(11), "block");
    blocked.state = RequestState::Blocked;
    desk.send(Msg::Answer(Answer::Decided(request_id(11), Ok(Box::new(blocked)))));
    // On a personal account the reason again, at once, and no block.
    let mut personal = every_kind().remove(3);
    (personal.as_of, personal.flags) = (5, vec![namecard::domain::Flag::PersonalAddress]);
    personal.allowed.push(namecard::domain::RequestAction::Block);
    put(&mut desk, vec![personal]);
    go(&mut desk, 14);
    let asked = desk.keys(".");
    let [Effect::Decide { id, decision, .. }] = &asked[..] else { panic!("{asked:?}") };
    let wanted = Decision { text: decision.text.clone(), ..Decision::reject(ReasonCode::LooksFake) };
    assert_eq!((id, decision), (&request_id(14), &wanted));
    assert!(desk.state.layers.is_empty());
}

#[test]
fn a_row_that_a_colleague_decides_under_the_cursor_says_so_and_keys_change_nothing() {
    for (keys, ended) in [("x", false), ("a", false), ("B", false), (".", false), ("a", true)] {
        let mut desk = usual();
        // Something to say again.
        desk.keys("x 1 Enter");
        let done = confirmed(&request_id(11), "reject");
        desk.send(Msg::Answer(Answer::Decided(request_id(11), Ok(Box::new(done)))));
        desk.pass(60 * SECOND);
        desk.send(Msg::Wake);
        go(&mut desk, 15);
        let now = desk.env.now.as_micros();
        put(&mut desk, vec![taken(4, now)]);
        desk.shows("10 s [########]  approved by 李娜 Li Na 20:27");
        if ended {
            // The key was pressed before the news came; the answer is the same.
            let conflict = Conflict { state: RequestState::Approved, revision: 2, by: None, at: None };
            desk.state.in_flight.insert(request_id(15), InFlight::Approve);
            let lost = Err(Fault::Decided(Box::new(conflict)));
            let asked = desk.send(Msg::Answer(Answer::Decided(request_id(15), lost)));
            assert_eq!(asked, [Effect::ReadRequest(request_id(15))]);
        } else {
            assert_eq!(desk.keys(keys), [], "{keys}");
        }
        assert!(desk.state.layers.is_empty(), "{keys}: no dialog");
        assert_eq!(desk.state.toasts.all().len(), 1, "{keys}: one line");
        let at = desk.state.approvals.cursor.at;
        assert_eq!(desk.state.approvals.request_at(at), Some(&request_id(15)), "{keys}");
        desk.shows("approved by 李娜 Li Na 20:27");
    }
    // A reason that was being chosen when the news came is not sent.
    let mut desk = usual();
    go(&mut desk, 15);
    desk.keys("x");
    put(&mut desk, vec![taken(4, START)]);
    assert!(desk.state.layers.is_empty());
    assert_eq!(desk.keys("Enter"), []);
    assert!(desk.state.in_flight.is_empty());
}

#[test]
fn the_same_decision_again_repeats_the_reason_and_never_the_block() {
    let mut desk = usual();
    assert_eq!(desk.keys("."), []);
    assert_eq!(desk.keys("x 4 Space Enter"), []);
    desk.shows("Type block");
    desk.type_in("blok");
    assert_eq!(desk.keys("Enter"), []);
    desk.keys("Ctrl-u");
    desk.type_in("block");
    let asked = desk.keys("Enter");
    let [Effect::Decide { id, decision, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(
        (id, decision.kind, decision.reason),
        (&request_id(11), DecisionKind::Block, Some(ReasonCode::LooksFake))
    );
    let mut blocked = confirmed(&request_id(11), "block");
    blocked.state = RequestState::Blocked;
    desk.send(Msg::Answer(Answer::Decided(request_id(11), Ok(Box::new(blocked)))));
    go(&mut desk, 14);
    let asked = desk.keys(".");
    let [Effect::Decide { id, decision, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(
        (id, decision.kind, decision.reason),
        (&request_id(14), DecisionKind::Reject, Some(ReasonCode::LooksFake))
    );
}

#[test]
fn what_only_another_system_can_decide_says_where_and_opens_it() {
    let mut desk = usual();
    go(&mut desk, 12);
    desk.shows("APR-02: only WeCom can decide this. w and Enter open it there.");
    desk.shows("link    https://work.example/app?id=7");
    for key in ["a", "x"] {
        assert_eq!(desk.keys(key), []);
        desk.shows("APR-02: only WeCom can decide this. w and Enter open it there.");
        assert!(desk.state.layers.is_empty(), "one line, no dialog");
        desk.pass(60 * SECOND);
        desk.send(Msg::Wake);
    }
    for key in ["i", "H", "B", "A", "."] {
        assert_eq!(desk.keys(key), []);
        assert!(desk.state.layers.is_empty(), "{key}");
    }
    let link = "https://work.example/app?id=7".to_owned();
    assert_eq!(desk.keys("y l"), [Effect::Copy(namecard::text::SafeText::clean(&link))]);
    desk.keys("w");
    desk.shows("1  open WeCom");
    assert_eq!(desk.keys("Enter"), [Effect::OpenLink(link.clone())]);
    // Where nothing opens it, it is shown and copied.
    let shown = namecard::text::SafeText::clean(&link);
    let asked = desk.send(Msg::Answer(Answer::LinkOpened(shown.clone(), false)));
    assert_eq!(asked, [Effect::Copy(shown.clone())]);
    assert!(matches!(desk.state.layers.last(), Some(Layer::Show { text }) if *text == shown));
    desk.keys("Esc Esc");

    // Without a link it is said where to go; what is no plain link is not opened.
    let mut without = every_kind().remove(1);
    without.as_of = 5;
    without.elsewhere.as_mut().unwrap().link = None;
    without.verdict.alternatives[0].id = Some("http://work.example/".to_owned());
    put(&mut desk, vec![without.clone()]);
    desk.keys("a");
    desk.shows("only WeCom can decide this. Open it there");
    assert_eq!(desk.keys("w Enter"), []);

    // When it is over there it is gone from here, and the history says where it was decided.
    without.as_of = 6;
    (without.state, without.queued, without.allowed) = (RequestState::Rejected, false, Vec::new());
    without.elsewhere.as_mut().unwrap().ended = Some(Time::from_micros(START));
    put(&mut desk, vec![without]);
    assert!(desk.state.approvals.place(&request_id(12)).is_none());
    desk.keys("g h");
    desk.shows("rejected in WeCom");
}

/// The server says how many more contacts one may have.
pub fn room(desk: &mut Desk, left: i64) {
    let steps = json!([{"step": "make_room"}, {"step": "ask_colleague"}]);
    let verdict =
        json!({"code": "contact_limit", "rule": "EXT-08", "policy_version": 3, "alternatives": steps});
    let room = serde_json::from_value(json!({"left": left, "verdict": verdict})).unwrap();
    desk.send(Msg::Changes(vec![Change::Room(Some(room))], Time::from_micros(START)));
}

#[test]
fn with_room_for_three_three_of_five_go_and_the_others_stay_marked() {
    let mut desk = crowd(6);
    room(&mut desk, 3);
    desk.keys("m a a");
    for text in [
        "Approve 3 people",
        "3 fit, 2 do not (EXT-08): there is no room for more contacts.",
        "Visitor 004: no room for one more contact",
        "4  pass the 2 without room on to a colleague",
    ] {
        desk.shows(text);
    }
    desk.pass(SECOND);
    let asked = desk.keys("2 Enter");
    let [(_, ids)] = &pieces(&asked)[..] else { panic!("{asked:?}") };
    assert_eq!(*ids, [101, 102, 103].map(request_id), "the first three of the list, and no other");
    assert_eq!(marked(&desk), [104, 105]);
    // With no room at all nothing goes; what has none can be passed on, all of it.
    room(&mut desk, 0);
    desk.keys("a");
    desk.shows("0 fit, 2 do not (EXT-08)");
    desk.pass(SECOND);
    assert_eq!(desk.keys("2 Enter"), []);
    desk.keys("a");
    desk.pass(SECOND);
    assert_eq!(desk.keys("4 Enter"), []);
    desk.shows("Pass 2 requests on to");
    desk.type_in("wxm");
    let asked = desk.keys("Enter");
    let passed: Vec<&RequestId> = asked
        .iter()
        .map(|effect| match effect {
            Effect::Converse { id, what: Converse::Pass(to), .. } if *to == member_id("wang.xm") => id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(passed, [&request_id(104), &request_id(105)]);
    // A rejection takes no room.
    desk.state.in_flight.clear();
    desk.keys("m a x 1 Enter");
    desk.shows("Reject 5 people");
}

#[test]
fn a_single_yes_without_room_shows_the_rule_and_what_to_do_instead() {
    let mut desk = usual();
    room(&mut desk, 0);
    go(&mut desk, 13);
    assert_eq!(desk.keys("a"), [], "nothing is sent");
    for text in ["there is no room for one more contact", "Rule EXT-08", "make room"] {
        desk.shows(text);
    }
    desk.keys("1");
    assert_eq!(desk.state.tab, namecard::tui::model::Tab::External);
    // What brings no contact of one's own goes: a permission, and what somebody else has room for.
    desk.keys("3");
    for n in [16, 18] {
        go(&mut desk, n);
        assert_eq!(desk.keys("a").len(), 1, "{n}");
    }
    // Where only the server knew, its refusal comes the same way, and a key typed ahead answers nothing.
    desk.state.in_flight.clear();
    go(&mut desk, 16);
    desk.keys("a");
    let verdict = desk.state.data.room.clone().unwrap().verdict;
    let fault = Fault::Refused(Box::new(namecard::domain::Refusal { verdict }));
    desk.send(Msg::Answer(Answer::Decided(request_id(16), Err(fault))));
    assert!(matches!(desk.state.layers.last(), Some(Layer::Why(_))));
    desk.keys("Enter");
    assert_eq!(desk.state.tab, namecard::tui::model::Tab::Approvals);
    desk.pass(SECOND);
    desk.keys("Enter");
    assert_eq!(desk.state.tab, namecard::tui::model::Tab::External);
}

#[test]
fn asking_passing_and_putting_aside_take_the_row_out_of_the_count() {
    let mut desk = usual();
    let before = desk.state.approvals.waiting;
    go(&mut desk, 13);
    desk.keys("i");
    desk.type_in("在哪个展位认识的？");
    let asked = desk.keys("Enter");
    let [Effect::Converse { id, what, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((id, what), (&request_id(13), &Converse::Ask("在哪个展位认识的？".into())));
    assert_eq!(desk.state.in_flight.get(&request_id(13)), Some(&InFlight::Converse));
    let mut out = every_kind().remove(2);
    (out.revision, out.as_of, out.asked_until) = (2, 3, Some(Time::from_micros(START + 3 * DAY)));
    desk.send(Msg::Answer(Answer::Conversed(request_id(13), what.clone(), Ok(Box::new(out)))));
    assert_eq!(desk.state.approvals.waiting, before - 1);
    assert_eq!(
        desk.state.approvals.list.last().and_then(QueueRow::request),
        Some(&request_id(13)),
        "at the end"
    );

    go(&mut desk, 14);
    desk.keys("H");
    desk.type_in("wxm");
    let asked = desk.keys("Enter");
    let [Effect::Converse { id, what, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!((id, what), (&request_id(14), &Converse::Pass(member_id("wang.xm"))));

    go(&mut desk, 15);
    let asked = desk.keys("s 2 Enter");
    let [Effect::Converse { what: Converse::Snooze(until), .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(until.timestamp().to_string(), "2026-05-31T08:00:00Z");
    let mut out = every_kind().remove(4);
    (out.as_of, out.snoozed_until) = (3, Some(*until));
    desk.send(Msg::Answer(Answer::Conversed(request_id(15), Converse::Snooze(*until), Ok(Box::new(out)))));
    assert!(desk.state.approvals.place(&request_id(15)).is_none(), "out of the way");
    go(&mut desk, 16);
    desk.keys("s 4 Enter");
    desk.type_in("2026-05-01");
    assert_eq!(desk.keys("Enter"), [], "that day is over");
    desk.keys("Ctrl-u");
    desk.type_in("2026-06-15");
    assert_eq!(desk.keys("Enter").len(), 1);
}

/// Somebody is away for two days, and somebody decides for them.
pub fn goes_away(desk: &mut Desk, id: &str, stand_in: Option<&str>) {
    let mut member = desk.state.data.member(&member_id(id)).unwrap().clone();
    let until = Time::from_micros(START + 2 * DAY);
    let stand_in = stand_in.map(|id| {
        let name = desk.state.data.member(&member_id(id)).unwrap().name.clone();
        namecard::domain::Who { id: member_id(id), name }
    });
    (member.as_of, member.away) = (9, Some(namecard::domain::Away { until, stand_in }));
    desk.send(Msg::Changes(vec![Change::Member(Box::new(member))], Time::from_micros(START)));
}

#[test]
fn who_is_away_is_passed_to_only_after_their_stand_in_was_offered() {
    let passed = |asked: &[Effect], to: &str| {
        assert!(
            matches!(asked, [Effect::Converse { what: Converse::Pass(id), .. }] if *id == member_id(to)),
            "{to}: {asked:?}"
        );
    };
    let reach = |desk: &mut Desk| {
        go(desk, 13);
        desk.keys("H");
        desk.type_in("wxm");
        desk.shows("away until 05-30 20:26");
        assert_eq!(desk.keys("Enter"), [], "nothing is sent yet");
    };
    let mut desk = usual();
    goes_away(&mut desk, "wang.xm", Some("suzuki"));
    reach(&mut desk);
    desk.shows("王小明 Ming is away: first who decides meanwhile.");
    passed(&desk.keys("Enter"), "suzuki");
    // The person themselves is the second choice.
    desk.state.in_flight.clear();
    reach(&mut desk);
    passed(&desk.keys("Down Enter"), "wang.xm");
    // Typing on begins anew.
    desk.state.in_flight.clear();
    reach(&mut desk);
    desk.keys("Ctrl-u");
    desk.type_in("sara");
    passed(&desk.keys("Enter"), "suzuki");
    // Whoever has nobody is asked about once more, and when they are back they are not.
    desk.state.in_flight.clear();
    goes_away(&mut desk, "wang.xm", None);
    reach(&mut desk);
    desk.shows("nobody decides meanwhile");
    passed(&desk.keys("Enter"), "wang.xm");
    desk.state.in_flight.clear();
    desk.pass(2 * DAY);
    desk.keys("H");
    desk.type_in("wxm");
    passed(&desk.keys("Enter"), "wang.xm");
}

#[test]
fn a_permission_takes_a_date_a_link_a_scope_and_a_handover_somebody() {
    let mut desk = usual();
    go(&mut desk, 18);
    let asked = desk.keys("A 1 Enter");
    let [Effect::Decide { decision, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(
        decision.until.map(|until| until.timestamp().to_string()).as_deref(),
        Some("2026-06-27T23:59:59Z")
    );

    go(&mut desk, 19);
    assert_eq!(desk.keys("a"), []);
    assert_eq!(desk.keys("Enter"), [], "a link that shows nobody");
    desk.shows("has to show somebody");
    let asked = desk.keys("j Space Enter");
    let [Effect::Decide { decision, .. }] = &asked[..] else { panic!("{asked:?}") };
    let engineering: namecard::domain::Department =
        serde_json::from_value(department(2, Some(1), "", None, 0)).unwrap();
    assert_eq!(decision.scope.as_ref().unwrap().departments, [engineering.id]);

    go(&mut desk, 20);
    assert_eq!(desk.keys("a"), []);
    let asked = desk.keys("Enter");
    assert!(matches!(&asked[..], [Effect::Converse { what: Converse::Assign(_), .. }]), "{asked:?}");

    go(&mut desk, 14);
    desk.keys("t");
    desk.type_in("expo26，采购");
    let asked = desk.keys("Enter");
    let [Effect::Decide { decision, .. }] = &asked[..] else { panic!("{asked:?}") };
    assert_eq!(*decision, Decision { tags: vec!["expo26".into(), "采购".into()], ..Decision::approve() });
}

#[test]
fn filters_narrow_down_and_say_so_and_groups_count() {
    let mut desk = usual();
    go(&mut desk, 14);
    desk.keys("f c");
    assert_eq!(desk.state.approvals.shown, [14, 16].map(request_id));
    desk.shows("filter: Northgrid Ltd");
    desk.keys("f m");
    assert_eq!(desk.state.approvals.shown, [request_id(14)], "not the one that I stand in for");
    desk.keys("f f");
    desk.shows("10 wait, but the filter (mine, flagged, Northgrid Ltd) shows none.");
    desk.keys("F");
    assert_eq!(desk.state.approvals.shown.len(), 10);
    go(&mut desk, 18);
    desk.keys("f k");
    assert_eq!(desk.state.approvals.filter.kind, Some(ApprovalKind::Permission));
    desk.keys("F S q");
    desk.shows("Expo-26 四号展位  6  1 flagged");
    assert!(
        desk.state.approvals.list.iter().all(|row| row.request().is_none()),
        "groups are folded at first"
    );
    desk.keys("Enter");
    assert_eq!(desk.state.approvals.list.iter().filter(|row| row.request().is_some()).count(), 6);
    desk.keys("m q");
    assert_eq!(marked(&desk), [13, 14, 15, 16], "on the heading: its rows");
    desk.keys("j j h");
    assert!(desk.state.approvals.list.iter().all(|row| row.request().is_none()));
    assert_eq!(marked(&desk), [13, 14, 15, 16], "folded, not gone");
    desk.keys("S q S k");
    let groups = |desk: &Desk| desk.state.approvals.list.iter().filter(|row| row.request().is_none()).count();
    assert!(groups(&desk) >= 4, "one of each kind");
    desk.shows("permission");
    put(&mut desk, vec![row(40, "Later", "Acme", "x", json!({"expires": time(START + 30 * DAY)}))]);
    desk.keys("S t");
    let picture = desk.picture();
    let at = |text: &str| picture.find(text).unwrap_or_else(|| panic!("{text}: {picture}"));
    assert!(at("due within a day") < at("due later"), "in their own order: {picture}");
    desk.keys("Enter m q S t F");
    desk.send(Msg::Changes(vec![Change::RequestGone(request_id(40), 9)], Time::from_micros(START)));
    go(&mut desk, 14);
    desk.keys("f d");
    desk.shows("filter: due");
    let due = desk.state.approvals.filter.due;
    assert!(!desk.state.approvals.shown.is_empty() && due.is_some());
    desk.keys("F S n");
    assert_eq!(desk.state.approvals.list.len(), 10);
    let first = desk.state.approvals.request_at(0).cloned();
    assert_eq!(first, Some(request_id(17)), "Amélie");
}

#[test]
fn what_comes_while_one_works_moves_neither_the_cursor_nor_the_marks() {
    let mut desk = usual();
    go(&mut desk, 15);
    desk.keys("m q");
    let y = desk.buffer().area.height;
    let before =
        (0..y).find(|y| desk.picture().lines().nth((*y).into()).is_some_and(|line| line.starts_with('>')));
    put(&mut desk, vec![row(1, "Urgent", "Acme", "x", json!({"expires": time(START + 60 * SECOND)}))]);
    let after =
        (0..y).find(|y| desk.picture().lines().nth((*y).into()).is_some_and(|line| line.starts_with('>')));
    assert_eq!(desk.state.approvals.request_at(desk.state.approvals.cursor.at), Some(&request_id(15)));
    assert_eq!(marked(&desk), [13, 14, 15, 16]);
    assert!(before.is_some() && after >= before);
}

#[test]
fn what_was_decided_and_what_was_sent_are_looked_through() {
    let mut desk = queue(120, 40, Lang::En);
    let asked = desk.keys("g h");
    assert_eq!(asked, [Effect::ReadPast(Past::Decided, String::new())]);
    let old = |n: u128, days: i64| {
        let mut request = decided(n, "reject", "li.na", START - DAY);
        request.queued = false;
        request.allowed = Vec::new();
        if let Some(decision) = &mut request.decision {
            decision.at = Time::from_micros(START - days * DAY);
        }
        request
    };
    let page = (vec![old(31, 3), old(32, 2)], Some("next".to_owned()));
    let asked = desk.send(Msg::Answer(Answer::PastRead(Past::Decided, String::new(), Ok(page))));
    assert_eq!(asked, [Effect::ReadPast(Past::Decided, "next".to_owned())]);
    desk.send(Msg::Answer(Answer::PastRead(Past::Decided, "next".to_owned(), Ok((vec![old(33, 4)], None)))));
    match desk.state.layers.last() {
        Some(Layer::Past(layer)) => assert_eq!(layer.list, [32, 31, 33].map(request_id), "newest first"),
        other => panic!("{other:?}"),
    }
    desk.shows("rejected by li.na: not known to me");
    desk.shows("EXT-02, policy v1");
    desk.keys("Enter");
    assert!(matches!(desk.state.layers.last(), Some(Layer::Request { id, .. }) if *id == request_id(32)));
    desk.keys("Esc Esc");
    desk.keys("g s");
    let mine = row(
        41,
        "张三",
        "",
        "",
        json!({
            "direction": "outgoing", "part": "requester", "queued": false, "target": {"name": "Ana Souza", "company": "Arcadie SA"},
            "allowed": ["withdraw", "answer"],
        }),
    );
    desk.send(Msg::Answer(Answer::PastRead(Past::Sent, String::new(), Ok((vec![mine], None)))));
    desk.shows("Ana Souza");
    desk.keys("X");
    desk.shows("They see that it was taken back");
    desk.pass(SECOND);
    let asked = desk.keys("2 Enter");
    assert!(matches!(&asked[..], [Effect::Converse { what: Converse::Withdraw, .. }]), "{asked:?}");
    desk.state.in_flight.clear();
    desk.keys("i");
    desk.type_in("in hall 3");
    let asked = desk.keys("Enter");
    assert!(matches!(&asked[..], [Effect::Converse { what: Converse::Answer(_), .. }]), "{asked:?}");
}

#[test]
fn two_approvals_have_two_ticks_and_a_handover_its_items() {
    let mut desk = queue(120, 40, Lang::En);
    go(&mut desk, 17);
    let by = json!({"id": "li.na", "name": "李娜"});
    let steps = json!({"steps": [{"kind": "approve", "part": "target", "by": by, "at": time(START - HOUR)}]});
    let detail = detail_of(6, steps);
    desk.send(Msg::Answer(Answer::RequestDetailRead(request_id(17), Ok(Box::new(detail)))));
    desk.shows("[x] whoever is asked: 李娜");
    desk.shows("[ ] manager of who is asked");
    go(&mut desk, 16);
    desk.shows("you stand in: 李娜");
    go(&mut desk, 20);
    let items = json!({"handed_over": [
        {"name": "周婷", "company": "碧波数据", "pending": false, "state": "told", "due": time(START + DAY)},
        {"name": "Olu", "pending": true, "state": "failed", "reason": "contact_limit"},
    ]});
    desk.send(Msg::Answer(Answer::RequestDetailRead(request_id(20), Ok(Box::new(detail_of(9, items))))));
    for text in ["17", "周婷, 碧波数据 · 05-29 20:26", "Olu · pending request"] {
        desk.shows(text);
    }
}

#[test]
fn w_says_which_rule_and_t_what_they_asked_before() {
    let mut desk = usual();
    go(&mut desk, 13);
    desk.keys("w");
    desk.shows("Rule EXT-02");
    desk.keys("Esc T");
    desk.shows("Still fetching");
    desk.send(Msg::Answer(Answer::RequestDetailRead(request_id(13), Ok(Box::new(detail_of(2, known()))))));
    desk.shows("Earlier requests of this person");
    desk.shows("rejected  李娜");
    desk.shows("李娜 -> 周婷");
    desk.keys("Esc");
    assert!(desk.read.contains(&request_id(13)), "everything about the row was asked for");
}

const MARKING: [&str; 25] = [
    "Space", "v", "j", "k", "G", "g g", "m a", "m n", "m i", "m c", "m q", "m f", "m o", "f m", "f f", "f c",
    "f q", "f d", "F", "S q", "S k", "S t", "S d", "Enter", "Esc",
];

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_marked_is_shown_and_no_yes_to_many_holds_a_warning(
        keys in prop::collection::vec(prop::sample::select(MARKING.to_vec()), 1..25),
        news in prop::collection::vec((11..20_u128, any::<bool>()), 0..4),
    ) {
        let mut desk = usual();
        let mut news = news.into_iter();
        for key in keys {
            desk.keys(key);
            // Some come with a warning that they had not, some go.
            if key == "v" {
                for (n, flagged) in news.by_ref().take(1) {
                    let now = Time::from_micros(START);
                    if flagged {
                        let flags = json!({"flags": ["burst"], "revision": 7, "as_of": 7});
                        put(&mut desk, vec![row(n, "Changed", "Newco", "desk", flags)]);
                    } else {
                        desk.send(Msg::Changes(vec![Change::RequestGone(request_id(n), 8)], now));
                    }
                }
            }
            let approvals = &desk.state.approvals;
            prop_assert!(approvals.marks.iter().all(|id| approvals.shown.contains(id)));
        }
        while !desk.state.layers.is_empty() {
            desk.keys("Esc");
        }
        let marks = desk.state.approvals.marks.clone();
        if marks.is_empty() {
            return Ok(());
        }
        desk.keys("a");
        desk.pass(SECOND);
        let asked = desk.keys("2 Enter");
        for id in pieces(&asked).into_iter().flat_map(|(_, ids)| ids) {
            prop_assert!(marks.contains(&id));
            let request = desk.state.data.request(&id).unwrap();
            prop_assert!(request.flags.is_empty(), "{:?}", request.flags);
        }
    }
}
