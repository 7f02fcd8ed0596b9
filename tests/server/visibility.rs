//! Who and what is there for whom: somebody hidden answers like somebody who never was, in every place
//! where a person can be looked for; fields hidden from a viewer are neither shown nor found.

use crate::support::{Reply, World, member};
use axum::http::Method;
use serde_json::{Value, json};

/// Acme: sue works on the secret project inside Labs, lea leads Labs with tom in it, pat is in Sales and
/// dan is an admin.
async fn labs() -> World {
    let world = World::new().await;
    let rows = [
        member(
            1,
            "sue",
            "Sue Stone",
            json!({"departments": [["Acme", "Labs", "Zephyr"]], "title": "Physicist",
            "email": "sue@acme.example", "mobile": "+86 138 0000 4021", "phone": "+86 10 6000 7002",
            "manager": "lea"}),
        ),
        member(
            2,
            "lea",
            "Lea Lind",
            json!({"departments": [["Acme", "Labs"]], "leader_of": [["Acme", "Labs"]],
            "email": "lea@acme.example", "mobile": "+86 138 0000 5555"}),
        ),
        member(3, "tom", "Tom Tao", json!({"departments": [["Acme", "Labs"]], "manager": "lea"})),
        member(4, "pat", "Pat Poe", json!({"departments": [["Acme", "Sales"]], "title": "Seller"})),
        member(5, "dan", "Dan Dale", json!({"departments": [["Acme"]], "role": "admin"})),
    ];
    world.company("acme", "Acme", &rows).await;
    world
}

fn rule(id: &str, lines: &str) -> String {
    format!("[[rule]]\nid = \"{id}\"\ntitle = \"t\"\nowner = \"Security\"\nreason = \"because\"\n{lines}\n")
}

const HIDE_SUE: &str = "member = [\"sue\"]\nhidden = true\nvisible_to_members = [\"tom\"]";

async fn policy(world: &World, document: &str) {
    let now = world.get(&world.operator, "/v1/policy?company=acme").await;
    let tag = now.header("etag").to_owned();
    let body = json!({"company": "acme", "document": document});
    let headers = [("idempotency-key", tag.as_str()), ("if-match", tag.as_str())];
    world.call_with(&world.operator, Method::PUT, "/v1/policy", &headers, Some(body)).await.ok();
}

/// The answer as bytes, with one word put for another: what is left must not tell the two apart.
fn bytes(reply: &Reply, id: &str) -> (u16, String) {
    let text = reply.text().replace(id, "ID");
    (reply.status.as_u16(), text)
}

