//! The screen without a terminal: what keys and news do, and how it looks.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice
)]
#![allow(missing_docs, unreachable_pub)]

mod approvals;
mod desk;
mod directory;
mod external;
mod hostile;
mod looks;
mod namecard;
mod news;
mod own;
mod queue;
mod random;
mod reach;
mod run;
