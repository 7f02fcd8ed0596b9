//! Departments and members.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use crate::api::{PAGE, Page, Problem, ProblemCode, SYNC_PAGE};
use crate::domain::{Department, Member, MemberId};
use crate::server::App;
use crate::server::access::Sight;
use crate::server::auth::Caller;
use crate::server::respond::{Failure, Id, Params, ok, ok_with_revision};
use crate::server::store::{departments, members, outbox};

/// Where a page begins and how long it is.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Paging {
    #[serde(default)]
    pub(super) after: String,
    pub(super) limit: Option<i64>,
}

impl Paging {
    /// The limit, checked.
    pub(super) fn limit(&self, most: usize) -> Result<i64, Failure> {
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        let limit = self.limit.unwrap_or_else(|| most.min(i64::try_from(PAGE).unwrap_or(i64::MAX)));
        if (1..=most).contains(&limit) {
            Ok(limit)
        } else {
            Err(Problem::invalid("limit", "out_of_range").into())
        }
    }
}

#[utoipa::path(get, path = "/v1/departments", security(("token" = [])),
    responses((status = 200, body = Page<Department>)))]
pub(super) async fn departments(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut read = app.store().read().await?;
    let as_of = outbox::head(read.conn(), viewer.company).await?;
    let items = departments::list(read.conn(), viewer, as_of).await?;
    ok(&Page { items, next: None, as_of, now: app.now() })
}

#[utoipa::path(get, path = "/v1/members", security(("token" = [])),
    params(("after" = Option<String>, Query, description = "id of the last row of the page before"),
           ("limit" = Option<i64>, Query, minimum = 1, maximum = 500)),
    responses((status = 200, body = Page<Member>)))]
pub(super) async fn members(
    State(app): State<App>,
    caller: Caller,
    Params(paging): Params<Paging>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let limit = paging.limit(SYNC_PAGE)?;
    let after = paging.after.to_ascii_lowercase();
    let mut read = app.store().read().await?;
    let (rows, as_of) = members::page(read.conn(), viewer, &after, limit).await?;
    let full = i64::try_from(rows.len()).unwrap_or(i64::MAX) == limit;
    let sight = Sight::of(&mut read, viewer, app.now()).await?;
    let items: Vec<Member> = rows.into_iter().map(|row| sight.show(row, as_of)).collect();
    let next = items.last().filter(|_| full).map(|last| last.id.key());
    ok(&Page { items, next, as_of, now: app.now() })
}

#[utoipa::path(get, path = "/v1/members/{id}", security(("token" = [])),
    params(("id" = MemberId, Path)), responses((status = 200, body = Member)))]
pub(super) async fn member(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MemberId>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut read = app.store().read().await?;
    let as_of = outbox::head(read.conn(), viewer.company).await?;
    let row = members::seen(read.conn(), viewer, &id).await?;
    let row = row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let member = Sight::of(&mut read, viewer, app.now()).await?.show(row, as_of);
    ok_with_revision(&member, member.revision)
}
