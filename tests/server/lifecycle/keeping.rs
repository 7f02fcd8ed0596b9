//! What members and admins do besides asking and deciding: cards, rules, settings, contacts, leaving.

use super::model::{
    Answer, Approver, CHANGED, Code, DAY, EXISTS, FORBIDDEN, Item, ItemState, Kind, Model, NOT_FOUND,
    NOT_OPEN, OK, Part, Rules, State, Time, WEEK, invalid,
};
use super::people::{Member, Person};
use super::step::CardChange;

/// So long a printed card's code lives.
const PRINTED: Time = 365 * DAY;

impl Model {
    /// The owner of a card does something with it.
    pub fn change_card(&mut self, by: Member, what: CardChange) -> Answer {
        let now = self.now;
        let cards = self.cards.get_mut(&by).unwrap();
        let last = *cards.codes.last().unwrap();
        let there = !cards.revoked.contains(&last.card);
        let next = |card| Code { card, made: now, ends: now + PRINTED };
        match what {
            CardChange::Make if !there => cards.codes.push(next(last.card + 1)),
            CardChange::Make if last.ends <= now => cards.codes.push(next(last.card)),
            CardChange::Make => {}
            _ if !there => return NOT_FOUND,
            CardChange::Rotate { leaked } => {
                for code in cards.codes.iter_mut().filter(|code| code.card == last.card) {
                    // The code of a printed card goes on for a week; one in wrong hands ends as if it had never been.
                    code.ends = code.ends.min(if leaked { code.made } else { now + WEEK });
                }
                cards.codes.push(next(last.card));
            }
            CardChange::Revoke => {
                cards.revoked.insert(last.card);
            }
            CardChange::End { after } => cards.codes.last_mut().unwrap().ends = now + after,
        }
        OK
    }

    /// An admin changes the rules of their company.
    pub fn apply_rules(&mut self, by: Member, rules: Rules, stale: bool) -> Answer {
        if !by.is_admin() {
            return FORBIDDEN;
        }
        if stale {
            return CHANGED;
        }
        self.rules.insert(by.company(), rules);
        *self.versions.get_mut(&by.company()).unwrap() += 1;
        self.appoint_anew(by.company());
        OK
    }

    /// A member says whether they take requests, and who stands in while they are away.
    pub fn set(&mut self, by: Member, accepts: bool, away: Option<(Time, Member)>, stale: bool) -> Answer {
        if let Some((_, stand_in)) = away
            && (stand_in.company() != by.company() || stand_in == by || !self.is_here(stand_in))
        {
            return invalid("stand_in");
        }
        if stale {
            return CHANGED;
        }
        let now = self.now;
        let settings = self.settings.get_mut(&by).unwrap();
        settings.accepts = accepts;
        settings.away_until = away.map_or(0, |(after, _)| now + after);
        settings.stand_in = away.map(|(_, stand_in)| stand_in);
        settings.revision += 1;
        OK
    }

    /// An admin takes a member out. What they leave behind waits for somebody to take it over.
    pub fn leave(&mut self, by: Member, who: Member) -> Answer {
        if !by.is_admin() {
            return FORBIDDEN;
        }
        if who.company() != by.company() || !self.is_here(who) {
            return NOT_FOUND;
        }
        for settings in self.settings.values_mut().filter(|settings| settings.stand_in == Some(who)) {
            settings.stand_in = None;
            settings.revision += 1;
        }
        let mut pending = Vec::new();
        for at in 0..self.requests.len() {
            let request = &mut self.requests[at];
            // What a first approval is held for is open too: its second one is still to come.
            let undecided = matches!(request.state_at(self.now), State::Pending | State::PendingManager);
            if !undecided {
                continue;
            }
            if request.from == Person::Member(who) && request.kind != Kind::Handover {
                self.take_back(at);
            } else if request.target == Some(who) && request.kind == Kind::Connection {
                pending.push(at);
            } else if request.target == Some(who) && request.kind == Kind::Handover {
                request.target = None;
                request.revision += 1;
            }
        }
        // What is promised to somebody already is theirs.
        let contacts: Vec<usize> =
            self.contacts_to_come(who).filter(|(_, row)| row.gone.is_none()).map(|(at, _)| at).collect();
        if !contacts.is_empty() || !pending.is_empty() {
            let mut request = self.request(Kind::Handover, who.company(), None, Person::Member(who));
            let item = |contact, request| Item { contact, request, state: ItemState::Waiting };
            request.items = contacts.into_iter().map(|at| item(Some(at), None)).collect();
            request.items.extend(pending.into_iter().map(|at| item(None, Some(at))));
            let assigner = |member| Approver { part: Part::Assigner, company: who.company(), member };
            request.approvers.extend(self.manager_of(who, &[who]).map(|manager| assigner(Some(manager))));
            request.approvers.push(assigner(None));
            self.requests.push(request);
        }
        self.left.insert(who);
        self.appoint_anew(who.company());
        OK
    }

    /// A manager or an admin chooses who takes a handover over.
    pub fn assign(&mut self, by: Member, at: usize, to: Member, stale: bool) -> Answer {
        let request = &self.requests[at];
        if self.part_of(request, by).is_none() {
            return NOT_FOUND;
        }
        if stale {
            return CHANGED;
        }
        if request.kind != Kind::Handover || !request.is_open(self.now) {
            return NOT_OPEN;
        }
        if !self.assigns(request, by) {
            return FORBIDDEN;
        }
        if to.company() != by.company() || !self.is_here(to) {
            return invalid("member");
        }
        if request.from == Person::Member(to) || request.target == Some(to) {
            return invalid("member");
        }
        let request = &mut self.requests[at];
        request.target = Some(to);
        request.revision += 1;
        request.past.insert(by);
        OK
    }

    /// A member offers a contact of theirs to a colleague.
    pub fn offer(&mut self, by: Member, contact: usize, to: Member) -> Answer {
        if to.company() != by.company() || to == by || !self.is_here(to) {
            return invalid("member");
        }
        let under_way = self.requests.iter().any(|request| {
            request.items.iter().any(|item| {
                item.contact == Some(contact)
                    && match item.state {
                        ItemState::Waiting => request.state == State::Pending,
                        ItemState::Told { due, .. } => due > self.now,
                        _ => false,
                    }
            })
        });
        if under_way {
            return EXISTS;
        }
        let mut request = self.request(Kind::Handover, by.company(), Some(to), Person::Member(by));
        request.items = vec![Item { contact: Some(contact), request: None, state: ItemState::Waiting }];
        self.requests.push(request);
        OK
    }

    /// The owner of a contact removes it.
    pub fn remove(&mut self, contact: usize, stale: bool) -> Answer {
        // What changes hands is refused, not removed.
        if stale {
            return CHANGED;
        }
        if self.contacts[contact].gone.is_some() {
            return FORBIDDEN;
        }
        self.contacts[contact].gone = Some(self.now);
        self.contacts[contact].revision += 1;
        OK
    }

    /// A contact that is told refuses whoever takes over.
    pub fn refuse_by(&mut self, contact: usize) -> Answer {
        let row = &self.contacts[contact];
        match self.told(row.owner, row.peer) {
            Some((at, n)) => {
                self.refuse(at, n);
                OK
            }
            None => NOT_OPEN,
        }
    }
}
