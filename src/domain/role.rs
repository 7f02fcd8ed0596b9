//! What an account may be.

use serde::{Deserialize, Serialize};

/// Roles, from the weakest to the strongest in their own field.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Nobody signed in: the public pages.
    Visitor,
    /// A person of the directory.
    Member,
    /// Direct manager of somebody, or leader of a department above them.
    Manager,
    /// A company's admin.
    Admin,
    /// Reads the audit log, nothing else.
    Auditor,
    /// Holds the server's own token.
    Operator,
}

impl Role {
    /// The name by which files and the API know it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Visitor => "visitor",
            Self::Member => "member",
            Self::Manager => "manager",
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::Operator => "operator",
        }
    }
}
