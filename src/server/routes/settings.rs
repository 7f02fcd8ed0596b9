//! What members set for themselves: whether they take requests, and who decides while they are away.

use axum::extract::State;
use axum::response::Response;

use crate::api::{Current, EventKind, OwnSettingsBody, Problem, ProblemCode};
use crate::domain::{OwnSettings, Status};
use crate::server::App;
use crate::server::access::Viewer;
use crate::server::auth::Caller;
use crate::server::respond::{Begun, Failure, IfMatch, Json, Key, Once, ok_with_revision};
use crate::server::store::outbox::{self, Touched};
use crate::server::store::{Conn, audit, companies, members, settings_of};

async fn reply(conn: &mut Conn, viewer: &Viewer) -> Result<OwnSettings, Failure> {
    let own = settings_of::of(conn, viewer.member).await?;
    Ok(OwnSettings {
        revision: own.revision,
        accepts: own.accepts,
        away_until: own.away_until,
        stand_in: own.stand_in,
    })
}

#[utoipa::path(get, path = "/v1/settings", security(("token" = [])),
    responses((status = 200, body = OwnSettings)))]
pub(super) async fn own(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let reply = reply(app.store().read().await?.conn(), viewer).await?;
    ok_with_revision(&reply, reply.revision)
}

#[utoipa::path(put, path = "/v1/settings", security(("token" = [])),
    params(("if-match" = String, Header), ("idempotency-key" = String, Header)), request_body = OwnSettingsBody,
    responses((status = 200, body = OwnSettings)))]
pub(super) async fn set(
    State(app): State<App>,
    caller: Caller,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<OwnSettingsBody>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let OwnSettingsBody { accepts, away_until, stand_in } = &body.value;
    if away_until.is_some_and(|until| until <= app.now()) {
        return Err(Problem::invalid("away_until", "out_of_range").into());
    }
    if stand_in.is_some() && away_until.is_none() {
        return Err(Problem::invalid("away_until", "missing").into());
    }
    let object = format!("@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "settings.set", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let stand_in = match stand_in {
        Some(id) => {
            let row = members::seen(once.tx.conn(), viewer, id).await?;
            let row = row.filter(|row| row.sk != viewer.member && row.whole.status == Status::Active);
            Some(row.ok_or_else(|| Problem::invalid("stand_in", "unknown"))?.sk)
        }
        None => None,
    };
    if !settings_of::set(&mut once.tx, viewer.member, revision, *accepts, *away_until, stand_in).await? {
        let revision = settings_of::of(once.tx.conn(), viewer.member).await?.revision;
        let current = Current { revision, state: None, decided_by: None, decided_at: None };
        return Err(Problem::new(ProblemCode::RevisionChanged).with_current(current).into());
    }
    // Everybody who sees them sees whether they are away, and who decides for them.
    let whole = members::by_sk(once.tx.conn(), viewer.member).await?.map(|row| row.whole);
    let revision = whole.map_or(0, |member| member.revision);
    let object = Touched {
        company: viewer.company,
        kind: EventKind::Member,
        id: viewer.id.as_str(),
        member: None,
        revision,
    };
    outbox::changed(&mut once.tx, object).await?;
    // The queues of both change: they start again.
    for member in std::iter::once(viewer.member).chain(stand_in) {
        companies::reset_follower(&mut once.tx, viewer.company, member).await?;
    }
    audit::add(
        &mut once.tx,
        audit::Entry {
            company: viewer.company,
            actor: &caller.actor.tag(),
            action: "settings.set",
            object: viewer.id.as_str(),
            old_state: None,
            new_state: Some(match (accepts, away_until) {
                (true, None) => "accepts",
                (true, Some(_)) => "accepts away",
                (false, None) => "closed",
                (false, Some(_)) => "closed away",
            }),
            policy_version: None,
            call: &caller.call,
        },
    )
    .await?;
    let reply = reply(once.tx.conn(), viewer).await?;
    once.finish(&reply, Some(reply.revision)).await
}
