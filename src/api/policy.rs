//! Bodies of calls about a company's policy.

use serde::{Deserialize, Serialize};

use crate::domain::{CompanyId, LookedAt, MemberId, PolicyFault, RuleRef, Time, Verdict, Who};
use crate::text::Untrusted;

/// A version of a policy.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PolicyVersion {
    /// Its number, from 1.
    pub version: i64,
    /// When it was applied.
    pub made_at: Time,
    /// Who applied it; none: the operator, or for version 1 the program.
    #[serde(default)]
    pub made_by: Option<Who>,
    /// What they said of it.
    #[serde(default)]
    pub note: Option<Untrusted>,
}

/// A version with its document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PolicyReply {
    /// Which.
    #[serde(flatten)]
    pub version: PolicyVersion,
    /// The document: TOML, as its author wrote it.
    pub document: Untrusted,
    /// What of it has no effect in the company as it is now.
    pub warnings: Vec<PolicyFault>,
}

/// All versions, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PolicyHistory {
    /// Newest first.
    pub items: Vec<PolicyVersion>,
}

/// A document to be checked, or applied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PolicyBody {
    /// Of which company: the operator names one, an admin none.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// The document, at most 128 KiB.
    pub document: Untrusted,
    /// What is said of it: one line of at most 200 graphemes.
    #[serde(default)]
    pub note: Option<Untrusted>,
}

/// What is wrong with a document, and what it would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PolicyCheck {
    /// Faults and warnings, by line.
    pub faults: Vec<PolicyFault>,
    /// Compared with the version in force; empty while there are faults.
    pub changes: Vec<RuleChange>,
    /// For how many people what would be another.
    pub effects: Vec<SettingEffect>,
    /// The version in force.
    pub version: i64,
}

/// A rule that is not the same in two documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RuleChange {
    /// Its id.
    pub rule: Untrusted,
    /// What became of it.
    pub what: RuleFate,
    /// Line by line: what it said, and what it says.
    pub lines: Vec<LineChange>,
}

/// What became of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum RuleFate {
    /// It is new.
    Added,
    /// It is gone.
    Removed,
    /// It says something else.
    Changed,
}

/// One name of a rule, before and after.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LineChange {
    /// The name.
    pub name: String,
    /// What stood there.
    #[serde(default)]
    pub before: Option<Untrusted>,
    /// What stands there.
    #[serde(default)]
    pub after: Option<Untrusted>,
}

/// For how many people a setting has another value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct SettingEffect {
    /// The setting.
    pub name: String,
    /// How many people.
    pub people: i64,
}

/// About whom the policy is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ExplainBody {
    /// Of which company: the operator names one, an admin none.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// About whom.
    pub member: MemberId,
    /// Whom they would want to reach; none: only what holds for them.
    #[serde(default)]
    pub to: Option<Untrusted>,
}

/// What holds for somebody, and why.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ExplainReply {
    /// About whom.
    pub member: Who,
    /// Every setting.
    pub settings: Vec<ExplainedSetting>,
    /// The answer they would get, by the function that answers them.
    #[serde(default)]
    pub verdict: Option<Verdict>,
    /// What was looked at for it.
    #[serde(default)]
    pub chain: Vec<LookedAt>,
}

/// What holds of one setting.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ExplainedSetting {
    /// The setting.
    pub name: String,
    /// The value, as it is written in a policy.
    pub value: Untrusted,
    /// Whose word it is.
    pub by: Vec<RuleRef>,
    /// Every rule and grant that says something about it for this person, from the company down.
    pub chain: Vec<RuleSays>,
}

/// A rule that says something about a setting, and whether it holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RuleSays {
    /// The rule.
    #[serde(flatten)]
    pub rule: RuleRef,
    /// Whether it holds.
    pub fate: SaidFate,
}

/// What became of a rule's word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum SaidFate {
    /// It holds.
    Holds,
    /// Something more specific holds.
    Overridden,
    /// A level above is locked.
    LockedOut,
}
