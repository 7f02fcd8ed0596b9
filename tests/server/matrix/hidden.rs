//! Somebody whom a policy hides, at every door: whoever does not see them gets the bytes of somebody who never was,
//! whatever they are asked by, and nothing that they read, count, search, follow or take out names them.

use std::time::Duration;

use axum::http::Method;
use serde_json::{Value, json};

use super::cast::{Cast, Person, Role, Thing, missing, open_word, row};
use crate::feed::Feed;
use crate::support::Reply;

/// Somebody who never was.
const NOBODY: &str = "nix";
/// Everybody who may ask.
const ROLES: [Role; 7] =
    [Role::Member, Role::Manager, Role::Admin, Role::Auditor, Role::Operator, Role::Visitor, Role::Stranger];
/// Who sees through: they themselves, admins, and their manager where the rule lets managers.
fn sees(role: Role, hidden: &Person, managers: bool) -> bool {
    match role {
        Role::Visitor | Role::Operator | Role::Stranger => false,
        Role::Admin => true,
        role => role.person() == hidden.id || managers && role.person() == hidden.manager,
    }
}

/// An answer as it is told, with what was asked taken out.
fn told(reply: &Reply, asked: &[&str]) -> (u16, String, Vec<(String, String)>) {
    let mut text = reply.text();
    for word in asked {
        text = text.replace(word, "~");
    }
    let headers = reply.headers.iter().map(|(name, value)| (name.to_string(), format!("{value:?}")));
    (reply.status.as_u16(), text, headers.filter(|(name, _)| name != "content-length").collect())
}

/// An id as it stands in an answer.
fn quoted(id: &str) -> String {
    format!("\"{id}\"")
}

/// Ways of asking about somebody: by id, address, card and name. Each is tried on somebody who is hidden and on
/// nobody.
async fn asked(cast: &Cast, role: Role, id: &str, card: &str) -> Vec<(String, Reply)> {
    let world = &cast.world;
    let token = cast.token(role);
    let word = open_word(id);
    let mut all = Vec::new();
    let mut keep = |what: &str, reply: Reply| all.push((what.to_owned(), reply));
    for (what, to) in [
        ("why, by id", id.to_owned()),
        ("why, by address", format!("{word}@mail.example")),
        ("why, by card", format!("HTTP://127.0.0.1:45678{card}")),
        ("why, by name", format!("{word} name")),
    ] {
        keep(what, world.call(token, Method::POST, "/v1/verdicts", Some(json!({"to": to}))).await);
        let body = json!({"to": to, "purpose": "fair"});
        keep(
            &what.replace("why", "ask"),
            cast.write(token, Method::POST, "/v1/requests", None, Some(body)).await,
        );
    }
    for path in [
        format!("/v1/members/{id}"),
        format!("/v1/search?q={word}&limit=100"),
        format!("/v1/search?q={word}&in=directory"),
        format!("/v1/search?q={id}"),
    ] {
        keep(&path.replace(id, "~"), world.get(token, &path).await);
    }
    for path in [card.to_owned(), format!("{card}?for=business"), format!("{card}/vcard")] {
        keep(&path.replace(card, "~"), world.get("", &path).await);
    }
    all
}

/// Ways of giving something to somebody: each refuses whoever is not there.
async fn given(cast: &Cast, me: &Person, id: &str) -> Vec<(String, Reply)> {
    let mut all = Vec::new();
    let path = |thing: Thing, what: &str| format!("{}/{what}", me.thing(thing));
    let until = cast.world.clock.now().after(Duration::from_secs(60));
    for (method, path, body) in [
        (Method::POST, format!("/v1/requests/{}", path(Thing::Request, "pass")), json!({"member": id})),
        (Method::POST, format!("/v1/contacts/{}", path(Thing::Peer, "introduce")), json!({"member": id})),
        (
            Method::POST,
            "/v1/handovers".to_owned(),
            json!({"member": id, "contacts": [me.thing(Thing::Contact)]}),
        ),
        (
            Method::PUT,
            "/v1/settings".to_owned(),
            json!({"accepts": true, "away_until": until, "stand_in": id}),
        ),
    ] {
        let revision = if path == "/v1/settings" { 0 } else { 1 };
        let reply = cast.write(&me.session, method, &path, Some(revision), Some(body)).await;
        all.push((path, reply));
    }
    all
}

