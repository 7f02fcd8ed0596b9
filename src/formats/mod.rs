//! Files that other programs read and write.

mod cells;
mod csv;
mod json_in;
mod people;
mod vcard;
mod vcard_in;

pub use cells::Formulas;
pub use csv::{CsvError, CsvPeople, PeopleItem, join_words, split_paths};
pub use json_in::{JsonPeople, WholeFileError};
pub use people::{people_csv, people_json, plain_csv};
pub use vcard::{Vcard, VcardVersion};
pub use vcard_in::VcardPeople;
