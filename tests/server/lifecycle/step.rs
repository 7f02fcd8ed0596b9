//! What may happen next: one event, readable as a sentence.

use std::fmt;

use super::model::{Answer, Choice, KEY_REUSED, Kept, Kind, Model, OK, Rules, SIGN_IN, Time, WEEK};
use super::people::{Company, Member, Person};

/// By what somebody outside is reached: a code of their card, or their mail address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    Card { first: bool },
    Address,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CardChange {
    Make,
    Rotate { leaked: bool },
    Revoke,
    End { after: Time },
}

/// An event. Requests are numbered from 0 as they come; `stale` names a revision that is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    Visit { visitor: u8, of: Member, first: bool },
    Ask { by: Member, of: Member, way: Way },
    Decide { by: Member, at: usize, what: Choice, stale: bool },
    Undo { by: Member, at: usize, stale: bool },
    Withdraw { by: Member, at: usize },
    VisitorWithdraws { at: usize },
    Card { by: Member, what: CardChange },
    Rules { by: Member, rules: Rules, stale: bool },
    Settings { by: Member, accepts: bool, away: Option<(Time, Member)>, stale: bool },
    Pass { seconds: Time },
    AskPermission { by: Member, until: Option<Time> },
    Grant { by: Member, of: Member, until: Option<Time> },
    Leave { by: Member, who: Member },
    Assign { by: Member, at: usize, to: Member, stale: bool },
    Offer { by: Member, peer: Person, to: Member },
    Remove { by: Member, peer: Person, stale: bool },
    Refuse { by: Member, peer: Person },
    VisitorRefuses { at: usize },
    Propose { by: Member, to: Company },
    EndLink { by: Member, other: Company },
    Repeat { call: usize, other_body: bool },
}

impl Step {
    /// Who does it, where it is a member.
    pub fn by(&self) -> Option<Member> {
        match *self {
            Self::Visit { .. }
            | Self::VisitorWithdraws { .. }
            | Self::VisitorRefuses { .. }
            | Self::Pass { .. }
            | Self::Repeat { .. } => None,
            Self::Ask { by, .. }
            | Self::Decide { by, .. }
            | Self::Undo { by, .. }
            | Self::Withdraw { by, .. }
            | Self::Card { by, .. }
            | Self::Rules { by, .. }
            | Self::Settings { by, .. }
            | Self::AskPermission { by, .. }
            | Self::Grant { by, .. }
            | Self::Leave { by, .. }
            | Self::Assign { by, .. }
            | Self::Offer { by, .. }
            | Self::Remove { by, .. }
            | Self::Refuse { by, .. }
            | Self::Propose { by, .. }
            | Self::EndLink { by, .. } => Some(by),
        }
    }

    /// The request that it is about.
    pub fn request(&self) -> Option<usize> {
        match *self {
            Self::Decide { at, .. }
            | Self::Undo { at, .. }
            | Self::Withdraw { at, .. }
            | Self::VisitorWithdraws { at }
            | Self::Assign { at, .. }
            | Self::VisitorRefuses { at } => Some(at),
            _ => None,
        }
    }

    /// Whether it is done under a key and with a body, when it is done.
    fn kept(&self) -> Option<bool> {
        match self {
            Self::Undo { .. } | Self::Withdraw { .. } | Self::Remove { .. } | Self::Refuse { .. } => {
                Some(false)
            }
            Self::EndLink { .. } => Some(false),
            Self::Card { what: CardChange::Revoke, .. } => Some(false),
            Self::Card { what: CardChange::Make, .. } => None,
            step => step.by().map(|_| true),
        }
    }
}

impl Model {
    /// The first contact of somebody with somebody, that is there.
    pub fn contact(&self, owner: Member, peer: Person) -> Option<usize> {
        self.contacts_now(owner).find(|(_, row)| row.peer == peer).map(|(at, _)| at)
    }

