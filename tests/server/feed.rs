//! The change feed and the event stream: what arrives, for whom, from where on, and that a change is
//! written with its event, its audit row and its stored answer or not at all.

use std::collections::VecDeque;
use std::time::Duration;

use crate::support::{World, acme_rows, member};
use axum::body::Body;
use axum::http::{Method, Request};
use http_body_util::BodyExt as _;
use namecard::client::{Event, EventParser};
use serde_json::{Value, json};
use tower::ServiceExt as _;

const SECOND: Duration = Duration::from_secs(1);

/// An open event stream.
pub struct Feed {
    body: Body,
    parser: EventParser,
    events: VecDeque<Event>,
}

impl Feed {
    pub async fn open(world: &World, token: &str, path: &str, last_event: Option<i64>) -> Self {
        let mut request = Request::get(path).header("authorization", format!("Bearer {token}"));
        if let Some(seq) = last_event {
            request = request.header("last-event-id", seq.to_string());
        }
        let request = request.body(Body::empty()).unwrap();
        let response = world.app.router().oneshot(request).await.unwrap();
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        let mut feed =
            Self { body: response.into_body(), parser: EventParser::new(), events: VecDeque::new() };
        // From its first piece on the stream follows: what is written now is heard.
        assert_eq!(feed.piece().await.as_deref(), Some("retry: 3000\n\n"));
        feed
    }

    async fn piece(&mut self) -> Option<String> {
        let frame = self.body.frame().await?;
        Some(String::from_utf8(frame.unwrap().into_data().unwrap().to_vec()).unwrap())
    }

    /// The next event. A heartbeat before it means that the event was there and nobody was woken.
    async fn next(&mut self) -> Event {
        while self.events.is_empty() {
            let piece = self.piece().await.expect("the stream goes on");
            let events = self.parser.push(piece.as_bytes());
            assert!(!events.is_empty(), "a heartbeat came first: {piece:?}");
            self.events.extend(events);
        }
        self.events.pop_front().unwrap()
    }

    pub async fn change(&mut self) -> Value {
        let event = self.next().await;
        assert_eq!(event.name, "change");
        let data: Value = serde_json::from_str(&event.data).unwrap();
        assert_eq!(event.id.unwrap(), data["seq"].to_string());
        data
    }

    async fn ends(mut self) {
        let last = self.next().await;
        assert_eq!((last.name.as_str(), last.id), ("bye", None));
        assert_eq!(self.piece().await, None);
    }
}

async fn head(world: &World, token: &str) -> i64 {
    world.get(token, "/v1/start").await.ok()["as_of"].as_i64().unwrap()
}

async fn changes(world: &World, token: &str, since: i64) -> Value {
    world.get(token, &format!("/v1/changes?since={since}")).await.ok()
}

/// What stands in an answer of the feed: kind and id of each object.
fn objects(changes: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    changes["changes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|item| {
            let kind = text(&item["type"]);
            let id = item.get(&kind).map_or_else(|| item["id"].clone(), |object| object["id"].clone());
            (kind, id.as_str().unwrap_or_default().to_owned())
        })
        .collect()
}

#[tokio::test]
async fn a_change_arrives_and_the_feed_has_its_content() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let since = head(&world, &ann).await;
    let mut feed = Feed::open(&world, &ann, "/v1/events", None).await;
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let id = world.queue(&ann).await[0]["id"].clone();
    assert_eq!(
        feed.change().await,
        json!({"seq": since + 1, "prev": since, "kind": "request", "type": "changed", "id": id})
    );
    let news = changes(&world, &ann, since).await;
    assert_eq!(
        (&news["reset"], &news["more"], &news["as_of"]),
        (&json!(false), &json!(false), &json!(since + 1))
    );
    assert_eq!(news["changes"][0]["request"], world.queue(&ann).await[0]);
    assert_eq!(objects(&changes(&world, &ann, since + 1).await), []);
}

