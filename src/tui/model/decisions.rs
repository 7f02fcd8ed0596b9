//! The decisions of this client: what can be taken back, decided again, or said once more.

use std::collections::{BTreeMap, HashMap};

use super::msg::Ticket;
use crate::domain::{Decision, RequestId};
use crate::text::SafeText;

/// What was decided by one press.
#[derive(Clone, Debug, PartialEq)]
pub struct Press {
    /// The requests, as they were confirmed.
    pub requests: Vec<RequestId>,
    /// How.
    pub decision: Decision,
}

/// A decision about many whose answers come in pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its number.
    pub ticket: Ticket,
    /// How.
    pub decision: Decision,
    /// Pieces whose answers are awaited.
    pub pieces: usize,
    /// What was confirmed.
    pub done: Vec<RequestId>,
    /// What was not, and why.
    pub failed: Vec<(RequestId, SafeText)>,
}

/// The decisions of this client.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decisions {
    /// Confirmed, newest last.
    pub made: Vec<Press>,
    /// Taken back, newest last.
    pub undone: Vec<Press>,
    /// On their way, one by one.
    pub sending: HashMap<RequestId, Decision>,
    /// On its way, in pieces.
    pub batches: Vec<Batch>,
    /// Numbers of batches.
    pub tickets: Ticket,
    /// What was not decided though it was asked for, and why.
    pub failed: BTreeMap<RequestId, SafeText>,
    /// The last one, to be said again.
    pub last: Option<Decision>,
}

/// Most presses that are remembered.
const MOST: usize = 100;

impl Decisions {
    /// Remembers what was confirmed.
    pub fn confirm(&mut self, press: Press) {
        self.forget(&press.requests);
        self.made.push(press);
        let over = self.made.len().saturating_sub(MOST);
        self.made.drain(..over);
    }

    /// These are not decided by this client any more.
    pub fn forget(&mut self, ids: &[RequestId]) {
        for press in &mut self.made {
            press.requests.retain(|id| !ids.contains(id));
        }
        self.made.retain(|press| !press.requests.is_empty());
    }

    /// The press that decided a request.
    pub fn of(&self, id: &RequestId) -> Option<&Press> {
        self.made.iter().rev().find(|press| press.requests.contains(id))
    }
}
