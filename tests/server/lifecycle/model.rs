//! What the product says that there is: companies with their rules, people with their cards, requests,
//! contacts, links. Written from the product's description, not from the server.

use std::collections::{BTreeMap, BTreeSet};

use super::people::{Company, Member, Person};

/// Seconds since the beginning of a sequence.
pub type Time = i64;

pub const HOUR: Time = 3_600;
pub const DAY: Time = 24 * HOUR;
/// A handover waits until somebody takes it.
const ENDLESS: Time = 100 * 365 * DAY;
/// So long a contact may refuse whoever takes over.
pub const REFUSE_WITHIN: Time = DAY;
/// So long a request waits for a manager, and an answer is kept.
pub const WEEK: Time = 7 * DAY;
/// Seconds of the day at which a sequence begins: 20:26:40.
const BEGINS: Time = 73_600;

/// What an answer comes to: a status, and the stable code of a refusal or of its verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    pub code: &'static str,
}

pub const OK: Answer = Answer { status: 200, code: "" };
pub const SIGN_IN: Answer = Answer { status: 401, code: "unauthenticated" };
pub const FORBIDDEN: Answer = Answer { status: 403, code: "forbidden" };
pub const NOT_FOUND: Answer = Answer { status: 404, code: "not_found" };
pub const EXISTS: Answer = Answer { status: 409, code: "exists" };
pub const NOT_OPEN: Answer = Answer { status: 409, code: "not_open" };
pub const WINDOW_OVER: Answer = Answer { status: 409, code: "window_over" };
pub const DECIDED: Answer = Answer { status: 412, code: "already_decided" };
pub const CHANGED: Answer = Answer { status: 412, code: "revision_changed" };
pub const KEY_REUSED: Answer = Answer { status: 422, code: "key_reused" };

/// The policy's refusal.
pub const fn refused(code: &'static str) -> Answer {
    Answer { status: 403, code }
}

pub const fn invalid(field: &'static str) -> Answer {
    Answer { status: 400, code: field }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Connection,
    Permission,
    Handover,
    Link,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Pending,
    PendingManager,
    Approved,
    Rejected,
    Withdrawn,
    Expired,
    Blocked,
}

impl State {
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::PendingManager => "pending_manager",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Expired => "expired",
            Self::Blocked => "blocked",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    None,
    Waits,
    Given,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    Target,
    StandIn,
    ManagerAsked,
    ManagerAsking,
    Admin,
    Assigner,
    Requester,
    Past,
}

impl Part {
    pub fn word(self) -> &'static str {
        match self {
            Self::Target => "target",
            Self::StandIn => "stand_in",
            Self::ManagerAsked => "manager_asked",
            Self::ManagerAsking => "manager_asking",
            Self::Admin => "admin",
            Self::Assigner => "assigner",
            Self::Requester => "requester",
            Self::Past => "past",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    Approve,
    Reject,
    Block,
}

impl Choice {
    pub fn word(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Reject => "reject",
            Self::Block => "block",
        }
    }
}

/// A decision, also one that was taken back.
#[derive(Clone, Debug)]
pub struct Decided {
    pub part: Part,
    pub who: Member,
    pub what: Choice,
    pub at: Time,
    pub effective: Time,
    pub undone: bool,
    /// What the request was before, and is again when it is taken back.
    pub before: (State, Time),
    pub after: State,
    /// Version of the policy by which it was made.
    pub version: i64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ItemState {
    Waiting,
    Told { due: Time, made: usize },
    Done,
    Refused,
    Failed,
}

/// One thing that is handed over.
#[derive(Clone, Copy, Debug)]
pub struct Item {
    /// A contact, else a request.
    pub contact: Option<usize>,
    pub request: Option<usize>,
    pub state: ItemState,
}

/// Who may decide besides the target; nobody named: every admin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Approver {
    pub part: Part,
    pub company: Company,
    pub member: Option<Member>,
}

