//! The walls around the API, route by route as its description names them: who comes in, what may be
//! sent, how a fault is told, and that a company ends where another one begins.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::{Reply, World, acme_rows, encode, member};
use axum::body::Body;
use axum::http::{Method, Request};
use namecard::api::ProblemCode;
use namecard::server::openapi;
use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

const SECOND: Duration = Duration::from_secs(1);
const NO_REQUEST: &str = "r_00000000000000000000000000";
const NO_CONTACT: &str = "x_00000000000000000000000000";
const NO_CARD: &str = "c_00000000000000000000000000";

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Door {
    Everybody,
    Members,
    Admins,
    AdminsAndOperator,
    Operator,
}

/// Who may come in where. Written down a second time on purpose: a route that is opened wider by
/// mistake does not open this list.
const DOORS: &[(Door, &[&str])] = &[
    (Door::Everybody, &["GET /v1/openapi.json", "GET /v1/health"]),
    (
        Door::Members,
        &[
            "GET /v1/start",
            "GET /v1/me",
            "GET /v1/departments",
            "GET /v1/members",
            "GET /v1/members/{id}",
            "GET /v1/search",
            "GET /v1/lookup",
            "GET /v1/contacts",
            "GET /v1/contacts/{id}",
            "PUT /v1/contacts/{id}/remark",
            "DELETE /v1/contacts/{id}",
            "GET /v1/requests",
            "GET /v1/requests/count",
            "GET /v1/requests/{id}",
            "POST /v1/requests/{id}/decision",
            "POST /v1/requests/{id}/undo",
            "POST /v1/requests/{id}/withdraw",
            "POST /v1/requests/{id}/question",
            "POST /v1/requests/{id}/answer",
            "POST /v1/requests/{id}/pass",
            "POST /v1/requests/{id}/snooze",
            "POST /v1/requests/{id}/assign",
            "POST /v1/decisions",
            "POST /v1/verdicts",
            "POST /v1/requests",
            "POST /v1/permissions",
            "PUT /v1/contacts/{id}/tags",
            "POST /v1/contacts/{id}/introduce",
            "POST /v1/contacts/{id}/refuse",
            "POST /v1/handovers",
            "GET /v1/linked",
            "GET /v1/introductions",
            "GET /v1/links",
            "GET /v1/settings",
            "PUT /v1/settings",
            "PUT /v1/card",
            "GET /v1/cards",
            "POST /v1/cards",
            "PUT /v1/cards/{id}",
            "POST /v1/cards/{id}/rotate",
            "DELETE /v1/cards/{id}",
            "GET /v1/changes",
            "GET /v1/events",
            "DELETE /v1/session",
            "POST /v1/exports",
        ],
    ),
    (Door::Admins, &["POST /v1/links", "DELETE /v1/links/{company}"]),
    (
        Door::AdminsAndOperator,
        &[
            "GET /v1/policy",
            "GET /v1/policy/history",
            "POST /v1/policy/check",
            "PUT /v1/policy",
            "POST /v1/policy/explain",
            "GET /v1/audit",
            "POST /v1/audit/verify",
            "GET /v1/grants",
            "POST /v1/grants",
            "DELETE /v1/grants/{id}",
            "POST /v1/members/{id}/leave",
            "POST /v1/imports",
            "GET /v1/imports/{id}",
            "PUT /v1/imports/{id}/rows",
            "GET /v1/imports/{id}/plan",
            "POST /v1/imports/{id}/apply",
            "DELETE /v1/imports/{id}",
            "POST /v1/tokens",
            "GET /v1/tokens",
            "DELETE /v1/tokens/{id}",
            "PUT /v1/members/{id}/role",
        ],
    ),
    (
        Door::Operator,
        &[
            "GET /v1/report",
            "GET /v1/local",
            "PUT /v1/local",
            "POST /v1/companies",
            "POST /v1/sessions",
            "PUT /v1/elsewhere/{system}/{key}",
        ],
    ),
];

/// Writes that need no key, because sending them twice is the same as once, or is refused, or makes a
/// second thing that the caller can see and throw away; because they write nothing; or because each thing in
/// them has a key of its own.
const KEYLESS: &[&str] = &[
    "POST /v1/verdicts",
    "POST /v1/policy/check",
    "POST /v1/policy/explain",
    "POST /v1/audit/verify",
    "POST /v1/decisions",
    "PUT /v1/card",
    "PUT /v1/local",
    "POST /v1/companies",
    "POST /v1/sessions",
    "POST /v1/imports",
    "PUT /v1/imports/{id}/rows",
    "DELETE /v1/imports/{id}",
    "POST /v1/tokens",
    "DELETE /v1/tokens/{id}",
    "PUT /v1/members/{id}/role",
    "PUT /v1/elsewhere/{system}/{key}",
    "DELETE /v1/session",
];

