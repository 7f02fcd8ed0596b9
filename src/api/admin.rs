//! Bodies of what admins and the operator do.

use serde::{Deserialize, Serialize};

use crate::domain::{CompanyId, MemberId, Time};
use crate::text::Untrusted;

/// Asks for access tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewTokens {
    /// In which company; only the operator says.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// For whom; without it, for every member who has none.
    #[serde(default)]
    pub member: Option<MemberId>,
}

/// A new access token. It is shown this once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct IssuedToken {
    /// By which it is listed and revoked.
    pub id: String,
    /// Whose it is.
    pub member: MemberId,
    /// Their name.
    pub name: Untrusted,
    /// When it ends by itself.
    pub expires: Time,
    /// The token.
    pub token: String,
}

/// New access tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct IssuedTokens {
    /// One for each member.
    pub items: Vec<IssuedToken>,
}

/// A live access token as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TokenInfo {
    /// By which it is revoked.
    pub id: String,
    /// Whose it is.
    pub member: MemberId,
    /// Their name.
    pub name: Untrusted,
    /// When it was issued.
    pub created: Time,
    /// When it was last used, to the minute.
    pub last_used: Time,
    /// When it ends by itself.
    pub expires: Time,
}

/// Live access tokens.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct TokenList {
    /// Oldest first.
    pub items: Vec<TokenInfo>,
}

/// What a member may be besides a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SpecialRole {
    /// The company's admin.
    Admin,
    /// Reads the audit log.
    Auditor,
    /// Nothing.
    None,
}

impl SpecialRole {
    /// The word that is stored and sent.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Auditor => "auditor",
            Self::None => "none",
        }
    }
}

/// Gives a member a role, or takes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SetRole {
    /// In which company; only the operator says.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// The role.
    pub role: SpecialRole,
}

/// A member's role as it is now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RoleReply {
    /// The member.
    pub member: MemberId,
    /// The role.
    pub role: SpecialRole,
}
