//! People of other companies whom one sees before one knows them, and what one sets for oneself.

use serde::{Deserialize, Serialize};

use super::{CompanyId, ContactId, Time, Who};
use crate::text::Untrusted;

/// Somebody whom a linked company shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LinkedPerson {
    /// As which the caller asks them.
    pub id: ContactId,
    /// Name.
    pub name: Untrusted,
    /// Title that outsiders see.
    #[serde(default)]
    pub title: Option<Untrusted>,
    /// Name of their main department.
    #[serde(default)]
    pub department: Option<Untrusted>,
    /// Their company.
    pub company: Untrusted,
    /// Its id.
    pub company_id: CompanyId,
}

/// Somebody whom a colleague passed on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Introduction {
    /// As which the caller asks them.
    pub id: ContactId,
    /// Name.
    pub name: Untrusted,
    /// Title that outsiders see.
    #[serde(default)]
    pub title: Option<Untrusted>,
    /// Their company.
    pub company: Untrusted,
    /// The colleague.
    pub by: Who,
    /// When.
    pub at: Time,
}

/// A partner link, in force or proposed by us.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PartnerLink {
    /// The other company.
    pub company: CompanyId,
    /// Its name.
    pub name: Untrusted,
    /// Since when it holds; none while it is proposed.
    #[serde(default)]
    pub since: Option<Time>,
    /// How many people they show us.
    pub they_show: i64,
    /// How many people we show them.
    pub we_show: i64,
}

/// What the caller set for themselves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct OwnSettings {
    /// Rises by one with each change; 0 before the first one.
    pub revision: i64,
    /// Whether requests are taken.
    pub accepts: bool,
    /// Away until then.
    pub away_until: Option<Time>,
    /// Who decides meanwhile.
    pub stand_in: Option<Who>,
}

/// My tags for somebody outside.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Tags {
    /// Tags that colleagues see too, each at most 40 graphemes.
    #[serde(default)]
    pub company: Vec<Untrusted>,
    /// My own.
    #[serde(default)]
    pub own: Vec<Untrusted>,
}

/// A request to somebody outside.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewRequest {
    /// What was typed, pasted or scanned: an id, a card link, an address. At most 256 bytes.
    pub to: Untrusted,
    /// What for: one line of at most 200 graphemes.
    pub purpose: Untrusted,
    /// At most 300 graphemes in six lines.
    #[serde(default)]
    pub message: Option<Untrusted>,
}
