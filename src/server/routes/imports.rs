//! A directory comes in: begun, staged row by row, planned, applied.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use futures_util::StreamExt as _;

use crate::api::{
    Applied, ApplyImport, ImportPlan, ImportReply, ImportRowsReply, NDJSON, NewImport, Problem, ProblemCode,
};
use crate::domain::ImportRow;
use crate::server::access::{self, Action, Actor, Answer, Object};
use crate::server::auth::Caller;
use crate::server::respond::{Begun, Failure, Json, Key, Number, Once, body_fault, header_text, ok};
use crate::server::store::imports::{self, ImportHead};
use crate::server::store::{Conn, companies};
use crate::server::{App, import};

/// Longest row.
const MAX_LINE: usize = 1 << 20;
/// Most rows.
const MAX_ROWS: i64 = 2_000_000;
/// Rows staged in one transaction.
const BATCH: usize = 2_000;

#[utoipa::path(post, path = "/v1/imports", security(("token" = [])), request_body = NewImport,
    responses((status = 200, body = ImportReply)))]
pub(super) async fn begin(
    State(app): State<App>,
    caller: Caller,
    body: Json<NewImport>,
) -> Result<Response, Failure> {
    let mut tx = app.write().await?;
    let company = match (&caller.actor, &body.value.company, &body.value.create) {
        (Actor::Operator, None, Some(_)) => None,
        (Actor::Operator, Some(id), None) => {
            let row = companies::by_id(tx.conn(), id).await?;
            Some(row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?.sk)
        }
        (Actor::Member(viewer), None, None) => Some(viewer.company),
        _ => return Err(Problem::invalid("company", "missing").into()),
    };
    let id = imports::begin(&mut tx, company, body.value.create.as_ref(), &caller.actor.tag()).await?;
    tx.commit().await?;
    ok(&ImportReply { id })
}

/// The import, if the caller may go on with it.
async fn find(conn: &mut Conn, caller: &Caller, id: i64) -> Result<ImportHead, Failure> {
    let missing = || Failure::from(Problem::new(ProblemCode::NotFound));
    let head = imports::head(conn, id).await?.ok_or_else(missing)?;
    let object = head.company.map_or(Object::Any, Object::Company);
    let may = access::can(&caller.actor, Action::Import, object) == Answer::Allow;
    if may && head.actor == caller.actor.tag() { Ok(head) } else { Err(missing()) }
}

#[utoipa::path(put, path = "/v1/imports/{id}/rows", security(("token" = [])), params(("id" = i64, Path)),
    request_body(content = ImportRow, content_type = "application/x-ndjson", description = "one row a line"),
    responses((status = 200, body = ImportRowsReply)))]
pub(super) async fn stage(
    State(app): State<App>,
    caller: Caller,
    Number(id): Number,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Failure> {
    if header_text(&headers, header::CONTENT_TYPE.as_str()) != Some(NDJSON) {
        return Err(Problem::new(ProblemCode::MediaType).into());
    }
    find(app.store().read().await?.conn(), &caller, id).await?;
    let mut pieces = body.into_data_stream();
    let mut rest: Vec<u8> = Vec::new();
    let mut batch: Vec<String> = Vec::new();
    let mut rows = 0;
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|fault| body_fault(&fault))?;
        rest.extend_from_slice(&piece);
        let mut begin = 0;
        while let Some(at) = memchr::memchr(b'\n', rest.get(begin..).unwrap_or_default()) {
            let line = rest.get(begin..begin + at).unwrap_or_default();
            batch.extend(checked(line)?);
            begin += at + 1;
        }
        rest.drain(..begin);
        if rest.len() > MAX_LINE {
            return Err(Problem::new(ProblemCode::TooLarge).into());
        }
        if batch.len() >= BATCH {
            rows = write(&app, id, &mut batch).await?;
        }
    }
    batch.extend(checked(&rest)?);
    if !batch.is_empty() {
        rows = write(&app, id, &mut batch).await?;
    }
    ok(&ImportRowsReply { rows })
}

/// A line that is a row; a blank one is none.
fn checked(line: &[u8]) -> Result<Option<String>, Failure> {
    if line.trim_ascii().is_empty() {
        return Ok(None);
    }
    let malformed = || Failure::from(Problem::invalid("row", "malformed"));
    let text = std::str::from_utf8(line).map_err(|_| malformed())?;
    serde_json::from_str::<ImportRow>(text).map_err(|_| malformed())?;
    Ok(Some(text.to_owned()))
}

async fn write(app: &App, id: i64, batch: &mut Vec<String>) -> Result<i64, Failure> {
    let mut tx = app.write().await?;
    let rows = imports::stage(&mut tx, id, batch).await?;
    if rows > MAX_ROWS {
        return Err(Problem::new(ProblemCode::TooLarge).into());
    }
    tx.commit().await?;
    batch.clear();
    Ok(rows)
}

#[utoipa::path(get, path = "/v1/imports/{id}/plan", security(("token" = [])), params(("id" = i64, Path)),
    responses((status = 200, body = ImportPlan)))]
pub(super) async fn plan(
    State(app): State<App>,
    caller: Caller,
    Number(id): Number,
) -> Result<Response, Failure> {
    let mut read = app.store().read().await?;
    let head = find(read.conn(), &caller, id).await?;
    ok(&import::plan(read.conn(), &head).await?)
}

#[utoipa::path(post, path = "/v1/imports/{id}/apply", security(("token" = [])),
    params(("id" = i64, Path), ("idempotency-key" = String, Header)), request_body = ApplyImport,
    responses((status = 200, body = Applied)))]
pub(super) async fn apply(
    State(app): State<App>,
    caller: Caller,
    Number(id): Number,
    key: Key,
    body: Json<ApplyImport>,
) -> Result<Response, Failure> {
    let object = id.to_string();
    let mut once = match Once::begin(&app, &caller.actor, "imports.apply", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let head = find(once.tx.conn(), &caller, id).await?;
    if body.value.sign_in.is_some() && caller.actor != Actor::Operator {
        return Err(Problem::new(ProblemCode::Forbidden).into());
    }
    let applied: Applied = import::apply(&mut once.tx, &head, &body.value, &caller.call).await?;
    once.finish(&applied, None).await
}

#[utoipa::path(delete, path = "/v1/imports/{id}", security(("token" = [])), params(("id" = i64, Path)),
    responses((status = 200, body = ImportReply)))]
pub(super) async fn forget(
    State(app): State<App>,
    caller: Caller,
    Number(id): Number,
) -> Result<Response, Failure> {
    let mut tx = app.write().await?;
    find(tx.conn(), &caller, id).await?;
    imports::forget(&mut tx, id).await?;
    tx.commit().await?;
    ok(&ImportReply { id })
}
