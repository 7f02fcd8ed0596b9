//! Waking whoever follows a company, and the task that announces what time changes.

mod stream;
mod timekeeper;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{Notify, watch};

pub(crate) use stream::stream;
pub(crate) use timekeeper::keep_time;

/// Tells followers how far each company's outbox has grown. Holds numbers only; the rows are read
/// from the store.
#[derive(Clone, Debug, Default)]
pub(crate) struct Hub {
    companies: Arc<Mutex<HashMap<i64, watch::Sender<i64>>>>,
    deadlines: Arc<Notify>,
    streams: Arc<Mutex<HashMap<i64, usize>>>,
}

/// Streams that one member may hold open.
const MAX_STREAMS: usize = 16;

/// A place among a member's streams; given back when dropped.
pub(crate) struct StreamPlace {
    hub: Hub,
    member: i64,
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut streams = self.hub.streams.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = streams.get_mut(&self.member) {
            *count -= 1;
            if *count == 0 {
                streams.remove(&self.member);
            }
        }
    }
}

impl Hub {
    /// The outbox of a company has grown to `head`.
    pub(crate) fn advance(&self, company: i64, head: i64) {
        let mut companies = self.companies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = companies.get(&company) {
            // Commits may be told of out of order: the head never goes back.
            let told = sender.send_if_modified(|known| {
                let news = head > *known;
                *known = head.max(*known);
                news
            });
            if !told && sender.receiver_count() == 0 {
                companies.remove(&company);
            }
        }
    }

    /// Has every follower of a company look again: a session has ended.
    pub(crate) fn wake(&self, company: i64) {
        let companies = self.companies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = companies.get(&company) {
            sender.send_modify(|_| {});
        }
    }

    /// Follows a company's outbox from now on.
    pub(crate) fn follow(&self, company: i64) -> watch::Receiver<i64> {
        let mut companies = self.companies.lock().unwrap_or_else(PoisonError::into_inner);
        companies.entry(company).or_insert_with(|| watch::channel(0).0).subscribe()
    }

    /// A new moment is expected at which time makes a difference.
    pub(crate) fn deadlines_changed(&self) {
        self.deadlines.notify_one();
    }

    /// Takes a place among a member's streams; none is left when there are too many.
    pub(crate) fn take_place(&self, member: i64) -> Option<StreamPlace> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let count = streams.entry(member).or_insert(0);
        if *count >= MAX_STREAMS {
            return None;
        }
        *count += 1;
        Some(StreamPlace { hub: self.clone(), member })
    }
}
