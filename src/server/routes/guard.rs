//! Around every call: a panic becomes a 500, a write goes on when its caller is gone, and the log gets
//! one line that names nobody.

use std::panic::AssertUnwindSafe;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use futures_util::FutureExt as _;

use crate::api::{LEVELS_HEADER, Levels, Problem, ProblemCode};
use crate::panics;
use crate::server::App;
use crate::server::respond::Failure;

/// Wraps a call.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    // The template, not the path: paths hold card links.
    let route =
        request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |path| path.as_str().to_owned());
    let is_api = request.uri().path().starts_with("/v1/");
    let is_read = matches!(method, Method::GET | Method::HEAD | Method::OPTIONS);
    let call = AssertUnwindSafe(panics::contained(next.run(request))).catch_unwind();
    let answer = if is_read {
        call.await
    } else {
        // A write that has begun must not end half-way because its caller hung up.
        match app.0.writes.spawn(call).await {
            Ok(answer) => answer,
            Err(_) => Ok(Failure::from(Problem::new(ProblemCode::Unavailable)).into_response()),
        }
    };
    let mut response = answer.unwrap_or_else(|_| {
        tracing::error!(target: "namecard::server", route, "a handler panicked");
        Failure::from(Problem::new(ProblemCode::Internal)).into_response()
    });
    let headers = response.headers_mut();
    headers.entry(header::X_CONTENT_TYPE_OPTIONS).or_insert(HeaderValue::from_static("nosniff"));
    // Pages are for browsers, which do not ask.
    if is_api && let Ok(levels) = HeaderValue::from_str(&Levels::OURS.to_string()) {
        headers.insert(HeaderName::from_static(LEVELS_HEADER), levels);
    }
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    tracing::info!(
        target: "namecard::access",
        method = %method,
        route,
        status = response.status().as_u16(),
        ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    );
    response
}
