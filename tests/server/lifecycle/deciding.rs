//! Deciding, taking back, withdrawing, and what comes of it.

use super::model::{
    Answer, Block, CHANGED, Choice, Contact, DECIDED, Decided, FORBIDDEN, Grant, ItemState, Kind, Model,
    NOT_FOUND, NOT_OPEN, Need, OK, Part, REFUSE_WITHIN, Request, State, Time, WEEK, WINDOW_OVER, day,
    refused,
};
use super::people::{Member, Person};

impl Model {
    /// Somebody decides a request in the revision that they name.
    pub fn decide(&mut self, by: Member, at: usize, what: Choice, stale: bool) -> Answer {
        let request = &self.requests[at];
        match self.part_of(request, by) {
            None => return NOT_FOUND,
            Some(Part::Requester) => return FORBIDDEN,
            Some(_) => {}
        }
        if !request.is_open(self.now) {
            let decided = request.last().is_some() && request.state_at(self.now) != State::Expired;
            return if decided { DECIDED } else { NOT_OPEN };
        }
        if stale {
            return CHANGED;
        }
        let Some(waits) = self.waits_for(request, by).filter(|part| *part != Part::Assigner) else {
            return FORBIDDEN;
        };
        if request.kind == Kind::Handover {
            return self.answer_handover(by, at, what);
        }
        let as_target = matches!(waits, Part::Target | Part::StandIn);
        let owner = if as_target { request.target.unwrap() } else { by };
        let (mut asked, mut asking) = (request.asked, request.asking);
        let state = match what {
            Choice::Approve => {
                if as_target {
                    if !self.may_cross(owner) {
                        return refused("external_not_granted");
                    }
                    if !self.has_room(owner) {
                        return refused("contact_limit");
                    }
                    let from = self.rules(owner.company()).manager_in;
                    let needs = from.is_some_and(|from| Self::count(&self.approved, owner, self.now) >= from);
                    asked = if needs { Need::Waits } else { Need::None };
                }
                match waits {
                    Part::ManagerAsked => asked = Need::Given,
                    Part::ManagerAsking => asking = Need::Given,
                    _ => {}
                }
                if [asked, asking].contains(&Need::Waits) { State::PendingManager } else { State::Approved }
            }
            Choice::Reject => State::Rejected,
            Choice::Block if as_target => State::Blocked,
            Choice::Block => return FORBIDDEN,
        };
        let effective = self.now + self.rules(by.company()).undo;
        let part = if waits == Part::StandIn { Part::Target } else { waits };
        self.write(at, (by, part, what), (state, effective));
        let request = &mut self.requests[at];
        (request.asked, request.asking) = (asked, asking);
        if state == State::PendingManager {
            request.expires = effective + WEEK;
        }
        if what == Choice::Approve && part == Part::Target {
            *self.approved.entry((owner, day(self.now))).or_default() += 1;
            if state == State::PendingManager {
                for (need, part) in [(asked, Part::ManagerAsked), (asking, Part::ManagerAsking)] {
                    if need == Need::Waits {
                        self.appoint(at, part, &[by]);
                    }
                }
            }
        }
        match state {
            State::Approved => self.come_about(at, effective),
            State::Blocked => {
                let request = &self.requests[at];
                let (company, person) = (request.company, request.from);
                self.blocks.push(Block { company, person, from: effective, request: at });
            }
            _ => {}
        }
        OK
    }

    /// Writes a decision down.
    fn write(
        &mut self,
        at: usize,
        (who, part, what): (Member, Part, Choice),
        (after, effective): (State, Time),
    ) {
        let version = self.versions[&who.company()];
        let now = self.now;
        let request = &mut self.requests[at];
        let before = (request.state, request.expires);
        request.decided.push(Decided {
            part,
            who,
            what,
            at: now,
            effective,
            undone: false,
            before,
            after,
            version,
        });
        request.past.insert(who);
        request.state = after;
        request.effective = Some(effective);
        request.revision += 1;
    }

    /// What an approval leads to, from a moment on.
    fn come_about(&mut self, at: usize, from: Time) {
        match self.requests[at].kind {
            Kind::Connection => self.connect(at, from),
            Kind::Permission => {
                let request = &self.requests[at];
                if let Person::Member(member) = request.from {
                    let until = request.until;
                    let grant = Grant { member, request: Some(at), since: from, until, taken: false };
                    self.grants.push(grant);
                }
            }
            Kind::Link => {
                let link = self.links.iter_mut().find(|link| link.request == Some(at)).unwrap();
                link.since = Some(from);
            }
            Kind::Handover => {}
        }
    }

