//! The life of a request over the real router: submitted, seen, decided, taken back, withdrawn, expired.

use std::time::Duration;

use crate::support::{World, member};
use axum::http::Method;
use serde_json::json;

const SECOND: Duration = Duration::from_secs(1);
const DAY: Duration = Duration::from_secs(24 * 3600);

#[tokio::test]
async fn an_approval_takes_effect_when_its_window_has_passed() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let status = world.visitor(&card, "陈静", "jing@bluewave.example").await;

    let queue = world.queue(&ann).await;
    assert_eq!(queue.len(), 1);
    let request = &queue[0];
    assert_eq!((&request["state"], &request["revision"]), (&json!("pending"), &json!(1)));
    assert_eq!(request["requester"]["name"], "陈静");
    assert_eq!(request["allowed"], json!(["approve", "reject", "block", "ask", "pass", "snooze"]));
    assert_eq!(
        request["verdict"],
        json!({"code": "allowed_namecard", "rule": "EXT-02", "policy_version": 1})
    );
    let id = request["id"].as_str().unwrap();

    let decided = world.decide(&ann, id, 1, "k1", json!({"kind": "approve"})).await;
    assert_eq!(decided.header("etag"), "\"2\"");
    let decided = decided.ok();
    assert_eq!((&decided["state"], &decided["allowed"]), (&json!("approved"), &json!(["undo"])));

    // Held: in the queue, not counted, nothing heard outside, no contact.
    assert_eq!(world.queue(&ann).await.len(), 1);
    assert_eq!(world.get(&ann, "/v1/requests/count").await.ok()["count"], 0);
    assert!(world.get("", &status).await.text().contains("Waiting for an answer"));
    assert_eq!(world.get(&ann, "/v1/contacts").await.ok()["items"], json!([]));

    world.pass(10 * SECOND);
    assert!(world.queue(&ann).await.is_empty());
    assert!(world.get("", &status).await.text().contains("<h1>Approved</h1>"));
    let contacts = world.get(&ann, "/v1/contacts").await.ok();
    assert_eq!(contacts["items"][0]["name"], "陈静");
    let contact = contacts["items"][0]["id"].as_str().unwrap();
    let history = world.get(&ann, &format!("/v1/contacts/{contact}")).await.ok()["history"].clone();
    assert_eq!((&history[0]["what"], &history[1]["what"]), (&json!("approved"), &json!("requested")));
    world.undo(&ann, id, 2, "k2").await.refused("window_over");
}

#[tokio::test]
async fn undo_brings_a_request_back_and_leaves_no_contact() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &id, 1, "a", json!({"kind": "approve"})).await.ok();
    world.pass(9 * SECOND);
    let back = world.undo(&ann, &id, 2, "b").await.ok();
    assert_eq!((&back["state"], &back["revision"]), (&json!("pending"), &json!(3)));
    assert_eq!(back["effective_at"], json!(null));
    world.pass(60 * SECOND);
    assert_eq!(world.get(&ann, "/v1/contacts").await.ok()["items"], json!([]));
    // Decided anew, from the revision that is on the screen now.
    world.decide(&ann, &id, 1, "c", json!({"kind": "approve"})).await.refused("revision_changed");
    world.decide(&ann, &id, 3, "d", json!({"kind": "reject", "reason": "not_known"})).await.ok();
}

#[tokio::test]
async fn a_request_whose_life_ended_in_the_window_is_expired_after_undo() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let status = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.pass(30 * DAY - 5 * SECOND);
    let ann = world.session("acme", "ann").await;
    world.decide(&ann, &id, 1, "a", json!({"kind": "approve"})).await.ok();
    world.pass(6 * SECOND);
    assert_eq!(world.undo(&ann, &id, 2, "b").await.ok()["state"], "expired");
    assert!(world.queue(&ann).await.is_empty());
    assert!(world.get("", &status).await.text().contains("Expired"));
    world.decide(&ann, &id, 3, "c", json!({"kind": "approve"})).await.refused("not_open");
}

