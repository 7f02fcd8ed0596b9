//! The made-up worlds, filled in through the real router: what each scene promises, seen by the person who
//! is signed in there.

use std::collections::BTreeMap;

use crate::support::{START, World};
use axum::http::Method;
use namecard::demo::{Scene, World as Made};
use namecard::domain::Time;
use namecard::server::{Clock, Durability};
use serde_json::{Value, json};

async fn filled(seed: u64, scene: Scene) -> World {
    let now = Time::from_micros(START);
    let clock = Clock::manual(now);
    let world = World::with(clock.clone(), Durability::Scratch, false).await;
    let made = Made { seed, scene };
    namecard::demo::fill(world.app.router(), &world.operator, &clock, now, made).await.unwrap();
    assert_eq!(clock.now(), now);
    world
}

/// The token of whoever is at the screen.
async fn signed_in(world: &World) -> String {
    let signed = world.call(&world.operator, Method::POST, "/v1/sessions", Some(json!({}))).await.ok();
    assert_eq!((&signed["member"], &signed["company"]), (&json!("zhang.san"), &json!("yunfan")));
    signed["token"].as_str().unwrap().to_owned()
}

/// How often each value comes; what has none is counted as an empty one.
fn counted<'a>(rows: &'a [Value], value: impl Fn(&'a Value) -> &'a Value) -> BTreeMap<&'a str, usize> {
    let mut counts = BTreeMap::new();
    for row in rows {
        *counts.entry(value(row).as_str().unwrap_or_default()).or_default() += 1;
    }
    counts
}

/// The partner links, by company: how many people they show, and how many we do.
async fn links(world: &World, token: &str) -> BTreeMap<String, (i64, i64)> {
    let reply = world.get(token, "/v1/links").await.ok();
    let links = reply["items"].as_array().unwrap().iter();
    links
        .map(|link| {
            assert!(link["since"].is_i64() || link["since"].is_string(), "{link}");
            let shown = |name: &str| link[name].as_i64().unwrap();
            (link["company"].as_str().unwrap().to_owned(), (shown("they_show"), shown("we_show")))
        })
        .collect()
}

async fn is_linked_with_two(world: &World, token: &str) {
    let links = links(world, token).await;
    assert_eq!(links, [("bluewave".into(), (4, 6)), ("northgrid".into(), (12, 6))].into());
    let linked = world.get(token, "/v1/linked").await.ok();
    let linked = linked["items"].as_array().unwrap();
    assert_eq!(counted(linked, |row| &row["company_id"]), [("bluewave", 4), ("northgrid", 12)].into());
    assert!(linked.iter().any(|row| row["name"] == "Dr. Dieter Kern"), "{linked:?}");
}

#[tokio::test]
async fn the_plain_world_is_as_large_as_it_says() {
    let world = filled(0, Scene::Plain).await;
    let token = &signed_in(&world).await;
    let start = world.get(token, "/v1/start").await.ok();
    assert_eq!(start["company"]["made_up"], true);
    assert_eq!(start["me"]["roles"], json!(["member", "manager", "admin"]));
    let total = start["members_total"].as_i64().unwrap();
    assert!((1_900..2_200).contains(&total), "{total} people");
    let waiting = start["requests"].as_array().unwrap();
    assert!((100..=120).contains(&waiting.len()), "{} wait", waiting.len());
    assert_eq!(start["contacts_total"], 128);
    assert!(start["members"].as_array().unwrap().len() > 10);
    let root = &start["departments"][0];
    assert_eq!(root["head_count"].as_i64().unwrap(), total);
    is_linked_with_two(&world, token).await;
    let kinds = counted(waiting, |row| &row["kind"]);
    assert_eq!((kinds["permission"], kinds["handover"], kinds["partner_link"]), (2, 1, 1));
    let second = waiting.iter().find(|row| row["part"] == "manager_asked").unwrap();
    assert_eq!(
        (&second["target"]["id"], &second["state"]),
        (&json!("xiong.shan"), &json!("pending_manager"))
    );
    let members =
        waiting.iter().filter(|row| row["requester"]["kind"] == "member" && row["kind"] == "connection");
    let channels: Vec<_> = members.map(|row| (&row["channel"], &row["requester"]["verified"])).collect();
    assert!(channels.contains(&(&json!("partner"), &json!(true))), "{channels:?}");
    assert!(channels.contains(&(&json!("namecard"), &Value::Null)), "{channels:?}");
    let labels = counted(waiting, |row| &row["card_label"]);
    assert!(
        ["booth 4", "booth 5", "desk QR", "mail link"].iter().all(|label| labels[label] > 0),
        "{labels:?}"
    );
    // No rule of theirs is without effect.
    let policy = world.get(token, "/v1/policy").await.ok();
    assert_eq!((&policy["version"], &policy["warnings"]), (&json!(3), &json!([])));
}

