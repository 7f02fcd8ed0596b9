//! The caller's namecards.

use axum::extract::State;
use axum::response::Response;

use crate::api::{CardBody, CardList, Current, EnsureCard, NewCard, Problem, ProblemCode, RotateCard};
use crate::domain::{Card, CardId};
use crate::server::access::Viewer;
use crate::server::auth::Caller;
use crate::server::cards::{self, Ending};
use crate::server::respond::{Begun, Failure, IfMatch, Json, Key, Once, PlainText, ok, ok_with_revision};
use crate::server::store::cards::CardRow;
use crate::server::{App, store};

/// Asking again is harmless, so this write needs no key: there is one first printed card.
#[utoipa::path(put, path = "/v1/card", security(("token" = [])), request_body = EnsureCard,
    responses((status = 200, body = Card)))]
pub(super) async fn ensure(
    State(app): State<App>,
    caller: Caller,
    _body: Json<EnsureCard>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut read = app.store().read().await?;
    let known = cards::find(&app, &mut read, viewer).await?;
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

#[utoipa::path(get, path = "/v1/cards", security(("token" = [])), responses((status = 200, body = CardList)))]
pub(super) async fn list(State(app): State<App>, caller: Caller) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut read = app.store().read().await?;
    ok(&CardList { items: cards::list(&app, &mut read, viewer).await? })
}

#[utoipa::path(post, path = "/v1/cards", security(("token" = [])),
    params(("idempotency-key" = String, Header)), request_body = NewCard,
    responses((status = 200, body = Card)))]
pub(super) async fn make(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    body: Json<NewCard>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let mut once = match Once::begin(&app, &caller.actor, "card.make", "", key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let card = cards::make(&app, &mut once.tx, viewer, &body.value, &caller.call).await?;
    once.finish(&card, Some(card.revision)).await
}

/// The card in the revision that was seen.
async fn seen(once: &mut Once, viewer: &Viewer, id: &str, revision: i64) -> Result<CardRow, Failure> {
    let now = once.tx.now();
    let row = match CardId::new(id) {
        Ok(id) => store::cards::by_id(once.tx.conn(), viewer.member, &id, now).await?,
        Err(_) => None,
    };
    let row = row.ok_or_else(|| Problem::new(ProblemCode::NotFound))?;
    if row.revision != revision {
        let current = Current { revision: row.revision, state: None, decided_by: None, decided_at: None };
        return Err(Problem::new(ProblemCode::RevisionChanged).with_current(current).into());
    }
    Ok(row)
}

#[utoipa::path(put, path = "/v1/cards/{id}", security(("token" = [])),
    params(("id" = CardId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    request_body = CardBody,
    responses((status = 200, body = Card)))]
pub(super) async fn change(
    State(app): State<App>,
    caller: Caller,
    PlainText(id): PlainText,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<CardBody>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "card.change", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let row = seen(&mut once, viewer, &id, revision).await?;
    let card = cards::change(&app, &mut once.tx, viewer, row, &body.value, &caller.call).await?;
    once.finish(&card, Some(card.revision)).await
}

#[utoipa::path(post, path = "/v1/cards/{id}/rotate", security(("token" = [])),
    params(("id" = CardId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    request_body = RotateCard,
    responses((status = 200, body = Card)))]
pub(super) async fn rotate(
    State(app): State<App>,
    caller: Caller,
    PlainText(id): PlainText,
    IfMatch(revision): IfMatch,
    key: Key,
    body: Json<RotateCard>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = format!("{id}@{revision}");
    let mut once = match Once::begin(&app, &caller.actor, "card.rotate", &object, key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let row = seen(&mut once, viewer, &id, revision).await?;
    let ending = if body.value.leaked { Ending::AtOnce } else { Ending::Grace };
    let card = cards::rotate(&app, &mut once.tx, viewer, row, ending, &caller.call).await?;
    once.finish(&card, Some(card.revision)).await
}

#[utoipa::path(delete, path = "/v1/cards/{id}", security(("token" = [])),
    params(("id" = CardId, Path), ("if-match" = String, Header), ("idempotency-key" = String, Header)),
    responses((status = 200, body = CardList, description = "the cards that are left")))]
pub(super) async fn revoke(
    State(app): State<App>,
    caller: Caller,
    PlainText(id): PlainText,
    IfMatch(revision): IfMatch,
    key: Key,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let object = format!("{id}@{revision}");
    let hash = crate::server::secrets::sha256(b"");
    let mut once = match Once::begin(&app, &caller.actor, "card.revoke", &object, key, hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let row = seen(&mut once, viewer, &id, revision).await?;
    cards::revoke(&mut once.tx, viewer, &row, &caller.call).await?;
    let left = CardList { items: cards::list(&app, &mut once.tx, viewer).await? };
    once.finish(&left, None).await
}
