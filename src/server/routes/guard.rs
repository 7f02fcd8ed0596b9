//! Around every call: it has a place and a time, a panic becomes a 500, a write goes on when its caller is
//! gone, and the log gets one line that names nobody.

use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::Next;
use axum::response::Response;
use futures_util::FutureExt as _;

use super::health::ALIVE;
use crate::api::{LEVELS_HEADER, Levels, Problem, ProblemCode};
use crate::panics;
use crate::server::App;
use crate::server::listen::Pace;
use crate::server::page::Reader;

/// Calls that take as long as there are rows.
const PATIENT: [&str; 2] = ["/v1/imports/{id}/rows", "/v1/imports/{id}/apply"];

/// Wraps a call.
pub(super) async fn guard(State(app): State<App>, request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    // The template, not the path: paths hold card links.
    let route =
        request.extensions().get::<MatchedPath>().map_or("-".to_owned(), |path| path.as_str().to_owned());
    let is_api = request.uri().path().starts_with("/v1/");
    let mut response = answer(&app, &route, request, next).await;
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

async fn answer(app: &App, route: &str, mut request: Request, next: Next) -> Response {
    let reader = Reader::of(app, &request);
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let mut place = None;
    let mut within = None;
    if let Some(pace) = request.extensions_mut().remove::<Pace>() {
        // Whether the process is there is told however busy it is.
        if route != ALIVE {
            place = pace.enter();
            if place.is_none() {
                return reader.refuse(&unavailable("busy"));
            }
        }
        let patient = PATIENT.contains(&route);
        within = pace.answer_within(request.body(), patient);
        request = request.map(|body| pace.watch(body, patient));
    }
    let call = AssertUnwindSafe(panics::contained(next.run(request))).catch_unwind();
    let call = async move {
        // Held as long as there is work, also when nobody waits for its end any more.
        let _place = place;
        call.await
    };
    let answer = if is_read {
        in_time(within, call).await
    } else {
        // A write that has begun must not end half-way because its caller hung up.
        match in_time(within, app.0.writes.spawn(call)).await {
            Some(Ok(answer)) => Some(answer),
            Some(Err(_)) => return reader.refuse(&Problem::new(ProblemCode::Unavailable)),
            None => None,
        }
    };
    match answer {
        Some(Ok(response)) => response,
        Some(Err(_)) => {
            tracing::error!(target: "namecard::server", route, "a handler panicked");
            reader.refuse(&Problem::new(ProblemCode::Internal))
        }
        None => {
            tracing::error!(target: "namecard::server", route, "a handler took too long");
            reader.refuse(&unavailable("slow"))
        }
    }
}

/// The outcome, if it is there in time.
async fn in_time<F: Future>(within: Option<Duration>, call: F) -> Option<F::Output> {
    match within {
        Some(within) => tokio::time::timeout(within, call).await.ok(),
        None => Some(call.await),
    }
}

fn unavailable(reason: &str) -> Problem {
    Problem { reason: Some(reason.to_owned()), ..Problem::new(ProblemCode::Unavailable) }
}

#[cfg(test)]
mod tests {
    use super::PATIENT;
    use crate::server::routes::ROUTES;

    #[test]
    fn patience_is_for_routes_that_are_there() {
        for path in PATIENT {
            assert!(ROUTES.iter().any(|route| route.path == path), "{path}");
        }
    }
}
