//! People as an export wrote them in JSON: a list of rows, each with the line on which it begins.

use std::collections::HashSet;
use std::io::{self, Read};

use serde::de::IgnoredAny;

use super::csv::{MAX_LINE, PeopleItem, is_column_of_its_own, refused};
use crate::domain::{ImportRow, MemberRow, RowFault, normalise_line};

/// Longest file that is read whole, in bytes.
const MAX_FILE: u64 = 2 << 30;

/// Why a file that is read whole cannot be read at all.
#[derive(Debug, thiserror::Error)]
pub enum WholeFileError {
    /// The operating system says no.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is nothing in the file.
    #[error("the file is empty")]
    Empty,
    /// It is longer than 2 GiB.
    #[error("the file is too long")]
    TooLong,
    /// It is no text in UTF-8.
    #[error("line {0} is not UTF-8")]
    Utf8(u64),
    /// It is no list of JSON from this line on.
    #[error("line {0} is not JSON")]
    Json(u64),
}

/// The whole text of a file, without a byte order mark.
pub(super) fn read_text(source: impl Read) -> Result<String, WholeFileError> {
    let mut bytes = Vec::new();
    source.take(MAX_FILE + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE {
        return Err(WholeFileError::TooLong);
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.as_bytes().get(..error.utf8_error().valid_up_to()).unwrap_or_default();
        WholeFileError::Utf8(1 + memchr::memchr_iter(b'\n', good).count() as u64)
    })?;
    let text = text.strip_prefix('\u{feff}').map(str::to_owned).unwrap_or(text);
    if text.trim().is_empty() { Err(WholeFileError::Empty) } else { Ok(text) }
}

/// Reads people out of JSON, row by row.
#[derive(Debug)]
pub struct JsonPeople {
    text: String,
    at: usize,
    line: u64,
    begun: bool,
    ended: bool,
}

impl JsonPeople {
    /// Reads the file.
    pub fn new(source: impl Read) -> Result<Self, WholeFileError> {
        Ok(Self { text: read_text(source)?, at: 0, line: 1, begun: false, ended: false })
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn step(&mut self, bytes: usize) {
        let passed = self.rest().get(..bytes).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed.as_bytes()).count() as u64;
        self.at += bytes;
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        let blanks = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
        self.step(blanks);
    }

    fn take(&mut self, sign: char) -> bool {
        self.skip_blanks();
        let is_there = self.rest().starts_with(sign);
        if is_there {
            self.step(sign.len_utf8());
        }
        is_there
    }

    /// The next row, or nothing at the end. What is no JSON ends the reading: where the next row begins nobody
    /// can say.
    #[expect(
        clippy::should_implement_trait,
        reason = "an iterator of results would hide that it may go on after a refusal"
    )]
    pub fn next(&mut self) -> Result<Option<PeopleItem>, WholeFileError> {
        if self.ended {
            return Ok(None);
        }
        let follows = if self.begun { self.take(',') } else { self.take('[') };
        if !follows || !self.begun {
            // Behind a row the list goes on or ends; at its beginning it may be empty.
            if (follows || self.begun) && self.take(']') {
                self.skip_blanks();
                self.ended = true;
                return if self.rest().is_empty() { Ok(None) } else { Err(WholeFileError::Json(self.line)) };
            }
            if !follows {
                return Err(WholeFileError::Json(self.line));
            }
        }
        self.begun = true;
        self.skip_blanks();
        let line = self.line;
        let mut values = serde_json::Deserializer::from_str(self.rest()).into_iter::<IgnoredAny>();
        match values.next() {
            Some(Ok(_)) => {}
            Some(Err(error)) => return Err(WholeFileError::Json(line + (error.line() as u64).max(1) - 1)),
            None => return Err(WholeFileError::Json(line)),
        }
        let length = values.byte_offset();
        let item = row(self.rest().get(..length).unwrap_or_default(), line);
        self.step(length);
        Ok(Some(item))
    }
}

fn row(text: &str, line: u64) -> PeopleItem {
    if text.len() > MAX_LINE {
        return PeopleItem::Refused(refused(line, RowFault::LineTooLong));
    }
    match serde_json::from_str(text) {
        Ok(ImportRow::Department(mut row)) => {
            row.line = line;
            PeopleItem::Department(row)
        }
        Ok(ImportRow::Member(mut row)) => {
            row.line = line;
            if let Some(name) = bad_attribute(&row) {
                let mut fault = refused(line, RowFault::Malformed);
                fault.column = Some("attributes".into());
                fault.value = Some(name.into());
                return PeopleItem::Refused(fault);
            }
            PeopleItem::Row(row)
        }
        Err(_) => PeopleItem::Refused(refused(line, RowFault::Malformed)),
    }
}

