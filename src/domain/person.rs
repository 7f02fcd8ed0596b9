//! A person, named in a sentence.

use serde::{Deserialize, Serialize};

use super::MemberId;
use crate::text::Untrusted;

/// A member by id and name, as much as a sentence about them needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Who {
    /// The member.
    pub id: MemberId,
    /// The member's name.
    pub name: Untrusted,
}
