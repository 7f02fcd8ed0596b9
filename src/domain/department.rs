//! A node of the company's tree.

use serde::{Deserialize, Serialize};

use super::{DepartmentId, MemberId};
use crate::text::Untrusted;

/// A department as its viewer may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Department {
    /// Its id, kept as long as its path stays.
    pub id: DepartmentId,
    /// The department above; none for a root. The tree may be a forest.
    pub parent: Option<DepartmentId>,
    /// Its name.
    pub name: Untrusted,
    /// Its English name, when a source supplies one.
    pub english_name: Option<Untrusted>,
    /// Place among its siblings, smallest first.
    pub order: i64,
    /// Who leads it.
    pub leaders: Vec<MemberId>,
    /// Visible people in it and below it, each counted once.
    pub head_count: i64,
    /// Rises by one with each change.
    pub revision: i64,
    /// `seq` of the read that made this copy.
    pub as_of: i64,
}
