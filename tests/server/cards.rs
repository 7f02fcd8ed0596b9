//! The printed card over the real router: made once, rotated, ended, and told to nobody who may not know.

use std::time::Duration;

use crate::support::{Reply, World, acme_rows, hidden_field, member};
use axum::http::Method;
use namecard::qr::{Code, Level};
use serde_json::{Value, json};
use sqlx::Connection as _;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);
const ORIGIN: &str = "HTTP://127.0.0.1:45678";
const NOWHERE: &str = "/C/7Q2M9K4TZR8VPQ1SWN5YB3XE01";

async fn card(world: &World, token: &str) -> Value {
    world.call(token, Method::PUT, "/v1/card", Some(json!({}))).await.ok()
}

async fn rotate(world: &World, token: &str, revision: i64, key: &str, leaked: bool) -> Reply {
    let tag = format!("\"{revision}\"");
    let headers = [("if-match", tag.as_str()), ("idempotency-key", key)];
    let cards = world.get(token, "/v1/cards").await.ok();
    let path = format!("/v1/cards/{}/rotate", cards["items"][0]["id"].as_str().unwrap_or("c_0"));
    world.call_with(token, Method::POST, &path, &headers, Some(json!({"leaked": leaked}))).await
}

fn path(card: &Value) -> String {
    card["link"].as_str().unwrap().strip_prefix(ORIGIN).unwrap().to_owned()
}

/// Whether the page of each card opens.
async fn open(world: &World, cards: &[&Value]) -> Vec<bool> {
    let mut open = Vec::new();
    for card in cards {
        open.push(world.get("", &path(card)).await.status == 200);
    }
    open
}

/// Actions and new states of the audit log, oldest first.
async fn audit(world: &World) -> Vec<(String, String)> {
    let file = format!("sqlite://{}", world.dir.path().join("namecard.db").display());
    let mut conn = sqlx::SqliteConnection::connect(&file).await.unwrap();
    sqlx::query_as("SELECT action, new_state FROM audit WHERE action LIKE 'card.%' ORDER BY seq")
        .fetch_all(&mut conn)
        .await
        .unwrap()
}

#[tokio::test]
async fn the_first_use_makes_the_one_card() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    // Two terminals at once.
    let (first, second) = tokio::join!(card(&world, &ann), card(&world, &ann));
    assert_eq!(first, second);
    world.pass(30 * DAY);
    let ann = world.session("acme", "ann").await;
    let later = card(&world, &ann).await;
    assert_eq!(later, first);
    assert_eq!((&first["kind"], &first["revision"]), (&json!("printed"), &json!(1)));
    assert_eq!(first["owner"], json!({"id": "ann", "name": "安娜 Anna"}));
    assert_eq!((&first["title"], &first["company"]), (&json!("Head of R&D"), &json!("Acme")));
    let life = first["expires"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()
        - first["created"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    assert_eq!(life.get_seconds(), 365 * 24 * 3600);
    let bob = world.session("acme", "bob").await;
    assert_ne!(card(&world, &bob).await["link"], first["link"]);
    assert_eq!(
        audit(&world).await,
        [("card.make".into(), "live".into()), ("card.make".into(), "live".into())]
    );
}

#[tokio::test]
async fn the_link_fits_the_small_code() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let link = card(&world, &ann).await["link"].as_str().unwrap().to_owned();
    let token = link.strip_prefix(&format!("{ORIGIN}/C/")).unwrap();
    assert_eq!(token.len(), 26);
    assert!(token.chars().all(|c| "0123456789ABCDEFGHJKMNPQRSTVWXYZ".contains(c)), "{token}");
    // The characters of the alphanumeric mode, in which 61 of them fit version 3.
    assert!(link.chars().all(|c| c.is_ascii_digit() || c.is_ascii_uppercase() || " $%*+-./:".contains(c)));
    assert!(link.len() <= 61, "{link}");
    assert_eq!(Code::new(&link, Level::M).unwrap().version(), 3);
}