#[derive(Clone, Debug)]
pub struct Request {
    pub kind: Kind,
    /// Whose it is to decide.
    pub company: Company,
    pub target: Option<Member>,
    pub from: Person,
    /// The card that brought it: whose, and the how manieth.
    pub card: Option<(Member, usize)>,
    pub created: Time,
    pub expires: Time,
    pub state: State,
    pub effective: Option<Time>,
    pub revision: i64,
    pub asked: Need,
    pub asking: Need,
    pub approvers: Vec<Approver>,
    pub decided: Vec<Decided>,
    /// Whoever ever did something on it.
    pub past: BTreeSet<Member>,
    /// For a permission: until when.
    pub until: Option<Time>,
    pub items: Vec<Item>,
}

/// One side of a connection.
#[derive(Clone, Debug)]
pub struct Contact {
    pub owner: Member,
    pub peer: Person,
    /// The request that made it; none when it was handed over.
    pub request: Option<usize>,
    pub since: Time,
    pub gone: Option<Time>,
    /// Whether it holds the peer's mail address.
    pub email: bool,
    /// Taken back before it began.
    pub unmade: bool,
    pub revision: i64,
}

/// A code of a card.
#[derive(Clone, Copy, Debug)]
pub struct Code {
    /// Which of the member's cards it is of.
    pub card: usize,
    pub made: Time,
    pub ends: Time,
}

/// A member's printed card.
#[derive(Clone, Debug, Default)]
pub struct Cards {
    /// Every code that there ever was, the present one last.
    pub codes: Vec<Code>,
    /// Cards that were revoked.
    pub revoked: BTreeSet<usize>,
}

/// What a company's policy says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rules {
    pub external: bool,
    pub accepts: bool,
    pub manager_in: Option<u32>,
    pub manager_out: Option<u32>,
    pub per_day: u32,
    pub open: u32,
    pub contacts: u32,
    pub cooldown: Time,
    pub undo: Time,
    pub automatic: bool,
    pub life: Time,
}

impl Rules {
    /// What holds when nobody says otherwise.
    pub const BUILT_IN: Self = Self {
        external: true,
        accepts: true,
        manager_in: None,
        manager_out: None,
        per_day: 20,
        open: 50,
        contacts: 5_000,
        cooldown: 30 * DAY,
        undo: 10,
        automatic: false,
        life: 30 * DAY,
    };

    /// The same with a second approval on each side, always, and few requests a day.
    pub const TWICE: Self = Self { manager_in: Some(0), manager_out: Some(0), per_day: 2, ..Self::BUILT_IN };
}

/// A member's own settings.
#[derive(Clone, Copy, Debug)]
pub struct Settings {
    pub accepts: bool,
    pub away_until: Time,
    pub stand_in: Option<Member>,
    pub revision: i64,
}

#[derive(Clone, Copy, Debug)]
pub struct Grant {
    pub member: Member,
    pub request: Option<usize>,
    pub since: Time,
    pub until: Option<Time>,
    pub taken: bool,
}

/// Nobody of the company is asked by this person any more.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    pub company: Company,
    pub person: Person,
    pub from: Time,
    pub request: usize,
}

/// An agreement of two companies.
#[derive(Clone, Copy, Debug)]
pub struct Link {
    /// None: it was there from the beginning.
    pub request: Option<usize>,
    pub sides: (Company, Company),
    pub since: Option<Time>,
    pub ended: Option<Time>,
}

/// A call that was done, and may be sent again.
#[derive(Clone, Copy, Debug)]
pub struct Kept {
    pub by: Member,
    pub at: Time,
    pub has_body: bool,
}

#[derive(Clone)]
pub struct Model {
    pub now: Time,
    pub rules: BTreeMap<Company, Rules>,
    pub versions: BTreeMap<Company, i64>,
    pub left: BTreeSet<Member>,
    pub settings: BTreeMap<Member, Settings>,
    pub cards: BTreeMap<Member, Cards>,
    pub requests: Vec<Request>,
    pub contacts: Vec<Contact>,
    pub grants: Vec<Grant>,
    pub blocks: Vec<Block>,
    pub links: Vec<Link>,
    pub sent: BTreeMap<(Member, i64), u32>,
    pub approved: BTreeMap<(Member, i64), u32>,
    pub kept: Vec<Kept>,
    /// What the last step is answered.
    pub answer: Answer,
    pub steps: usize,
}

impl std::fmt::Debug for Model {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let linked = if self.links.is_empty() { "not linked" } else { "linked" };
        let known = if self.contacts.is_empty() { "do not know" } else { "know" };
        let approved = if self.rules(Company::Acme) == Rules::TWICE { "twice" } else { "once" };
        write!(f, "acme and northgrid are {linked} and approve {approved}, ann and olu {known} each other")
    }
}