/// The name of an attribute that no column could have, or that another one has already.
fn bad_attribute(row: &MemberRow) -> Option<&str> {
    let mut names = HashSet::new();
    row.attributes
        .iter()
        .map(|attribute| attribute.name.as_data())
        .find(|name| !is_column_of_its_own(name) || normalise_line(name) != *name || !names.insert(*name))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{JsonPeople, WholeFileError};
    use crate::domain::{DepartmentRow, MemberRow, RowFault};
    use crate::formats::PeopleItem;
    use crate::formats::people::{any_people, people_json};

    type Line = (u64, Result<String, RowFault>);

    fn read(file: &[u8]) -> Result<Vec<Line>, String> {
        let mut people = JsonPeople::new(file).map_err(|error| error.to_string())?;
        let mut rows = Vec::new();
        while let Some(item) = people.next().map_err(|error| error.to_string())? {
            rows.push(match item {
                PeopleItem::Row(row) => (row.line, Ok(row.id.as_data().to_owned())),
                PeopleItem::Department(row) => (row.line, Ok(format!("{} parts", row.path.len()))),
                PeopleItem::Refused(fault) => (fault.line, Err(fault.code)),
            });
        }
        Ok(rows)
    }

    #[test]
    fn rows_have_the_line_on_which_they_begin() {
        let file = "\u{feff} [\r\n{\"department\": {\"path\": [\"A\", \"B\"]}},\n{\"member\":\n{\"id\": \"a\",\n\"line\": 77}}\n, {\"member\": {}} ]\n";
        assert_eq!(
            read(file.as_bytes()).unwrap(),
            [(2, Ok("2 parts".into())), (3, Ok("a".into())), (6, Ok(String::new()))]
        );
        assert_eq!(read(b"[]").unwrap(), []);
    }

    #[test]
    fn a_row_of_another_shape_does_not_stop_the_others() {
        let attributes = |names: &[&str]| {
            let list: Vec<_> =
                names.iter().map(|name| serde_json::json!({"name": name, "value": "x"})).collect();
            serde_json::json!({"member": {"id": "x", "attributes": list}}).to_string()
        };
        let rows = [
            "1".to_owned(),
            "{\"member\": {\"id\": 5}}".to_owned(),
            "{\"member\": {\"id\": \"a\", \"id\": \"b\"}}".to_owned(),
            "{\"member\": {\"idd\": \"a\"}}".to_owned(),
            "{}".to_owned(),
            "null".to_owned(),
            attributes(&["A", "B"]),
            attributes(&["A", "A"]),
            attributes(&["E-Mail", "Title"]),
            attributes(&[""]),
            attributes(&["a\nb"]),
            format!("{{\"member\": {{\"id\": \"{}\"}}}}", "x".repeat(1 << 20)),
            "{\"member\": {\"id\": \"a\"}}".to_owned(),
        ];
        let found = read(format!("[\n{}\n]", rows.join(",\n")).as_bytes()).unwrap();
        let bad = |line| (line, Err(RowFault::Malformed));
        let mut expected: Vec<Line> = (2..8).map(bad).collect();
        expected.push((8, Ok("x".into())));
        expected.extend((9..13).map(bad));
        expected.extend([(13, Err(RowFault::LineTooLong)), (14, Ok("a".into()))]);
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_no_list_of_json_says_from_where() {
        for (file, line) in [
            ("{}", 1),
            ("[\n{}\n", 3),
            ("[\n{}\n{}]", 3),
            ("[\n{},\n]", 3),
            ("[,{}]", 1),
            ("[]\n[]", 2),
            ("[{},\n\n{\"a\":\n\n oops}]", 5),
            ("[\n{\"a\": \"", 2),
        ] {
            assert_eq!(
                read(file.as_bytes()).unwrap_err(),
                WholeFileError::Json(line).to_string(),
                "{file:?}"
            );
        }
        assert_eq!(read(b" \n").unwrap_err(), WholeFileError::Empty.to_string());
        assert_eq!(read(b"[\n\xff]").unwrap_err(), WholeFileError::Utf8(2).to_string());
        // However deep: refused, not a stack that runs over.
        let deep = format!("[{}1{}]", "[".repeat(100_000), "]".repeat(100_000));
        assert!(matches!(read(deep.as_bytes()), Err(_) | Ok(_)));
    }

    fn rows_of(file: &str) -> (Vec<DepartmentRow>, Vec<MemberRow>) {
        let mut people = JsonPeople::new(file.as_bytes()).unwrap();
        let (mut departments, mut members) = (Vec::new(), Vec::new());
        while let Some(item) = people.next().unwrap() {
            match item {
                PeopleItem::Row(row) => members.push(MemberRow { line: 0, ..*row }),
                PeopleItem::Department(row) => departments.push(DepartmentRow { line: 0, ..row }),
                PeopleItem::Refused(fault) => panic!("{fault:?} in {file}"),
            }
        }
        (departments, members)
    }

    proptest! {
        #[test]
        fn what_went_out_as_json_comes_in_again_the_same(
            people in any_people(), names in prop::collection::vec(("\\PC{1,5}", any::<Option<i64>>()), 0..4)
        ) {
            let departments: Vec<DepartmentRow> = names
                .iter()
                .map(|(name, order)| DepartmentRow {
                    line: 0,
                    path: vec![name.as_str().into()],
                    english_name: order.map(|_| name.as_str().into()),
                    order: *order,
                })
                .collect();
            let file = people_json(&departments, &people).unwrap();
            prop_assert_eq!(file.lines().count(), 2 + people.len() + departments.len());
            prop_assert_eq!(rows_of(&file), (departments, people));
        }

        #[test]
        fn anything_is_read_without_a_panic(file in "[\\[\\]{},:\"a1\n\\\\ ]{0,40}|\\PC*") {
            let _ = read(file.as_bytes());
        }
    }
}
