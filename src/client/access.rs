//! How to reach the server, and as whom. What that takes differs: an embedded server may have to be
//! started, a session asked for anew.

use std::fmt;
use std::sync::Arc;

use super::transport::{BoxFuture, Transport};
use crate::domain::Fault;

/// A transport with the token that goes with it.
#[derive(Clone)]
pub struct Way {
    /// Carries calls.
    pub transport: Arc<dyn Transport>,
    /// The session token; sent to this transport's server only.
    pub token: Arc<str>,
    /// Number of this way: a later one replaces it.
    pub number: u64,
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Way {{ number: {}, token: redacted }}", self.number)
    }
}

/// Finds ways to the server.
pub trait Access: Send + Sync {
    /// The way to the server now.
    fn way(&self) -> BoxFuture<'_, Result<Way, Fault>>;

    /// Nobody answered on this way: find another one next time.
    fn lost(&self, number: u64) -> BoxFuture<'_, ()>;

    /// The server does not know this way's token. Returns whether another one may be had.
    fn refused(&self, number: u64) -> BoxFuture<'_, bool>;
}

/// The way to a server that was named, with the token that goes with it: there is no other one.
pub struct Fixed(Way);

impl Fixed {
    /// Calls `transport` with `token`; with an empty one as nobody.
    pub fn new(transport: Arc<dyn Transport>, token: &str) -> Self {
        Self(Way { transport, token: token.into(), number: 1 })
    }
}

impl Access for Fixed {
    fn way(&self) -> BoxFuture<'_, Result<Way, Fault>> {
        Box::pin(async { Ok(self.0.clone()) })
    }

    fn lost(&self, _: u64) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn refused(&self, _: u64) -> BoxFuture<'_, bool> {
        Box::pin(async { false })
    }
}
