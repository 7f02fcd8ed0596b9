//! The made-up world, filled in through the real router.

use crate::support::{START, World};
use axum::http::Method;
use namecard::domain::Time;
use namecard::server::{Clock, Durability};
use serde_json::json;

async fn filled(seed: u64) -> World {
    let now = Time::from_micros(START);
    let clock = Clock::manual(now);
    let world = World::with(clock.clone(), Durability::Scratch, false).await;
    namecard::demo::fill(world.app.router(), &world.operator, &clock, now, seed).await.unwrap();
    assert_eq!(clock.now(), now);
    world
}

#[tokio::test]
async fn the_world_is_as_large_as_it_says() {
    let world = filled(0).await;
    let body = Some(json!({}));
    let signed = world.call(&world.operator, Method::POST, "/v1/sessions", body).await.ok();
    assert_eq!((&signed["member"], &signed["company"]), (&json!("zhang.san"), &json!("yunfan")));
    let token = signed["token"].as_str().unwrap();
    let start = world.get(token, "/v1/start").await.ok();
    assert_eq!(start["company"]["made_up"], true);
    assert_eq!(start["me"]["roles"], json!(["member", "manager"]));
    let total = start["members_total"].as_i64().unwrap();
    assert!((1_900..2_200).contains(&total), "{total} people");
    let waiting = start["requests"].as_array().unwrap().len();
    assert!((100..=120).contains(&waiting), "{waiting} wait");
    assert_eq!(start["contacts_total"], 128);
    assert!(start["members"].as_array().unwrap().len() > 10);
    let root = &start["departments"][0];
    assert_eq!(root["head_count"].as_i64().unwrap(), total);
}