#[tokio::test]
async fn a_stream_goes_on_behind_the_last_event_it_gave() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let since = head(&world, &ann).await;
    for n in 0..4 {
        world.visitor(&card, "Olu", &format!("olu{n}@northgrid.example")).await;
    }
    // The header of a reader that comes back counts more than the address it began with.
    let path = format!("/v1/events?since={since}");
    let mut again = Feed::open(&world, &ann, &path, Some(since + 1)).await;
    for n in 2..=4 {
        let change = again.change().await;
        assert_eq!((&change["seq"], &change["prev"]), (&json!(since + n), &json!(since + n - 1)));
    }
    let mut whole = Feed::open(&world, &ann, &path, None).await;
    assert_eq!(whole.change().await["seq"], since + 1);
}

#[tokio::test]
async fn what_others_are_asked_is_neither_heard_nor_read() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let (of_ann, of_bob) = (world.card(&ann).await, world.card(&bob).await);
    let since = head(&world, &ann).await;
    let mut feed = Feed::open(&world, &ann, "/v1/events", None).await;
    world.visitor(&of_bob, "Olu", "olu@northgrid.example").await;
    let request = world.queue(&bob).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&bob, &request, 1, "k", json!({"kind": "approve"})).await.ok();
    world.visitor(&of_ann, "Jing", "jing@bluewave.example").await;
    let mine = world.queue(&ann).await[0]["id"].clone();
    // Two numbers are missing between them, and `prev` says that nothing of them was.
    assert_eq!(
        feed.change().await,
        json!({"seq": since + 3, "prev": since, "kind": "request", "type": "changed", "id": mine})
    );
    let news = changes(&world, &ann, since).await;
    assert_eq!(objects(&news), [("request".to_owned(), mine.as_str().unwrap().to_owned())]);
    assert!(!news.to_string().contains(&request));
    let news = changes(&world, &bob, since).await;
    assert_eq!(objects(&news), [("request".to_owned(), request)]);
}

#[tokio::test]
async fn many_changes_of_others_do_not_hold_up_ones_own() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let card = world.card(&ann).await;
    world.card(&bob).await;
    let since = head(&world, &ann).await;
    // More than a stream reads at once.
    let mut database = world.database().await;
    database
        .run(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 700)
             INSERT INTO outbox (company, seq, at, kind, what, id, member, revision)
             SELECT c.sk, c.seq + n.i, 0, 'card', 'changed', 'c', m.sk, 1
             FROM n, companies c JOIN members m ON m.company = c.sk AND m.id = 'bob' WHERE c.id = 'acme';
             UPDATE companies SET seq = seq + 700 WHERE id = 'acme';",
        )
        .await;
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let mut feed = Feed::open(&world, &ann, &format!("/v1/events?since={since}"), None).await;
    let change = feed.change().await;
    assert_eq!((&change["seq"], &change["prev"]), (&json!(since + 701), &json!(since)));
}

#[tokio::test]
async fn another_company_has_numbers_of_its_own() {
    let world = World::acme().await;
    world.company("other", "Other", &[member(2, "ann", "Ann", json!({}))]).await;
    let (ann, stranger) = (world.session("acme", "ann").await, world.session("other", "ann").await);
    let (here, there) = (world.card(&ann).await, world.card(&stranger).await);
    let mut feed = Feed::open(&world, &stranger, "/v1/events", None).await;
    let since = head(&world, &stranger).await;
    world.visitor(&here, "Olu", "olu@northgrid.example").await;
    world.visitor(&there, "Jing", "jing@bluewave.example").await;
    assert_eq!(head(&world, &stranger).await, since + 1);
    let change = feed.change().await;
    assert_eq!((&change["seq"], &change["prev"]), (&json!(since + 1), &json!(since)));
    assert_eq!(change["id"], world.queue(&stranger).await[0]["id"]);
    assert_eq!(objects(&changes(&world, &stranger, since).await).len(), 1);
}

