//! The rules that a company's admin has set, and the one function that answers "may I?".
//!
//! Pure: rules, actor, target, counters and the moment come in, a verdict goes out. A policy is a
//! [`document`] that is checked against the company ([`check_in`]), looked up in its tree ([`Policy`]),
//! asked for what holds for one person ([`Effective`]), and then, with everything else that counts, for a
//! [`verdict()`].

mod check;
mod diff;
mod document;
mod effective;
mod setting;
mod verdict;

use std::time::Duration;

pub(crate) use diff::{diff, unchanged};
pub(crate) use document::{Document, Rule, Scope, VisibleTo, path_key, path_shown};
pub(crate) use effective::{Effective, Fate, Grant, Policy, Source, Subject, Tree};
pub(crate) use setting::{Setting, TABLE, Value, Written};
pub(crate) use verdict::{
    Act, Actor, Answer, Between, CardState, Case, Counters, Coverage, Outside, Purpose, Side, Target,
    Visitor, Way, domain_of, is_consumer, same_company, verdict,
};

use crate::domain::{MemberId, PolicyFault, Verdict};

/// Checks a document, read without faults, against a company's tree and its present members with their
/// departments.
pub(crate) fn check_in(
    document: &Document,
    tree: &Tree,
    members: &std::collections::HashMap<MemberId, Vec<i64>>,
) -> Vec<PolicyFault> {
    check::check(document, &check::Company { tree, members })
}

const DAY: Duration = Duration::from_secs(24 * 3_600);

/// The document that a company begins with: nothing is set, so that the built-in rules hold.
pub(crate) const FIRST: &str = "# The built-in rules hold.\n";

impl Effective<'_> {
    fn days(&self, setting: Setting) -> Duration {
        DAY * self.count(setting).unwrap_or_default()
    }

    /// How long a decision can be taken back.
    pub(crate) fn undo_window(&self) -> Duration {
        Duration::from_secs(self.count(Setting::UndoSeconds).unwrap_or_default().into())
    }

    /// How long an undecided request waits for its target.
    pub(crate) fn request_life(&self) -> Duration {
        self.days(Setting::RequestDays)
    }

    /// How long it then waits for a manager.
    pub(crate) fn manager_life(&self) -> Duration {
        self.days(Setting::ManagerDays)
    }

    /// How long the code of a printed card lives.
    pub(crate) fn printed_card_life(&self) -> Duration {
        self.days(Setting::PrintedCardDays)
    }

    /// How long the code of an event's card lives.
    pub(crate) fn event_card_life(&self) -> Duration {
        self.days(Setting::EventCardDays)
    }

    /// How long a code shown on a screen lives.
    pub(crate) fn screen_card_life(&self) -> Duration {
        Duration::from_secs(3_600) * self.count(Setting::ScreenCardHours).unwrap_or_default()
    }

    /// How long the code before a rotation goes on living.
    pub(crate) fn printed_card_grace(&self) -> Duration {
        self.days(Setting::PrintedCardGraceDays)
    }

    /// Opens a chat with a colleague.
    pub(crate) fn chat_link(&self) -> Option<String> {
        match self.value(Setting::ChatLink) {
            Value::Text(link) => Some(link),
            _ => None,
        }
    }
}

impl Answer {
    /// The answer as it is sent and stored.
    pub(crate) fn into_verdict(self) -> Verdict {
        Verdict {
            code: self.code,
            rule: self.rule,
            policy_version: self.policy_version,
            alternatives: self.alternatives,
        }
    }
}

#[cfg(test)]
mod tests;