/// A visitor asks by a card under any name and any address.
async fn visits(cast: &Cast, card: &str, name: &str, email: &str) {
    let form = cast.world.form(card).await;
    let fields = [("name", name), ("email", email), ("purpose", "fair"), ("form", &form)];
    let reply = cast.world.post_form(card, &fields).await;
    assert_eq!(reply.status, 303, "{}", reply.text());
}

/// Whether a policy that hides somebody hides them from one who asks, in everything that is read.
async fn reads(cast: &Cast, role: Role, hidden: &Person, there: bool) {
    let world = &cast.world;
    let me = cast.person(role.person());
    let (token, word) = (cast.token(role), open_word(hidden.id));
    let about = format!("{role:?} and {} who is {}there", hidden.id, if there { "" } else { "not " });
    for path in ["/v1/members?limit=500", "/v1/search?q=word&limit=100"] {
        assert_eq!(world.get(token, path).await.text().contains(&word), there, "{about}: {path}");
    }
    let start = world.get(token, "/v1/start").await.ok();
    // Requests in which one has a part name whom they are about.
    assert!(there || !start["members"].to_string().contains(&word), "{about}");
    let members = world.get(token, "/v1/members?limit=500").await.ok();
    let counted = members["items"].as_array().unwrap().len();
    assert_eq!(start["members_total"], json!(counted), "{about}");
    // What a department counts are those whom one can see in it.
    for department in world.get(token, "/v1/departments").await.ok()["items"].as_array().unwrap() {
        let inside = |member: &&Value| {
            member["departments"].as_array().unwrap().iter().any(|place| place["id"] == department["id"])
        };
        let seen = members["items"].as_array().unwrap().iter().filter(inside).count();
        assert_eq!(department["head_count"], json!(seen), "{about}: {department}");
    }
    for path in
        ["/v1/departments", "/v1/contacts", "/v1/linked", "/v1/links", "/v1/introductions", "/v1/cards"]
    {
        let text = world.get(token, path).await.text();
        assert!(there || !text.contains(&word) && !text.contains(&quoted(hidden.id)), "{about}: {path}");
    }
    if me.id == hidden.id {
        // By their card nobody comes.
        return;
    }
    // Warnings of a request, who knows its sender, and whom they asked before.
    let alike = format!("{word} name").replacen('o', "\u{43e}", 1);
    let name = format!("{word} name");
    let mut details = Vec::new();
    for (name, email) in
        [(&alike, format!("b{}@ally.example", cast.next())), (&name, format!("{word}@ally.example"))]
    {
        visits(cast, &me.card, name, &email).await;
        let newest = cast.newest(token, "/v1/requests?box=incoming&state=pending&limit=100").await;
        details.push(world.get(token, &format!("/v1/requests/{newest}")).await.ok());
    }
    let names: Vec<&Value> =
        details[0]["look_alikes"].as_array().unwrap().iter().map(|one| &one["known"]).collect();
    assert_eq!(names.contains(&&json!(name)), there, "{about}: {}", details[0]);
    assert_eq!(details[1]["flags"].to_string().contains("same_name"), there, "{about}: {}", details[1]);
    for detail in &details {
        let known = detail["known_by"].to_string();
        assert_eq!(known.contains(&word), there, "{about}: {known}");
    }
    let earlier = details[1]["earlier"].as_array().unwrap();
    let before: Vec<&Value> = earlier.iter().map(|one| &one["target"]["id"]).collect();
    assert_eq!(before.contains(&&json!(hidden.id)), there, "{about}: {earlier:?}");
}