#[tokio::test]
async fn a_first_day_is_as_it_says() {
    for seed in [1, 6] {
        let world = filled(seed, Scene::FirstDay).await;
        let token = &signed_in(&world).await;
        let start = world.get(token, "/v1/start").await.ok();
        assert_eq!(start["me"]["roles"], json!(["member"]), "seed {seed}");
        assert_eq!(start["members_total"], 2_140, "seed {seed}");
        assert_eq!(start["departments"][0]["head_count"], 2_140, "seed {seed}");
        for hidden in ["战略投资部", "特别项目组", "内部审计部"] {
            assert!(!start.to_string().contains(hidden), "seed {seed}: {hidden}");
        }
        is_linked_with_two(&world, token).await;
        for (typed, who) in [("ln", "li.na"), ("lina", "li.na"), ("shanxiong", "xiong.shan")] {
            let path = format!("/v1/search?q={}", crate::support::encode(typed));
            let found = world.get(token, &path).await.ok();
            assert_eq!(found["items"][0]["id"], who, "seed {seed}: {typed}: {found}");
        }
        let lead = world.get(token, "/v1/members/li.na").await.ok();
        assert_eq!(lead["departments"][0]["leader"], true, "{lead}");
        let me = world.get(token, "/v1/members/zhang.san").await.ok();
        assert_eq!((&me["manager"], &start["contacts_total"]), (&json!("li.na"), &json!(0)));
        let waiting = counted(start["requests"].as_array().unwrap(), |row| &row["kind"]);
        assert_eq!(waiting, [("connection", 4), ("handover", 1)].into(), "seed {seed}");
        // Neither a private address nor a private number of somebody in another department.
        let why = json!({"to": "kern@gmail.com"});
        let answer = world.call(token, Method::POST, "/v1/verdicts", Some(why)).await.ok();
        assert_eq!(answer["verdict"]["rule"], "EXT-05", "{answer}");
        assert_eq!(answer["verdict"]["alternatives"].as_array().unwrap().len(), 5, "{answer}");
        let chief = start["departments"][0]["leaders"][0].as_str().unwrap();
        let chief = world.get(token, &format!("/v1/members/{chief}")).await.ok();
        assert!(chief.to_string().contains("DIR-03"), "{chief}");
    }
}

#[tokio::test]
async fn a_busy_world_is_as_it_says() {
    is_busy(2).await;
}

#[tokio::test]
async fn a_busy_world_of_another_seed_is_so_too() {
    is_busy(7).await;
}

async fn is_busy(seed: u64) {
    let world = filled(seed, Scene::Busy).await;
    let token = &signed_in(&world).await;
    let start = world.get(token, "/v1/start").await.ok();
    assert_eq!(start["contacts_total"], 1_200, "seed {seed}");
    let waiting = start["requests"].as_array().unwrap();
    assert_eq!(world.get(token, "/v1/requests/count").await.ok()["count"], 200, "seed {seed}");
    assert_eq!(
        counted(waiting, |row| &row["card_label"]),
        [("", 8), ("booth 4", 118), ("booth 5", 41), ("desk QR", 22), ("mail link", 11)].into(),
        "seed {seed}"
    );
    let of = |label: &'static str| waiting.iter().filter(move |row| row["card_label"] == label);
    let bluewave = of("booth 4").filter(|row| row["requester"]["company"] == "碧波数据 Bluewave");
    assert_eq!(bluewave.count(), 37, "seed {seed}");
    let mut flagged: Vec<(&str, &str)> = waiting
        .iter()
        .filter(|row| row["flags"].is_array())
        .map(|row| {
            assert_eq!(row["flags"].as_array().unwrap().len(), 1, "seed {seed}: {row}");
            (row["card_label"].as_str().unwrap_or_default(), row["flags"][0].as_str().unwrap())
        })
        .collect();
    flagged.sort_unstable();
    assert_eq!(
        flagged,
        [
            ("", "burst"),
            ("booth 4", "look_alike_domain"),
            ("booth 4", "personal_address"),
            ("mail link", "hidden_characters"),
            ("mail link", "personal_address"),
            ("mail link", "same_name"),
        ],
        "seed {seed}"
    );
    let elsewhere: Vec<Value> = waiting.iter().filter(|row| row["elsewhere"].is_object()).cloned().collect();
    let labels = counted(&elsewhere, |row| &row["card_label"]);
    assert_eq!(labels, [("booth 4", 2), ("booth 5", 1), ("desk QR", 1)].into(), "seed {seed}");
    assert!(elsewhere.iter().all(|row| row["elsewhere"]["system"] == "WeCom"), "seed {seed}");
    let stands_in: Vec<_> = waiting.iter().filter(|row| row["part"] == "stand_in").collect();
    assert_eq!(stands_in.len(), 40, "seed {seed}");
    assert!(stands_in.iter().all(|row| row["target"]["id"] == "li.na"), "seed {seed}");
    let due = |hours: u64| {
        let end = Time::from_micros(START).after(std::time::Duration::from_secs(hours * 3_600));
        waiting
            .iter()
            .filter(|row| serde_json::from_value::<Time>(row["expires"].clone()).unwrap() <= end)
            .map(|row| &row["card_label"])
            .collect::<Vec<_>>()
    };
    assert_eq!(due(4), [&json!("desk QR"), &json!("desk QR")], "seed {seed}");
    assert_eq!(due(48).len(), 2, "seed {seed}");
}

/// It takes half a minute where nothing is optimised.
#[tokio::test]
#[ignore = "long"]
async fn a_flood_is_as_it_says() {
    for seed in [3, 8] {
        let world = filled(seed, Scene::Flood).await;
        let token = &signed_in(&world).await;
        let count = world.get(token, "/v1/requests/count").await.ok();
        assert_eq!(count["count"], 10_000, "seed {seed}");
        assert_eq!(world.get(token, "/v1/start").await.ok()["contacts_total"], 128, "seed {seed}");
    }
}
