//! Bodies of calls about the boundary: asking whether one may, asking, conversing, own settings.

use serde::{Deserialize, Serialize};

use super::Problem;
use crate::domain::{
    CompanyId, ContactId, Decision, Introduction, LinkScope, MemberId, PartnerLink, Request, RequestId, Time,
    Who,
};
use crate::text::Untrusted;

/// Whom somebody wants to reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct WhyBody {
    /// What was typed, pasted or scanned: an id, a card link, an address, a number, a name. At most 256 bytes.
    pub to: Untrusted,
}

/// Asks the admins for the external permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPermission {
    /// What for: one line of at most 200 graphemes.
    pub purpose: Untrusted,
    /// Until when; none: for good.
    #[serde(default)]
    pub until: Option<Time>,
}

/// Words to the other side, or to a colleague.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// One line of at most 200 graphemes.
    pub text: Untrusted,
}

/// Passes something to a colleague.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ToColleague {
    /// To whom.
    pub member: MemberId,
    /// One line of at most 200 graphemes.
    #[serde(default)]
    pub text: Option<Untrusted>,
}

/// Puts a request out of the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Snooze {
    /// Until when, at most 30 days from now; none puts it back.
    #[serde(default)]
    pub until: Option<Time>,
}

/// Several decisions, each on its own: one that is refused stops no other.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Decisions {
    /// 1 to 100.
    pub items: Vec<DecisionItem>,
}

/// One of several decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct DecisionItem {
    /// On which request.
    pub id: RequestId,
    /// In which revision.
    pub revision: i64,
    /// Its idempotency key.
    pub key: String,
    /// The decision.
    pub decision: Decision,
}

/// What became of several decisions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DecisionResults {
    /// In the order of the items.
    pub items: Vec<DecisionResult>,
}

/// What became of one of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DecisionResult {
    /// The request.
    pub id: RequestId,
    /// As it is then, when it was decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<Box<Request>>,
    /// Why it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<Problem>,
}

/// Sets it anew, as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct OwnSettingsBody {
    /// Whether requests are taken.
    pub accepts: bool,
    /// Away until then; none: here.
    #[serde(default)]
    pub away_until: Option<Time>,
    /// Who decides meanwhile.
    #[serde(default)]
    pub stand_in: Option<MemberId>,
}

/// Hands contacts over to a colleague.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewHandover {
    /// To whom.
    pub member: MemberId,
    /// Which: 1 to 100.
    pub contacts: Vec<ContactId>,
}

/// Introductions that were not used yet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Introductions {
    /// Newest first.
    pub items: Vec<Introduction>,
}

/// The partner links of a company.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct PartnerLinks {
    /// Oldest first.
    pub items: Vec<PartnerLink>,
}

/// Proposes a partner link to another company of this server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewPartnerLink {
    /// The other company.
    pub company: CompanyId,
    /// Whom we show.
    pub scope: LinkScope,
    /// What for.
    pub purpose: Untrusted,
}

/// Gives the external permission to a member or to a department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// In which company: the operator names one, an admin none.
    #[serde(default)]
    pub company: Option<CompanyId>,
    /// To this member.
    #[serde(default)]
    pub member: Option<MemberId>,
    /// Or to the people of this department and below: its path, as in an import.
    #[serde(default)]
    pub department: Option<Untrusted>,
    /// Until when; none: for good.
    #[serde(default)]
    pub until: Option<Time>,
}

/// A grant of the external permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Grant {
    /// Its number.
    pub id: i64,
    /// To whom.
    #[serde(default)]
    pub member: Option<Who>,
    /// Or to which department.
    #[serde(default)]
    pub department: Option<Untrusted>,
    /// Since when.
    pub since: Time,
    /// Until when.
    #[serde(default)]
    pub until: Option<Time>,
    /// Who gave it; none: the operator.
    #[serde(default)]
    pub by: Option<Who>,
}

/// Grants that hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Grants {
    /// Oldest first.
    pub items: Vec<Grant>,
}

/// A member left.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LeaveBody {
    /// In which company: the operator names one, an admin none.
    #[serde(default)]
    pub company: Option<CompanyId>,
}

/// What a member left behind.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LeaveReply {
    /// Who.
    pub member: MemberId,
    /// The handover that waits for somebody to be chosen, when there is something to hand over.
    #[serde(default)]
    pub handover: Option<RequestId>,
}
