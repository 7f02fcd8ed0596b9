//! Asking, as the product describes it: what the verdict is, and what comes of a yes.

use super::model::{
    Answer, Approver, Block, DAY, EXISTS, FORBIDDEN, Grant, Kind, Link, Model, NOT_FOUND, Need, OK, Part,
    Request, State, Time, day, invalid, refused,
};
use super::people::{Company, Member, Person};
use super::step::Way;

/// So long a second request of the same visitor on the same card is not a new one.
const ONCE_IN: Time = DAY;

/// How somebody outside is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// By which card; none: by the link of the companies.
    card: Option<usize>,
    linked: bool,
}

impl Model {
    /// May somebody reach somebody? The refusal, or the way.
    pub fn verdict(&self, by: Member, of: Member, way: Way) -> Result<Reached, &'static str> {
        let reached = self.reach(by, of, way)?;
        let ours = self.rules(by.company());
        if self.has(by, of) {
            return Err("already_connected");
        }
        let asked = |request: &&Request| {
            request.kind == Kind::Connection
                && request.from == Person::Member(by)
                && request.target == Some(of)
        };
        let mut before = self.requests.iter().filter(asked);
        if before.clone().any(|request| request.is_open(self.now) || request.is_held(self.now)) {
            return Err("request_pending");
        }
        if !self.may_cross(by) {
            return Err("external_not_granted");
        }
        if self.is_blocked(of.company(), Person::Member(by))
            || self.is_blocked(by.company(), Person::Member(of))
        {
            return Err("blocked");
        }
        let declined = before.any(|request| {
            matches!(request.state, State::Rejected | State::Blocked)
                && request.effective.is_some_and(|at| at <= self.now && at + ours.cooldown > self.now)
        });
        if declined {
            return Err("declined_before");
        }
        if !self.may_cross(of) || !self.takes_requests(of) {
            return Err("target_not_accepting");
        }
        let sent = Self::count(&self.sent, by, self.now);
        if sent >= ours.per_day || self.open_sent(by) >= ours.open as usize {
            return Err("daily_limit");
        }
        if !self.has_room(by) {
            return Err("contact_limit");
        }
        Ok(reached)
    }

    fn reach(&self, by: Member, of: Member, way: Way) -> Result<Reached, &'static str> {
        let linked = self.linked(by.company(), of.company()).is_some() && self.is_here(of);
        match way {
            Way::Card { first } => {
                let codes = &self.cards[&of].codes;
                let code = if first { codes.first() } else { codes.last() }.unwrap();
                if !self.opens(of, code) {
                    return Err(if self.may_cross(by) { "card_unknown" } else { "external_not_granted" });
                }
                if by.company() == of.company() {
                    return Err("colleague");
                }
                Ok(Reached { card: Some(code.card), linked })
            }
            Way::Address => {
                if by.company() == of.company() {
                    return Err("colleague");
                }
                if self.has(by, of)
                    && self.contacts_to_come(by).any(|(_, row)| row.email && row.peer == Person::Member(of))
                {
                    return Err("already_connected");
                }
                if !linked {
                    let may = self.may_cross(by);
                    return Err(if may { "company_not_linked" } else { "external_not_granted" });
                }
                Ok(Reached { card: None, linked })
            }
        }
    }

    /// Whether somebody has somebody, or knows that they will. Of a yes that is still held only whoever is
    /// asked knows.
    fn has(&self, by: Member, of: Member) -> bool {
        self.contacts_to_come(by).any(|(_, row)| {
            let unheard = row.since > self.now
                && row.request.is_some_and(|at| self.requests[at].from == Person::Member(by));
            row.peer == Person::Member(of) && !unheard
        })
    }

    pub fn is_blocked(&self, company: Company, person: Person) -> bool {
        let holds =
            |block: &Block| block.company == company && block.person == person && block.from <= self.now;
        self.blocks.iter().any(holds)
    }

    /// Requests of somebody that nobody has answered, as far as they have heard.
    pub fn open_sent(&self, by: Member) -> usize {
        let open = |request: &&Request| {
            request.kind == Kind::Connection
                && request.from == Person::Member(by)
                && (request.is_open(self.now) || request.is_held(self.now))
        };
        self.requests.iter().filter(open).count()
    }

    /// A member asks.
    pub fn ask(&mut self, by: Member, of: Member, way: Way) -> Answer {
        let reached = match self.verdict(by, of, way) {
            Err(code) => return refused(code),
            Ok(reached) => reached,
        };
        let (ours, theirs) = (self.rules(by.company()), self.rules(of.company()));
        let reaches = |from: Option<u32>, so_far: u32| from.is_some_and(|from| so_far >= from);
        let asking = reaches(ours.manager_out, Self::count(&self.sent, by, self.now));
        let asked = reaches(theirs.manager_in, Self::count(&self.approved, of, self.now));
        let automatic = reached.linked && theirs.automatic && self.has_room(of);
        *self.sent.entry((by, day(self.now))).or_default() += 1;
        let mut request = self.request(Kind::Connection, of.company(), Some(of), Person::Member(by));
        request.expires = self.now + theirs.life;
        // By a card only where the companies' link is not way enough.
        request.card = reached.card.filter(|_| !reached.linked).map(|card| (of, card));
        if asking {
            request.asking = Need::Waits;
        }
        if automatic {
            request.effective = Some(self.now);
            request.state = State::Approved;
            if asked {
                request.asked = Need::Waits;
            }
            if asked || asking {
                request.state = State::PendingManager;
            }
        }
        let at = self.requests.len();
        let state = request.state;
        self.requests.push(request);
        if state == State::PendingManager {
            for (needed, part) in [(asked, Part::ManagerAsked), (asking, Part::ManagerAsking)] {
                if needed {
                    self.appoint(at, part, &[]);
                }
            }
        }
        if state == State::Approved {
            self.connect(at, self.now);
        }
        OK
    }

    /// A visitor opens a card, and asks.
    pub fn visit(&mut self, visitor: u8, of: Member, first: bool) -> Answer {
        let codes = &self.cards[&of].codes;
        let code = *if first { codes.first() } else { codes.last() }.unwrap();
        if !self.opens(of, &code) {
            return Answer { status: 404, code: "page" };
        }
        let from = Person::Visitor(visitor);
        if !self.may_cross(of) || !self.takes_requests(of) || self.is_blocked(of.company(), from) {
            return Answer { status: 403, code: "page" };
        }
        let before = self.requests.iter().any(|request| {
            request.from == from
                && request.card == Some((of, code.card))
                && request.created > self.now - ONCE_IN
        });
        if before {
            return Answer { status: 200, code: "page" };
        }
        let mut request = self.request(Kind::Connection, of.company(), Some(of), from);
        request.expires = self.now + self.rules(of.company()).life;
        request.card = Some((of, code.card));
        self.requests.push(request);
        Answer { status: 303, code: "page" }
    }

    /// A member asks for the external permission.
    pub fn ask_permission(&mut self, by: Member, until: Option<Time>) -> Answer {
        let open = self.requests.iter().any(|request| {
            request.kind == Kind::Permission
                && request.from == Person::Member(by)
                && (request.is_open(self.now) || request.is_held(self.now))
        });
        if self.may_cross(by) || open {
            return EXISTS;
        }
        let mut request = self.request(Kind::Permission, by.company(), None, Person::Member(by));
        request.expires = self.now + self.rules(by.company()).life;
        request.until = until.map(|until| self.now + until);
        request.approvers = vec![Approver { part: Part::Admin, company: by.company(), member: None }];
        self.requests.push(request);
        OK
    }

    /// An admin proposes a link to another company.
    pub fn propose(&mut self, by: Member, to: Company) -> Answer {
        if !by.is_admin() {
            return FORBIDDEN;
        }
        if to == by.company() {
            return NOT_FOUND;
        }
        let proposed = self.links.iter().any(|link| {
            let between = link.sides == (by.company(), to) || link.sides == (to, by.company());
            between
                && link.request.is_some_and(|at| {
                    let request = &self.requests[at];
                    request.is_open(self.now) || request.is_held(self.now)
                })
        });
        if self.linked(by.company(), to).is_some() || proposed {
            return EXISTS;
        }
        let mut request = self.request(Kind::Link, to, None, Person::Member(by));
        request.expires = self.now + self.rules(to).life;
        request.approvers = vec![Approver { part: Part::Admin, company: to, member: None }];
        self.links.push(Link {
            request: Some(self.requests.len()),
            sides: (by.company(), to),
            since: None,
            ended: None,
        });
        self.requests.push(request);
        OK
    }

    /// Either company ends a link.
    pub fn end_link(&mut self, by: Member, other: Company) -> Answer {
        if !by.is_admin() {
            return FORBIDDEN;
        }
        match self.linked(by.company(), other) {
            Some(at) => {
                self.links[at].ended = Some(self.now);
                OK
            }
            None => NOT_FOUND,
        }
    }

    /// An admin gives a member the permission.
    pub fn grant(&mut self, by: Member, of: Member, until: Option<Time>) -> Answer {
        if !by.is_admin() {
            return FORBIDDEN;
        }
        if of.company() != by.company() || !self.is_here(of) {
            return NOT_FOUND;
        }
        if until.is_some_and(|until| until <= 0) {
            return invalid("until");
        }
        let until = until.map(|until| self.now + until);
        self.grants.push(Grant { member: of, request: None, since: self.now, until, taken: false });
        OK
    }
}
