//! A directory comes in: begun, staged row by row, planned, applied.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::Response;
use futures_util::StreamExt as _;

use crate::api::{
    Applied, ApplyImport, ImportPlan, ImportReply, ImportRowsReply, ImportState, NDJSON, NewImport, Problem,
    ProblemCode,
};
use crate::domain::ImportRow;
use crate::server::access::{self, Action, Actor, Answer, Object};
use crate::server::auth::Caller;
use crate::server::import::{self, Prepared, Running};
use crate::server::respond::{Begun, Failure, Json, Key, Number, Once, body_fault, header_text, ok};
use crate::server::store::imports::{self, ImportHead};
use crate::server::store::staging::{self, Staging};
use crate::server::store::{Conn, companies};
use crate::server::{App, StoreError};

/// Longest row.
const MAX_LINE: usize = 1 << 20;
/// Bytes of rows that are checked in one go.
const PIECE: usize = 1 << 18;
/// How often an import is prepared anew because the directory has changed meanwhile.
const TRIES: usize = 5;

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
    staging::sweep(app.store().path(), &imports::live(tx.conn()).await?);
    Staging::create(app.store().path(), id).await?;
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

/// One's turn at an import that the caller may go on with, and its rows.
async fn take_up(app: &App, caller: &Caller, id: i64) -> Result<(ImportHead, Running, Staging), Failure> {
    find(app.store().read().await?.conn(), caller, id).await?;
    let running = app.0.imports.turn(id).await;
    // Whoever had the turn before may have finished it.
    let head = find(app.store().read().await?.conn(), caller, id).await?;
    Ok((head, running, Staging::open(app.store().path(), id).await?))
}

#[utoipa::path(get, path = "/v1/imports/{id}", security(("token" = [])), params(("id" = i64, Path)),
    responses((status = 200, body = ImportState)))]
pub(super) async fn state(
    State(app): State<App>,
    caller: Caller,
    Number(id): Number,
) -> Result<Response, Failure> {
    find(app.store().read().await?.conn(), &caller, id).await?;
    let (done, writing) = app.0.imports.progress(id);
    ok(&ImportState { id, done, writing })
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
    let (_, _running, mut staging) = take_up(&app, &caller, id).await?;
    // Dropped with the connection when anything goes wrong: a body is taken as a whole.
    staging.begin().await?;
    let mut pieces = body.into_data_stream();
    let mut rest: Vec<u8> = Vec::new();
    while let Some(piece) = pieces.next().await {
        let piece = piece.map_err(|fault| body_fault(&fault))?;
        rest.extend_from_slice(&piece);
        if rest.len() < PIECE {
            continue;
        }
        let whole = memchr::memrchr(b'\n', &rest).map_or(0, |at| at + 1);
        let begun = rest.split_off(whole);
        add(&mut staging, std::mem::replace(&mut rest, begun)).await?;
        if rest.len() > MAX_LINE {
            return Err(too_large("row"));
        }
    }
    add(&mut staging, rest).await?;
    staging.commit().await?;
    let (rows, _) = staging.totals().await?;
    staging.close().await?;
    ok(&ImportRowsReply { rows })
}

fn too_large(what: &str) -> Failure {
    Problem { field: Some(what.to_owned()), ..Problem::new(ProblemCode::TooLarge) }.into()
}

/// Checks and stages whole lines.
async fn add(staging: &mut Staging, lines: Vec<u8>) -> Result<(), Failure> {
    if lines.split(|byte| *byte == b'\n').any(|line| line.len() > MAX_LINE) {
        return Err(too_large("row"));
    }
    let length = i64::try_from(lines.len()).unwrap_or(i64::MAX);
    let checked = tokio::task::spawn_blocking(move || import::checked_rows(&lines));
    let checked = checked.await.map_err(|_| StoreError::Unexpected("a task that ended"))??;
    let rows = checked.map_err(|_| Problem::invalid("row", "malformed"))?;
    let (rows, bytes) = staging.add(&rows, length).await?;
    if rows > import::MAX_ROWS {
        return Err(too_large("rows"));
    }
    if bytes > import::MAX_BYTES {
        return Err(too_large("bytes"));
    }
    Ok(())
}

