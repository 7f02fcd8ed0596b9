//! A company's people as CSV: `,`, `;` or tab, quoted as RFC 4180, with or without a byte order mark.

use std::io::{self, Read};

use csv::ByteRecord;

use super::cells::unmarked;
use super::file::{FileError, MAX_ROW, PeopleItem};
use crate::domain::{Attribute, MemberRow, RefusedRow, RowFault};
use crate::text::Untrusted;

/// Most columns.
const MAX_COLUMNS: usize = 256;

/// Reads people row by row, without holding the file.
pub(super) struct CsvPeople<R: Read> {
    columns: Vec<Column>,
    delimiter: u8,
    reader: Option<csv::Reader<Guard<R>>>,
    record: ByteRecord,
}

#[derive(Clone, Debug, PartialEq)]
enum Column {
    Id,
    Name,
    Alias,
    Department,
    Title,
    ExternalTitle,
    Mobile,
    Phone,
    Email,
    Manager,
    LeaderOf,
    Office,
    Status,
    Role,
    Other(Untrusted),
}

/// The columns that have a field of their own, in the order in which they are written.
pub(super) const COLUMNS: &[&str] = &[
    "id",
    "name",
    "alias",
    "department",
    "title",
    "external_title",
    "mobile",
    "phone",
    "email",
    "manager",
    "leader_of",
    "office",
    "status",
    "role",
];

/// Whether a header may hold `name` for an attribute, so that reading it gives that attribute again.
pub(super) fn is_column_of_its_own(name: &str) -> bool {
    !name.is_empty() && !name.contains('\n') && Column::named(name) == Column::Other(Untrusted::from(name))
}

impl Column {
    fn named(name: &str) -> Self {
        match name.trim().to_ascii_lowercase().replace([' ', '-'], "_").as_str() {
            "id" => Self::Id,
            "name" => Self::Name,
            "alias" => Self::Alias,
            "department" => Self::Department,
            "title" => Self::Title,
            "external_title" => Self::ExternalTitle,
            "mobile" => Self::Mobile,
            "phone" => Self::Phone,
            "email" => Self::Email,
            "manager" => Self::Manager,
            "leader_of" => Self::LeaderOf,
            "office" => Self::Office,
            "status" => Self::Status,
            "role" => Self::Role,
            _ => Self::Other(Untrusted::from(name.trim())),
        }
    }
}

/// Hands out the file line by line at most, and stops a record that grows without end.
struct Guard<R> {
    inner: io::BufReader<R>,
    /// Bytes since the last record ended.
    since_record: usize,
    /// Line breaks in all.
    lines: u64,
    /// Set when a record grew too long.
    overflow: bool,
    /// Skip to the end of the present line before going on.
    resync: bool,
}

impl<R: Read> Guard<R> {
    fn skip_line(&mut self) -> io::Result<()> {
        use io::BufRead as _;
        loop {
            let buffer = self.inner.fill_buf()?;
            if buffer.is_empty() {
                return Ok(());
            }
            if let Some(at) = memchr::memchr(b'\n', buffer) {
                self.inner.consume(at + 1);
                self.lines += 1;
                return Ok(());
            }
            let length = buffer.len();
            self.inner.consume(length);
        }
    }
}

impl<R: Read> Read for Guard<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        use io::BufRead as _;
        if self.resync {
            self.resync = false;
            self.skip_line()?;
        }
        if self.since_record > MAX_ROW {
            self.overflow = true;
            // What follows is no record any more: the reader above sees the end of the file.
            return Ok(0);
        }
        let buffer = self.inner.fill_buf()?;
        // At most one line at a time, so that "since the last record" is exact.
        let end = memchr::memchr(b'\n', buffer).map_or(buffer.len(), |at| at + 1).min(out.len());
        let (Some(from), Some(to)) = (buffer.get(..end), out.get_mut(..end)) else { return Ok(0) };
        to.copy_from_slice(from);
        self.lines += u64::from(from.ends_with(b"\n"));
        self.since_record += end;
        self.inner.consume(end);
        Ok(end)
    }
}

