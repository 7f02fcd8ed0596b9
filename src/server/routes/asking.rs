//! May I? And asking: somebody outside to connect, the admins for the permission to.

use axum::extract::State;
use axum::response::Response;

use super::requests::seen;
use crate::api::{NewPermission, Problem, WhyBody};
use crate::domain::{
    Explained, LookedAt, MeantPerson, NewRequest, Request, Time, normalise_block, normalise_line,
};
use crate::server::App;
use crate::server::access::Viewer;
use crate::server::approvals::{self, Asking, Meant, Reach, Standing};
use crate::server::auth::Caller;
use crate::server::policy::{Purpose, Setting};
use crate::server::respond::{Begun, Failure, Json, Key, Once, ok};
use crate::server::store::{Read, StoreError, companies, members};

/// Longest text that names somebody, in bytes.
const MAX_TO: usize = 256;

/// A purpose in its limits; empty when there is none.
pub(super) fn purpose(text: &crate::text::Untrusted) -> Result<String, Problem> {
    let text = normalise_line(text.as_data());
    bounded(text, 200, 1_000, "purpose")
}

fn bounded(text: String, graphemes: usize, bytes: usize, field: &str) -> Result<String, Problem> {
    if !crate::text::fits(&text, graphemes, bytes) {
        return Err(Problem::invalid(field, "too_long"));
    }
    Ok(text)
}

fn message(text: Option<&crate::text::Untrusted>) -> Result<Option<String>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let text = normalise_block(text.as_data());
    if text.lines().count() > 6 {
        return Err(Problem::invalid("message", "too_many_lines"));
    }
    let text = bounded(text, 300, 2_000, "message")?;
    Ok(Some(text).filter(|text| !text.is_empty()))
}

fn to(text: &crate::text::Untrusted) -> Result<&str, Problem> {
    let text = text.as_data().trim();
    if text.is_empty() || text.len() > MAX_TO {
        return Err(Problem::invalid("to", if text.is_empty() { "missing" } else { "too_long" }));
    }
    Ok(text)
}

#[utoipa::path(post, path = "/v1/verdicts", security(("token" = [])), request_body = WhyBody,
    responses((status = 200, body = Explained)))]
pub(super) async fn why(
    State(app): State<App>,
    caller: Caller,
    body: Json<WhyBody>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let to = to(&body.value.to)?;
    let mut read = app.store().read().await?;
    let now = app.now();
    let Reach { answer, meant } = approvals::look(&app, &mut read, viewer, to, Purpose::NotYet).await?;
    let standing = Standing::of(&mut read, viewer.company, viewer.member, now).await?;
    let meant = person(&mut read, meant).await?;
    let chain = answer.chain.iter().map(|looked| LookedAt {
        code: looked.code,
        rule: looked.rule.clone(),
        passed: looked.passed,
    });
    ok(&Explained {
        meant,
        chain: chain.collect(),
        manager_asking: answer.managers.asking,
        automatic: answer.automatic,
        sent_today: standing.side().counters.sent_today,
        sent_most: standing.rules().count(Setting::RequestsPerDay),
        verdict: answer.into_verdict(),
    })
}

/// Who was meant, as the caller may know them.
async fn person(read: &mut Read, meant: Meant) -> Result<MeantPerson, Failure> {
    Ok(match meant {
        Meant::Colleague(id) => MeantPerson::Colleague { id },
        Meant::Contact(id) => MeantPerson::Contact { id },
        Meant::Outside(person) => {
            let member = members::by_sk(read.conn(), person.member).await?;
            let member = member.ok_or(StoreError::Unexpected("members"))?.whole;
            let company = companies::get(read.conn(), person.company).await?;
            let company = company.ok_or(StoreError::Unexpected("companies"))?;
            MeantPerson::Outside { name: member.name, company: company.name, title: member.external_title }
        }
        Meant::Nobody => MeantPerson::Nobody,
        Meant::OwnCard(_) | Meant::DeadCard | Meant::Address { .. } => MeantPerson::Unknown,
    })
}

#[utoipa::path(post, path = "/v1/requests", security(("token" = [])),
    params(("idempotency-key" = String, Header)), request_body = NewRequest,
    responses((status = 200, body = Request)))]
pub(super) async fn ask(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    body: Json<NewRequest>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let asking = Asking {
        to: to(&body.value.to)?,
        purpose: Some(purpose(&body.value.purpose)?),
        message: message(body.value.message.as_ref())?,
    };
    let mut once = match Once::begin(&app, &caller.actor, "requests.ask", "", key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let id = approvals::ask(&app, &mut once.tx, viewer, asking, &caller.call).await?;
    let request = seen(&app, once.tx.conn(), &caller, &id).await?;
    once.finish(&request, Some(request.revision)).await
}

#[utoipa::path(post, path = "/v1/permissions", security(("token" = [])),
    params(("idempotency-key" = String, Header)), request_body = NewPermission,
    responses((status = 200, body = Request)))]
pub(super) async fn ask_permission(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    body: Json<NewPermission>,
) -> Result<Response, Failure> {
    let viewer: &Viewer = caller.viewer()?;
    let purpose = purpose(&body.value.purpose)?;
    if purpose.is_empty() {
        return Err(Problem::invalid("purpose", "missing").into());
    }
    let until: Option<Time> = body.value.until;
    let mut once = match Once::begin(&app, &caller.actor, "permissions.ask", "", key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    // Not before: sent again it is answered as before, whatever the time.
    if until.is_some_and(|until| until <= once.tx.now()) {
        return Err(Problem::invalid("until", "out_of_range").into());
    }
    let id = approvals::ask_permission(&mut once.tx, viewer, &purpose, until, &caller.call).await?;
    let request = seen(&app, once.tx.conn(), &caller, &id).await?;
    once.finish(&request, Some(request.revision)).await
}
