//! Two clients decide the same request at once, over real connections: exactly one of them wins, and
//! the other one is told who won and when.

use std::sync::Arc;
use std::time::Duration;

use crate::support::{World, encode};
use bytes::Bytes;
use namecard::client::{Body, Call, HttpTransport, Method, Reply, Transport as _, Trust};
use namecard::server::{Gate, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Barrier;

const RACES: usize = 1_000;

/// Requests that wait for ann, by the visitor's form.
async fn waiting(world: &World, ann: &str, how_many: usize) -> Vec<String> {
    let card = world.card(ann).await;
    for n in 0..how_many {
        world.visitor(&card, &format!("Visitor {n}"), &format!("v{n}@northgrid.example")).await;
    }
    let queue = world.queue_whole(ann).await;
    queue.iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect()
}

fn decision(id: &str, key: String, body: &Value) -> Call {
    Call {
        method: Method::Post,
        path: format!("/v1/requests/{id}/decision"),
        if_match: Some(1),
        key: Some(key),
        last_event: None,
        body: Body::Json(Bytes::from(body.to_string())),
        limit: Duration::from_secs(30),
        patient: false,
    }
}

/// One runner: its own connection and its own session, off as soon as the other one is ready.
async fn run(
    origin: String,
    token: String,
    requests: Arc<Vec<String>>,
    line: Arc<Barrier>,
    who: usize,
) -> Vec<Reply> {
    let transport = HttpTransport::new(&origin, &Trust::default()).unwrap();
    let mut replies = Vec::new();
    for (n, id) in requests.iter().enumerate() {
        // They agree in half of the races: an equal decision wins no more than another one.
        let approve = json!({"kind": "approve"});
        let reject = json!({"kind": "reject", "reason": "not_known"});
        let body = if who == 0 || n % 2 == 0 { approve } else { reject };
        let call = decision(id, format!("{who}-{n}"), &body);
        line.wait().await;
        replies.push(transport.call(&token, call).await.unwrap());
    }
    replies
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_two_decisions_at_once_exactly_one_wins_a_thousand_times() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let requests = Arc::new(waiting(&world, &ann, RACES).await);
    assert_eq!(requests.len(), RACES);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(world.app.clone(), listener, Gate::default()));
    let line = Arc::new(Barrier::new(2));
    let mut runners = Vec::new();
    for who in 0..2 {
        let token = world.session("acme", "ann").await;
        runners.push(tokio::spawn(run(origin.clone(), token, Arc::clone(&requests), Arc::clone(&line), who)));
    }
    let second = runners.pop().unwrap().await.unwrap();
    let first = runners.pop().unwrap().await.unwrap();
    let mut won = [0, 0];
    for (n, (one, other)) in first.iter().zip(&second).enumerate() {
        let winner = usize::from(one.status != 200);
        won[winner] += 1;
        let (winning, losing) = if winner == 0 { (one, other) } else { (other, one) };
        let (winning, told) = (json_of(winning), json_of(losing));
        assert_eq!(
            (one.status.min(other.status), one.status.max(other.status)),
            (200, 412),
            "race {n}: {told}"
        );
        let state = if winner == 0 || n % 2 == 0 { "approved" } else { "rejected" };
        assert_eq!((&winning["state"], &winning["revision"]), (&json!(state), &json!(2)), "race {n}");
        assert_eq!(told["code"], "already_decided", "race {n}");
        let current = &told["current"];
        assert_eq!((&current["state"], &current["revision"]), (&json!(state), &json!(2)), "race {n}");
        assert_eq!(current["decided_by"]["id"], "ann", "race {n}");
        assert_eq!(current["decided_at"], winning["decision"]["at"], "race {n}");
        assert_eq!(current["decided_at"], json!(world.clock.now()), "race {n}");
    }
    // Nobody is always first: the two really ran against each other.
    assert!(won.iter().all(|wins| *wins > 0), "{won:?}");

    let mut database = world.database().await;
    for (sql, count) in [
        ("SELECT COUNT(*) FROM request_steps", RACES),
        ("SELECT COUNT(DISTINCT request) FROM request_steps", RACES),
        ("SELECT COUNT(*) FROM requests WHERE revision = 2", RACES),
        ("SELECT COUNT(*) FROM audit WHERE action IN ('request.approve', 'request.reject')", RACES),
        ("SELECT COUNT(*) FROM replies WHERE route = 'requests.decide'", RACES),
        (
            "SELECT COUNT(*) FROM requests r WHERE (r.state = 'approved') <> EXISTS (SELECT 1 FROM contacts c WHERE c.request = r.sk)",
            0,
        ),
    ] {
        assert_eq!(database.number(sql).await, count as i64, "{sql}");
    }
    world.app.begin_stop();
    server.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_write_sent_twice_at_once_is_done_once() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let requests = waiting(&world, &ann, 50).await;
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(serve(world.app.clone(), listener, Gate::default()));
    let runners = [
        HttpTransport::new(&origin, &Trust::default()).unwrap(),
        HttpTransport::new(&origin, &Trust::default()).unwrap(),
    ];
    for (n, id) in requests.iter().enumerate() {
        let call = decision(id, format!("key {n}"), &json!({"kind": "approve"}));
        let (one, other) = tokio::join!(runners[0].call(&ann, call.clone()), runners[1].call(&ann, call));
        let (one, other) = (one.unwrap(), other.unwrap());
        assert_eq!((one.status, other.status), (200, 200));
        assert_eq!(one.body, other.body);
    }
    assert_eq!(world.database().await.number("SELECT COUNT(*) FROM request_steps").await, 50);
    world.app.begin_stop();
    server.await.unwrap();
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_slice(&reply.body).unwrap()
}

impl World {
    pub async fn queue_whole(&self, token: &str) -> Vec<Value> {
        let mut rows = Vec::new();
        let mut after = String::new();
        loop {
            let page = self.get(token, &format!("/v1/requests?limit=100{after}")).await.ok();
            rows.extend(page["items"].as_array().unwrap().iter().cloned());
            match page["next"].as_str() {
                Some(next) => after = format!("&after={}", encode(next)),
                None => return rows,
            }
        }
    }
}
