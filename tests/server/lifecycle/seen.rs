//! What the model says that somebody sees: as what they stand to a request, what they may do, whom they have.

use std::collections::BTreeSet;

use super::model::{Contact, ItemState, Kind, Model, Need, Part, Request, State};
use super::people::{Member, Person};

/// A request as somebody sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    pub state: &'static str,
    pub revision: i64,
    pub part: &'static str,
    pub queued: bool,
    pub allowed: BTreeSet<&'static str>,
    pub items: Vec<&'static str>,
}

/// A contact as its owner sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Known {
    pub peer: Person,
    pub one_sided: bool,
    pub may_refuse: bool,
}

impl Model {
    fn approves(&self, request: &Request, viewer: Member, part: Part) -> bool {
        request.approvers.iter().filter(|approver| approver.part == part).any(|approver| {
            match approver.member {
                Some(member) => member == viewer,
                None => viewer.is_admin() && approver.company == viewer.company(),
            }
        })
    }

    fn as_target(&self, request: &Request, viewer: Member) -> Option<Part> {
        let target = request.target?;
        if target == viewer {
            Some(Part::Target)
        } else {
            (self.stand_in(target) == Some(viewer)).then_some(Part::StandIn)
        }
    }

    pub fn assigns(&self, request: &Request, viewer: Member) -> bool {
        self.approves(request, viewer, Part::Assigner)
    }

    /// As what somebody has to decide now.
    pub fn waits_for(&self, request: &Request, viewer: Member) -> Option<Part> {
        if !request.is_open(self.now) {
            return None;
        }
        if request.state == State::Pending {
            return self.as_target(request, viewer).or_else(|| {
                if self.approves(request, viewer, Part::Admin) {
                    Some(Part::Admin)
                } else {
                    (request.target.is_none() && self.assigns(request, viewer)).then_some(Part::Assigner)
                }
            });
        }
        // Two approvals are two people's, and neither of them is whoever asks.
        let involved = request.target == Some(viewer)
            || request.from == Person::Member(viewer)
            || request.first().contains(&viewer);
        let needs = [(request.asked, Part::ManagerAsked), (request.asking, Part::ManagerAsking)];
        needs
            .into_iter()
            .filter(|_| !involved)
            .find(|(need, part)| *need == Need::Waits && self.approves(request, viewer, *part))
            .map(|(_, part)| part)
    }

    /// As what somebody's queue was about a decision that can still be taken back.
    pub fn held_for(&self, request: &Request, viewer: Member) -> Option<Part> {
        let last = request.last().filter(|_| request.is_held(self.now))?;
        let asks = request.from == Person::Member(viewer)
            && matches!(last.part, Part::ManagerAsked | Part::ManagerAsking);
        self.as_target(request, viewer).filter(|_| last.part == Part::Target).or_else(|| {
            (last.who == viewer || !asks && self.approves(request, viewer, last.part)).then_some(last.part)
        })
    }

    /// As what somebody may read a request; none: it is not there for them.
    pub fn part_of(&self, request: &Request, viewer: Member) -> Option<Part> {
        let managers_know = request.state == State::PendingManager && !request.is_held(self.now);
        let as_approver = || {
            [Part::Admin, Part::Assigner, Part::ManagerAsked, Part::ManagerAsking]
                .into_iter()
                .filter(|part| matches!(part, Part::Admin | Part::Assigner) || managers_know)
                .find(|part| self.approves(request, viewer, *part))
        };
        self.waits_for(request, viewer)
            .or_else(|| self.held_for(request, viewer))
            .or_else(|| self.as_target(request, viewer))
            .or_else(|| (request.from == Person::Member(viewer)).then_some(Part::Requester))
            .or_else(|| request.past.contains(&viewer).then_some(Part::Past))
            .or_else(as_approver)
    }

    fn allowed(&self, request: &Request, viewer: Member, part: Part) -> BTreeSet<&'static str> {
        let mut allowed = BTreeSet::new();
        match self.waits_for(request, viewer) {
            Some(Part::Assigner) => allowed.extend(["assign"]),
            Some(waits) => {
                allowed.extend(["approve", "reject", "snooze"]);
                if request.kind == Kind::Connection && matches!(waits, Part::Target | Part::StandIn) {
                    allowed.extend(["block", "ask", "pass"]);
                }
            }
            None if request.is_held(self.now) && request.last().is_some_and(|last| last.who == viewer) => {
                allowed.extend(["undo"]);
            }
            None => {}
        }
        let given = request.kind == Kind::Handover && request.target.is_some();
        if given && request.is_open(self.now) && self.assigns(request, viewer) {
            allowed.extend(["assign"]);
        }
        if part == Part::Requester && request.seen_at(self.now) == State::Pending {
            allowed.extend(["withdraw"]);
        }
        allowed
    }

    /// A request as somebody sees it, if it is there for them.
    pub fn view(&self, at: usize, viewer: Member) -> Option<View> {
        let request = &self.requests[at];
        let part = self.part_of(request, viewer).filter(|_| self.is_here(viewer))?;
        let deaf = part == Part::Requester && request.crosses();
        let queued = self.waits_for(request, viewer).is_some() || self.held_for(request, viewer).is_some();
        let items = request.items.iter().map(|item| match item.state {
            ItemState::Waiting => "waiting",
            ItemState::Told { due, .. } if due > self.now => "told",
            ItemState::Told { .. } | ItemState::Done => "done",
            ItemState::Refused => "refused",
            ItemState::Failed => "failed",
        });
        Some(View {
            state: if deaf { request.seen_at(self.now) } else { request.state_at(self.now) }.word(),
            revision: request.revision - i64::from(deaf && request.is_held(self.now)),
            part: part.word(),
            queued,
            allowed: self.allowed(request, viewer, part),
            items: items.collect(),
        })
    }

    /// Somebody's queue.
    pub fn queue(&self, viewer: Member) -> BTreeSet<usize> {
        let in_queue = |at: &usize| {
            let request = &self.requests[*at];
            self.waits_for(request, viewer).is_some() || self.held_for(request, viewer).is_some()
        };
        (0..self.requests.len()).filter(in_queue).collect()
    }

    /// Somebody's contacts.
    pub fn known(&self, owner: Member) -> Vec<Known> {
        let mut known: Vec<Known> = self
            .contacts_now(owner)
            .map(|(_, row)| Known {
                peer: row.peer,
                one_sided: match row.peer {
                    Person::Member(peer) => {
                        !self.contacts_now(peer).any(|(_, other)| other.peer == Person::Member(owner))
                    }
                    Person::Visitor(_) => false,
                },
                may_refuse: self.told(owner, row.peer).is_some(),
            })
            .collect();
        known.sort_unstable();
        known
    }

    /// The item by which whoever has `owner` as a contact is handing them over, while they may refuse:
    /// request and number.
    pub fn told(&self, owner: Member, giver: Person) -> Option<(usize, usize)> {
        let Person::Member(giver) = giver else { return None };
        self.told_where(|row| row.owner == giver && row.peer == Person::Member(owner))
    }

    /// The same of the contact that fits.
    pub fn told_where(&self, fits: impl Fn(&Contact) -> bool) -> Option<(usize, usize)> {
        self.requests.iter().enumerate().find_map(|(at, request)| {
            let found = request.items.iter().position(|item| {
                matches!(item.state, ItemState::Told { due, .. } if due > self.now)
                    && item.contact.is_some_and(|contact| fits(&self.contacts[contact]))
            });
            found.map(|n| (at, n))
        })
    }
}
