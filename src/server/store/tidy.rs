//! Puts the write-ahead log back into the database, and gives its room back, when nobody writes.

use std::time::Duration;

use sqlx::Connection as _;

use super::{Conn, Durability, StoreError, options};
use crate::server::App;

/// Nobody has written for so long.
const IDLE: Duration = Duration::from_secs(5);

/// Runs until the server stops. Wakes once after writes, and sleeps while nothing is written.
pub(crate) async fn keep_tidy(app: App) {
    let stopping = app.stopping().clone();
    let store = app.store();
    loop {
        tokio::select! {
            () = stopping.cancelled() => return,
            () = store.written.notified() => {}
        }
        loop {
            tokio::select! {
                () = stopping.cancelled() => return,
                () = store.written.notified() => {}
                () = tokio::time::sleep(IDLE) => break,
            }
        }
        // A connection of its own: whoever begins to write meanwhile is not held up.
        match Conn::connect_with(&options(&store.path, Durability::Full).create_if_missing(false)).await {
            Ok(mut conn) => {
                tidy(&mut conn).await;
                // It changed nothing that closing could lose.
                let _ = conn.close().await;
            }
            Err(error) => not_emptied(&error.into()),
        }
    }
}

/// Empties the write-ahead log. Whoever still reads or writes is not waited for: it is emptied another
/// time.
pub(crate) async fn tidy(conn: &mut Conn) {
    let emptied = sqlx::raw_sql("PRAGMA busy_timeout = 0; PRAGMA wal_checkpoint(TRUNCATE)").execute(conn);
    if let Err(error) = emptied.await {
        not_emptied(&error.into());
    }
}

fn not_emptied(error: &StoreError) {
    tracing::warn!(target: "namecard::store", error = %error, "the write-ahead log was not emptied");
}
