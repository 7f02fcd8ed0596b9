//! What comes in, and what is to be done outside. Both are plain data: tests compare them.

use std::fmt;
use std::sync::Arc;

use super::layout::Size;
use super::queue_layers::Past;
use crate::domain::{
    Aim, Card, CardId, CardLike, Change, Contact, ContactDetail, ContactId, ContactRevision, DecideOne,
    Decision, Fault, Introduction, LinkedPerson, Member, MemberId, NewRequest, OwnSettings, Request,
    RequestDetail, RequestId, Snapshot, Tags, Time,
};
use crate::qr::Blocks;
use crate::search::{Hit, Index};
use crate::text::{SafeText, Untrusted};
use crate::tui::keys::Chord;

/// A value that is shared, compared by identity: copying it costs nothing, comparing it neither.
pub struct Shared<T>(pub Arc<T>);

impl<T> Shared<T> {
    /// Shares a value.
    pub fn new(value: T) -> Self {
        Self(Arc::new(value))
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<T> PartialEq for Shared<T> {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Shared(..)")
    }
}

/// Number of a question whose answer only counts if it is still the newest one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ticket(pub u64);

impl Ticket {
    /// The next number.
    pub fn draw(&mut self) -> Self {
        self.0 += 1;
        *self
    }
}

/// Which people are searched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Places {
    /// Colleagues.
    Directory,
    /// External contacts.
    External,
    /// People whom linked companies show.
    Linked,
    /// Colleagues, for whoever is to get a request.
    Picker,
}

/// What is done on a request besides deciding.
#[derive(Clone, Debug, PartialEq)]
pub enum Converse {
    /// Ask the requester.
    Ask(Untrusted),
    /// Answer the approver.
    Answer(Untrusted),
    /// Pass it to a colleague.
    Pass(MemberId),
    /// Have a colleague take a handover over.
    Assign(MemberId),
    /// Put it out of the way until then.
    Snooze(Time),
    /// Take one's own back.
    Withdraw,
}

/// What is done on a contact besides remark and end.
#[derive(Clone, Debug, PartialEq)]
pub enum ContactChange {
    /// Give it these tags.
    Tags(Tags),
    /// Hand it over to a colleague.
    HandOver(MemberId),
    /// Pass it on to a colleague, who may then ask.
    Introduce(MemberId),
    /// Refuse the colleague of theirs who takes over.
    Refuse,
}

/// People of whom an index is to be made.
pub enum Rankable {
    /// Colleagues with the path of their main department.
    Members(Vec<(Arc<Member>, Arc<str>)>),
    /// External contacts.
    Contacts(Vec<Arc<Contact>>),
    /// People whom linked companies show.
    Linked(Vec<Arc<LinkedPerson>>),
}

/// What whom a text means is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AimBy {
    /// Somebody types, and may go on typing.
    Typing,
    /// Somebody types the name of a file, and may go on typing.
    TypingFile,
    /// Somebody chose who it is.
    Choice,
    /// Somebody asks why.
    Why,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq)]
pub enum Msg {
    /// A key.
    Key(Chord),
    /// Pasted text.
    Paste(String),
    /// The window has another size.
    Resize(Size),
    /// A moment has come that the state waited for.
    Wake,
    /// The made-up company is being filled in.
    Seeding {
        /// Whether that takes some seconds.
        long: bool,
    },
    /// The start: replaces everything.
    Snapshot(Box<Snapshot>),
    /// More of the directory; the last piece says so.
    Members(Vec<Member>, bool),
    /// More contacts; the last piece says so.
    Contacts(Vec<Contact>, bool),
    /// More of the people whom linked companies show; the last piece says so.
    Linked(Vec<LinkedPerson>, bool),
    /// Those whom colleagues passed on, all of them.
    Introductions(Vec<Introduction>),
    /// What changed, and the server's clock.
    Changes(Vec<Change>, Time),
    /// The server is there again.
    Online,
    /// The server is gone.
    Offline(Fault),
    /// Back from the shell.
    Resumed,
    /// The answer to an effect.
    Answer(Answer),
}

