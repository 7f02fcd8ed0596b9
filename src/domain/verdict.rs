//! The policy's answer to "may I?".

use serde::{Deserialize, Serialize};

// `tt`, not `literal`: the description does not see the word behind that.
macro_rules! codes {
    ($($(#[$meta:meta])* $name:ident = $text:tt,)*) => {
        /// Stable codes; part of the API. The client words them.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
        pub enum VerdictCode {
            $($(#[$meta])* #[serde(rename = $text)] $name,)*
        }

        impl VerdictCode {
            /// All codes.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The code as stored and sent.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// Reads a stored code.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == text)
            }
        }
    };
}

codes! {
    /// The target is of the same company: no request is needed.
    Colleague = "colleague",
    /// There is a contact already.
    AlreadyConnected = "already_connected",
    /// A request of the same person is still open.
    RequestPending = "request_pending",
    /// Allowed, because the two companies are linked.
    AllowedPartner = "allowed_partner",
    /// Allowed, because of a live card link.
    AllowedNamecard = "allowed_namecard",
    /// Allowed after a manager's second approval.
    NeedsManager = "needs_manager",
    /// The member has no external permission.
    ExternalNotGranted = "external_not_granted",
    /// No partner link between the companies.
    CompanyNotLinked = "company_not_linked",
    /// Nobody has verified the other company.
    CompanyUnverified = "company_unverified",
    /// The partner link does not cover this person.
    OutsideLinkScope = "outside_link_scope",
    /// The target takes no requests now.
    TargetNotAccepting = "target_not_accepting",
    /// The sender is blocked.
    Blocked = "blocked",
    /// The sender's domain is blocked.
    DomainBlocked = "domain_blocked",
    /// The target declined before.
    DeclinedBefore = "declined_before",
    /// No such card.
    CardUnknown = "card_unknown",
    /// The card was revoked.
    CardRevoked = "card_revoked",
    /// The card's life is over.
    CardExpired = "card_expired",
    /// A business purpose is missing.
    PurposeRequired = "purpose_required",
    /// Personal use of a work card.
    PersonalNotServed = "personal_not_served",
    /// Too many requests today.
    DailyLimit = "daily_limit",
    /// Too many contacts.
    ContactLimit = "contact_limit",
    /// Only another system can decide this row.
    DecidedElsewhere = "decided_elsewhere",
    /// The row belongs to somebody else.
    NotYours = "not_yours",
    /// Does not exist for the asker.
    NotVisible = "not_visible",
}

/// The answer with the rule behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// What was answered.
    pub code: VerdictCode,
    /// Id of the rule that decided, for instance `EXT-02`.
    pub rule: String,
    /// Version of the company's policy that was in force.
    pub policy_version: i64,
}
