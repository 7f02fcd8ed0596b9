//! The one trait that carries every request and every event. A test puts a faulty one under the real
//! client; an embedded server is called without a socket through another.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;
use futures_util::Stream;

use crate::api::Levels;

/// A future that may be sent between threads.
pub type BoxFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The pieces of a body that goes on.
pub type Pieces = Pin<Box<dyn Stream<Item = Result<Bytes, TransportError>> + Send>>;

/// The methods that the API knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Read.
    Get,
    /// Add or do.
    Post,
    /// Set.
    Put,
    /// Take away.
    Delete,
}

impl Method {
    /// As it is sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Put => "PUT",
            Self::Delete => "DELETE",
        }
    }
}

/// What a call sends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// Nothing.
    None,
    /// JSON.
    Json(Bytes),
    /// Rows of an import, one JSON object a line.
    Rows(Bytes),
}

/// A call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// The method.
    pub method: Method,
    /// Path and query, from the root.
    pub path: String,
    /// The revision that the write names.
    pub if_match: Option<i64>,
    /// The key under which the write is done once.
    pub key: Option<String>,
    /// The event to go on from.
    pub last_event: Option<i64>,
    /// What is sent.
    pub body: Body,
    /// How long the whole call may take.
    pub limit: Duration,
    /// Whether the answer may begin as late as that.
    pub patient: bool,
}

/// An answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// Whether the body says that it is JSON or a problem.
    pub is_json: bool,
    /// Seconds that the server asks to wait.
    pub retry_after: Option<u64>,
    /// Which levels of the interface the server serves, when it says so.
    pub levels: Option<Levels>,
    /// The body.
    pub body: Bytes,
}

/// An answer that goes on.
pub struct Opened {
    /// HTTP status.
    pub status: u16,
    /// Which levels of the interface the server serves, when it says so.
    pub levels: Option<Levels>,
    /// What comes.
    pub pieces: Pieces,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TransportError {
    /// Nobody answered: nothing was sent.
    #[error("the server cannot be reached")]
    Connect,
    /// The server's certificate is not trusted: nothing was sent.
    #[error("the server's certificate is not trusted")]
    Certificate,
    /// It took too long.
    #[error("the server did not answer in time")]
    TimedOut,
    /// The connection broke after something was sent.
    #[error("the connection broke")]
    Broken,
    /// The answer is longer than any may be.
    #[error("the answer is too long")]
    TooLong,
}

/// Carries calls to one server as one account.
pub trait Transport: Send + Sync {
    /// Sends a call and reads the whole answer.
    fn call<'a>(&'a self, token: &'a str, call: Call) -> BoxFuture<'a, Result<Reply, TransportError>>;

    /// Sends a call whose answer goes on. The status is known when the head is.
    fn stream<'a>(&'a self, token: &'a str, call: Call) -> BoxFuture<'a, Result<Opened, TransportError>>;

    /// Whether calls pass in the clear beyond this computer.
    fn is_insecure(&self) -> bool {
        false
    }
}