    /// Both sides have the contact from a moment on; who has it already has it once.
    pub fn connect(&mut self, at: usize, from: Time) {
        let request = &self.requests[at];
        let target = request.target.unwrap();
        let by_own_card = request.card.is_some_and(|(of, _)| of == target);
        let theirs = match request.from {
            Person::Member(member) => Some((member, Person::Member(target), !by_own_card)),
            Person::Visitor(_) => None,
        };
        let ours = (target, request.from, false);
        for (owner, peer, email) in std::iter::once(ours).chain(theirs) {
            let stays = |row: &&mut Contact| {
                row.owner == owner && row.peer == peer && row.gone.is_none() && !row.unmade
            };
            let known = self.contacts.iter_mut().find(stays).filter(|_| matches!(peer, Person::Member(_)));
            match known {
                Some(row) if row.since > from => (row.request, row.since) = (Some(at), from),
                Some(_) => {}
                None => self.contacts.push(Contact {
                    owner,
                    peer,
                    request: Some(at),
                    since: from,
                    gone: None,
                    email,
                    unmade: false,
                    revision: 1,
                }),
            }
        }
    }

    /// Takes back what a held decision would have led to.
    fn unmake(&mut self, at: usize) {
        let now = self.now;
        for n in 0..self.contacts.len() {
            let row = &self.contacts[n];
            if row.request != Some(at) || row.since <= now || row.unmade {
                continue;
            }
            // Another yes between the two that is held too.
            let between = |request: &Request| match (request.from, request.target) {
                (Person::Member(from), Some(target)) => {
                    (from, Person::Member(target)) == (row.owner, row.peer)
                        || (target, request.from) == (row.owner, row.peer)
                }
                _ => false,
            };
            let other = self
                .requests
                .iter()
                .enumerate()
                .filter(|(_, request)| {
                    request.kind == Kind::Connection
                        && request.state == State::Approved
                        && request.is_held(now)
                        && between(request)
                })
                .map(|(other, request)| (request.effective.unwrap(), other))
                .min();
            // Or one of the two takes the other over, and nobody has refused yet.
            let taken_over = |row: &Contact, made: &Contact| {
                (made.owner, made.peer) == (row.owner, row.peer)
                    || (Person::Member(made.owner), made.peer) == (row.peer, Person::Member(row.owner))
            };
            let told = self.requests.iter().flat_map(|request| &request.items);
            let due = told
                .filter_map(|item| match item.state {
                    ItemState::Told { due, made } if due > now && taken_over(row, &self.contacts[made]) => {
                        Some(due)
                    }
                    _ => None,
                })
                .min();
            let row = &mut self.contacts[n];
            match (other, due) {
                (Some((since, other)), _) => (row.request, row.since) = (Some(other), since),
                (None, Some(due)) => (row.request, row.since) = (None, due),
                (None, None) => {
                    row.unmade = true;
                    self.drop_items(n);
                }
            }
        }
        self.blocks.retain(|block| block.request != at);
        self.grants.retain(|grant| grant.request != Some(at) || grant.since <= now);
        if let Some(link) = self.links.iter_mut().find(|link| link.request == Some(at)) {
            link.since = None;
        }
    }

    /// A contact that never was is not handed over either.
    fn drop_items(&mut self, contact: usize) {
        let now = self.now;
        for item in self.requests.iter_mut().flat_map(|request| &mut request.items) {
            if item.contact != Some(contact) {
                continue;
            }
            if let ItemState::Told { made, .. } = item.state {
                self.contacts[made].gone = Some(now);
                self.contacts[made].revision += 1;
            }
            if matches!(item.state, ItemState::Waiting | ItemState::Told { .. }) {
                item.state = ItemState::Failed;
            }
        }
    }

    /// Whoever decided takes it back.
    pub fn undo(&mut self, by: Member, at: usize, stale: bool) -> Answer {
        let request = &self.requests[at];
        if self.part_of(request, by).is_none() {
            return NOT_FOUND;
        }
        if stale {
            return CHANGED;
        }
        let last = match request.last() {
            None => return NOT_OPEN,
            Some(last) if last.who != by => return FORBIDDEN,
            Some(last) => last.clone(),
        };
        if !request.is_held(self.now) {
            return WINDOW_OVER;
        }
        let owner = request.target;
        let request = &mut self.requests[at];
        (request.state, request.expires) = last.before;
        request.effective = None;
        request.revision += 1;
        let again = |need: Need| if need == Need::Given { Need::Waits } else { need };
        match last.part {
            Part::Target => {
                request.asked = Need::None;
                request
                    .approvers
                    .retain(|approver| !matches!(approver.part, Part::ManagerAsked | Part::ManagerAsking));
            }
            Part::ManagerAsked => request.asked = again(request.asked),
            Part::ManagerAsking => request.asking = again(request.asking),
            _ => {}
        }
        self.take_back_steps(at);
        self.unmake(at);
        // What was counted is given back.
        if let (Choice::Approve, Part::Target, Some(owner)) = (last.what, last.part, owner) {
            *self.approved.entry((owner, day(last.at))).or_default() -= 1;
        }
        OK
    }

