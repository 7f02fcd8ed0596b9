//! What hostile, broken and slow callers do to the real accept loop, over real sockets on loopback. Times are
//! a twentieth of the real ones; nothing is measured, only waited for.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![allow(missing_docs, unreachable_pub)]

mod certificates;
mod front;
mod heads;
mod names;
mod places;
#[path = "../program/mod.rs"]
mod program;
mod slow;
mod stop;
#[path = "../support/mod.rs"]
mod support;
mod tls;
