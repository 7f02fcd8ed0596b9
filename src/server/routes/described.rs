//! What the description says of every operation besides what stands at its handler: its name, its headers,
//! and every problem that it may answer with.

use std::collections::BTreeMap;

use axum::http::Method;
use utoipa::Modify;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, OpenApi, PathItem, Ref, RefOr, ResponseBuilder, Schema};

use super::{ROUTES, Route};
use crate::api::{IDEMPOTENCY_KEY, PROBLEM_JSON, ProblemCode};
use crate::server::access::Action;

/// Goes over the operations of all routes.
pub(super) struct Besides;

impl Modify for Besides {
    fn modify(&self, api: &mut OpenApi) {
        for route in ROUTES {
            let item = api.paths.paths.get_mut(route.path);
            let Some(operation) = item.and_then(|item| of_method(item, &route.method)) else { continue };
            operation.operation_id = Some(name(route));
            let mut takes = Takes {
                id: route.path.contains('{'),
                body: operation.request_body.is_some(),
                ..Takes::default()
            };
            for parameter in operation.parameters.iter_mut().flatten() {
                if let RefOr::T(parameter) = parameter {
                    takes.note(parameter);
                    if parameter.parameter_in == ParameterIn::Header {
                        parameter.schema = header(&parameter.name);
                    }
                }
            }
            add_problems(operation, problems(route, &takes));
        }
    }
}

fn of_method<'a>(item: &'a mut PathItem, method: &Method) -> Option<&'a mut Operation> {
    match *method {
        Method::GET => item.get.as_mut(),
        Method::PUT => item.put.as_mut(),
        Method::POST => item.post.as_mut(),
        Method::DELETE => item.delete.as_mut(),
        _ => None,
    }
}

/// A name that no other operation has.
fn name(route: &Route) -> String {
    let words = route.path.trim_start_matches("/v1/").replace(['{', '}'], "").replace(['/', '.'], "_");
    format!("{}_{words}", route.method.as_str().to_ascii_lowercase())
}

/// The form of a header.
fn header(name: &str) -> Option<RefOr<Schema>> {
    let text = ObjectBuilder::new().schema_type(Type::String);
    let text = match name {
        IDEMPOTENCY_KEY => text
            .description(Some("1 to 255 characters of ASCII: the same call with the same key is done once"))
            .pattern(Some("^[\\t -~]{1,255}$")),
        "if-match" => text
            .description(Some("the revision that was seen, in quotes"))
            .pattern(Some("^\"-?[0-9]{1,18}\"$")),
        _ => text,
    };
    Some(text.into())
}

/// What an operation takes.
#[derive(Default)]
struct Takes {
    id: bool,
    query: bool,
    revision: bool,
    key: bool,
    body: bool,
}

impl Takes {
    fn note(&mut self, parameter: &Parameter) {
        match parameter.parameter_in {
            ParameterIn::Query => self.query = true,
            ParameterIn::Header if parameter.name == IDEMPOTENCY_KEY => self.key = true,
            ParameterIn::Header => self.revision = true,
            _ => {}
        }
    }
}

/// Every problem that a route may answer with: by what it takes, and by what it does.
fn problems(route: &Route, takes: &Takes) -> Vec<ProblemCode> {
    use ProblemCode as P;
    // A token that is not good is refused everywhere, and so is what does not come as a call has to.
    let mut codes = vec![
        P::Unauthenticated,
        P::Internal,
        P::Unavailable,
        P::Timeout,
        P::UriTooLong,
        P::HeadTooLarge,
        P::Misdirected,
    ];
    let writes = route.method != Method::GET;
    for (holds, more) in [
        (route.action != Action::ReadPublic, &[P::Forbidden][..]),
        (takes.id, &[P::NotFound]),
        (takes.id || takes.query, &[P::UriTooLong]),
        (takes.query || takes.revision || takes.key || takes.body, &[P::Invalid]),
        (takes.revision, &[P::RevisionRequired, P::RevisionChanged]),
        (takes.key, &[P::KeyRequired, P::KeyReused]),
        (takes.body, &[P::TooLarge, P::MediaType]),
        (writes, &[P::StorageFull]),
        // A company or a member that is named otherwise than in the path.
        (matches!(route.action, Action::Administer | Action::Import | Action::ReadAudit), &[P::NotFound]),
        (writes && route.action == Action::Operate, &[P::NotFound, P::Exists]),
        (
            writes && route.action == Action::Decide && takes.id,
            &[P::AlreadyDecided, P::NotOpen, P::WindowOver],
        ),
        (takes.key && route.action == Action::Import, &[P::Exists, P::RowsRefused, P::TooManyRemoved]),
    ] {
        if holds {
            codes.extend(more);
        }
    }
    codes.extend(of_its_own(route));
    codes
}

/// Problems of single routes: what the policy refuses, what is there already, what is open no more.
fn of_its_own(route: &Route) -> &'static [ProblemCode] {
    use ProblemCode as P;
    match (route.method.as_str(), route.path) {
        ("POST", "/v1/requests") => &[P::Refused, P::NotFound],
        ("POST", "/v1/requests/{id}/decision" | "/v1/grants") => &[P::Refused],
        (
            "POST",
            "/v1/requests/{id}/undo"
            | "/v1/requests/{id}/question"
            | "/v1/requests/{id}/answer"
            | "/v1/requests/{id}/pass"
            | "/v1/requests/{id}/assign"
            | "/v1/requests/{id}/withdraw",
        ) => &[P::Refused],
        ("PUT", "/v1/elsewhere/{system}/{key}") => &[P::NotOpen],
        ("POST", "/v1/permissions") => &[P::Exists],
        ("POST", "/v1/contacts/{id}/introduce" | "/v1/contacts/{id}/refuse") => &[P::NotOpen],
        ("POST", "/v1/handovers" | "/v1/links") => &[P::NotFound, P::Exists],
        ("PUT", "/v1/policy") => &[P::PolicyRefused],
        _ => &[],
    }
}

fn add_problems(operation: &mut Operation, codes: Vec<ProblemCode>) {
    let mut by_status: BTreeMap<u16, Vec<&str>> = BTreeMap::new();
    for code in codes {
        let words = by_status.entry(code.status()).or_default();
        if !words.contains(&code.as_str()) {
            words.push(code.as_str());
        }
    }
    for (status, words) in by_status {
        let problem = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
        let response =
            ResponseBuilder::new().description(words.join(", ")).content(PROBLEM_JSON, problem).build();
        operation.responses.responses.insert(status.to_string(), RefOr::T(response));
    }
}
