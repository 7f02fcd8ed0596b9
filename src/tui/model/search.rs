//! The search field and what it found.

use super::cursor::Cursor;
use super::field::Field;
use super::msg::{Shared, Ticket};
use crate::domain::{ContactId, MemberId};
use crate::search::{Field as Matched, Index, Query};

/// Somebody found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// A colleague.
    Member(MemberId),
    /// An external contact.
    Contact(ContactId),
}

/// A search that is open.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SearchBox {
    /// What is typed.
    pub field: Field,
    /// The query that the hits answer: the letters typed since are drawn already, their hits are on
    /// their way.
    pub answered: Query,
    /// Who was found, best first, and the field that made them match.
    pub hits: Vec<(Found, Matched)>,
    /// All that matched.
    pub total: usize,
    /// Where in the hits.
    pub cursor: Cursor,
    /// The newest question.
    pub wanted: Ticket,
}

/// An index of people and who stands behind its records.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchPlace<Id> {
    /// The index; none until the first was made.
    pub index: Option<Shared<Index>>,
    /// Who stands behind each record.
    pub people: Vec<Id>,
    /// Number of the index.
    pub built: Ticket,
    /// The newest one asked for, and who will stand behind its records.
    pub asked: Ticket,
    /// Who stands behind the records of the one asked for.
    pub next: Vec<Id>,
}

impl<Id> Default for SearchPlace<Id> {
    fn default() -> Self {
        Self {
            index: None,
            people: Vec::new(),
            built: Ticket::default(),
            asked: Ticket::default(),
            next: Vec::new(),
        }
    }
}