/// The day of a moment in the companies' zone.
pub fn day(at: Time) -> i64 {
    (at + BEGINS).div_euclid(DAY)
}

impl Model {
    /// The beginning: whether acme and northgrid are linked, whether ann and olu know each other, and whether
    /// both companies want every connection approved twice.
    pub fn new(linked: bool, known: bool, twice: bool) -> Self {
        let sides = [(Member::Ann, Member::Olu), (Member::Olu, Member::Ann)];
        let contacts = sides.into_iter().filter(|_| known).map(|(owner, peer)| Contact {
            owner,
            peer: Person::Member(peer),
            request: None,
            since: 0,
            gone: None,
            email: false,
            unmade: false,
            revision: 1,
        });
        let rules = |company| match company {
            Company::Acme | Company::Northgrid if twice => Rules::TWICE,
            _ => Rules::BUILT_IN,
        };
        let links = linked.then_some(Link {
            request: None,
            sides: (Company::Acme, Company::Northgrid),
            since: Some(0),
            ended: None,
        });
        let first = Code { card: 0, made: 0, ends: 365 * DAY };
        let cards = |_| Cards { codes: vec![first], revoked: BTreeSet::new() };
        let settings = Settings { accepts: true, away_until: 0, stand_in: None, revision: 0 };
        Self {
            now: 0,
            rules: Company::ALL.into_iter().map(|company| (company, rules(company))).collect(),
            versions: Company::ALL.into_iter().map(|company| (company, 1)).collect(),
            left: BTreeSet::new(),
            settings: Member::ALL.into_iter().map(|member| (member, settings)).collect(),
            cards: Member::ALL.into_iter().map(|member| (member, cards(member))).collect(),
            requests: Vec::new(),
            contacts: contacts.collect(),
            grants: Vec::new(),
            blocks: Vec::new(),
            links: links.into_iter().collect(),
            sent: BTreeMap::new(),
            approved: BTreeMap::new(),
            kept: Vec::new(),
            answer: OK,
            steps: 0,
        }
    }

    pub fn rules(&self, company: Company) -> Rules {
        self.rules[&company]
    }

    pub fn is_here(&self, member: Member) -> bool {
        !self.left.contains(&member)
    }

    /// Whether a member has the external permission: by a grant of their own, else by the company's rule.
    pub fn may_cross(&self, member: Member) -> bool {
        let granted = self.grants.iter().any(|grant| {
            grant.member == member
                && !grant.taken
                && grant.since <= self.now
                && grant.until.is_none_or(|until| until > self.now)
        });
        granted || self.rules(member.company()).external
    }

    pub fn takes_requests(&self, member: Member) -> bool {
        self.settings[&member].accepts && self.rules(member.company()).accepts
    }

    pub fn linked(&self, a: Company, b: Company) -> Option<usize> {
        self.links.iter().position(|link| {
            (link.sides == (a, b) || link.sides == (b, a))
                && link.since.is_some_and(|since| since <= self.now)
                && link.ended.is_none_or(|ended| ended > self.now)
        })
    }

    pub fn count(of: &BTreeMap<(Member, i64), u32>, member: Member, at: Time) -> u32 {
        of.get(&(member, day(at))).copied().unwrap_or(0)
    }

    /// Contacts of a member that are there or will be.
    pub fn contacts_to_come(&self, owner: Member) -> impl Iterator<Item = (usize, &Contact)> {
        let now = self.now;
        self.contacts.iter().enumerate().filter(move |(_, row)| {
            row.owner == owner && !row.unmade && row.gone.is_none_or(|gone| gone > now)
        })
    }

    /// Contacts of a member that are there.
    pub fn contacts_now(&self, owner: Member) -> impl Iterator<Item = (usize, &Contact)> {
        let now = self.now;
        self.contacts_to_come(owner).filter(move |(_, row)| row.since <= now)
    }

    pub fn has_room(&self, member: Member) -> bool {
        self.contacts_to_come(member).count() < self.rules(member.company()).contacts as usize
    }

