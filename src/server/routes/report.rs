//! The server's own health, for its operator.

use axum::extract::State;
use axum::response::Response;

use crate::api::ServerReport;
use crate::server::App;
use crate::server::auth::Caller;
use crate::server::respond::{Failure, ok};

#[utoipa::path(get, path = "/v1/report", security(("token" = [])),
    responses((status = 200, body = ServerReport)))]
pub(super) async fn report(State(app): State<App>, _: Caller) -> Result<Response, Failure> {
    ok(&app.report().await?)
}