/// An acceptable body of each route that takes JSON.
fn good_body(name: &str) -> Value {
    match name {
        "POST /v1/requests/{id}/decision" => {
            json!({"kind": "reject", "reason": "other", "text": "no", "tell": false})
        }
        "PUT /v1/contacts/{id}/remark" => json!({"remark": "Bo"}),
        "PUT /v1/card" => json!({}),
        "POST /v1/requests/{id}/question" | "POST /v1/requests/{id}/answer" => json!({"text": "Bo"}),
        "POST /v1/requests/{id}/pass" => json!({"member": "cho", "text": "Bo"}),
        "POST /v1/requests/{id}/assign" | "POST /v1/contacts/{id}/introduce" => json!({"member": "cho"}),
        "POST /v1/requests/{id}/snooze" => json!({"until": null}),
        "POST /v1/decisions" => {
            let decision = json!({"kind": "approve"});
            json!({"items": [{"id": NO_REQUEST, "revision": 1, "key": "key", "decision": decision}]})
        }
        "POST /v1/verdicts" => json!({"to": "cho"}),
        "POST /v1/requests" => json!({"to": "cho", "purpose": "fair", "message": "hello"}),
        "POST /v1/permissions" => json!({"purpose": "fair", "until": null}),
        "PUT /v1/contacts/{id}/tags" => json!({"company": ["fair"], "own": []}),
        "POST /v1/handovers" => json!({"member": "cho", "contacts": [NO_CONTACT]}),
        "POST /v1/links" => json!({"company": "nobody", "scope": {"members": ["cho"]}, "purpose": "supply"}),
        "POST /v1/policy/check" | "PUT /v1/policy" => {
            json!({"company": "acme", "document": "# None.\n", "note": "none"})
        }
        "POST /v1/policy/explain" => json!({"company": "acme", "member": "bob", "to": "cho"}),
        "POST /v1/audit/verify" => {
            json!({"company": "acme", "anchors": [{"seq": 1, "hash": "0".repeat(64)}]})
        }
        "POST /v1/grants" => json!({"company": "acme", "member": "bob", "until": null}),
        "POST /v1/members/{id}/leave" => json!({"company": "acme"}),
        "PUT /v1/settings" => json!({"accepts": true, "away_until": null, "stand_in": null}),
        "POST /v1/cards" => json!({"kind": "event", "like": {}}),
        "PUT /v1/cards/{id}" => json!({"label": "Bo", "fields": [], "expires": null, "max_uses": null}),
        "POST /v1/cards/{id}/rotate" => json!({"leaked": false}),
        "POST /v1/exports" => {
            json!({"what": "directory", "form": "csv", "count": 3, "fields": ["id", "name"]})
        }
        "PUT /v1/local" => json!({"company": "acme", "member": "bob"}),
        "POST /v1/companies" => {
            json!({"id": "new", "name": "New", "domain": "new.example", "time_zone": "UTC", "made_up": false})
        }
        "POST /v1/sessions" | "POST /v1/tokens" => json!({"company": "acme", "member": "bob"}),
        "PUT /v1/members/{id}/role" => json!({"company": "acme", "role": "auditor"}),
        "PUT /v1/elsewhere/{system}/{key}" => json!({
            "company": "acme", "member": "bob", "state": "pending",
            "requester": {"name": "Zhou", "company": "B", "title": "T", "email": "z@b.example", "phone": "+44 1"},
            "purpose": "fair", "message": "hello", "label": "fair", "link": "https://work.example/",
            "created": "2026-05-28T20:00:00Z", "expires": null,
        }),
        "POST /v1/imports" => json!({"company": "acme"}),
        "POST /v1/imports/{id}/apply" => json!({
            "skip_bad": false, "remove_missing": false, "remove_limit": 1,
            "sign_in": {"member": "bob", "retire_made_up": false},
        }),
        _ => panic!("{name} takes JSON that this test does not know"),
    }
}

struct Operation {
    name: String,
    method: Method,
    path: String,
    secured: bool,
    headers: BTreeSet<String>,
    media: Option<String>,
}

impl Operation {
    fn door(&self) -> Door {
        let doors: Vec<Door> = DOORS
            .iter()
            .filter(|(_, names)| names.contains(&self.name.as_str()))
            .map(|(door, _)| *door)
            .collect();
        assert_eq!(doors.len(), 1, "{} stands once in the list of doors", self.name);
        doors[0]
    }

    /// The path with an id that leads nowhere.
    fn filled(&self) -> String {
        let id = if self.path.starts_with("/v1/requests/") {
            NO_REQUEST
        } else if self.path.starts_with("/v1/contacts/") {
            NO_CONTACT
        } else {
            "999"
        };
        ["{id}", "{company}", "{system}", "{key}"]
            .iter()
            .fold(self.path.clone(), |path, name| path.replace(name, id))
    }

    fn takes_json(&self) -> bool {
        self.media.as_deref() == Some("application/json")
    }

    /// The token of somebody who is let in.
    fn key<'a>(&self, world: &'a World, admin: &'a str) -> &'a str {
        match self.door() {
            Door::Everybody => "",
            Door::Members | Door::Admins => admin,
            Door::AdminsAndOperator | Door::Operator => &world.operator,
        }
    }

    /// The headers that it demands, but one.
    fn headers_but(&self, left_out: &str) -> Vec<(&'static str, &'static str)> {
        [("if-match", "\"1\""), ("idempotency-key", "key")]
            .into_iter()
            .filter(|(name, _)| *name != left_out && self.headers.contains(*name))
            .collect()
    }
}

fn operations() -> Vec<Operation> {
    let api: Value = serde_json::from_str(&openapi()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in api["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).unwrap();
            let parameters = described["parameters"].as_array().cloned().unwrap_or_default();
            found.push(Operation {
                name: format!("{method} {path}"),
                method,
                path: path.clone(),
                secured: described.get("security").is_some(),
                headers: parameters
                    .iter()
                    .filter(|parameter| parameter["in"] == "header")
                    .map(|parameter| parameter["name"].as_str().unwrap().to_owned())
                    .collect(),
                media: described["requestBody"]["content"]
                    .as_object()
                    .and_then(|content| content.keys().next().cloned()),
            });
        }
    }
    assert!(found.len() > 25);
    found
}

impl Reply {
    /// A problem as every problem is told: its code stable, its status with it.
    #[track_caller]
    fn problem(self, code: &str, about: &str) -> Value {
        assert_eq!(
            self.header("content-type"),
            "application/problem+json",
            "{about}: {} {}",
            self.status,
            self.text()
        );
        let told = self.json();
        assert_eq!(told["code"], code, "{about}: {told}");
        assert_eq!(told["type"], format!("https://namecard.invalid/problems/{code}"), "{about}");
        let known = ProblemCode::ALL.iter().find(|known| known.as_str() == code).unwrap();
        assert_eq!(
            (self.status.as_u16(), &told["status"]),
            (known.status(), &json!(known.status())),
            "{about}"
        );
        assert_eq!(self.header("cache-control"), "no-store", "{about}");
        told
    }
}

#[test]
fn the_description_and_the_list_of_doors_name_the_same_routes() {
    let described: BTreeSet<String> = operations().into_iter().map(|route| route.name).collect();
    let listed: BTreeSet<String> =
        DOORS.iter().flat_map(|(_, names)| names.iter().map(|name| (*name).to_owned())).collect();
    assert_eq!(described, listed);
    for route in operations() {
        assert_eq!(route.secured, route.door() != Door::Everybody, "{}", route.name);
    }
}

