//! The caller's external contacts.

use axum::extract::State;
use axum::response::Response;

use super::directory::Paging;
use crate::api::{EventKind, NewHandover, Page, Problem, ProblemCode, RemarkBody, SYNC_PAGE, ToColleague};
use crate::domain::{
    Contact, ContactDetail, ContactId, ContactRevision, HistoryKind, Request, Status, Tags, normalise_line,
};
use crate::server::access::{self, Action, Answer, Object};
use crate::server::auth::Caller;
use crate::server::policy::{Effective, Setting};
use crate::server::respond::{Begun, Failure, Id, IfMatch, Json, Key, Once, Params, ok, ok_with_revision};
use crate::server::store::contacts::{self, ContactRow};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::{Write, audit, companies, introductions, members, policies};
use crate::server::{App, approvals};
use crate::text::{Untrusted, fits};

/// Longest remark, in graphemes.
const MAX_REMARK: usize = 100;
/// Longest description, in graphemes.
const MAX_DESCRIPTION: usize = 300;
/// Most tags of a contact, of each kind.
const MAX_TAGS: usize = 20;
/// Most contacts of one handover.
const MAX_HANDED_OVER: usize = 100;

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
    let policy = read.policy(viewer.company).await?;
    let subject = policies::subject(read.conn(), viewer.member).await?;
    let rules = policy.of(&subject, now);
    let known_by = if rules.is_on(Setting::WhoKnows) {
        contacts::known_by(read.conn(), &row, viewer, now).await?
    } else {
        Vec::new()
    };
    let company_tags = offered_tags(rules);
    let revision = row.contact.revision;
    ok_with_revision(&ContactDetail { contact: row.contact, history, known_by, company_tags }, revision)
}

/// Tags that the company offers for a member's contacts.
fn offered_tags(rules: Effective<'_>) -> Vec<Untrusted> {
    rules.value(Setting::CompanyTags).words().map(Untrusted::from).collect()
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
    if !fits(&remark, MAX_REMARK, 4 * MAX_REMARK) {
        return Err(Problem::invalid("remark", "too_long").into());
    }
    let description = body.value.description.as_ref().map(|text| normalise_line(text.as_data()));
    if description.as_ref().is_some_and(|text| !fits(text, MAX_DESCRIPTION, 4 * MAX_DESCRIPTION)) {
        return Err(Problem::invalid("description", "too_long").into());
    }
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "contacts.remark", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let row = to_change(&mut once.tx, &caller, &id, revision).await?;
    let remark = Some(remark.as_str()).filter(|remark| !remark.is_empty());
    let kept = || row.contact.description.as_ref().map(|text| text.as_data().to_owned());
    let description = description.map_or_else(kept, |text| Some(text).filter(|text| !text.is_empty()));
    let description = description.as_deref();
    if !contacts::set_remark(&mut once.tx, row.sk, revision, remark, description).await? {
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
    if row.promised {
        return Err(Problem::new(ProblemCode::Forbidden).into());
    }
    if !contacts::remove(&mut once.tx, row.sk, revision).await? {
        return Err(stale(row.contact.revision).into());
    }
    let reply = record(&mut once.tx, &caller, &row, "contact.remove", "removed").await?;
    once.finish(&reply, Some(reply.revision)).await
}

#[utoipa::path(put, path = "/v1/contacts/{id}/tags", security(("token" = [])),
    params(("id" = ContactId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    request_body = Tags,
    responses((status = 200, body = ContactRevision)))]
pub(super) async fn set_tags(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<Tags>,
) -> Result<Response, Failure> {
    let checked = |tags: &[Untrusted]| -> Result<Vec<Untrusted>, Problem> {
        if tags.len() > MAX_TAGS {
            return Err(Problem::invalid("tags", "too_many"));
        }
        tags.iter().map(contacts::tag).collect()
    };
    let (company, own) = (checked(&body.value.company)?, checked(&body.value.own)?);
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "contacts.tags", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let row = to_change(&mut once.tx, &caller, &id, revision).await?;
    let now = once.tx.now();
    let policy = once.tx.policy(row.company).await?;
    let subject = policies::subject(once.tx.conn(), row.owner).await?;
    let offered = offered_tags(policy.of(&subject, now));
    // One that was given before and is not offered any more may stay.
    if !company.iter().all(|tag| offered.contains(tag) || row.contact.tags.contains(tag)) {
        return Err(Problem::invalid("company", "not_offered").into());
    }
    if !contacts::set_tags(&mut once.tx, row.sk, revision, &company, &own).await? {
        return Err(stale(row.contact.revision).into());
    }
    contacts::note(&mut once.tx, row.sk, now, HistoryKind::TagsChanged, Some(row.owner), None).await?;
    let reply = record(&mut once.tx, &caller, &row, "contact.tags", "active").await?;
    once.finish(&reply, Some(reply.revision)).await
}

#[utoipa::path(post, path = "/v1/contacts/{id}/introduce", security(("token" = [])),
    params(("id" = ContactId, Path), ("idempotency-key" = String, Header)), request_body = ToColleague,
    responses((status = 200, body = ContactRevision)))]
