//! Work for the processor of which only the newest counts: one runs, one waits, and the one that waits
//! is replaced by a newer one. Work that runs cannot be stopped, so it is never queued up.

use std::sync::{Arc, Mutex, PoisonError};

type Job = Box<dyn FnOnce() + Send>;

/// One place for such work.
#[derive(Clone, Default)]
pub(super) struct Latest(Arc<Mutex<Slot>>);

#[derive(Default)]
struct Slot {
    running: bool,
    next: Option<Job>,
}

impl Latest {
    /// Has `job` done on a thread of its own, now or after the one that runs. Needs the runtime.
    pub(super) fn submit(&self, job: impl FnOnce() + Send + 'static) {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        slot.next = Some(Box::new(job));
        if slot.running {
            return;
        }
        slot.running = true;
        let place = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || {
            loop {
                let next = {
                    let mut slot = place.lock().unwrap_or_else(PoisonError::into_inner);
                    let next = slot.next.take();
                    slot.running = next.is_some();
                    next
                };
                match next {
                    Some(job) => job(),
                    None => return,
                }
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::Latest;

    #[tokio::test]
    async fn only_the_running_and_the_newest_are_done() {
        let latest = Latest::default();
        let (done, results) = mpsc::channel();
        let (go, wait) = mpsc::channel::<()>();
        let (begun, begins) = mpsc::channel();
        let first = done.clone();
        latest.submit(move || {
            begun.send(()).unwrap();
            wait.recv().unwrap();
            first.send(0).unwrap();
        });
        begins.recv().unwrap();
        for n in 1..=5 {
            let done = done.clone();
            latest.submit(move || done.send(n).unwrap());
        }
        drop(done);
        go.send(()).unwrap();
        assert_eq!(results.iter().collect::<Vec<_>>(), [0, 5]);
    }
}
