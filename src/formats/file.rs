//! A company's people out of a file of any kind, row by row and never whole in memory.

use std::io::{self, Read};

use super::csv::CsvPeople;
use super::json_in::JsonPeople;
use super::vcard_in::VcardPeople;
use crate::domain::{DepartmentRow, MemberRow, RefusedRow, RowFault};
use crate::text::Untrusted;

/// Longest row, in bytes: a line of CSV, an object of JSON, a card.
pub const MAX_ROW: usize = 1 << 20;
/// Longest file, in bytes.
pub const MAX_FILE: u64 = 2 << 30;
/// Most rows.
pub const MAX_ROWS: u64 = 2_000_000;

/// What a file of people is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeopleForm {
    /// CSV with a line of headers.
    Csv,
    /// The list of rows that an export writes.
    Json,
    /// vCards 3.0 and 4.0.
    Vcard,
}

/// Why a file cannot be read, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The operating system says no.
    #[error(transparent)]
    Io(io::Error),
    /// There is nothing in the file.
    #[error("the file is empty")]
    Empty,
    /// It is longer than a file may be.
    #[error("the file is too long")]
    TooLong,
    /// More rows than a file may have; the first that is too many begins on this line.
    #[error("line {0} is one row too many")]
    TooManyRows(u64),
    /// The header is not UTF-8, or too long.
    #[error("the header cannot be read")]
    Header,
    /// A required column is missing.
    #[error("the column {0} is missing")]
    MissingColumn(&'static str),
    /// A column stands there twice.
    #[error("the column {0:?} is there twice")]
    DoubleColumn(Untrusted),
    /// It is no list of JSON from this line on.
    #[error("line {0} is not JSON")]
    Json(u64),
}

impl From<io::Error> for FileError {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::FileTooLarge { Self::TooLong } else { Self::Io(error) }
    }
}

/// What comes out of a file, in its order.
#[derive(Debug)]
pub enum PeopleItem {
    /// A row whose shape is right.
    Row(Box<MemberRow>),
    /// What a source says of a department besides its path.
    Department(DepartmentRow),
    /// A row that cannot be taken.
    Refused(RefusedRow),
}

impl PeopleItem {
    /// A row of which nothing is known but where it begins.
    pub(super) fn refused(line: u64, code: RowFault) -> Self {
        Self::Refused(RefusedRow { line, column: None, code, value: None })
    }

    const fn line(&self) -> u64 {
        match self {
            Self::Row(row) => row.line,
            Self::Department(row) => row.line,
            Self::Refused(row) => row.line,
        }
    }
}

/// A file of people, open.
pub struct PeopleFile<R: Read> {
    rows: Rows<R>,
    /// Rows that may still come.
    left: u64,
}

enum Rows<R: Read> {
    Csv(Box<CsvPeople<Bounded<R>>>),
    Json(JsonPeople<Bounded<R>>),
    Vcard(VcardPeople<Bounded<R>>),
}

impl<R: Read> PeopleFile<R> {
    /// Reads the beginning of a file.
    pub fn open(form: PeopleForm, source: R) -> Result<Self, FileError> {
        Self::with_limits(form, source, MAX_FILE, MAX_ROWS)
    }

    fn with_limits(form: PeopleForm, source: R, bytes: u64, rows: u64) -> Result<Self, FileError> {
        let source = Bounded { inner: source, left: bytes };
        let opened = match form {
            PeopleForm::Csv => Rows::Csv(Box::new(CsvPeople::new(source)?)),
            PeopleForm::Json => Rows::Json(JsonPeople::new(source)?),
            PeopleForm::Vcard => Rows::Vcard(VcardPeople::new(source)?),
        };
        Ok(Self { rows: opened, left: rows })
    }

    /// The next row, or nothing at the end. A row that is refused does not end the reading.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator of results would hide that it may go on after a refusal"
    )]
    pub fn next(&mut self) -> Result<Option<PeopleItem>, FileError> {
        let item = match &mut self.rows {
            Rows::Csv(people) => people.next()?,
            Rows::Json(people) => people.next()?,
            Rows::Vcard(people) => people.next()?,
        };
        let Some(item) = item else { return Ok(None) };
        self.left = self.left.checked_sub(1).ok_or(FileError::TooManyRows(item.line()))?;
        Ok(Some(item))
    }
}

/// Hands a file out up to its longest length, and says when there is more.
pub(super) struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let length = self.inner.read(out)?;
        self.left = self
            .left
            .checked_sub(length as u64)
            .ok_or_else(|| io::Error::from(io::ErrorKind::FileTooLarge))?;
        Ok(length)
    }
}

#[cfg(test)]
mod tests {
    use super::{FileError, PeopleFile, PeopleForm};

    fn read(form: PeopleForm, file: &str, bytes: u64, rows: u64) -> Result<usize, FileError> {
        let mut people = PeopleFile::with_limits(form, file.as_bytes(), bytes, rows)?;
        let mut count = 0;
        while people.next()?.is_some() {
            count += 1;
        }
        Ok(count)
    }

    #[test]
    fn a_file_has_a_longest_length_and_a_most_of_rows() {
        let files = [
            (PeopleForm::Csv, "id,name\na,A\nb\nc,C\n", 4),
            (PeopleForm::Json, "[\n{\"member\": {}},\n7,\n{\"department\": {\"path\": []}}]", 4),
            (PeopleForm::Vcard, "BEGIN:VCARD\nEND:VCARD\nx\nBEGIN:VCARD\nEND:VCARD\n", 4),
        ];
        for (form, file, third) in files {
            let long = file.len() as u64;
            assert!(matches!(read(form, file, long, 3), Ok(3)), "{form:?}");
            assert!(matches!(read(form, file, long - 1, 3), Err(FileError::TooLong)), "{form:?}");
            let Err(FileError::TooManyRows(line)) = read(form, file, long, 2) else { panic!("{form:?}") };
            assert_eq!(line, third, "{form:?}");
        }
    }
}
