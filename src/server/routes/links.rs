//! Partner links, and the people whom linked companies show.

use axum::extract::State;
use axum::response::Response;

use super::asking::purpose;
use super::directory::Paging;
use super::requests::seen;
use crate::api::{Introductions, NewPartnerLink, Page, PartnerLinks, Problem, ProblemCode, SYNC_PAGE};
use crate::domain::{CompanyId, LinkedPerson, PartnerLink, Request, Time};
use crate::server::auth::Caller;
use crate::server::respond::{Begun, Failure, Id, Json, Key, Once, Params, ok};
use crate::server::store::{Conn, StoreError, companies, introductions, linked, links, outbox};
use crate::server::{App, approvals};

#[utoipa::path(get, path = "/v1/linked", security(("token" = [])),
    params(("after" = Option<String>, Query, description = "id of the last row of the page before"),
           ("limit" = Option<i64>, Query, description = "1 to 500")),
    responses((status = 200, body = Page<LinkedPerson>)))]
pub(super) async fn people(
    State(app): State<App>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let limit = paging.limit(SYNC_PAGE)?;
    let now = app.now();
    let mut read = app.store().read().await?;
    let as_of = outbox::head(read.conn(), viewer.company).await?;
    let rows = linked::page(read.conn(), viewer.company, now, &paging.after, limit).await?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == limit;
    let items: Vec<LinkedPerson> = rows.into_iter().map(LinkedPerson::from).collect();
    let next = items.last().filter(|_| full).map(|last| last.id.as_str().to_owned());
    ok(&Page { items, next, as_of, now })
}

#[utoipa::path(get, path = "/v1/introductions", security(("token" = [])),
    responses((status = 200, body = Introductions)))]
pub(super) async fn introduced(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut read = app.store().read().await?;
    ok(&Introductions { items: introductions::list(read.conn(), viewer.member).await? })
}

/// The links of a company, with what each side shows.
async fn listed(conn: &mut Conn, company: i64, now: Time) -> Result<PartnerLinks, StoreError> {
    let mut items = Vec::new();
    for link in links::all_of_company(conn, company, now).await? {
        let other = link.other(company);
        let Some(row) = companies::get(conn, other).await? else { continue };
        items.push(PartnerLink {
            company: row.id,
            name: row.name,
            since: link.since,
            they_show: linked::count(conn, link.sk, company).await?,
            we_show: linked::count(conn, link.sk, other).await?,
        });
    }
    Ok(PartnerLinks { items })
}

#[utoipa::path(get, path = "/v1/links", security(("token" = [])), responses((status = 200, body = PartnerLinks)))]
pub(super) async fn list(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut read = app.store().read().await?;
    ok(&listed(read.conn(), viewer.company, app.now()).await?)
}

#[utoipa::path(post, path = "/v1/links", security(("token" = [])),
    params(("idempotency-key" = String, Header)), request_body = NewPartnerLink,
    responses((status = 200, body = Request)))]
pub(super) async fn propose(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    body: Json<NewPartnerLink>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let NewPartnerLink { company, scope, purpose: why } = &body.value;
    let why = purpose(why)?;
    if why.is_empty() {
        return Err(Problem::invalid("purpose", "missing").into());
    }
    let mut once = match Once::begin(&app, &caller.actor, "links.propose", "", key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let other = companies::by_id(once.tx.conn(), company).await?;
    let other = other.filter(|other| other.sk != viewer.company);
    let other = other.ok_or_else(|| Problem::new(ProblemCode::NotFound))?.sk;
    let id = approvals::propose_link(&mut once.tx, viewer, other, scope, &why, &caller.call).await?;
    let request = seen(&app, once.tx.conn(), &caller, &id).await?;
    once.finish(&request, Some(request.revision)).await
}

#[utoipa::path(delete, path = "/v1/links/{company}", security(("token" = [])),
    params(("company" = CompanyId, Path), ("idempotency-key" = String, Header)),
    responses((status = 200, body = PartnerLinks, description = "the links that are left")))]
pub(super) async fn end(
    State(app): State<App>,
    caller: Caller,
    Id(company): Id<CompanyId>,
    key: Key,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = company.key();
    let mut once = match Once::begin(&app, &caller.actor, "links.end", &object, key, [0; 32]).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let other = companies::by_id(once.tx.conn(), &company).await?;
    let other = other.ok_or_else(|| Problem::new(ProblemCode::NotFound))?.sk;
    if !approvals::end_link(&mut once.tx, viewer, other, &caller.call).await? {
        return Err(Problem::new(ProblemCode::NotFound).into());
    }
    let now = once.tx.now();
    let left = listed(once.tx.conn(), viewer.company, now).await?;
    once.finish(&left, None).await
}
