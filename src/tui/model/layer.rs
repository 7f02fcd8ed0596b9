//! What lies above the page. The top one gets the keys.

use super::field::Field;
use super::msg::Ticket;
use super::own_layers::{SharingLayer, TagsLayer};
use super::queue_layers::{
    BlockLayer, BulkLayer, ColleagueLayer, DoubtLayer, PastLayer, SayLayer, ScopeLayer, WhenLayer,
};
use super::wizard::{PermissionLayer, Stage, WhyLayer, WizardLayer};
use crate::domain::{Card, ContactId, Fault, MemberId, OwnSettings, RequestId, Time};
use crate::qr::{Blocks, Fit, Form, Needs};
use crate::text::SafeText;
use crate::tui::keys::Scope;

/// A layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Layer {
    /// The keys of the place where help was asked for.
    Help {
        /// The scopes whose keys are shown.
        scopes: Vec<Scope>,
        /// First visible row.
        top: usize,
    },
    /// A colleague's card.
    Member {
        /// Whose.
        id: MemberId,
        /// First visible row.
        top: usize,
    },
    /// An external contact's card.
    Contact {
        /// Whose.
        id: ContactId,
        /// First visible row.
        top: usize,
    },
    /// A request's details, where there is no room for them beside the list.
    Request {
        /// Which.
        id: RequestId,
        /// First visible row.
        top: usize,
    },
    /// One's own namecard.
    Namecard(Box<NamecardLayer>),
    /// Why a request is rejected.
    Reject(RejectLayer),
    /// The remark of a contact.
    Remark(RemarkLayer),
    /// The tags of a contact.
    Tags(TagsLayer),
    /// What a namecard shows, and whether requests are taken.
    Sharing(Box<SharingLayer>),
    /// A connection is to end: a word is typed.
    Remove(RemoveLayer),
    /// A question with answers; the first one is harmless and chosen.
    Ask {
        /// The question.
        ask: Ask,
        /// The answer that is chosen.
        at: usize,
        /// Since when it is there: a key that was typed ahead answers nothing.
        since: Time,
    },
    /// Reaching somebody.
    Wizard(Box<WizardLayer>),
    /// Why one may or may not.
    Why(Box<WhyLayer>),
    /// The admins are asked for the permission.
    Permission(PermissionLayer),
    /// Several rows of the queue are to be decided.
    Bulk(Box<BulkLayer>),
    /// A row with warnings is to be approved.
    Doubt(Box<DoubtLayer>),
    /// A sender is to be blocked: a word is typed.
    Block(Box<BlockLayer>),
    /// Words about a request.
    Say(SayLayer),
    /// A moment is chosen for a request.
    When(WhenLayer),
    /// A colleague is chosen for a request.
    Colleague(Box<ColleagueLayer>),
    /// Departments are chosen that a partner may see.
    Scope(ScopeLayer),
    /// What the same person and company asked before.
    Earlier {
        /// Of which request.
        id: RequestId,
        /// First visible row.
        top: usize,
    },
    /// Requests that do not stand in the queue.
    Past(PastLayer),
    /// Text that could not be put elsewhere, to be copied by hand.
    Show {
        /// The text.
        text: SafeText,
    },
}

/// A question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Answers are on their way: quit all the same?
    Quit,
    /// A new code for the card?
    Rotate {
        /// The card's revision.
        revision: i64,
    },
    /// End this card?
    Revoke {
        /// The card's revision.
        revision: i64,
    },
    /// Refuse the colleague of theirs who takes the selected contact over?
    Refuse {
        /// The contact's revision.
        revision: i64,
    },
    /// Take the selected request, one's own, back?
    Withdraw {
        /// Its revision.
        revision: i64,
    },
}

impl Ask {
    /// How many answers there are.
    pub const fn answers(self) -> usize {
        match self {
            Self::Quit | Self::Revoke { .. } | Self::Refuse { .. } | Self::Withdraw { .. } => 2,
            Self::Rotate { .. } => 3,
        }
    }
}

/// One's own namecard.
#[derive(Clone, Debug, PartialEq)]
pub struct NamecardLayer {
    /// The card that is shown, or why there is none.
    pub card: Option<Result<Card, Fault>>,
    /// All of them, the printed one first.
    pub all: Vec<Card>,
    /// Which of them is shown.
    pub at: usize,
    /// Half or full blocks.
    pub form: Form,
    /// What can be drawn.
    pub code: Code,
    /// Number of the newest proof.
    pub proof: Ticket,
    /// Whether it is shown as an outsider sees it.
    pub outside: bool,
    /// Whether requests are taken, once that is known.
    pub own: Option<OwnSettings>,
}

/// What of the code can be drawn.
#[derive(Clone, Debug, PartialEq)]
pub enum Code {
    /// Not known yet.
    Unknown,
    /// The window is too small.
    TooSmall(Needs),
    /// Laid out, and read back or not.
    Drawn(Box<Blocks>, Proof),
}

impl Code {
    /// What a fit comes to before it is proved.
    pub fn of(fit: Fit) -> Self {
        match fit {
            Fit::Fits(blocks) => Self::Drawn(blocks, Proof::Pending),
            Fit::TooSmall(needs) => Self::TooSmall(needs),
        }
    }
}

