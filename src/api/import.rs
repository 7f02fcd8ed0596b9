//! Bodies of an import: staged, planned, applied.

use serde::{Deserialize, Serialize};

use super::NewCompany;
use crate::domain::{CompanyId, MemberId, RefusedRow, RowNote};
use crate::text::Untrusted;

/// Begins an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewImport {
    /// Into which company. The operator names it; an admin needs not.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// Makes this company in the same transaction as the rows are applied.
    #[serde(default)]
    pub create: Option<NewCompany>,
}

/// An import that was begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ImportReply {
    /// Its number.
    pub id: i64,
}

/// How far an import is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ImportState {
    /// Its number.
    pub id: i64,
    /// Rows that were gone through, of the ones that are staged.
    pub done: u64,
    /// Whether what came of them is being written.
    pub writing: bool,
}

/// Rows that were staged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ImportRowsReply {
    /// Rows staged in all.
    pub rows: i64,
}

/// Somebody an import touches.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PlannedMember {
    /// Line of the source; none for somebody who is not in it.
    #[serde(default)]
    pub line: Option<u64>,
    /// Member id.
    pub id: MemberId,
    /// Name.
    pub name: Untrusted,
}

/// What applying would do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ImportPlan {
    /// New people; the first of them.
    pub added: Vec<PlannedMember>,
    /// How many new ones.
    pub added_total: i64,
    /// People who look different; the first of them.
    pub changed: Vec<PlannedMember>,
    /// How many look different.
    pub changed_total: i64,
    /// People of the company who are not in the source; the first of them.
    pub missing: Vec<PlannedMember>,
    /// How many are not in the source.
    pub missing_total: i64,
    /// People who stay as they are.
    pub unchanged_total: i64,
    /// Departments that are new.
    pub departments_added: i64,
    /// What is wrong with rows; the first 10,000 faults.
    pub refused: Vec<RefusedRow>,
    /// How many rows are refused.
    pub refused_total: i64,
    /// What is done otherwise than a row says; the first 10,000.
    pub notes: Vec<RowNote>,
    /// How many rows that concerns.
    pub notes_total: i64,
}

/// Applies an import.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ApplyImport {
    /// Takes the good rows although others are refused.
    #[serde(default)]
    pub skip_bad: bool,
    /// Takes out who is not in the source.
    #[serde(default)]
    pub remove_missing: bool,
    /// At most so many are taken out; without it a fifth of the company, ten at least.
    #[serde(default)]
    pub remove_limit: Option<i64>,
    /// Signs this computer in as a member of the source and retires the made-up companies.
    #[serde(default)]
    pub sign_in: Option<Signed>,
}

/// Who this computer is signed in as.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Signed {
    /// The member.
    pub member: MemberId,
    /// Whether companies that are made up end with it.
    #[serde(default)]
    pub retire_made_up: bool,
}

/// What was done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Applied {
    /// The company.
    pub company: CompanyId,
    /// People added.
    pub added: i64,
    /// People changed.
    pub changed: i64,
    /// People taken out.
    pub removed: i64,
    /// People left as they were.
    pub unchanged: i64,
}
