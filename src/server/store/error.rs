//! What the engine says, as far as it makes a difference.

use crate::domain::DataFault;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine says no.
    #[error("the database: {0}")]
    Engine(sqlx::Error),
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Another program holds the database.
    #[error("the database is locked by another program")]
    Busy,
    /// The file is not one that can be worked with.
    #[error("the database file: {0:?}")]
    File(DataFault),
    /// The database was written by a newer version of this program.
    #[error(
        "the database was written by a newer version of namecard (schema {found}, this one knows {known})"
    )]
    Newer {
        /// Schema of the database.
        found: i64,
        /// Newest schema that this program knows.
        known: i64,
    },
    /// The rows of an import cannot be kept beside the database.
    #[error("the file of an import: {0}")]
    Staging(std::io::Error),
    /// A schema change failed.
    #[error("bringing the database up to date: {0}")]
    Migrate(String),
    /// A value that cannot be there is there.
    #[error("the database holds something unexpected: {0}")]
    Unexpected(&'static str),
    /// The operating system gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl StoreError {
    /// What is wrong with the database as a file, if that is the reason.
    pub fn data_fault(&self) -> Option<DataFault> {
        match self {
            Self::File(fault) => Some(*fault),
            Self::Busy => Some(DataFault::Locked),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let code = error.as_database_error().and_then(|e| e.code()).and_then(|code| code.parse::<i64>().ok());
        code.and_then(of_code).unwrap_or(Self::Engine(error))
    }
}

/// Extended result codes of SQLite: <https://sqlite.org/rescode.html>.
fn of_code(code: i64) -> Option<StoreError> {
    const IOERR_WRITE: i64 = 778;
    const IOERR_SHMSIZE: i64 = 4874;
    Some(match (code, code & 0xff) {
        // A quota, or the largest file that the file system takes, is told as a write that failed.
        (IOERR_WRITE | IOERR_SHMSIZE, _) | (_, 13) => StoreError::Full,
        (_, 5 | 6) => StoreError::Busy,
        (_, 8) => StoreError::File(DataFault::ReadOnly),
        (_, 11) => StoreError::File(DataFault::Damaged),
        (_, 14) => StoreError::File(DataFault::CannotOpen),
        (_, 26) => StoreError::File(DataFault::NotADatabase),
        _ => return None,
    })
}

impl From<serde_json::Error> for StoreError {
    fn from(_: serde_json::Error) -> Self {
        Self::Unexpected("a JSON column")
    }
}

#[cfg(test)]
mod tests {
    use super::{StoreError, of_code};
    use crate::domain::DataFault;

    #[test]
    fn codes_are_read_with_what_they_add_to_the_first_eight_bits() {
        for full in [13, 778, 4874] {
            assert!(matches!(of_code(full), Some(StoreError::Full)), "{full}");
        }
        // SQLITE_BUSY, _RECOVERY, _SNAPSHOT, LOCKED.
        for busy in [5, 261, 517, 6] {
            assert!(matches!(of_code(busy), Some(StoreError::Busy)), "{busy}");
        }
        for (code, fault) in [
            (8, DataFault::ReadOnly),
            (1544, DataFault::ReadOnly),
            (11, DataFault::Damaged),
            (14, DataFault::CannotOpen),
            (526, DataFault::CannotOpen),
            (26, DataFault::NotADatabase),
        ] {
            assert_eq!(of_code(code).and_then(|error| error.data_fault()), Some(fault), "{code}");
        }
        // A constraint, a read that failed.
        for other in [19, 266] {
            assert!(of_code(other).is_none(), "{other}");
        }
    }
}