impl<R: Read> CsvPeople<R> {
    /// Reads the header.
    pub(super) fn new(source: R) -> Result<Self, FileError> {
        let mut inner = io::BufReader::with_capacity(64 * 1024, source);
        let (header, lines) = read_header(&mut inner)?;
        let text = std::str::from_utf8(&header).map_err(|_| FileError::Header)?;
        let delimiter = guess_delimiter(text);
        let mut names = ByteRecord::new();
        builder(delimiter)
            .from_reader(header.as_slice())
            .read_byte_record(&mut names)
            .map_err(|_| FileError::Header)?;
        if names.len() > MAX_COLUMNS {
            return Err(FileError::Header);
        }
        let mut columns: Vec<Column> = Vec::new();
        for name in &names {
            let name = std::str::from_utf8(name).map_err(|_| FileError::Header)?;
            let column = Column::named(unmarked(name));
            if columns.contains(&column) && column != Column::Other(Untrusted::default()) {
                return Err(FileError::DoubleColumn(Untrusted::from(name)));
            }
            columns.push(column);
        }
        for (column, name) in [(Column::Id, "id"), (Column::Name, "name")] {
            if !columns.contains(&column) {
                return Err(FileError::MissingColumn(name));
            }
        }
        let guard = Guard { inner, since_record: 0, lines, overflow: false, resync: false };
        let reader = Some(builder(delimiter).from_reader(guard));
        Ok(Self { columns, delimiter, reader, record: ByteRecord::new() })
    }

    /// The next row, or nothing at the end. Only an error of the operating system ends the reading early.
    pub(super) fn next(&mut self) -> Result<Option<PeopleItem>, FileError> {
        let Some(reader) = self.reader.as_mut() else { return Ok(None) };
        let line = reader.get_ref().lines + 1;
        reader.get_mut().since_record = 0;
        let more = reader.read_byte_record(&mut self.record).map_err(io::Error::from)?;
        let guard = reader.get_mut();
        let lines_now = guard.lines;
        if std::mem::take(&mut guard.overflow) {
            self.restart_after_line();
            return Ok(Some(PeopleItem::refused(line, RowFault::LineTooLong)));
        }
        if !more {
            self.reader = None;
            return Ok(None);
        }
        // Blank lines are skipped by the reader below: the record begins after them.
        let skipped = blank_lines_before(&self.record, line, lines_now);
        Ok(Some(self.row(line + skipped)))
    }

    /// Goes on behind a line that was too long.
    fn restart_after_line(&mut self) {
        if let Some(reader) = self.reader.take() {
            let mut guard = reader.into_inner();
            guard.resync = true;
            guard.since_record = 0;
            self.reader = Some(builder(self.delimiter).from_reader(guard));
        }
    }

    fn row(&self, line: u64) -> PeopleItem {
        if self.record.len() != self.columns.len() {
            let value = format!("{} / {}", self.record.len(), self.columns.len());
            let code = RowFault::FieldCount;
            return PeopleItem::Refused(RefusedRow { line, column: None, code, value: Some(value.into()) });
        }
        let mut row = MemberRow { line, ..MemberRow::default() };
        for (column, bytes) in self.columns.iter().zip(self.record.iter()) {
            let Ok(text) = std::str::from_utf8(bytes) else {
                return PeopleItem::refused(line, RowFault::Utf8);
            };
            let text = unmarked(text);
            let value = || Untrusted::from(text);
            match column {
                Column::Id => row.id = value(),
                Column::Name => row.name = value(),
                Column::Alias => row.alias = Some(value()),
                Column::Department => row.departments = Some(split_paths(text)),
                Column::Title => row.title = Some(value()),
                Column::ExternalTitle => row.external_title = Some(value()),
                Column::Mobile => row.mobile = Some(value()),
                Column::Phone => row.phone = Some(value()),
                Column::Email => row.email = Some(value()),
                Column::Manager => row.manager = Some(value()),
                Column::LeaderOf => row.leader_of = Some(split_paths(text)),
                Column::Office => row.office = Some(value()),
                Column::Status => row.status = Some(value()),
                Column::Role => row.role = Some(value()),
                Column::Other(name) if name.is_empty() => {}
                Column::Other(name) => row.attributes.push(Attribute { name: name.clone(), value: value() }),
            }
        }
        PeopleItem::Row(Box::new(row))
    }
}

