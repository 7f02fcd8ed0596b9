//! Who sends a call, and whether the route is for them.

mod viewers;

pub(crate) use viewers::Viewers;

use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::access::{self, Action, Actor, Answer, Object, Viewer};
use super::respond::Failure;
use super::secrets::{Hash, Token, TokenKind, hex, same};
use super::store::{StoreError, members, sessions, settings};
use super::{App, ids};
use crate::api::{Problem, ProblemCode};

/// Who sends this call.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    pub(crate) actor: Actor,
    /// Hash of their session token, for a member.
    pub(crate) session: Option<Hash>,
    /// Id of the call, for logs and the audit log.
    pub(crate) call: String,
}

impl Caller {
    /// The member, where only members come in.
    pub(crate) fn viewer(&self) -> Result<&Viewer, Failure> {
        match &self.actor {
            Actor::Member(viewer) => Ok(viewer),
            Actor::Visitor => Err(Problem::new(ProblemCode::Unauthenticated).into()),
            Actor::Operator => Err(Problem::new(ProblemCode::Forbidden).into()),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // Set by `admit`, which every route of the API has.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::new(ProblemCode::Unauthenticated).into())
    }
}

/// Finds out who calls, and lets them through if the route's action is for their role.
pub(crate) async fn admit(
    State((app, action)): State<(App, Action)>,
    mut request: Request,
    next: Next,
) -> Response {
    match caller(&app, request.headers(), action).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

async fn caller(app: &App, headers: &HeaderMap, action: Action) -> Result<Caller, Failure> {
    let (actor, session) = identify(app, headers).await?;
    match access::can(&actor, action, Object::Any) {
        Answer::Allow => Ok(Caller { actor, session, call: ids::call(app.now()) }),
        Answer::SignIn => Err(Problem::new(ProblemCode::Unauthenticated).into()),
        Answer::Forbidden => Err(Problem::new(ProblemCode::Forbidden).into()),
        Answer::NotThere => Err(Problem::new(ProblemCode::NotFound).into()),
    }
}

/// A token that is sent must be good: a bad one is not the same as none.
async fn identify(app: &App, headers: &HeaderMap) -> Result<(Actor, Option<Hash>), Failure> {
    let Some(value) = headers.get(header::AUTHORIZATION) else { return Ok((Actor::Visitor, None)) };
    let unknown = || Problem::new(ProblemCode::Unauthenticated);
    let text = value.to_str().map_err(|_| unknown())?;
    let text = text.strip_prefix("Bearer ").ok_or_else(unknown)?;
    let (kind, token) = Token::parse(text).ok_or_else(unknown)?;
    let hash = token.hash();
    match kind {
        TokenKind::Operator => {
            let good = app.0.operator.as_ref().is_some_and(|operator| same(operator, &hash));
            if good || is_operator(app, &hash).await? {
                Ok((Actor::Operator, None))
            } else {
                Err(unknown().into())
            }
        }
        TokenKind::Session | TokenKind::Access => {
            let viewer = signed_in(app, &hash).await?.ok_or_else(unknown)?;
            Ok((Actor::Member(viewer), Some(hash)))
        }
    }
}

/// Whether this is the hash of the token that the operator was given once.
async fn is_operator(app: &App, hash: &Hash) -> Result<bool, StoreError> {
    let mut read = app.store().read().await?;
    let kept = settings::operator(read.conn()).await?;
    Ok(kept.is_some_and(|kept| same(kept.as_bytes(), hex(hash).as_bytes())))
}

async fn touch(app: &App, hash: &Hash) -> Result<(), StoreError> {
    let mut tx = app.write().await?;
    sessions::touch(&mut tx, hash).await?;
    tx.commit_quietly().await
}

async fn signed_in(app: &App, hash: &Hash) -> Result<Option<Viewer>, StoreError> {
    // Before anything is read: what is changed meanwhile is then seen to be.
    let commits = app.store().commits();
    if let Some(viewer) = app.0.viewers.get(hash, commits, app.now()) {
        return Ok(Some(viewer));
    }
    let mut read = app.store().read().await?;
    let Some(session) = sessions::find(read.conn(), hash, app.now()).await? else { return Ok(None) };
    let roles = members::roles(read.conn(), session.member).await?;
    let Some(id) = members::id_of(read.conn(), session.member).await? else { return Ok(None) };
    drop(read);
    if session.stale
        && let Err(error) = touch(app, hash).await
    {
        // Reads go on when nothing can be written: the session is as good as it was.
        tracing::warn!(target: "namecard::server", error = %error, "the use of a session was not noted");
    }
    let viewer = Viewer { company: session.company, member: session.member, id, roles };
    app.0.viewers.put(*hash, &viewer, commits, session.until);
    Ok(Some(viewer))
}
