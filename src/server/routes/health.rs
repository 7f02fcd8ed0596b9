//! For whoever watches over the server: whether the process is there, and whether it can work. Both tell
//! nothing else, so they are for everybody.
//!
//! A server whose disk is full is ready: it goes on answering. The second line says so.

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;

use crate::server::App;
use crate::server::disk::Room;

/// Whether the process is there.
pub(super) const ALIVE: &str = "/healthz";
const READY: &str = "/readyz";

/// What is asked from outside, under any name.
pub(crate) const WATCHED: [&str; 2] = [ALIVE, READY];

pub(super) fn routes() -> Router<App> {
    Router::new().route(ALIVE, get(alive)).route(READY, get(ready))
}

async fn alive() -> &'static str {
    "ok\n"
}

/// Ready: not about to stop, and the database answers.
async fn ready(State(app): State<App>) -> (StatusCode, &'static str) {
    if app.stopping().is_cancelled() {
        return (StatusCode::SERVICE_UNAVAILABLE, "stopping\n");
    }
    match app.is_empty().await {
        Ok(_) => match app.room() {
            Room::Enough => (StatusCode::OK, "ready\n"),
            Room::Low => (StatusCode::OK, "ready\nthe disk is filling up\n"),
            Room::Gone => (StatusCode::OK, "ready\nthe disk is full: nothing is written\n"),
        },
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "the database does not answer\n"),
    }
}
