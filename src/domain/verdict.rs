//! The policy's answer to "may I?".

use serde::{Deserialize, Serialize};

use super::request::words;
use super::{ContactId, MemberId, Time};
use crate::text::Untrusted;

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

impl VerdictCode {
    /// Whether it lets somebody go on.
    pub const fn is_yes(self) -> bool {
        matches!(self, Self::AllowedPartner | Self::AllowedNamecard | Self::NeedsManager)
    }
}

/// A rule as a verdict names it. Built-in rules have an id only: the client words them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RuleRef {
    /// Its id, for instance `EXT-02`.
    #[serde(rename = "rule")]
    pub id: String,
    /// Its title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Untrusted>,
    /// Why it was set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Untrusted>,
    /// Who set it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set_by: Option<Untrusted>,
    /// Since when it says what it says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Time>,
}

impl RuleRef {
    /// A rule that the program brings along.
    pub fn built_in(id: &str) -> Self {
        Self { id: id.to_owned(), title: None, why: None, set_by: None, since: None }
    }
}

words! {
    /// A step that can be taken instead, from where the refusal is shown.
    Step {
        /// Open the colleague's card.
        OpenMember = "open_member",
        /// Open the contact.
        OpenContact = "open_contact",
        /// Open the request that is there.
        OpenRequest = "open_request",
        /// Take one's own request back.
        Withdraw = "withdraw",
        /// Ask the admins for the external permission.
        AskPermission = "ask_permission",
        /// Ask a colleague who has the contact to pass it on, or an admin about the rule.
        AskColleague = "ask_colleague",
        /// Show one's own namecard, to be scanned.
        ShowCard = "show_card",
        /// Ask the person for their namecard.
        AskForCard = "ask_for_card",
        /// Ask the person for an address of their company.
        AskForAddress = "ask_for_address",
        /// Look for the person among linked companies.
        SearchLinked = "search_linked",
        /// Have the two companies linked.
        AskForLink = "ask_for_link",
        /// Say what for.
        GivePurpose = "give_purpose",
        /// Make room: hand contacts over or end some.
        MakeRoom = "make_room",
        /// Look again, with another name or address.
        LookAgain = "look_again",
        /// Ask whoever it belongs to.
        AskOwner = "ask_owner",
        /// Open the system in which it can be decided.
        OpenElsewhere = "open_elsewhere",
        /// Wait until then.
        Wait = "wait",
        /// Use one's own telephone: this is not the place.
        UsePersonal = "use_personal",
    }
}

/// A step with what it is taken on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Alternative {
    /// What to do.
    pub step: Step,
    /// On whom or what: an id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Their name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<Untrusted>,
    /// Until or from when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Time>,
}

impl Alternative {
    /// A step on nothing in particular.
    pub const fn plain(step: Step) -> Self {
        Self { step, id: None, name: None, at: None }
    }

    /// A step on an object.
    pub fn on(step: Step, id: &str) -> Self {
        Self { step, id: Some(id.to_owned()), name: None, at: None }
    }

    /// A step on somebody.
    pub fn with(step: Step, id: &str, name: Untrusted) -> Self {
        Self { step, id: Some(id.to_owned()), name: Some(name), at: None }
    }

    /// A step at a moment.
    pub const fn at(step: Step, at: Time) -> Self {
        Self { step, id: None, name: None, at: Some(at) }
    }
}

/// The answer with the rule behind it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Verdict {
    /// What was answered.
    pub code: VerdictCode,
    /// The rule that decided.
    #[serde(flatten)]
    pub rule: RuleRef,
    /// Version of the company's policy that was in force.
    pub policy_version: i64,
    /// What can be done instead, the best first. A refusal has at least one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

/// May I, and if not, why not and what instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Explained {
    /// The answer.
    pub verdict: Verdict,
    /// Who was meant, as far as the caller may know.
    pub meant: MeantPerson,
    /// What was looked at, in this order; the last one decided.
    pub chain: Vec<LookedAt>,
    /// Whether a manager of one's own side approves too.
    pub manager_asking: bool,
    /// Whether the other side's approval is given in advance.
    pub automatic: bool,
    /// Requests sent today, and how many a day allows.
    pub sent_today: u32,
    /// How many requests a day allows; none: no limit.
    pub sent_most: Option<u32>,
}

/// Somebody who was meant.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum MeantPerson {
    /// Nobody that the caller may know of.
    Nobody,
    /// A colleague.
    Colleague {
        /// The member.
        id: MemberId,
    },
    /// A contact that is there.
    Contact {
        /// The contact.
        id: ContactId,
    },
    /// A member of another company.
    Outside {
        /// Their name.
        name: Untrusted,
        /// Their company.
        company: Untrusted,
        /// Their title.
        #[serde(default)]
        title: Option<Untrusted>,
    },
    /// An address, a number or a name, and nobody known behind it.
    Unknown,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LookedAt {
    /// The code that it would have given, or gave.
    pub code: VerdictCode,
    /// By which rule.
    #[serde(flatten)]
    pub rule: RuleRef,
    /// Whether it let the caller go on.
    pub passed: bool,
}
