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
    /// Its place among the presses: answers come in any order.
    pub number: u64,
}

/// A press whose answer is awaited.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OnItsWay {
    /// About this request.
    One(RequestId),
    /// About many.
    Many,
}

/// A decision about many whose answers come in pieces.
#[derive(Clone, Debug, PartialEq)]
pub struct Batch {
    /// Its number.
    pub ticket: Ticket,
    /// How.
    pub decision: Decision,
    /// Its place among the presses.
    pub number: u64,
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
    /// Confirmed, in the order in which they were pressed.
    pub made: Vec<Press>,
    /// Taken back, newest last.
    pub undone: Vec<Press>,
    /// On their way, one by one.
    pub sending: HashMap<RequestId, Press>,
    /// On its way, in pieces.
    pub batches: Vec<Batch>,
    /// Numbers of batches.
    pub tickets: Ticket,
    /// Presses so far.
    pub presses: u64,
    /// To be taken back as soon as it is confirmed.
    pub take_back: Option<RequestId>,
    /// What was not decided though it was asked for, and why.
    pub failed: BTreeMap<RequestId, SafeText>,
    /// The last one, to be said again.
    pub last: Option<Decision>,
}

/// Most presses that are remembered.
const MOST: usize = 100;

impl Decisions {
    /// The number of one more press.
    pub const fn press(&mut self) -> u64 {
        self.presses += 1;
        self.presses
    }

    /// The newest press, if it is not confirmed yet.
    pub fn on_its_way(&self) -> Option<OnItsWay> {
        let one = self.sending.iter().map(|(id, press)| (press.number, OnItsWay::One(id.clone())));
        let many = self.batches.iter().map(|batch| (batch.number, OnItsWay::Many));
        let (number, newest) = one.chain(many).max_by_key(|(number, _)| *number)?;
        self.made.last().is_none_or(|made| made.number < number).then_some(newest)
    }

    /// Remembers what was confirmed.
    pub fn confirm(&mut self, press: Press) {
        self.forget(&press.requests);
        let place = self.made.partition_point(|other| other.number < press.number);
        self.made.insert(place, press);
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
