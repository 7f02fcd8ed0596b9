//! Every route of the server, in one table: method, path, action, handler. The router, the access check
//! and the test of the API's description are made from it.

mod admin;
mod asking;
mod audit;
mod card;
mod changes;
mod contacts;
mod converse;
mod decisions;
mod described;
mod directory;
mod elsewhere;
mod exports;
mod grants;
mod guard;
mod health;
mod imports;
mod links;
mod policy;
mod report;
mod requests;
mod search;
mod settings;
mod start;
mod tokens;

pub(crate) use health::WATCHED;

use std::sync::LazyLock;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::http::Method;
use axum::middleware;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{MethodRouter, delete, get, post, put};
use utoipa::OpenApi;

use self::described::Besides;
use super::App;
use super::access::Action;
use super::auth;
use super::page;
use super::respond::{Failure, MAX_BODY};
use crate::api::{Problem, ProblemCode};

/// A route of the API.
pub(crate) struct Route {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
    /// What it does: who may is decided by this, before the handler runs.
    pub(crate) action: Action,
    pub(crate) handler: fn() -> MethodRouter<App>,
}

macro_rules! routes {
    ($($method:ident $path:literal $action:ident $handler:path;)*) => {
        &[$(Route {
            method: Method::$method,
            path: $path,
            action: Action::$action,
            handler: || routes!(@ $method)($handler),
        }),*]
    };
    (@ GET) => { get };
    (@ POST) => { post };
    (@ PUT) => { put };
    (@ DELETE) => { delete };
}

/// The API. The visitor's pages are in [`page::routes`].
pub(crate) const ROUTES: &[Route] = routes! {
    GET "/v1/openapi.json" ReadPublic describe;
    GET "/v1/health" ReadPublic start::health;
    GET "/v1/start" ReadDirectory start::start;
    GET "/v1/me" ReadDirectory start::me;
    GET "/v1/departments" ReadDirectory directory::departments;
    GET "/v1/members" ReadDirectory directory::members;
    GET "/v1/members/{id}" ReadDirectory directory::member;
    GET "/v1/search" ReadDirectory search::search;
    GET "/v1/lookup" ReadDirectory search::lookup;
    GET "/v1/contacts" ReadContacts contacts::list;
    GET "/v1/contacts/{id}" ReadContacts contacts::one;
    PUT "/v1/contacts/{id}/remark" ChangeContacts contacts::set_remark;
    DELETE "/v1/contacts/{id}" ChangeContacts contacts::remove;
    GET "/v1/requests" ReadRequests requests::list;
    GET "/v1/requests/count" ReadRequests requests::count;
    GET "/v1/requests/{id}" ReadRequests requests::one;
    POST "/v1/requests/{id}/decision" Decide requests::decide;
    POST "/v1/requests/{id}/undo" Decide requests::undo;
    POST "/v1/requests/{id}/withdraw" Decide converse::withdraw;
    POST "/v1/requests/{id}/question" Decide converse::question;
    POST "/v1/requests/{id}/answer" Decide converse::answer;
    POST "/v1/requests/{id}/pass" Decide converse::pass;
    POST "/v1/requests/{id}/snooze" Decide converse::snooze;
    POST "/v1/requests/{id}/assign" Decide converse::assign;
    POST "/v1/decisions" Decide decisions::decide_many;
    POST "/v1/verdicts" Ask asking::why;
    POST "/v1/requests" Ask asking::ask;
    POST "/v1/permissions" Ask asking::ask_permission;
    PUT "/v1/contacts/{id}/tags" ChangeContacts contacts::set_tags;
    POST "/v1/contacts/{id}/introduce" ChangeContacts contacts::introduce;
    POST "/v1/contacts/{id}/refuse" ChangeContacts contacts::refuse;
    POST "/v1/handovers" ChangeContacts contacts::hand_over;
    GET "/v1/linked" ReadLinked links::people;
    GET "/v1/introductions" ReadLinked links::introduced;
    GET "/v1/links" ReadLinked links::list;
    POST "/v1/links" LinkCompanies links::propose;
    DELETE "/v1/links/{company}" LinkCompanies links::end;
    GET "/v1/policy" Administer policy::show;
    GET "/v1/policy/history" Administer policy::history;
    POST "/v1/policy/check" Administer policy::check;
    PUT "/v1/policy" Administer policy::apply;
    POST "/v1/policy/explain" Administer policy::explain;
    GET "/v1/audit" ReadAudit audit::list;
    POST "/v1/audit/verify" ReadAudit audit::verify;
    GET "/v1/grants" Administer grants::list;
    POST "/v1/grants" Administer grants::add;
    DELETE "/v1/grants/{id}" Administer grants::revoke;
    POST "/v1/members/{id}/leave" Administer grants::leave;
    GET "/v1/settings" OwnSettings settings::own;
    PUT "/v1/settings" OwnSettings settings::set;
    PUT "/v1/card" OwnCards card::ensure;
    GET "/v1/cards" OwnCards card::list;
    POST "/v1/cards" OwnCards card::make;
    PUT "/v1/cards/{id}" OwnCards card::change;
    POST "/v1/cards/{id}/rotate" OwnCards card::rotate;
    DELETE "/v1/cards/{id}" OwnCards card::revoke;
    GET "/v1/changes" Follow changes::changes;
    GET "/v1/events" Follow changes::events;
    POST "/v1/exports" Export exports::record;
    GET "/v1/report" Operate report::report;
    GET "/v1/local" Operate admin::local;
    POST "/v1/companies" Operate admin::add_company;
    POST "/v1/sessions" Operate admin::add_session;
    PUT "/v1/elsewhere/{system}/{key}" Operate elsewhere::say;
    PUT "/v1/local" Operate admin::sign_in;
    POST "/v1/tokens" Administer tokens::issue;
    GET "/v1/tokens" Administer tokens::list;
    DELETE "/v1/tokens/{id}" Administer tokens::revoke;
    PUT "/v1/members/{id}/role" Administer tokens::set_role;
    DELETE "/v1/session" SignOut tokens::sign_out;
    POST "/v1/imports" Import imports::begin;
    GET "/v1/imports/{id}" Import imports::state;
    PUT "/v1/imports/{id}/rows" Import imports::stage;
    GET "/v1/imports/{id}/plan" Import imports::plan;
    POST "/v1/imports/{id}/apply" Import imports::apply;
    DELETE "/v1/imports/{id}" Import imports::forget;
};

