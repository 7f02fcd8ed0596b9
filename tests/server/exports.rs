//! What leaves stands in the audit log first.

use axum::http::Method;
use serde_json::json;

use crate::support::World;

#[tokio::test]
async fn an_export_stands_in_the_audit_log_with_who_what_count_and_fields() {
    let world = World::acme().await;
    let bob = world.session("acme", "bob").await;
    let body =
        json!({"what": "directory", "form": "csv", "count": 5, "fields": ["name", "id", "email", "id"]});
    let send = async |key: &str| {
        let headers = [("idempotency-key", key)];
        world.call_with(&bob, Method::POST, "/v1/exports", &headers, Some(body.clone())).await.ok()
    };
    assert_eq!(send("a").await, json!({"count": 5}));
    send("a").await;
    send("b").await;
    let mut database = world.database().await;
    let told = database
        .words("SELECT actor || ' ' || action || ' ' || object || ' ' || new_state FROM audit WHERE action LIKE 'export.%'")
        .await;
    let row = r#"member/2 export.directory csv {"count":5,"fields":["id","name","email"]}"#;
    assert_eq!(told, [row, row], "once for each key");
}
