//! The screen.
//!
//! `keys`, `model` and `update` are pure: no clock, disk, network or randomness. `view` turns a
//! `&State` into cells. `runtime` is the only part that waits.

pub mod keys;
pub mod model;
pub mod runtime;
pub mod update;
pub mod view;