#[tokio::test]
async fn the_same_key_answers_the_same_again_and_does_nothing_twice() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    let first = world.decide(&ann, &id, 1, "key", json!({"kind": "approve"})).await;
    world.pass(20 * SECOND);
    let again = world.decide(&ann, &id, 1, "key", json!({"kind": "approve"})).await;
    assert_eq!(again.header("idempotent-replay"), "true");
    assert_eq!(first.body, again.body);
    world
        .decide(&ann, &id, 1, "key", json!({"kind": "reject", "reason": "not_known"}))
        .await
        .refused("key_reused");
    // The second person gets 412 also for an equal decision.
    let lost = world.decide(&ann, &id, 1, "other", json!({"kind": "approve"})).await;
    assert_eq!(lost.header("etag"), "\"2\"");
    let lost = lost.refused("already_decided");
    assert_eq!(lost["current"]["decided_by"]["id"], "ann");
    assert_eq!(lost["current"]["state"], "approved");
}

#[tokio::test]
async fn a_rejection_needs_a_reason_and_is_told_only_when_ticked() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    for (n, tell) in [(0, false), (1, true)] {
        let status = world.visitor(&card, "Olu", &format!("olu{n}@northgrid.example")).await;
        let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
        world.decide(&ann, &id, 1, "x", json!({"kind": "reject"})).await.refused("invalid");
        world
            .decide(&ann, &id, 1, "y", json!({"kind": "reject", "reason": "other"}))
            .await
            .refused("invalid");
        let body = json!({"kind": "reject", "reason": "other", "text": "not our field", "tell": tell});
        world.decide(&ann, &id, 1, &format!("z{n}"), body).await.ok();
        world.pass(10 * SECOND);
        let page = world.get("", &status).await.text();
        assert!(page.contains("Not accepted"));
        assert_eq!(page.contains("not our field"), tell);
    }
}

#[tokio::test]
async fn withdrawing_wins_over_a_decision_that_nobody_has_heard_of() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let status = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &id, 1, "a", json!({"kind": "approve"})).await.ok();
    let gone = world.post_form(&format!("{status}/withdraw"), &[]).await;
    assert_eq!((gone.status.as_u16(), gone.header("location")), (303, status.as_str()));
    assert!(world.queue(&ann).await.is_empty());
    world.pass(60 * SECOND);
    assert!(world.get("", &status).await.text().contains("Withdrawn"));
    assert_eq!(world.get(&ann, "/v1/contacts").await.ok()["items"], json!([]));
    // Withdrawing again, or after the end, changes nothing.
    assert_eq!(world.post_form(&format!("{status}/withdraw"), &[]).await.status, 303);
}

#[tokio::test]
async fn what_belongs_to_others_is_not_there() {
    let world = World::acme().await;
    world.company("other", "Other", &[member(2, "ann", "Ann", json!({}))]).await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let stranger = world.session("other", "ann").await;
    let card = world.card(&ann).await;
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let id = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    for token in [&bob, &stranger] {
        assert!(world.queue(token).await.is_empty());
        let absent = world.get(token, "/v1/requests/r_00000000000000000000000000").await;
        let hidden = world.get(token, &format!("/v1/requests/{id}")).await;
        assert_eq!((absent.status, &absent.body), (hidden.status, &hidden.body));
        world.decide(token, &id, 1, "k", json!({"kind": "approve"})).await.refused("not_found");
        assert_eq!(
            world.get(token, &format!("/v1/lookup?tail={}", id.get(20..).unwrap())).await.ok()["ids"],
            json!([])
        );
    }
    assert_eq!(
        world.get(&ann, &format!("/v1/lookup?tail={}", id.get(20..).unwrap())).await.ok()["ids"],
        json!([id])
    );
    world.get("", "/v1/requests").await.refused("unauthenticated");
    world.get("nc_ses_bad", "/v1/requests").await.refused("unauthenticated");
    world.get(&world.operator, "/v1/requests").await.refused("forbidden");
}

#[tokio::test]
async fn writes_name_their_revision_and_their_key() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let path = "/v1/requests/r_00000000000000000000000000/decision";
    let body = || Some(json!({"kind": "approve"}));
    world.call(&ann, Method::POST, path, body()).await.refused("revision_required");
    let headers = [("if-match", "\"1\"")];
    world.call_with(&ann, Method::POST, path, &headers, body()).await.refused("key_required");
    let headers = [("if-match", "1"), ("idempotency-key", "k")];
    world.call_with(&ann, Method::POST, path, &headers, body()).await.refused("invalid");
    let headers = [("if-match", "\"1\""), ("idempotency-key", "k")];
    let unknown = Some(json!({"kind": "approve", "extra": 1}));
    let refused = world.call_with(&ann, Method::POST, path, &headers, unknown).await.refused("invalid");
    assert_eq!((&refused["field"], &refused["reason"]), (&json!("body"), &json!("unknown_field")));
}

