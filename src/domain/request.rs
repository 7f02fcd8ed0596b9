//! A connection request and what may happen to it.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{DepartmentId, Elsewhere, MemberId, RequestId, Time, Verdict, Who};
use crate::text::Untrusted;

/// A life from which on it is none that anybody sees the end of.
const ENDLESS: Duration = Duration::from_secs(50 * 365 * 24 * 3_600);

/// Enumerations with a stable word for each value, in the store and in the API.
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

pub(super) use words;

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
        /// A colleague who has the contact passed it on.
        Introduction = "introduction",
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
        /// No, and the sender may not ask anybody of the company again.
        Block = "block",
    }

    /// As what somebody stands to a request.
    Part {
        /// It is for them.
        Target = "target",
        /// They decide for the target, who is away.
        StandIn = "stand_in",
        /// Their approval is the second one, on the side that is asked.
        ManagerAsked = "manager_asked",
        /// Their approval is the second one, on the side that asks.
        ManagerAsking = "manager_asking",
        /// It is for the company's admins.
        Admin = "admin",
        /// They choose who takes a handover over.
        Assigner = "assigner",
        /// They asked.
        Requester = "requester",
        /// They had to do with it before.
        Past = "past",
    }

    /// Whether a second approval is needed.
    Need {
        /// It is not.
        None = "none",
        /// Somebody has to give it.
        Waits = "waits",
        /// It was given.
        Given = "given",
    }

    /// Who asks.
    RequesterKind {
        /// Somebody without an account: all as typed, none of it checked.
        Visitor = "visitor",
        /// A member of another company on this server.
        Member = "member",
        /// A member of the same company.
        Colleague = "colleague",
    }

    /// A warning beside a request.
    Flag {
        /// Drawn like the name of a colleague or a contact, written with other letters.
        LookAlikeName = "look_alike_name",
        /// A mail domain that looks like one that is known.
        LookAlikeDomain = "look_alike_domain",
        /// The same name as a colleague's.
        SameName = "same_name",
        /// Letters of scripts that are not written together.
        MixedScripts = "mixed_scripts",
        /// Characters that are not seen.
        HiddenCharacters = "hidden_characters",
        /// A link in the text.
        Link = "link",
        /// An address of a mail provider for persons.
        PersonalAddress = "personal_address",
        /// Several requests of the same sender within a short while.
        Burst = "burst",
    }

    /// What was said or done on a request besides decisions.
    NoteKind {
        /// The approver asked the requester.
        Question = "question",
        /// The requester answered.
        Answer = "answer",
        /// It was passed to another approver.
        Passed = "passed",
        /// A handover was given to somebody to take over.
        Assigned = "assigned",
        /// Whoever it was assigned to did not take it.
        Returned = "returned",
    }

    /// What became of one thing that is handed over.
    ItemState {
        /// Nobody has taken it yet.
        Waiting = "waiting",
        /// The contact is told and may refuse.
        Told = "told",
        /// The new owner has it.
        Done = "done",
        /// The contact refused.
        Refused = "refused",
        /// It could not be handed over.
        Failed = "failed",
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
        /// Say no for good.
        Block = "block",
        /// Take back one's own decision while it is held.
        Undo = "undo",
        /// Take back one's own request.
        Withdraw = "withdraw",
        /// Ask the requester something.
        Ask = "ask",
        /// Answer the approver's question.
        Answer = "answer",
        /// Pass it to another approver.
        Pass = "pass",
        /// Put it out of the way for a while.
        Snooze = "snooze",
        /// Choose who takes a handover over.
        Assign = "assign",
    }
}

/// Who asks. Of a visitor all is as typed, and none of it checked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Requester {
    /// What kind of person it is.
    pub kind: RequesterKind,
    /// Their member id, for a colleague.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberId>,
    /// Whether the company is one that ours is linked with.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub verified: bool,
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
    /// As what the viewer stands to it.
    pub part: Part,
    /// Whether it stands in the viewer's queue: it waits for them, or what was decided there can still be
    /// taken back.
    #[serde(default)]
    pub queued: bool,
    /// Who asks.
    pub requester: Requester,
    /// Whom they ask; none: the company's admins, or nobody was chosen yet.
    #[serde(default)]
    pub target: Option<Asked>,
    /// What for.
    #[serde(default)]
    pub purpose: Option<Untrusted>,
    /// Their message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message: Option<Untrusted>,
    /// By which channel a connection crosses the boundary.
    #[serde(default)]
    pub channel: Option<Channel>,
    /// The colleague of the requester who passed the contact on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub introduced_by: Option<Untrusted>,
    /// Label of the card, when it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_label: Option<Untrusted>,
    /// The system that alone can decide it, where it is not this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<Elsewhere>,
    /// Warnings.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flags: Vec<Flag>,
    /// When it came.
    pub created: Time,
    /// When its life ends.
    pub expires: Time,
    /// Its state now. Approved or rejected with `effective_at` in the future can still be undone.
    pub state: RequestState,
    /// When the last decision takes effect; until then the other side has heard nothing.
    #[serde(default)]
    pub effective_at: Option<Time>,
    /// The second approval on the side that is asked.
    pub manager_asked: Need,
    /// The second approval on the side that asks.
    pub manager_asking: Need,
    /// The last decision, when there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decision: Option<DecisionMark>,
    /// For a permission: until when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// How much is handed over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub items: Option<i64>,
    /// Until when the viewer has put it out of the way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snoozed_until: Option<Time>,
    /// Until when a question of the viewer waits for its answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub asked_until: Option<Time>,
    /// The verdict that let it in.
    pub verdict: Verdict,
    /// What the viewer may do now.
    #[serde(default)]
    pub allowed: Vec<RequestAction>,
}