/// What is to be done outside.
#[derive(Clone, Debug, PartialEq)]
pub enum Effect {
    /// Decide a request.
    Decide {
        /// Which.
        id: RequestId,
        /// In the revision that was on the screen.
        revision: i64,
        /// How.
        decision: Decision,
        /// The key under which it is done once.
        key: String,
    },
    /// Take a decision back.
    Undo {
        /// Which.
        id: RequestId,
        /// In the revision that was on the screen.
        revision: i64,
        /// The key under which it is done once.
        key: String,
    },
    /// Decide several requests, each with a result of its own.
    DecideMany(Ticket, Vec<DecideOne>),
    /// Take several decisions back: request, revision, and the key under which it is done once.
    UndoMany(Vec<(RequestId, i64, String)>),
    /// Do something on a request besides deciding.
    Converse {
        /// Which.
        id: RequestId,
        /// In the revision that was on the screen.
        revision: i64,
        /// What.
        what: Converse,
        /// The key under which it is done once.
        key: String,
    },
    /// Read what belongs to a request.
    ReadRequestDetail(RequestId),
    /// Read a page of requests that do not stand in the queue, from there on.
    ReadPast(Past, String),
    /// Look what a request is now: the answer to a write was lost.
    ReadRequest(RequestId),
    /// Set the remark of a contact.
    SetRemark {
        /// Which.
        id: ContactId,
        /// In the revision that was on the screen.
        revision: i64,
        /// What to; empty takes it away.
        remark: Untrusted,
        /// The key under which it is done once.
        key: String,
    },
    /// End a connection.
    RemoveContact {
        /// Which.
        id: ContactId,
        /// In the revision that was on the screen.
        revision: i64,
        /// The key under which it is done once.
        key: String,
    },
    /// Do something on a contact besides remark and end.
    ChangeContact {
        /// Which.
        id: ContactId,
        /// In the revision that was on the screen.
        revision: i64,
        /// What.
        what: ContactChange,
        /// The key under which it is done once.
        key: String,
    },
    /// Read a contact's history.
    ReadContact(ContactId),
    /// Look whom a text or a file means, and whether one may ask them.
    Aim {
        /// Number of the question.
        ticket: Ticket,
        /// What was typed, pasted or chosen.
        text: String,
        /// What it is asked for.
        by: AimBy,
    },
    /// Ask somebody outside to connect.
    Ask {
        /// Whom, and what for.
        request: NewRequest,
        /// The key under which it is done once.
        key: String,
    },
    /// Ask the admins for the external permission.
    AskPermission {
        /// What for.
        purpose: Untrusted,
        /// The key under which it is done once.
        key: String,
    },
    /// Take one's own request back.
    Withdraw {
        /// Which.
        id: RequestId,
        /// The key under which it is done once.
        key: String,
    },
    /// Make an index of people.
    Index(Places, Ticket, Shared<Rankable>),
    /// Rank people.
    Rank {
        /// Which people.
        places: Places,
        /// Number of the question.
        ticket: Ticket,
        /// What was typed.
        query: String,
        /// The index.
        index: Shared<Index>,
    },
    /// Read one's own card.
    ReadCards,
    /// Give one's own card a new code.
    RotateCard {
        /// Which.
        id: CardId,
        /// In the revision that was on the screen.
        revision: i64,
        /// Whether the old code ends at once.
        leaked: bool,
        /// The key under which it is done once.
        key: String,
    },
    /// End a card: its code opens nothing any more.
    RevokeCard {
        /// The card's id.
        id: CardId,
        /// The revision that was seen.
        revision: i64,
        /// Names this write.
        key: String,
    },
    /// Set what a card shows.
    ChangeCard {
        /// The card's id.
        id: CardId,
        /// The revision that was seen.
        revision: i64,
        /// As it is to be.
        like: CardLike,
        /// The key under which it is done once.
        key: String,
    },
    /// Read what one set for oneself.
    ReadOwn,
    /// Set it anew, as a whole; the revision is the one that was seen.
    SetOwn(OwnSettings, String),
    /// Draw a code as the screen would, and read it back.
    ProveCode(Ticket, Box<Blocks>, String),
    /// Open a chat with a colleague.
    OpenChat {
        /// The colleague.
        member: MemberId,
        /// The company's link.
        link: String,
    },
    /// Open a plain link of another system.
    OpenLink(String),
    /// Put text on the clipboard.
    Copy(SafeText),
    /// Load everything anew.
    Refresh,
    /// Draw every cell anew.
    Redraw,
    /// Go to the shell.
    Suspend,
    /// End the program.
    Quit,
}

