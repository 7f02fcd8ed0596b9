//! Requests and decisions.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};

use super::directory::Paging;
use crate::api::{PAGE, Page, Problem, ProblemCode};
use crate::domain::{Decision, Request, RequestDetail, RequestId, RequestState, Time};
use crate::server::access::{self, Action, Answer, Object};
use crate::server::auth::Caller;
use crate::server::respond::{Begun, Failure, Id, IfMatch, Json, Key, Once, Params, ok, ok_with_revision};
use crate::server::store::requests::{self, Box as Which};
use crate::server::store::{Conn, outbox};
use crate::server::{App, approvals};

/// Which requests to list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ListParams {
    #[serde(rename = "box", default)]
    which: BoxName,
    state: Option<RequestState>,
    #[serde(default)]
    after: String,
    limit: Option<i64>,
}

/// Which requests.
#[derive(Clone, Copy, Debug, Default, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum BoxName {
    #[default]
    Approvals,
    Incoming,
    Outgoing,
}

/// Where a page of requests goes on: when the last row's life ends, and its id.
fn parse_cursor(text: &str) -> Result<Option<(i64, String)>, Failure> {
    if text.is_empty() {
        return Ok(None);
    }
    let malformed = || Failure::from(Problem::invalid("after", "malformed"));
    let (ends, id) = text.split_once('~').ok_or_else(malformed)?;
    let id = RequestId::new(id).map_err(|_| malformed())?;
    Ok(Some((ends.parse().map_err(|_| malformed())?, id.as_str().to_owned())))
}

#[utoipa::path(get, path = "/v1/requests", security(("token" = [])),
    params(("box" = inline(Option<BoxName>), Query, description = "approvals (what waits, the default) incoming (all that was asked of the caller) or outgoing"),
           ("state" = Option<RequestState>, Query, description = "only this state"),
           ("after" = Option<String>, Query, pattern = "^([0-9]{1,18}~r_[0-9A-HJKMNP-TV-Z]{26})?$",
            description = "cursor: next of the page before"),
           ("limit" = Option<i64>, Query, minimum = 1, maximum = 100)),
    responses((status = 200, body = Page<Request>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<ListParams>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let limit = Paging { after: String::new(), limit: params.limit }.limit(PAGE)?;
    let after = parse_cursor(&params.after)?;
    let now = app.now();
    let mut read = app.store().read().await?;
    let as_of = outbox::head(read.conn(), viewer.company).await?;
    let which = match params.which {
        BoxName::Approvals => Which::Approvals,
        BoxName::Incoming => Which::Incoming,
        BoxName::Outgoing => Which::Outgoing,
    };
    let wanted = requests::Wanted { which, state: params.state, after, limit };
    let rows = requests::page(read.conn(), viewer, wanted, now).await?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == limit;
    let last = rows.last().filter(|_| full);
    let next = last.map(|last| format!("{}~{}", last.lifetime.expires.as_micros(), last.id));
    let items = approvals::all_seen_by(read.conn(), rows, viewer, now, as_of).await?;
    ok(&Page { items, next, as_of, now })
}

/// How many wait.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct CountReply {
    /// Requests that wait for the caller; decided ones that can still be undone do not count.
    count: i64,
    /// The server's clock.
    now: Time,
}

#[utoipa::path(get, path = "/v1/requests/count", security(("token" = [])), responses((status = 200, body = CountReply)))]
pub(super) async fn count(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let now = app.now();
    let mut read = app.store().read().await?;
    ok(&CountReply { count: requests::count_open(read.conn(), viewer, now).await?, now })
}