#[tokio::test]
async fn a_rotated_code_goes_on_for_seven_days() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let old = card(&world, &ann).await;
    assert_eq!(old.get("previous_until"), None);
    let new = rotate(&world, &ann, 1, "k", false).await;
    assert_eq!(new.header("etag"), "\"2\"");
    let new = new.ok();
    assert_eq!((&new["id"], &new["revision"]), (&old["id"], &json!(2)));
    assert_ne!(new["link"], old["link"]);
    assert_eq!(card(&world, &ann).await, new);
    assert!(new["previous_until"].is_string());
    assert_eq!(open(&world, &[&old, &new]).await, [true, true]);
    // Both codes lead to the same card: what is asked by the old one is not lost.
    world.visitor(&path(&old), "Olu", "olu@northgrid.example").await;
    assert_eq!(world.queue(&ann).await.len(), 1);

    // Rotating again gives the first code no more time than it had.
    world.pass(3 * DAY);
    let newest = rotate(&world, &ann, 2, "l", false).await.ok();
    world.pass(4 * DAY - SECOND);
    assert_eq!(open(&world, &[&old, &new, &newest]).await, [true, true, true]);
    world.pass(SECOND);
    assert_eq!(open(&world, &[&old, &new, &newest]).await, [false, true, true]);
    world.pass(3 * DAY);
    assert_eq!(open(&world, &[&old, &new, &newest]).await, [false, false, true]);
    assert_eq!(card(&world, &ann).await.get("previous_until"), None);
}

#[tokio::test]
async fn a_leaked_code_ends_at_once_with_all_before_it() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let first = card(&world, &ann).await;
    let form = world.form(&path(&first)).await;
    let second = rotate(&world, &ann, 1, "a", false).await.ok();
    let third = rotate(&world, &ann, 2, "b", true).await.ok();
    assert_eq!(open(&world, &[&first, &second, &third]).await, [false, false, true]);
    assert_eq!(third.get("previous_until"), None);
    // Nor does a form that was open go through.
    let fields = [("name", "Olu"), ("email", "o@b.example"), ("purpose", "p"), ("form", &*form)];
    assert_eq!(world.post_form(&path(&first), &fields).await.status, 404);
    assert!(world.queue(&ann).await.is_empty());
    let told: Vec<_> = audit(&world).await;
    let told: Vec<(&str, &str)> = told.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(told, [("card.make", "live"), ("card.rotate", "live"), ("card.rotate", "leaked")]);
}

#[tokio::test]
async fn a_form_that_was_open_when_its_code_ended_goes_through_for_half_an_hour() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let old = card(&world, &ann).await;
    rotate(&world, &ann, 1, "a", false).await.ok();
    world.pass(7 * DAY - SECOND);
    let form = world.form(&path(&old)).await;
    world.pass(29 * 60 * SECOND);
    assert_eq!(open(&world, &[&old]).await, [false], "the code has ended");
    // What was filled in wrongly comes back in the same form; a key of no form does not.
    let fields = [("name", ""), ("email", "o@b.example"), ("purpose", "p"), ("form", &*form)];
    assert_eq!(world.post_form(&path(&old), &fields).await.status, 400);
    let fields = [("name", "Olu"), ("email", "o@b.example"), ("purpose", "p"), ("form", "x")];
    assert_eq!(world.post_form(&path(&old), &fields).await.status, 404);
    let fields = [("name", "Olu"), ("email", "o@b.example"), ("purpose", "p"), ("form", &*form)];
    let sent = world.post_form(&path(&old), &fields).await;
    assert_eq!(sent.status, 303, "{}", sent.text());
    world.pass(2 * 60 * SECOND);
    let fields = [("name", "Eve"), ("email", "e@b.example"), ("purpose", "p"), ("form", &*form)];
    assert_eq!(world.post_form(&path(&old), &fields).await.status, 404, "half an hour is over");
    assert_eq!(world.queue(&ann).await.len(), 1);
}

