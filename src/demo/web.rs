//! The door that the made-up world comes in by: the public interface, called as anybody calls it.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::{Request, Response, StatusCode, header};
use http_body_util::BodyExt as _;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tower::ServiceExt as _;

use super::DemoError;
use crate::api::{IDEMPOTENCY_KEY, NDJSON};

/// A server's router, and the token by which its companies are made.
pub(super) struct Web {
    router: Router,
    operator: String,
}

/// What came back.
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) location: String,
    pub(super) body: Bytes,
}

impl Web {
    pub(super) fn new(router: Router, operator: &str) -> Self {
        Self { router, operator: operator.to_owned() }
    }

    /// Sends a request as it is.
    pub(super) async fn send(&self, what: &'static str, request: Request<Body>) -> Result<Answer, DemoError> {
        let broken = DemoError::Answer { what, status: 0 };
        let response: Response<Body> = match self.router.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        };
        let status = response.status();
        let location =
            response.headers().get(header::LOCATION).and_then(|l| l.to_str().ok()).unwrap_or_default();
        let location = location.to_owned();
        let body = response.into_body().collect().await.map_err(|_| broken)?.to_bytes();
        Ok(Answer { status, location, body })
    }

    pub(super) async fn call<T: DeserializeOwned>(
        &self,
        what: &'static str,
        token: &str,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<(&str, Vec<u8>)>,
    ) -> Result<T, DemoError> {
        let mut request = Request::builder().method(method).uri(path);
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let body = match body {
            Some((media, body)) => {
                request = request.header(header::CONTENT_TYPE, media);
                Body::from(body)
            }
            None => Body::empty(),
        };
        let request = request.body(body).map_err(|_| DemoError::Answer { what, status: 0 })?;
        let answer = self.send(what, request).await?;
        if answer.status != StatusCode::OK {
            return Err(DemoError::Answer { what, status: answer.status.as_u16() });
        }
        Ok(serde_json::from_slice(&answer.body)?)
    }

    /// Something read by a member.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        what: &'static str,
        token: &str,
        path: &str,
    ) -> Result<T, DemoError> {
        self.call(what, token, "GET", path, &[], None).await
    }

    /// Something changed by a member. `key` tells it from everything else that is; `revision` is the one
    /// that was seen, where one is asked for.
    pub(super) async fn write<T: DeserializeOwned>(
        &self,
        what: &'static str,
        token: &str,
        (method, path): (&str, &str),
        (key, revision): (&str, Option<i64>),
        body: &(impl Serialize + Sync),
    ) -> Result<T, DemoError> {
        let mut headers = vec![(IDEMPOTENCY_KEY, key.to_owned())];
        headers.extend(revision.map(|revision| ("if-match", format!("\"{revision}\""))));
        let body = Some(("application/json", serde_json::to_vec(body)?));
        self.call(what, token, method, path, &headers, body).await
    }

    /// A call of the operator.
    pub(super) async fn operate<T: DeserializeOwned>(
        &self,
        what: &'static str,
        method: &str,
        path: &str,
        key: Option<&str>,
        body: &(impl Serialize + Sync),
    ) -> Result<T, DemoError> {
        let headers: Vec<_> = key.map(|key| (IDEMPOTENCY_KEY, key.to_owned())).into_iter().collect();
        let body = Some(("application/json", serde_json::to_vec(body)?));
        self.call(what, &self.operator, method, path, &headers, body).await
    }

    /// Rows of an import.
    pub(super) async fn send_rows<T: DeserializeOwned>(
        &self,
        path: &str,
        lines: String,
    ) -> Result<T, DemoError> {
        self.call("sending people", &self.operator, "PUT", path, &[], Some((NDJSON, lines.into_bytes())))
            .await
    }
}