#[test]
fn the_description_has_the_words_that_are_sent() {
    let api: Value = serde_json::from_str(&openapi()).unwrap();
    let codes: Vec<&str> = ProblemCode::ALL.iter().map(|code| code.as_str()).collect();
    assert_eq!(api["components"]["schemas"]["ProblemCode"]["enum"], json!(codes));
    let words = api["components"]["schemas"]
        .as_object()
        .unwrap()
        .values()
        .filter_map(|schema| schema["enum"].as_array())
        .flatten();
    assert!(words.clone().count() > 100);
    for word in words {
        assert!(!word.as_str().unwrap().contains(|c: char| c.is_uppercase()), "{word}");
    }
    // Every reference leads somewhere.
    for reference in openapi().split("\"#/components/schemas/").skip(1) {
        let name = reference.split('"').next().unwrap();
        assert!(api["components"]["schemas"][name].is_object(), "{name}");
    }
}

/// Every object that a write may hold knows all its fields: what is misspelt is not taken for left out.
#[test]
fn no_body_takes_a_field_that_it_does_not_know() {
    fn walk<'a>(api: &'a Value, schema: &'a Value, seen: &mut BTreeSet<&'a str>, is_variant: bool) {
        if let Some(name) = schema["$ref"].as_str() {
            if seen.insert(name) {
                walk(api, api.pointer(name.strip_prefix('#').unwrap()).unwrap(), seen, false);
            }
            return;
        }
        // The name of a variant is no field: serde takes exactly one, and it has to be known.
        if schema["type"] == "object" && !is_variant {
            assert_eq!(schema["additionalProperties"], false, "{schema}");
        }
        for field in schema["properties"].as_object().into_iter().flat_map(|fields| fields.values()) {
            walk(api, field, seen, false);
        }
        for choice in schema["oneOf"].as_array().into_iter().flatten() {
            walk(api, choice, seen, choice["required"].as_array().is_some_and(|names| names.len() == 1));
        }
        if schema["items"].is_object() {
            walk(api, &schema["items"], seen, false);
        }
    }
    let api: Value = serde_json::from_str(&openapi()).unwrap();
    let mut seen = BTreeSet::new();
    for described in api["paths"].as_object().unwrap().values().flat_map(|path| path.as_object().unwrap()) {
        for content in described.1["requestBody"]["content"].as_object().into_iter().flatten() {
            walk(&api, &content.1["schema"], &mut seen, false);
        }
    }
    assert!(seen.len() > 15 && seen.contains("#/components/schemas/Attribute"), "{seen:?}");
}

#[tokio::test]
async fn the_description_is_served_as_it_is_kept() {
    let world = World::new().await;
    assert_eq!(world.get("", "/v1/openapi.json").await.text(), openapi());
}

#[tokio::test]
async fn nobody_comes_in_by_a_door_that_is_not_theirs() {
    let world = World::acme().await;
    let (bob, dan) = (world.session("acme", "bob").await, world.session("acme", "dan").await);
    let unknown = format!("{}x", bob.get(..bob.len() - 1).unwrap());
    for route in operations() {
        let (door, path) = (route.door(), route.filled());
        let knock = async |token: &str| world.call(token, route.method.clone(), &path, None).await;
        // Without a body or a header: who you are is asked first.
        for token in ["", unknown.as_str(), "nc_ses_bad", "Basic"] {
            let reply = knock(token).await;
            if door == Door::Everybody && token.is_empty() {
                assert_eq!(reply.status, 200, "{}", route.name);
            } else {
                reply.problem("unauthenticated", &route.name);
            }
        }
        for (token, may) in [
            (&bob, door <= Door::Members),
            (&dan, door <= Door::AdminsAndOperator),
            (&world.operator, !matches!(door, Door::Members | Door::Admins)),
        ] {
            // A stream does not end, and a session would.
            if ["/v1/events", "/v1/session"].contains(&route.path.as_str()) && may {
                continue;
            }
            let reply = knock(token).await;
            if may {
                assert!(![401, 403].contains(&reply.status.as_u16()), "{}: {}", route.name, reply.text());
            } else {
                reply.problem("forbidden", &route.name);
            }
        }
    }
}

#[tokio::test]
async fn a_token_goes_in_its_header_and_ends_with_its_session() {
    let world = World::acme().await;
    let bob = world.session("acme", "bob").await;
    for value in [
        bob.clone(),
        format!("bearer {bob}"),
        format!("Basic {bob}"),
        format!("Bearer  {bob}"),
        "Bearer é".to_owned(),
    ] {
        let request =
            Request::get("/v1/me").header("authorization", value.as_str()).body(Body::empty()).unwrap();
        world.send(request).await.problem("unauthenticated", &value);
    }
    world.get("", &format!("/v1/me?token={bob}")).await.problem("unauthenticated", "in the address");
    world.get(&bob, "/v1/me").await.ok();
    world.pass(Duration::from_secs(14 * 24 * 3600 + 1));
    world.get(&bob, "/v1/me").await.problem("unauthenticated", "idle for two weeks");
}

#[tokio::test]
async fn a_method_that_is_not_described_is_not_allowed() {
    let world = World::acme().await;
    let mut paths: BTreeMap<String, (String, BTreeSet<Method2>)> = BTreeMap::new();
    for route in operations() {
        let known = paths.entry(route.path.clone()).or_insert_with(|| (route.filled(), BTreeSet::new()));
        known.1.insert(Method2(route.method.to_string()));
    }
    for (path, (filled, known)) in paths {
        for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "MAKE"] {
            let method = Method2(method.to_owned());
            let reply = world.call("", method.method(), &filled, None).await;
            if known.contains(&method) {
                assert!([200, 401].contains(&reply.status.as_u16()), "{} {path}", method.0);
            } else {
                let allow: BTreeSet<Method2> = reply
                    .header("allow")
                    .split(',')
                    .filter(|name| *name != "HEAD")
                    .map(|name| Method2(name.to_owned()))
                    .collect();
                assert_eq!(allow, known, "{} {path}", method.0);
                reply.problem("method_not_allowed", &path);
            }
        }
    }
}

/// A method that can be put in order.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Method2(String);

