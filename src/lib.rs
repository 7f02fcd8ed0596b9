//! namecard: the company address book, the contacts outside the company, and the queue of people
//! waiting for an answer, in a terminal.

pub mod api;
pub mod cli;
pub mod client;
pub mod config;
#[cfg(feature = "server")]
pub mod demo;
pub mod domain;
#[cfg(feature = "server")]
pub mod embedded;
pub mod formats;
pub mod i18n;
pub mod panics;
pub mod qr;
pub mod search;
#[cfg(feature = "server")]
pub mod server;
pub mod text;
pub mod tui;
