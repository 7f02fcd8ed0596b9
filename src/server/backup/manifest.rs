//! What a backup says of itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::domain::{CompanyId, Time};

/// The form of file that this program writes and reads.
pub(super) const FORMAT: u32 = 1;

/// What is in a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the file.
    pub format: u32,
    /// The version of the program that made it.
    pub program: String,
    /// When.
    pub made_at: Time,
    /// The schema of the database.
    pub schema: i64,
    /// The rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// The head of each company's audit log.
    pub audit: Vec<AuditHead>,
    /// Tells the key of the namecards from another one: its SHA-256. None when there was no key.
    pub card_key: Option<String>,
    /// The port that namecards of a computer's own data name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// The other files of the archive.
    pub parts: BTreeMap<String, Part>,
}

/// The last row of a company's audit log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditHead {
    /// The company.
    pub company: CompanyId,
    /// Its number.
    pub seq: i64,
    /// Its seal, in hexadecimal digits.
    pub hash: String,
}

/// A file of the archive.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256, in hexadecimal digits.
    pub sha256: String,
}

impl Manifest {
    /// Whether the key of the namecards is in the file.
    pub fn holds_card_key(&self) -> bool {
        self.parts.contains_key(super::archive::CARD_KEY)
    }

    /// `SHA256SUMS`, as `sha256sum --check` reads it.
    pub(super) fn sums(&self, own: &str) -> String {
        let mut sums = format!("{own}  {}\n", super::archive::MANIFEST);
        for (name, part) in &self.parts {
            // Writing to a string does not fail.
            let _ = writeln!(sums, "{}  {name}", part.sha256);
        }
        sums
    }
}
