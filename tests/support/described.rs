//! The API's description, held against what is answered: every status and media type stands in it.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use axum::http::Method;
use serde_json::Value;

use super::Reply;

/// The description.
pub fn api() -> &'static Value {
    static API: OnceLock<Value> = OnceLock::new();
    API.get_or_init(|| serde_json::from_str(&namecard::server::openapi()).unwrap())
}

/// The operation that a path leads to, with its template.
pub fn operation(method: &Method, path: &str) -> Option<(&'static str, &'static Value)> {
    let path = path.split('?').next().unwrap();
    let parts: Vec<&str> = path.split('/').collect();
    let fits = |template: &str| {
        let wanted: Vec<&str> = template.split('/').collect();
        wanted.len() == parts.len()
            && wanted.iter().zip(&parts).all(|(wanted, part)| wanted.starts_with('{') || wanted == part)
    };
    let paths = api()["paths"].as_object().unwrap();
    // `/v1/requests/count` is not a request.
    let found = paths.get_key_value(path).or_else(|| paths.iter().find(|(template, _)| fits(template)));
    let (template, methods) = found?;
    Some((template, methods.get(method.as_str().to_ascii_lowercase())?))
}

/// Fails when an operation answers what it is not said to answer.
pub fn check(method: &Method, path: &str, reply: &Reply) {
    let Some((template, operation)) = operation(method, path) else { return };
    let status = reply.status.as_u16().to_string();
    let said = operation["responses"]
        .get(&status)
        .unwrap_or_else(|| panic!("{method} {template} answers {status}, which is not described"));
    let media: BTreeSet<&str> = said["content"]
        .as_object()
        .into_iter()
        .flat_map(|content| content.keys().map(String::as_str))
        .collect();
    let sent = reply.header("content-type");
    let fits = if media.is_empty() { reply.body.is_empty() } else { media.contains(sent) };
    assert!(fits, "{method} {template} answers {status} as {sent:?}, described is {media:?}");
}