    /// Whether a step means anything.
    pub fn makes_sense(&self, step: &Step) -> bool {
        let visitors = |at: usize| {
            self.requests.get(at).is_some_and(|request| matches!(request.from, Person::Visitor(_)))
        };
        match *step {
            Step::VisitorWithdraws { at } | Step::VisitorRefuses { at } => visitors(at),
            Step::Offer { by, peer, .. } | Step::Remove { by, peer, .. } | Step::Refuse { by, peer } => {
                self.contact(by, peer).is_some()
            }
            Step::Repeat { call, .. } => self.kept.get(call).is_some_and(|kept| kept.at + WEEK >= self.now),
            _ => step.request().is_none_or(|at| at < self.requests.len()),
        }
    }

    /// Does a step, and says what it is answered.
    pub fn take(&mut self, step: &Step) {
        self.steps += 1;
        self.answer = match step.by() {
            Some(by) if !self.is_here(by) => SIGN_IN,
            _ => self.answer(step),
        };
        if let (Some(by), Some(has_body)) = (step.by(), step.kept())
            && self.answer == OK
        {
            self.kept.push(Kept { by, at: self.now, has_body });
        }
    }

    fn answer(&mut self, step: &Step) -> Answer {
        const PAGE: Answer = Answer { status: 303, code: "page" };
        match *step {
            Step::Visit { visitor, of, first } => self.visit(visitor, of, first),
            Step::Ask { by, of, way } => self.ask(by, of, way),
            Step::Decide { by, at, what, stale } => self.decide(by, at, what, stale),
            Step::Undo { by, at, stale } => self.undo(by, at, stale),
            Step::Withdraw { by, at } => self.withdraw(by, at),
            Step::VisitorWithdraws { at } => {
                self.take_back(at);
                PAGE
            }
            Step::Card { by, what } => self.change_card(by, what),
            Step::Rules { by, rules, stale } => self.apply_rules(by, rules, stale),
            Step::Settings { by, accepts, away, stale } => self.set(by, accepts, away, stale),
            Step::Pass { seconds } => {
                self.now += seconds;
                OK
            }
            Step::AskPermission { by, until } => self.ask_permission(by, until),
            Step::Grant { by, of, until } => self.grant(by, of, until),
            Step::Leave { by, who } => self.leave(by, who),
            Step::Assign { by, at, to, stale } => self.assign(by, at, to, stale),
            Step::Offer { by, peer, to } => match self.contact(by, peer) {
                Some(contact) => self.offer(by, contact, to),
                None => OK,
            },
            Step::Remove { by, peer, stale } => match self.contact(by, peer) {
                Some(contact) => self.remove(contact, stale),
                None => OK,
            },
            Step::Refuse { by, peer } => match self.contact(by, peer) {
                Some(contact) => self.refuse_by(contact),
                None => OK,
            },
            Step::VisitorRefuses { at } => {
                let told = self.told_where(|row| row.request == Some(at));
                if let Some((handover, n)) = told {
                    self.refuse(handover, n);
                }
                PAGE
            }
            Step::Propose { by, to } => self.propose(by, to),
            Step::EndLink { by, other } => self.end_link(by, other),
            Step::Repeat { call, other_body } => match self.kept[call] {
                Kept { by, .. } if !self.is_here(by) => SIGN_IN,
                Kept { has_body: true, .. } if other_body => KEY_REUSED,
                _ => OK,
            },
        }
    }

    /// What a request is called in the sentences.
    pub fn name(&self, at: usize) -> String {
        match self.requests.get(at) {
            Some(request) => {
                let kind = match request.kind {
                    Kind::Connection => "request",
                    Kind::Permission => "permission",
                    Kind::Handover => "handover",
                    Kind::Link => "proposal",
                };
                format!("{kind} {at} of {:?}", request.from)
            }
            None => format!("request {at}"),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Card { first: true } => "by the first code of the card",
            Self::Card { first: false } => "by the card",
            Self::Address => "by the mail address",
        })
    }
}

/// Steps as they would be told, with what each is answered.
pub fn told(mut model: Model, steps: &[Step]) -> String {
    let mut text = format!("  {model:?}\n");
    for (n, step) in steps.iter().enumerate() {
        let on = step.request().map(|at| format!(" ({})", model.name(at))).unwrap_or_default();
        model.take(step);
        let way = match step {
            Step::Ask { way, .. } => format!(" {way}"),
            _ => String::new(),
        };
        text.push_str(&format!("  {:>2}. {step:?}{on}{way} -> {:?}\n", n + 1, model.answer));
    }
    text
}
