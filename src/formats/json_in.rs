//! People as an export wrote them in JSON: a list of rows, each with the line on which it begins.

use std::collections::HashSet;
use std::io::{self, BufRead as _, BufReader, Read};

use serde::de::IgnoredAny;

use super::csv::is_column_of_its_own;
use super::file::{FileError, MAX_ROW, PeopleItem};
use crate::domain::{ImportRow, MemberRow, RefusedRow, RowFault, normalise_line};

/// Reads people out of JSON, row by row, without holding the file.
pub(super) struct JsonPeople<R> {
    source: BufReader<R>,
    /// The line on which the next byte stands.
    line: u64,
    begun: bool,
    ended: bool,
    row: Vec<u8>,
}

/// How far into a row a byte leads.
#[derive(Default)]
struct Place {
    depth: usize,
    in_text: bool,
    escaped: bool,
}

/// Where a row ends, seen from a byte.
enum End {
    Before,
    Behind,
    Later,
}

impl Place {
    fn pass(&mut self, byte: u8) -> End {
        if self.in_text {
            match byte {
                _ if self.escaped => self.escaped = false,
                b'\\' => self.escaped = true,
                b'"' => {
                    self.in_text = false;
                    if self.depth == 0 {
                        return End::Behind;
                    }
                }
                _ => {}
            }
            return End::Later;
        }
        match byte {
            b'"' => self.in_text = true,
            b'{' | b'[' => self.depth += 1,
            b'}' | b']' if self.depth == 0 => return End::Before,
            b'}' | b']' => {
                self.depth -= 1;
                if self.depth == 0 {
                    return End::Behind;
                }
            }
            b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if self.depth == 0 => return End::Before,
            _ => {}
        }
        End::Later
    }
}

impl<R: Read> JsonPeople<R> {
    /// Reads the beginning of the file.
    pub(super) fn new(source: R) -> Result<Self, FileError> {
        let mut source = BufReader::with_capacity(64 * 1024, source);
        if source.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
            source.consume(3);
        }
        let mut people = Self { source, line: 1, begun: false, ended: false, row: Vec::new() };
        if people.next_sign()?.is_none() { Err(FileError::Empty) } else { Ok(people) }
    }

    fn consume(&mut self, bytes: usize) -> io::Result<()> {
        let passed = self.source.fill_buf()?.get(..bytes).unwrap_or_default();
        self.line += memchr::memchr_iter(b'\n', passed).count() as u64;
        self.source.consume(bytes);
        Ok(())
    }

    /// The next byte that is no blank.
    fn next_sign(&mut self) -> io::Result<Option<u8>> {
        loop {
            let buffer = self.source.fill_buf()?;
            let all = buffer.len();
            let blanks = all - buffer.trim_ascii_start().len();
            let sign = buffer.get(blanks).copied();
            self.consume(blanks)?;
            if sign.is_some() || all == 0 {
                return Ok(sign);
            }
        }
    }

    fn take(&mut self, sign: u8) -> io::Result<bool> {
        let is_there = self.next_sign()? == Some(sign);
        if is_there {
            self.consume(1)?;
        }
        Ok(is_there)
    }

    /// The next row, or nothing at the end. What is no JSON ends the reading: where the next row begins nobody
    /// can say.
    pub(super) fn next(&mut self) -> Result<Option<PeopleItem>, FileError> {
        if self.ended {
            return Ok(None);
        }
        let follows = self.take(if self.begun { b',' } else { b'[' })?;
        if !follows || !self.begun {
            // Behind a row the list goes on or ends; at its beginning it may be empty.
            if (follows || self.begun) && self.take(b']')? {
                self.ended = true;
                return if self.next_sign()?.is_none() { Ok(None) } else { Err(FileError::Json(self.line)) };
            }
            if !follows {
                return Err(FileError::Json(self.line));
            }
        }
        self.begun = true;
        self.next_sign()?;
        let line = self.line;
        if self.read_row()? { row(&self.row, line).map(Some) } else { Ok(Some(too_long(line))) }
    }

    /// Reads up to the end of a row. Says no when it is longer than a row may be: then it was passed over.
    fn read_row(&mut self) -> Result<bool, FileError> {
        self.row.clear();
        let mut place = Place::default();
        let mut length = 0;
        loop {
            let buffer = self.source.fill_buf()?;
            let mut end = None;
            for (at, byte) in buffer.iter().enumerate() {
                match place.pass(*byte) {
                    End::Before => end = Some(at),
                    End::Behind => end = Some(at + 1),
                    End::Later => continue,
                }
                break;
            }
            let part = buffer.get(..end.unwrap_or(buffer.len())).unwrap_or_default();
            let (passed, is_last) = (part.len(), end.is_some() || buffer.is_empty());
            length += passed;
            if length <= MAX_ROW {
                self.row.extend_from_slice(part);
            }
            self.consume(passed)?;
            if is_last {
                return Ok(length <= MAX_ROW);
            }
        }
    }
}

