//! Requests that only another system can decide: how they come in, that nobody decides them here, and how they go.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use crate::support::{Reply, World};

fn said(member: &str, state: &str, more: Value) -> Value {
    let mut body = json!({
        "company": "acme", "member": member, "state": state, "requester": {"name": "周婷", "company": "碧波数据"},
        "purpose": "fair", "link": "https://work.example/app?id=1",
    });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    body
}

impl World {
    async fn say(&self, key: &str, body: Value) -> Reply {
        let path = format!("/v1/elsewhere/WeCom/{key}");
        self.call(&self.operator, Method::PUT, &path, Some(body)).await
    }

    async fn on_first(&self, token: &str, path: &str, body: Value) -> Reply {
        let headers = [("idempotency-key", path), ("if-match", "\"1\"")];
        self.call_with(token, Method::POST, path, &headers, Some(body)).await
    }
}

#[tokio::test]
async fn what_another_system_says_is_there_once_and_changes_when_it_says_otherwise() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let mut database = world.database().await;
    let first = world.say("apply-1", said("ann", "pending", json!({"label": "booth 4"}))).await.ok();
    assert_eq!((&first["revision"], &first["state"]), (&json!(1), &json!("pending")));
    let before = database.content().await;
    let again = world.say("apply-1", said("ann", "pending", json!({"label": "booth 4"}))).await.ok();
    assert_eq!(again, first);
    assert_eq!(database.content().await, before, "said again, nothing is written");

    let queue = world.queue(&ann).await;
    assert_eq!(queue.len(), 1);
    let request = &queue[0];
    let other = json!({"system": "WeCom", "link": "https://work.example/app?id=1"});
    assert_eq!(request["elsewhere"], other);
    assert_eq!((&request["card_label"], &request["allowed"]), (&json!("booth 4"), &json!(["snooze"])));
    let open = json!([{"step": "open_elsewhere", "id": other["link"], "name": "WeCom"}]);
    let verdict =
        json!({"code": "decided_elsewhere", "rule": "APR-02", "policy_version": 1, "alternatives": open});
    assert_eq!(request["verdict"], verdict);
    assert_eq!(world.get(&ann, "/v1/requests/count").await.ok()["count"], 1);

    // Another name there is another request here; the same one can go to somebody else, who alone has it then.
    world.say("apply-2", said("ann", "pending", json!({}))).await.ok();
    assert_eq!(world.queue(&ann).await.len(), 2);
    let since = world.get(&ann, "/v1/start").await.ok()["as_of"].as_i64().unwrap();
    let moved = world.say("apply-1", said("bob", "pending", json!({"label": "booth 4"}))).await.ok();
    assert_eq!((&moved["id"], &moved["revision"]), (&first["id"], &json!(2)));
    assert_eq!((world.queue(&ann).await.len(), world.queue(&bob).await.len()), (1, 1));
    let news = world.get(&ann, &format!("/v1/changes?since={since}")).await.ok();
    assert_eq!(news["changes"][0]["type"], "request_gone", "whoever had it hears that it is gone: {news}");

    // Whoever is not there gets nothing; what is no good is refused and writes nothing.
    let before = database.content().await;
    world.say("apply-3", said("eve", "pending", json!({}))).await.refused("not_found");
    world.say("apply-3", said("nobody", "pending", json!({}))).await.refused("not_found");
    for (field, more) in [
        ("link", json!({"link": "http://work.example/"})),
        ("link", json!({"link": "https://acme.example@evil.example/"})),
        ("requester.name", json!({"requester": {"name": " \u{202e}"}})),
        ("requester.email", json!({"requester": {"name": "A", "email": "a"}})),
        ("purpose", json!({"purpose": "x".repeat(201)})),
        ("body", json!({"colour": "red"})),
    ] {
        let told = world.say("apply-3", said("ann", "pending", more)).await.refused("invalid");
        assert_eq!(told["field"], field, "{told}");
    }
    let path = format!("/v1/elsewhere/{}/x", "y".repeat(33));
    let long = world.call(&world.operator, Method::PUT, &path, Some(said("ann", "pending", json!({})))).await;
    assert_eq!(long.refused("invalid")["field"], "system");
    assert_eq!(database.content().await, before);
    let twice = "INSERT INTO requests SELECT 999, company, requester, requester_company, 'x', revision, kind, target,
        name, company_name, title, email, phone, email_key, phone_key, purpose, message, channel, introduced_by, card,
        card_label, flags, created_at, expires_at, state, effective_at, manager_asked, manager_asking, until,
        verdict_code, rule, policy_version, NULL, NULL, NULL, system, system_key, system_link, system_ended_at
        FROM requests WHERE system_key = 'apply-1'";
    let refused = sqlx::raw_sql(twice).execute(&mut database.0).await.unwrap_err().to_string();
    assert!(refused.contains("requests.system_key"), "a system has one request of a name: {refused}");
}

