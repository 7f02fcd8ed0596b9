//! The way in for another system: what it says of requests that it alone can decide.

use axum::extract::State;
use axum::response::Response;

use super::tokens::named_company;
use crate::api::{ElsewhereBody, ElsewhereReply, Problem};
use crate::domain::{is_mail_address, is_plain_link, normalise_block, normalise_line};
use crate::server::access::Action;
use crate::server::auth::Caller;
use crate::server::respond::{Failure, Json, TwoTexts, ok};
use crate::server::{App, approvals};
use crate::text::{Untrusted, fits, is_readable};

/// Longest name of a system, in graphemes; one may have twice four bytes.
const MAX_SYSTEM: usize = 32;
/// Longest name that a system has for a request, in bytes.
const MAX_KEY: usize = 200;

#[utoipa::path(put, path = "/v1/elsewhere/{system}/{key}", security(("token" = [])),
    params(("system" = String, Path, min_length = 1, max_length = 32, description = "what the other system is called"),
           ("key" = String, Path, min_length = 1, max_length = 200, description = "its own name for the request")),
    request_body = ElsewhereBody,
    responses((status = 200, body = ElsewhereReply)))]
pub(super) async fn say(
    State(app): State<App>,
    caller: Caller,
    TwoTexts(system, key): TwoTexts,
    body: Json<ElsewhereBody>,
) -> Result<Response, Failure> {
    let system = line("system", &Untrusted::from(system), MAX_SYSTEM)?;
    if key.is_empty() || key.len() > MAX_KEY || key.chars().any(char::is_control) {
        return Err(Problem::invalid("key", "malformed").into());
    }
    let said = checked(&body.value)?;
    let mut tx = app.write().await?;
    let company = named_company(tx.conn(), &caller, Action::Operate, Some(&said.company)).await?;
    let names = (system.as_data(), key.as_str());
    let row = approvals::say_elsewhere(&mut tx, company, names, &said, &caller.call).await?;
    let reply = ElsewhereReply { state: row.lifetime.state_at(tx.now()), id: row.id, revision: row.revision };
    tx.commit().await?;
    ok(&reply)
}

/// A line that has to say something.
fn line(field: &str, text: &Untrusted, graphemes: usize) -> Result<Untrusted, Problem> {
    let text = normalise_line(text.as_data());
    if !is_readable(&text) {
        return Err(Problem::invalid(field, if text.is_empty() { "missing" } else { "unreadable" }));
    }
    in_limits(field, text, graphemes)
}

fn in_limits(field: &str, text: String, graphemes: usize) -> Result<Untrusted, Problem> {
    let short = fits(&text, graphemes, 8 * graphemes);
    if short { Ok(text.into()) } else { Err(Problem::invalid(field, "too_long")) }
}

/// A line that may be left out; an empty one is.
fn line_if(field: &str, text: &Option<Untrusted>, graphemes: usize) -> Result<Option<Untrusted>, Problem> {
    let text = text.as_ref().map(|text| normalise_line(text.as_data())).filter(|text| !text.is_empty());
    text.map(|text| in_limits(field, text, graphemes)).transpose()
}

/// What was said, normalised and in its limits.
fn checked(said: &ElsewhereBody) -> Result<ElsewhereBody, Problem> {
    let mut said = said.clone();
    let requester = &mut said.requester;
    requester.name = line("requester.name", &requester.name, 64)?;
    for (field, text, graphemes) in [
        ("requester.company", &mut requester.company, 80),
        ("requester.title", &mut requester.title, 60),
        ("requester.email", &mut requester.email, 254),
        ("requester.phone", &mut requester.phone, 40),
        ("purpose", &mut said.purpose, 200),
        ("label", &mut said.label, 40),
    ] {
        *text = line_if(field, text, graphemes)?;
    }
    if said.requester.email.as_ref().is_some_and(|email| !is_mail_address(email.as_data())) {
        return Err(Problem::invalid("requester.email", "malformed"));
    }
    let message = said.message.map(|text| normalise_block(text.as_data())).filter(|text| !text.is_empty());
    said.message = message.map(|text| in_limits("message", text, 300)).transpose()?;
    if said.link.as_ref().is_some_and(|link| !is_plain_link(link.as_data())) {
        return Err(Problem::invalid("link", "malformed"));
    }
    Ok(said)
}
