//! The same at random: anybody, any route, anything, and one rule that says what comes of it.

use axum::http::Method;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use super::cast::{Cast, Person, Role, Route, Thing, missing, routes};
use super::{Expected, outcome};

/// How many calls are made.
const CALLS: usize = 20_000;

/// Who may, told in one rule and not by the table.
fn rule(cast: &Cast, role: Role, route: &Route, owner: Option<&Person>) -> Expected {
    let open = ["/v1/openapi.json", "/v1/health"].contains(&route.path.as_str());
    match role {
        Role::Left | Role::Disabled => return Expected::SignIn,
        Role::Visitor if open => return Expected::Done,
        Role::Visitor => return Expected::SignIn,
        _ if open => return Expected::Done,
        _ => {}
    }
    let kind = route.path.split('/').nth(2).unwrap();
    let operates = matches!(kind, "local" | "companies" | "sessions" | "report" | "elsewhere");
    let administers = matches!(kind, "imports" | "tokens" | "policy" | "grants")
        || route.path.ends_with("/role")
        || route.path.ends_with("/leave");
    let audits = kind == "audit";
    let links = kind == "links" && route.method != Method::GET;
    let is_admin = matches!(role, Role::Admin | Role::StrangeAdmin);
    if role == Role::Operator && !operates && !administers && !audits
        || audits && !is_admin && !matches!(role, Role::Operator | Role::Auditor)
        || role != Role::Operator && operates
        || role != Role::Operator && (administers || links) && !is_admin
    {
        return Expected::Forbidden;
    }
    let me = cast.people.iter().find(|person| person.id == role.person());
    let company = me.map_or("acme", |me| me.company);
    match (route.thing, owner) {
        // What one may ask about anybody, and asks of anything.
        (Thing::Nothing, _) => return Expected::Done,
        _ if route.path == "/v1/verdicts" => return Expected::Done,
        (Thing::CardLink, Some(owner)) if owner.company != company && !["eve", "fay"].contains(&owner.id) => {
            return Expected::Done;
        }
        (Thing::CardLink, _) => return Expected::Refused,
        _ => {}
    }
    let Some(owner) = owner else { return Expected::Hidden };
    let theirs = me.is_some_and(|me| me.id == owner.id);
    let ours = owner.company == company;
    if route.name == "POST /v1/tokens" && theirs {
        return Expected::Forbidden;
    }
    // To whom they report; whoever reports to nobody has the admins.
    let manages = match owner.manager {
        "" => is_admin && ours,
        manager => me.is_some_and(|me| me.id == manager),
    };
    let present = owner.id != "eve";
    let sees = match route.thing {
        Thing::Nothing | Thing::CardLink => true,
        Thing::Company if role == Role::Operator => true,
        Thing::Company | Thing::Grant => ours,
        Thing::Member | Thing::Leaver => ours && present,
        Thing::Token => ours && !["eve", "fay"].contains(&owner.id),
        Thing::Second => theirs || manages,
        // To the manager, and to every admin.
        Thing::Handover => owner.manager == role.person() || is_admin && ours,
        Thing::Permission => theirs || is_admin && ours,
        Thing::Proposal => is_admin && ours,
        Thing::Link => ours,
        Thing::Partner => !ours,
        _ => theirs,
    };
    let asked = theirs && matches!(route.thing, Thing::Outgoing | Thing::Permission) && !is_admin
        || theirs && route.thing == Thing::Outgoing;
    match sees {
        false => Expected::Hidden,
        // Whoever asks does not decide.
        true if asked && route.path.ends_with("/decision") => Expected::Forbidden,
        true if route.thing == Thing::Elsewhere && route.path.ends_with("/decision") => Expected::Refused,
        true => Expected::Done,
    }
}

/// Whether a call of this route takes away what others are tried on, without naming a revision that it may miss.
fn uses_up(route: &Route) -> bool {
    matches!(
        route.name.as_str(),
        "DELETE /v1/session"
            | "DELETE /v1/tokens/{id}"
            | "POST /v1/tokens"
            | "POST /v1/companies"
            | "POST /v1/sessions"
            | "POST /v1/imports"
            | "POST /v1/imports/{id}/apply"
            | "DELETE /v1/imports/{id}"
            | "PUT /v1/imports/{id}/rows"
            | "POST /v1/requests/{id}/withdraw"
            | "POST /v1/requests/{id}/answer"
            | "POST /v1/requests"
            | "POST /v1/permissions"
            | "POST /v1/handovers"
            | "POST /v1/contacts/{id}/introduce"
            | "POST /v1/contacts/{id}/refuse"
            | "POST /v1/cards"
            | "POST /v1/links"
            | "DELETE /v1/links/{company}"
            | "POST /v1/grants"
            | "DELETE /v1/grants/{id}"
            | "POST /v1/members/{id}/leave"
    )
}

#[tokio::test]
async fn anybody_on_anything_at_random_gets_what_the_rule_says() {
    let cast = Cast::new().await;
    let routes: Vec<Route> = routes().into_iter().filter(|route| route.path != "/v1/events").collect();
    let seed =
        std::env::var("NAMECARD_SEED").map_or_else(|_| getrandom::u64().unwrap(), |s| s.parse().unwrap());
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = (
        prop::sample::select(Role::ALL.to_vec()),
        0..routes.len(),
        prop::option::weighted(0.9, 0..cast.people.len()),
    );
    let mut hidden = 0;
    let mut done = 0;
    for _ in 0..CALLS {
        let (role, at, whose) = strategy.new_tree(&mut runner).unwrap().current();
        let route = &routes[at];
        let owner = whose.map(|at| &cast.people[at]);
        let id = owner.and_then(|owner| owner.has(route.thing));
        let owner = owner.filter(|_| id.is_some());
        let expected = rule(&cast, role, route, owner);
        if expected == Expected::Done && uses_up(route) {
            continue;
        }
        let id = id.unwrap_or_else(|| missing(route.thing).to_owned());
        // A revision that nothing has: what is there answers with its own.
        let reply = cast.call(role, route, &id, "acme", 0).await;
        let about = format!("NAMECARD_SEED={seed}: {} by {role:?} on {id}: {}", route.name, reply.text());
        let came = match reply.status.as_u16() {
            // What ended meanwhile is open no more.
            409 | 412 if route.revision => Some(Expected::Done),
            _ => outcome(route, &reply),
        };
        assert_eq!(came, Some(expected), "{about}");
        hidden += usize::from(expected == Expected::Hidden);
        done += usize::from(expected == Expected::Done);
    }
    assert!(hidden > CALLS / 20 && done > CALLS / 20, "{hidden} {done}");
}