    fn take_back_steps(&mut self, at: usize) {
        let now = self.now;
        for decided in &mut self.requests[at].decided {
            decided.undone |= decided.effective > now;
        }
    }

    /// A member takes their own request back.
    pub fn withdraw(&mut self, by: Member, at: usize) -> Answer {
        let request = &self.requests[at];
        if self.part_of(request, by).is_none() {
            return NOT_FOUND;
        }
        if request.from != Person::Member(by) {
            return FORBIDDEN;
        }
        if self.take_back(at) { OK } else { NOT_OPEN }
    }

    /// The requester takes back what they see as pending; a decision that they have not heard of goes with it.
    pub fn take_back(&mut self, at: usize) -> bool {
        let request = &mut self.requests[at];
        if request.has_ended(self.now) {
            return false;
        }
        request.state = State::Withdrawn;
        request.effective = None;
        request.revision += 1;
        self.take_back_steps(at);
        self.unmake(at);
        true
    }

    /// The receiver's answer to a handover. It takes effect at once.
    fn answer_handover(&mut self, by: Member, at: usize, what: Choice) -> Answer {
        let given = self.requests[at].approvers.iter().any(|approver| approver.part == Part::Assigner);
        if what != Choice::Approve && given {
            let request = &mut self.requests[at];
            request.target = None;
            request.revision += 1;
            request.past.insert(by);
            return OK;
        }
        let receiver = self.requests[at].target.unwrap();
        let state = if what == Choice::Approve { State::Approved } else { State::Rejected };
        self.write(at, (by, Part::Target, what), (state, self.now));
        if what == Choice::Approve {
            self.take_over(at, receiver);
        }
        OK
    }

    fn take_over(&mut self, at: usize, receiver: Member) {
        let (now, due) = (self.now, self.now + REFUSE_WITHIN);
        let Person::Member(giver) = self.requests[at].from else { return };
        for n in 0..self.requests[at].items.len() {
            let item = self.requests[at].items[n];
            if item.state != ItemState::Waiting {
                continue;
            }
            if let Some(pending) = item.request {
                let request = &mut self.requests[pending];
                let moves = request.state == State::Pending && request.is_open(now);
                if moves {
                    request.target = Some(receiver);
                    request.revision += 1;
                    request.past.insert(giver);
                }
                self.requests[at].items[n].state = if moves { ItemState::Done } else { ItemState::Failed };
                continue;
            }
            let contact = item.contact.unwrap();
            let row = self.contacts[contact].clone();
            let known = self
                .contacts_to_come(receiver)
                .any(|(_, own)| own.peer == row.peer && matches!(row.peer, Person::Member(_)));
            if row.gone.is_some() || row.unmade || known || !self.has_room(receiver) {
                self.requests[at].items[n].state = ItemState::Failed;
                continue;
            }
            let made = self.move_to(contact, receiver, row.peer, row.email, due);
            self.requests[at].items[n].state = ItemState::Told { due, made };
            let Person::Member(peer) = row.peer else { continue };
            let theirs = self.contacts_now(peer).find(|(_, own)| own.peer == Person::Member(giver));
            if let Some(theirs) = theirs.map(|(theirs, _)| theirs) {
                let has = self.contacts_to_come(peer).any(|(_, own)| own.peer == Person::Member(receiver));
                if has {
                    self.end(theirs, due);
                } else {
                    self.move_to(theirs, peer, Person::Member(receiver), false, due);
                }
            }
        }
    }

    fn end(&mut self, contact: usize, at: Time) {
        self.contacts[contact].gone = Some(at);
        self.contacts[contact].revision += 1;
    }

    fn move_to(&mut self, contact: usize, owner: Member, peer: Person, email: bool, at: Time) -> usize {
        self.end(contact, at);
        self.contacts.push(Contact {
            owner,
            peer,
            request: None,
            since: at,
            gone: None,
            email,
            unmade: false,
            revision: 1,
        });
        self.contacts.len() - 1
    }

    /// The contact refuses whoever takes over: nobody has it any more.
    pub fn refuse(&mut self, at: usize, n: usize) {
        let item = self.requests[at].items[n];
        let (Some(contact), ItemState::Told { due, made }) = (item.contact, item.state) else { return };
        self.requests[at].items[n].state = ItemState::Refused;
        let mut gone = vec![made, contact];
        if let (Person::Member(peer), Some(receiver), Person::Member(giver)) =
            (self.contacts[contact].peer, self.requests[at].target, self.requests[at].from)
        {
            let has = |whom: Member, when: Time| {
                self.contacts.iter().position(|row| {
                    row.owner == peer
                        && row.peer == Person::Member(whom)
                        && !row.unmade
                        && row.since <= when
                        && row.gone.is_none_or(|gone| gone > when)
                })
            };
            gone.extend(has(receiver, due));
            gone.extend(has(giver, self.now));
        }
        for contact in gone {
            self.end(contact, self.now);
        }
    }
}
