//! Heads of the audit logs, kept outside the database: whoever changes the log around the server has to
//! change this file as well. Against somebody who may write both it is no help.
//!
//! A line each, appended and flushed after 64 rows or after a minute, whichever comes first: company, number,
//! seal, time, divided by blanks. Nothing runs while nothing is written down.

use std::collections::HashMap;
use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::App;
use super::secrets::hex;
use super::store::{StoreError, audit};
use crate::config::beside;

/// Behind the database's name: the file.
const SUFFIX: &str = ".audit-heads";
/// After so many rows a head is kept.
const ROWS: u64 = 64;
/// And after this time at the latest.
const WITHIN: Duration = Duration::from_secs(60);

/// The file beside a database.
pub fn path(database: &Path) -> PathBuf {
    beside(database, SUFFIX)
}

/// Keeps heads until the server stops, and once more then.
pub(super) async fn keep(app: App) {
    let stopping = app.stopping().clone();
    let mut rows = app.store().sealed();
    let mut kept = HashMap::new();
    loop {
        let begun = *rows.borrow_and_update();
        // The first row that is not kept yet.
        tokio::select! {
            () = stopping.cancelled() => return,
            changed = rows.changed() => if changed.is_err() { return },
        }
        let until = tokio::time::sleep(WITHIN);
        tokio::pin!(until);
        let mut is_last = false;
        while rows.borrow_and_update().saturating_sub(begun) < ROWS {
            tokio::select! {
                () = stopping.cancelled() => {
                    is_last = true;
                    break;
                }
                () = &mut until => break,
                changed = rows.changed() => if changed.is_err() { return },
            }
        }
        if let Err(error) = append(&app, &mut kept).await {
            tracing::error!(target: "namecard::audit", error = %error, "heads of audit logs were not kept");
        }
        if is_last {
            return;
        }
    }
}

async fn heads(app: &App) -> Result<Vec<(String, i64, Vec<u8>)>, StoreError> {
    audit::heads(app.store().read().await?.conn()).await
}

/// Appends the heads that are new.
async fn append(app: &App, kept: &mut HashMap<String, i64>) -> io::Result<()> {
    let heads = heads(app).await.map_err(|error| io::Error::other(error.to_string()))?;
    let now = app.now().timestamp();
    let mut lines = String::new();
    for (company, seq, seal) in heads {
        if kept.get(&company) == Some(&seq) {
            continue;
        }
        let seal = hex(&seal);
        tracing::info!(target: "namecard::audit", company, seq, seal, "head");
        lines.push_str(&format!("{company} {seq} {seal} {now}\n"));
        kept.insert(company, seq);
    }
    let file = path(app.store().path());
    let written = tokio::task::spawn_blocking(move || {
        let mut file = OpenOptions::new().append(true).create(true).mode(0o600).open(file)?;
        file.write_all(lines.as_bytes())?;
        file.sync_data()
    });
    written.await.map_err(io::Error::other)?
}
