//! The server over its real router: what it answers to whom, and what it keeps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![allow(missing_docs, unreachable_pub)]

mod boundary;
mod cards;
mod contacts;
mod demo;
mod elsewhere;
mod exports;
mod feed;
mod import;
mod linear;
mod matrix;
mod race;
mod requests;
mod search;
#[path = "../support/mod.rs"]
mod support;
mod twin;
mod visibility;
mod visitor;
mod walls;
