//! The real program in a pseudo-terminal, on its real backend, with a real visitor.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![allow(missing_docs, unreachable_pub)]

mod broken;
mod busy;
mod ends;
mod import;
mod loops;
#[path = "../program/mod.rs"]
mod program;
mod pty;
mod queue;
mod served;
mod two;
