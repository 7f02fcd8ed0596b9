//! What a server says of its own health to its operator.

use serde::{Deserialize, Serialize};

use crate::domain::Time;
use crate::text::Untrusted;

/// What a file of the server is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum FileUse {
    /// The database.
    Database,
    /// The database's write-ahead log.
    WriteAheadLog,
    /// The key of codes and forms.
    CardKey,
    /// The operator's token.
    OperatorToken,
    /// The key of the server's certificate.
    TlsKey,
    /// The token of whoever is signed in on this computer.
    Session,
}

/// A file of the server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct FileReport {
    /// What it is for.
    #[serde(rename = "use")]
    pub file_use: FileUse,
    /// Where it lies.
    pub path: Untrusted,
    /// Whether it is there.
    pub there: bool,
    /// Whether its owner alone can read it.
    pub private: bool,
}

/// How a server is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ServerReport {
    /// The program's version.
    pub version: String,
    /// Level of the database's schema.
    pub schema: i64,
    /// Newest level that the program knows.
    pub schema_known: i64,
    /// What is wrong with the database; empty when it is whole.
    pub damage: Vec<Untrusted>,
    /// Bytes of the database.
    pub database_bytes: u64,
    /// Bytes of its write-ahead log.
    pub log_bytes: u64,
    /// Bytes that are free where it lies, when that is known.
    pub disk_free: Option<u64>,
    /// When it was last backed up, when that is known.
    pub last_backup: Option<Time>,
    /// Its files.
    pub files: Vec<FileReport>,
    /// The server's clock.
    pub now: Time,
}