/// Whether one hears of a change of somebody.
async fn hears(cast: &Cast, hidden: &Person, managers: bool) {
    let world = &cast.world;
    let mut ears = Vec::new();
    for role in [Role::Member, Role::Manager, Role::Admin, Role::Auditor] {
        let since = world.get(cast.token(role), "/v1/start").await.ok()["as_of"].as_i64().unwrap();
        ears.push((role, since, Feed::open(world, cast.token(role), "/v1/events", None).await));
    }
    let again = |line, id, manager, role| {
        let mut row = row(line, id, manager, role, "");
        row["member"]["office"] = json!(format!("office {}", cast.next()));
        row
    };
    for row in [again(3, hidden.id, hidden.manager, ""), again(5, "dan", "", "admin")] {
        world.import(json!({"company": "acme"}), &[row], json!({})).await.ok();
    }
    for (role, since, mut feed) in ears {
        let there = sees(role, hidden, managers);
        let mut heard = Vec::new();
        while heard.last() != Some(&json!("dan")) {
            heard.push(feed.change().await["id"].clone());
        }
        assert_eq!(heard.contains(&json!(hidden.id)), there, "{role:?} and {}: {heard:?}", hidden.id);
        let news = world.get(cast.token(role), &format!("/v1/changes?since={since}")).await.ok();
        assert_eq!(news["reset"], false);
        assert_eq!(news.to_string().contains(&open_word(hidden.id)), there, "{role:?}: {news}");
        assert!(there || !news.to_string().contains(&quoted(hidden.id)), "{role:?}: {news}");
    }
}

#[tokio::test]
async fn whoever_is_hidden_has_the_bytes_of_nobody_at_every_door() {
    let cast = Cast::new().await;
    let dead = missing(Thing::CardLink).strip_prefix("HTTP://127.0.0.1:45678").unwrap();
    let mut seen = [0, 0];
    // Somebody who reports to a manager, to the admin, and to nobody.
    for id in ["bob", "gus", "col"] {
        let hidden = cast.person(id);
        let card = hidden.card.as_str();
        // A sender who was there before: one of them knows them, and was asked by them.
        visits(&cast, card, "Sue", &format!("{}@ally.example", open_word(id))).await;
        let sent = cast.newest(&hidden.session, "/v1/requests?box=incoming&state=pending&limit=100").await;
        cast.approve(hidden, &sent).await;
        cast.world.pass(Duration::from_secs(11));
        for managers in [false, true] {
            let visible = if managers { "\nvisible_to = \"managers\"" } else { "" };
            cast.policy("acme", &format!("member = \"{id}\"\nhidden = true{visible}")).await;
            for role in ROLES {
                let there = sees(role, hidden, managers);
                seen[usize::from(there)] += 1;
                let about = |what: &str| format!("{role:?} and {id}, {what}, managers: {managers}");
                let nobody = asked(&cast, role, NOBODY, dead).await;
                let person = asked(&cast, role, id, card).await;
                for ((what, one), (_, other)) in person.iter().zip(&nobody) {
                    let one = told(one, &[&open_word(id), card, &quoted(id)]);
                    let other = told(other, &[&open_word(NOBODY), dead, &quoted(NOBODY)]);
                    // To whom they are there, they are there in at least each of these.
                    let shows =
                        there && (what.starts_with("/v1/") || what == "why, by id" || what == "why, by card");
                    if shows {
                        assert_ne!(one, other, "{}", about(what));
                    } else if !there || what.starts_with('~') {
                        assert_eq!(one, other, "{}", about(what));
                    }
                }
                if matches!(role, Role::Visitor | Role::Operator) {
                    continue;
                }
                let me = cast.person(role.person());
                if !there {
                    let (one, other) = (given(&cast, me, id).await, given(&cast, me, NOBODY).await);
                    for ((what, one), (_, other)) in one.iter().zip(&other) {
                        assert_eq!(
                            told(one, &[&quoted(id)]),
                            told(other, &[&quoted(NOBODY)]),
                            "{}",
                            about(what)
                        );
                        assert_eq!(one.status, 400, "{}: {}", about(what), one.text());
                    }
                }
                if role != Role::Stranger {
                    reads(&cast, role, hidden, there).await;
                }
            }
            hears(&cast, hidden, managers).await;
            // The same address may ask by the same card again.
            cast.world.pass(Duration::from_secs(25 * 3_600));
        }
        cast.policy("acme", "").await;
    }
    assert!(seen[0] > 20 && seen[1] > 8, "{seen:?}");
}
