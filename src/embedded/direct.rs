//! Calls a router in this process, without a socket.

use axum::Router;
use axum::body::Body as HttpBody;
use axum::http::{HeaderMap, Request, header};
use bytes::BytesMut;
use futures_util::StreamExt as _;
use tower::ServiceExt as _;

use crate::api::{IDEMPOTENCY_KEY, LEVELS_HEADER, Levels, NDJSON, PROBLEM_JSON};
use crate::client::{Body, BoxFuture, Call, Opened, Reply, Transport, TransportError};
use crate::server::App;

/// A transport that is a function call.
pub(super) struct Direct(Router);

impl Direct {
    pub(super) fn new(app: &App) -> Self {
        Self(app.router())
    }
}

fn request(token: &str, call: Call) -> Result<Request<HttpBody>, TransportError> {
    let mut request = Request::builder()
        .method(call.method.as_str())
        .uri(call.path)
        .header(header::AUTHORIZATION, format!("Bearer {token}"));
    if let Some(revision) = call.if_match {
        request = request.header(header::IF_MATCH, format!("\"{revision}\""));
    }
    if let Some(key) = call.key {
        request = request.header(IDEMPOTENCY_KEY, key);
    }
    if let Some(event) = call.last_event {
        request = request.header("last-event-id", event.to_string());
    }
    let request = match call.body {
        Body::None => request.body(HttpBody::empty()),
        Body::Json(body) => request.header(header::CONTENT_TYPE, "application/json").body(body.into()),
        Body::Rows(body) => request.header(header::CONTENT_TYPE, NDJSON).body(body.into()),
    };
    request.map_err(|_| TransportError::Broken)
}

fn levels(headers: &HeaderMap) -> Option<Levels> {
    headers.get(LEVELS_HEADER)?.to_str().ok()?.parse().ok()
}

impl Transport for Direct {
    fn call<'a>(&'a self, token: &'a str, call: Call) -> BoxFuture<'a, Result<Reply, TransportError>> {
        Box::pin(async move {
            let limit = call.limit;
            let exchange = async {
                let Ok(response) = self.0.clone().oneshot(request(token, call)?).await;
                let media =
                    response.headers().get(header::CONTENT_TYPE).and_then(|media| media.to_str().ok());
                let is_json = media.is_some_and(|media| media == "application/json" || media == PROBLEM_JSON);
                let status = response.status().as_u16();
                let levels = levels(response.headers());
                let mut pieces = response.into_body().into_data_stream();
                let mut body = BytesMut::new();
                while let Some(piece) = pieces.next().await {
                    body.extend_from_slice(&piece.map_err(|_| TransportError::Broken)?);
                }
                Ok(Reply { status, is_json, retry_after: None, levels, body: body.freeze() })
            };
            tokio::time::timeout(limit, exchange).await.map_err(|_| TransportError::TimedOut)?
        })
    }

    fn stream<'a>(&'a self, token: &'a str, call: Call) -> BoxFuture<'a, Result<Opened, TransportError>> {
        Box::pin(async move {
            let Ok(response) = self.0.clone().oneshot(request(token, call)?).await;
            let status = response.status().as_u16();
            let levels = levels(response.headers());
            let pieces = response
                .into_body()
                .into_data_stream()
                .map(|piece| piece.map_err(|_| TransportError::Broken));
            Ok(Opened { status, levels, pieces: Box::pin(pieces) })
        })
    }
}
