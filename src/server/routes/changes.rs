//! The change feed and the event stream.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::Response;
use serde::Deserialize;

use crate::api::{ChangeItem, Changes, EventKind, EventType, Problem, ProblemCode};
use crate::domain::{ContactId, DepartmentId, MemberId, RequestId, Time};
use crate::server::access::{self, Sight, Viewer};
use crate::server::auth::Caller;
use crate::server::respond::{Failure, Params, header_text, ok};
use crate::server::store::{Read, contacts, departments, members, outbox, requests, visible};
use crate::server::{App, approvals, events};

/// Outbox rows that one answer covers.
const BATCH: i64 = 1_000;

/// From where on.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    since: Option<i64>,
}

#[utoipa::path(get, path = "/v1/changes", security(("token" = [])),
    params(("since" = i64, Query, description = "as_of of the start, or of the answer before")),
    responses((status = 200, body = Changes)))]
pub(super) async fn changes(
    State(app): State<App>,
    caller: Caller,
    Params(params): Params<Since>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let since = params.since.ok_or_else(|| Problem::invalid("since", "missing"))?;
    let now = app.now();
    let mut read = app.store().read().await?;
    let head = outbox::head(read.conn(), viewer.company).await?;
    if !outbox::reaches(head, since) {
        return ok(&reset(head, now));
    }
    let rows = outbox::after(read.conn(), viewer.company, since, BATCH).await?;
    let as_of = rows.last().map_or(since, |row| row.seq);
    let mut objects: BTreeSet<(EventKind, String)> = BTreeSet::new();
    for row in rows {
        if !access::hears(viewer, row.member) {
            continue;
        }
        if row.what == EventType::Reset {
            return ok(&reset(head, now));
        }
        objects.insert((row.kind, row.id));
    }
    let sight = Sight::of(&mut read, viewer, now).await?;
    let mut changes = Vec::new();
    let mut touched_departments = BTreeSet::new();
    for (kind, id) in objects {
        match kind {
            EventKind::Department => {
                touched_departments.insert(id);
            }
            _ => changes.extend(render(&app, &mut read, (viewer, &sight), kind, &id, head).await?),
        }
    }
    if !touched_departments.is_empty() {
        // Counts are made for all of them at once.
        for department in departments::list(read.conn(), viewer, head).await? {
            if touched_departments.remove(department.id.as_str()) {
                changes.push(ChangeItem::Department { department: Box::new(department) });
            }
        }
        for id in &touched_departments {
            // Whatever was never there for the viewer is not gone either.
            if let Ok(id) = DepartmentId::new(id)
                && !departments::is_hidden(read.conn(), viewer, id.as_str()).await?
            {
                changes.push(ChangeItem::DepartmentGone { id, as_of: head });
            }
        }
    }
    let room = approvals::room(&mut read, viewer, now).await?;
    ok(&Changes { changes, room, reset: false, more: as_of < head, as_of, now })
}

/// The start has to be loaded again.
fn reset(head: i64, now: Time) -> Changes {
    Changes { changes: Vec::new(), room: None, reset: true, more: false, as_of: head, now }
}

/// One object as the viewer sees it now, or that it is gone.
async fn render(
    app: &App,
    read: &mut Read,
    (viewer, sight): (&Viewer, &Sight),
    kind: EventKind,
    id: &str,
    as_of: i64,
) -> Result<Option<ChangeItem>, Failure> {
    let now = app.now();
    Ok(match kind {
        EventKind::Member => match MemberId::new(id) {
            Ok(id) => match members::seen(read.conn(), viewer, &id).await? {
                Some(row) => Some(ChangeItem::Member { member: Box::new(sight.show(row, as_of)) }),
                // Whoever was never there for the viewer is not gone either.
                None if !visible::is_seen(read.conn(), viewer, &id).await? => None,
                None => Some(ChangeItem::MemberGone { id, as_of }),
            },
            Err(_) => None,
        },
        EventKind::Request => match RequestId::new(id) {
            Ok(id) => {
                let seen = match requests::by_id(read.conn(), &id, viewer.member, now).await? {
                    Some(row) => {
                        let parties = requests::parties(read.conn(), &row, now).await?;
                        approvals::seen_by(row, &parties, viewer, now, as_of)
                    }
                    None => None,
                };
                Some(match seen {
                    Some(request) => ChangeItem::Request { request: Box::new(request) },
                    None => ChangeItem::RequestGone { id, as_of },
                })
            }
            Err(_) => None,
        },
        EventKind::Contact => match ContactId::new(id) {
            Ok(id) => {
                let row = contacts::by_id(read.conn(), &id, now, as_of).await?;
                Some(match row.filter(|row| row.owner == viewer.member) {
                    Some(row) => ChangeItem::Contact { contact: Box::new(row.contact) },
                    None => ChangeItem::ContactGone { id, as_of },
                })
            }
            Err(_) => None,
        },
        EventKind::Card => Some(ChangeItem::Card),
        EventKind::Department | EventKind::Company => None,
    })
}

#[utoipa::path(get, path = "/v1/events", security(("token" = [])),
    params(("since" = Option<i64>, Query, description = "seq to go on from; Last-Event-ID goes before it")),
    responses((status = 200, description = "Server-sent events: change, with EventData; reset: load the start again; bye.",
               content_type = "text/event-stream")))]
pub(super) async fn events(
    State(app): State<App>,
    caller: Caller,
    headers: HeaderMap,
    Params(params): Params<Since>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?.clone();
    let session = caller.session.ok_or_else(|| Problem::new(ProblemCode::Unauthenticated))?;
    let last_event = header_text(&headers, "last-event-id").and_then(|id| id.parse().ok());
    let since = match last_event.or(params.since) {
        Some(since) => since,
        None => outbox::head(app.store().read().await?.conn(), viewer.company).await?,
    };
    let place = app.hub().take_place(viewer.member).ok_or_else(|| Problem::new(ProblemCode::Unavailable))?;
    let mut response = Response::new(Body::from_stream(events::stream(app, viewer, session, since, place)));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream"));
    Ok(response)
}
