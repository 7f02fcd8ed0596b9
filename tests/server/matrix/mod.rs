//! Every route of the description, tried by somebody of every role on a thing of every relation to them, and held
//! against a table that was written by hand; what answers may hold; and the same at random.

mod cast;
mod fields;
mod hidden;
mod triples;

use std::collections::{BTreeMap, BTreeSet};

use axum::body::Body;
use axum::http::{Method, Request};
use tower::ServiceExt as _;

use cast::{Cast, Relation, Role, Route, Thing, missing, routes};
use fields::Seen;

use crate::support::Reply;

/// What comes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Expected {
    /// It is done.
    Done,
    /// 404, as if it were not there.
    Hidden,
    /// 403.
    Forbidden,
    /// 403 by the policy, which says why.
    Refused,
    /// 401.
    SignIn,
}

/// Who may do what with whose. A column is one letter for everything, or four: with their own, with what belongs to
/// who reports to them, to another one of their company, to somebody of another company. `y` it is done, `h` it is
/// hidden, `f` forbidden, `r` refused by the policy, `u` nobody is signed in, `.` there is no such thing. The operator is of no company: theirs
/// is the one that they name.
#[rustfmt::skip]
const ORACLE: &[(&str, &str)] = &[
    //                                             visitor member manager admin auditor operator stranger strange left disabled
    //                                                                                             admin
    ("GET /v1/openapi.json",                      "y      y      y      y      y      y      y      y      u      u"),
    ("GET /v1/health",                            "y      y      y      y      y      y      y      y      u      u"),
    ("GET /v1/start",                             "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/me",                                "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/departments",                       "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/members",                           "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/members/{id}",                      "u      y.yh   yyyh   yyyh   y.yh   f      y.yh   y.yh   u      u"),
    ("GET /v1/search",                            "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/lookup",                            "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/contacts",                          "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/contacts/{id}",                     "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("PUT /v1/contacts/{id}/remark",              "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("PUT /v1/contacts/{id}/tags",                "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/contacts/{id}/introduce",          "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/contacts/{id}/refuse",             "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/handovers",                        "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("DELETE /v1/contacts/{id}",                  "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("GET /v1/requests",                          "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/requests/count",                    "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/requests/{id}",                     "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("GET /v1/requests/{id} outgoing",            "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("GET /v1/requests/{id} second",              "u      y.hh   yyhh   yyyh   y.hh   f      y.hh   y.yh   u      u"),
    ("GET /v1/requests/{id} handover",            "u      y.hh   yyhh   yyyh   y.hh   f      y.hh   y.yh   u      u"),
    ("GET /v1/requests/{id} permission",          "u      y.hh   yhhh   yyyh   y.hh   f      y.hh   y.yh   u      u"),
    ("GET /v1/requests/{id} proposal",            "u      h..h   h..h   y..h   h..h   f      h..h   y..h   u      u"),
    ("GET /v1/requests/{id} elsewhere",           "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/requests/{id}/decision",           "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/requests/{id}/decision outgoing",  "u      f.hh   fhhh   fhhh   f.hh   f      f.hh   f.hh   u      u"),
    ("POST /v1/requests/{id}/decision second",    "u      f.hh   fyhh   fyyh   f.hh   f      f.hh   f.yh   u      u"),
    ("POST /v1/requests/{id}/decision handover",  "u      f.hh   ffhh   fffh   f.hh   f      f.hh   f.fh   u      u"),
    ("POST /v1/requests/{id}/decision permission","u      f.hh   fhhh   yyyh   f.hh   f      f.hh   y.yh   u      u"),
    ("POST /v1/requests/{id}/decision proposal",  "u      h..h   h..h   y..h   h..h   f      h..h   y..h   u      u"),
    ("POST /v1/requests/{id}/decision elsewhere", "u      r.hh   rhhh   rhhh   r.hh   f      r.hh   r.hh   u      u"),
    ("POST /v1/requests/{id}/undo",               "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/requests/{id}/question",           "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/requests/{id}/pass",               "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/requests/{id}/snooze",             "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/requests/{id}/withdraw",           "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/requests/{id}/answer",             "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/requests/{id}/assign",             "u      f.hh   fyhh   fyyh   f.hh   f      f.hh   f.yh   u      u"),
    ("POST /v1/decisions",                        "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/verdicts",                         "u      y      y      y      y      f      y      y      u      u"),
    ("POST /v1/requests",                         "u      r.ry   rrry   rrry   r.ry   f      r.ry   r.ry   u      u"),
    ("POST /v1/permissions",                      "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/settings",                          "u      y      y      y      y      f      y      y      u      u"),
    ("PUT /v1/settings",                          "u      y      y      y      y      f      y      y      u      u"),
    ("PUT /v1/card",                              "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/cards",                             "u      y      y      y      y      f      y      y      u      u"),
    ("POST /v1/cards",                            "u      y      y      y      y      f      y      y      u      u"),
    ("PUT /v1/cards/{id}",                        "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("POST /v1/cards/{id}/rotate",                "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("DELETE /v1/cards/{id}",                     "u      y.hh   yhhh   yhhh   y.hh   f      y.hh   y.hh   u      u"),
    ("GET /v1/linked",                            "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/introductions",                     "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/links",                             "u      y      y      y      y      f      y      y      u      u"),
    ("POST /v1/links",                            "u      f      f      h..y   f      f      f      h..y   u      u"),
    ("DELETE /v1/links/{company}",                "u      f      f      y..h   f      f      f      y..h   u      u"),
    ("GET /v1/changes",                           "u      y      y      y      y      f      y      y      u      u"),
    ("GET /v1/events",                            "u      y      y      y      y      f      y      y      u      u"),
    ("POST /v1/exports",                          "u      y      y      y      y      f      y      y      u      u"),
    ("DELETE /v1/session",                        "u      y      y      y      y      f      y      y      u      u"),
    ("POST /v1/imports",                          "u      f      f      y      f      y      f      y      u      u"),
    ("GET /v1/imports/{id}",                      "u      f      f      y..h   f      y.hh   f      y..h   u      u"),
    ("PUT /v1/imports/{id}/rows",                 "u      f      f      y..h   f      y.hh   f      y..h   u      u"),
    ("GET /v1/imports/{id}/plan",                 "u      f      f      y..h   f      y.hh   f      y..h   u      u"),
    ("POST /v1/imports/{id}/apply",               "u      f      f      y..h   f      y.hh   f      y..h   u      u"),
    ("DELETE /v1/imports/{id}",                   "u      f      f      y..h   f      y.hh   f      y..h   u      u"),
    ("GET /v1/policy",                            "u      f      f      y..h   f      ..yy   f      y..h   u      u"),
    ("GET /v1/policy/history",                    "u      f      f      y..h   f      ..yy   f      y..h   u      u"),
    ("POST /v1/policy/check",                     "u      f      f      y..h   f      ..yy   f      y..h   u      u"),
    ("PUT /v1/policy",                            "u      f      f      y..h   f      ..yy   f      y..h   u      u"),
    ("POST /v1/policy/explain",                   "u      f      f      yyyh   f      ..yh   f      y.yh   u      u"),
    ("GET /v1/audit",                             "u      f      f      y..h   y..h   ..yy   f      y..h   u      u"),
    ("POST /v1/audit/verify",                     "u      f      f      y..h   y..h   ..yy   f      y..h   u      u"),
    ("GET /v1/grants",                            "u      f      f      y..h   f      ..yy   f      y..h   u      u"),
    ("POST /v1/grants",                           "u      f      f      yyyh   f      ..yh   f      y.yh   u      u"),
    ("DELETE /v1/grants/{id}",                    "u      f      f      yyyh   f      ..yh   f      y.yh   u      u"),
    ("POST /v1/members/{id}/leave",               "u      f      f      yyyh   f      ..yh   f      y.yh   u      u"),
    ("POST /v1/tokens",                           "u      f      f      fyyh   f      ..yh   f      f.yh   u      u"),
    ("GET /v1/tokens",                            "u      f      f      y..h   f      ..yy   f      y..h   u      u"),
    ("DELETE /v1/tokens/{id}",                    "u      f      f      yyyh   f      ..yh   f      y.yh   u      u"),
    ("PUT /v1/members/{id}/role",                 "u      f      f      yyyh   f      ..yh   f      y.yh   u      u"),
    ("GET /v1/report",                            "u      f      f      f      f      y      f      f      u      u"),
    ("GET /v1/local",                             "u      f      f      f      f      y      f      f      u      u"),
    ("PUT /v1/local",                             "u      f      f      f      f      ..yh   f      f      u      u"),
    ("POST /v1/companies",                        "u      f      f      f      f      y      f      f      u      u"),
    ("PUT /v1/elsewhere/{system}/{key}",          "u      f      f      f      f      ..yh   f      f      u      u"),
    ("POST /v1/sessions",                         "u      f      f      f      f      ..yh   f      f      u      u"),
];

/// What the table says.
fn expected(route: &str, role: Role, relation: Relation) -> Option<Expected> {
    let (_, row) = ORACLE.iter().find(|(name, _)| *name == route).unwrap_or_else(|| panic!("{route}"));
    let columns: Vec<&str> = row.split_whitespace().collect();
    assert_eq!(columns.len(), Role::ALL.len(), "{route}");
    let column = columns[role as usize];
    let letter = if column.len() == 1 { column } else { &column[relation as usize..=relation as usize] };
    match letter {
        "y" => Some(Expected::Done),
        "h" => Some(Expected::Hidden),
        "f" => Some(Expected::Forbidden),
        "r" => Some(Expected::Refused),
        "u" => Some(Expected::SignIn),
        "." => None,
        other => panic!("{route}: {other}"),
    }
}

/// Whose a thing is for somebody of a role, if there is anybody.
fn owner(role: Role, relation: Relation) -> Option<&'static str> {
    let strange = matches!(role, Role::Stranger | Role::StrangeAdmin);
    match relation {
        Relation::Own if matches!(role, Role::Visitor | Role::Operator) => None,
        Relation::Own => Some(role.person()),
        Relation::ReportsToMe => match role {
            Role::Manager => Some("bob"),
            Role::Admin => Some("gus"),
            _ => None,
        },
        Relation::SameCompany if role == Role::Stranger => Some("yan"),
        Relation::SameCompany if strange => Some("zed"),
        Relation::SameCompany => Some("col"),
        Relation::OtherCompany => Some(if strange { "bob" } else { "zed" }),
    }
}

/// The code of a problem, or that there is none.
fn outcome(route: &Route, reply: &Reply) -> Option<Expected> {
    let text = reply.text();
    match reply.status.as_u16() {
        // One that is refused stops no other: each has its own answer.
        200 if route.operation == "POST /v1/decisions" => {
            match reply.json()["items"][0]["problem"]["code"].as_str() {
                None | Some("revision_changed") => Some(Expected::Done),
                Some("not_found") => Some(Expected::Hidden),
                Some(_) => None,
            }
        }
        200 | 204 => Some(Expected::Done),
        401 if text.contains("\"unauthenticated\"") => Some(Expected::SignIn),
        403 if text.contains("\"forbidden\"") => Some(Expected::Forbidden),
        403 if text.contains("\"refused\"") => Some(Expected::Refused),
        404 if text.contains("\"not_found\"") => Some(Expected::Hidden),
        _ => None,
    }
}

/// The thing of an owner that a case is about: a fresh one where it may be used up.
async fn thing(
    cast: &Cast,
    route: &Route,
    role: Role,
    relation: Relation,
    expected: Expected,
) -> Option<String> {
    if route.thing == Thing::Nothing {
        return (relation == Relation::Own).then(String::new);
    }
    if role == Role::Operator && route.thing == Thing::Import && relation == Relation::Own {
        return Some(cast.operators_import().await);
    }
    let mut owner = cast.person(owner(role, relation)?);
    if route.thing == Thing::Import && owner.has(Thing::Import).is_none() {
        // An import is an admin's.
        owner = cast.person(if owner.company == "acme" { "dan" } else { "yan" });
    }
    // What somebody left behind is nobody's own; what one offers oneself is.
    let offers = route.thing == Thing::Handover && relation == Relation::Own;
    let thing = if offers { Thing::Offer } else { route.thing };
    let used_up = expected == Expected::Done && route.method != Method::GET;
    Some(if used_up { cast.make(owner, thing).await } else { owner.has(thing)? })
}

/// Calls a route whose answer does not end by itself: only whether it begins.
async fn begins(cast: &Cast, token: &str) -> u16 {
    let mut request = Request::get("/v1/events");
    if !token.is_empty() {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let response = cast.world.app.router().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
    response.status().as_u16()
}

#[test]
fn the_table_names_every_route_once() {
    let named: BTreeSet<&str> = ORACLE.iter().map(|(name, _)| *name).collect();
    assert_eq!(named.len(), ORACLE.len());
    let described = routes();
    assert_eq!(named, described.iter().map(|route| route.name.as_str()).collect());
}

#[tokio::test]
async fn every_role_gets_from_every_route_what_the_table_says() {
    let cast = Cast::new().await;
    let mut database = cast.world.database().await;
    let mut seen = Seen::default();
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for role in Role::ALL {
        // First what is refused: it leaves nothing. Then what is done.
        for done in [false, true] {
            // Notes when the token was used last, which is all that a refused call may do.
            cast.world.get(cast.token(role), "/v1/me").await;
            let before = database.content().await;
            for route in routes() {
                for relation in Relation::ALL {
                    let Some(expected) = expected(&route.name, role, relation) else { continue };
                    if (expected == Expected::Done) != done {
                        continue;
                    }
                    let Some(id) = thing(&cast, &route, role, relation, expected).await else { continue };
                    let about = format!("{} by {role:?} on {relation:?} {id}", route.name);
                    *counts.entry(format!("{expected:?}")).or_default() += 1;
                    if route.path == "/v1/events" && done {
                        assert_eq!(begins(&cast, cast.token(role)).await, 200, "{about}");
                        continue;
                    }
                    let named = if role == Role::Operator && relation == Relation::OtherCompany && done {
                        "other"
                    } else {
                        "acme"
                    };
                    let reply = try_it(&cast, (role, relation), &route, &id, named).await;
                    let came = outcome(&route, &reply);
                    assert_eq!(came, Some(expected), "{about}: {} {}", reply.status, reply.text());
                    seen.note(&cast, role, &route.operation, &reply);
                    if expected == Expected::Hidden {
                        let nothing = missing(route.thing);
                        let other = cast.call(role, &route, nothing, named, 1).await;
                        let seen = (reply.status, reply.text().replace(&id, nothing), reply.headers);
                        let meant = (other.status, other.text(), other.headers);
                        assert_eq!(seen, meant, "{about}: it is told that it is there");
                    }
                }
            }
            if !done {
                assert_eq!(database.content().await, before, "what was refused to {role:?} left something");
            }
        }
    }
    fields::look_further(&cast, &mut seen).await;
    seen.check();
    // A table that is not tried says nothing.
    let least = [("Done", 300), ("Forbidden", 180), ("Hidden", 250), ("Refused", 10), ("SignIn", 250)];
    for (expected, least) in least {
        assert!(counts[expected] >= least, "{counts:?}");
    }
}

/// A call that would be done if only the caller may.
async fn try_it(
    cast: &Cast,
    (role, relation): (Role, Relation),
    route: &Route,
    id: &str,
    named: &str,
) -> Reply {
    let world = &cast.world;
    let may = !matches!(role, Role::Visitor | Role::Left | Role::Disabled);
    let person = (may && role != Role::Operator).then(|| cast.person(role.person()));
    let token = cast.token(role);
    let own = relation == Relation::Own;
    let mut revision = 1;
    match (route.operation.as_str(), person) {
        ("DELETE /v1/session", Some(person)) => {
            let session = world.session(person.company, person.id).await;
            return cast.call_as(&session, false, route, id, named, 1).await;
        }
        // Whoever leaves can call nothing else.
        ("POST /v1/members/{id}/leave", Some(person)) if own && person.role == "admin" => {
            let session = world.session(person.company, id).await;
            return cast.call_as(&session, false, route, id, named, 1).await;
        }
        ("POST /v1/permissions", Some(person)) => {
            // Whoever has it does not ask for it.
            cast.without_permission(person).await;
            let reply = cast.call(role, route, id, named, 1).await;
            cast.policy(person.company, "").await;
            return reply;
        }
        // Own ones are decided first; others' are as they are.
        ("POST /v1/requests/{id}/undo", Some(person))
            if world.get(token, &format!("/v1/requests/{id}")).await.status == 200 =>
        {
            cast.approve(person, id).await;
            revision = 2;
        }
        ("PUT /v1/settings", Some(_)) => {
            revision = world.get(token, "/v1/settings").await.ok()["revision"].as_i64().unwrap();
        }
        ("PUT /v1/policy", _) if may => revision = cast.policy_version(id).await,
        _ if route.thing == Thing::Card => {
            let cards = world.get(token, "/v1/cards").await.json();
            let card = cards["items"].as_array().and_then(|all| all.iter().find(|card| card["id"] == id));
            revision = card.map_or(1, |card| card["revision"].as_i64().unwrap());
        }
        _ if route.thing.is_request() && route.revision => {
            let seen = world.get(token, &format!("/v1/requests/{id}")).await.json();
            revision = seen["revision"].as_i64().unwrap_or(1);
        }
        _ => {}
    }
    cast.call(role, route, id, named, revision).await
}
