//! What leaves is written down first.

use axum::extract::State;
use axum::response::Response;

use crate::api::{ExportReply, NewExport};
use crate::server::App;
use crate::server::auth::Caller;
use crate::server::respond::{Begun, Failure, Json, Key, Once};
use crate::server::store::audit;

#[utoipa::path(post, path = "/v1/exports", security(("token" = [])),
    params(("idempotency-key" = String, Header)), request_body = NewExport,
    responses((status = 200, body = ExportReply)))]
pub(super) async fn record(
    State(app): State<App>,
    caller: Caller,
    key: Key,
    body: Json<NewExport>,
) -> Result<Response, Failure> {
    let viewer = caller.viewer()?;
    let export = &body.value;
    let mut once = match Once::begin(&app, &caller.actor, "exports.record", "", key, body.hash).await? {
        Begun::Do(once) => once,
        Begun::Done(response) => return Ok(response),
    };
    let mut fields = export.fields.clone();
    fields.sort_unstable();
    fields.dedup();
    let fields: Vec<&str> = fields.iter().map(|field| field.as_str()).collect();
    let held = serde_json::json!({"count": export.count, "fields": fields}).to_string();
    let entry = audit::Entry {
        company: viewer.company,
        actor: &caller.actor.tag(),
        action: &format!("export.{}", export.what.as_str()),
        object: export.form.as_str(),
        old_state: None,
        new_state: Some(&held),
        policy_version: None,
        call: &caller.call,
    };
    audit::add(&mut once.tx, entry).await?;
    once.finish(&ExportReply { count: export.count }, None).await
}