#[tokio::test]
async fn a_rotation_names_its_revision_and_its_key() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    rotate(&world, &ann, 1, "k", false).await.refused("not_found");
    card(&world, &ann).await;
    let done = rotate(&world, &ann, 1, "k", false).await;
    let again = rotate(&world, &ann, 1, "k", false).await;
    assert_eq!((again.header("idempotent-replay"), &again.body), ("true", &done.body));
    rotate(&world, &ann, 1, "k", true).await.refused("key_reused");
    let stale = rotate(&world, &ann, 1, "other", true).await;
    assert_eq!(stale.header("etag"), "\"2\"");
    assert_eq!(stale.refused("revision_changed")["current"]["revision"], 2);
    assert_eq!(card(&world, &ann).await, done.json(), "rotated once");
    let body = Some(json!({"leaked": false}));
    world.call(&ann, Method::POST, "/v1/cards/c_0/rotate", body).await.refused("revision_required");
    world.call("", Method::PUT, "/v1/card", Some(json!({}))).await.refused("unauthenticated");
    world.call(&world.operator, Method::PUT, "/v1/card", Some(json!({}))).await.refused("forbidden");
}

#[tokio::test]
async fn a_card_whose_year_is_over_gets_a_new_code_and_the_old_one_stays_dead() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let old = card(&world, &ann).await;
    world.pass(365 * DAY - SECOND);
    assert_eq!(open(&world, &[&old]).await, [true]);
    world.pass(SECOND);
    assert_eq!(open(&world, &[&old]).await, [false]);
    let ann = world.session("acme", "ann").await;
    let new = card(&world, &ann).await;
    assert_eq!((&new["id"], &new["revision"]), (&old["id"], &json!(2)));
    assert_eq!(new.get("previous_until"), None);
    assert_eq!(open(&world, &[&old, &new]).await, [false, true]);
    // Nothing leaked: the log must not say so.
    assert_eq!(audit(&world).await[1], ("card.renew".into(), "live".into()));
}

#[tokio::test]
async fn dead_cards_answer_as_unknown_ones_do() {
    let world = World::acme().await;
    let rows: Vec<Value> = (0..4).map(|n| member(2 + n, &format!("m{n}"), "Mia", json!({}))).collect();
    world.company("other", "Other", &rows).await;
    let mut paths = Vec::new();
    for id in ["ann", "bob", "cho", "dan"] {
        let token = world.session("acme", id).await;
        paths.push(path(&card(&world, &token).await));
    }
    let other = world.session("other", "m0").await;
    let removed = path(&card(&world, &other).await);
    let live = paths.pop().unwrap();
    let form = world.form(&paths[0]).await;
    let ann = world.session("acme", "ann").await;
    rotate(&world, &ann, 1, "k", true).await.ok();

    let mut rows = acme_rows();
    rows[2] = member(3, "bob", "Bob Berg", json!({"departments": [["Acme", "研发"]], "status": "left"}));
    rows[3] = member(4, "cho", "单雄", json!({"departments": [["Acme"]], "status": "disabled"}));
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    let some: Vec<Value> = (1..4).map(|n| member(2 + n, &format!("m{n}"), "Mia", json!({}))).collect();
    world.import(json!({"company": "other"}), &some, json!({"remove_missing": true})).await.ok();
    paths.push(removed);

    let fields = [("name", "Olu"), ("email", "o@b.example"), ("purpose", "p"), ("form", &*form)];
    let unknown = world.get("", NOWHERE).await;
    assert_eq!(unknown.status, 404);
    for (n, dead) in paths.iter().enumerate() {
        for page in [
            world.get("", dead).await,
            world.get("", &format!("{dead}?for=business")).await,
            world.get("", &format!("{dead}/vcard")).await,
            world.post_form(dead, &fields).await,
        ] {
            assert_eq!(page.status, 404, "{n}");
            assert_eq!((&page.headers, &page.body), (&unknown.headers, &unknown.body), "{n}");
        }
    }
    assert_eq!(world.get("", &live).await.status, 200);
}