/// What became of each of several requests.
pub type Outcomes = Vec<(RequestId, Result<Box<Request>, Fault>)>;

/// What came of an effect.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Of [`Effect::Decide`].
    Decided(RequestId, Result<Box<Request>, Fault>),
    /// Of [`Effect::Undo`].
    Undone(RequestId, Result<Box<Request>, Fault>),
    /// Of [`Effect::DecideMany`]: what was sent, and what became of each.
    DecidedMany(Ticket, Vec<RequestId>, Result<Outcomes, Fault>),
    /// Of [`Effect::UndoMany`].
    UndoneMany(Outcomes),
    /// Of [`Effect::Converse`].
    Conversed(RequestId, Converse, Result<Box<Request>, Fault>),
    /// Of [`Effect::ReadRequestDetail`].
    RequestDetailRead(RequestId, Result<Box<RequestDetail>, Fault>),
    /// Of [`Effect::ReadPast`]: a page, and where the next one begins.
    PastRead(Past, String, Result<(Vec<Request>, Option<String>), Fault>),
    /// Of [`Effect::ReadRequest`].
    RequestRead(RequestId, Result<Box<Request>, Fault>),
    /// Of [`Effect::SetRemark`].
    RemarkSet(ContactId, Untrusted, Result<ContactRevision, Fault>),
    /// Of [`Effect::RemoveContact`].
    ContactRemoved(ContactId, Result<ContactRevision, Fault>),
    /// Of [`Effect::ChangeContact`].
    ContactChanged(ContactId, ContactChange, Result<(), Fault>),
    /// Of [`Effect::ReadContact`].
    ContactRead(ContactId, Result<Box<ContactDetail>, Fault>),
    /// Of [`Effect::Aim`].
    Aimed(Ticket, Box<Aim>),
    /// Of [`Effect::Ask`].
    Asked(Result<Box<Request>, Fault>),
    /// Of [`Effect::AskPermission`].
    PermissionAsked(Result<Box<Request>, Fault>),
    /// Of [`Effect::Withdraw`].
    Withdrawn(RequestId, Result<Box<Request>, Fault>),
    /// Of [`Effect::Index`].
    Indexed(Places, Ticket, Shared<Index>),
    /// Of [`Effect::Rank`].
    Ranked(Places, Ticket, Vec<Hit>, usize),
    /// Of [`Effect::ReadCards`]: the printed one first.
    Cards(Result<Vec<Card>, Fault>),
    /// Of [`Effect::RotateCard`] and [`Effect::ChangeCard`].
    Card(Result<Box<Card>, Fault>),
    /// Of [`Effect::RevokeCard`]: the cards that are left.
    CardRevoked(Result<Vec<Card>, Fault>),
    /// Of [`Effect::ReadOwn`].
    OwnRead(Result<OwnSettings, Fault>),
    /// Of [`Effect::SetOwn`].
    OwnSet(Result<OwnSettings, Fault>),
    /// Of [`Effect::ProveCode`]: whether the drawn code reads back as its link.
    Proved(Ticket, bool),
    /// Of [`Effect::OpenChat`]: the link, and whether the opener ended well.
    ChatOpened(SafeText, bool),
    /// Of [`Effect::OpenLink`]: the link, and whether the opener ended well.
    LinkOpened(SafeText, bool),
}

/// What an update leads to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// To be done outside.
    pub effects: Vec<Effect>,
    /// Whether anything visible changed.
    pub redraw: bool,
}

impl Step {
    /// Nothing.
    pub fn none() -> Self {
        Self::default()
    }

    /// Something visible changed.
    pub fn draw() -> Self {
        Self { effects: Vec::new(), redraw: true }
    }

    /// Something visible changed, and this is to be done.
    pub fn run(effect: Effect) -> Self {
        Self { effects: vec![effect], redraw: true }
    }

    /// Both.
    #[must_use]
    pub fn and(mut self, other: Self) -> Self {
        self.effects.extend(other.effects);
        self.redraw |= other.redraw;
        self
    }
}
