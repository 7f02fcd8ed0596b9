//! Answers: objects as JSON, problems as `application/problem+json`, and writes that are answered the
//! same when they are sent again.

use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::App;
use super::access::Actor;
use super::approvals::ApprovalError;
use super::import::ApplyError;
use super::listen::TooSlow;
use super::secrets::sha256;
use super::store::replies::{self, Call, Known, Reply};
use super::store::{StoreError, Write};
use super::strict;
use crate::api::{IDEMPOTENCY_KEY, IDEMPOTENT_REPLAY, PROBLEM_JSON, Problem, ProblemCode};

/// Longest body of a call, imports apart.
pub(crate) const MAX_BODY: usize = 256 * 1024;
/// Longest `Idempotency-Key`.
const MAX_KEY: usize = 255;

/// Why a call is not answered with what was asked.
#[derive(Debug)]
pub(crate) enum Failure {
    /// To be told to the caller.
    Told(Box<Problem>),
    /// The store failed.
    Store(StoreError),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Self::Told(Box::new(problem))
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl From<sqlx::Error> for Failure {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        Self::Store(error.into())
    }
}

impl From<ApprovalError> for Failure {
    fn from(error: ApprovalError) -> Self {
        match error {
            ApprovalError::Told(problem) => Self::Told(problem),
            ApprovalError::Store(error) => Self::Store(error),
        }
    }
}

impl From<ApplyError> for Failure {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Told(problem) => Self::Told(problem),
            ApplyError::Store(error) => Self::Store(error),
        }
    }
}

impl Failure {
    /// The problem that the caller is told. What the store says stays in the log.
    pub(crate) fn problem(&self) -> Problem {
        match self {
            Self::Told(problem) => (**problem).clone(),
            Self::Store(StoreError::Full) => Problem::new(ProblemCode::StorageFull),
            Self::Store(StoreError::Busy) => Problem::new(ProblemCode::Unavailable),
            Self::Store(StoreError::Engine(sqlx::Error::PoolClosed | sqlx::Error::PoolTimedOut)) => {
                Problem::new(ProblemCode::Unavailable)
            }
            Self::Store(_) => Problem::new(ProblemCode::Internal),
        }
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        if let Self::Store(error) = &self {
            tracing::error!(target: "namecard::server", error = %error, "a call failed");
        }
        let problem = self.problem();
        let mut response = json_response(
            StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            PROBLEM_JSON,
            serde_json::to_vec(&problem).unwrap_or_default(),
        );
        let headers = response.headers_mut();
        if let Some(current) = &problem.current {
            headers.insert(header::ETAG, etag(current.revision));
        }
        if problem.code == ProblemCode::Unavailable {
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        response
    }
}

fn json_response(status: StatusCode, media: &'static str, body: Vec<u8>) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(media));
    response
}

fn etag(revision: i64) -> HeaderValue {
    HeaderValue::from_str(&format!("\"{revision}\"")).unwrap_or(HeaderValue::from_static("\"0\""))
}

/// Answers 200 with an object.
pub(crate) fn ok<T: Serialize>(object: &T) -> Result<Response, Failure> {
    Ok(json_response(StatusCode::OK, "application/json", serde_json::to_vec(object)?))
}

/// Answers 200 with an object that has a revision.
pub(crate) fn ok_with_revision<T: Serialize>(object: &T, revision: i64) -> Result<Response, Failure> {
    let mut response = ok(object)?;
    response.headers_mut().insert(header::ETAG, etag(revision));
    Ok(response)
}

/// A path parameter that must have a certain form. What has another form does not exist.
pub(crate) struct Id<T>(pub(crate) T);

macro_rules! id_from_path {
    ($($id:ty),*) => {$(
        impl<S: Send + Sync> FromRequestParts<S> for Id<$id> {
            type Rejection = Failure;

            async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
                let missing = || Failure::from(Problem::new(ProblemCode::NotFound));
                let Path(text) = Path::<String>::from_request_parts(parts, state).await.map_err(|_| missing())?;
                <$id>::new(&text).map(Self).map_err(|_| missing())
            }
        }
    )*};
}