#[tokio::test]
async fn the_room_for_contacts_comes_with_the_data_and_the_server_holds_it() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let rule = "[[rule]]\nid = \"L\"\ntitle = \"few\"\nowner = \"Sue\"\nreason = \"so\"\ncontact_limit = 2\n";
    let headers = [("idempotency-key", "p"), ("if-match", "\"1\"")];
    let body = json!({"company": "acme", "document": rule});
    world.call_with(&world.operator, Method::PUT, "/v1/policy", &headers, Some(body)).await.ok();
    for n in 0..3 {
        world.visitor(&card, &format!("V {n}"), &format!("v{n}@b{n}.example")).await;
    }
    let start = world.get(&ann, "/v1/start").await.ok();
    let refusal = &start["room"]["verdict"];
    assert_eq!(
        (&start["room"]["left"], &refusal["rule"], &refusal["set_by"]),
        (&json!(2), &json!("L"), &json!("Sue"))
    );
    let queue = world.queue(&ann).await;
    let ids: Vec<&str> = queue.iter().map(|row| row["id"].as_str().unwrap()).collect();
    let left = async || {
        let since = start["as_of"].as_i64().unwrap();
        world.get(&ann, &format!("/v1/changes?since={since}")).await.ok()["room"]["left"].clone()
    };
    // One that is held takes its room, and gives it back with an undo.
    world.decide(&ann, ids[0], 1, "a", json!({"kind": "approve"})).await.ok();
    assert_eq!(left().await, 1);
    world.undo(&ann, ids[0], 2, "b").await.ok();
    assert_eq!(left().await, 2);
    world.decide(&ann, ids[0], 3, "c", json!({"kind": "approve"})).await.ok();
    world.decide(&ann, ids[1], 1, "d", json!({"kind": "approve"})).await.ok();
    assert_eq!(left().await, 0);
    // The refusal that was told before is the one that comes.
    let refused = world.decide(&ann, ids[2], 1, "e", json!({"kind": "approve"})).await.refused("refused");
    assert_eq!(refused["verdict"], *refusal);
    assert_eq!(refused["verdict"]["alternatives"][0]["step"], "make_room");
    // Without a limit no number is told.
    let headers = [("idempotency-key", "q"), ("if-match", "\"2\"")];
    let body = json!({"company": "acme", "document": rule.replace("= 2", "= \"unlimited\"")});
    world.call_with(&world.operator, Method::PUT, "/v1/policy", &headers, Some(body)).await.ok();
    assert_eq!(world.get(&ann, "/v1/start").await.ok()["room"], json!(null));
}

#[tokio::test]
async fn who_sees_somebody_sees_that_they_are_away_and_who_decides_meanwhile() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let since = world.get(&bob, "/v1/start").await.ok()["as_of"].as_i64().unwrap();
    let until = world.clock.now().after(DAY);
    let headers = [("idempotency-key", "s"), ("if-match", "\"0\"")];
    let body = json!({"accepts": true, "away_until": until, "stand_in": "cho"});
    world.call_with(&ann, Method::PUT, "/v1/settings", &headers, Some(body)).await.ok();
    let away = json!({"until": until, "stand_in": {"id": "cho", "name": "单雄"}});
    let news = world.get(&bob, &format!("/v1/changes?since={since}")).await.ok();
    assert_eq!(news["changes"][0]["member"]["away"], away, "everybody hears: {news}");
    for path in ["/v1/members/ann", "/v1/members", "/v1/start"] {
        let told = world.get(&bob, path).await.ok();
        let all = [told.clone(), told["items"].clone(), told["members"].clone()];
        let all = all.iter().flat_map(|list| list.as_array().cloned().unwrap_or_else(|| vec![list.clone()]));
        assert!(all.clone().any(|member| member["away"] == away), "{path}");
    }
    // A stand-in whom one does not see is not named.
    let rule = "[[rule]]\nid = \"H\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\nmember = \"cho\"\nhidden = true\n";
    let headers = [("idempotency-key", "p"), ("if-match", "\"1\"")];
    let body = json!({"company": "acme", "document": rule});
    world.call_with(&world.operator, Method::PUT, "/v1/policy", &headers, Some(body)).await.ok();
    assert_eq!(world.get(&bob, "/v1/members/ann").await.ok()["away"], json!({"until": until}));
    world.pass(DAY);
    assert_eq!(world.get(&bob, "/v1/members/ann").await.ok()["away"], json!(null), "they are back");
}
