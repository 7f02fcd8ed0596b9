//! The calls of one connection, on their way to the router: refused heads are answered, the host is checked,
//! and who calls is written down.

use std::convert::Infallible;
use std::future::Future;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, Request, Response, header};
use hyper::body::{Frame, Incoming, SizeHint};
use hyper::service::Service;
use tower::ServiceExt as _;

use super::Gate;
use super::Hall;
use super::hosts::{host_of, is_ours};
use super::talk::{Open, Talk};
use crate::api::{Problem, ProblemCode};
use crate::server::page::Reader;
use crate::server::respond::header_text;
use crate::server::routes::WATCHED;

/// The address that a call came from: the peer's, or what a trusted proxy says. Goes with every call over a
/// connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// The calls of one connection.
pub(super) struct Calls {
    pub(super) hall: Arc<Hall>,
    pub(super) talk: Arc<Talk>,
    pub(super) peer: IpAddr,
    /// The address of ours that the connection came in on.
    pub(super) came_in_on: IpAddr,
}

impl Calls {
    /// Why a request goes no further.
    fn refusal(&self, gate: &Gate, request: &Request<Incoming>) -> Option<Problem> {
        // Whoever watches over the server may know it by any name, and learns nothing but that it is there.
        if WATCHED.contains(&request.uri().path()) {
            return None;
        }
        let Some(host) = header_text(request.headers(), header::HOST.as_str()) else {
            return Some(Problem::invalid("host", "missing"));
        };
        let public = self.hall.app.address();
        let ours = |text: &str| {
            host_of(text).is_some_and(|host| is_ours(host, self.came_in_on, public.host(), &gate.hosts))
        };
        // An address with a host in it says the same once more, or something else.
        let named = request.uri().authority().is_none_or(|authority| ours(authority.as_str()));
        (!named || !ours(host)).then(|| Problem::new(ProblemCode::Misdirected))
    }
}

impl Service<Request<Incoming>> for Calls {
    type Response = Response<Answer>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        let (open, refused) = self.talk.begin();
        let gate = self.hall.gate();
        let refused = match refused {
            Some(refusal) => {
                Some(Reader::without_headers(&self.hall.app, refusal.page).refuse(&refusal.bad.problem()))
            }
            None => self
                .refusal(&gate, &request)
                .map(|problem| Reader::of(&self.hall.app, &request).refuse(&problem)),
        };
        if let Some(response) = refused {
            tracing::info!(target: "namecard::access", route = "-", status = response.status().as_u16());
            return Box::pin(std::future::ready(Ok(response.map(|body| Answer { body, _open: open }))));
        }
        // Where such a body ends is its own word: what follows it is not taken for a request.
        let is_last = request.headers().contains_key(header::TRANSFER_ENCODING);
        let client = ClientAddress(gate.proxies.client(self.peer, request.headers()));
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(client);
        request.extensions_mut().insert(self.hall.pace.clone());
        let answering = self.hall.router.clone().oneshot(request);
        Box::pin(async move {
            let mut response = answering.await?;
            if is_last {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            Ok(response.map(|body| Answer { body, _open: open }))
        })
    }
}

/// The body of an answer, which is under way as long as this is there.
pub(super) struct Answer {
    body: Body,
    _open: Open,
}

impl HttpBody for Answer {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