    /// Whether a code opens a card.
    pub fn opens(&self, of: Member, code: &Code) -> bool {
        self.is_here(of) && !self.cards[&of].revoked.contains(&code.card) && code.ends > self.now
    }

    /// The manager of a request of a member: the direct one, else the nearest leader; none: the admins.
    pub fn manager_of(&self, member: Member, except: &[Member]) -> Option<Member> {
        let fits = |who: &Member| *who != member && self.is_here(*who) && !except.contains(who);
        member.manager().filter(fits).or_else(|| member.leaders().iter().copied().find(fits))
    }

    /// Finds the manager that a request waits for in a part.
    pub fn appoint(&mut self, at: usize, part: Part, first: &[Member]) {
        let request = &self.requests[at];
        let from = match request.from {
            Person::Member(member) => Some(member),
            Person::Visitor(_) => None,
        };
        let Some(side) = (if part == Part::ManagerAsking { from } else { request.target }) else { return };
        let except: Vec<Member> =
            request.target.into_iter().chain(from).chain(first.iter().copied()).collect();
        let member = self.manager_of(side, &except);
        let request = &mut self.requests[at];
        request.approvers.retain(|approver| approver.part != part);
        request.approvers.push(Approver { part, company: side.company(), member });
    }

    /// A directory or a policy has changed: managers are found anew.
    pub fn appoint_anew(&mut self, company: Company) {
        for at in 0..self.requests.len() {
            let request = &self.requests[at];
            if request.state != State::PendingManager
                || request.expires <= self.now
                || !request.approvers.iter().any(|approver| approver.company == company)
            {
                continue;
            }
            let first = request.first();
            for part in [Part::ManagerAsked, Part::ManagerAsking] {
                if self.requests[at].approvers.iter().any(|approver| approver.part == part) {
                    self.appoint(at, part, &first);
                }
            }
        }
    }

    /// Who stands in for somebody now.
    pub fn stand_in(&self, of: Member) -> Option<Member> {
        let settings = self.settings[&of];
        settings.stand_in.filter(|_| settings.away_until > self.now && self.is_here(of))
    }

    /// A request that is asked; more is set by whoever makes it.
    pub fn request(&self, kind: Kind, company: Company, target: Option<Member>, from: Person) -> Request {
        Request {
            kind,
            company,
            target,
            from,
            card: None,
            created: self.now,
            expires: self.now + ENDLESS,
            state: State::Pending,
            effective: None,
            revision: 1,
            asked: Need::None,
            asking: Need::None,
            approvers: Vec::new(),
            decided: Vec::new(),
            past: BTreeSet::new(),
            until: None,
            items: Vec::new(),
        }
    }
}

impl Request {
    pub fn state_at(&self, now: Time) -> State {
        match self.state {
            State::Pending | State::PendingManager if self.expires <= now => State::Expired,
            state => state,
        }
    }

    /// A decision can still be taken back.
    pub fn is_held(&self, now: Time) -> bool {
        self.effective.is_some_and(|at| at > now)
    }

    /// It waits for a decision.
    pub fn is_open(&self, now: Time) -> bool {
        matches!(self.state_at(now), State::Pending | State::PendingManager) && !self.is_held(now)
    }

    /// What the other side is shown: nothing before a decision takes effect, and no more than yes or no.
    pub fn seen_at(&self, now: Time) -> State {
        if self.is_held(now) {
            return State::Pending;
        }
        match self.state_at(now) {
            State::PendingManager => State::Pending,
            State::Blocked => State::Rejected,
            state => state,
        }
    }

    /// What has ended stays as it is.
    pub fn has_ended(&self, now: Time) -> bool {
        !self.is_open(now) && !self.is_held(now)
    }

    pub fn last(&self) -> Option<&Decided> {
        self.decided.iter().rev().find(|decided| !decided.undone)
    }

    /// Whoever gave the first approval.
    pub fn first(&self) -> Vec<Member> {
        let first = self.decided.iter().filter(|decided| decided.part == Part::Target && !decided.undone);
        first.map(|decided| decided.who).collect()
    }

    /// Whether its requester is of another company, and hears only what is theirs to hear.
    pub fn crosses(&self) -> bool {
        match self.from {
            Person::Member(member) => member.company() != self.company,
            Person::Visitor(_) => true,
        }
    }
}