#[utoipa::path(get, path = "/v1/imports/{id}/plan", security(("token" = [])), params(("id" = i64, Path)),
    responses((status = 200, body = ImportPlan)))]
pub(super) async fn plan(
    State(app): State<App>,
    caller: Caller,
    Number(id): Number,
) -> Result<Response, Failure> {
    let (head, running, mut staging) = take_up(&app, &caller, id).await?;
    let plan = import::plan(&app, &head, &mut staging, &running).await?;
    staging.close().await?;
    ok(&plan)
}

const APPLY: &str = "imports.apply";

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
    if let Some(answer) = Once::done(&app, &caller.actor, APPLY, &object, &key, body.hash).await? {
        return Ok(answer);
    }
    find(app.store().read().await?.conn(), &caller, id).await?;
    let running = app.0.imports.turn(id).await;
    // The same call may have come before and be answered by now.
    if let Some(answer) = Once::done(&app, &caller.actor, APPLY, &object, &key, body.hash).await? {
        return Ok(answer);
    }
    let head = find(app.store().read().await?.conn(), &caller, id).await?;
    if body.value.sign_in.is_some() && caller.actor != Actor::Operator {
        return Err(Problem::new(ProblemCode::Forbidden).into());
    }
    let mut alone = None;
    for _ in 0..TRIES {
        let mut staging = Staging::open(app.store().path(), id).await?;
        let prepared = import::prepare(&app, &head, &body.value, &mut staging, &running).await?;
        staging.close().await?;
        running.writing();
        // Once another import came first, nobody comes first any more.
        if alone.is_none() {
            alone = Some(app.0.applying.lock().await);
        }
        if let Some(answer) = write(&app, &caller, &head, &key, &body, &prepared).await? {
            staging::remove(app.store().path(), id);
            return Ok(answer);
        }
    }
    Err(Problem::new(ProblemCode::Unavailable).into())
}

/// Writes what is prepared, alone; none when the directory has changed since.
async fn write(
    app: &App,
    caller: &Caller,
    head: &ImportHead,
    key: &Key,
    body: &Json<ApplyImport>,
    prepared: &Prepared,
) -> Result<Option<Response>, Failure> {
    app.store().attach(head.id).await?;
    let written = write_attached(app, caller, head, key, body, prepared).await;
    app.store().detach().await?;
    let store = app.clone();
    // Nobody waits for it, the answer neither.
    app.0.tasks.spawn(async move {
        if let Err(error) = store.store().checkpoint().await {
            tracing::warn!(target: "namecard::server", error = %error, "the journal was not moved");
        }
    });
    written
}

async fn write_attached(
    app: &App,
    caller: &Caller,
    head: &ImportHead,
    key: &Key,
    body: &Json<ApplyImport>,
    prepared: &Prepared,
) -> Result<Option<Response>, Failure> {
    let again = Key(key.0.clone());
    let object = head.id.to_string();
    let mut once = match Once::begin(app, &caller.actor, APPLY, &object, again, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(Some(response)),
    };
    match import::apply(&mut once.tx, head, &body.value, prepared, &caller.call).await? {
        Ok(applied) => once.finish::<Applied>(&applied, None).await.map(Some),
        Err(import::Moved) => Ok(None),
    }
}

#[utoipa::path(delete, path = "/v1/imports/{id}", security(("token" = [])), params(("id" = i64, Path)),
    responses((status = 200, body = ImportReply)))]
pub(super) async fn forget(
    State(app): State<App>,
    caller: Caller,
    Number(id): Number,
) -> Result<Response, Failure> {
    find(app.store().read().await?.conn(), &caller, id).await?;
    let _running = app.0.imports.turn(id).await;
    let mut tx = app.write().await?;
    find(tx.conn(), &caller, id).await?;
    imports::forget(&mut tx, id).await?;
    tx.commit().await?;
    staging::remove(app.store().path(), id);
    ok(&ImportReply { id })
}