pub(super) async fn introduce(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    key: Key,
    body: Json<ToColleague>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = id.as_str();
    let mut once =
        match Once::begin(&app, &caller.actor, "contacts.introduce", object, key, body.hash).await? {
            Begun::Do(once) => once,
            Begun::Done(response) => return Ok(response),
        };
    let now = once.tx.now();
    let row = contacts::by_id(once.tx.conn(), &id, now, 0).await?;
    let row = mine(&caller, Action::ChangeContacts, row)?;
    // Only who has an account on this server can be asked, and only while they are connected.
    let Some(peer) = row.peer.filter(|_| !row.contact.one_sided) else {
        return Err(Problem::new(ProblemCode::NotOpen).into());
    };
    let other = members::seen(once.tx.conn(), viewer, &body.value.member).await?;
    let other = other.filter(|other| other.sk != viewer.member && other.whole.status == Status::Active);
    let other = other.ok_or_else(|| Problem::invalid("member", "unknown"))?;
    introductions::add(&mut once.tx, viewer.company, row.sk, viewer.member, other.sk, peer).await?;
    contacts::note(&mut once.tx, row.sk, now, HistoryKind::Introduced, Some(row.owner), None).await?;
    companies::reset_follower(&mut once.tx, viewer.company, other.sk).await?;
    let mut reply = record(&mut once.tx, &caller, &row, "contact.introduce", other.whole.id.as_str()).await?;
    // Nothing of the contact itself is another.
    reply.revision = row.contact.revision;
    once.finish(&reply, Some(reply.revision)).await
}

#[utoipa::path(post, path = "/v1/contacts/{id}/refuse", security(("token" = [])),
    params(("id" = ContactId, Path), ("idempotency-key" = String, Header)),
    responses((status = 200, body = ContactRevision)))]
pub(super) async fn refuse(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<ContactId>,
    key: Key,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = id.as_str();
    let mut once = match Once::begin(&app, &caller.actor, "contacts.refuse", object, key, [0; 32]).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let now = once.tx.now();
    let row = contacts::by_id(once.tx.conn(), &id, now, 0).await?;
    let row = mine(&caller, Action::ChangeContacts, row)?;
    // The row that changes hands is the other side's.
    let theirs = contacts::other_side(once.tx.conn(), &row, now).await?;
    let actor = caller.actor.tag();
    let refused = match theirs {
        Some(theirs) => {
            approvals::refuse(&mut once.tx, theirs.sk, (&actor, viewer.company), &caller.call).await?
        }
        None => false,
    };
    if !refused {
        return Err(Problem::new(ProblemCode::NotOpen).into());
    }
    let as_of = outbox::head(once.tx.conn(), viewer.company).await?;
    let reply = ContactRevision { id, revision: row.contact.revision + 1, as_of };
    once.finish(&reply, Some(reply.revision)).await
}

#[utoipa::path(post, path = "/v1/handovers", security(("token" = [])),
    params(("idempotency-key" = String, Header)), request_body = NewHandover,
    responses((status = 200, body = Request)))]
pub(super) async fn hand_over(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    body: Json<NewHandover>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let wanted = &body.value.contacts;
    if wanted.is_empty() || wanted.len() > MAX_HANDED_OVER {
        return Err(Problem::invalid("contacts", "out_of_range").into());
    }
    let mut once = match Once::begin(&app, &caller.actor, "handovers.offer", "", key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let now = once.tx.now();
    let mut rows = Vec::with_capacity(wanted.len());
    for id in wanted {
        let row = contacts::by_id(once.tx.conn(), id, now, 0).await?;
        let row = mine(&caller, Action::ChangeContacts, row)?;
        if rows.iter().any(|known: &ContactRow| known.sk == row.sk) {
            return Err(Problem::invalid("contacts", "twice").into());
        }
        rows.push(row);
    }
    let id = approvals::offer(&mut once.tx, viewer, &body.value.member, rows, &caller.call).await?;
    let request = super::requests::seen(&app, once.tx.conn(), &caller, &id).await?;
    once.finish(&request, Some(request.revision)).await
}
