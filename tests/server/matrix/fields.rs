//! What answers hold: for each route the fields that may stand in them, written down, so that a new one has to be
//! put on the list; and never a word of what is not the caller's to see.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::cast::{Cast, Role, Thing, open_word, secret_word};
use crate::feed::Feed;
use crate::support::{Reply, encode};

/// Somebody in the directory, as each of their company sees them.
const MEMBER: &str = "id revision as_of name alias departments[].id departments[].leader departments[].order title \
    external_title phones[].kind phones[].number emails[] office status manager attributes[].name attributes[].value";
const DEPARTMENT: &str = "id parent name english_name order leaders[] head_count revision as_of";
/// Of its owner's alone, as are requests.
const CONTACT: &str = "id revision as_of kind name company title phones[] emails[] remark source.channel \
    source.add_way since allowed[]";
const REQUEST: &str = "id revision as_of kind direction requester.name requester.company requester.title \
    requester.email requester.phone target.id target.name purpose message channel created expires state effective_at \
    verdict.code verdict.rule verdict.policy_version allowed[]";
const DECISION: &str = "decision.kind decision.by.id decision.by.name decision.at decision.told";
const COMPANY: &str = "id name domain made_up chat_link time_zone created";
const CARD: &str = "id revision kind link owner.id owner.name title company created expires local_only moved";
const PLAN: &str = "added[].line added[].id added[].name added_total changed[].line changed[].id changed[].name \
    changed_total missing[].line missing[].id missing[].name missing_total unchanged_total departments_added \
    refused[].line refused[].column refused[].code refused[].value refused_total notes[].line notes[].manager notes_total";
const PAGE: &str = "next as_of now";

/// Which fields stand where in which route's answers: for each place, the names.
#[rustfmt::skip]
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    ("GET /v1/health", &[("", "version api api_oldest now")]),
    ("GET /v1/start", &[("me.member", MEMBER), ("me", "roles[]"), ("company", COMPANY), ("departments[]", DEPARTMENT),
        ("members[]", MEMBER), ("members[]", "allowed[]"), ("requests[]", REQUEST), ("requests[]", DECISION),
        ("", "members_total contacts_total policy_version insecure_http as_of now")]),
    ("GET /v1/me", &[("me.member", MEMBER), ("me", "roles[]"), ("company", COMPANY), ("", "policy_version now")]),
    ("GET /v1/departments", &[("items[]", DEPARTMENT), ("", PAGE)]),
    ("GET /v1/members", &[("items[]", MEMBER), ("items[]", "allowed[]"), ("", PAGE)]),
    ("GET /v1/members/{id}", &[("", MEMBER), ("", "allowed[]")]),
    ("GET /v1/search", &[("items[]", "id name department company title where why"), ("", "total as_of now")]),
    ("GET /v1/lookup", &[("", "ids[]")]),
    ("GET /v1/contacts", &[("items[]", CONTACT), ("", PAGE)]),
    ("GET /v1/contacts/{id}", &[("contact", CONTACT),
        ("history[]", "at what who.id who.name rule policy_version")]),
    ("PUT /v1/contacts/{id}/remark", &[("", "id revision as_of")]),
    ("DELETE /v1/contacts/{id}", &[("", "id revision as_of")]),
    ("GET /v1/requests", &[("items[]", REQUEST), ("items[]", DECISION), ("", PAGE)]),
    ("GET /v1/requests/count", &[("", "count now")]),
    ("GET /v1/requests/{id}", &[("", REQUEST)]),
    ("POST /v1/requests/{id}/decision", &[("", REQUEST), ("", DECISION)]),
    ("POST /v1/requests/{id}/undo", &[("", REQUEST)]),
    ("PUT /v1/card", &[("", CARD)]),
    ("POST /v1/card/rotate", &[("", CARD), ("", "previous_until")]),
    ("GET /v1/changes", &[("changes[]", "type id as_of"), ("changes[].member", MEMBER),
        ("changes[].member", "allowed[]"), ("changes[].department", DEPARTMENT), ("changes[].request", REQUEST),
        ("changes[].request", DECISION), ("changes[].contact", CONTACT), ("", "reset more as_of now")]),
    ("an event", &[("", "seq prev kind type id")]),
    ("POST /v1/exports", &[("", "count")]),
    ("POST /v1/imports", &[("", "id")]),
    ("GET /v1/imports/{id}", &[("", "id done writing")]),
    ("PUT /v1/imports/{id}/rows", &[("", "rows")]),
    ("GET /v1/imports/{id}/plan", &[("", PLAN)]),
    ("POST /v1/imports/{id}/apply", &[("", "company added changed removed unchanged")]),
    ("DELETE /v1/imports/{id}", &[("", "id")]),
    ("POST /v1/tokens", &[("items[]", "id member name expires token")]),
    ("GET /v1/tokens", &[("items[]", "id member name created last_used expires")]),
    ("PUT /v1/members/{id}/role", &[("", "member role")]),
    ("GET /v1/report", &[("files[]", "use path there private"), ("", "version schema schema_known \
        database_bytes log_bytes disk_free last_backup now")]),
    ("GET /v1/local", &[("", "company member")]),
    ("PUT /v1/local", &[("company", COMPANY), ("", "member")]),
    ("POST /v1/companies", &[("company", COMPANY), ("", "members")]),
    ("POST /v1/sessions", &[("", "token member company")]),
    ("a problem", &[("", "type title status code")]),
];

