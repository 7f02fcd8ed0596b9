//! A directory comes in: rows are staged, checked, compared with what is there, prepared beside the database,
//! and written in one transaction that does nothing but write.

mod apply;
mod people;
mod prepare;
mod running;
mod stage;
mod tree;
mod walk;

pub(crate) use apply::{ApplyError, Moved, apply};
pub(crate) use prepare::{Prepared, plan, prepare};
pub(crate) use running::{Imports, Running};
pub(crate) use stage::{MAX_BYTES, MAX_ROWS, checked_rows};

use crate::domain::{RefusedRow, RowNote};

/// The source that files belong to.
const FILE_SOURCE: &str = "import";
/// Names that a plan lists of each kind.
const LISTED: usize = 1_000;
/// Faults and notes that a plan lists.
const LISTED_FAULTS: usize = 10_000;

/// What is wrong with rows, and what is done otherwise than they say: the first of them, and how many.
#[derive(Debug, Default)]
struct Refusals {
    rows: Vec<RefusedRow>,
    rows_total: usize,
    notes: Vec<RowNote>,
    notes_total: usize,
}

impl Refusals {
    /// A row is refused for these faults.
    fn row(&mut self, faults: Vec<RefusedRow>) {
        self.rows_total += 1;
        self.rows.extend(faults.into_iter().take(LISTED_FAULTS.saturating_sub(self.rows.len())));
    }

    fn note(&mut self, note: RowNote) {
        self.notes_total += 1;
        if self.notes.len() < LISTED_FAULTS {
            self.notes.push(note);
        }
    }

    /// Puts both into the order of the source.
    fn sort(&mut self) {
        self.rows.sort_by_key(|fault| fault.line);
        self.notes.sort_by_key(|note| note.line);
    }
}

fn total(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