/// Lines that were read and are neither part of the record nor its end: blank ones before it.
fn blank_lines_before(record: &ByteRecord, first: u64, lines_now: u64) -> u64 {
    let inside = record.iter().flatten().filter(|b| **b == b'\n').count() as u64;
    // A record without a line break behind it is the last one of the file.
    lines_now.saturating_sub(first + inside).min(lines_now)
}

fn builder(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.has_headers(false).flexible(true).delimiter(delimiter).buffer_capacity(16 * 1024);
    builder
}

/// The first line that is not blank, without a byte order mark, and the line breaks up to its end. Quoted
/// line breaks in a header are not expected.
fn read_header<R: Read>(source: &mut io::BufReader<R>) -> Result<(Vec<u8>, u64), FileError> {
    use io::BufRead as _;
    let mut lines = 0;
    loop {
        let mut line = Vec::new();
        source.by_ref().take(MAX_ROW as u64 + 1).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(FileError::Empty);
        }
        if line.len() > MAX_ROW {
            return Err(FileError::Header);
        }
        lines += u64::from(line.ends_with(b"\n"));
        if line.starts_with(b"\xef\xbb\xbf") {
            line.drain(..3);
        }
        if !line.trim_ascii().is_empty() {
            return Ok((line, lines));
        }
    }
}

/// The sign that stands most often between the header's names.
fn guess_delimiter(header: &str) -> u8 {
    // What stands in quotes belongs to a name.
    let outside: String = header.split('"').step_by(2).collect();
    [b',', b';', b'\t']
        .into_iter()
        .max_by_key(|delimiter| (outside.bytes().filter(|b| b == delimiter).count(), *delimiter == b','))
        .unwrap_or(b',')
}

/// Department paths: parts by `/`, several paths by `|`, `\/` and `\|` for the characters themselves.
/// An empty text is no path.
pub fn split_paths(text: &str) -> Vec<Vec<Untrusted>> {
    if text.trim().is_empty() {
        return Vec::new();
    }
    let mut paths = Vec::new();
    let mut path = Vec::new();
    let mut part = String::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' if matches!(chars.peek(), Some('/' | '|' | '\\')) => part.extend(chars.next()),
            '/' => path.push(Untrusted::from(std::mem::take(&mut part).trim())),
            '|' => {
                path.push(Untrusted::from(std::mem::take(&mut part).trim()));
                paths.push(std::mem::take(&mut path));
            }
            _ => part.push(c),
        }
    }
    path.push(Untrusted::from(part.trim()));
    paths.push(path);
    paths
}

/// The text that [`split_paths`] takes apart again.
pub(super) fn join_paths(paths: &[Vec<Untrusted>]) -> String {
    let part = |part: &Untrusted| {
        let mut escaped = String::new();
        for c in part.as_data().chars() {
            if matches!(c, '/' | '|' | '\\') {
                escaped.push('\\');
            }
            escaped.push(c);
        }
        escaped
    };
    let path = |path: &Vec<Untrusted>| path.iter().map(part).collect::<Vec<_>>().join("/");
    paths.iter().map(path).collect::<Vec<_>>().join("|")
}

