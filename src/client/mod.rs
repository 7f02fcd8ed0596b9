//! The client's side of the wire: one trait for every call and event, typed calls above it, and the
//! task that follows the server.

mod access;
mod boundary;
mod calls;
mod events;
mod fault;
mod http;
mod retry;
pub mod sync;
mod transport;

pub use access::{Access, Fixed, Way};
pub use calls::Client;
pub use events::{Event, EventParser};
pub use http::{HttpTransport, OriginError};
pub use transport::{Body, BoxFuture, Call, Method, Pieces, Reply, Transport, TransportError};