/// What was seen in answers.
#[derive(Default)]
pub struct Seen {
    fields: BTreeMap<String, BTreeSet<String>>,
}

impl Seen {
    /// Looks at an answer: its fields, and whether it holds what its caller may not see.
    pub fn note(&mut self, cast: &Cast, role: Role, route: &str, reply: &Reply) {
        if let Ok(value) = serde_json::from_slice::<Value>(&reply.body)
            && route != "GET /v1/openapi.json"
        {
            let route = if reply.status.is_success() { route } else { "a problem" };
            places(&value, "", self.fields.entry(route.to_owned()).or_default());
        }
        holds_only(cast, role, route, &reply.text());
    }

    /// Exactly what is written down was seen.
    pub fn check(&self) {
        let written: BTreeMap<String, BTreeSet<String>> = FIELDS
            .iter()
            .map(|(route, groups)| {
                let fields = groups.iter().flat_map(|(place, names)| {
                    let dot = if place.is_empty() { "" } else { "." };
                    names.split_whitespace().map(move |name| format!("{place}{dot}{name}"))
                });
                ((*route).to_owned(), fields.collect())
            })
            .collect();
        for (route, fields) in &self.fields {
            let known = written.get(route).cloned().unwrap_or_default();
            let new: Vec<&String> = fields.difference(&known).collect();
            assert!(new.is_empty(), "{route} tells of fields that are not on its list: {new:?}");
            let gone: Vec<&String> = known.difference(fields).collect();
            assert!(gone.is_empty(), "{route} has fields on its list that were not seen: {gone:?}");
        }
        assert_eq!(self.fields.keys().collect::<Vec<_>>(), written.keys().collect::<Vec<_>>());
    }
}

/// Every field below a value, by its place.
fn places(value: &Value, place: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let dot = if place.is_empty() { "" } else { "." };
                places(value, &format!("{place}{dot}{name}"), found);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| places(item, &format!("{place}[]"), found)),
        _ => {
            found.insert(place.to_owned());
        }
    }
}

/// No word of what somebody else keeps to themselves, nor of another company, nor anything without a sign-in.
pub fn holds_only(cast: &Cast, role: Role, about: &str, text: &str) {
    let me = cast.people.iter().find(|person| person.id == role.person());
    let locked_out = matches!(role, Role::Left | Role::Disabled);
    for person in &cast.people {
        let sees_open = match me {
            Some(me) => me.company == person.company && !locked_out,
            None => role == Role::Operator,
        };
        let sees_secret = me.is_some_and(|me| me.id == person.id) && !locked_out;
        for (sees, word) in [(sees_open, open_word(person.id)), (sees_secret, secret_word(person.id))] {
            assert!(sees || !text.contains(&word), "{about} tells {role:?} {word}: {text}");
        }
    }
}

