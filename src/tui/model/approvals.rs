//! The page of approvals: what is listed in which order, what a filter leaves out, what is marked.

use std::collections::{BTreeSet, HashSet};
use std::time::Duration;

use super::cursor::Cursor;
use crate::domain::{ApprovalKind, Channel, Part, Request, RequestAction, RequestId, Time};
use crate::search::fold;
use crate::text::Untrusted;

/// How the queue is ordered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum QueueOrder {
    /// What ends first stands first.
    #[default]
    Due,
    /// What has waited longest stands first.
    Age,
    /// By name.
    Name,
}

/// By what rows stand together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grouping {
    /// By the company of the requester.
    Company,
    /// By the card that they came by.
    Card,
    /// By kind.
    Kind,
    /// By when they end.
    Due,
}

/// When a request ends, as groups and filters tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DueIn {
    /// Within a day.
    Day,
    /// Within a week.
    Week,
    /// Later, or never.
    Later,
}

impl DueIn {
    /// When a request ends, seen from now.
    pub fn of(request: &Request, now: Time) -> Self {
        let day = Duration::from_secs(24 * 3_600);
        if request.expires <= now.after(day) {
            Self::Day
        } else if request.expires <= now.after(7 * day) {
            Self::Week
        } else {
            Self::Later
        }
    }
}

/// What the rows of a group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum GroupKey {
    /// A company, or a card's label; folded.
    Named(String),
    /// No card with a label: the channel.
    Channel(Channel),
    /// Neither, or the groups are kinds: the kind.
    Kind(ApprovalKind),
    /// When they end.
    Due(DueIn),
    /// No company.
    Nameless,
}

/// What a request has in common with others: the key, and its name where it has one.
pub type Common = (GroupKey, Option<Untrusted>);

/// The company of a request's row.
pub fn company_of(request: &Request) -> Common {
    match request.requester.company.as_ref().filter(|company| !company.is_empty()) {
        Some(company) => (GroupKey::Named(fold(company.as_data())), Some(company.clone())),
        None => (GroupKey::Nameless, None),
    }
}

/// The card by which a request came, or what stands for it: the system that alone decides it, its channel, its kind.
pub fn card_of(request: &Request) -> Common {
    let system = request.elsewhere.as_ref().map(|other| &other.system);
    match (request.card_label.as_ref().or(system), request.channel) {
        (Some(label), _) => (GroupKey::Named(fold(label.as_data())), Some(label.clone())),
        (None, Some(channel)) => (GroupKey::Channel(channel), None),
        (None, None) => (GroupKey::Kind(request.kind), None),
    }
}

impl Grouping {
    /// What a request has in common with the others of its group.
    pub fn of(self, request: &Request, now: Time) -> Common {
        match self {
            Self::Company => company_of(request),
            Self::Card => card_of(request),
            Self::Kind => (GroupKey::Kind(request.kind), None),
            Self::Due => (GroupKey::Due(DueIn::of(request, now)), None),
        }
    }

    /// Whether the groups have an order of their own; else the largest comes first.
    pub const fn is_ordered(self) -> bool {
        matches!(self, Self::Due)
    }
}

/// The heading of a group.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// What its rows have in common.
    pub key: GroupKey,
    /// The name, where there is one.
    pub name: Option<Untrusted>,
    /// How many rows there are.
    pub count: usize,
    /// How many of them have warnings.
    pub flagged: usize,
    /// Whether they are shown.
    pub open: bool,
}

/// A row of the queue.
#[derive(Clone, Debug, PartialEq)]
pub enum QueueRow {
    /// The heading of a group.
    Group(Group),
    /// A request.
    Request(RequestId),
}

impl QueueRow {
    /// Whether it is the same row, whatever has changed in it.
    pub fn is(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Group(a), Self::Group(b)) => a.key == b.key,
            (Self::Request(a), Self::Request(b)) => a == b,
            _ => false,
        }
    }

    /// The request.
    pub fn request(&self) -> Option<&RequestId> {
        match self {
            Self::Request(id) => Some(id),
            Self::Group(_) => None,
        }
    }
}

/// What the queue is narrowed down to; everything has to hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Filter {
    /// For the viewer, not for somebody whom they stand in for or second.
    pub mine: bool,
    /// With warnings.
    pub flagged: bool,
    /// Of this company.
    pub company: Option<Common>,
    /// By this card.
    pub card: Option<Common>,
    /// Of this kind.
    pub kind: Option<ApprovalKind>,
    /// That end then.
    pub due: Option<DueIn>,
}

impl Filter {
    /// Whether nothing is left out.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a request passes.
    pub fn passes(&self, request: &Request, now: Time) -> bool {
        (!self.mine || matches!(request.part, Part::Target | Part::Requester))
            && (!self.flagged || !request.flags.is_empty())
            && self.company.as_ref().is_none_or(|(key, _)| company_of(request).0 == *key)
            && self.card.as_ref().is_none_or(|(key, _)| card_of(request).0 == *key)
            && self.kind.is_none_or(|kind| request.kind == kind)
            && self.due.is_none_or(|due| DueIn::of(request, now) == due)
    }
}

/// A range that is being marked.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    /// Where it begins.
    pub from: RequestId,
    /// What was marked before.
    pub before: BTreeSet<RequestId>,
}

/// The page of approvals.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Approvals {
    /// The rows: what waits, and what was decided and can be taken back, with the headings of groups.
    pub list: Vec<QueueRow>,
    /// The requests that pass the filter, in the order of the list, those of folded groups too.
    pub shown: Vec<RequestId>,
    /// How many the filter leaves out.
    pub hidden: usize,
    /// Where in the list.
    pub cursor: Cursor,
    /// How many wait: decided ones do not count, nor those whose decision is on its way.
    pub waiting: usize,
    /// How many of them end within a day.
    pub due: usize,
    /// What is marked; always among the shown.
    pub marks: BTreeSet<RequestId>,
    /// What was passed over when rows were marked by what they have in common: a decision names it.
    pub passed: BTreeSet<RequestId>,
    /// The range that is being marked.
    pub range: Option<Range>,
    /// The order.
    pub order: QueueOrder,
    /// By what rows stand together.
    pub grouping: Option<Grouping>,
    /// Groups whose rows are shown.
    pub open: HashSet<GroupKey>,
    /// What is left out.
    pub filter: Filter,
}

impl Approvals {
    /// The request at a place of the list.
    pub fn request_at(&self, at: usize) -> Option<&RequestId> {
        self.list.get(at)?.request()
    }

    /// The heading under the cursor.
    pub fn group(&self) -> Option<&Group> {
        match self.list.get(self.cursor.at)? {
            QueueRow::Group(group) => Some(group),
            QueueRow::Request(_) => None,
        }
    }

    /// Where a request stands in the list.
    pub fn place(&self, id: &RequestId) -> Option<usize> {
        self.list.iter().position(|row| row.request() == Some(id))
    }
}

/// Whether a request needs an answer that belongs to it alone: a scope, somebody to take it over.
pub fn has_own_step(request: &Request) -> bool {
    request.kind == ApprovalKind::PartnerLink || request.allows(RequestAction::Assign)
}
