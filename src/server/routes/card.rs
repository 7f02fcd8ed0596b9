//! The caller's printed card.

use axum::extract::State;
use axum::response::Response;

use crate::api::{NewCard, Problem, ProblemCode, RotateCard};
use crate::domain::Card;
use crate::server::auth::Caller;
use crate::server::cards::{self, Ending};
use crate::server::respond::{Begun, Failure, IfMatch, Json, Key, Once, ok_with_revision};
use crate::server::{App, store};

/// Asking again is harmless, so this write needs no key: there is one printed card.
#[utoipa::path(put, path = "/v1/card", security(("token" = [])), request_body = NewCard,
    responses((status = 200, body = Card)))]
pub(super) async fn ensure(
    State(app): State<App>,
    caller: Caller,
    _body: Json<NewCard>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut read = app.store().read().await?;
    let known = cards::find(&app, read.conn(), viewer).await?;
    drop(read);
    let card = match known {
        Some(card) => card,
        None => {
            let mut tx = app.write().await?;
            let card = cards::ensure(&app, &mut tx, viewer, &caller.call).await?;
            tx.commit().await?;
            card
        }
    };
    ok_with_revision(&card, card.revision)
}

#[utoipa::path(post, path = "/v1/card/rotate", security(("token" = [])),
    params(("if-match" = String, Header), ("idempotency-key" = String, Header)), request_body = RotateCard,
    responses((status = 200, body = Card)))]
pub(super) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<RotateCard>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = format!("printed@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "card.rotate", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let now = once.tx.now();
    let row = store::cards::printed(once.tx.conn(), viewer.member, now).await?;
    let row = row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    if row.revision != revision {
        let current =
            crate::api::Current { revision: row.revision, state: None, decided_by: None, decided_at: None };
        return Err(Problem::new(ProblemCode::RevisionChanged).with_current(current).into());
    }
    let ending = if body.value.leaked { Ending::AtOnce } else { Ending::Grace };
    let card = cards::rotate(&app, &mut once.tx, viewer, row, ending, &caller.call).await?;
    once.finish(&card, Some(card.revision)).await
}
