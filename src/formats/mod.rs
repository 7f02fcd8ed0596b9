//! Files that other programs read and write.

mod csv;
mod vcard;

pub use csv::{CsvError, CsvItem, CsvPeople, split_paths};
pub use vcard::vcard;
