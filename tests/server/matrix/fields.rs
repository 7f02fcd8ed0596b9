//! What answers hold: for each route the fields that may stand in them, written down, so that a new one has to be
//! put on the list; and never a word of what is not the caller's to see.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, Request};
use serde_json::{Value, json};

use super::cast::{Cast, Role, Thing, open_word, row, secret_word};
use crate::feed::Feed;
use crate::support::{Reply, encode};

/// Somebody in the directory, as each of their company sees them.
const MEMBER: &str = "id revision as_of name alias departments[].id departments[].leader departments[].order title \
    external_title phones[].kind phones[].number emails[] office status manager attributes[].name attributes[].value";
const DEPARTMENT: &str = "id parent name english_name order leaders[] head_count revision as_of";
/// Of its owner's alone, as are requests.
const CONTACT: &str = "id revision as_of kind name company title phones[] emails[] remark source.channel \
    source.add_way since allowed[]";
/// What every request says to whoever has a part in it.
const REQUEST: &str = "id revision as_of kind direction part queued requester.kind requester.name requester.company \
    purpose channel created expires state effective_at manager_asked manager_asking verdict.code verdict.rule \
    verdict.policy_version";
/// What a visitor typed, and what is said of it to the side that is asked.
const TYPED: &str = "requester.title requester.email requester.phone message flags[]";
const TARGET: &str = "target.id target.name";
/// Somebody outside has no id.
const TARGET_OUTSIDE: &str = "target.name target.company";
const DECISION: &str =
    "decision.kind decision.part decision.by.id decision.by.name decision.at decision.told";
/// Of one that only another system can decide: which, and where.
const ELSEWHERE: &str = "elsewhere.system elsewhere.link verdict.alternatives[].step verdict.alternatives[].id \
    verdict.alternatives[].name";
/// How many more contacts one may have, and what is answered when there is none left.
const ROOM: &str = "left verdict.code verdict.rule verdict.policy_version verdict.alternatives[].step";
const COMPANY: &str = "id name domain made_up chat_link time_zone created";
const CARD: &str =
    "id revision kind link owner.id owner.name title company uses pending created expires local_only moved";
const GRANT: &str = "id member.id member.name department since until by";
const GRANTED_BY: &str = "by.id by.name";
const POLICY: &str = "version made_at made_by note";
const LINK: &str = "company name since they_show we_show";
const SETTINGS: &str = "revision accepts away_until stand_in";
const PLAN: &str = "added[].line added[].id added[].name added_total changed[].line changed[].id changed[].name \
    changed_total missing[].line missing[].id missing[].name missing_total unchanged_total departments_added \
    refused[].line refused[].column refused[].code refused[].value refused_total notes[].line notes[].manager notes_total";
const PAGE: &str = "next as_of now";