async fn ids(world: &World, token: &str, path: &str) -> Vec<String> {
    let items = world.get(token, path).await.ok()["items"].as_array().unwrap().clone();
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

async fn departments(world: &World, token: &str) -> Vec<(String, i64)> {
    let items = world.get(token, "/v1/departments").await.ok()["items"].as_array().unwrap().clone();
    let mut all: Vec<(String, i64)> = items
        .iter()
        .map(|item| (item["name"].as_str().unwrap().to_owned(), item["head_count"].as_i64().unwrap()))
        .collect();
    all.sort();
    all
}

fn counts(all: &[(&str, i64)]) -> Vec<(String, i64)> {
    all.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

/// Every door through which somebody may ask about a colleague by id, as pat would try each.
async fn tries(world: &World, pat: &str, id: &str) -> Vec<(u16, String)> {
    let mut all = Vec::new();
    all.push(world.get(pat, &format!("/v1/members/{id}")).await);
    all.push(world.call(pat, Method::POST, "/v1/verdicts", Some(json!({"to": format!("@{id}")}))).await);
    all.push(world.call(pat, Method::POST, "/v1/verdicts", Some(json!({"to": id}))).await);
    all.push(world.get(pat, &format!("/v1/search?q={id}")).await);
    for (number, (path, body)) in [
        ("/v1/requests", json!({"to": format!("@{id}"), "purpose": "p"})),
        ("/v1/permissions", json!({"to": format!("@{id}"), "purpose": "p"})),
    ]
    .into_iter()
    .enumerate()
    {
        let key = format!("{id}-{number}");
        all.push(world.call_with(pat, Method::POST, path, &[("idempotency-key", &key)], Some(body)).await);
    }
    let settings = world.get(pat, "/v1/settings").await;
    let tag = settings.header("etag").to_owned();
    let key = format!("{id}-settings");
    let headers = [("idempotency-key", key.as_str()), ("if-match", tag.as_str())];
    let body = json!({"stand_in": id});
    all.push(world.call_with(pat, Method::PUT, "/v1/settings", &headers, Some(body)).await);
    all.iter().map(|reply| bytes(reply, id)).collect()
}

#[tokio::test]
async fn somebody_hidden_answers_like_somebody_who_never_was() {
    let world = labs().await;
    let pat = world.session("acme", "pat").await;
    assert_eq!(world.get(&pat, "/v1/members/sue").await.status, 200);
    policy(&world, &rule("HIDE", HIDE_SUE)).await;
    let hidden = tries(&world, &pat, "sue").await;
    let missing = tries(&world, &pat, "xyz").await;
    assert_eq!(hidden, missing);
    assert!(missing.iter().all(|(_, text)| !text.contains("HIDE") && !text.contains("Stone")), "{missing:?}");
    assert_eq!(missing[0].0, 404);
}

#[tokio::test]
async fn lists_counts_and_search_leave_out_whoever_is_hidden() {
    let world = labs().await;
    policy(&world, &rule("HIDE", HIDE_SUE)).await;
    let [pat, tom, dan, sue] =
        [world.session("acme", "pat"), world.session("acme", "tom"), world.session("acme", "dan"), {
            world.session("acme", "sue")
        }];
    let (pat, tom, dan, sue) = (pat.await, tom.await, dan.await, sue.await);
    let everybody = ["dan", "lea", "pat", "sue", "tom"];
    // The one whom the rule names, the admin and the hidden one themselves see everybody.
    for token in [&tom, &dan, &sue] {
        assert_eq!(ids(&world, token, "/v1/members").await, everybody);
        assert_eq!(ids(&world, token, "/v1/search?q=stone").await, ["sue"]);
        assert_eq!(world.get(token, "/v1/start").await.ok()["members_total"], 5);
        let all = [("Acme", 5), ("Labs", 3), ("Sales", 1), ("Zephyr", 1)];
        assert_eq!(departments(&world, token).await, counts(&all));
    }
    assert_eq!(ids(&world, &pat, "/v1/members").await, ["dan", "lea", "pat", "tom"]);
    for typed in ["stone", "sue", "4021", "physicist", "sue@acme.example", "zephyr"] {
        let path = format!("/v1/search?q={typed}");
        assert_eq!(ids(&world, &pat, &path).await, Vec::<String>::new(), "{typed}");
    }
    assert_eq!(world.get(&pat, "/v1/start").await.ok()["members_total"], 4);
    let all = [("Acme", 4), ("Labs", 2), ("Sales", 1), ("Zephyr", 0)];
    assert_eq!(departments(&world, &pat).await, counts(&all));
}

#[tokio::test]
async fn the_feed_does_not_tell_of_whoever_is_hidden_and_a_lifted_rule_brings_them_back() {
    let world = labs().await;
    policy(&world, &rule("HIDE", HIDE_SUE)).await;
    let (pat, tom) = (world.session("acme", "pat").await, world.session("acme", "tom").await);
    let since = world.get(&pat, "/v1/start").await.ok()["as_of"].as_i64().unwrap();
    let row = json!({"departments": [["Acme", "Labs", "Zephyr"]], "title": "Chief"});
    world.import(json!({"company": "acme"}), &[member(1, "sue", "Sue Stone", row)], json!({})).await.ok();
    let path = format!("/v1/changes?since={since}");
    let heard = |news: &Value| -> Vec<Value> {
        let all = news["changes"].as_array().unwrap();
        all.iter().filter(|item| item["type"] == "member").map(|item| item["member"]["id"].clone()).collect()
    };
    let (to_pat, to_tom) = (world.get(&pat, &path).await.ok(), world.get(&tom, &path).await.ok());
    assert_eq!(heard(&to_tom), vec![json!("sue")]);
    assert_eq!(heard(&to_pat), Vec::<Value>::new());
    assert!(!to_pat.to_string().contains("sue"), "{to_pat}");
    policy(&world, "# The built-in rules hold.\n").await;
    assert_eq!(world.get(&pat, &path).await.ok()["reset"], true);
    assert_eq!(world.get(&pat, "/v1/members/sue").await.status, 200);
    // Whoever is taken out by an import while hidden again is not told of either.
    policy(&world, &rule("HIDE", HIDE_SUE)).await;
    let since = world.get(&pat, "/v1/start").await.ok()["as_of"].as_i64().unwrap();
    let leaves = json!({"departments": [["Acme", "Labs", "Zephyr"]], "status": "left"});
    world.import(json!({"company": "acme"}), &[member(1, "sue", "Sue Stone", leaves)], json!({})).await.ok();
    let path = format!("/v1/changes?since={since}");
    let (to_pat, to_tom) = (world.get(&pat, &path).await.ok(), world.get(&tom, &path).await.ok());
    assert!(!to_pat.to_string().contains("sue"), "{to_pat}");
    assert!(to_tom.to_string().contains("sue"), "{to_tom}");
}

#[tokio::test]
async fn a_hidden_department_is_there_for_its_own_people_and_those_named() {
    let world = labs().await;
    let lines = "department = \"Acme/Labs/Zephyr\"\nhidden = true\nvisible_to = \"managers\"";
    policy(&world, &rule("ZEPHYR", lines)).await;
    let (pat, sue, lea) = (
        world.session("acme", "pat").await,
        world.session("acme", "sue").await,
        world.session("acme", "lea").await,
    );
    let names = async |token: &str| -> Vec<String> {
        departments(&world, token).await.into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names(&pat).await, ["Acme", "Labs", "Sales"]);
    assert_eq!(ids(&world, &pat, "/v1/members").await, ["dan", "lea", "pat", "tom"]);
    // Its own people see it; the manager of its people sees them.
    assert_eq!(names(&sue).await, ["Acme", "Labs", "Sales", "Zephyr"]);
    assert_eq!(ids(&world, &sue, "/v1/search?q=sue").await, ["sue"]);
    assert_eq!(world.get(&lea, "/v1/members/sue").await.status, 200);
    assert_eq!(world.get(&pat, "/v1/members/sue").await.status, 404);
}

#[tokio::test]
async fn whoever_is_kept_to_their_department_sees_it_and_what_is_below() {
    let world = labs().await;
    policy(&world, &rule("OWN", "department = \"Acme/Labs\"\nown_department_only = true")).await;
    let (tom, sue, pat) = (
        world.session("acme", "tom").await,
        world.session("acme", "sue").await,
        world.session("acme", "pat").await,
    );
    assert_eq!(ids(&world, &tom, "/v1/members").await, ["lea", "sue", "tom"]);
    assert_eq!(departments(&world, &tom).await, counts(&[("Labs", 3), ("Zephyr", 1)]));
    // The tree begins where they see: nothing names a parent that is not there.
    let tree = world.get(&tom, "/v1/departments").await.ok();
    let labs = tree["items"].as_array().unwrap().iter().find(|item| item["name"] == "Labs").unwrap().clone();
    assert!(labs.get("parent").is_none_or(Value::is_null), "{labs}");
    assert_eq!(ids(&world, &sue, "/v1/members").await, ["sue"]);
    assert_eq!(world.get(&tom, "/v1/members/pat").await.status, 404);
    // The others see them as before.
    assert_eq!(ids(&world, &pat, "/v1/members").await, ["dan", "lea", "pat", "sue", "tom"]);
}

#[tokio::test]
async fn hidden_fields_are_neither_shown_nor_found_and_say_which_rule_hides_them() {
    let world = labs().await;
    // Of two departments that hide something, both do.
    let row = json!({"departments": [["Acme", "Labs", "Zephyr"], ["Acme", "Ward"]], "title": "Physicist",
        "email": "sue@acme.example", "mobile": "+86 138 0000 4021", "phone": "+86 10 6000 7002", "manager": "lea"});
    let ward = json!({"department": {"line": 1, "path": ["Acme", "Ward"]}});
    let rows = [ward, member(2, "sue", "Sue Stone", row)];
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    let document = rule(
        "MOB",
        "department = \"Acme/Ward\"\nhidden_fields = [\"mobile\"]\nvisible_to = [\"same_department\", \"managers\"]",
    ) + &rule("TITLE", "department = \"Acme/Labs\"\nhidden_fields = [\"title\", \"email\"]");
    policy(&world, &document).await;
    let (pat, lea, sue, dan) = (
        world.session("acme", "pat").await,
        world.session("acme", "lea").await,
        world.session("acme", "sue").await,
        world.session("acme", "dan").await,
    );
    let seen = async |token: &str| world.get(token, "/v1/members/sue").await.ok();
    let to_pat = seen(&pat).await;
    let masked = |member: &Value| -> Vec<(String, String)> {
        let all = member["masked"].as_array().cloned().unwrap_or_default();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let mut all: Vec<_> = all.iter().map(|m| (text(&m["field"]), text(&m["rule"]))).collect();
        all.sort();
        all
    };
    let named = |all: &[(&str, &str)]| -> Vec<(String, String)> {
        all.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
    };
    assert_eq!(masked(&to_pat), named(&[("email", "TITLE"), ("mobile", "MOB"), ("title", "TITLE")]));
    let text = to_pat.to_string();
    assert!(!text.contains("4021") && !text.contains("sue@") && !text.contains("Physicist"), "{text}");
    assert!(text.contains("7002"), "only the mobile is hidden: {text}");
    // Her manager sees the number; nobody but admins and she herself the title.
    let to_lea = seen(&lea).await;
    assert_eq!(masked(&to_lea), named(&[("email", "TITLE"), ("title", "TITLE")]));
    assert!(to_lea.to_string().contains("4021"), "{to_lea}");
    for token in [&sue, &dan] {
        let whole = seen(token).await;
        assert_eq!(masked(&whole), []);
        assert!(whole.to_string().contains("4021") && whole.to_string().contains("Physicist"), "{whole}");
    }
    for (typed, by_pat, by_lea) in [("4021", false, true), ("physicist", false, false), ("sue", true, true)] {
        let path = format!("/v1/search?q={typed}");
        assert_eq!(ids(&world, &pat, &path).await == ["sue"], by_pat, "{typed}");
        assert_eq!(ids(&world, &lea, &path).await == ["sue"], by_lea, "{typed}");
        assert_eq!(ids(&world, &dan, &path).await, ["sue"], "{typed}");
    }
    let text = world.get(&pat, "/v1/members").await.text();
    assert!(!text.contains("4021") && !text.contains("Physicist"), "{text}");
}