id_from_path!(
    crate::domain::CompanyId,
    crate::domain::MemberId,
    crate::domain::RequestId,
    crate::domain::ContactId
);

/// A path parameter as it is. What is no text does not exist.
pub(crate) struct PlainText(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for PlainText {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<String>::from_request_parts(parts, state).await {
            Ok(Path(text)) => Ok(Self(text)),
            Err(_) => Err(Problem::new(ProblemCode::NotFound).into()),
        }
    }
}

/// Two path parameters as they are. What is no text does not exist.
pub(crate) struct TwoTexts(pub(crate) String, pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for TwoTexts {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((one, other))) => Ok(Self(one, other)),
            Err(_) => Err(Problem::new(ProblemCode::NotFound).into()),
        }
    }
}

/// A path parameter that is a number. Anything else does not exist.
pub(crate) struct Number(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for Number {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<i64>::from_request_parts(parts, state).await {
            Ok(Path(number)) => Ok(Self(number)),
            Err(_) => Err(Problem::new(ProblemCode::NotFound).into()),
        }
    }
}

/// Query parameters, with faults as problems.
pub(crate) struct Params<T>(pub(crate) T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Params<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Query::<T>::from_request_parts(parts, state).await {
            Ok(Query(params)) => Ok(Self(params)),
            Err(_) => Err(Problem::invalid("query", "malformed").into()),
        }
    }
}

/// A JSON body of at most [`MAX_BODY`] bytes, with the hash that tells it from another one.
pub(crate) struct Json<T> {
    pub(crate) value: T,
    pub(crate) hash: [u8; 32],
}

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Json<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let media = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let is_json =
            media.is_some_and(|media| media.split(';').next().unwrap_or("").trim() == "application/json");
        if !is_json {
            return Err(Problem::new(ProblemCode::MediaType).into());
        }
        let bytes =
            Bytes::from_request(request, state).await.map_err(|rejection| body_rejected(&rejection))?;
        // The reader would take a list for an object, its fields in order.
        if bytes.trim_ascii_start().first() != Some(&b'{') {
            return Err(Problem::invalid("body", "malformed").into());
        }
        strict::check(&bytes).map_err(|flaw| Problem::invalid("body", flaw.as_str()))?;
        let mut reader = serde_json::Deserializer::from_slice(&bytes);
        let value: T = serde_path_to_error::deserialize(&mut reader).map_err(|error| misfit(&error))?;
        Ok(Self { value, hash: sha256(&bytes) })
    }
}

/// Why a body is not what belongs there. The place is told, the text that was sent is not.
fn misfit(error: &serde_path_to_error::Error<serde_json::Error>) -> Problem {
    let path = error.path().to_string();
    // The last part of the place of a field that there is not is what the sender calls it.
    let (path, reason) = if error.inner().to_string().starts_with("unknown field") {
        (path.rsplit_once('.').map_or("", |(above, _)| above), "unknown_field")
    } else {
        (path.as_str(), "malformed")
    };
    Problem::invalid(if matches!(path, "" | ".") { "body" } else { path }, reason)
}

/// Why a body was not taken.
pub(crate) fn body_rejected(rejection: &BytesRejection) -> Problem {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Problem::new(ProblemCode::TooLarge)
    } else {
        body_fault(rejection)
    }
}

/// Why a body did not come in whole.
pub(crate) fn body_fault(fault: &(dyn std::error::Error + 'static)) -> Problem {
    let mut causes = std::iter::successors(Some(fault), |fault| fault.source());
    if causes.any(|cause| cause.is::<TooSlow>()) {
        Problem::new(ProblemCode::Timeout)
    } else {
        Problem::invalid("body", "cut_off")
    }
}

/// The revision that a write names.
pub(crate) struct IfMatch(pub(crate) i64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Err(Problem::new(ProblemCode::RevisionRequired).into());
        };
        let revision =
            value.to_str().ok().and_then(|text| text.strip_prefix('"')?.strip_suffix('"')?.parse().ok());
        revision.map(Self).ok_or_else(|| Problem::invalid("if-match", "malformed").into())
    }
}

