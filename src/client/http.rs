//! The transport over HTTP: our own time-outs, no redirects, bodies of bounded length.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, IF_MATCH, RETRY_AFTER};

use super::transport::{Body, BoxFuture, Call, Method, Pieces, Reply, Transport, TransportError};
use crate::api::{IDEMPOTENCY_KEY, NDJSON};

const CONNECT: Duration = Duration::from_secs(5);
/// The head of an answer has to be there within this time.
const HEAD: Duration = Duration::from_secs(10);
/// Longest silence within a body.
const SILENCE: Duration = Duration::from_secs(15);
/// Longest silence within the event stream: three heartbeats.
const STREAM_SILENCE: Duration = Duration::from_secs(45);
/// Longest answer.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// Why an address cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OriginError {
    /// Plain http leads beyond this computer.
    #[error("plain http is for this computer only; use https")]
    PlainHttp,
    /// Not an http or https address.
    #[error("not an http or https address")]
    Malformed,
    /// No connection can be set up at all.
    #[error("the HTTP client could not be made")]
    Client,
}

/// Talks to one origin.
pub struct HttpTransport {
    client: reqwest::Client,
    origin: String,
}

impl HttpTransport {
    /// A transport to `origin` (scheme, host and port). Plain http only to a loopback address.
    pub fn new(origin: &str) -> Result<Self, OriginError> {
        let url = reqwest::Url::parse(origin).map_err(|_| OriginError::Malformed)?;
        let loopback = is_loopback(url.host_str().unwrap_or_default());
        match url.scheme() {
            "https" => {}
            "http" if loopback => {}
            "http" => return Err(OriginError::PlainHttp),
            _ => return Err(OriginError::Malformed),
        }
        // Installing it twice is refused, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(!loopback)
            .no_proxy()
            .connect_timeout(CONNECT)
            // Longer than a heartbeat, so that an idle program is not woken to close connections.
            .pool_idle_timeout(None)
            .tcp_nodelay(true);
        if loopback {
            // Reading the system's certificates takes longer than everything else at the start.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            client: builder.build().map_err(|_| OriginError::Client)?,
            origin: origin.trim_end_matches('/').to_owned(),
        })
    }

    fn request(&self, token: &str, call: &Call) -> reqwest::RequestBuilder {
        let method = match call.method {
            Method::Get => reqwest::Method::GET,
            Method::Post => reqwest::Method::POST,
            Method::Put => reqwest::Method::PUT,
            Method::Delete => reqwest::Method::DELETE,
        };
        let mut request = self.client.request(method, format!("{}{}", self.origin, call.path));
        if !token.is_empty() {
            request = request.header(AUTHORIZATION, format!("Bearer {token}"));
        }
        if let Some(revision) = call.if_match {
            request = request.header(IF_MATCH, format!("\"{revision}\""));
        }
        if let Some(key) = &call.key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        if let Some(event) = call.last_event {
            request = request.header("last-event-id", event);
        }
        match &call.body {
            Body::None => request,
            Body::Json(body) => request.header(CONTENT_TYPE, "application/json").body(body.clone()),
            Body::Rows(body) => request.header(CONTENT_TYPE, NDJSON).body(body.clone()),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn error_of(error: &reqwest::Error) -> TransportError {
    if error.is_connect() {
        TransportError::Connect
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::Broken
    }
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    media == "application/json" || media == crate::api::PROBLEM_JSON
}

impl Transport for HttpTransport {
    fn call<'a>(&'a self, token: &'a str, call: Call) -> BoxFuture<'a, Result<Reply, TransportError>> {
        Box::pin(async move {
            let limit = call.limit;
            let exchange = async {
                let sent = self.request(token, &call).send();
                let head_time = if call.patient { limit } else { HEAD.min(limit) };
                let response = tokio::time::timeout(head_time, sent)
                    .await
                    .map_err(|_| TransportError::TimedOut)?
                    .map_err(|error| error_of(&error))?;
                let status = response.status().as_u16();
                let is_json = is_json(response.headers());
                let retry_after = response
                    .headers()
                    .get(RETRY_AFTER)
                    .and_then(|seconds| seconds.to_str().ok())
                    .and_then(|seconds| seconds.parse().ok());
                let body = read(response).await?;
                Ok(Reply { status, is_json, retry_after, body })
            };
            tokio::time::timeout(limit, exchange).await.map_err(|_| TransportError::TimedOut)?
        })
    }

    fn stream<'a>(
        &'a self,
        token: &'a str,
        call: Call,
    ) -> BoxFuture<'a, Result<(u16, Pieces), TransportError>> {
        Box::pin(async move {
            let sent = self.request(token, &call).header(ACCEPT, "text/event-stream").send();
            let response = tokio::time::timeout(HEAD, sent)
                .await
                .map_err(|_| TransportError::TimedOut)?
                .map_err(|error| error_of(&error))?;
            let status = response.status().as_u16();
            let pieces = futures_util::stream::unfold(Some(response.bytes_stream()), |stream| async move {
                let mut stream = stream?;
                match tokio::time::timeout(STREAM_SILENCE, stream.next()).await {
                    Err(_) => Some((Err(TransportError::TimedOut), None)),
                    Ok(None) => None,
                    Ok(Some(Ok(piece))) => Some((Ok(piece), Some(stream))),
                    Ok(Some(Err(error))) => Some((Err(error_of(&error)), None)),
                }
            });
            Ok((status, Box::pin(pieces) as Pieces))
        })
    }
}

/// Reads a body piece by piece, bounded in length and silence.
async fn read(response: reqwest::Response) -> Result<Bytes, TransportError> {
    let mut stream = response.bytes_stream();
    let mut body = BytesMut::new();
    loop {
        let piece =
            tokio::time::timeout(SILENCE, stream.next()).await.map_err(|_| TransportError::TimedOut)?;
        match piece {
            None => return Ok(body.freeze()),
            Some(Err(error)) => {
                // A body that ends early broke, whatever the library calls it.
                return Err(if error.is_timeout() {
                    TransportError::TimedOut
                } else {
                    TransportError::Broken
                });
            }
            Some(Ok(piece)) => {
                if body.len() + piece.len() > MAX_BODY {
                    return Err(TransportError::TooLong);
                }
                body.extend_from_slice(&piece);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{HttpTransport, OriginError};

    #[test]
    fn plain_http_stays_on_this_computer() {
        for good in ["http://127.0.0.1:80", "http://[::1]:80", "http://localhost:1", "https://nc.example"] {
            assert!(HttpTransport::new(good).is_ok(), "{good}");
        }
        for bad in ["http://nc.example", "http://10.0.0.1", "http://127.0.0.1.nc.example"] {
            assert_eq!(HttpTransport::new(bad).err(), Some(OriginError::PlainHttp), "{bad}");
        }
        for bad in ["ftp://nc.example", "nc.example"] {
            assert_eq!(HttpTransport::new(bad).err(), Some(OriginError::Malformed), "{bad}");
        }
    }
}
