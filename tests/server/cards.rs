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