#[tokio::test]
async fn who_comes_back_gets_a_card_of_their_own_and_the_old_one_stays_dead() {
    let world = World::acme().await;
    let bob = world.session("acme", "bob").await;
    let old = card(&world, &bob).await;
    let mut rows = acme_rows();
    rows[2] = member(3, "bob", "Bob Berg", json!({"status": "left"}));
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    world.call(&bob, Method::PUT, "/v1/card", Some(json!({}))).await.refused("unauthenticated");
    // Being named brings nobody back, being said to work here does.
    world.import(json!({"company": "acme"}), &acme_rows(), json!({})).await.ok();
    let body = Some(json!({"company": "acme", "member": "bob"}));
    world.call(&world.operator, Method::POST, "/v1/sessions", body).await.refused("not_found");
    rows[2] = member(3, "bob", "Bob Berg", json!({"status": "active"}));
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    world.get(&bob, "/v1/requests").await.refused("unauthenticated");
    let bob = world.session("acme", "bob").await;
    let new = card(&world, &bob).await;
    assert_ne!(new["id"], old["id"]);
    assert_eq!(open(&world, &[&old, &new]).await, [false, true]);
}

#[tokio::test]
async fn a_card_of_a_retired_company_is_gone_with_its_status_pages() {
    let world = World::new().await;
    let create = json!({"id": "madeup", "name": "Made Up", "made_up": true});
    let rows = [member(2, "zoe", "Zoe", json!({}))];
    let order = json!({"sign_in": {"member": "zoe"}});
    world.import(json!({"create": create}), &rows, order).await.ok();
    let zoe = world.session("madeup", "zoe").await;
    let card = world.card(&zoe).await;
    let status = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let order = json!({"sign_in": {"member": "ann", "retire_made_up": true}});
    let create = json!({"id": "acme", "name": "Acme"});
    world.import(json!({"create": create}), &acme_rows(), order).await.ok();
    let unknown = world.get("", NOWHERE).await;
    for path in [&card, &status] {
        let page = world.get("", path).await;
        assert_eq!((page.status.as_u16(), &page.body), (404, &unknown.body));
    }
}

#[tokio::test]
async fn other_terminals_hear_that_the_code_is_another_one() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    card(&world, &ann).await;
    let since = world.get(&ann, "/v1/requests").await.ok()["as_of"].as_i64().unwrap();
    rotate(&world, &ann, 1, "k", false).await.ok();
    let path = format!("/v1/changes?since={since}");
    assert_eq!(world.get(&ann, &path).await.ok()["changes"], json!([{"type": "card"}]));
    assert_eq!(world.get(&bob, &path).await.ok()["changes"], json!([]));
}

#[tokio::test]
async fn the_code_comes_from_a_key_that_is_not_in_the_database() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let page = world.get("", &world.card(&ann).await).await;
    assert_eq!(page.status, 200);
    // The key of these tests is 32 times the number 7.
    for file in std::fs::read_dir(world.dir.path()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(32).any(|part| part == [7; 32]));
    }
    assert!(
        hidden_field(&world.get("", &format!("{}?for=business", world.card(&ann).await)).await.text()).len()
            > 60
    );
}

/// Under keys of their own.
fn key() -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("card-{}", NEXT.fetch_add(1, Ordering::Relaxed))
}

async fn make(world: &World, token: &str, kind: &str, like: Value) -> Reply {
    let (key, body) = (key(), json!({"kind": kind, "like": like}));
    world.call_with(token, Method::POST, "/v1/cards", &[("idempotency-key", &key)], Some(body)).await
}