#[tokio::test]
async fn a_cursor_that_the_feed_does_not_reach_starts_again() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let early = head(&world, &ann).await;
    world.database().await.run("UPDATE companies SET seq = seq + 100000").await;
    let edge = head(&world, &ann).await;
    assert_eq!(changes(&world, &ann, early).await["reset"], false);
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let now = edge + 1;
    // Too old, from a database that is not this one, and from nowhere.
    for since in [early, now + 1, -1, i64::MIN, i64::MAX] {
        let news = changes(&world, &ann, since).await;
        assert_eq!((&news["reset"], &news["as_of"]), (&json!(true), &json!(now)), "{since}");
        assert_eq!(news["changes"], json!([]));
        let mut feed = Feed::open(&world, &ann, &format!("/v1/events?since={since}"), None).await;
        let reset = feed.next().await;
        assert_eq!((reset.name.as_str(), reset.id), ("reset", Some(now.to_string())));
        assert_eq!(serde_json::from_str::<Value>(&reset.data).unwrap(), json!({"as_of": now}));
    }
    // Behind a reset the stream goes on from where the reader loads anew.
    let mut feed = Feed::open(&world, &ann, "/v1/events?since=0", None).await;
    feed.next().await;
    world.visitor(&card, "Jing", "jing@bluewave.example").await;
    let change = feed.change().await;
    assert_eq!((&change["seq"], &change["prev"]), (&json!(now + 1), &json!(now)));
}

#[tokio::test]
async fn a_large_import_is_one_reset() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let since = head(&world, &ann).await;
    let mut feed = Feed::open(&world, &ann, "/v1/events", None).await;
    let mut rows = acme_rows();
    rows.extend((0..1_001).map(|n| member(10 + n, &format!("m{n:04}"), &format!("Member {n}"), json!({}))));
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    assert_eq!(head(&world, &ann).await, since + 1);
    let reset = feed.next().await;
    assert_eq!((reset.name.as_str(), reset.id), ("reset", Some((since + 1).to_string())));
    assert_eq!(changes(&world, &ann, since).await["reset"], true);
    assert_eq!(changes(&world, &ann, since + 1).await["reset"], false);
}

#[tokio::test]
async fn a_small_import_names_who_changed() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let since = head(&world, &ann).await;
    let mut rows = acme_rows();
    rows[2] = member(3, "bob", "Bob Berg", json!({"departments": [["Acme"]], "manager": "ann"}));
    rows.push(member(9, "fay", "Fay", json!({"departments": [["Acme"]]})));
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    let news = changes(&world, &ann, since).await;
    let members: Vec<String> =
        objects(&news).into_iter().filter(|(kind, _)| kind == "member").map(|(_, id)| id).collect();
    assert_eq!(members, ["bob", "fay"]);
    // The department that bob has left is told as well: one less sits there.
    let counts: Vec<(Value, Value)> = news["changes"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|item| item.get("department"))
        .map(|department| (department["name"].clone(), department["head_count"].clone()))
        .collect();
    assert!(counts.contains(&(json!("研发"), json!(2))), "{counts:?}");
    assert!(counts.contains(&(json!("Acme"), json!(5))), "{counts:?}");
}

#[tokio::test]
async fn the_feed_comes_in_pages_that_join() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let since = head(&world, &ann).await;
    world
        .database()
        .await
        .run(
            "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2500)
             INSERT INTO outbox (company, seq, at, kind, what, id, revision)
             SELECT c.sk, c.seq + n.i, 0, 'member', 'changed', CASE n.i WHEN 1001 THEN 'bob' ELSE 'cho' END, 1
             FROM n, companies c WHERE c.id = 'acme';
             UPDATE companies SET seq = seq + 2500 WHERE id = 'acme';",
        )
        .await;
    let mut cursor = since;
    let mut seen = Vec::new();
    loop {
        let news = changes(&world, &ann, cursor).await;
        seen.push((news["as_of"].as_i64().unwrap() - since, objects(&news).len()));
        cursor = news["as_of"].as_i64().unwrap();
        if news["more"] == false {
            break;
        }
    }
    // Each object once a page, however often it was touched.
    assert_eq!(seen, [(1_000, 1), (2_000, 2), (2_500, 1)]);
}

#[tokio::test]
async fn a_stop_says_goodbye() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let feed = Feed::open(&world, &ann, "/v1/events", None).await;
    world.app.begin_stop();
    feed.ends().await;
}

