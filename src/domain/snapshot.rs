//! What a client needs to draw its first useful frame.

use serde::{Deserialize, Serialize};

use super::{Company, Department, Member, Request, Role, Time, Verdict};

/// The signed-in account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Me {
    /// The member.
    pub member: Member,
    /// What they may be, weakest first.
    pub roles: Vec<Role>,
}

/// How many more contacts the viewer may have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ContactRoom {
    /// How many more; held approvals are counted.
    pub left: i64,
    /// What an approval is answered when there is none left.
    pub verdict: Verdict,
}

/// The start of everything: enough for the first useful frame, and where to go on from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Snapshot {
    /// Who is signed in.
    pub me: Me,
    /// Their company.
    pub company: Company,
    /// All visible departments, with counts.
    pub departments: Vec<Department>,
    /// The first rows of the viewer's own department, in screen order, at most 100.
    pub members: Vec<Member>,
    /// Visible members in all.
    pub members_total: i64,
    /// External contacts in all.
    pub contacts_total: i64,
    /// Everything that waits for the viewer, most urgent first.
    pub requests: Vec<Request>,
    /// How many more contacts the viewer may have; none: as many as come.
    #[serde(default)]
    pub room: Option<ContactRoom>,
    /// Version of the policy in force.
    pub policy_version: i64,
    /// `seq` of the read: where the change feed goes on.
    pub as_of: i64,
    /// The server's clock.
    pub now: Time,
    /// Whether what is sent and shown passes in the clear where others may read it.
    #[serde(default)]
    pub insecure_http: bool,
}
