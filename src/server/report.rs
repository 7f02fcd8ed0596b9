//! A look at the server's own health, for its operator.

use std::path::{Path, PathBuf};

use super::backup::LAST_BACKUP;
use super::clock::Clock;
use super::store::{StoreError, health, migrate};
use crate::api::{FileReport, FileUse, ServerReport};
use crate::config;
use crate::domain::Time;
use crate::text::Untrusted;

/// When a file was last written; none when there is none.
fn changed(path: &Path) -> Option<Time> {
    let at = std::fs::metadata(path).ok()?.modified().ok()?;
    jiff::Timestamp::try_from(at).ok().map(Time::from)
}

/// Looks at a database, served or not, and at the files that belong to it.
pub async fn report(
    database: &Path,
    files: &[(FileUse, PathBuf)],
    clock: &Clock,
) -> Result<ServerReport, StoreError> {
    let found = health::look(database).await?;
    let beside = |ending: &str| config::beside(database, ending);
    let log = beside("-wal");
    let bytes = |path: &Path| std::fs::metadata(path).map_or(0, |found| found.len());
    let own = [(FileUse::Database, database.to_owned()), (FileUse::WriteAheadLog, log.clone())];
    // The log comes and goes with whoever serves.
    let own = own.into_iter().filter(|(file_use, path)| *file_use != FileUse::WriteAheadLog || path.exists());
    let files = own.chain(files.iter().cloned()).map(|(file_use, path)| {
        let state = config::state_of(&path);
        FileReport {
            file_use,
            path: Untrusted::from(path.display().to_string()),
            there: state.there,
            private: state.private,
        }
    });
    Ok(ServerReport {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        schema: found.schema,
        schema_known: migrate::newest(),
        damage: found.damage.into_iter().map(Untrusted::from).collect(),
        database_bytes: bytes(database),
        log_bytes: bytes(&log),
        disk_free: config::free_space(database).ok(),
        last_backup: changed(&beside(LAST_BACKUP)),
        files: files.collect(),
        now: clock.now(),
    })
}
