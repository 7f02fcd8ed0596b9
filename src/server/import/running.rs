//! Imports that somebody works on: one call at a time each, and how far it is.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OwnedMutexGuard;

/// How far an import is.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    done: AtomicU64,
    writing: std::sync::atomic::AtomicBool,
}

#[derive(Debug, Default)]
struct Import {
    turn: Arc<tokio::sync::Mutex<()>>,
    progress: Arc<Progress>,
}

/// The imports of a server that somebody works on.
#[derive(Clone, Debug, Default)]
pub(crate) struct Imports(Arc<Mutex<HashMap<i64, Import>>>);

/// A call's turn to work on an import.
#[derive(Debug)]
pub(crate) struct Running {
    imports: Imports,
    id: i64,
    progress: Arc<Progress>,
    turn: Option<OwnedMutexGuard<()>>,
}

impl Imports {
    fn with<T>(&self, what: impl FnOnce(&mut HashMap<i64, Import>) -> T) -> T {
        what(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits for one's turn.
    pub(crate) async fn turn(&self, id: i64) -> Running {
        let (turn, progress) = self.with(|all| {
            let import = all.entry(id).or_default();
            (Arc::clone(&import.turn), Arc::clone(&import.progress))
        });
        let turn = turn.lock_owned().await;
        progress.done.store(0, Ordering::Relaxed);
        progress.writing.store(false, Ordering::Relaxed);
        Running { imports: self.clone(), id, progress, turn: Some(turn) }
    }

    /// Rows that were gone through, and whether the import is being written.
    pub(crate) fn progress(&self, id: i64) -> (u64, bool) {
        self.with(|all| {
            all.get(&id).map_or((0, false), |import| {
                let progress = &import.progress;
                (progress.done.load(Ordering::Relaxed), progress.writing.load(Ordering::Relaxed))
            })
        })
    }
}

impl Running {
    /// So many rows were gone through.
    pub(super) fn done(&self, rows: u64) {
        self.progress.done.store(rows, Ordering::Relaxed);
    }

    /// What is prepared is being written.
    pub(crate) fn writing(&self) {
        self.progress.writing.store(true, Ordering::Relaxed);
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.turn = None;
        self.imports.with(|all| {
            // Whoever waits for a turn holds the lock too.
            if all.get(&self.id).is_some_and(|import| Arc::strong_count(&import.turn) == 1) {
                all.remove(&self.id);
            }
        });
    }
}