impl Method2 {
    fn method(&self) -> Method {
        Method::from_bytes(self.0.as_bytes()).unwrap()
    }
}

#[tokio::test]
async fn what_is_not_described_is_not_there() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    for path in ["/v1/", "/v1/nothing", "/v1/requests/", "/v1/requests/a/b/c", "/v1//me", "/v1/members/%00"] {
        world.get(&dan, path).await.problem("not_found", path);
    }
    // Ids of another form lead nowhere, whatever they are. What another system calls something is no id of ours.
    let ours = |route: &&Operation| route.path.contains('{') && !route.path.contains("{key}");
    for route in operations().iter().filter(ours) {
        for id in ["x~y", "%2e%2e", "r_1", "99999999999999999999", "%F0%9F", "a%0Ab"] {
            let mut request = Request::builder()
                .method(route.method.clone())
                .uri(route.path.replace("{id}", id).replace("{company}", id))
                .header("authorization", format!("Bearer {}", route.key(&world, &dan)));
            for (name, value) in route.headers_but("") {
                request = request.header(name, value);
            }
            let body = match route.media.as_deref() {
                Some("application/json") => Body::from(good_body(&route.name).to_string()),
                _ => Body::empty(),
            };
            if let Some(media) = &route.media {
                request = request.header("content-type", media);
            }
            let reply = world.send(request.body(body).unwrap()).await;
            reply.problem("not_found", &format!("{} with {id}", route.name));
        }
    }
}

#[tokio::test]
async fn bodies_are_json_of_a_bounded_length_and_a_known_form() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    for route in operations().iter().filter(|route| route.takes_json()) {
        let send = async |media: &str, body: Vec<u8>| {
            let mut request = Request::builder()
                .method(route.method.clone())
                .uri(route.filled())
                .header("authorization", format!("Bearer {}", route.key(&world, &dan)));
            for (name, value) in route.headers_but("") {
                request = request.header(name, value);
            }
            if !media.is_empty() {
                request = request.header("content-type", media);
            }
            world.send(request.body(Body::from(body)).unwrap()).await
        };
        let (name, good) = (&route.name, good_body(&route.name));
        for media in ["", "text/plain", "application/x-www-form-urlencoded", "application/jsonx"] {
            send(media, good.to_string().into_bytes()).await.problem("media_type", name);
        }
        let mut long = good.to_string().into_bytes();
        long.resize(256 * 1024, b' ');
        let fits = send("application/json; charset=utf-8", long.clone()).await;
        assert!([200, 403, 404, 409, 412].contains(&fits.status.as_u16()), "{name}: {}", fits.text());
        long.push(b' ');
        send("application/json", long).await.problem("too_large", name);
        let text = good.to_string();
        let twice = text.replacen('{', "{\"zz\":1,\"zz\":2,", 1).replace(",}", "}");
        for bad in ["", "{", "nil", "[]", "\"x\"", "7", "null", "{} {}", "{\"\u{0}\":1}", &format!("{text}x")]
        {
            let told = send("application/json", bad.as_bytes().to_vec()).await.problem("invalid", name);
            assert_eq!(told["reason"], "malformed", "{name}: {bad}");
            assert!(told["field"].is_string(), "{name}: {bad}");
        }
        let deep = format!("{{\"zz\":{}1{}}}", "[".repeat(32), "]".repeat(32));
        for (bad, reason) in [(&twice, "duplicate_field"), (&deep, "too_deep")] {
            let told = send("application/json", bad.as_bytes().to_vec()).await.problem("invalid", name);
            assert_eq!((&told["field"], &told["reason"]), (&json!("body"), &json!(reason)), "{name}");
        }
        let mut broken = text.clone().into_bytes();
        broken.splice(1..1, b"\"\xff\":1".iter().copied());
        send("application/json", broken).await.problem("invalid", name);
        let mut unknown = good.clone();
        unknown["zz"] = json!("secret");
        let told = send("application/json", unknown.to_string().into_bytes()).await.problem("invalid", name);
        // Neither its content nor what its sender calls it.
        assert_eq!((&told["field"], &told["reason"]), (&json!("body"), &json!("unknown_field")), "{name}");
        assert!(!told.to_string().contains("secret"), "{name} gives back what was sent");
        for field in good.as_object().unwrap().keys() {
            let mut wrong = good.clone();
            wrong[field] = json!([["secret"]]);
            let told =
                send("application/json", wrong.to_string().into_bytes()).await.problem("invalid", name);
            assert!(told["field"].as_str().unwrap().starts_with(field), "{name}: {told}");
            assert!(!told.to_string().contains("secret"), "{name} gives back what was sent");
        }
    }
}

#[tokio::test]
async fn a_field_inside_is_named_by_its_whole_place() {
    let world = World::acme().await;
    let import = world.stage(json!({"company": "acme"}), &[]).await;
    let path = format!("/v1/imports/{import}/apply");
    for (body, field, reason) in [
        (json!({"sign_in": {"member": "bob", "zz": 1}}), "sign_in", "unknown_field"),
        (json!({"sign_in": {"member": 7}}), "sign_in.member", "malformed"),
        (json!({"sign_in": {}}), "sign_in", "malformed"),
    ] {
        let headers = [("idempotency-key", "key")];
        let told = world.call_with(&world.operator, Method::POST, &path, &headers, Some(body)).await;
        let told = told.problem("invalid", field);
        assert_eq!((&told["field"], &told["reason"]), (&json!(field), &json!(reason)));
    }
}

#[tokio::test]
async fn a_body_without_an_announced_length_is_bounded_too() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let stream = |pieces: usize| {
        let piece = bytes::Bytes::from(vec![b' '; 16 * 1024]);
        Body::from_stream(futures_util::stream::iter(
            (0..pieces).map(move |_| Ok::<_, std::io::Error>(piece.clone())),
        ))
    };
    let request = Request::put("/v1/card")
        .header("authorization", format!("Bearer {ann}"))
        .header("content-type", "application/json");
    world.send(request.body(stream(17)).unwrap()).await.problem("too_large", "in pieces");
    let form = Request::post(card.as_str()).header("content-type", "application/x-www-form-urlencoded");
    let reply = world.send(form.body(stream(2)).unwrap()).await;
    assert_eq!((reply.status.as_u16(), reply.header("content-type")), (413, "text/html; charset=utf-8"));
}