/// A write on a card in the revision that it has.
async fn on(
    world: &World,
    token: &str,
    method: Method,
    card: &Value,
    what: &str,
    body: Option<Value>,
) -> Reply {
    let (key, tag) = (key(), format!("\"{}\"", card["revision"]));
    let headers = [("idempotency-key", key.as_str()), ("if-match", tag.as_str())];
    let path = format!("/v1/cards/{}{what}", card["id"].as_str().unwrap());
    world.call_with(token, method, &path, &headers, body).await
}

async fn policy(world: &World, rule: &str) {
    let now = world.get(&world.operator, "/v1/policy?company=acme").await;
    let (key, tag) = (key(), now.header("etag").to_owned());
    let head = "[[rule]]\nid = \"A\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\n";
    let document = if rule.is_empty() { "# None.\n".to_owned() } else { format!("{head}{rule}\n") };
    let body = json!({"company": "acme", "document": document});
    let headers = [("idempotency-key", key.as_str()), ("if-match", tag.as_str())];
    world.call_with(&world.operator, Method::PUT, "/v1/policy", &headers, Some(body)).await.ok();
}

/// Somebody of another company asks by a card.
async fn asks(world: &World, token: &str, card: &Value) -> Reply {
    let (key, body) = (key(), json!({"to": card["link"], "purpose": "fair"}));
    world.call_with(token, Method::POST, "/v1/requests", &[("idempotency-key", &key)], Some(body)).await
}

/// Everything that waits for somebody is approved, and stands.
async fn approves(world: &World, token: &str) {
    for request in world.queue(token).await.iter().filter(|request| request["state"] == "pending") {
        let id = request["id"].as_str().unwrap();
        let revision = request["revision"].as_i64().unwrap();
        world.decide(token, id, revision, &key(), json!({"kind": "approve"})).await.ok();
    }
    world.pass(11 * SECOND);
}

async fn acme_and_other() -> World {
    let world = World::acme().await;
    let rows = ["zed", "yan", "wes"].map(|id| member(2, id, id, json!({})));
    world.company("other", "Other", &rows).await;
    world
}

const EMAIL: &str = "ann@acme.example";
const MOBILE: &str = "+86 138 0000 4021";

#[tokio::test]
async fn a_card_shows_what_its_owner_ticked_as_far_as_the_policy_lets() {
    let world = acme_and_other().await;
    let ann = world.session("acme", "ann").await;
    let plain = card(&world, &ann).await;
    let like = json!({"label": "fair", "fields": [EMAIL, MOBILE]});
    let full = make(&world, &ann, "event", like.clone()).await.ok();
    assert_eq!((&full["emails"], &full["phones"]), (&json!([EMAIL]), &json!([MOBILE])));
    // Page, file and contact: which of the two stand in each.
    let shown = async |card: &Value, asker: &str| -> [(bool, bool); 3] {
        let has = |text: &str| (text.contains(EMAIL), text.contains(MOBILE));
        let page = world.get("", &path(card)).await.text();
        let file = world.get("", &format!("{}/vcard", path(card))).await.text();
        let asker = world.session("other", asker).await;
        asks(&world, &asker, card).await.ok();
        approves(&world, &ann).await;
        let contacts = world.get(&asker, "/v1/contacts").await.ok();
        let lines = json!([contacts["items"][0]["emails"], contacts["items"][0]["phones"]]);
        [has(&page), has(&file), has(&lines.to_string())]
    };
    assert_eq!(shown(&plain, "zed").await, [(false, false); 3]);
    assert_eq!(shown(&full, "yan").await, [(true, true); 3]);
    policy(&world, "card_fields = [\"email\"]").await;
    assert_eq!(shown(&full, "wes").await, [(true, false); 3]);
    let told = make(&world, &ann, "event", like).await.refused("invalid");
    assert_eq!((&told["field"], &told["reason"]), (&json!("fields"), &json!("not_allowed")));
    policy(&world, "card_fields = []").await;
    let own = world.get(&ann, "/v1/cards").await.ok().to_string();
    assert!(!own.contains(EMAIL) && !own.contains(MOBILE), "{own}");
    policy(&world, "").await;
    for not_hers in ["bob@acme.example", "+86 1", ""] {
        let told = make(&world, &ann, "screen", json!({"fields": [not_hers]})).await.refused("invalid");
        assert_eq!((&told["field"], &told["reason"]), (&json!("fields"), &json!("not_yours")));
    }
    // What the directory no longer has of her is on no card.
    let without = member(2, "ann", "Ann", json!({"departments": [["Acme"]], "email": "", "mobile": MOBILE}));
    world.import(json!({"company": "acme"}), &[without], json!({})).await.ok();
    let page = world.get("", &path(&full)).await.text();
    assert!(!page.contains(EMAIL) && page.contains(MOBILE), "{page}");
}