/// One request as the caller sees it; what is not theirs is not there.
pub(super) async fn seen(
    app: &App,
    conn: &mut Conn,
    caller: &Caller,
    id: &RequestId,
) -> Result<Request, Failure> {
    let viewer = caller.viewer()?;
    let now = app.now();
    let as_of = outbox::head(conn, viewer.company).await?;
    let missing = || Failure::from(Problem::new(ProblemCode::NotFound));
    let row = requests::by_id(conn, id, viewer.member, now).await?.ok_or_else(missing)?;
    let parties = requests::parties(conn, &row, now).await?;
    let has_part = parties.part_of(&row, viewer, now).is_some();
    if access::can(&caller.actor, Action::ReadRequests, Object::Shared { has_part }) != Answer::Allow {
        return Err(missing());
    }
    approvals::seen_by(row, &parties, viewer, now, as_of).ok_or_else(missing)
}

#[utoipa::path(get, path = "/v1/requests/{id}", security(("token" = [])), params(("id" = RequestId, Path)),
    responses((status = 200, body = RequestDetail)))]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let now = app.now();
    let mut read = app.store().read().await?;
    let as_of = outbox::head(read.conn(), viewer.company).await?;
    let missing = || Failure::from(Problem::new(ProblemCode::NotFound));
    let row = requests::by_id(read.conn(), &id, viewer.member, now).await?.ok_or_else(missing)?;
    let detail = approvals::detail(&mut read, row, viewer, now, as_of).await?;
    let object = Object::Shared { has_part: detail.is_some() };
    if access::can(&caller.actor, Action::ReadRequests, object) != Answer::Allow {
        return Err(missing());
    }
    let detail = detail.ok_or_else(missing)?;
    ok_with_revision(&detail, detail.request.revision)
}

#[utoipa::path(post, path = "/v1/requests/{id}/decision", security(("token" = [])),
    params(("id" = RequestId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    request_body = Decision,
    responses((status = 200, body = Request)))]
pub(super) async fn decide(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<Decision>,
) -> Result<Response, Failure> {
    match begin_decision(&app, &caller, &id, revision, key, body.hash).await? {
        Begun::Do(mut once) => {
            let request = make_decision(&app, &caller, &mut once, (&id, revision), &body.value).await?;
            once.finish(&request, Some(request.revision)).await
        }
        Begun::Done(response) => Ok(response),
    }
}

async fn begin_decision(
    app: &App,
    caller: &Caller,
    id: &RequestId,
    revision: i64,
    key: Key,
    hash: [u8; 32],
) -> Result<Begun, Failure> {
    let object = format!("{id}@{revision}");
    Once::begin(app, &caller.actor, "requests.decide", &object, key, hash).await
}

async fn make_decision(
    app: &App,
    caller: &Caller,
    once: &mut Once,
    (id, revision): (&RequestId, i64),
    decision: &Decision,
) -> Result<Request, Failure> {
    let viewer = caller.viewer()?;
    approvals::decide(&mut once.tx, viewer, id, revision, decision, &caller.call).await?;
    seen(app, once.tx.conn(), caller, id).await
}

/// One of several decisions: the request as it is then, also when the same was sent before.
pub(super) async fn decide_one(
    app: &App,
    caller: &Caller,
    id: &RequestId,
    revision: i64,
    key: Key,
    decision: &Decision,
    hash: [u8; 32],
) -> Result<Request, Failure> {
    match begin_decision(app, caller, id, revision, key, hash).await? {
        Begun::Do(mut once) => {
            let request = make_decision(app, caller, &mut once, (id, revision), decision).await?;
            once.finish(&request, Some(request.revision)).await?;
            Ok(request)
        }
        Begun::Done(_) => seen(app, app.store().read().await?.conn(), caller, id).await,
    }
}

#[utoipa::path(post, path = "/v1/requests/{id}/undo", security(("token" = [])),
    params(("id" = RequestId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    responses((status = 200, body = Request)))]
pub(super) async fn undo(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<RequestId>,
    IfMatch(revision): IfMatch,
    key: Key,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "requests.undo", &object, key, [0; 32]).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    approvals::undo(&mut once.tx, viewer, &id, revision, &caller.call).await?;
    let request = seen(&app, once.tx.conn(), &caller, &id).await?;
    once.finish(&request, Some(request.revision)).await
}
