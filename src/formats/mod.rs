//! Files that other programs read and write.

mod cells;
mod csv;
mod people;
mod vcard;

pub use cells::Formulas;
pub use csv::{CsvError, CsvItem, CsvPeople, join_words, split_paths};
pub use people::{people_csv, people_json, plain_csv};
pub use vcard::{Vcard, VcardVersion};