#[tokio::test]
async fn a_request_that_was_passed_on_does_not_bring_the_numbers_of_whoever_passed_it() {
    let world = acme_and_other().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let zed = world.session("other", "zed").await;
    let shown = make(&world, &ann, "event", json!({"fields": [EMAIL, MOBILE]})).await.ok();
    let sent = asks(&world, &zed, &shown).await.ok();
    let pass = format!("/v1/requests/{}/pass", sent["id"].as_str().unwrap());
    let (key, body) = (key(), json!({"member": "bob"}));
    let headers = [("idempotency-key", key.as_str()), ("if-match", "\"1\"")];
    world.call_with(&ann, Method::POST, &pass, &headers, Some(body)).await.ok();
    approves(&world, &bob).await;
    let contact = &world.get(&zed, "/v1/contacts").await.ok()["items"][0];
    assert_eq!((&contact["name"], &contact["phones"]), (&json!("Bob Berg"), &json!([])));
    assert_eq!(contact["emails"], json!([]));
}

#[tokio::test]
async fn a_card_is_used_as_often_as_its_owner_said_and_then_looks_like_none() {
    let world = acme_and_other().await;
    let ann = world.session("acme", "ann").await;
    for (most, reason) in [(0, "out_of_range"), (-1, "out_of_range"), (1_000_001, "out_of_range")] {
        let told = make(&world, &ann, "event", json!({"max_uses": most})).await.refused("invalid");
        assert_eq!((&told["field"], &told["reason"]), (&json!("max_uses"), &json!(reason)));
    }
    let once = make(&world, &ann, "event", json!({"max_uses": 1})).await.ok();
    let since = world.get(&ann, "/v1/start").await.ok()["as_of"].as_i64().unwrap();
    // Two had their forms open: one of them comes through, and the other one is not told why.
    let forms = [world.form(&path(&once)).await, world.form(&path(&once)).await];
    let typed = |n: usize| {
        let email = ["a@north.example", "b@north.example"][n];
        [("name", "Olu"), ("email", email), ("purpose", "p"), ("form", forms[n].as_str())]
    };
    let (fields, others) = (typed(0), typed(1));
    let at = path(&once);
    let (one, other) = tokio::join!(world.post_form(&at, &fields), world.post_form(&at, &others));
    let unknown = world.get("", NOWHERE).await;
    let late = if one.status == 303 { &other } else { &one };
    assert_eq!(one.status == 303, other.status != 303);
    assert_eq!((late.status, &late.headers, &late.body), (unknown.status, &unknown.headers, &unknown.body));
    assert_eq!(world.queue(&ann).await.len(), 1);
    // Whoever came through and sends it again, as a browser does, comes to their page again.
    let (first, sent, lost) =
        if one.status == 303 { (&one, &fields, &others) } else { (&other, &others, &fields) };
    let again = world.post_form(&at, sent).await;
    assert_eq!((again.status.as_u16(), again.header("location")), (303, first.header("location")));
    for page in [world.get("", &at).await, world.post_form(&at, lost).await] {
        assert_eq!(
            (page.status, &page.headers, &page.body),
            (unknown.status, &unknown.headers, &unknown.body)
        );
    }
    let zed = world.session("other", "zed").await;
    let dead = json!({"link": format!("{ORIGIN}{NOWHERE}")});
    assert_eq!(asks(&world, &zed, &once).await.text(), asks(&world, &zed, &dead).await.text());
    // Its owner sees how often it was used, on every screen at once.
    let listed = world.get(&ann, "/v1/cards").await.ok()["items"][0].clone();
    assert_eq!((&listed["uses"], &listed["max_uses"]), (&json!(1), &json!(1)));
    let news = world.get(&ann, &format!("/v1/changes?since={since}")).await.ok();
    assert!(news["changes"].as_array().unwrap().contains(&json!({"type": "card"})), "{news}");
    // Two more, one of them a member's.
    let more = on(&world, &ann, Method::PUT, &listed, "", Some(json!({"max_uses": 3}))).await.ok();
    assert_eq!((&more["link"], &more["uses"]), (&once["link"], &json!(1)));
    asks(&world, &zed, &once).await.ok();
    world.visitor(&at, "Kim", "kim@south.example").await;
    assert_eq!(open(&world, &[&once]).await, [false]);
    // Where nobody counts, a use is no news of the card.
    let plain = make(&world, &ann, "event", json!({})).await.ok();
    let since = world.get(&ann, "/v1/start").await.ok()["as_of"].as_i64().unwrap();
    world.visitor(&path(&plain), "Lou", "lou@south.example").await;
    let news = world.get(&ann, &format!("/v1/changes?since={since}")).await.ok();
    assert!(!news["changes"].as_array().unwrap().contains(&json!({"type": "card"})), "{news}");
}

