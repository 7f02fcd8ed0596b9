//! The state.

use std::collections::HashMap;

use super::approvals::{Approvals, QueueRow};
use super::data::Data;
use super::decisions::Decisions;
use super::layer::{Layer, RejectLayer};
use super::layout::{Regions, Size, layout};
use super::msg::Ticket;
use super::pages::{Directory, External};
use super::search::{Found, SearchBox, SearchPlace};
use super::toast::Toasts;
use crate::domain::{ContactId, Fault, LinkedPerson, Member, MemberId, Request, RequestId, Time};
use crate::tui::keys::{Chord, Scope};

/// A tab.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tab {
    /// Colleagues.
    #[default]
    Directory,
    /// People outside.
    External,
    /// What waits.
    Approvals,
}

impl Tab {
    /// All tabs, from left to right.
    pub const ALL: [Self; 3] = [Self::Directory, Self::External, Self::Approvals];

    /// Where its keys are looked up.
    pub const fn scope(self) -> Scope {
        match self {
            Self::Directory => Scope::Directory,
            Self::External => Scope::External,
            Self::Approvals => Scope::Approvals,
        }
    }
}

/// How far the program has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Phase {
    /// Nothing is known yet.
    #[default]
    Opening,
    /// The made-up company is being filled in.
    Seeding {
        /// Whether that takes some seconds.
        long: bool,
    },
    /// There is something to show.
    Ready,
    /// It could not begin.
    Failed(Fault),
}

/// Whether the server is there.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Link {
    /// It is, or nobody has noticed yet.
    #[default]
    Online,
    /// It is gone since then.
    Offline(Time, Fault),
}

/// A write whose answer is awaited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InFlight {
    /// Approving.
    Approve,
    /// Rejecting.
    Reject,
    /// Taking back.
    Undo,
    /// Asking back, passing on, putting aside.
    Converse,
}

