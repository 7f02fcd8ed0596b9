//! External contacts over the real router: listed, looked at, renamed, ended, and nobody else's.

use std::time::Duration;

use crate::support::{Reply, World, member};
use axum::http::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;

const WINDOW: Duration = Duration::from_secs(10);

/// A visitor asks and ann says yes; returns the contact.
async fn connect(world: &World, ann: &str, card: &str, name: &str) -> Value {
    world.visitor(card, name, &format!("{}@northgrid.example", name.to_lowercase())).await;
    let queue = world.queue(ann).await;
    let id = queue[0]["id"].as_str().unwrap();
    world.decide(ann, id, 1, &format!("yes-{id}"), json!({"kind": "approve"})).await.ok();
    world.pass(WINDOW);
    contacts(world, ann).await.into_iter().find(|contact| contact["name"] == name).unwrap()
}

async fn contacts(world: &World, token: &str) -> Vec<Value> {
    world.get(token, "/v1/contacts").await.ok()["items"].as_array().unwrap().clone()
}

/// A world in which ann knows Olu.
async fn olu() -> (World, String, String) {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let id = connect(&world, &ann, &card, "Olu").await["id"].as_str().unwrap().to_owned();
    (world, ann, id)
}

async fn remark(world: &World, token: &str, id: &str, revision: i64, key: &str, remark: &str) -> Reply {
    let (path, tag) = (format!("/v1/contacts/{id}/remark"), format!("\"{revision}\""));
    let headers = [("if-match", tag.as_str()), ("idempotency-key", key)];
    world.call_with(token, Method::PUT, &path, &headers, Some(json!({"remark": remark}))).await
}

async fn remove(world: &World, token: &str, id: &str, revision: i64, key: &str) -> Reply {
    let (path, tag) = (format!("/v1/contacts/{id}"), format!("\"{revision}\""));
    let headers = [("if-match", tag.as_str()), ("idempotency-key", key)];
    world.call_with(token, Method::DELETE, &path, &headers, None).await
}

async fn history(world: &World, token: &str, id: &str) -> Vec<Value> {
    world.get(token, &format!("/v1/contacts/{id}")).await.ok()["history"].as_array().unwrap().clone()
}