#[tokio::test]
async fn each_kind_of_card_has_its_life_and_its_owner_may_make_it_shorter() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let life = async |rule: &str, kind: &str| {
        policy(&world, rule).await;
        let ann = world.session("acme", "ann").await;
        let made = make(&world, &ann, kind, json!({})).await.ok();
        let time = |name: &str| made[name].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
        let life = Duration::try_from(time("expires") - time("created")).unwrap();
        world.pass(life - SECOND);
        let before = open(&world, &[&made]).await;
        world.pass(SECOND);
        assert_eq!((before, open(&world, &[&made]).await), (vec![true], vec![false]), "{kind}");
        life
    };
    assert_eq!(life("", "screen").await, DAY);
    assert_eq!(life("screen_card_hours = 2", "screen").await, 2 * 3_600 * SECOND);
    assert_eq!(life("", "event").await, 30 * DAY);
    assert_eq!(life("event_card_days = 3", "event").await, 3 * DAY);
    assert_eq!(life("", "printed").await, 365 * DAY);
    assert_eq!(life("printed_card_days = 90", "printed").await, 90 * DAY);
    drop(ann);
    policy(&world, "").await;
    let ann = world.session("acme", "ann").await;
    let now = world.clock.now();
    let until = |by: Duration| json!({"expires": now.after(by)});
    for wrong in [until(Duration::ZERO), until(DAY + SECOND)] {
        let told = make(&world, &ann, "screen", wrong).await.refused("invalid");
        assert_eq!((&told["field"], &told["reason"]), (&json!("expires"), &json!("out_of_range")));
    }
    let short = make(&world, &ann, "screen", until(60 * SECOND)).await.ok();
    world.pass(59 * SECOND);
    assert_eq!(open(&world, &[&short]).await, [true]);
    world.pass(SECOND);
    assert_eq!(open(&world, &[&short]).await, [false]);
}