/// Who or what is selected on the page, or shown by the top layer.
#[derive(Clone, Debug, PartialEq)]
pub enum Selected<'a> {
    /// Nobody.
    Nobody,
    /// A colleague.
    Member(&'a Member),
    /// An external contact.
    Contact(&'a crate::domain::Contact),
    /// A request.
    Request(&'a Request),
    /// Somebody whom a linked company shows.
    Linked(&'a LinkedPerson),
}

/// Everything that the screen knows.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The window.
    pub size: Size,
    /// How far the program has come.
    pub phase: Phase,
    /// Whether the server is there.
    pub link: Link,
    /// What the server has told.
    pub data: Data,
    /// The tab in front.
    pub tab: Tab,
    /// The directory's page.
    pub directory: Directory,
    /// The page of external contacts.
    pub external: External,
    /// The page of approvals.
    pub approvals: Approvals,
    /// What lies above the page; the last is on top.
    pub layers: Vec<Layer>,
    /// Short messages.
    pub toasts: Toasts,
    /// Keys pressed that begin something longer.
    pub prefix: Vec<Chord>,
    /// Writes to requests whose answers are awaited.
    pub in_flight: HashMap<RequestId, InFlight>,
    /// Rejections in own words that are not confirmed: what was typed is kept.
    pub unsent: HashMap<RequestId, RejectLayer>,
    /// Writes to contacts and cards whose answers are awaited.
    pub writing: usize,
    /// Decisions of this client.
    pub decisions: Decisions,
    /// The directory's index.
    pub people: SearchPlace<MemberId>,
    /// The contacts' index.
    pub outside: SearchPlace<ContactId>,
    /// The index of the people whom linked companies show.
    pub linked: SearchPlace<ContactId>,
    /// What the server's clock is ahead of ours, in microseconds.
    pub ahead: i64,
    /// When Ctrl-C was pressed last with nothing to leave.
    pub cancelled: Option<Time>,
    /// The contact whose history was asked for.
    pub reading: Option<ContactId>,
    /// The request whose details were asked for.
    pub reading_request: Option<RequestId>,
    /// Numbers of proofs.
    pub proofs: Ticket,
    /// Numbers of questions whom something means.
    pub aims: Ticket,
}

impl State {
    /// A state for a window, before anything is known.
    pub fn new(size: Size) -> Self {
        Self { size, ..Self::default() }
    }

    /// Where everything stands.
    pub fn regions(&self) -> Regions {
        layout(self.size, self)
    }

    /// The server's clock.
    pub fn server_now(&self, now: Time) -> Time {
        Time::from_micros(now.as_micros().saturating_add(self.ahead))
    }

    /// The search that is open on the tab in front.
    pub fn search_box(&self) -> Option<&SearchBox> {
        match self.tab {
            Tab::Directory => self.directory.search.as_ref(),
            Tab::External => self.external.search.as_ref(),
            Tab::Approvals => None,
        }
    }

    /// The search that is open on the tab in front.
    pub fn search_box_mut(&mut self) -> Option<&mut SearchBox> {
        match self.tab {
            Tab::Directory => self.directory.search.as_mut(),
            Tab::External => self.external.search.as_mut(),
            Tab::Approvals => None,
        }
    }

    /// Where keys are looked up now, innermost first.
    pub fn scopes(&self) -> Vec<Scope> {
        let mut scopes = vec![Scope::Always];
        match self.layers.last() {
            Some(layer) => scopes.extend_from_slice(layer.scopes()),
            None if self.search_box().is_some() => scopes.extend([Scope::Search, Scope::Field]),
            None => scopes.extend([self.tab.scope(), Scope::Page]),
        }
        scopes
    }

    /// Whether what is typed goes into a field.
    pub fn types_text(&self) -> bool {
        self.scopes().contains(&Scope::Field)
    }

    /// The member at a place of the directory's list or of its hits.
    pub fn listed_member(&self, at: usize) -> Option<&MemberId> {
        match &self.directory.search {
            Some(search) => match search.hits.get(at) {
                Some((Found::Member(id), _)) => Some(id),
                _ => None,
            },
            None => self.directory.list.get(at),
        }
    }

    /// The contact at a place of the list or of its hits.
    pub fn listed_contact(&self, at: usize) -> Option<&ContactId> {
        match &self.external.search {
            Some(search) => match search.hits.get(at) {
                Some((Found::Contact(id), _)) => Some(id),
                _ => None,
            },
            None => self.external.list.get(at),
        }
    }

    /// Rows of the list on the page in front, and where in it.
    pub fn list_len(&self) -> usize {
        match self.tab {
            Tab::Directory => {
                self.directory.search.as_ref().map_or(self.directory.list.len(), |s| s.hits.len())
            }
            Tab::External => self.external.search.as_ref().map_or(self.external.list.len(), |s| s.hits.len()),
            Tab::Approvals => self.approvals.list.len(),
        }
    }

    /// The selected row of the list on the page in front.
    pub fn list_at(&self) -> usize {
        match self.tab {
            Tab::Directory => {
                self.directory.search.as_ref().map_or(self.directory.list_cursor.at, |s| s.cursor.at)
            }
            Tab::External => self.external.search.as_ref().map_or(self.external.cursor.at, |s| s.cursor.at),
            Tab::Approvals => self.approvals.cursor.at,
        }
    }

    /// Who is selected on the page in front.
    pub fn on_page(&self) -> Selected<'_> {
        let at = self.list_at();
        let found = match self.tab {
            Tab::Directory => {
                self.listed_member(at).and_then(|id| self.data.member(id)).map(Selected::Member)
            }
            Tab::External => {
                let id = self.listed_contact(at);
                let contact = id.and_then(|id| self.data.contact(id)).map(Selected::Contact);
                contact.or_else(|| id.and_then(|id| self.data.linked_person(id)).map(Selected::Linked))
            }
            Tab::Approvals => {
                self.approvals.request_at(at).and_then(|id| self.data.request(id)).map(Selected::Request)
            }
        };
        found.unwrap_or(Selected::Nobody)
    }

    /// Who is shown by the top layer, else who is selected on the page.
    pub fn selected(&self) -> Selected<'_> {
        // A question is about what lies below it.
        let below = self.layers.iter().rev().find(|layer| !matches!(layer, Layer::Ask { .. }));
        match below {
            Some(Layer::Member { id, .. }) => self.data.member(id).map_or(Selected::Nobody, Selected::Member),
            Some(Layer::Contact { id, .. }) => {
                self.data.contact(id).map_or(Selected::Nobody, Selected::Contact)
            }
            Some(Layer::Request { id, .. }) => {
                self.data.request(id).map_or(Selected::Nobody, Selected::Request)
            }
            Some(Layer::Past(layer)) => {
                let id = layer.list.get(layer.cursor.at);
                id.and_then(|id| self.data.request(id)).map_or(Selected::Nobody, Selected::Request)
            }
            _ => self.on_page(),
        }
    }

    /// Whether a request is decided or being decided, so that the eye and the cursor may go on.
    pub fn is_settled(&self, request: &Request, now: Time) -> bool {
        let server = self.server_now(now);
        self.in_flight.contains_key(&request.id)
            || !request.lifetime().is_open(server)
            || request.asked_until.is_some_and(|until| until > server)
    }

    /// When something visible changes by itself: a message goes, a second of an undo window passes.
    pub fn next_deadline(&self, now: Time) -> Option<Time> {
        let toast = self.toasts.next();
        let server = self.server_now(now);
        let counting = self.tab == Tab::Approvals && self.phase == Phase::Ready;
        let rows = self.approvals.list.iter().filter(|_| counting).filter_map(QueueRow::request);
        let queue = rows.filter_map(|id| self.data.request(id));
        let held = queue.filter_map(|request| {
            let until = request.effective_at.filter(|at| *at > server)?.as_micros();
            // The next moment at which the whole seconds left are one fewer.
            let left = until - server.as_micros();
            let next = until - (left - 1) / 1_000_000 * 1_000_000;
            Some(Time::from_micros(next.saturating_sub(self.ahead)))
        });
        // What was put aside comes back, and what was asked about waits again.
        let aside = self.data.requests().flat_map(|request| [request.snoozed_until, request.asked_until]);
        let aside = aside.flatten().filter(|at| *at > server);
        let aside = aside.map(|at| Time::from_micros(at.as_micros().saturating_sub(self.ahead)));
        toast.into_iter().chain(held).chain(aside).min()
    }
}
