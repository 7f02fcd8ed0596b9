//! Many clients over real connections: what they saw fits one order of things, in which each decision is
//! made once, and a limit of a day lets through as many as it says.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use namecard::client::{Body, Call, HttpTransport, Method, Transport as _, Trust};
use namecard::server::{Gate, serve};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::task::JoinHandle;

use crate::support::{World, member};

const CLIENTS: usize = 16;
const REQUESTS: usize = 200;
const DAY: Duration = Duration::from_secs(86_400);

fn call(
    method: Method,
    path: String,
    revision: Option<i64>,
    key: Option<String>,
    body: Option<&Value>,
) -> Call {
    Call {
        method,
        path,
        if_match: revision,
        key,
        last_event: None,
        body: body.map_or(Body::None, |body| Body::Json(Bytes::from(body.to_string()))),
        limit: Duration::from_secs(60),
        patient: false,
    }
}

async fn served(world: &World) -> (String, JoinHandle<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    (origin, tokio::spawn(serve(world.app.clone(), listener, Gate::default())))
}

/// Something that a client did, from before it was sent until after its answer.
#[derive(Debug)]
struct Did {
    request: usize,
    begun: Instant,
    ended: Instant,
    what: What,
}

#[derive(Debug)]
enum What {
    /// A decision that was taken: who made it, and what was said of it.
    Won { who: &'static str, state: String },
    /// One that was too late: who was named, and what they had decided.
    Lost { who: String, state: String },
    /// The state that was read.
    Read { state: String },
}

/// One client goes through the requests in an order of its own: it decides most and reads the rest.
async fn client(
    origin: String,
    (who, token): (&'static str, String),
    requests: Arc<Vec<String>>,
    n: usize,
    line: Arc<Barrier>,
) -> Vec<Did> {
    let transport = HttpTransport::new(&origin, &Trust::default()).unwrap();
    line.wait().await;
    let mut did = Vec::new();
    for step in 0..requests.len() {
        // Near each other, so that they meet; not in step, so that each comes first now and then.
        let request = (step + n % 5) % requests.len();
        let id = &requests[request];
        let reads = (step + n).is_multiple_of(3);
        let body = match (step + n) % 2 {
            0 => json!({"kind": "approve"}),
            _ => json!({"kind": "reject", "reason": "not_known"}),
        };
        let call = if reads {
            call(Method::Get, format!("/v1/requests/{id}"), None, None, None)
        } else {
            let key = Some(format!("{n}-{step}"));
            call(Method::Post, format!("/v1/requests/{id}/decision"), Some(1), key, Some(&body))
        };
        let begun = Instant::now();
        let reply = transport.call(&token, call).await.unwrap();
        let ended = Instant::now();
        let told: Value = serde_json::from_slice(&reply.body).unwrap();
        let word = |value: &Value| value.as_str().unwrap_or_else(|| panic!("{told}")).to_owned();
        let what = match (reads, reply.status) {
            (true, 200) => What::Read { state: word(&told["state"]) },
            (false, 200) => What::Won { who, state: word(&told["state"]) },
            (false, 409 | 412) => What::Lost {
                who: word(&told["current"]["decided_by"]["id"]),
                state: word(&told["current"]["state"]),
            },
            _ => panic!("{told}"),
        };
        did.push(Did { request, begun, ended, what });
    }
    did
}

/// Holds what was seen of one request against one order of things.
fn check(request: usize, seen: &[&Did]) {
    let won: Vec<&&Did> = seen.iter().filter(|did| matches!(did.what, What::Won { .. })).collect();
    assert_eq!(won.len(), 1, "request {request} is decided once: {won:?}");
    let winner = won[0];
    let What::Won { who, state } = &winner.what else { panic!() };
    for did in seen {
        match &did.what {
            What::Won { .. } => {}
            What::Lost { who: named, state: told } => {
                assert_eq!((named.as_str(), told), (*who, state), "request {request}: {did:?}");
                assert!(did.ended >= winner.begun, "request {request}: lost before there was a winner");
            }
            What::Read { state: read } => {
                if did.begun > winner.ended {
                    assert_eq!(read, state, "request {request}: read after the decision was acknowledged");
                }
                if did.ended < winner.begun {
                    assert_eq!(read, "pending", "request {request}: read before anybody decided");
                }
                assert!(read == state || read == "pending", "request {request}: {read}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_sixteen_clients_see_of_two_hundred_requests_fits_one_order() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    // Whoever stands in for her decides as well.
    let until = world.clock.now().after(DAY);
    let away = json!({"accepts": true, "away_until": until, "stand_in": "bob"});
    let headers = [("idempotency-key", "away"), ("if-match", "\"0\"")];
    world.call_with(&ann, axum::http::Method::PUT, "/v1/settings", &headers, Some(away)).await.ok();
    let card = world.card(&ann).await;
    for n in 0..REQUESTS {
        world.visitor(&card, &format!("Visitor {n}"), &format!("v{n}@northgrid.example")).await;
    }
    let mut requests: Vec<String> = Vec::new();
    for row in world.queue_whole(&ann).await {
        requests.push(row["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(requests.len(), REQUESTS);
    let requests = Arc::new(requests);
    let (origin, server) = served(&world).await;
    let line = Arc::new(Barrier::new(CLIENTS));
    let mut clients = Vec::new();
    for n in 0..CLIENTS {
        let who = if n % 2 == 0 { "ann" } else { "bob" };
        let token = world.session("acme", who).await;
        clients.push(tokio::spawn(client(
            origin.clone(),
            (who, token),
            Arc::clone(&requests),
            n,
            Arc::clone(&line),
        )));
    }
    let mut all = Vec::new();
    for client in clients {
        all.extend(client.await.unwrap());
    }
    assert_eq!(all.len(), CLIENTS * REQUESTS);
    let mut won = [0, 0];
    for request in 0..REQUESTS {
        let seen: Vec<&Did> = all.iter().filter(|did| did.request == request).collect();
        check(request, &seen);
        let by_ann = seen.iter().any(|did| matches!(did.what, What::Won { who: "ann", .. }));
        won[usize::from(by_ann)] += 1;
    }
    assert!(won.iter().all(|wins| *wins > 0), "they really ran against each other: {won:?}");
    world.app.begin_stop();
    server.await.unwrap();
}

const ASKERS: usize = 64;
const LIMIT: usize = 10;
const ROUNDS: usize = 20;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_sixty_four_requests_at_once_the_limit_of_a_day_lets_ten_through_every_day() {
    let world = World::new().await;
    let targets: Vec<Value> =
        (0..ASKERS).map(|n| member(n as u64, &format!("t{n}"), &format!("Target {n}"), json!({}))).collect();
    world.company("acme", "Acme", &targets).await;
    world.company("northgrid", "Northgrid", &[member(1, "olu", "Olu Adeyemi", json!({}))]).await;
    let document = format!(
        "[[rule]]\nid = \"L\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\nrequests_per_day = {LIMIT}\n\
         open_requests = \"unlimited\"\nrequest_days = 1\n"
    );
    let body = json!({"company": "northgrid", "document": document});
    let headers = [("idempotency-key", "policy"), ("if-match", "\"1\"")];
    world.call_with(&world.operator, axum::http::Method::PUT, "/v1/policy", &headers, Some(body)).await.ok();
    // What is asked of Acme lives as long as Acme says.
    let body = json!({"company": "acme", "document":
        "[[rule]]\nid = \"L\"\ntitle = \"t\"\nowner = \"o\"\nreason = \"r\"\nrequest_days = 1\n"});
    let headers = [("idempotency-key", "policy a"), ("if-match", "\"1\"")];
    world.call_with(&world.operator, axum::http::Method::PUT, "/v1/policy", &headers, Some(body)).await.ok();
    let mut links = Vec::new();
    for n in 0..ASKERS {
        let token = world.session("acme", &format!("t{n}")).await;
        let card = world.call(&token, axum::http::Method::PUT, "/v1/card", Some(json!({}))).await.ok();
        links.push(card["link"].as_str().unwrap().to_owned());
    }
    let (origin, server) = served(&world).await;
    for round in 0..ROUNDS {
        // A session lives shorter than all rounds together.
        let olu = world.session("northgrid", "olu").await;
        let line = Arc::new(Barrier::new(ASKERS));
        let askers: Vec<JoinHandle<(u16, Value)>> = links
            .iter()
            .enumerate()
            .map(|(n, link)| {
                let (origin, olu, line) = (origin.clone(), olu.clone(), Arc::clone(&line));
                let body = json!({"to": link, "purpose": "renewal"});
                let key = Some(format!("{round}-{n}"));
                let call = call(Method::Post, "/v1/requests".to_owned(), None, key, Some(&body));
                tokio::spawn(async move {
                    let transport = HttpTransport::new(&origin, &Trust::default()).unwrap();
                    line.wait().await;
                    let reply = transport.call(&olu, call).await.unwrap();
                    (reply.status, serde_json::from_slice(&reply.body).unwrap())
                })
            })
            .collect();
        let (mut sent, mut over) = (0, 0);
        for asker in askers {
            match asker.await.unwrap() {
                (200, _) => sent += 1,
                (403, told) if told["verdict"]["code"] == "daily_limit" => over += 1,
                (status, told) => panic!("round {round}: {status} {told}"),
            }
        }
        assert_eq!((sent, over), (LIMIT, ASKERS - LIMIT), "round {round}");
        // Another day, on which what was asked has run out.
        world.pass(3 * DAY);
    }
    world.app.begin_stop();
    server.await.unwrap();
}