#[tokio::test]
async fn whoever_is_signed_out_hears_goodbye_and_nothing_before_it() {
    let world = World::acme().await;
    let (ann, cho) = (world.session("acme", "ann").await, world.session("acme", "cho").await);
    let leaver = Feed::open(&world, &cho, "/v1/events", None).await;
    let mut stays = Feed::open(&world, &ann, "/v1/events", None).await;
    let rows: Vec<Value> = acme_rows().into_iter().filter(|row| row["member"]["id"] != "cho").collect();
    world.import(json!({"company": "acme"}), &rows, json!({"remove_missing": true})).await.ok();
    leaver.ends().await;
    // Whom the others know of has changed: they start again.
    assert_eq!(stays.next().await.name, "reset");
    world.get(&cho, "/v1/changes?since=0").await.refused("unauthenticated");
    world.get(&cho, "/v1/events").await.refused("unauthenticated");
}

#[tokio::test]
async fn a_member_has_sixteen_streams_and_a_closed_one_makes_room() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let mut open = Vec::new();
    for _ in 0..16 {
        open.push(Feed::open(&world, &ann, "/v1/events", None).await);
    }
    // Only the head is read: a stream that is opened by mistake has no end.
    let request = Request::get("/v1/events").header("authorization", format!("Bearer {ann}"));
    let refused = world.app.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!((refused.status().as_u16(), &refused.headers()["retry-after"]), (503, &"1".parse().unwrap()));
    assert_eq!(refused.headers()["content-type"], "application/problem+json");
    Feed::open(&world, &bob, "/v1/events", None).await;
    open.pop();
    Feed::open(&world, &ann, "/v1/events", None).await;
}

#[tokio::test]
async fn what_time_changes_is_announced_once() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    for n in 0..2 {
        world.visitor(&card, "Olu", &format!("olu{n}@northgrid.example")).await;
    }
    let request = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &request, 1, "k", json!({"kind": "approve"})).await.ok();
    let since = head(&world, &ann).await;
    // In the window there is no contact, not even as an id.
    assert_eq!(objects(&changes(&world, &ann, since - 1).await), [("request".to_owned(), request.clone())]);
    world.pass(10 * SECOND);
    let mut feed = Feed::open(&world, &ann, "/v1/events", None).await;
    world.app.start_tasks();
    let mut due = [feed.change().await, feed.change().await];
    due.sort_by_key(|event| event["kind"].as_str().unwrap().to_owned());
    let contact = world.get(&ann, "/v1/contacts").await.ok()["items"][0]["id"].clone();
    assert_eq!(
        (&due[0]["type"], &due[0]["kind"], &due[0]["id"]),
        (&json!("due"), &json!("contact"), &contact)
    );
    assert_eq!(
        (&due[1]["type"], &due[1]["kind"], &due[1]["id"]),
        (&json!("due"), &json!("request"), &json!(request))
    );
    let news = changes(&world, &ann, since).await;
    assert_eq!(
        objects(&news),
        [
            ("request".to_owned(), request.clone()),
            ("contact".to_owned(), contact.as_str().unwrap().to_owned())
        ]
    );
    // A month later the other one has ended; what was announced is not announced again.
    world.pass(Duration::from_secs(40 * 24 * 3600));
    world.app.start_tasks();
    world.app.stop().await;
    let mut database = world.database().await;
    let causes =
        database.words("SELECT kind || ' ' || cause FROM outbox WHERE cause IS NOT NULL ORDER BY 1").await;
    assert_eq!(causes, ["contact effective", "request effective", "request expired"]);
}

