//! Reaching somebody: the answer before the words, answers that come too late, what can be done instead
//! being done, and the keys that lead there.

use namecard::domain::{
    Aim, Aimed, Candidate, Explained, Fault, LinkedPerson, Place, Refusal, Request, Said, ScanFault, Scanned,
    Verdict,
};
use namecard::i18n::Lang;
use namecard::tui::model::{AimBy, Answer, Effect, Layer, Msg, Stage, Tab, Ticket, WizardLayer};
use serde_json::{Value, json};

use crate::desk::{Desk, contact_id, request, request_id};

/// An answer of the policy about somebody.
pub fn told(code: &str, meant: Value, alternatives: Value) -> Aimed {
    let explained: Explained = serde_json::from_value(json!({
        "verdict": {"code": code, "rule": "EXT-03", "policy_version": 3, "alternatives": alternatives},
        "meant": meant,
        "chain": [{"code": "colleague", "rule": "EXT-13", "passed": true}, {"code": code, "rule": "EXT-03", "passed": false}],
        "manager_asking": false, "automatic": false, "sent_today": 2, "sent_most": 20,
    }))
    .unwrap();
    Aimed { to: "kern@northgrid.example".into(), name: None, explained, scanned: None }
}

pub fn outside() -> Aimed {
    let meant = json!({"kind": "outside", "name": "陈静 Kern\u{202e}", "company": "北网 Northgrid", "title": "Buyer"});
    let mut aimed = told("allowed_namecard", meant, json!([]));
    aimed.name = Some("陈静 Kern\u{202e}".into());
    aimed
}

pub fn refused() -> Aimed {
    let steps = json!([
        {"step": "ask_for_card"}, {"step": "show_card"}, {"step": "ask_for_link"}, {"step": "use_personal"},
    ]);
    told("company_not_linked", json!({"kind": "unknown"}), steps)
}

/// The newest question and what it asks.
#[track_caller]
fn question(asked: &[Effect]) -> (Ticket, String, AimBy) {
    match asked.last() {
        Some(Effect::Aim { ticket, text, by, .. }) => (*ticket, text.clone(), *by),
        _ => panic!("{asked:?}"),
    }
}

fn answer(desk: &mut Desk, ticket: Ticket, aimed: Aimed) -> Vec<Effect> {
    desk.send(Msg::Answer(Answer::Aimed(ticket, Box::new(Aim::One(Box::new(aimed))))))
}

/// The wizard with somebody typed and answered.
pub fn asked_about(desk: &mut Desk, aimed: Aimed) {
    desk.keys("+");
    let (ticket, ..) = question(&desk.type_in("kern@northgrid.example"));
    answer(desk, ticket, aimed);
}