/// Several values in one cell, separated by `|`, with `\\|` for the character itself.
pub fn join_words(words: &[Untrusted]) -> String {
    let escaped = |word: &Untrusted| word.as_data().replace('\\', "\\\\").replace('|', "\\|");
    words.iter().map(escaped).collect::<Vec<_>>().join("|")
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use proptest::prelude::*;

    use super::{CsvPeople, FileError, MAX_ROW, PeopleItem, split_paths};
    use crate::domain::RowFault;
    use crate::text::Untrusted;

    type Line = (u64, Result<String, RowFault>);

    fn read(file: &[u8]) -> Result<Vec<Line>, FileError> {
        let mut people = CsvPeople::new(file)?;
        let mut rows = Vec::new();
        while let Some(item) = people.next()? {
            rows.push(match item {
                PeopleItem::Row(row) => {
                    (row.line, Ok(format!("{}|{}", row.id.as_data(), row.name.as_data())))
                }
                PeopleItem::Refused(fault) => (fault.line, Err(fault.code)),
                PeopleItem::Department(row) => panic!("{row:?}"),
            });
        }
        Ok(rows)
    }

    fn ok(line: u64, row: &str) -> Line {
        (line, Ok(row.into()))
    }

    #[test]
    fn columns_come_in_any_order_with_any_delimiter() {
        for (file, line) in [
            ("name,id\n王芳,w.fang\n", 2),
            ("\u{feff}Name;ID\r\n\"王芳\";w.fang\r\n", 2),
            ("\nid\tname\nw.fang\t王芳", 3),
        ] {
            assert_eq!(read(file.as_bytes()).unwrap(), [ok(line, "w.fang|王芳")]);
        }
    }

    #[test]
    fn lines_are_counted_through_quotes_and_blank_lines() {
        let file = "id,name\na,\"A\nB\"\n\n\nc,C\nd,D";
        assert_eq!(read(file.as_bytes()).unwrap(), [ok(2, "a|A\nB"), ok(6, "c|C"), ok(7, "d|D")]);
    }

    #[test]
    fn a_bad_row_does_not_stop_the_others() {
        let mut file = b"id,name\na,A\nb,\xff\nc,C,extra\nd".to_vec();
        file.extend_from_slice(b"\ne,E\n");
        assert_eq!(
            read(&file).unwrap(),
            [
                ok(2, "a|A"),
                (3, Err(RowFault::Utf8)),
                (4, Err(RowFault::FieldCount)),
                (5, Err(RowFault::FieldCount)),
                ok(6, "e|E"),
            ]
        );
    }

    #[test]
    fn an_endless_line_is_refused_and_skipped() {
        let mut file = b"id,name\na,A\nb,".to_vec();
        file.extend(std::iter::repeat_n(b'x', 3 * MAX_ROW));
        file.extend_from_slice(b"\nc,C\n");
        assert_eq!(read(&file).unwrap(), [ok(2, "a|A"), (3, Err(RowFault::LineTooLong)), ok(4, "c|C")]);

        // Without any end: bounded in memory, refused, finished.
        let endless = b"id,name\nb,".chain(std::io::repeat(b'x').take(64 << 20));
        let mut people = CsvPeople::new(endless).unwrap();
        assert!(
            matches!(people.next().unwrap(), Some(PeopleItem::Refused(f)) if f.code == RowFault::LineTooLong)
        );
        assert!(people.next().unwrap().is_none());
    }

    #[test]
    fn a_header_without_its_columns_is_refused() {
        assert!(matches!(read(b""), Err(FileError::Empty)));
        assert!(matches!(read(b"name,title\n"), Err(FileError::MissingColumn("id"))));
        assert!(matches!(read(b"id,name,ID\n"), Err(FileError::DoubleColumn(_))));
        assert!(matches!(read(b"id,\xffname\n"), Err(FileError::Header)));
    }

    #[test]
    fn paths_are_split_and_escaped() {
        let shown = |text: &str| {
            split_paths(text)
                .iter()
                .map(|path| path.iter().map(Untrusted::as_data).collect::<Vec<_>>().join(" > "))
                .collect::<Vec<_>>()
        };
        assert_eq!(shown("Acme/R\\/D | Guild"), ["Acme > R/D", "Guild"]);
        assert_eq!(shown("a\\|b/c"), ["a|b > c"]);
        assert!(shown(" ").is_empty());
        assert_eq!(shown("a//b"), ["a >  > b"]);
    }

    proptest! {
        #[test]
        fn anything_is_read_without_a_panic(file in prop::collection::vec(any::<u8>(), 0..400)) {
            let mut whole = b"id,name,department\n".to_vec();
            whole.extend(file);
            let _ = read(&whole);
        }

        #[test]
        fn quoted_fields_come_back(names in prop::collection::vec("[^\u{feff}\r'][^\u{feff}\r]{0,11}", 1..8)) {
            let mut file = csv::Writer::from_writer(Vec::new());
            file.write_record(["id", "name"]).unwrap();
            for (at, name) in names.iter().enumerate() {
                file.write_record([format!("m{at}").as_str(), name]).unwrap();
            }
            let rows = read(&file.into_inner().unwrap()).unwrap();
            let expected: Vec<_> = names.iter().enumerate().map(|(at, name)| Ok(format!("m{at}|{name}"))).collect();
            prop_assert_eq!(rows.into_iter().map(|(_, row)| row).collect::<Vec<_>>(), expected);
        }
    }
}
