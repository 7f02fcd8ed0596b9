//! So many connections, so many calls at once, and no more.

use std::time::Duration;

use namecard::server::Limits;
use serde_json::json;

use crate::front::{Front, LONG, patient, quick};

#[tokio::test]
async fn there_are_so_many_connections_and_no_more() {
    let front = Front::open(Limits { connections: 4, ..patient() }).await;
    let mut peers = Vec::new();
    for _ in 0..4 {
        let mut peer = front.connect().await;
        peer.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        assert_eq!(peer.answer().await.status, 200);
        peers.push(peer);
    }
    // Sent nothing, so that nothing unread takes the answer with it.
    let mut fifth = front.connect().await;
    let told = fifth.answer().await;
    told.problem("unavailable");
    assert_eq!((told.status, told.header("retry-after")), (503, "1"));
    fifth.closed().await;
    peers.pop();
    // The place is free as soon as the server has seen the other side go.
    let begun = tokio::time::Instant::now();
    loop {
        let mut peer = front.connect().await;
        peer.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        match peer.try_answer().await {
            Some(answer) if answer.status == 200 => break,
            _ => assert!(begun.elapsed() < LONG, "the place is not given back"),
        }
    }
}

#[tokio::test]
async fn so_many_calls_are_worked_on_and_the_others_are_told_to_come_again() {
    let front = Front::open(Limits { handlers: 2, ..patient() }).await;
    let ann = front.world.session("acme", "ann").await;
    let bearer = format!("host: localhost\r\nauthorization: Bearer {ann}\r\n");
    // Streams that have begun take nobody's place.
    let mut streams = Vec::new();
    for _ in 0..3 {
        let mut peer = front.connect().await;
        peer.write(format!("GET /v1/events HTTP/1.1\r\n{bearer}\r\n")).await;
        peer.until("retry: 3000").await;
        streams.push(peer);
    }
    let mut busy = Vec::new();
    for _ in 0..2 {
        let mut peer = front.connect().await;
        peer.write(front.put("/v1/card", &ann, 2).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n"))
            .await;
        peer.until("100 Continue\r\n\r\n").await;
        busy.push(peer);
    }
    let told = front.get("/v1/health").await;
    assert_eq!((told.status, told.header("retry-after")), (503, "1"));
    assert_eq!(told.problem("unavailable")["reason"], "busy");
    let page = front.get("/C/x").await;
    assert_eq!((page.status, page.header("retry-after")), (503, "1"));
    assert!(page.body.starts_with("<!doctype html>"));
    assert_eq!(front.get("/healthz").await.status, 200, "that it is there is told however busy it is");
    for mut peer in busy {
        peer.write("{}").await;
        assert_eq!(peer.answer().await.status, 200);
    }
    assert_eq!(front.get("/v1/health").await.status, 200);
}

#[tokio::test]
async fn a_call_that_takes_too_long_is_answered_and_its_write_is_done_all_the_same() {
    let limits = Limits { handler: Duration::from_millis(100), body: Duration::from_millis(100), ..quick() };
    let front = Front::open(limits).await;
    let ann = front.world.session("acme", "ann").await;
    let mut database = front.world.database().await;
    database.run("BEGIN IMMEDIATE").await;
    let told = front.send(format!("{}{{}}", front.put("/v1/card", &ann, 2))).await;
    assert_eq!(told.status, 503, "{told:?}");
    assert_eq!(told.problem("unavailable")["reason"], "slow");
    assert_eq!(told.header("retry-after"), "1");
    assert_eq!(database.number("SELECT count(*) FROM cards").await, 0);
    database.run("COMMIT").await;
    front.world.app.begin_stop();
    front.world.app.stop().await;
    let mut database = front.world.database().await;
    assert_eq!(database.number("SELECT count(*) FROM cards").await, 1);
}

#[tokio::test]
async fn an_import_is_applied_however_long_it_takes() {
    let limits = Limits { handler: Duration::from_millis(50), body: Duration::from_millis(50), ..patient() };
    let front = Front::open(limits).await;
    let import = front.world.stage(json!({"company": "acme"}), &crate::support::acme_rows()).await;
    let ann = front.world.session("acme", "ann").await;
    let mut database = front.world.database().await;
    database.run("BEGIN IMMEDIATE").await;
    let mut peer = front.connect().await;
    let head = front.put(&format!("/v1/imports/{import}/apply"), &front.world.operator, 2);
    let more = "\r\nidempotency-key: k\r\nexpect: 100-continue\r\n\r\n";
    peer.write(head.replace("PUT", "POST").replace("\r\n\r\n", more)).await;
    peer.until("100 Continue\r\n\r\n").await;
    peer.write("{}").await;
    // Another write that came later and waits for the same lock is given up.
    let told = front.send(format!("{}{{}}", front.put("/v1/card", &ann, 2))).await;
    assert_eq!(told.status, 503, "{told:?}");
    database.run("COMMIT").await;
    assert_eq!(peer.answer().await.status, 200);
}