/// Whether a drawn code reads back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Proof {
    /// Being read.
    Pending,
    /// It reads back as its link.
    Good,
    /// It does not: the link is shown instead.
    Bad,
}

/// Why a request is rejected.
#[derive(Clone, Debug, PartialEq)]
pub struct RejectLayer {
    /// Which request.
    pub id: RequestId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// The reason that is chosen.
    pub at: usize,
    /// Whether the requester is told.
    pub tell: bool,
    /// Whether the sender is blocked as well.
    pub block: bool,
    /// Whether all that is marked is rejected, not this one alone.
    pub many: bool,
    /// Own words, while they are typed.
    pub words: Option<Field>,
}

/// The remark of a contact.
#[derive(Clone, Debug, PartialEq)]
pub struct RemarkLayer {
    /// Which contact.
    pub id: ContactId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// What is typed.
    pub field: Field,
}

/// The word that ends a connection; the same in every language, so that no input method is needed.
pub const REMOVE_WORD: &str = "remove";

/// A connection is to end.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoveLayer {
    /// Which contact.
    pub id: ContactId,
    /// In the revision that was on the screen.
    pub revision: i64,
    /// What is typed.
    pub field: Field,
}

/// A row of the help.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HelpRow {
    /// A scope.
    Heading(SafeText),
    /// Keys, what they do, and whether that is possible now.
    Key(SafeText, SafeText, bool),
    /// Nothing.
    Blank,
}

impl Layer {
    /// Where the keys of this layer are looked up, innermost first.
    pub fn scopes(&self) -> &'static [Scope] {
        match self {
            Self::Help { .. } | Self::Show { .. } => &[Scope::Reading],
            Self::Member { .. } => &[Scope::MemberCard, Scope::Reading],
            Self::Contact { .. } => &[Scope::ContactCard, Scope::Reading],
            Self::Request { .. } => &[Scope::RequestCard, Scope::Reading],
            Self::Namecard(_) => &[Scope::Namecard],
            Self::Reject(layer) if layer.words.is_some() => &[Scope::Field],
            Self::Reject(_) => &[Scope::Reason],
            Self::Remark(_) | Self::Remove(_) | Self::Permission(_) => &[Scope::Field],
            Self::Wizard(layer) if layer.stage == Stage::Choose => &[Scope::Steps],
            Self::Wizard(_) => &[Scope::Wizard, Scope::Field],
            Self::Why(_) => &[Scope::Steps],
            Self::Ask { .. } => &[Scope::Choice],
            Self::Bulk(layer) if layer.number.is_some() => &[Scope::Field],
            Self::Bulk(_) => &[Scope::Choice],
            Self::Doubt(_) => &[Scope::Doubt, Scope::Reading],
            Self::Block(_) | Self::Say(_) => &[Scope::Field],
            Self::When(layer) if layer.date.is_some() => &[Scope::Field],
            Self::When(_) => &[Scope::Choice],
            Self::Colleague(_) => &[Scope::Picker, Scope::Field],
            Self::Scope(_) | Self::Sharing(_) => &[Scope::Ticks],
            Self::Tags(layer) if layer.types() => &[Scope::Picker, Scope::Field],
            Self::Tags(_) => &[Scope::Ticks],
            Self::Earlier { .. } => &[Scope::Reading],
            Self::Past(_) => &[Scope::Past, Scope::Reading],
        }
    }

    /// The text field that gets what is typed, if there is one.
    pub fn field(&mut self) -> Option<&mut Field> {
        match self {
            Self::Reject(layer) => layer.words.as_mut(),
            Self::Remark(layer) => Some(&mut layer.field),
            Self::Tags(layer) if layer.types() => Some(&mut layer.own),
            Self::Remove(layer) => Some(&mut layer.field),
            Self::Permission(layer) => Some(&mut layer.field),
            Self::Wizard(layer) => match layer.stage {
                Stage::Who => Some(&mut layer.who),
                Stage::Purpose => Some(&mut layer.purpose),
                Stage::Message => Some(&mut layer.message),
                Stage::Choose => None,
            },
            Self::Bulk(layer) => layer.number.as_mut(),
            Self::Block(layer) => Some(&mut layer.field),
            Self::Say(layer) => Some(&mut layer.field),
            Self::When(layer) => layer.date.as_mut(),
            Self::Colleague(layer) => Some(&mut layer.field),
            _ => None,
        }
    }

    /// Where a list that is only read begins.
    pub fn top(&mut self) -> Option<&mut usize> {
        match self {
            Self::Help { top, .. }
            | Self::Member { top, .. }
            | Self::Contact { top, .. }
            | Self::Request { top, .. }
            | Self::Earlier { top, .. } => Some(top),
            Self::Doubt(layer) => Some(&mut layer.top),
            _ => None,
        }
    }
}

/// Moves the choice of a layer by `delta` within `answers`, around the ends.
pub(crate) fn turn(at: usize, delta: isize, answers: usize) -> usize {
    let len = answers.max(1).cast_signed();
    usize::try_from((at.cast_signed() + delta).rem_euclid(len)).unwrap_or(0)
}