#[tokio::test]
async fn a_link_that_leads_nowhere_looks_the_same_however_it_is_written() {
    let world = World::acme().await;
    for kind in ["C", "S", "c", "s"] {
        let unknown = world.get("", &format!("/{kind}/00000000000000000000000000")).await;
        assert_eq!(unknown.status, 404);
        for token in ["x", "%ff", "%00", "a%20b", "00000000000000000000000001", "~"] {
            let reply = world.get("", &format!("/{kind}/{token}")).await;
            assert_eq!(
                (reply.status, reply.headers, reply.body),
                (unknown.status, unknown.headers.clone(), unknown.body.clone()),
                "{token}"
            );
        }
    }
}

#[tokio::test]
async fn rows_of_an_import_are_lines_of_a_bounded_length_and_a_known_form() {
    let world = World::acme().await;
    let import = world.stage(json!({"company": "acme"}), &[]).await;
    let send = async |media: &str, body: Vec<u8>| {
        let request = Request::put(format!("/v1/imports/{import}/rows"))
            .header("authorization", format!("Bearer {}", world.operator))
            .header("content-type", media);
        world.send(request.body(Body::from(body)).unwrap()).await
    };
    let good = member(2, "fay", "Fay", json!({})).to_string();
    send("application/json", good.clone().into_bytes()).await.problem("media_type", "rows");
    for bad in [
        "x",
        "[]",
        "{\"member\":{\"zz\":1}}",
        "{\"member\":{},\"department\":{}}",
        "{\"member\":{\"line\":-1}}",
        "{\"member\":{\"name\":\"a\",\"name\":\"b\"}}",
        "{\"member\":{},\"member\":{}}",
        "{\"member\":{\"attributes\":[{\"name\":\"a\",\"value\":\"b\",\"zz\":1}]}}",
        &format!("{{\"member\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000)),
    ] {
        let told = send("application/x-ndjson", bad.as_bytes().to_vec()).await.problem("invalid", bad);
        assert_eq!((&told["field"], &told["reason"]), (&json!("row"), &json!("malformed")), "{bad}");
    }
    send("application/x-ndjson", vec![0xff, b'\n']).await.problem("invalid", "not UTF-8");
    let mut long = good.clone().into_bytes();
    long.resize((1 << 20) + 1, b' ');
    send("application/x-ndjson", long).await.problem("too_large", "an endless line");
    assert_eq!(send("application/x-ndjson", format!("\n{good}\r\n\n").into_bytes()).await.ok()["rows"], 1);

    // Two million rows and two gibibytes, and not one more; what is too much is taken back as a whole.
    let file = world.dir.path().join(format!("namecard.db.import-{import}"));
    let mut staging = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    let two = format!("{good}\n{good}");
    for (totals, what) in [("rows = 1999999", "rows"), ("rows = 1, bytes = 2147483648 - 60", "bytes")] {
        let sql = format!("UPDATE totals SET {totals}");
        sqlx::raw_sql(sqlx::AssertSqlSafe(sql)).execute(&mut staging).await.unwrap();
        let told = send("application/x-ndjson", two.clone().into_bytes()).await.problem("too_large", what);
        assert_eq!(told["field"], what);
        send("application/x-ndjson", good.clone().into_bytes()).await.ok();
    }
}

#[tokio::test]
async fn writes_name_the_revision_they_saw_and_a_key() {
    let world = World::acme().await;
    let dan = world.session("acme", "dan").await;
    let mut keyless = BTreeSet::new();
    for route in operations() {
        if route.method == Method::GET {
            assert!(route.headers.is_empty(), "{}", route.name);
            continue;
        }
        if !route.headers.contains("idempotency-key") {
            keyless.insert(route.name.clone());
        }
        let body = route.takes_json().then(|| good_body(&route.name));
        let send = async |headers: &[(&str, &str)]| {
            let token = route.key(&world, &dan);
            world.call_with(token, route.method.clone(), &route.filled(), headers, body.clone()).await
        };
        if route.headers.contains("if-match") {
            send(&route.headers_but("if-match")).await.problem("revision_required", &route.name);
            for bad in ["1", "*", "W/\"1\"", "\"x\"", "\"\"", "\"1\", \"2\"", "\"99999999999999999999\""] {
                let mut headers = route.headers_but("if-match");
                headers.push(("if-match", bad));
                let told = send(&headers).await.problem("invalid", &route.name);
                assert_eq!(told["field"], "if-match", "{bad}");
            }
        }
        if route.headers.contains("idempotency-key") {
            send(&route.headers_but("idempotency-key")).await.problem("key_required", &route.name);
            let long = "k".repeat(256);
            for bad in ["", long.as_str(), "é"] {
                let mut headers: Vec<(&str, &str)> = route.headers_but("idempotency-key");
                headers.push(("idempotency-key", bad));
                let told = send(&headers).await.problem("invalid", &route.name);
                assert_eq!(told["field"], "idempotency-key");
            }
        }
    }
    assert_eq!(keyless, KEYLESS.iter().map(|name| (*name).to_owned()).collect());
}

/// A world in which ann has a contact and a request: their ids.
async fn lived_in(world: &World, ann: &str) -> (String, String) {
    let card = world.card(ann).await;
    world.visitor(&card, "Olu", "olu@northgrid.example").await;
    let first = world.queue(ann).await[0]["id"].as_str().unwrap().to_owned();
    world.decide(ann, &first, 1, "first", json!({"kind": "approve"})).await.ok();
    world.pass(10 * SECOND);
    world.visitor(&card, "Jing", "jing@bluewave.example").await;
    let contact = world.get(ann, "/v1/contacts").await.ok()["items"][0]["id"].as_str().unwrap().to_owned();
    let request = world.queue(ann).await[0]["id"].as_str().unwrap().to_owned();
    (contact, request)
}

/// The path of the first card of somebody.
async fn card_of(world: &World, token: &str) -> String {
    let cards = world.get(token, "/v1/cards").await.ok();
    format!("/v1/cards/{}", cards["items"][0]["id"].as_str().unwrap())
}

#[tokio::test]
async fn a_stale_revision_is_told_what_there_is_now() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let (contact, request) = lived_in(&world, &ann).await;
    let remark = format!("/v1/contacts/{contact}/remark");
    let write = async |method: Method, path: &str, revision: i64, key: &str, body: Option<Value>| {
        let tag = format!("\"{revision}\"");
        world.call_with(&ann, method, path, &[("if-match", &tag), ("idempotency-key", key)], body).await
    };
    write(Method::PUT, &remark, 1, "a", Some(json!({"remark": "Bo"}))).await.ok();
    world.decide(&ann, &request, 1, "b", json!({"kind": "approve"})).await.ok();
    let rotate = format!("{}/rotate", card_of(&world, &ann).await);
    let rotated = write(Method::POST, &rotate, 1, "c", Some(json!({"leaked": false}))).await.ok();
    assert_eq!(rotated["revision"], 2);
    let contact = format!("/v1/contacts/{contact}");
    let (decision, undo) =
        (format!("/v1/requests/{request}/decision"), format!("/v1/requests/{request}/undo"));
    let approve = json!({"kind": "approve"});
    let mut database = world.database().await;
    let before = database.content().await;
    for revision in [1, 3, 0, -1] {
        for (method, path, body, code) in [
            (Method::PUT, remark.as_str(), Some(json!({"remark": "Al"})), "revision_changed"),
            (Method::DELETE, contact.as_str(), None, "revision_changed"),
            (Method::POST, rotate.as_str(), Some(json!({"leaked": false})), "revision_changed"),
            (Method::POST, decision.as_str(), Some(approve.clone()), "already_decided"),
            (Method::POST, undo.as_str(), None, "revision_changed"),
        ] {
            let reply = write(method, path, revision, &format!("stale {revision}"), body).await;
            assert_eq!(reply.header("etag"), "\"2\"", "{path}");
            let told = reply.problem(code, path);
            assert_eq!(told["current"]["revision"], 2, "{path}");
            if path.contains("requests") {
                assert_eq!(told["current"]["state"], "approved");
                assert_eq!(told["current"]["decided_by"]["id"], "ann");
                assert!(told["current"]["decided_at"].is_string());
            }
        }
    }
    assert_eq!(database.content().await, before, "a refused write left something");
}

