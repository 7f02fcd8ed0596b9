//! A connection request and what may happen to it.

use serde::{Deserialize, Serialize};

use super::{RequestId, Time, Verdict, Who};
use crate::text::Untrusted;

// `tt`, not `literal`: the description does not see the word behind that.
macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:tt,)* })*) => {
        $(
            $(#[$meta])*
            #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
            pub enum $name {
                $($(#[$vmeta])* #[serde(rename = $text)] $variant,)*
            }

            impl $name {
                /// All of them, in order.
                pub const ALL: &[Self] = &[$(Self::$variant),*];

                /// The word in the store and in the API.
                pub const fn as_str(self) -> &'static str {
                    match self { $(Self::$variant => $text,)* }
                }

                /// Reads the word.
                pub fn parse(text: &str) -> Option<Self> {
                    Self::ALL.iter().copied().find(|word| word.as_str() == text)
                }
            }
        )*
    };
}

words! {
    /// What kind of thing waits for a decision.
    ApprovalKind {
        /// Somebody wishes to connect across the boundary.
        Connection = "connection",
        /// A member asks for the external permission.
        Permission = "permission",
        /// A leaver's contacts and requests are to be taken over.
        Handover = "handover",
        /// Another company proposes a standing agreement.
        PartnerLink = "partner_link",
    }

    /// From where a request comes, seen from its reader.
    Direction {
        /// Somebody asks us.
        Incoming = "incoming",
        /// We ask somebody.
        Outgoing = "outgoing",
    }

    /// The way by which a request crosses the boundary.
    Channel {
        /// The two companies are linked.
        Partner = "partner",
        /// A live card link.
        Namecard = "namecard",
    }

    /// The state of a request.
    RequestState {
        /// Waits for the target.
        Pending = "pending",
        /// Waits for a manager's second approval.
        PendingManager = "pending_manager",
        /// Approved.
        Approved = "approved",
        /// Rejected.
        Rejected = "rejected",
        /// Taken back by the requester.
        Withdrawn = "withdrawn",
        /// Its life ended undecided.
        Expired = "expired",
        /// Rejected, and the sender may not ask again.
        Blocked = "blocked",
    }

    /// The two decisions.
    DecisionKind {
        /// Yes.
        Approve = "approve",
        /// No.
        Reject = "reject",
    }

    /// Why a request was rejected.
    ReasonCode {
        /// The approver does not know them.
        NotKnown = "not_known",
        /// They meant somebody else.
        WrongContact = "wrong_contact",
        /// No business reason was given.
        NoBusinessReason = "no_business_reason",
        /// It looks like a fake.
        LooksFake = "looks_fake",
        /// A personal account.
        PersonalAccount = "personal_account",
        /// In the approver's own words.
        Other = "other",
    }

    /// What the viewer may do with a request now.
    RequestAction {
        /// Say yes.
        Approve = "approve",
        /// Say no.
        Reject = "reject",
        /// Take back one's own decision while it is held.
        Undo = "undo",
    }
}

/// Who asks. All of it as typed, none of it checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Requester {
    /// Name.
    pub name: Untrusted,
    /// Company.
    #[serde(default)]
    pub company: Option<Untrusted>,
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Untrusted>,
    /// Mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<Untrusted>,
    /// Telephone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<Untrusted>,
}

/// A request, as its viewer may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Request {
    /// The request's id.
    pub id: RequestId,
    /// Rises by one with each change; every decision names it.
    pub revision: i64,
    /// `seq` of the read that made this copy.
    pub as_of: i64,
    /// What kind of thing it is.
    pub kind: ApprovalKind,
    /// From where it comes.
    pub direction: Direction,
    /// Who asks.
    pub requester: Requester,
    /// Whom they ask.
    pub target: Who,
    /// What for.
    #[serde(default)]
    pub purpose: Option<Untrusted>,
    /// Their message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Untrusted>,
    /// By which channel.
    pub channel: Channel,
    /// Label of the card, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_label: Option<Untrusted>,
    /// When it came.
    pub created: Time,
    /// When its life ends.
    pub expires: Time,
    /// Its state now. Approved or rejected with `effective_at` in the future can still be undone.
    pub state: RequestState,
    /// When the last decision takes effect; until then the other side has heard nothing.
    #[serde(default)]
    pub effective_at: Option<Time>,
    /// The last decision, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionMark>,
    /// The verdict that let it in.
    pub verdict: Verdict,
    /// What the viewer may do now.
    #[serde(default)]
    pub allowed: Vec<RequestAction>,
}

