//! Several decisions in one call: each a transaction of its own, with its own result.

use axum::extract::State;
use axum::response::Response;

use super::requests::decide_one;
use crate::api::{DecisionResult, DecisionResults, Decisions, Problem};
use crate::server::App;
use crate::server::auth::Caller;
use crate::server::respond::{Failure, Json, Key, ok};

/// Most decisions in one call.
const MOST: usize = 100;

#[utoipa::path(post, path = "/v1/decisions", security(("token" = [])), request_body = Decisions,
    responses((status = 200, body = DecisionResults)))]
pub(super) async fn decide_many(
    State(app): State<App>,
    caller: Caller,
    body: Json<Decisions>,
) -> Result<Response, Failure> {
    caller.viewer()?;
    let items = body.value.items;
    if items.is_empty() || items.len() > MOST {
        return Err(Problem::invalid("items", "out_of_range").into());
    }
    let mut results = Vec::with_capacity(items.len());
    for item in items {
        let hash = crate::server::secrets::sha256(&serde_json::to_vec(&item.decision)?);
        let outcome = match Key::checked(&item.key) {
            Ok(key) => decide_one(&app, &caller, &item.id, item.revision, key, &item.decision, hash).await,
            Err(failure) => Err(failure),
        };
        results.push(match outcome {
            Ok(request) => DecisionResult { id: item.id, request: Some(Box::new(request)), problem: None },
            Err(failure) => DecisionResult { id: item.id, request: None, problem: Some(failure.problem()) },
        });
    }
    ok(&DecisionResults { items: results })
}