/// The API's description.
#[derive(OpenApi)]
#[openapi(
    info(title = "namecard", description = "Directory, external contacts and approvals of a company."),
    paths(
        describe,
        start::health,
        start::start,
        start::me,
        directory::departments,
        directory::members,
        directory::member,
        search::search,
        search::lookup,
        contacts::list,
        contacts::one,
        contacts::set_remark,
        contacts::remove,
        requests::list,
        requests::count,
        requests::one,
        requests::decide,
        requests::undo,
        converse::withdraw,
        converse::question,
        converse::answer,
        converse::pass,
        converse::snooze,
        converse::assign,
        decisions::decide_many,
        asking::why,
        asking::ask,
        asking::ask_permission,
        contacts::set_tags,
        contacts::introduce,
        contacts::refuse,
        contacts::hand_over,
        links::people,
        links::introduced,
        links::list,
        links::propose,
        links::end,
        policy::show,
        policy::history,
        policy::check,
        policy::apply,
        policy::explain,
        audit::list,
        audit::verify,
        grants::list,
        grants::add,
        grants::revoke,
        grants::leave,
        settings::own,
        settings::set,
        card::ensure,
        card::list,
        card::make,
        card::change,
        card::rotate,
        card::revoke,
        changes::changes,
        changes::events,
        exports::record,
        report::report,
        admin::local,
        admin::add_company,
        admin::add_session,
        elsewhere::say,
        admin::sign_in,
        tokens::issue,
        tokens::list,
        tokens::revoke,
        tokens::set_role,
        tokens::sign_out,
        imports::begin,
        imports::state,
        imports::stage,
        imports::plan,
        imports::apply,
        imports::forget,
    ),
    components(schemas(Problem, crate::api::EventData)),
    modifiers(&Security, &Besides)
)]
struct Description;

struct Security;

impl utoipa::Modify for Security {
    fn modify(&self, api: &mut utoipa::openapi::OpenApi) {
        use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        api.components.get_or_insert_default().add_security_scheme("token", scheme);
    }
}

/// The description of the API as the server serves it: OpenAPI 3.1.
pub fn openapi() -> String {
    // The library writes formats of whole numbers in another way than their registry.
    Description::openapi().to_pretty_json().unwrap_or_default().replace("\"u-int", "\"uint")
}

#[utoipa::path(get, path = "/v1/openapi.json", responses((status = 200, description = "This description.", body = serde_json::Value)))]
async fn describe() -> Response {
    // Made once: it takes longer than any other answer, and anybody may ask for it.
    static DESCRIPTION: LazyLock<String> = LazyLock::new(openapi);
    ([(axum::http::header::CONTENT_TYPE, "application/json")], DESCRIPTION.as_str()).into_response()
}

/// Makes the router.
pub(crate) fn router(app: &App) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let admit = middleware::from_fn_with_state((app.clone(), route.action), auth::admit);
        let handler = (route.handler)().route_layer(admit);
        // Rows of an import come as a stream and are limited line by line.
        let limit = if route.action == Action::Import && route.method == Method::PUT {
            DefaultBodyLimit::disable()
        } else {
            DefaultBodyLimit::max(MAX_BODY)
        };
        router = router.route(route.path, handler.layer(limit));
    }
    router
        .merge(page::routes())
        .merge(health::routes())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(middleware::from_fn_with_state(app.clone(), guard::guard))
        .with_state(app.clone())
}

async fn not_found(State(app): State<App>, uri: axum::http::Uri, headers: axum::http::HeaderMap) -> Response {
    if uri.path().starts_with("/v1/") {
        Failure::from(Problem::new(ProblemCode::NotFound)).into_response()
    } else {
        page::nothing(&app, &headers)
    }
}

async fn method_not_allowed(State(app): State<App>, request: Request) -> Response {
    page::Reader::of(&app, &request).refuse(&Problem::new(ProblemCode::MethodNotAllowed))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{ROUTES, openapi};

    #[test]
    fn the_description_names_exactly_the_routes() {
        let api: serde_json::Value = serde_json::from_str(&openapi()).unwrap();
        assert!(api["openapi"].as_str().unwrap().starts_with("3.1"));
        let described: BTreeSet<String> = api["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                methods
                    .as_object()
                    .unwrap()
                    .keys()
                    .map(move |method| format!("{} {path}", method.to_uppercase()))
            })
            .collect();
        let routes: BTreeSet<String> =
            ROUTES.iter().map(|route| format!("{} {}", route.method, route.path)).collect();
        assert_eq!(described, routes);
        assert_eq!(routes.len(), ROUTES.len(), "a route stands twice");
    }
}