fn wizard(desk: &Desk) -> &WizardLayer {
    match desk.state.layers.last() {
        Some(Layer::Wizard(layer)) => layer,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_answer_comes_before_any_words_and_what_for_is_asked_only_after_a_yes() {
    let mut desk = Desk::usual();
    desk.keys("+");
    desk.shows("The policy's answer comes");
    let (ticket, text, by) = question(&desk.type_in("kern@northgrid.example"));
    assert_eq!((text.as_str(), by), ("kern@northgrid.example", AimBy::Typing));
    desk.shows("Looking…");
    desk.hides("3 What for");
    answer(&mut desk, ticket, outside());
    for says in [
        "陈静 Kern<U+202E> · Buyer · 北网 Northgrid",
        "Allowed: there is a live",
        "2 of 20 requests sent today",
    ] {
        desk.shows(says);
    }
    desk.hides("3 What for");
    assert_eq!(desk.keys("Enter"), []);
    desk.shows("3 What for");
    desk.type_in("the fair");
    assert_eq!(desk.keys("Enter"), [], "one line more");
    desk.type_in("hall 3");
    let asked = desk.keys("Enter");
    let [Effect::Ask { request, key }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(
        (request.to.as_data(), request.purpose.as_data(), request.message.as_ref().unwrap().as_data()),
        ("kern@northgrid.example", "the fair", "hall 3")
    );
    assert_eq!(key.len(), 32);
    assert_eq!(desk.keys("Enter"), [], "it is on its way once");
    // It is on its way: leaving asks.
    assert_eq!(desk.state.writing, 1);
    let sent = own_request(30, 1);
    desk.send(Msg::Answer(Answer::Asked(Ok(Box::new(sent)))));
    assert!(desk.state.layers.is_empty() && desk.state.writing == 0);
    desk.shows("Request sent.");
    assert!(desk.state.data.request(&request_id(30)).is_some());
}

/// A request of one's own.
fn own_request(n: u128, revision: i64) -> Request {
    request(
        n,
        "张三",
        "云帆科技",
        1_000_000,
        json!({
            "revision": revision, "direction": "outgoing", "part": "requester", "queued": false,
            "target": {"name": "陈静 Kern", "company": "Northgrid"}, "allowed": ["withdraw"],
            "verdict": {"code": "request_pending", "rule": "EXT-10", "policy_version": 3, "alternatives": [
                {"step": "open_request", "id": request_id(n)}, {"step": "withdraw", "id": request_id(n)}]},
        }),
    )
}

#[test]
fn an_answer_to_something_else_is_dropped() {
    let mut desk = Desk::usual();
    desk.keys("+");
    let (old, ..) = question(&desk.type_in("kern"));
    let (new, text, _) = question(&desk.type_in("@northgrid.example"));
    assert!(old < new && text == "kern@northgrid.example");
    answer(&mut desk, old, outside());
    desk.hides("Allowed");
    assert_eq!(wizard(&desk).aim, None);
    answer(&mut desk, new, refused());
    desk.shows("Not allowed");
    // Whom is typed anew: the answer is about somebody else, and no request goes out by it.
    desk.keys("Backspace");
    desk.hides("Not allowed");
    assert_eq!(wizard(&desk).aim, None);
    answer(&mut desk, new, outside());
    assert_eq!(wizard(&desk).aim, None, "it was answered before");
    // Emptied: nothing is asked.
    assert_eq!(desk.keys("Ctrl-u"), []);
    desk.shows("The policy's answer comes");
}

#[test]
fn enter_before_the_answer_goes_on_when_it_is_there() {
    let mut desk = Desk::usual();
    desk.keys("+");
    let (ticket, ..) = question(&desk.type_in("kern"));
    assert_eq!(desk.keys("Enter"), []);
    assert_eq!(wizard(&desk).stage, Stage::Who);
    answer(&mut desk, ticket, outside());
    assert_eq!(wizard(&desk).stage, Stage::Purpose);
    // Back by Esc, field by field; nothing typed is lost on the way.
    desk.type_in("the fair");
    desk.keys("Tab");
    desk.type_in("hall 3");
    desk.keys("Esc Esc");
    assert_eq!((wizard(&desk).stage, wizard(&desk).purpose.text()), (Stage::Who, "the fair"));
    desk.keys("Enter Tab");
    assert_eq!((wizard(&desk).stage, wizard(&desk).message.text()), (Stage::Message, "hall 3"));
    desk.keys("Esc Esc Esc");
    assert!(desk.state.layers.is_empty());
}

#[test]
fn a_colleague_is_opened_and_a_contact_too() {
    let mut desk = Desk::usual();
    desk.keys("3 +");
    let (ticket, ..) = question(&desk.type_in("王小明"));
    desk.keys("Enter");
    let steps = json!([{"step": "open_member", "id": "wang.xm"}]);
    answer(&mut desk, ticket, told("colleague", json!({"kind": "colleague", "id": "wang.xm"}), steps));
    assert_eq!(desk.state.tab, Tab::Directory);
    assert!(matches!(desk.state.layers.as_slice(), [Layer::Member { id, .. }] if id.as_str() == "wang.xm"));
    desk.keys("Esc +");
    let (ticket, ..) = question(&desk.type_in("noel"));
    desk.keys("Enter");
    let id = contact_id(2);
    let steps = json!([{"step": "open_contact", "id": id}]);
    let asked =
        answer(&mut desk, ticket, told("already_connected", json!({"kind": "contact", "id": id}), steps));
    assert_eq!(asked, [Effect::ReadContact(contact_id(2))], "its history is read");
    assert_eq!(desk.state.tab, Tab::External);
    desk.shows("Amélie Noël");
}

#[test]
fn a_refusal_offers_steps_that_run_by_their_number() {
    let mut desk = Desk::usual();
    asked_about(&mut desk, refused());
    desk.shows("1  ask them for their namecard");
    desk.hides("3 What for");
    // While whom is typed a number is a number.
    desk.keys("2");
    assert!(wizard(&desk).who.text().ends_with('2'));
    desk.keys("Esc");
    asked_about(&mut desk, refused());
    assert_eq!(desk.keys("Enter"), []);
    assert_eq!(wizard(&desk).stage, Stage::Choose);
    // A sentence to send them.
    let asked = desk.keys("1");
    assert!(
        matches!(asked.as_slice(), [Effect::Copy(text)] if text.as_str().contains("namecard")),
        "{asked:?}"
    );
    // The refusal itself, to be sent to whoever set the rule.
    let asked = desk.keys("y r");
    let [Effect::Copy(text)] = asked.as_slice() else { panic!("{asked:?}") };
    assert!(text.as_str().contains("Rule EXT-03") && text.as_str().contains("kern@northgrid.example"));
    // A number without a step does nothing, and leaving sends nothing.
    assert_eq!(desk.keys("9"), []);
    assert_eq!(desk.keys("2"), [Effect::ReadCards, Effect::ReadOwn]);
    assert!(matches!(desk.state.layers.as_slice(), [Layer::Namecard(_)]));
}

#[test]
fn the_permission_is_asked_for_from_the_refusal() {
    let mut desk = Desk::usual();
    let steps =
        json!([{"step": "ask_permission"}, {"step": "ask_colleague", "id": "suzuki", "name": "Sara Suzuki"}]);
    asked_about(&mut desk, told("external_not_granted", json!({"kind": "unknown"}), steps));
    desk.keys("Enter");
    desk.shows("2  ask Sara Suzuki");
    desk.keys("1");
    desk.shows("Ask for the permission");
    assert_eq!(desk.keys("Enter"), [], "without a reason nobody is asked");
    desk.type_in("the fair");
    let asked = desk.keys("Enter");
    let [Effect::AskPermission { purpose, key }] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(purpose.as_data(), "the fair");
    let again = desk.keys("Enter");
    assert!(
        matches!(again.as_slice(), [Effect::AskPermission { key: same, .. }] if same == key),
        "done once"
    );
    desk.send(Msg::Answer(Answer::PermissionAsked(Err(Fault::Unreachable))));
    desk.shows("the fair");
    desk.send(Msg::Answer(Answer::PermissionAsked(Ok(Box::new(own_request(31, 1))))));
    desk.shows("The admins are asked");
    assert!(matches!(desk.state.layers.as_slice(), [Layer::Wizard(_)]), "back where it was asked from");
    // Who deals with it: their card, where a chat begins.
    desk.keys("2");
    assert!(matches!(desk.state.layers.as_slice(), [Layer::Member { id, .. }] if id.as_str() == "suzuki"));
}

#[test]
fn one_of_several_is_chosen_and_asked_for_by_id() {
    let mut desk = Desk::usual();
    desk.keys("+");
    let (ticket, ..) = question(&desk.type_in("kern"));
    let one = |to: &str, name: &str, place| Candidate {
        to: to.into(),
        name: name.into(),
        company: Some("Northgrid".into()),
        title: None,
        place,
    };
    let several =
        vec![one("kern.a", "Anna Kern", Place::Directory), one("x_1", "Dana Kern\u{1b}[2J", Place::Linked)];
    desk.send(Msg::Answer(Answer::Aimed(ticket, Box::new(Aim::Several(several, None)))));
    desk.shows("2  Dana Kern␛[2J · Northgrid · linked company");
    assert_eq!(desk.keys("Enter"), []);
    let (new, text, by) = question(&desk.keys("2"));
    assert_eq!((text.as_str(), by), ("x_1", AimBy::Choice));
    answer(&mut desk, new, outside());
    assert_eq!(wizard(&desk).stage, Stage::Purpose, "it was chosen: on to what for");
    // Typing on asks for what is typed.
    desk.keys("Esc Backspace");
    assert!(matches!(desk.type_in("n").as_slice(), [Effect::Aim { by: AimBy::Typing, .. }]));
}

/// Somebody whom a linked company shows.
pub fn person(n: u128, name: &str) -> LinkedPerson {
    let company =
        if n.is_multiple_of(2) { ("Northgrid 北网", "northgrid") } else { ("Arcadie\u{202e}", "arcadie") };
    serde_json::from_value(json!({
        "id": contact_id(n), "name": name, "title": "Buyer", "department": "采购 Purchasing", "company": company.0,
        "company_id": company.1,
    }))
    .unwrap()
}

#[test]
fn people_of_linked_companies_have_a_list_of_their_own_and_are_asked_from_there() {
    let mut desk = Desk::usual();
    let people = vec![person(102, "单雄信"), person(101, "Zoë Álvarez"), person(104, "Dana Kern")];
    desk.send(Msg::Linked(people, true));
    desk.keys("g l");
    assert_eq!(desk.state.tab, Tab::External);
    desk.shows("linked companies  1/3");
    desk.hides("陈静 Chen Jing");
    let order: Vec<_> = desk.state.external.list.clone();
    assert_eq!(order, [101, 104, 102].map(contact_id), "by company, then by name");
    desk.shows("Arcadie<U+202E>");
    // Why, without knowing them; copying what is known of them; nothing of a contact.
    let (_, text, _) = question(&desk.keys("w"));
    assert_eq!(text, contact_id(101).as_str());
    desk.keys("Esc");
    assert!(matches!(desk.keys("y n").as_slice(), [Effect::Copy(name)] if name.as_str() == "Zoë Álvarez"));
    assert_eq!(desk.keys("e"), []);
    assert_eq!(desk.keys("D"), []);
    assert!(desk.state.layers.is_empty());
    // Enter asks, and the answer comes first.
    desk.keys("j");
    let (ticket, text, by) = question(&desk.keys("Enter"));
    assert_eq!((text.as_str(), by), (contact_id(104).as_str(), AimBy::Choice));
    answer(&mut desk, ticket, outside());
    assert_eq!(wizard(&desk).stage, Stage::Purpose);
    desk.keys("Esc Esc");
    // And back; a list that was emptied says so.
    desk.keys("g l");
    desk.shows("陈静 Chen Jing");
    let mut nobody = Desk::usual();
    nobody.send(Msg::Linked(Vec::new(), true));
    nobody.keys("g l");
    nobody.shows("No linked company shows anybody");
}

#[test]
fn the_search_looks_through_the_section_in_front() {
    let mut desk = Desk::usual();
    desk.send(Msg::Linked(vec![person(101, "Zoë Álvarez"), person(104, "Dana Kern")], true));
    desk.keys("g l /");
    desk.type_in("kern");
    desk.shows("Dana Kern");
    desk.hides("Álvarez");
    let (_, text, _) = question(&desk.keys("Enter"));
    assert_eq!(text, contact_id(104).as_str());
    desk.keys("Esc Esc g l /");
    desk.type_in("kern");
    desk.hides("Dana Kern");
    desk.keys("Esc /");
    desk.type_in("chenjing");
    desk.shows("陈静 Chen Jing");
}

#[test]
fn linked_people_are_looked_through_from_the_refusal() {
    let mut desk = Desk::usual();
    let step = json!([{"step": "search_linked"}, {"step": "ask_for_card"}]);
    asked_about(&mut desk, told("outside_link_scope", json!({"kind": "unknown"}), step.clone()));
    desk.keys("Enter");
    assert_eq!(desk.keys("1"), []);
    desk.shows("No linked company shows anybody");
    desk.send(Msg::Linked((1..=12).map(|n| person(100 + n, &format!("Linked {n}"))).collect(), true));
    desk.keys("1");
    desk.shows("1  Linked 1");
    // More than there are digits: the arrows reach them, and they scroll into sight.
    desk.keys("G");
    desk.shows("Linked 12");
    let (_, text, _) = question(&desk.keys("Enter"));
    assert_eq!(text, contact_id(112).as_str());
    let asked = {
        desk.keys("Ctrl-u");
        desk.type_in("k")
    };
    assert!(matches!(asked.last(), Some(Effect::Aim { .. })), "{asked:?}");
}

#[test]
fn sending_that_fails_keeps_what_was_typed_and_a_refusal_is_the_answer_then() {
    let mut desk = Desk::usual();
    asked_about(&mut desk, outside());
    desk.keys("Enter");
    desk.type_in("the fair");
    let first = desk.keys("Enter Enter");
    desk.send(Msg::Answer(Answer::Asked(Err(Fault::Unreachable))));
    desk.shows("the fair");
    assert_eq!(desk.keys("Enter"), first, "the same under the same key");
    let verdict: Verdict = serde_json::from_value(json!({
        "code": "daily_limit", "rule": "EXT-09", "policy_version": 4,
        "alternatives": [{"step": "show_card"}, {"step": "wait"}],
    }))
    .unwrap();
    desk.send(Msg::Answer(Answer::Asked(Err(Fault::Refused(Box::new(Refusal { verdict }))))));
    assert_eq!(wizard(&desk).stage, Stage::Choose);
    desk.shows("Rule EXT-09");
    assert_eq!(desk.keys("1"), [Effect::ReadCards, Effect::ReadOwn]);
    // Another wizard that says the same is another request.
    desk.keys("Esc");
    asked_about(&mut desk, outside());
    desk.keys("Enter");
    desk.type_in("the fair");
    assert_ne!(desk.keys("Enter Enter"), first);
}

#[test]
fn why_is_told_of_any_row_and_its_steps_run() {
    let mut desk = Desk::usual();
    // Of a colleague and a contact the server is asked.
    desk.keys("/");
    desk.type_in("wxm");
    desk.keys("Enter Esc");
    desk.keys("Esc l j");
    let (ticket, text, by) = question(&desk.keys("w"));
    assert_eq!((text.as_str(), by), ("wang.xm", AimBy::Why));
    let steps = json!([{"step": "open_member", "id": "wang.xm"}]);
    answer(&mut desk, ticket, told("colleague", json!({"kind": "colleague", "id": "wang.xm"}), steps));
    for says in [
        "Why: 王小明",
        "This is a colleague",
        "Rule EXT-03",
        "EXT-13 colleagues need no request: passed",
        "1  open the colleague's card",
    ] {
        desk.shows(says);
    }
    desk.keys("1");
    assert!(matches!(desk.state.layers.as_slice(), [Layer::Member { .. }]));
    // On the card as well.
    question(&desk.keys("w"));
    desk.keys("Esc Esc 2");
    let (_, text, _) = question(&desk.keys("w"));
    assert_eq!(text, contact_id(1).as_str());
    desk.send(Msg::Answer(Answer::Aimed(Ticket(1), Box::new(Aim::Failed(Fault::Unreachable)))));
    desk.shows("Looking…");
    // Of a request its own verdict, without asking.
    desk.keys("Esc 3");
    assert_eq!(desk.keys("w"), []);
    desk.shows("Why: 李雷 Li Lei");
    desk.shows("Rule EXT-02");
    desk.keys("Esc");
    assert!(desk.state.layers.is_empty());
}

#[test]
fn ones_own_request_is_taken_back_from_why() {
    let mut desk = Desk::usual();
    let change = namecard::domain::Change::Request(Box::new(own_request(30, 4)));
    desk.send(Msg::Changes(vec![change], desk.env.now));
    desk.state.layers.push(Layer::Request { id: request_id(30), top: 0 });
    assert_eq!(desk.keys("w"), []);
    desk.shows("Why: 陈静 Kern");
    let asked = desk.keys("2");
    assert!(matches!(asked.as_slice(), [Effect::Withdraw { id, .. }] if *id == request_id(30)), "{asked:?}");
    let mut gone = own_request(30, 5);
    gone.state = namecard::domain::RequestState::Withdrawn;
    desk.send(Msg::Answer(Answer::Withdrawn(request_id(30), Ok(Box::new(gone)))));
    desk.shows("Request taken back.");
    assert_eq!(desk.state.writing, 0);
}

#[test]
fn a_file_says_what_it_is_before_anything_is_done() {
    let mut desk = Desk::usual();
    desk.keys("I");
    desk.shows("Read a code");
    // A path without an end that is known is looked into all the same.
    let (ticket, text, by) = question(&desk.send(Msg::Paste("/tmp/photo of card\nrm -rf".into())));
    assert_eq!((text.as_str(), by), ("/tmp/photo of card", AimBy::TypingFile));
    let said =
        vec![Said::Elsewhere { link: "https://x1.example/\u{1b}[2J".into(), host: "x1.example".into() }];
    let scanned = Scanned { said, pass: None };
    assert_eq!(desk.send(Msg::Answer(Answer::Aimed(ticket, Box::new(Aim::Nowhere(scanned))))), []);
    desk.shows("This leads to x1.example");
    desk.shows("Nothing was opened.");
    assert_eq!(desk.keys("Enter"), [], "and nothing is");
    // The code of a colleague: shown first, opened by one more key.
    desk.keys("Ctrl-u");
    let (ticket, ..) = question(&desk.type_in("a.png"));
    desk.keys("Enter");
    let steps = json!([{"step": "open_member", "id": "wang.xm"}]);
    let mut aimed = told("colleague", json!({"kind": "colleague", "id": "wang.xm"}), steps);
    aimed.scanned = Some(Scanned {
        said: vec![Said::Card("HTTP://127.0.0.1:1/C/7Q2M9K4TZR8VPQ1SWN5YB3XEA1".into())],
        pass: Some(namecard::domain::Pass::Inverted),
    });
    answer(&mut desk, ticket, aimed);
    desk.shows("A namecard of this server");
    desk.shows("light and dark were exchanged");
    assert_eq!(wizard(&desk).stage, Stage::Choose);
    desk.keys("Enter");
    assert!(matches!(desk.state.layers.as_slice(), [Layer::Member { .. }]));
    // Nothing read: what was tried; Enter looks again.
    desk.keys("Esc I");
    let (ticket, ..) = question(&desk.type_in("b.png"));
    let fault = Aim::Unread(ScanFault::NoCode { seen: false });
    desk.send(Msg::Answer(Answer::Aimed(ticket, Box::new(fault))));
    desk.shows("Tried: as is, inverted");
    let (again, ..) = question(&desk.keys("Enter"));
    assert!(again > ticket);
}

#[test]
fn nothing_is_asked_where_there_is_nobody() {
    let mut desk = Desk::empty(80, 24, Lang::En);
    assert_eq!(desk.keys("+ I w"), []);
    assert!(desk.state.layers.is_empty());
}
