//! The real program, run as a person or a script runs it: what it prints, its files, its exit codes.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![allow(missing_docs, unreachable_pub)]

mod admin;
mod export;
mod import_file;
#[cfg(target_os = "linux")]
#[path = "../program/keyring.rs"]
mod keyring;
mod listings;
mod more;
#[path = "../program/mod.rs"]
mod program;
#[allow(dead_code)]
#[path = "../terminal/pty.rs"]
mod pty;
mod reach;
mod served;
