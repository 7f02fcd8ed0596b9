//! What another system says of a request that it alone can decide.

use serde::{Deserialize, Serialize};

use crate::domain::{CompanyId, ElsewhereState, MemberId, RequestId, RequestState, Time};
use crate::text::Untrusted;

/// A request as the other system has it, as a whole. Of one that is over only the state is looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ElsewhereBody {
    /// Of which company.
    pub company: CompanyId,
    /// Whom it is for.
    pub member: MemberId,
    /// What the other system says of it.
    pub state: ElsewhereState,
    /// Who asks.
    pub requester: ElsewhereRequester,
    /// What for; at most 200 graphemes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Untrusted>,
    /// Their message; at most 300 graphemes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Untrusted>,
    /// Label of the code by which it came; at most 40 graphemes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<Untrusted>,
    /// Where it is decided there: https, at most 1,000 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub link: Option<Untrusted>,
    /// When it came there; none: now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created: Option<Time>,
    /// When it ends there by itself; none: never.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Time>,
}

/// Who asks in another system. None of it is checked here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct ElsewhereRequester {
    /// Name; at most 64 graphemes.
    pub name: Untrusted,
    /// Company; at most 80 graphemes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Untrusted>,
    /// Title; at most 60 graphemes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Untrusted>,
    /// Mail address; at most 254 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Untrusted>,
    /// Telephone number; at most 40 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Untrusted>,
}

/// What became of it here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct ElsewhereReply {
    /// The request's id here.
    pub id: RequestId,
    /// Rises by one with each change; said again, nothing changes.
    pub revision: i64,
    /// Its state now.
    pub state: RequestState,
}