#[tokio::test]
async fn a_key_is_its_owners_and_its_routes() {
    let world = World::acme().await;
    let (ann, bob) = (world.session("acme", "ann").await, world.session("acme", "bob").await);
    let (of_ann, of_bob) = (world.card(&ann).await, world.card(&bob).await);
    for (card, token) in [(&of_ann, &ann), (&of_bob, &bob)] {
        world.visitor(card, "Olu", "olu@northgrid.example").await;
        let id = world.queue(token).await[0]["id"].as_str().unwrap().to_owned();
        let decided = world.decide(token, &id, 1, "same", json!({"kind": "approve"})).await;
        assert_eq!(decided.header("idempotent-replay"), "");
        assert_eq!(decided.ok()["id"], json!(id));
        world.undo(token, &id, 2, "same").await.ok();
        world.decide(token, &id, 3, "same", json!({"kind": "approve"})).await.refused("key_reused");
    }
}

/// Every page of a list from its beginning, with something done after each one.
async fn pages(world: &World, token: &str, path: &str, mut between: impl AsyncFnMut(usize)) -> Vec<String> {
    let mut ids = Vec::new();
    let mut after = String::new();
    for turn in 0.. {
        let page = world.get(token, &format!("{path}{after}")).await.ok();
        let items = page["items"].as_array().unwrap();
        ids.extend(items.iter().map(|item| item["id"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        assert!(!items.is_empty(), "a page without rows leads on");
        after = format!("&after={}", encode(next));
        between(turn).await;
    }
    ids
}

#[track_caller]
fn joined(ids: &[String], from_the_start: &[String]) {
    let unique: BTreeSet<&String> = ids.iter().collect();
    assert_eq!(unique.len(), ids.len(), "a row stands on two pages");
    for id in from_the_start {
        assert!(unique.contains(id), "{id} was there all the time and is on no page");
    }
}

#[tokio::test]
async fn pages_of_members_join_while_people_come_and_go() {
    let world = World::new().await;
    let row = |n: u64| member(n + 2, &format!("M{n:03}"), &format!("Member {n}"), json!({}));
    let even: Vec<Value> = (0..60).map(|n| row(2 * n)).collect();
    world.company("acme", "Acme", &even).await;
    let token = world.session("acme", "m000").await;
    let stay: Vec<String> = (0..60).map(|n| format!("M{:03}", 2 * n)).filter(|id| id != "M014").collect();
    let ids = pages(&world, &token, "/v1/members?limit=7", async |turn| {
        let new = row(2 * turn as u64 * 7 + 1);
        if turn == 1 {
            let rows: Vec<Value> =
                even.iter().filter(|row| row["member"]["id"] != "M014").cloned().chain([new]).collect();
            let order = json!({"remove_missing": true});
            world.import(json!({"company": "acme"}), &rows, order).await.ok();
        } else {
            world.import(json!({"company": "acme"}), &[new], json!({})).await.ok();
        }
    })
    .await;
    joined(&ids, &stay);
    assert!(ids.is_sorted());
    // A last page that is full leads to an empty one.
    let all = world.get(&token, "/v1/members?limit=500").await.ok();
    let total = all["items"].as_array().unwrap().len();
    let exact = world.get(&token, &format!("/v1/members?limit={total}")).await.ok();
    let next = exact["next"].as_str().unwrap();
    let empty = world.get(&token, &format!("/v1/members?after={next}")).await.ok();
    assert_eq!((&empty["items"], &empty["next"]), (&json!([]), &json!(null)));
}

#[tokio::test]
async fn pages_of_requests_and_contacts_join_while_more_arrive() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    let card = world.card(&ann).await;
    let mut ids = Vec::new();
    for n in 0..24 {
        world.visitor(&card, &format!("Visitor {n}"), &format!("v{n}@northgrid.example")).await;
        // Some end in the same moment.
        if n % 3 == 0 {
            world.pass(SECOND);
        }
    }
    for request in world.queue(&ann).await {
        ids.push(request["id"].as_str().unwrap().to_owned());
    }
    assert_eq!(ids.len(), 24);
    let mut more = 100;
    for path in
        ["/v1/requests?limit=5", "/v1/requests?box=incoming&limit=1", "/v1/requests?state=pending&limit=7"]
    {
        let seen = pages(&world, &ann, path, async |turn| {
            if turn < 3 {
                more += 1;
                world.visitor(&card, "Late", &format!("v{more}@northgrid.example")).await;
            }
        })
        .await;
        joined(&seen, &ids);
    }
    let whole = world.get(&ann, "/v1/requests?limit=100").await.ok();
    let ends: Vec<(String, String)> = whole["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["expires"].as_str().unwrap().to_owned(), row["id"].as_str().unwrap().to_owned()))
        .collect();
    assert!(ends.is_sorted(), "most urgent first");

    for id in &ids {
        world.decide(&ann, id, 1, id, json!({"kind": "approve"})).await.ok();
    }
    world.pass(10 * SECOND);
    let whole = world.get(&ann, "/v1/contacts?limit=500").await.ok();
    let contacts: Vec<String> =
        whole["items"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap().to_owned()).collect();
    assert_eq!(contacts.len(), 24);
    let mut late = world.queue(&ann).await.into_iter();
    let seen = pages(&world, &ann, "/v1/contacts?limit=5", async |_| {
        if let Some(request) = late.next() {
            let id = request["id"].as_str().unwrap();
            world.decide(&ann, id, 1, id, json!({"kind": "approve"})).await.ok();
            world.pass(10 * SECOND);
        }
    })
    .await;
    joined(&seen, &contacts);
    assert_eq!(
        seen.len(),
        world.get(&ann, "/v1/contacts?limit=500").await.ok()["items"].as_array().unwrap().len()
    );
}

#[tokio::test]
async fn parameters_of_lists_are_checked() {
    let world = World::acme().await;
    let ann = world.session("acme", "ann").await;
    for (path, most) in
        [("/v1/members", 500), ("/v1/contacts", 500), ("/v1/requests", 100), ("/v1/search?q=a&", 100)]
    {
        let path = if path.contains('?') { path.to_owned() } else { format!("{path}?") };
        world.get(&ann, &format!("{path}limit={most}")).await.ok();
        world.get(&ann, &format!("{path}limit=1")).await.ok();
        for bad in [0, -1, most + 1, i64::MAX] {
            let told = world.get(&ann, &format!("{path}limit={bad}")).await.problem("invalid", &path);
            assert_eq!(
                (&told["field"], &told["reason"]),
                (&json!("limit"), &json!("out_of_range")),
                "{path}"
            );
        }
        for bad in ["limit=x", "limit=1&limit=2", "zz=1", "limit=1.5", "limit="] {
            world.get(&ann, &format!("{path}{bad}")).await.problem("invalid", &path);
        }
    }
    for bad in ["x", "~", "1~", "1~r_1", "x~r_00000000000000000000000000"] {
        let path = format!("/v1/requests?after={}", encode(bad));
        assert_eq!(world.get(&ann, &path).await.problem("invalid", bad)["field"], "after");
    }
    for path in [
        "/v1/changes",
        "/v1/changes?since=x",
        "/v1/search",
        "/v1/search?q=a&in=x",
        "/v1/requests?state=x",
        "/v1/requests?box=x",
        "/v1/lookup?tail=abc",
        "/v1/lookup?tail=abc%25de",
    ] {
        world.get(&ann, path).await.problem("invalid", path);
    }
    let long = format!("/v1/search?q={}", "a".repeat(257));
    assert_eq!(world.get(&ann, &long).await.problem("invalid", "a long query")["reason"], "too_long");
}

#[tokio::test]
async fn the_audit_log_is_a_chain_and_no_row_can_be_changed_unseen() {
    let world = World::acme().await;
    world.company("other", "Other", &[member(2, "ann", "Ann", json!({}))]).await;
    let ann = world.session("acme", "ann").await;
    let (_, request) = lived_in(&world, &ann).await;
    world.decide(&ann, &request, 1, "a", json!({"kind": "approve"})).await.ok();
    world.undo(&ann, &request, 2, "b").await.ok();
    let mut database = world.database().await;
    let actions = database.words("SELECT action FROM audit WHERE company = 1 ORDER BY seq").await;
    assert_eq!(
        actions,
        [
            "company.make",
            "directory.import",
            "session.make",
            "card.make",
            "request.submit",
            "request.approve",
            "request.submit",
            "request.approve",
            "request.undo"
        ]
    );
    let actors = database.words("SELECT DISTINCT actor FROM audit WHERE company = 1 ORDER BY 1").await;
    assert_eq!(actors, ["member/1", "operator", "visitor"], "people stand in it as hidden keys");
    for company in [1, 2] {
        assert_eq!(database.first_bad_row(company).await, None);
    }
    // The store itself refuses.
    for bad in ["UPDATE audit SET actor = 'x'", "DELETE FROM audit", "DELETE FROM audit WHERE seq = 9"] {
        let refused = sqlx::raw_sql(bad).execute(&mut database.0).await.unwrap_err();
        assert!(refused.to_string().contains("append-only"), "{bad}");
    }
    // And whoever gets around that is found out.
    let whole = database.rows("SELECT sql FROM sqlite_master WHERE type = 'trigger'").await;
    assert_eq!(whole.len(), 2);
    database.run("DROP TRIGGER audit_is_never_changed; DROP TRIGGER audit_is_never_cut").await;
    for (bad, first) in [
        ("UPDATE audit SET actor = 'member/2' WHERE company = 1 AND seq = 6", 6),
        ("UPDATE audit SET at = at + 1 WHERE company = 1 AND seq = 1", 1),
        ("UPDATE audit SET new_state = NULL WHERE company = 1 AND seq = 8", 8),
        ("UPDATE audit SET object = object || 'x', action = action || 'y' WHERE company = 1 AND seq = 4", 4),
        ("DELETE FROM audit WHERE company = 1 AND seq = 5", 6),
        ("DELETE FROM audit WHERE company = 1 AND seq = 9", 9),
    ] {
        database.run(&format!("SAVEPOINT before; {bad}")).await;
        assert_eq!(database.first_bad_row(1).await, Some(first), "{bad}");
        database.run("ROLLBACK TO before; RELEASE before").await;
    }
    assert_eq!(database.first_bad_row(1).await, None);
}

#[tokio::test]
async fn every_row_belongs_to_a_company() {
    let world = World::new().await;
    let mut database = world.database().await;
    let mut owned: BTreeSet<String> = BTreeSet::from(["companies".to_owned()]);
    let mut rest: BTreeSet<String> = database.tables().await.into_iter().collect();
    rest.remove("companies");
    // By a column, or by a parent that is never absent.
    loop {
        let before = rest.len();
        for table in rest.clone() {
            let columns = database.words(&format!("SELECT name FROM pragma_table_info('{table}')")).await;
            let parents = database
                .words(&format!(
                    "SELECT k.\"table\" FROM pragma_foreign_key_list('{table}') k
                     JOIN pragma_table_info('{table}') c ON c.name = k.\"from\"
                     WHERE c.\"notnull\" = 1 OR c.pk > 0"
                ))
                .await;
            if columns.contains(&"company".to_owned()) || parents.iter().any(|parent| owned.contains(parent))
            {
                rest.remove(&table);
                owned.insert(table);
            }
        }
        if rest.len() == before {
            break;
        }
    }
    // Stored answers belong to their actor, who has one company; settings are the server's own.
    assert_eq!(rest, BTreeSet::from(["replies".to_owned(), "settings".to_owned()]));
    assert!(owned.len() > 15);
}

#[tokio::test]
async fn a_company_ends_where_another_begins() {
    let world = World::acme().await;
    let strangers = [member(2, "ann", "Ann", json!({})), member(3, "zed", "Zed", json!({"role": "admin"}))];
    world.company("other", "Other", &strangers).await;
    let ann = world.session("acme", "ann").await;
    let (contact, request) = lived_in(&world, &ann).await;
    let dan = world.session("acme", "dan").await;
    let zed = world.session("other", "zed").await;
    let import = world.call(&dan, Method::POST, "/v1/imports", Some(json!({}))).await.ok()["id"].clone();
    let card = card_of(&world, &ann).await.rsplit('/').next().unwrap().to_owned();
    let (to_bob, key) = (json!({"member": "bob"}), [("idempotency-key", "grant")]);
    let grants = world.call_with(&dan, Method::POST, "/v1/grants", &key, Some(to_bob)).await.ok();
    let grant = grants["items"][0]["id"].to_string();
    let mut database = world.database().await;
    // The operator is of no company.
    let of_companies = |route: &&Operation| route.path.contains('{') && route.door() != Door::Operator;
    for route in operations().iter().filter(of_companies) {
        let (mine, nowhere) = if route.path.starts_with("/v1/requests/") {
            (request.clone(), NO_REQUEST.to_owned())
        } else if route.path.starts_with("/v1/contacts/") {
            (contact.clone(), NO_CONTACT.to_owned())
        } else if route.path.starts_with("/v1/imports/") {
            (import.to_string(), "999".to_owned())
        } else if route.path.starts_with("/v1/cards/") {
            (card.clone(), NO_CARD.to_owned())
        } else if route.path.starts_with("/v1/grants/") {
            (grant.clone(), "999".to_owned())
        } else if route.path.starts_with("/v1/links/") {
            ("acme".to_owned(), "nobody".to_owned())
        } else {
            ("bob".to_owned(), "nobody".to_owned())
        };
        let before = database.content().await;
        let mut answers = Vec::new();
        for id in [mine, nowhere] {
            let mut call = Request::builder()
                .method(route.method.clone())
                .uri(route.path.replace("{id}", &id).replace("{company}", &id))
                .header("authorization", format!("Bearer {zed}"));
            for (name, value) in route.headers_but("") {
                call = call.header(name, value);
            }
            let body = if route.takes_json() {
                let mut body = good_body(&route.name);
                body.as_object_mut().unwrap().remove("sign_in");
                body.to_string()
            } else {
                String::new()
            };
            if let Some(media) = &route.media {
                call = call.header("content-type", media);
            }
            let reply = world.send(call.body(Body::from(body)).unwrap()).await;
            answers.push((reply.headers.clone(), reply.problem("not_found", &route.name)));
        }
        assert_eq!(answers[0], answers[1], "{} tells what is there", route.name);
        assert_eq!(database.content().await, before, "{}", route.name);
    }
    let start = world.get(&zed, "/v1/start").await.ok();
    assert_eq!((&start["members_total"], &start["contacts_total"]), (&json!(2), &json!(0)));
    let whole: Vec<Value> = [
        "/v1/members",
        "/v1/departments",
        "/v1/requests?box=incoming",
        "/v1/contacts",
        "/v1/search?q=bob",
        "/v1/changes?since=0",
        "/v1/cards",
        "/v1/linked",
        "/v1/links",
        "/v1/introductions",
        "/v1/grants",
        "/v1/policy",
        "/v1/settings",
    ]
    .map(|path| path.to_owned())
    .into_iter()
    .map(|path| json!(path))
    .collect();
    for path in whole {
        let text = world.get(&zed, path.as_str().unwrap()).await.ok().to_string();
        for hidden in ["bob", "acme", "R&D", &request, &contact, "northgrid"] {
            assert!(!text.contains(hidden), "{path} tells of {hidden}");
        }
    }
    let tail = request.get(20..).unwrap();
    assert_eq!(world.get(&zed, &format!("/v1/lookup?tail={tail}")).await.ok()["ids"], json!([]));
    // An admin's import is theirs alone, also within the company.
    let rows = world.call(&world.operator, Method::GET, &format!("/v1/imports/{import}/plan"), None).await;
    rows.problem("not_found", "the operator and an admin's import");
    // An admin brings in their own company, whatever the body names.
    let named = json!({"company": "acme"});
    world.call(&zed, Method::POST, "/v1/imports", Some(named)).await.problem("invalid", "another company");
    assert_eq!(acme_rows().len(), 6);
}