#[tokio::test]
async fn an_event_ends_when_it_ends_however_often_its_code_changes() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let end = world.clock.now().after(5 * DAY);
    let event = make(&world, &ann, "event", json!({"expires": end})).await.ok();
    let screen = make(&world, &ann, "screen", json!({})).await.ok();
    world.pass(3 * 3_600 * SECOND);
    let mut turned = Vec::new();
    for old in [&event, &screen] {
        let new = on(&world, &ann, Method::POST, old, "/rotate", Some(json!({"leaked": false}))).await.ok();
        assert_ne!(new["link"], old["link"]);
        // Only what is printed goes on for a while.
        assert_eq!(new.get("previous_until"), None);
        assert_eq!(open(&world, &[old, &new]).await, [false, true]);
        turned.push(new);
    }
    assert_eq!(turned[0]["expires"], event["expires"]);
    assert_ne!(turned[1]["expires"], screen["expires"]);
    world.pass(5 * DAY - 3 * 3_600 * SECOND - SECOND);
    assert_eq!(open(&world, &[&turned[0]]).await, [true]);
    world.pass(SECOND);
    assert_eq!(open(&world, &[&turned[0]]).await, [false]);
}

#[tokio::test]
async fn so_many_cards_of_a_kind_and_no_more() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let mut screen = Vec::new();
    for _ in 0..20 {
        screen.push(make(&world, &ann, "screen", json!({})).await.ok());
    }
    let full = async |kind: &str| {
        let told = make(&world, &ann, kind, json!({})).await.refused("invalid");
        assert_eq!((&told["field"], &told["reason"]), (&json!("kind"), &json!("too_many")), "{kind}");
    };
    full("screen").await;
    // Others are counted apart; of printed ones the policy says how many, the first one with them.
    for _ in 0..20 {
        make(&world, &ann, "event", json!({})).await.ok();
    }
    full("event").await;
    policy(&world, "printed_cards = 2").await;
    card(&world, &ann).await;
    make(&world, &ann, "printed", json!({})).await.ok();
    full("printed").await;
    // One that was revoked makes room and opens no more; so do those whose life is over.
    on(&world, &ann, Method::DELETE, &screen[0], "", None).await.ok();
    assert_eq!(open(&world, &[&screen[0], &screen[1]]).await, [false, true]);
    make(&world, &ann, "screen", json!({})).await.ok();
    full("screen").await;
    world.pass(DAY);
    make(&world, &ann, "screen", json!({})).await.ok();
    // Nobody else's are hers.
    let bob = world.session("acme", "bob").await;
    make(&world, &bob, "screen", json!({})).await.ok();
    let theirs = screen.last().unwrap();
    on(&world, &bob, Method::DELETE, theirs, "", None).await.refused("not_found");
}

#[tokio::test]
async fn a_card_of_somebody_hidden_looks_like_none() {
    let world = acme_and_other().await;
    let (ann, zed) = (world.session("acme", "ann").await, world.session("other", "zed").await);
    let hers = card(&world, &ann).await;
    let form = world.form(&path(&hers)).await;
    let fields = [("name", "Olu"), ("email", "o@b.example"), ("purpose", "p"), ("form", &*form)];
    let seen = async |card: &Value| {
        let at = path(card);
        let pages = [
            world.get("", &at).await,
            world.get("", &format!("{at}?for=business")).await,
            world.get("", &format!("{at}?for=personal")).await,
            world.get("", &format!("{at}/vcard")).await,
            world.post_form(&at, &fields).await,
        ];
        let body = Some(json!({"to": card["link"]}));
        let why = world.call(&zed, Method::POST, "/v1/verdicts", body).await;
        let asked = asks(&world, &zed, card).await;
        let mut all: Vec<_> = pages.into_iter().chain([why, asked]).collect();
        all.drain(..).map(|reply| (reply.status, reply.headers, reply.body)).collect::<Vec<_>>()
    };
    let dead = json!({"link": format!("{ORIGIN}{NOWHERE}")});
    policy(&world, "member = \"ann\"\nhidden = true").await;
    assert_eq!(seen(&hers).await, seen(&dead).await);
    policy(&world, "").await;
    let (alive, dead) = (seen(&hers).await, seen(&dead).await);
    assert!(alive.iter().zip(&dead).all(|(alive, dead)| alive.0 != dead.0 || alive.2 != dead.2));
}