#[tokio::test]
async fn nobody_decides_here_what_only_another_system_can() {
    let world = World::acme().await;
    let tokens = [world.session("acme", "ann").await, world.session("acme", "cho").await];
    let away = json!({
        "accepts": true, "away_until": world.clock.now().after(Duration::from_secs(3_600)), "stand_in": "cho",
    });
    let headers = [("idempotency-key", "away"), ("if-match", "\"0\"")];
    world.call_with(&tokens[0], Method::PUT, "/v1/settings", &headers, Some(away)).await.ok();
    let id = world.say("1", said("ann", "pending", json!({}))).await.ok()["id"].as_str().unwrap().to_owned();
    world.card(&tokens[0]).await;
    let bob = world.session("acme", "bob").await;
    let mut database = world.database().await;
    let before = database.content().await;
    for token in &tokens {
        for (what, body) in [
            ("decision", json!({"kind": "approve"})),
            ("decision", json!({"kind": "reject", "reason": "not_known"})),
            ("decision", json!({"kind": "block", "reason": "looks_fake"})),
            ("undo", json!({})),
            ("question", json!({"text": "Which?"})),
            ("answer", json!({"text": "This"})),
            ("pass", json!({"member": "bob"})),
            ("assign", json!({"member": "bob"})),
            ("withdraw", json!({})),
        ] {
            let path = format!("/v1/requests/{id}/{what}");
            let told = world.on_first(token, &path, body.clone()).await.refused("refused");
            let verdict = &told["verdict"];
            assert_eq!((&verdict["code"], &verdict["rule"]), (&json!("decided_elsewhere"), &json!("APR-02")));
            assert_eq!(verdict["alternatives"][0]["id"], "https://work.example/app?id=1");
            // For whom it is not there it is not there in this way either.
            world.on_first(&bob, &path, body).await.refused("not_found");
        }
        let decision = json!({"kind": "approve"});
        let items = json!([{"id": id, "revision": 1, "key": "k", "decision": decision}]);
        let many = world.call(token, Method::POST, "/v1/decisions", Some(json!({"items": items}))).await.ok();
        assert_eq!(many["items"][0]["problem"]["verdict"]["code"], "decided_elsewhere");
    }
    assert_eq!(database.content().await, before, "and nothing was written");
    // One's own mark is no decision.
    let until = world.clock.now().after(Duration::from_secs(3_600));
    let path = format!("/v1/requests/{id}/snooze");
    let aside = world.on_first(&tokens[0], &path, json!({"until": until})).await.ok();
    assert_eq!(aside["snoozed_until"], json!(until));
}

