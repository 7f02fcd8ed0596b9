//! What the tests of the server and the client stand on: a server over a throw-away database, with a
//! clock that is set by hand, called through its real router.

#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(missing_docs, unreachable_pub)]

pub mod database;
pub mod described;

use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::BodyExt as _;
use namecard::domain::Time;
use namecard::server::{Address, App, CardKey, Clock, Disk, Durability, Options, Token, TokenKind};
use serde_json::{Value, json};
use tower::ServiceExt as _;

pub const START: i64 = 1_780_000_000_000_000;

pub struct World {
    pub app: App,
    pub clock: Clock,
    pub disk: Disk,
    pub operator: String,
    pub dir: tempfile::TempDir,
    router: axum::Router,
}

#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|_| panic!("not JSON ({}): {}", self.status, self.text()))
    }

    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub fn ok(self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    #[track_caller]
    pub fn refused(self, code: &str) -> Value {
        let body = self.json();
        assert_eq!(body["code"], code, "{body}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        assert_eq!(self.status.as_u16(), body["status"]);
        body
    }
}

impl World {
    pub async fn new() -> Self {
        Self::with(Clock::manual(Time::from_micros(START)), Durability::Scratch, false).await
    }

    pub async fn with(clock: Clock, durability: Durability, form_waits: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let operator = Token::random(TokenKind::Operator).unwrap();
        let disk = Disk::manual(u64::MAX);
        let app = App::open(Options {
            database: dir.path().join("namecard.db"),
            durability,
            clock: clock.clone(),
            disk: disk.clone(),
            card_key: CardKey::new([7; 32]),
            operator: Some(operator.clone()),
            address: Address::local(45_678, false),
            form_waits,
        })
        .await
        .unwrap();
        let router = app.router();
        Self { app, clock, disk, operator: operator.expose().to_owned(), dir, router }
    }

    /// A company of five: ann leads bob and cho; dan is an admin; eve has left.
    pub async fn acme() -> Self {
        let world = Self::new().await;
        world.company("acme", "Acme", &acme_rows()).await;
        world
    }

    /// Sends a call. Whatever it answers has to stand in the API's description.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().to_string());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let reply = Reply { status: parts.status, headers: parts.headers, body };
        described::check(&method, &path, &reply);
        reply
    }

    pub async fn call(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Reply {
        self.call_with(token, method, path, &[], body).await
    }

    pub async fn call_with(
        &self,
        token: &str,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Reply {
        let mut request = Request::builder().method(method).uri(path);
        if !token.is_empty() {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(body) => {
                request = request.header("content-type", "application/json");
                Body::from(body.to_string())
            }
            None => Body::empty(),
        };
        self.send(request.body(body).unwrap()).await
    }

    pub async fn get(&self, token: &str, path: &str) -> Reply {
        self.call(token, Method::GET, path, None).await
    }

    pub async fn company(&self, id: &str, name: &str, rows: &[Value]) {
        let body = json!({"id": id, "name": name, "domain": format!("{id}.example")});
        self.call(&self.operator, Method::POST, "/v1/companies", Some(body)).await.ok();
        self.import(json!({"company": id}), rows, json!({})).await.ok();
    }

    pub async fn stage(&self, begin: Value, rows: &[Value]) -> i64 {
        let import = self.call(&self.operator, Method::POST, "/v1/imports", Some(begin)).await.ok()["id"]
            .as_i64()
            .unwrap();
        let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
        let request = Request::put(format!("/v1/imports/{import}/rows"))
            .header("authorization", format!("Bearer {}", self.operator))
            .header("content-type", "application/x-ndjson")
            .body(Body::from(lines.join("\n")))
            .unwrap();
        self.send(request).await.ok();
        import
    }

    pub async fn import(&self, begin: Value, rows: &[Value], order: Value) -> Reply {
        let import = self.stage(begin, rows).await;
        let path = format!("/v1/imports/{import}/apply");
        let key = format!("import-{import}");
        self.call_with(&self.operator, Method::POST, &path, &[("idempotency-key", &key)], Some(order)).await
    }

    pub async fn session(&self, company: &str, member: &str) -> String {
        let body = json!({"company": company, "member": member});
        let reply = self.call(&self.operator, Method::POST, "/v1/sessions", Some(body)).await.ok();
        reply["token"].as_str().unwrap().to_owned()
    }

    /// The path of the member's card page.
    pub async fn card(&self, token: &str) -> String {
        let card = self.call(token, Method::PUT, "/v1/card", Some(json!({}))).await.ok();
        let link = card["link"].as_str().unwrap();
        link.strip_prefix("HTTP://127.0.0.1:45678").unwrap().to_owned()
    }

    /// The hidden field of a fresh form.
    pub async fn form(&self, card: &str) -> String {
        let page = self.get("", &format!("{card}?for=business")).await;
        assert_eq!(page.status, 200, "{}", page.text());
        hidden_field(&page.text())
    }

    pub async fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        let body: Vec<String> =
            fields.iter().map(|(name, value)| format!("{name}={}", encode(value))).collect();
        let request = Request::post(path)
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Body::from(body.join("&")))
            .unwrap();
        self.send(request).await
    }

    /// A visitor asks; returns the path of the status page.
    pub async fn visitor(&self, card: &str, name: &str, email: &str) -> String {
        let form = self.form(card).await;
        let reply = self
            .post_form(card, &[("name", name), ("email", email), ("purpose", "fair"), ("form", &form)])
            .await;
        assert_eq!(reply.status, 303, "{}", reply.text());
        reply.header("location").to_owned()
    }

    pub fn pass(&self, by: Duration) {
        self.clock.set(self.clock.now().after(by));
    }

    pub async fn queue(&self, token: &str) -> Vec<Value> {
        self.get(token, "/v1/requests").await.ok()["items"].as_array().unwrap().clone()
    }

    pub async fn decide(&self, token: &str, id: &str, revision: i64, key: &str, body: Value) -> Reply {
        let (path, tag) = (format!("/v1/requests/{id}/decision"), format!("\"{revision}\""));
        let headers = [("if-match", tag.as_str()), ("idempotency-key", key)];
        self.call_with(token, Method::POST, &path, &headers, Some(body)).await
    }

    pub async fn undo(&self, token: &str, id: &str, revision: i64, key: &str) -> Reply {
        let (path, tag) = (format!("/v1/requests/{id}/undo"), format!("\"{revision}\""));
        let headers = [("if-match", tag.as_str()), ("idempotency-key", key)];
        self.call_with(token, Method::POST, &path, &headers, None).await
    }
}