fn too_long(line: u64) -> PeopleItem {
    PeopleItem::refused(line, RowFault::LineTooLong)
}

fn row(bytes: &[u8], line: u64) -> Result<PeopleItem, FileError> {
    let Ok(text) = std::str::from_utf8(bytes) else { return Ok(PeopleItem::refused(line, RowFault::Utf8)) };
    let broken = |error: serde_json::Error| FileError::Json(line + (error.line() as u64).max(1) - 1);
    Ok(match serde_json::from_str(text) {
        Ok(ImportRow::Department(mut row)) => {
            row.line = line;
            PeopleItem::Department(row)
        }
        Ok(ImportRow::Member(mut row)) => {
            row.line = line;
            match bad_attribute(&row) {
                None => PeopleItem::Row(row),
                Some(name) => PeopleItem::Refused(RefusedRow {
                    line,
                    column: Some("attributes".into()),
                    code: RowFault::Malformed,
                    value: Some(name.into()),
                }),
            }
        }
        // JSON of another shape is one bad row; what is no JSON is no list any more.
        Err(_) => {
            serde_json::from_str::<IgnoredAny>(text).map_err(broken)?;
            PeopleItem::refused(line, RowFault::Malformed)
        }
    })
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

    use super::JsonPeople;
    use crate::domain::{DepartmentRow, MemberRow, RowFault};
    use crate::formats::people::{any_people, any_person, imported, people_json};
    use crate::formats::{FileError, PeopleItem};

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
            format!("{{\"member\": {{\"id\": \"{}\"}}}}", "],\\\"".repeat(1 << 20)),
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
            assert_eq!(read(file.as_bytes()).unwrap_err(), FileError::Json(line).to_string(), "{file:?}");
        }
        assert_eq!(read(b" \n").unwrap_err(), FileError::Empty.to_string());
        assert_eq!(read(b"\xef\xbb\xbf").unwrap_err(), FileError::Empty.to_string());
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

    #[test]
    fn what_a_row_does_not_name_it_says_nothing_of() {
        let rows = rows_of(r#"[{"member": {"id": "a", "name": "A", "title": "", "alias": null}}]"#).1;
        let row =
            MemberRow { id: "a".into(), name: "A".into(), title: Some("".into()), ..MemberRow::default() };
        assert_eq!(rows, [row]);
    }

    proptest! {
        #[test]
        fn what_went_out_as_json_comes_in_again_the_same(
            people in any_people(), other in any_person(), names in prop::collection::vec(("\\PC{1,5}", any::<Option<i64>>()), 0..4)
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
            let (read_departments, read) = rows_of(&file);
            prop_assert_eq!(read_departments, departments);
            prop_assert_eq!(&read, &people);
            // Whatever was there before: such a row says all there is.
            let mut other = imported(other, None);
            other.attributes.clear();
            for row in read {
                prop_assert_eq!(imported(row.clone(), Some(other.clone())), imported(row, None));
            }
        }

        #[test]
        fn anything_is_read_without_a_panic(file in "[\\[\\]{},:\"a1\n\\\\ ]{0,40}|\\PC*") {
            let _ = read(file.as_bytes());
        }

        /// However the file comes in pieces.
        #[test]
        fn pieces_make_no_difference(file in "\\[([\\[\\]{},:\"a1\n\\\\ ]|\"\\PC\"|\\{\\},){0,20}\\]?", size in 1_usize..4) {
            let mut pieces = JsonPeople::new(Pieces(file.as_bytes(), size));
            let mut whole = JsonPeople::new(file.as_bytes());
            if let (Ok(pieces), Ok(whole)) = (&mut pieces, &mut whole) {
                loop {
                    let (one, other) = (pieces.next(), whole.next());
                    prop_assert_eq!(format!("{one:?}"), format!("{other:?}"));
                    if !matches!(one, Ok(Some(_))) {
                        break;
                    }
                }
            }
        }
    }

    /// A source that gives only so many bytes at once.
    struct Pieces<'a>(&'a [u8], usize);

    impl std::io::Read for Pieces<'_> {
        fn read(&mut self, out: &mut [u8]) -> std::io::Result<usize> {
            let room = out.len().min(self.1);
            self.0.read(&mut out[..room])
        }
    }
}
