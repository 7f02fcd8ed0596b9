//! Announces what time changes: an undo window that is over, a request whose life ended.
//!
//! It only wakes streams. Every read derives the state from the stored times, so nothing is lost when
//! this task does not run.

use std::time::Duration;

use crate::server::App;
use crate::server::store::{StoreError, outbox};

/// Rows announced in one transaction.
const BATCH: i64 = 256;
/// How long to wait after the store failed, or could not be written.
const AFTER_FAILURE: Duration = Duration::from_secs(5);
/// The longest sleep: the system's clock may be set while we wait.
const LONGEST: Duration = Duration::from_secs(3600);

/// Runs until the server stops. Overdue moments are announced at the start.
pub(crate) async fn keep_time(app: App) {
    loop {
        let wait = match announce(&app).await {
            Ok(wait) => wait,
            // Whoever looks at the disk has said it, once.
            Err(StoreError::Full) => Some(AFTER_FAILURE),
            Err(error) => {
                tracing::error!(target: "namecard::time", error = %error, "announcing what time changes failed");
                Some(AFTER_FAILURE)
            }
        };
        let pause = async {
            match wait {
                Some(wait) => tokio::time::sleep(wait.min(LONGEST)).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = app.stopping().cancelled() => return,
            () = app.hub().deadlines.notified() => {}
            () = pause => {}
        }
    }
}

/// Announces what is due. Returns how long until the next moment, if there is one.
async fn announce(app: &App) -> Result<Option<Duration>, StoreError> {
    loop {
        let next = outbox::next_deadline(app.store().read().await?.conn()).await?;
        let now = app.now();
        match next {
            None => return Ok(None),
            // One millisecond more: timers may fire early.
            Some(at) if at > now => return Ok(Some(at.since(now) + Duration::from_millis(1))),
            Some(_) => {
                let mut tx = app.write().await?;
                outbox::announce_due(&mut tx, BATCH).await?;
                tx.commit().await?;
            }
        }
    }
}