#[tokio::test]
async fn an_approved_visitor_is_a_contact_as_they_typed_themselves() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let form = world.form(&card).await;
    let fields = [
        ("name", "陈静"),
        ("company", "Bluewave"),
        ("title", "CTO"),
        ("email", "jing@bluewave.example"),
        ("phone", "+44 20 7946 0102"),
        ("purpose", "fair"),
        ("form", &*form),
    ];
    assert_eq!(world.post_form(&card, &fields).await.status, 303);
    let asked = world.queue(&ann).await[0].clone();
    let id = asked["id"].as_str().unwrap();
    world.pass(WINDOW);
    let decided = world.decide(&ann, id, 1, "k", json!({"kind": "approve"})).await.ok();
    assert!(contacts(&world, &ann).await.is_empty(), "not before the window has passed");
    world.pass(WINDOW);

    let listed = contacts(&world, &ann).await;
    assert_eq!(listed.len(), 1);
    let contact = &listed[0];
    for (field, value) in [
        ("name", json!("陈静")),
        ("kind", json!("visitor")),
        ("company", json!("Bluewave")),
        ("title", json!("CTO")),
        ("emails", json!(["jing@bluewave.example"])),
        ("phones", json!(["+44 20 7946 0102"])),
        ("source", json!({"channel": "namecard", "add_way": "they_asked"})),
        ("since", decided["effective_at"].clone()),
        ("revision", json!(1)),
        ("allowed", json!(["edit_remark", "edit_tags", "remove", "hand_over"])),
    ] {
        assert_eq!(contact[field], value, "{field}");
    }
    assert_eq!(contact.get("remark"), None);
    let one = world.get(&ann, &format!("/v1/contacts/{}", contact["id"].as_str().unwrap())).await;
    assert_eq!(one.header("etag"), "\"1\"");
    let one = one.ok();
    assert_eq!(&one["contact"], contact);
    let history = &one["history"];
    assert_eq!(
        history[0],
        json!({"at": decided["decision"]["at"], "what": "approved", "who": {"id": "ann", "name": "安娜 Anna"},
               "rule": "EXT-02", "policy_version": 1})
    );
    assert_eq!((&history[1]["what"], &history[1]["at"]), (&json!("requested"), &asked["created"]));
    assert_eq!(history[1].get("who"), None, "the person outside did it");
    assert_eq!(history.as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn contacts_come_page_by_page_each_once() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    for name in ["Ada", "Ben", "Cai", "Dee", "Eli"] {
        connect(&world, &ann, &card, name).await;
    }
    let mut names = Vec::new();
    let mut path = "/v1/contacts?limit=2".to_owned();
    loop {
        let page = world.get(&ann, &path).await.ok();
        let items = page["items"].as_array().unwrap().clone();
        assert!(items.len() <= 2);
        names.extend(items.iter().map(|contact| contact["name"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("/v1/contacts?limit=2&after={next}");
    }
    names.sort();
    assert_eq!(names, ["Ada", "Ben", "Cai", "Dee", "Eli"]);
    for bad in ["limit=0", "limit=501", "limit=x", "first=1"] {
        world.get(&ann, &format!("/v1/contacts?{bad}")).await.refused("invalid");
    }
}

#[tokio::test]
async fn a_remark_is_written_changed_and_taken_away() {
    let (world, ann, id) = olu().await;
    let written = remark(&world, &ann, &id, 1, "a", "  the man\n from the fair ").await;
    assert_eq!(written.header("etag"), "\"2\"");
    assert_eq!(written.ok()["revision"], 2);
    let one = world.get(&ann, &format!("/v1/contacts/{id}")).await.ok();
    assert_eq!(one["contact"]["remark"], "the man from the fair");
    assert_eq!(one["contact"]["name"], "Olu", "their own name stays");
    assert_eq!(
        (&one["history"][0]["what"], &one["history"][0]["who"]["id"]),
        (&json!("remark_changed"), &json!("ann"))
    );
    let found = world.get(&ann, "/v1/search?q=fair&in=external").await.ok();
    assert_eq!((&found["items"][0]["id"], &found["items"][0]["where"]), (&json!(id), &json!("external")));
    remark(&world, &ann, &id, 2, "b", " ").await.ok();
    let one = world.get(&ann, &format!("/v1/contacts/{id}")).await.ok();
    assert_eq!((one["contact"].get("remark"), &one["contact"]["revision"]), (None, &json!(3)));
    assert_eq!(one["history"].as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn who_comes_second_with_a_remark_is_told_the_present_revision() {
    let (world, ann, id) = olu().await;
    let first = remark(&world, &ann, &id, 1, "a", "one").await;
    let second = remark(&world, &ann, &id, 1, "b", "two").await;
    assert_eq!((second.status.as_u16(), second.header("etag")), (412, "\"2\""));
    assert_eq!(second.refused("revision_changed")["current"]["revision"], 2);
    remove(&world, &ann, &id, 1, "c").await.refused("revision_changed");
    // The lost answer of the first is given again, and nothing is done twice.
    let again = remark(&world, &ann, &id, 1, "a", "one").await;
    assert_eq!((again.header("idempotent-replay"), &again.body), ("true", &first.body));
    remark(&world, &ann, &id, 1, "a", "three").await.refused("key_reused");
    let one = world.get(&ann, &format!("/v1/contacts/{id}")).await.ok();
    assert_eq!((&one["contact"]["remark"], &one["contact"]["revision"]), (&json!("one"), &json!(2)));
    assert_eq!(history(&world, &ann, &id).await.len(), 3);
}

#[tokio::test]
async fn a_remark_has_a_hundred_characters_at_most() {
    let (world, ann, id) = olu().await;
    let refused = remark(&world, &ann, &id, 1, "a", &"张".repeat(101)).await.refused("invalid");
    assert_eq!((&refused["field"], &refused["reason"]), (&json!("remark"), &json!("too_long")));
    remark(&world, &ann, &id, 1, "a", &"张".repeat(100)).await.ok();
    let path = format!("/v1/contacts/{id}/remark");
    let body = Some(json!({"remark": "x"}));
    world.call(&ann, Method::PUT, &path, body.clone()).await.refused("revision_required");
    world.call_with(&ann, Method::PUT, &path, &[("if-match", "\"2\"")], body).await.refused("key_required");
}

#[tokio::test]
async fn a_removed_contact_is_gone_here_and_stays_in_the_log() {
    let (world, ann, id) = olu().await;
    let since = world.get(&ann, "/v1/contacts").await.ok()["as_of"].as_i64().unwrap();
    let gone = remove(&world, &ann, &id, 1, "a").await;
    let again = remove(&world, &ann, &id, 1, "a").await;
    assert_eq!((again.header("idempotent-replay"), &again.body), ("true", &gone.body));
    assert_eq!(gone.ok()["revision"], 2);
    assert!(contacts(&world, &ann).await.is_empty());
    let absent = world.get(&ann, "/v1/contacts/x_00000000000000000000000000").await;
    let removed = world.get(&ann, &format!("/v1/contacts/{id}")).await;
    assert_eq!((absent.status.as_u16(), &absent.body), (404, &removed.body));
    remark(&world, &ann, &id, 2, "b", "x").await.refused("not_found");
    remove(&world, &ann, &id, 2, "c").await.refused("not_found");
    let tail = &id[20..];
    assert_eq!(world.get(&ann, &format!("/v1/lookup?tail={tail}")).await.ok()["ids"], json!([]));
    assert_eq!(world.get(&ann, "/v1/search?q=olu").await.ok()["items"], json!([]));
    let changes = world.get(&ann, &format!("/v1/changes?since={since}")).await.ok();
    assert_eq!(
        (&changes["changes"][0]["type"], &changes["changes"][0]["id"]),
        (&json!("contact_gone"), &json!(id))
    );

    let file = format!("sqlite://{}", world.dir.path().join("namecard.db").display());
    let mut conn = sqlx::SqliteConnection::connect(&file).await.unwrap();
    let told: Vec<(String, String, String)> =
        sqlx::query_as("SELECT action, old_state, new_state FROM audit WHERE object = $1")
            .bind(&id)
            .fetch_all(&mut conn)
            .await
            .unwrap();
    assert_eq!(told, [("contact.remove".to_owned(), "active".to_owned(), "removed".to_owned())]);
}

#[tokio::test]
async fn the_same_person_may_ask_again_after_they_were_removed() {
    let (world, ann, id) = olu().await;
    remove(&world, &ann, &id, 1, "a").await.ok();
    world.pass(Duration::from_secs(24 * 3600));
    let card = world.card(&ann).await;
    let anew = connect(&world, &ann, &card, "Olu").await;
    assert_ne!(anew["id"], json!(id));
}

#[tokio::test]
async fn contacts_of_others_are_not_there() {
    let (world, ann, id) = olu().await;
    world.company("other", "Other", &[member(2, "ann", "Ann", json!({}))]).await;
    let since = 0;
    for (company, who) in [("acme", "bob"), ("acme", "dan"), ("other", "ann")] {
        let token = world.session(company, who).await;
        assert!(contacts(&world, &token).await.is_empty(), "{who} of {company}");
        let absent = world.get(&token, "/v1/contacts/x_00000000000000000000000000").await;
        let hidden = world.get(&token, &format!("/v1/contacts/{id}")).await;
        assert_eq!((hidden.status.as_u16(), &hidden.body), (404, &absent.body));
        remark(&world, &token, &id, 1, "a", "mine").await.refused("not_found");
        // A wrong revision must not tell that there is one.
        remark(&world, &token, &id, 9, "b", "mine").await.refused("not_found");
        remove(&world, &token, &id, 1, "c").await.refused("not_found");
        assert_eq!(world.get(&token, "/v1/search?q=olu").await.ok()["total"], 0);
        assert_eq!(world.get(&token, &format!("/v1/lookup?tail={}", &id[20..])).await.ok()["ids"], json!([]));
        let feed = world.get(&token, &format!("/v1/changes?since={since}")).await.text();
        assert!(!feed.contains(&id) && !feed.contains("Olu"), "{feed}");
        let start = world.get(&token, "/v1/start").await.text();
        assert!(!start.contains(&id) && !start.contains("Olu"), "{start}");
    }
    world.get("", "/v1/contacts").await.refused("unauthenticated");
    world.get(&world.operator, "/v1/contacts").await.refused("forbidden");
    assert_eq!(contacts(&world, &ann).await[0]["revision"], 1, "nothing happened to it");
}