/// Who decided what, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DecisionMark {
    /// What was decided.
    pub kind: DecisionKind,
    /// By whom.
    pub by: Who,
    /// When.
    pub at: Time,
    /// Why, for a rejection.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// The approver's own words: a note, or the reason in full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Untrusted>,
    /// Whether the requester is told the reason.
    #[serde(default)]
    pub told: bool,
}

/// A decision to be made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// Yes or no.
    pub kind: DecisionKind,
    /// Why, for a rejection; required there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<ReasonCode>,
    /// Own words: a note, or the reason in full. At most 200 graphemes; required with `other`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Untrusted>,
    /// Whether the requester is told the reason.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub tell: bool,
}

impl Decision {
    /// A plain yes.
    pub const fn approve() -> Self {
        Self { kind: DecisionKind::Approve, reason: None, text: None, tell: false }
    }
}

/// The part of a request from which its state at a moment follows.
///
/// The undo window is a time, not a job: nothing needs to run for a decision to take effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lifetime {
    /// The state as written by the last change.
    pub stored: RequestState,
    /// When the last decision takes effect.
    pub effective_at: Option<Time>,
    /// When an undecided request ends.
    pub expires: Time,
}

/// What the other side sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// Nothing is decided, or the decision has not taken effect.
    Pending,
    /// Approved.
    Approved,
    /// Rejected or blocked: they look the same.
    NotAccepted,
    /// They took it back.
    Withdrawn,
    /// Its life ended.
    Expired,
}

impl Lifetime {
    /// The state at `now`, as the approver's side sees it.
    pub fn state_at(&self, now: Time) -> RequestState {
        match self.stored {
            RequestState::Pending | RequestState::PendingManager if self.expires <= now => {
                RequestState::Expired
            }
            stored => stored,
        }
    }

    /// Whether a decision was made and can still be undone at `now`.
    pub fn is_held(&self, now: Time) -> bool {
        self.effective_at.is_some_and(|at| at > now)
    }

    /// Whether it waits for a decision at `now`.
    pub fn is_open(&self, now: Time) -> bool {
        matches!(self.state_at(now), RequestState::Pending | RequestState::PendingManager)
    }

    /// Whether it stands in the queue at `now`: open, or decided and still held.
    pub fn is_queued(&self, now: Time) -> bool {
        self.is_open(now) || self.is_held(now)
    }

    /// What the requester is shown at `now`. Until a decision takes effect they have heard nothing.
    pub fn seen_at(&self, now: Time) -> Seen {
        if self.is_held(now) {
            return Seen::Pending;
        }
        match self.state_at(now) {
            RequestState::Pending | RequestState::PendingManager => Seen::Pending,
            RequestState::Approved => Seen::Approved,
            RequestState::Rejected | RequestState::Blocked => Seen::NotAccepted,
            RequestState::Withdrawn => Seen::Withdrawn,
            RequestState::Expired => Seen::Expired,
        }
    }
}

impl Request {
    /// The part from which the state at a moment follows. A state that the server derived as expired
    /// stays so.
    pub fn lifetime(&self) -> Lifetime {
        Lifetime { stored: self.state, effective_at: self.effective_at, expires: self.expires }
    }

    /// Whether the viewer may do `action` according to the server.
    pub fn allows(&self, action: RequestAction) -> bool {
        self.allowed.contains(&action)
    }
}

#[cfg(test)]
mod tests {
    use super::{Lifetime, RequestState, Seen};
    use crate::domain::Time;

    const fn at(micros: i64) -> Time {
        Time::from_micros(micros)
    }

    #[test]
    fn a_held_decision_is_silent_and_still_queued() {
        let held = Lifetime { stored: RequestState::Approved, effective_at: Some(at(10)), expires: at(100) };
        assert_eq!(held.state_at(at(9)), RequestState::Approved);
        assert_eq!(held.seen_at(at(9)), Seen::Pending);
        assert!(held.is_held(at(9)) && held.is_queued(at(9)) && !held.is_open(at(9)));
        assert_eq!(held.seen_at(at(10)), Seen::Approved);
        assert!(!held.is_queued(at(10)));
    }

    #[test]
    fn only_undecided_requests_expire() {
        let open = Lifetime { stored: RequestState::Pending, effective_at: None, expires: at(100) };
        assert_eq!(open.state_at(at(99)), RequestState::Pending);
        assert_eq!(open.state_at(at(100)), RequestState::Expired);
        let done = Lifetime { stored: RequestState::Rejected, effective_at: Some(at(10)), expires: at(100) };
        assert_eq!(done.seen_at(at(200)), Seen::NotAccepted);
    }
}