pub fn member(line: u64, id: &str, name: &str, extra: Value) -> Value {
    let mut row = json!({"line": line, "id": id, "name": name});
    row.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    json!({"member": row})
}

pub fn acme_rows() -> Vec<Value> {
    vec![
        json!({"department": {"line": 1, "path": ["Acme", "研发"], "english_name": "R&D"}}),
        member(
            2,
            "ann",
            "安娜 Anna",
            json!({
                "departments": [["Acme", "研发"]], "leader_of": [["Acme", "研发"]],
                "title": "Lead", "external_title": "Head of R&D", "email": "ann@acme.example", "mobile": "+86 138 0000 4021",
            }),
        ),
        member(
            3,
            "bob",
            "Bob Berg",
            json!({"departments": [["Acme", "研发"]], "manager": "ann", "title": "Engineer"}),
        ),
        member(4, "cho", "单雄", json!({"departments": [["Acme"], ["Acme", "研发"]], "manager": "ann"})),
        member(5, "dan", "Dan Dale", json!({"departments": [["Acme"]], "role": "admin"})),
        member(6, "eve", "Eve Gone", json!({"departments": [["Acme"]], "status": "left"})),
    ]
}

pub fn hidden_field(page: &str) -> String {
    let (_, rest) = page.split_once("name=\"form\" value=\"").expect("a form");
    rest.split('"').next().unwrap().to_owned()
}

pub fn encode(value: &str) -> String {
    value.bytes().map(|b| format!("%{b:02X}")).collect()
}