/// Which fields stand where in which route's answers: for each place, the names.
#[rustfmt::skip]
const FIELDS: &[(&str, &[(&str, &str)])] = &[
    ("GET /v1/health", &[("", "version api api_oldest now")]),
    ("GET /v1/start", &[("me.member", MEMBER), ("me", "roles[]"), ("company", COMPANY), ("departments[]", DEPARTMENT),
        ("members[]", MEMBER), ("members[]", "allowed[]"), ("requests[]", REQUEST), ("requests[]", TYPED),
        ("requests[]", TARGET), ("requests[]", DECISION), ("requests[]", ELSEWHERE),
        ("requests[]", "target requester.member decision.reason asked_until items allowed[]"),
        ("room", ROOM), ("", "members_total contacts_total policy_version insecure_http as_of now")]),
    ("GET /v1/me", &[("me.member", MEMBER), ("me", "roles[]"), ("company", COMPANY), ("", "policy_version now")]),
    ("GET /v1/departments", &[("items[]", DEPARTMENT), ("", PAGE)]),
    ("GET /v1/members", &[("items[]", MEMBER), ("items[]", "allowed[]"), ("", PAGE)]),
    ("GET /v1/members/{id}", &[("", MEMBER), ("", "allowed[]")]),
    ("GET /v1/search", &[("items[]", "id name department company title where why"), ("", "total as_of now")]),
    ("GET /v1/lookup", &[("", "ids[]")]),
    ("GET /v1/contacts", &[("items[]", CONTACT), ("items[]", "refuse_until"), ("", PAGE)]),
    ("GET /v1/contacts/{id}", &[("contact", CONTACT),
        ("history[]", "at what who.id who.name rule policy_version")]),
    ("PUT /v1/contacts/{id}/remark", &[("", "id revision as_of")]),
    ("PUT /v1/contacts/{id}/tags", &[("", "id revision as_of")]),
    ("POST /v1/contacts/{id}/introduce", &[("", "id revision as_of")]),
    ("POST /v1/contacts/{id}/refuse", &[("", "id revision as_of")]),
    ("POST /v1/handovers", &[("", REQUEST), ("", TARGET), ("", "requester.member requester.title items allowed[]")]),
    ("DELETE /v1/contacts/{id}", &[("", "id revision as_of")]),
    ("GET /v1/requests", &[("items[]", REQUEST), ("items[]", TYPED), ("items[]", TARGET), ("items[]", DECISION),
        ("items[]", ELSEWHERE), ("items[]", "target requester.member requester.verified items allowed[]"), ("", PAGE)]),
    ("GET /v1/requests/count", &[("", "count now")]),
    ("GET /v1/requests/{id}", &[("", REQUEST), ("", TYPED), ("", TARGET), ("", TARGET_OUTSIDE), ("", DECISION),
        ("", ELSEWHERE), ("", "target requester.member items allowed[]"),
        ("steps[]", "kind part by.id by.name at told"), ("notes[]", "at what who text"),
        ("known_by[]", "who.id who.name name same_person"), ("handed_over[]", "name company pending state")]),
    ("POST /v1/requests/{id}/decision", &[("", REQUEST), ("", TYPED), ("", TARGET), ("", DECISION),
        ("", "target requester.member decision.reason allowed[]")]),
    ("POST /v1/requests/{id}/undo", &[("", REQUEST), ("", TYPED), ("", TARGET), ("", "allowed[]")]),
    ("POST /v1/requests/{id}/withdraw", &[("", REQUEST), ("", TARGET_OUTSIDE), ("", "requester.title")]),
    ("POST /v1/requests/{id}/question", &[("", REQUEST), ("", TYPED), ("", TARGET), ("", "asked_until allowed[]")]),
    ("POST /v1/requests/{id}/answer", &[("", REQUEST), ("", TARGET_OUTSIDE), ("", "requester.title allowed[]")]),
    ("POST /v1/requests/{id}/pass", &[("", REQUEST), ("", TYPED), ("", TARGET)]),
    ("POST /v1/requests/{id}/snooze", &[("", REQUEST), ("", TYPED), ("", TARGET), ("", "allowed[]")]),
    ("POST /v1/requests/{id}/assign", &[("", REQUEST), ("", TARGET), ("", "requester.member items allowed[]")]),
    ("POST /v1/decisions", &[("items[]", "id"), ("items[].request", REQUEST), ("items[].request", TYPED),
        ("items[].request", TARGET), ("items[].request", DECISION), ("items[].request", "allowed[]"),
        ("items[].problem", "type title status code")]),
    ("POST /v1/verdicts", &[("verdict", "code rule policy_version alternatives[].step alternatives[].id \
        alternatives[].name"), ("meant", "kind id"), ("chain[]", "code rule passed"),
        ("", "manager_asking automatic sent_today sent_most")]),
    ("POST /v1/requests", &[("", REQUEST), ("", TARGET_OUTSIDE), ("", "requester.title allowed[]")]),
    ("POST /v1/permissions", &[("", REQUEST), ("", "requester.member requester.title target allowed[]")]),
    ("GET /v1/linked", &[("items[]", "id name title department company company_id"), ("", PAGE)]),
    ("GET /v1/introductions", &[("items[]", "id name title company by.id by.name at")]),
    ("GET /v1/links", &[("items[]", LINK)]),
    ("POST /v1/links", &[("", REQUEST), ("", "requester.title target.name allowed[]")]),
    ("DELETE /v1/links/{company}", &[("items[]", LINK)]),
    ("GET /v1/policy", &[("", POLICY), ("", "document")]),
    ("GET /v1/policy/history", &[("items[]", POLICY), ("items[]", "made_by.id made_by.name")]),
    ("POST /v1/policy/check", &[("", "version")]),
    ("PUT /v1/policy", &[("", POLICY), ("", "document made_by.id made_by.name")]),
    ("POST /v1/policy/explain", &[("member", "id name"), ("settings[]", "name value"),
        ("settings[].by[]", "rule set_by since"), ("settings[].chain[]", "rule set_by since fate"), ("", "verdict")]),
    ("GET /v1/audit", &[("items[]", "seq at actor actor.outsider actor.member.id actor.member.name action object old_state new_state \
        policy_version call hash"), ("head", "seq hash"), ("", "next")]),
    ("POST /v1/audit/verify", &[("head", "seq hash"), ("", "rows broken forked cut_off")]),
    ("GET /v1/grants", &[("items[]", GRANT), ("items[]", GRANTED_BY)]),
    ("POST /v1/grants", &[("items[]", GRANT), ("items[]", GRANTED_BY)]),
    ("DELETE /v1/grants/{id}", &[("items[]", GRANT), ("items[]", GRANTED_BY)]),
    ("POST /v1/members/{id}/leave", &[("", "member handover")]),
    ("GET /v1/settings", &[("", SETTINGS)]),
    ("PUT /v1/settings", &[("", SETTINGS)]),
    ("PUT /v1/card", &[("", CARD)]),
    ("GET /v1/cards", &[("items[]", CARD), ("items[]", "label max_uses")]),
    ("POST /v1/cards", &[("", CARD)]),
    ("PUT /v1/cards/{id}", &[("", CARD), ("", "label")]),
    ("POST /v1/cards/{id}/rotate", &[("", CARD), ("", "label max_uses")]),
    ("DELETE /v1/cards/{id}", &[("items[]", CARD), ("items[]", "label max_uses")]),
    ("GET /v1/changes", &[("changes[]", "type id as_of"), ("changes[].member", MEMBER),
        ("changes[].member", "allowed[]"), ("changes[].department", DEPARTMENT), ("changes[].request", REQUEST),
        ("changes[].request", TYPED), ("changes[].request", TARGET), ("changes[].request", DECISION),
        ("changes[].request", "allowed[]"), ("changes[].contact", CONTACT), ("room", ROOM), ("", "room reset more as_of now")]),
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
    ("PUT /v1/elsewhere/{system}/{key}", &[("", "id revision state")]),
    ("a problem", &[("", "type title status code"),
        ("verdict", "code rule policy_version alternatives[].step alternatives[].id alternatives[].name")]),
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
        let mut wrong = Vec::new();
        for (route, fields) in &self.fields {
            let known = written.get(route).cloned().unwrap_or_default();
            let new: Vec<&String> = fields.difference(&known).collect();
            if !new.is_empty() {
                wrong.push(format!("{route} tells of fields that are not on its list: {new:?}"));
            }
            let gone: Vec<&String> = known.difference(fields).collect();
            if !gone.is_empty() {
                wrong.push(format!("{route} has fields on its list that were not seen: {gone:?}"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
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
            for id in [person.thing(Thing::Request), person.thing(Thing::Contact)] {
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
    cast.make(ann, Thing::Request).await;
    let remark = format!("/v1/contacts/{}/remark", cast.make(ann, Thing::Contact).await);
    let body = json!({"remark": secret_word("ann")});
    cast.write(&ann.session, Method::PUT, &remark, Some(1), Some(body)).await.ok();
    let new = |status: &str| {
        let place = json!([["Lab", "New"]]);
        json!({"member": {"line": 99, "id": "new", "name": "New", "departments": place, "status": status}})
    };
    let mut bob = row(3, "bob", "ann", "", "");
    bob["member"]["office"] = json!("another");
    world.import(json!({"company": "acme"}), &[new("active")], json!({})).await.ok();
    world.import(json!({"company": "acme"}), &[new("left"), bob], json!({})).await.ok();
    for (role, feed) in &mut feeds {
        loop {
            let event = feed.change().await;
            places(&event, "", seen.fields.entry("an event".to_owned()).or_default());
            let owns = ["request", "contact", "card"].contains(&event["kind"].as_str().unwrap());
            assert!(!owns || *role == Role::Manager, "{role:?} hears of {event}");
            holds_only(cast, *role, "an event", &event.to_string());
            if event["id"] == "bob" {
                break;
            }
        }
    }
    for role in roles {
        let reply = world.get(cast.token(role), &format!("/v1/changes?since={since}")).await;
        seen.note(cast, role, "GET /v1/changes", &reply);
    }
    // Who of us knows somebody, and whom they asked before.
    let word = open_word("gus");
    let gus = cast.person("gus");
    cast.meet(&gus.session, &gus.card, &word).await;
    let request = cast.ask(&ann.session, &ann.card, &word).await;
    let reply = world.get(&ann.session, &format!("/v1/requests/{request}")).await;
    seen.note(cast, Role::Manager, "GET /v1/requests/{id}", &reply);
    // Whom a colleague passed on, and who gave a permission.
    let peer = cast.make(ann, Thing::Peer).await;
    let body = json!({"member": "bob"});
    let path = format!("/v1/contacts/{peer}/introduce");
    cast.write(&ann.session, Method::POST, &path, None, Some(body.clone())).await.ok();
    let dan = cast.token(Role::Admin);
    cast.write(dan, Method::POST, "/v1/grants", None, Some(body)).await.ok();
    for (role, path) in [(Role::Member, "/v1/introductions"), (Role::Admin, "/v1/grants")] {
        let reply = world.get(cast.token(role), path).await;
        seen.note(cast, role, &format!("GET {path}"), &reply);
    }
    // A plan with everything in it.
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
