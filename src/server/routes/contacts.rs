//! The caller's external contacts.

use axum::extract::State;
use axum::response::Response;
use unicode_segmentation::UnicodeSegmentation as _;

use super::directory::Paging;
use crate::api::{EventKind, Page, Problem, ProblemCode, RemarkBody, SYNC_PAGE};
use crate::domain::{Contact, ContactDetail, ContactId, ContactRevision, HistoryKind, normalise_line};
use crate::server::App;
use crate::server::access::{self, Action, Answer, Object};
use crate::server::auth::Caller;
use crate::server::respond::{Begun, Failure, Id, IfMatch, Json, Key, Once, Params, ok, ok_with_revision};
use crate::server::store::contacts::{self, ContactRow};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::{Write, audit};

/// Longest remark, in graphemes.
const MAX_REMARK: usize = 100;

#[utoipa::path(get, path = "/v1/contacts", security(("token" = [])),
    params(("after" = Option<String>, Query, description = "id of the last row of the page before"),
           ("limit" = Option<i64>, Query, minimum = 1, maximum = 500)),
    responses((status = 200, body = Page<Contact>)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let limit = paging.limit(SYNC_PAGE)?;
    let now = app.now();
    let mut read = app.store().read().await?;
    let as_of = outbox::head(read.conn(), viewer.company).await?;
    let items = contacts::page(read.conn(), viewer.member, now, &paging.after, limit, as_of).await?;
    let full = i64::try_from(items.len()).unwrap_or(i64::MAX) == limit;
    let next = items.last().filter(|_| full).map(|last| last.id.as_str().to_owned());
    ok(&Page { items, next, as_of, now })
}

#[utoipa::path(get, path = "/v1/contacts/{id}", security(("token" = [])), params(("id" = ContactId, Path)),
    responses((status = 200, body = ContactDetail)))]
pub(super) async fn one(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let now = app.now();
    let mut read = app.store().read().await?;
    let as_of = outbox::head(read.conn(), viewer.company).await?;
    let row = contacts::by_id(read.conn(), &id, now, as_of).await?;
    let row = mine(&caller, Action::ReadContacts, row)?;
    let history = contacts::history(read.conn(), row.sk, now).await?;
    let revision = row.contact.revision;
    ok_with_revision(&ContactDetail { contact: row.contact, history }, revision)
}

/// The contact, if it is the caller's.
fn mine(caller: &Caller, action: Action, row: Option<ContactRow>) -> Result<ContactRow, Failure> {
    row.filter(|row| {
        let object = Object::Owned { company: row.company, owner: row.owner };
        access::can(&caller.actor, action, object) == Answer::Allow
    })
    .ok_or_else(|| Problem::new(ProblemCode::NotFound).into())
}

/// The contact in the revision named.
async fn to_change(
    tx: &mut Write,
    caller: &Caller,
    id: &ContactId,
    revision: i64,
) -> Result<ContactRow, Failure> {
    let now = tx.now();
    let row = contacts::by_id(tx.conn(), id, now, 0).await?;
    let row = mine(caller, Action::ChangeContacts, row)?;
    if row.contact.revision == revision { Ok(row) } else { Err(stale(row.contact.revision).into()) }
}

fn stale(revision: i64) -> Problem {
    let current = crate::api::Current { revision, state: None, decided_by: None, decided_at: None };
    Problem::new(ProblemCode::RevisionChanged).with_current(current)
}

/// Tells followers and the audit log of a change.
async fn record(
    tx: &mut Write,
    caller: &Caller,
    row: &ContactRow,
    action: &str,
    new_state: &str,
) -> Result<ContactRevision, Failure> {
    let revision = row.contact.revision + 1;
    let object = Touched {
        company: row.company,
        kind: EventKind::Contact,
        id: row.contact.id.as_str(),
        member: Some(row.owner),
        revision,
    };
    let as_of = outbox::changed(tx, object).await?;
    audit::add(
        tx,
        audit::Entry {
            company: row.company,
            actor: &caller.actor.tag(),
            action,
            object: row.contact.id.as_str(),
            old_state: Some("active"),
            new_state: Some(new_state),
            policy_version: None,
            call: &caller.call,
        },
    )
    .await?;
    Ok(ContactRevision { id: row.contact.id.clone(), revision, as_of })
}

#[utoipa::path(put, path = "/v1/contacts/{id}/remark", security(("token" = [])),
    params(("id" = ContactId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    request_body = RemarkBody,
    responses((status = 200, body = ContactRevision)))]
pub(super) async fn set_remark(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<RemarkBody>,
) -> Result<Response, Failure> {
    let remark = normalise_line(body.value.remark.as_data());
    if remark.graphemes(true).take(MAX_REMARK + 1).count() > MAX_REMARK || remark.len() > 4 * MAX_REMARK {
        return Err(Problem::invalid("remark", "too_long").into());
    }
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "contacts.remark", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let row = to_change(&mut once.tx, &caller, &id, revision).await?;
    let remark = Some(remark.as_str()).filter(|remark| !remark.is_empty());
    if !contacts::set_remark(&mut once.tx, row.sk, revision, remark).await? {
        return Err(stale(row.contact.revision).into());
    }
    let now = once.tx.now();
    contacts::note(&mut once.tx, row.sk, now, HistoryKind::RemarkChanged, Some(row.owner), None).await?;
    let reply = record(&mut once.tx, &caller, &row, "contact.remark", "active").await?;
    once.finish(&reply, Some(reply.revision)).await
}

#[utoipa::path(delete, path = "/v1/contacts/{id}", security(("token" = [])),
    params(("id" = ContactId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    responses((status = 200, body = ContactRevision)))]
pub(super) async fn remove(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    IfMatch(revision): IfMatch,
    key: Key,
) -> Result<Response, Failure> {
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "contacts.remove", &object, key, [0; 32]).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let row = to_change(&mut once.tx, &caller, &id, revision).await?;
    if !contacts::remove(&mut once.tx, row.sk, revision).await? {
        return Err(stale(row.contact.revision).into());
    }
    let reply = record(&mut once.tx, &caller, &row, "contact.remove", "removed").await?;
    once.finish(&reply, Some(reply.revision)).await
}
