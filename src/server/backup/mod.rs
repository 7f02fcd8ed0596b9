//! Backups: what a server needs to be itself again, in one file.
//!
//! The file is a tar archive that any tar opens: a manifest, the key of the namecards, the database, and
//! `SHA256SUMS` over all of them. Made and read on the machine that the database is on: nothing of it
//! goes over the network, and whoever may read the database may make one.

mod archive;
mod look;
mod make;
mod manifest;
mod place;
mod restore;
mod unpack;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

pub use look::Found;
pub use make::make;
pub use manifest::{AuditHead, Manifest};
pub(crate) use place::LAST_BACKUP;
pub use place::Place;
pub use restore::{Restored, restore, verify};

use super::store::StoreError;

/// What is being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// The database is being copied while it is served.
    Copying,
    /// The copy is being looked through.
    Checking,
    /// The parts are being put into the file.
    Packing,
    /// The parts are being taken out of the file.
    Unpacking,
}

/// Hears what is being done, and how many bytes of how many are done.
pub type Progress = Arc<dyn Fn(Stage, u64, u64) + Send + Sync>;

/// A backup and what was found in its database.
#[derive(Clone, Debug)]
pub struct Report {
    /// What the file says of itself.
    pub manifest: Manifest,
    /// What the database holds.
    pub found: Found,
}

impl Report {
    /// Whether the audit logs hold and the namecards open.
    pub fn is_sound(&self) -> bool {
        self.found.broken.is_empty() && self.found.cards_that_open.is_none_or(|open| open == self.found.cards)
    }
}

/// Why a backup was not made, or not put back.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// There is no database.
    #[error("there is no database at {0}")]
    NoDatabase(PathBuf),
    /// There is no key of the namecards.
    #[error("there is no key of the namecards at {0}")]
    NoKey(PathBuf),
    /// The key of the namecards is another one than the backup's.
    #[error("{0} is not the key of this backup's namecards")]
    OtherKey(PathBuf),
    /// A file cannot be read.
    #[error("{0} cannot be read: {1}")]
    Read(PathBuf, io::Error),
    /// A file cannot be written.
    #[error("{0} cannot be written: {1}")]
    Write(PathBuf, io::Error),
    /// The file is not a backup.
    #[error("not a backup")]
    NotOne,
    /// A part is not as it was made.
    #[error("{0} is not as it was made")]
    Tampered(&'static str),
    /// It was made by a newer version of this program.
    #[error("made by a newer version of namecard")]
    Newer,
    /// A process serves the database.
    #[error("{0} is being served")]
    Served(PathBuf),
    /// Something is there already.
    #[error("{0} is there already")]
    Exists(PathBuf),
}

impl From<sqlx::Error> for BackupError {
    fn from(error: sqlx::Error) -> Self {
        Self::Store(error.into())
    }
}

/// Does what waits for the disk where nobody else waits.
async fn aside<T: Send + 'static>(
    doing: impl FnOnce() -> Result<T, BackupError> + Send + 'static,
) -> Result<T, BackupError> {
    match tokio::task::spawn_blocking(doing).await {
        Ok(done) => done,
        Err(error) => Err(StoreError::Migrate(error.to_string()).into()),
    }
}
