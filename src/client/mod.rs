//! The client's side of the wire: one trait for every call and event, typed calls above it, and the
//! task that follows the server.

mod access;
mod admin;
mod aim;
mod boundary;
mod calls;
mod events;
mod fault;
mod http;
mod look;
mod retry;
pub mod sync;
mod transport;

pub use access::{Access, Fixed, Way};
pub use calls::Client;
pub use events::{Event, EventParser};
pub use fault::understood;
pub use http::{HttpTransport, OriginError, Trust};
pub use look::read_all;
pub use transport::{Body, BoxFuture, Call, Method, Opened, Pieces, Reply, Transport, TransportError};
