//! What the two ends of a connection know of each other: the wire that reads heads, and the calls made
//! from them.

use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::Waker;

use futures_util::task::AtomicWaker;

use super::head::{Bad, Refusal};

/// One connection's knowledge. Both ends run in one task.
#[derive(Debug, Default)]
pub(super) struct Talk {
    /// Heads that were let through, refused ones among them.
    heads: AtomicU64,
    /// Calls that were begun.
    calls: AtomicU64,
    /// Calls whose answer has not gone out.
    open: AtomicUsize,
    /// The head that was refused is the last one.
    refusal: Mutex<Option<(u64, Refusal)>>,
    reader: AtomicWaker,
}

/// A call that is being answered.
#[derive(Debug)]
pub(super) struct Open(Arc<Talk>);

impl Drop for Open {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::Relaxed);
        // From now on the wire is idle and waits only so long.
        self.0.reader.wake();
    }
}

impl Talk {
    /// A head is let through to the reader behind.
    pub(super) fn let_through(&self) {
        self.heads.fetch_add(1, Ordering::Relaxed);
    }

    /// A head is refused: the call that is made in its place is told so.
    pub(super) fn refuse(&self, refusal: Refusal) {
        let number = self.heads.fetch_add(1, Ordering::Relaxed);
        *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) = Some((number, refusal));
    }

    /// Whether a head ever came.
    pub(super) fn has_begun(&self) -> bool {
        self.heads.load(Ordering::Relaxed) > 0
    }

    /// Whether an answer is under way. If so, the waker hears of its end.
    pub(super) fn is_answering(&self, waker: &Waker) -> bool {
        self.reader.register(waker);
        self.open.load(Ordering::Relaxed) > 0
    }

    /// Begins a call. A call without a head that was looked at is refused: the reader behind took
    /// something for a request that the wire did not.
    pub(super) fn begin(self: &Arc<Self>) -> (Open, Option<Refusal>) {
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        self.open.fetch_add(1, Ordering::Relaxed);
        let refusal = match *self.refusal.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((refused, refusal)) if refused <= number => Some(refusal),
            _ if number >= self.heads.load(Ordering::Relaxed) => {
                Some(Refusal { bad: Bad::Malformed, page: false })
            }
            _ => None,
        };
        (Open(self.clone()), refusal)
    }
}