/// Whom a request is for. Somebody outside is named without an id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct Asked {
    /// The member, where the viewer is of their company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<MemberId>,
    /// Their name.
    pub name: Untrusted,
    /// Their company, where it is another one than the viewer's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Untrusted>,
}

/// Who decided what, when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct DecisionMark {
    /// What was decided.
    pub kind: DecisionKind,
    /// As what.
    pub part: Part,
    /// By whom.
    pub by: Who,
    /// For whom, when a stand-in decided.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands_for: Option<Who>,
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
    /// For a permission: until when it is given; none: for good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Time>,
    /// For a partner link: whom our side shows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<LinkScope>,
    /// Tags that the new contact gets.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<Untrusted>,
}

impl Decision {
    /// A plain yes.
    pub const fn approve() -> Self {
        Self {
            kind: DecisionKind::Approve,
            reason: None,
            text: None,
            tell: false,
            until: None,
            scope: None,
            tags: Vec::new(),
        }
    }

    /// A plain no.
    pub fn reject(reason: ReasonCode) -> Self {
        Self { kind: DecisionKind::Reject, reason: Some(reason), ..Self::approve() }
    }
}

/// One of several decisions.
#[derive(Clone, Debug, PartialEq)]
pub struct DecideOne {
    /// Which request.
    pub id: RequestId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// How.
    pub decision: Decision,
    /// The key under which it is done once.
    pub key: String,
}

/// Whom one company shows the other by a partner link.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct LinkScope {
    /// The people of these departments and below.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub departments: Vec<DepartmentId>,
    /// These members.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberId>,
}

/// A request with everything that whoever decides it may want to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RequestDetail {
    /// The request.
    #[serde(flatten)]
    pub request: Request,
    /// Decisions that were not taken back, oldest first.
    pub steps: Vec<DecisionMark>,
    /// Questions, answers, and whom it was passed to, oldest first.
    pub notes: Vec<RequestNote>,
    /// Earlier requests of the same person to this company, newest first.
    pub earlier: Vec<EarlierRequest>,
    /// Colleagues who know the same person or somebody of the same company, where the policy shows it.
    pub known_by: Vec<KnownBy>,
    /// What looks like what, for the warnings of that kind.
    pub look_alikes: Vec<LookAlike>,
    /// What is handed over.
    pub handed_over: Vec<HandoverItem>,
}

/// Something that was said or done on a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct RequestNote {
    /// When.
    pub at: Time,
    /// What.
    pub what: NoteKind,
    /// The colleague who did; none: the requester.
    #[serde(default)]
    pub who: Option<Who>,
    /// To whom it went.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub other: Option<Who>,
    /// The words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<Untrusted>,
}

/// A request that the same person sent before.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct EarlierRequest {
    /// When.
    pub created: Time,
    /// Whom they asked.
    pub target: Option<Who>,
    /// What became of it.
    pub state: RequestState,
}

/// A colleague who knows somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct KnownBy {
    /// The colleague.
    pub who: Who,
    /// Whom they know.
    pub name: Untrusted,
    /// Whether it is the person themselves, or somebody of the same company.
    pub same_person: bool,
}

/// Something that looks like something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct LookAlike {
    /// Which warning it is behind.
    pub flag: Flag,
    /// As it was typed.
    pub typed: Untrusted,
    /// What is known.
    pub known: Untrusted,
}

/// One thing that is handed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "server", derive(utoipa::ToSchema))]
pub struct HandoverItem {
    /// The contact, or who sent the pending request.
    pub name: Untrusted,
    /// Their company.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub company: Option<Untrusted>,
    /// Whether it is a pending request.
    pub pending: bool,
    /// What became of it.
    pub state: ItemState,
    /// Why it could not be handed over, as a verdict code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Until when the contact may refuse.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Time>,
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

    /// Whether it waits for a decision at `now`. While a first approval is held, nobody is asked for the
    /// second one.
    pub fn is_open(&self, now: Time) -> bool {
        matches!(self.state_at(now), RequestState::Pending | RequestState::PendingManager)
            && !self.is_held(now)
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

    /// Whether it waits for the viewer at `now`: what the server said when it was read, and what time has
    /// made of it since.
    pub fn waits(&self, now: Time) -> bool {
        let step_is_mine = match self.state {
            RequestState::Pending => {
                matches!(self.part, Part::Target | Part::StandIn | Part::Admin | Part::Assigner)
            }
            RequestState::PendingManager => matches!(self.part, Part::ManagerAsked | Part::ManagerAsking),
            _ => false,
        };
        self.queued && step_is_mine && self.lifetime().is_open(now)
    }

    /// Whether it stands in the viewer's queue at `now`: it waits for them, or what was decided there can
    /// still be taken back.
    pub fn is_queued(&self, now: Time) -> bool {
        self.queued && (self.waits(now) || self.lifetime().is_held(now))
    }

    /// Whether only another system can decide it.
    pub const fn is_elsewhere(&self) -> bool {
        self.elsewhere.is_some()
    }

    /// When its life ends; none where that is as good as never.
    pub fn ends(&self) -> Option<Time> {
        (self.expires.since(self.created) < ENDLESS).then_some(self.expires)
    }

    /// When the last thing happened to it that is known.
    pub fn last_moment(&self) -> Time {
        let decided = self.decision.as_ref().map(|decision| decision.at);
        decided.or(self.elsewhere.as_ref().and_then(|other| other.ended)).unwrap_or(self.created)
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