#[tokio::test]
async fn a_change_its_audit_row_its_event_and_its_answer_stand_or_fall_together() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let since = head(&world, &ann).await;
    let mut feed = Feed::open(&world, &ann, "/v1/events", None).await;
    let request = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    let form = world.form(&card).await;
    let fields =
        [("name", "Jing"), ("email", "jing@bluewave.example"), ("purpose", "fair"), ("form", form.as_str())];
    let mut database = world.database().await;
    let before = database.content().await;
    let approve = json!({"kind": "approve"});
    for table in ["audit", "outbox", "replies", "request_steps", "contacts", "contact_history", "deadlines"] {
        let trigger = format!(
            "CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'the test says no'); END"
        );
        database.run(&trigger).await;
        world.decide(&ann, &request, 1, "key", approve.clone()).await.refused("internal");
        if ["audit", "outbox", "deadlines"].contains(&table) {
            assert_eq!(world.post_form(&card, &fields).await.status, 503, "{table}");
        }
        database.run("DROP TRIGGER broken").await;
        assert_eq!(database.content().await, before, "a write that {table} refused left something");
    }
    // Nothing is numbered, nothing was heard, and the key is still free.
    world.decide(&ann, &request, 1, "key", approve).await.ok();
    let change = feed.change().await;
    assert_eq!((&change["seq"], &change["prev"]), (&json!(since + 1), &json!(since)));
    let after = database.content().await;
    for table in ["audit", "outbox", "replies", "request_steps", "contacts"] {
        assert_eq!(after[table].len(), before[table].len() + 1, "{table}");
    }
    assert_eq!(world.post_form(&card, &fields).await.status, 303);
}

#[tokio::test]
async fn each_kind_of_write_is_whole_or_absent() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let status = world.visitor(&card, "Olu", "olu@northgrid.example").await;
    world.visitor(&card, "Jing", "jing@bluewave.example").await;
    let first = world.queue(&ann).await[1]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &first, 1, "a", json!({"kind": "approve"})).await.ok();
    world.pass(10 * SECOND);
    let contact = world.get(&ann, "/v1/contacts").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let second = world.queue(&ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(&ann, &second, 1, "b", json!({"kind": "reject", "reason": "not_known"})).await.ok();
    let import = world.stage(json!({"company": "acme"}), &[member(2, "fay", "Fay", json!({}))]).await;
    let mut database = world.database().await;
    let before = database.content().await;
    let contact = format!("/v1/contacts/{contact}");
    let (remark, apply) = (format!("{contact}/remark"), format!("/v1/imports/{import}/apply"));
    let undo = format!("/v1/requests/{second}/undo");
    let cards = world.get(&ann, "/v1/cards").await.ok();
    let rotate = format!("/v1/cards/{}/rotate", cards["items"][0]["id"].as_str().unwrap());
    let writes = [
        (&ann, Method::POST, undo.as_str(), "\"2\"", None),
        (&ann, Method::PUT, remark.as_str(), "\"1\"", Some(json!({"remark": "Bo"}))),
        (&ann, Method::DELETE, contact.as_str(), "\"1\"", None),
        (&ann, Method::POST, rotate.as_str(), "\"1\"", Some(json!({"leaked": true}))),
        (&world.operator, Method::POST, apply.as_str(), "\"1\"", Some(json!({}))),
        (
            &world.operator,
            Method::POST,
            "/v1/sessions",
            "\"1\"",
            Some(json!({"company": "acme", "member": "bob"})),
        ),
        (&world.operator, Method::POST, "/v1/companies", "\"1\"", Some(json!({"id": "new", "name": "New"}))),
    ];
    database
        .run(
            "CREATE TRIGGER broken BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'the test says no'); END",
        )
        .await;
    for (token, method, path, revision, body) in &writes {
        let headers = [("if-match", *revision), ("idempotency-key", "key")];
        let reply = world.call_with(token, method.clone(), path, &headers, body.clone()).await;
        reply.refused("internal");
    }
    assert_eq!(world.post_form(&format!("{status}/withdraw"), &[]).await.status, 503);
    database.run("DROP TRIGGER broken").await;
    assert_eq!(database.content().await, before);
    for (token, method, path, revision, body) in writes {
        let headers = [("if-match", revision), ("idempotency-key", "key")];
        let reply = world.call_with(token, method.clone(), path, &headers, body).await;
        // The remark has moved the contact on: removing it in its first revision comes too late.
        let late = method == Method::DELETE;
        assert_eq!(reply.status, if late { 412 } else { 200 }, "{path}: {}", reply.text());
    }
    let rows = database.numbers("SELECT seq FROM outbox WHERE company = 1 ORDER BY seq").await;
    assert_eq!(rows, (1..=rows.len() as i64).collect::<Vec<_>>());
}