/// Asks for what the table's calls do not bring out, as everybody who may.
pub async fn look_further(cast: &Cast, seen: &mut Seen) {
    let world = &cast.world;
    // A query with a word of everybody's, by everybody: what is hidden is neither found nor counted.
    for role in [Role::Member, Role::Manager, Role::Admin, Role::Auditor, Role::Stranger, Role::StrangeAdmin]
    {
        let me = cast.person(role.person());
        let token = cast.token(role);
        for person in &cast.people {
            let there = person.id != "eve" && person.company == me.company;
            for (word, may) in [(open_word(person.id), there), (secret_word(person.id), person.id == me.id)] {
                for place in ["all", "directory", "external"] {
                    let path = format!("/v1/search?q={}&in={place}&limit=100", encode(&word));
                    let reply = world.get(token, &path).await;
                    let found = reply.json();
                    let inside = word.starts_with("open");
                    let looked = place == "all" || inside == (place == "directory");
                    assert_eq!(found["total"].as_i64().unwrap() > 0, may && looked, "{role:?}: {path}");
                    assert_eq!(
                        found["items"].as_array().unwrap().is_empty(),
                        !(may && looked),
                        "{role:?}: {path}"
                    );
                    seen.note(cast, role, "GET /v1/search", &reply);
                }
            }
            for id in [&person.request, &person.contact] {
                let reply = world.get(token, &format!("/v1/lookup?tail={}", &id[8..])).await;
                assert_eq!(
                    reply.json()["ids"].as_array().unwrap().is_empty(),
                    person.id != me.id,
                    "{role:?}"
                );
                seen.note(cast, role, "GET /v1/lookup", &reply);
            }
        }
    }
    // Changes of every kind, and their events.
    let since = world.get(cast.token(Role::Manager), "/v1/start").await.ok()["as_of"].as_i64().unwrap();
    let roles = [Role::Member, Role::Manager, Role::Admin, Role::Auditor];
    let mut feeds = Vec::new();
    for role in roles {
        feeds.push((role, Feed::open(world, cast.token(role), "/v1/events", None).await));
    }
    let ann = cast.person("ann");
    let request = cast.make(ann, Thing::Request).await;
    cast.approve(ann, &request).await;
    let remark = format!("/v1/contacts/{}/remark", cast.make(ann, Thing::Contact).await);
    let headers = [("if-match", "\"1\""), ("idempotency-key", "further")];
    let body = json!({"remark": secret_word("ann")});
    world.call_with(&ann.session, Method::PUT, &remark, &headers, Some(body)).await.ok();
    let rows = [json!({"member": {"line": 99, "id": "new", "name": "New", "departments": [["Lab", "New"]]}})];
    world.import(json!({"company": "acme"}), &rows, json!({})).await.ok();
    for (role, feed) in &mut feeds {
        loop {
            let event = feed.change().await;
            places(&event, "", seen.fields.entry("an event".to_owned()).or_default());
            let owns = ["request", "contact", "card"].contains(&event["kind"].as_str().unwrap());
            assert!(!owns || *role == Role::Manager, "{role:?} hears of {event}");
            holds_only(cast, *role, "an event", &event.to_string());
            if event["id"] == "new" {
                break;
            }
        }
    }
    for role in roles {
        let reply = world.get(cast.token(role), &format!("/v1/changes?since={since}")).await;
        seen.note(cast, role, "GET /v1/changes", &reply);
    }
    // A plan with everything in it.
    let dan = cast.token(Role::Admin);
    let import = cast.make(cast.person("dan"), Thing::Import).await;
    let rows = [
        json!({"member": {"line": 2, "id": "bob", "name": "Bob"}}),
        json!({"member": {"line": 3, "id": "hal", "name": "Hal", "manager": "a b"}}),
        json!({"member": {"line": 4, "id": "a b", "name": "B"}}),
        json!({"member": {"line": 5, "id": "ida", "name": "Ida", "manager": "jim"}}),
        json!({"member": {"line": 6, "id": "jim", "name": "", "status": "away"}}),
    ];
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    let request = Request::put(format!("/v1/imports/{import}/rows"))
        .header("authorization", format!("Bearer {dan}"))
        .header("content-type", "application/x-ndjson");
    world.send(request.body(lines.join("\n").into()).unwrap()).await.ok();
    let reply = world.get(dan, &format!("/v1/imports/{import}/plan")).await;
    seen.note(cast, Role::Admin, "GET /v1/imports/{id}/plan", &reply);
}