/// The key under which a write is done once.
pub(crate) struct Key(pub(crate) String);

impl<S: Send + Sync> FromRequestParts<S> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        let Some(value) = parts.headers.get(IDEMPOTENCY_KEY) else {
            return Err(Problem::new(ProblemCode::KeyRequired).into());
        };
        Self::checked(value.to_str().unwrap_or_default())
    }
}

impl Key {
    /// A key of 1 to 255 characters.
    pub(crate) fn checked(key: &str) -> Result<Self, Failure> {
        if key.is_empty() || key.len() > MAX_KEY {
            return Err(Problem::invalid(IDEMPOTENCY_KEY, "malformed").into());
        }
        Ok(Self(key.to_owned()))
    }
}

/// A write that is done once: begun, then either answered as before or done and finished.
pub(crate) struct Once {
    pub(crate) tx: Write,
    call: Call,
}

/// Whether a write has to be done.
pub(crate) enum Begun {
    /// Do it, then call [`Once::finish`].
    Do(Box<Once>),
    /// It was done before: this is the answer.
    Done(Response),
}

impl Once {
    /// The answer that was given before, if the write was done. Nothing is begun.
    pub(crate) async fn done(
        app: &App,
        actor: &Actor,
        route: &'static str,
        object: &str,
        key: &Key,
        body_hash: [u8; 32],
    ) -> Result<Option<Response>, Failure> {
        match Self::begin(app, actor, route, object, Key(key.0.clone()), body_hash).await? {
            Begun::Done(response) => Ok(Some(response)),
            Begun::Do(_) => Ok(None),
        }
    }

    /// Begins a write of `actor` on `route` (with the object in it) under `key`.
    pub(crate) async fn begin(
        app: &App,
        actor: &Actor,
        route: &'static str,
        object: &str,
        key: Key,
        body_hash: [u8; 32],
    ) -> Result<Begun, Failure> {
        let mut hashed = body_hash.to_vec();
        hashed.extend_from_slice(object.as_bytes());
        let call = Call { actor: actor.tag(), route, key: key.0, body_hash: sha256(&hashed) };
        let mut tx = app.write().await?;
        match replies::find(&mut tx, &call).await? {
            Known::New => Ok(Begun::Do(Box::new(Self { tx, call }))),
            Known::OtherBody => Err(Problem::new(ProblemCode::KeyReused).into()),
            Known::Done(reply) => {
                let mut response = replay(reply);
                response
                    .headers_mut()
                    .insert(HeaderName::from_static(IDEMPOTENT_REPLAY), HeaderValue::from_static("true"));
                Ok(Begun::Done(response))
            }
        }
    }

    /// Keeps the answer and makes everything durable; only then is the answer given.
    pub(crate) async fn finish<T: Serialize>(
        mut self,
        object: &T,
        revision: Option<i64>,
    ) -> Result<Response, Failure> {
        let reply = Reply {
            status: 200,
            etag: revision.map(|revision| format!("\"{revision}\"")),
            body: serde_json::to_vec(object)?,
        };
        replies::keep(&mut self.tx, &self.call, &reply).await?;
        self.tx.commit().await?;
        Ok(replay(reply))
    }
}

fn replay(reply: Reply) -> Response {
    let status = StatusCode::from_u16(reply.status).unwrap_or(StatusCode::OK);
    let mut response = json_response(status, "application/json", reply.body);
    if let Some(etag) = reply.etag.and_then(|etag| HeaderValue::from_str(&etag).ok()) {
        response.headers_mut().insert(header::ETAG, etag);
    }
    response
}

/// One header as text.
pub(crate) fn header_text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}