#[tokio::test]
async fn what_is_over_there_leaves_the_queue_and_stays_as_it_ended() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    for (key, state) in [("a", "approved"), ("r", "rejected"), ("w", "withdrawn")] {
        let id = world.say(key, said("ann", "pending", json!({}))).await.ok()["id"].clone();
        let since = world.get(&ann, "/v1/start").await.ok()["as_of"].as_i64().unwrap();
        world.pass(Duration::from_secs(60));
        let over = world.say(key, said("ann", state, json!({}))).await.ok();
        assert_eq!((&over["state"], &over["revision"]), (&json!(state), &json!(2)));
        assert_eq!(world.say(key, said("ann", state, json!({}))).await.ok(), over);
        assert!(world.queue(&ann).await.is_empty());
        let news = world.get(&ann, &format!("/v1/changes?since={since}")).await.ok();
        let request = &news["changes"][0]["request"];
        assert_eq!(
            (&request["id"], &request["queued"], &request["allowed"]),
            (&id, &json!(false), &json!([]))
        );
        assert_eq!(request["elsewhere"]["ended"], json!(world.clock.now()));
        for other in ["pending", "approved", "rejected", "withdrawn"].iter().filter(|other| **other != state)
        {
            let told = world.say(key, said("ann", other, json!({}))).await.refused("not_open");
            assert_eq!(told["current"]["state"], state);
        }
    }
    // What is over before it was ever heard of is history from the start, and no contact came of any.
    world.say("x", said("ann", "approved", json!({}))).await.ok();
    let past = world.get(&ann, "/v1/requests?box=incoming").await.ok();
    assert_eq!(past["items"].as_array().unwrap().len(), 4);
    assert_eq!(world.get(&ann, "/v1/contacts").await.ok()["items"], json!([]));
    // One with an end of its own ends by itself.
    let soon = world.clock.now().after(Duration::from_secs(60));
    world.say("e", said("ann", "pending", json!({"expires": soon}))).await.ok();
    assert_eq!(world.queue(&ann).await.len(), 1);
    world.pass(Duration::from_secs(60));
    assert!(world.queue(&ann).await.is_empty());
    world.say("e", said("ann", "approved", json!({"expires": soon}))).await.ok();
    let mut database = world.database().await;
    let audited =
        "SELECT old_state || ' ' || new_state FROM audit WHERE action = 'request.elsewhere' ORDER BY seq";
    let words = database.words(audited).await;
    assert_eq!(words[..2], ["pending pending", "pending approved"]);
    assert_eq!(words.last().unwrap(), "expired approved");
    assert_eq!(database.first_bad_row(1).await, None);
}

#[tokio::test]
async fn who_leaves_cannot_hand_over_what_another_system_holds() {
    let world = World::acme().await;
    let (bob, dan) = (world.session("acme", "bob").await, world.session("acme", "dan").await);
    let card = world.card(&bob).await;
    world.say("1", said("bob", "pending", json!({}))).await.ok();
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let left = world.on_first(&dan, "/v1/members/bob/leave", json!({})).await.ok();
    let handover = left["handover"].as_str().unwrap();
    let detail = world.get(&dan, &format!("/v1/requests/{handover}")).await.ok();
    let items = &detail["handed_over"];
    assert_eq!(items[0]["state"], "waiting");
    assert_eq!((&items[1]["state"], &items[1]["reason"]), (&json!("failed"), &json!("decided_elsewhere")));
    world.on_first(&dan, &format!("/v1/requests/{handover}/assign"), json!({"member": "cho"})).await.ok();
    let cho = world.session("acme", "cho").await;
    world.decide(&cho, handover, 2, "take", json!({"kind": "approve"})).await.ok();
    let names: Vec<Value> =
        world.queue(&cho).await.into_iter().map(|row| row["requester"]["name"].clone()).collect();
    assert_eq!(names, [json!("Olu")], "the other one stays where it is");
    // That system gives it to somebody, or says that it is over.
    world.say("1", said("cho", "pending", json!({}))).await.ok();
    assert_eq!(world.queue(&cho).await.len(), 2);
    // With nothing else to hand over there is no handover.
    world.say("2", said("ann", "pending", json!({}))).await.ok();
    let left = world.on_first(&dan, "/v1/members/ann/leave", json!({})).await.ok();
    assert_eq!(left["handover"], Value::Null);
    world.say("2", said("ann", "rejected", json!({}))).await.ok();
}
