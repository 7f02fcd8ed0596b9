//! What is done on a request besides deciding it.

use axum::extract::State;
use axum::response::Response;

use super::requests::seen;
use crate::api::{Snooze, ToColleague, Words};
use crate::domain::{Request, RequestId};
use crate::server::App;
use crate::server::approvals;
use crate::server::auth::Caller;
use crate::server::respond::{Begun, Failure, Id, IfMatch, Json, Key, Once};

/// Finishes a write on a request with the request as the caller sees it then.
async fn finish(app: &App, caller: &Caller, id: &RequestId, mut once: Once) -> Result<Response, Failure> {
    let request = seen(app, once.tx.conn(), caller, id).await?;
    once.finish(&request, Some(request.revision)).await
}

#[utoipa::path(post, path = "/v1/requests/{id}/withdraw", security(("token" = [])),
    params(("id" = RequestId, Path), ("idempotency-key" = String, Header)),
    responses((status = 200, body = Request)))]
pub(super) async fn withdraw(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
    key: Key,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = id.as_str();
    let mut once = match Once::begin(&app, &caller.actor, "requests.withdraw", object, key, [0; 32]).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    approvals::withdraw_own(&mut once.tx, viewer, &id, &caller.call).await?;
    finish(&app, &caller, &id, *once).await
}

#[utoipa::path(post, path = "/v1/requests/{id}/question", security(("token" = [])),
    params(("id" = RequestId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    request_body = Words,
    responses((status = 200, body = Request)))]
pub(super) async fn question(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<Words>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = format!("{id}@{revision}");
    let mut once =
        match Once::begin(&app, &caller.actor, "requests.question", &object, key, body.hash).await? {
            Begun::Do(once) => once,
            Begun::Done(response) => return Ok(response),
        };
    approvals::question(&mut once.tx, viewer, &id, revision, &body.value.text, &caller.call).await?;
    finish(&app, &caller, &id, *once).await
}

#[utoipa::path(post, path = "/v1/requests/{id}/answer", security(("token" = [])),
    params(("id" = RequestId, Path), ("idempotency-key" = String, Header)), request_body = Words,
    responses((status = 200, body = Request)))]
pub(super) async fn answer(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
    key: Key,
    body: Json<Words>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = id.as_str();
    let mut once = match Once::begin(&app, &caller.actor, "requests.answer", object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    approvals::answer(&mut once.tx, viewer, &id, &body.value.text, &caller.call).await?;
    finish(&app, &caller, &id, *once).await
}

#[utoipa::path(post, path = "/v1/requests/{id}/pass", security(("token" = [])),
    params(("id" = RequestId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    request_body = ToColleague,
    responses((status = 200, body = Request)))]
pub(super) async fn pass(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<ToColleague>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "requests.pass", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let ToColleague { member, text } = &body.value;
    approvals::pass(&mut once.tx, viewer, &id, revision, member, text.as_ref(), &caller.call).await?;
    finish(&app, &caller, &id, *once).await
}

#[utoipa::path(post, path = "/v1/requests/{id}/snooze", security(("token" = [])),
    params(("id" = RequestId, Path), ("idempotency-key" = String, Header)), request_body = Snooze,
    responses((status = 200, body = Request)))]
pub(super) async fn snooze(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
    key: Key,
    body: Json<Snooze>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = id.as_str();
    let mut once = match Once::begin(&app, &caller.actor, "requests.snooze", object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    approvals::snooze(&mut once.tx, viewer, &id, body.value.until).await?;
    finish(&app, &caller, &id, *once).await
}

#[utoipa::path(post, path = "/v1/requests/{id}/assign", security(("token" = [])),
    params(("id" = RequestId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    request_body = ToColleague,
    responses((status = 200, body = Request)))]
pub(super) async fn assign(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<ToColleague>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "requests.assign", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    approvals::assign(&mut once.tx, viewer, &id, revision, &body.value.member, &caller.call).await?;
    finish(&app, &caller, &id, *once).await
}
