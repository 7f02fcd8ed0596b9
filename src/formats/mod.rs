//! Files that other programs read and write.

mod cells;
mod csv;
mod file;
mod json_in;
mod people;
mod vcard;
mod vcard_in;
mod vcard_one;

pub use cells::Formulas;
pub use csv::{join_words, split_paths};
pub use file::{FileError, MAX_FILE, MAX_ROW, MAX_ROWS, PeopleFile, PeopleForm, PeopleItem};
pub use people::{people_csv, people_json, plain_csv};
pub use vcard::{Vcard, VcardVersion};
pub use vcard_one::{BadVcard, MAX_ONE, OneVcard, is_vcard, one_vcard};
