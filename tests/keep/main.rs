//! Nothing is lost: processes that are killed, disks that are full, files that are not what they should
//! be, backups, and older and newer databases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "seeds and counts are to be seen")]
#![allow(missing_docs, unreachable_pub)]

mod backup;
mod broken;
mod crowd;
mod disk;
mod http;
mod kill;
mod ledger;
#[path = "../program/mod.rs"]
mod program;
mod schema;
#[path = "../support/mod.rs"]
mod support;

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits for a state. Looks again after a short while; what is measured is never the time.
#[track_caller]
fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "{what} did not come");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Runs what has to wait for the database.
fn block<T>(doing: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(doing)
}
