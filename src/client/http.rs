//! The transport over HTTP: our own time-outs, no redirects, bodies of bounded length.

use std::error::Error;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, IF_MATCH, RETRY_AFTER};

use super::transport::{Body, BoxFuture, Call, Method, Opened, Reply, Transport, TransportError};
use crate::api::{IDEMPOTENCY_KEY, LEVELS_HEADER, Levels, NDJSON};

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
    /// What should hold certificates holds none.
    #[error("no certificates in PEM")]
    Authorities,
    /// No connection can be set up at all.
    #[error("the HTTP client could not be made")]
    Client,
}

/// What is trusted besides this computer and the system's certificates.
#[derive(Clone, Debug, Default)]
pub struct Trust {
    /// Certificates of further authorities, in PEM.
    pub authorities: Vec<u8>,
    /// Whether plain http may lead beyond this computer.
    pub plain_http: bool,
}

/// Talks to one origin.
pub struct HttpTransport {
    client: reqwest::Client,
    origin: String,
    is_insecure: bool,
}

impl HttpTransport {
    /// A transport to `origin` (scheme, host and port). Plain http only to a loopback address, unless more is
    /// trusted.
    pub fn new(origin: &str, trust: &Trust) -> Result<Self, OriginError> {
        let url = reqwest::Url::parse(origin).map_err(|_| OriginError::Malformed)?;
        let loopback = is_loopback(url.host_str().unwrap_or_default());
        let plain = match url.scheme() {
            "https" => false,
            "http" if loopback || trust.plain_http => true,
            "http" => return Err(OriginError::PlainHttp),
            _ => return Err(OriginError::Malformed),
        };
        // Installing it twice is refused, and that is fine.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .https_only(!plain)
            .no_proxy()
            .connect_timeout(CONNECT)
            // Longer than a heartbeat, so that an idle program is not woken to close connections.
            .pool_idle_timeout(None)
            .tcp_nodelay(true);
        if loopback {
            // Whatever the names of this computer say.
            let here = [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)];
            builder = builder.resolve_to_addrs("localhost", &here.map(|ip| SocketAddr::new(ip, 0)));
        }
        if plain {
            // Reading the system's certificates takes longer than everything else at the start.
            builder = builder.tls_certs_only([]);
        } else if !trust.authorities.is_empty() {
            let authorities = reqwest::Certificate::from_pem_bundle(&trust.authorities);
            let authorities = authorities.map_err(|_| OriginError::Authorities)?;
            if authorities.is_empty() {
                return Err(OriginError::Authorities);
            }
            builder = builder.tls_certs_merge(authorities);
        }
        Ok(Self {
            client: builder.build().map_err(|_| OriginError::Client)?,
            origin: origin.trim_end_matches('/').to_owned(),
            is_insecure: plain && !loopback,
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
    if is_of_certificate(error) {
        TransportError::Certificate
    } else if error.is_connect() {
        TransportError::Connect
    } else if error.is_timeout() {
        TransportError::TimedOut
    } else {
        TransportError::Broken
    }
}

/// Whether the server's certificate is to blame.
fn is_of_certificate(error: &(dyn Error + 'static)) -> bool {
    if let Some(rustls::Error::InvalidCertificate(_)) = error.downcast_ref() {
        return true;
    }
    // What an error of the system carries is not among its sources.
    let carried = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    carried.is_some_and(|carried| is_of_certificate(carried)) || error.source().is_some_and(is_of_certificate)
}

fn is_json(headers: &HeaderMap) -> bool {
    let media = headers.get(CONTENT_TYPE).and_then(|media| media.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    media == "application/json" || media == crate::api::PROBLEM_JSON
}

fn levels(headers: &HeaderMap) -> Option<Levels> {
    headers.get(LEVELS_HEADER)?.to_str().ok()?.parse().ok()
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
                let levels = levels(response.headers());
                let retry_after = response
                    .headers()
                    .get(RETRY_AFTER)
                    .and_then(|seconds| seconds.to_str().ok())
                    .and_then(|seconds| seconds.parse().ok());
                let body = read(response).await?;
                Ok(Reply { status, is_json, retry_after, levels, body })
            };
            tokio::time::timeout(limit, exchange).await.map_err(|_| TransportError::TimedOut)?
        })
    }

    fn stream<'a>(&'a self, token: &'a str, call: Call) -> BoxFuture<'a, Result<Opened, TransportError>> {
        Box::pin(async move {
            let sent = self.request(token, &call).header(ACCEPT, "text/event-stream").send();
            let response = tokio::time::timeout(HEAD, sent)
                .await
                .map_err(|_| TransportError::TimedOut)?
                .map_err(|error| error_of(&error))?;
            let status = response.status().as_u16();
            let levels = levels(response.headers());
            let pieces = futures_util::stream::unfold(Some(response.bytes_stream()), |stream| async move {
                let mut stream = stream?;
                match tokio::time::timeout(STREAM_SILENCE, stream.next()).await {
                    Err(_) => Some((Err(TransportError::TimedOut), None)),
                    Ok(None) => None,
                    Ok(Some(Ok(piece))) => Some((Ok(piece), Some(stream))),
                    Ok(Some(Err(error))) => Some((Err(error_of(&error)), None)),
                }
            });
            Ok(Opened { status, levels, pieces: Box::pin(pieces) })
        })
    }

    fn is_insecure(&self) -> bool {
        self.is_insecure
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
    use super::{HttpTransport, OriginError, Trust, is_of_certificate};
    use crate::client::Transport as _;

    #[test]
    fn a_certificate_is_blamed_however_deep_it_lies() {
        use std::io::Error;
        let untrusted = rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer);
        assert!(is_of_certificate(&Error::other(Error::other(untrusted))));
        assert!(!is_of_certificate(&Error::other(Error::other(rustls::Error::DecryptError))));
    }

    #[test]
    fn plain_http_stays_on_this_computer() {
        let of = |origin: &str| HttpTransport::new(origin, &Trust::default());
        for good in ["http://127.0.0.1:80", "http://[::1]:80", "http://localhost:1", "https://nc.example"] {
            assert!(of(good).is_ok_and(|transport| !transport.is_insecure()), "{good}");
        }
        for bad in ["http://nc.example", "http://10.0.0.1", "http://127.0.0.1.nc.example"] {
            assert_eq!(of(bad).err(), Some(OriginError::PlainHttp), "{bad}");
            let trust = Trust { plain_http: true, ..Trust::default() };
            assert!(HttpTransport::new(bad, &trust).is_ok_and(|transport| transport.is_insecure()), "{bad}");
        }
        for bad in ["ftp://nc.example", "nc.example"] {
            assert_eq!(of(bad).err(), Some(OriginError::Malformed), "{bad}");
        }
        let trust = Trust { authorities: b"no certificate".to_vec(), ..Trust::default() };
        assert_eq!(HttpTransport::new("https://nc.example", &trust).err(), Some(OriginError::Authorities));
    }
}
