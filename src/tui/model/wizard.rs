//! The layers that reach somebody: the wizard, why one may or may not, and asking for the permission.

use super::field::Field;
use super::msg::Ticket;
use crate::domain::{Aim, Aimed, Alternative, Candidate, Fault, LookedAt, Time, Verdict};
use crate::text::Untrusted;

/// Where in the wizard the keys go.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Whom.
    #[default]
    Who,
    /// Who of several, or what to do instead.
    Choose,
    /// What for.
    Purpose,
    /// A message.
    Message,
}

/// The wizard: whom, the policy's answer before anything else is typed, what for.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WizardLayer {
    /// Whether a file is looked into, whatever its name.
    pub scan: bool,
    /// Where the keys go.
    pub stage: Stage,
    /// Whom: what is typed.
    pub who: Field,
    /// The number of the newest question.
    pub ticket: Ticket,
    /// The answer to it; none while it is on its way, or nothing was asked.
    pub aim: Option<Aim>,
    /// Whether to go on as soon as it is there.
    pub go: bool,
    /// Which candidate or alternative is chosen.
    pub at: usize,
    /// What for.
    pub purpose: Field,
    /// A message.
    pub message: Field,
    /// Whether the request is on its way.
    pub sending: bool,
}

impl WizardLayer {
    /// The one who is meant, with the policy's answer.
    pub fn aimed(&self) -> Option<&Aimed> {
        match &self.aim {
            Some(Aim::One(aimed)) => Some(aimed),
            _ => None,
        }
    }

    /// Those who may be meant.
    pub fn candidates(&self) -> &[Candidate] {
        match &self.aim {
            Some(Aim::Several(candidates, _)) => candidates,
            _ => &[],
        }
    }

    /// What can be done instead.
    pub fn alternatives(&self) -> &[Alternative] {
        self.aimed().map_or(&[], |aimed| aimed.explained.verdict.alternatives.as_slice())
    }

    /// How many there are to choose from.
    pub fn choices(&self) -> usize {
        self.candidates().len().max(self.alternatives().len())
    }
}

/// A verdict with the rule behind it, and what can be done instead.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyLayer {
    /// Whom or what it is about.
    pub about: Untrusted,
    /// By what to ask whom it is about, when that can be.
    pub to: Option<Untrusted>,
    /// The number of the question to the server.
    pub ticket: Ticket,
    /// The answer; none while it is on its way.
    pub verdict: Option<Result<Verdict, Fault>>,
    /// What was looked at before it, when that is known.
    pub chain: Vec<LookedAt>,
    /// Which alternative is chosen.
    pub at: usize,
    /// Since when it is there, where nobody asked for it: a key that was typed ahead answers nothing.
    pub since: Option<Time>,
}

impl WhyLayer {
    /// About a verdict that is known.
    pub fn of(about: Untrusted, verdict: Verdict) -> Self {
        let verdict = Some(Ok(verdict));
        Self { about, to: None, ticket: Ticket::default(), verdict, chain: Vec::new(), at: 0, since: None }
    }

    /// About a question that is on its way.
    pub fn asking(about: Untrusted, to: Untrusted, ticket: Ticket) -> Self {
        Self { about, to: Some(to), ticket, verdict: None, chain: Vec::new(), at: 0, since: None }
    }

    /// What can be done instead.
    pub fn alternatives(&self) -> &[Alternative] {
        match &self.verdict {
            Some(Ok(verdict)) => &verdict.alternatives,
            _ => &[],
        }
    }
}

/// The admins are asked for the external permission.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PermissionLayer {
    /// The number of this wish: part of the key under which it is done once.
    pub ticket: Ticket,
    /// What for.
    pub field: Field,
}
