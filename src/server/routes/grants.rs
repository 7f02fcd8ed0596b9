//! The external permission, given and taken apart from the policy's document; and members who leave.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;

use super::tokens::company;
use crate::api::{EventKind, Grant, Grants, LeaveBody, LeaveReply, NewGrant, Problem, ProblemCode};
use crate::domain::{CompanyId, MemberId};
use crate::server::access::Actor;
use crate::server::approvals::Standing;
use crate::server::auth::Caller;
use crate::server::policy::{Setting, path_key, path_shown};
use crate::server::respond::{Begun, Failure, Id, Json, Key, Number, Once, Params, ok};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::{Conn, Write, audit, companies, grants, members, policies};
use crate::server::{App, leaving};
use crate::text::Untrusted;

/// Of which company; only the operator says.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    company: Option<CompanyId>,
}

async fn listed(app: &App, conn: &mut Conn, company: i64) -> Result<Grants, Failure> {
    let rows = grants::list(conn, company, app.now()).await?;
    let items = rows.into_iter().map(|row| Grant {
        id: row.id,
        member: row.member,
        department: row.department.as_deref().map(|path| Untrusted::from(path_shown(path))),
        since: row.since,
        until: row.until,
        by: row.by,
    });
    Ok(Grants { items: items.collect() })
}

#[utoipa::path(get, path = "/v1/grants", security(("token" = [])),
    params(("company" = Option<CompanyId>, Query, description = "which company; only the operator says")),
    responses((status = 200, body = Grants)))]
pub(super) async fn list(
    State(app): State<App>,
    caller: Caller,
    query: Params<Of>,
) -> Result<Response, Failure> {
    let mut read = app.store().read().await?;
    let company = company(read.conn(), &caller, query.0.company.as_ref()).await?;
    ok(&listed(&app, read.conn(), company).await?)
}

/// What somebody may do has changed: they start again.
async fn reset(tx: &mut Write, company: i64, member: Option<i64>) -> Result<(), Failure> {
    match member {
        Some(member) => companies::reset_follower(tx, company, member).await?,
        None => companies::reset_followers(tx, company).await?,
    };
    Ok(())
}

async fn record(
    tx: &mut Write,
    caller: &Caller,
    company: i64,
    action: &str,
    object: &str,
    state: &str,
) -> Result<(), Failure> {
    audit::add(
        tx,
        audit::Entry {
            company,
            actor: &caller.actor.tag(),
            action,
            object,
            old_state: None,
            new_state: Some(state),
            policy_version: None,
            call: &caller.call,
        },
    )
    .await?;
    Ok(())
}

#[utoipa::path(post, path = "/v1/grants", security(("token" = [])),
    params(("idempotency-key" = String, Header)), request_body = NewGrant,
    responses((status = 200, body = Grants)))]
pub(super) async fn add(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    body: Json<NewGrant>,
) -> Result<Response, Failure> {
    let new = &body.value;
    if new.member.is_some() == new.department.is_some() {
        return Err(Problem::invalid("member", "one_of_two").into());
    }
    let mut once = match Once::begin(&app, &caller.actor, "grants.add", "", key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let tx = &mut once.tx;
    let now = tx.now();
    // Not before: sent again it is answered as before, whatever the time.
    if new.until.is_some_and(|until| until <= now) {
        return Err(Problem::invalid("until", "out_of_range").into());
    }
    let company = company(tx.conn(), &caller, new.company.as_ref()).await?;
    let member = match &new.member {
        Some(id) => {
            let row = members::find(tx.conn(), company, id).await?;
            Some(row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?.sk)
        }
        None => None,
    };
    let department = match &new.department {
        Some(path) => {
            let tree = policies::tree(tx.conn(), company).await?;
            let key = path_key(path.as_data());
            Some(*tree.paths.get(&key).ok_or_else(|| Problem::new(ProblemCode::NotFound))?)
        }
        None => None,
    };
    let by = match &caller.actor {
        Actor::Member(viewer) => Some(viewer.member),
        _ => None,
    };
    let new_grant =
        grants::NewGrant { company, member, department, since: now, until: new.until, by, request: None };
    let id = grants::add(tx, new_grant).await?;
    if let Some(member) = member {
        // A grant that bows to a lock would be a promise that does not hold.
        let standing = Standing::of(tx, company, member, now).await?;
        if !standing.rules().is_on(Setting::External) {
            let rule = standing.rules().rule(Setting::External);
            return Err(Problem::refused(crate::domain::Verdict {
                code: crate::domain::VerdictCode::ExternalNotGranted,
                rule,
                policy_version: standing.version(),
                alternatives: vec![crate::domain::Alternative::plain(crate::domain::Step::AskOwner)],
            })
            .into());
        }
    }
    reset(tx, company, member).await?;
    record(tx, &caller, company, "grant.give", &id.to_string(), "external").await?;
    let reply = listed(&app, tx.conn(), company).await?;
    once.finish(&reply, None).await
}

#[utoipa::path(delete, path = "/v1/grants/{id}", security(("token" = [])),
    params(("id" = i64, Path), ("company" = Option<CompanyId>, Query, description = "which company; only the operator says"),
           ("idempotency-key" = String, Header)),
    responses((status = 200, body = Grants)))]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    Number(id): Number,
    query: Params<Of>,
    key: Key,
) -> Result<Response, Failure> {
    let object = id.to_string();
    let mut once = match Once::begin(&app, &caller.actor, "grants.revoke", &object, key, [0; 32]).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let tx = &mut once.tx;
    let company = company(tx.conn(), &caller, query.0.company.as_ref()).await?;
    let revoked = grants::revoke(tx, company, id).await?;
    let (member, _) = revoked.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    reset(tx, company, member).await?;
    record(tx, &caller, company, "grant.take", &object, "none").await?;
    let reply = listed(&app, tx.conn(), company).await?;
    once.finish(&reply, None).await
}

#[utoipa::path(post, path = "/v1/members/{id}/leave", security(("token" = [])),
    params(("id" = MemberId, Path), ("idempotency-key" = String, Header)), request_body = LeaveBody,
    responses((status = 200, body = LeaveReply)))]
pub(super) async fn leave(
    State(app): State<App>,
    caller: Caller,
    Id(id): Id<MemberId>,
    key: Key,
    body: Json<LeaveBody>,
) -> Result<Response, Failure> {
    let mut once =
        match Once::begin(&app, &caller.actor, "members.leave", id.as_str(), key, body.hash).await? {
            Begun::Do(once) => once,
            Begun::Done(response) => return Ok(response),
        };
    let tx = &mut once.tx;
    let company = company(tx.conn(), &caller, body.value.company.as_ref()).await?;
    let row = members::find(tx.conn(), company, &id).await?;
    let row = row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    let handover = leaving::mark_left(tx, company, row.sk, &caller.call).await?;
    let object = Touched {
        company,
        kind: EventKind::Member,
        id: id.as_str(),
        member: None,
        revision: row.whole.revision + 1,
    };
    outbox::changed(tx, object).await?;
    record(tx, &caller, company, "member.leave", id.as_str(), "left").await?;
    once.finish(&LeaveReply { member: row.whole.id, handover }, None).await
}
