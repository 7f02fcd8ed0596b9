//! Reading a file while what was read of it is on its way: rows in pieces, a few ahead and no more.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::super::Context;
use super::super::args::{FileKind, ImportArgs};
use super::super::failure::Failure;
use crate::domain::{ImportRow, MemberRow, RefusedRow, RowFault};
use crate::formats::{FileError, MAX_ROW, PeopleFile, PeopleForm, PeopleItem};
use crate::i18n::Text;
use crate::text::{SafeText, Untrusted};

/// Bytes of rows sent at once.
const PIECE: usize = 1 << 20;
/// Pieces that are read ahead.
const AHEAD: usize = 2;
/// Faults that are kept to be told.
const KEPT: usize = 10_000;
/// Rows from which the mail domain is guessed.
const LOOKED_AT: usize = 1_000;

/// What was read of a file.
enum Part {
    /// Its beginning is right.
    Begun,
    /// Rows as they are sent.
    Rows { lines: Bytes, count: u64 },
    /// It was read to its end; this could not be taken.
    Ended(Unreadable),
    /// It cannot be read, or not further.
    Broken(FileError),
}

/// Rows that could not be read.
#[derive(Debug, Default)]
pub(super) struct Unreadable {
    /// The first of them.
    pub(super) rows: Vec<RefusedRow>,
    pub(super) total: u64,
}

/// A file that is being read.
pub(super) struct Reading {
    /// What it is called.
    pub(super) name: SafeText,
    parts: mpsc::Receiver<Part>,
}

/// What a file is by its name.
fn form_of(args: &ImportArgs) -> PeopleForm {
    match args.from {
        Some(FileKind::Csv) => return PeopleForm::Csv,
        Some(FileKind::Json) => return PeopleForm::Json,
        Some(FileKind::Vcard) => return PeopleForm::Vcard,
        None => {}
    }
    let ending = args.file.extension().map(|ending| ending.to_ascii_lowercase());
    match ending.as_ref().and_then(|ending| ending.to_str()) {
        Some("json") => PeopleForm::Json,
        Some("vcf" | "vcard") => PeopleForm::Vcard,
        _ => PeopleForm::Csv,
    }
}

fn source(file: &Path) -> io::Result<Box<dyn Read + Send>> {
    if file.as_os_str() == "-" { Ok(Box::new(io::stdin())) } else { Ok(Box::new(File::open(file)?)) }
}

impl Reading {
    /// Begins to read. What is wrong with the file's beginning is said here.
    pub(super) async fn begin(context: &Context, args: &ImportArgs) -> Result<Self, Failure> {
        let name = SafeText::clean(&args.file.display().to_string());
        let source = source(&args.file)
            .map_err(|error| Failure::of_file(&context.words, Text::CannotRead, &args.file, &error))?;
        let (sender, parts) = mpsc::channel(AHEAD);
        let form = form_of(args);
        tokio::task::spawn_blocking(move || {
            let last = match read(form, source, &sender) {
                Ok(unreadable) => Part::Ended(unreadable),
                Err(error) => Part::Broken(error),
            };
            // When nobody listens any more there is nothing to tell either.
            let _ = sender.blocking_send(last);
        });
        let mut reading = Self { name, parts };
        match reading.parts.recv().await {
            Some(Part::Begun) => Ok(reading),
            Some(Part::Broken(error)) => Err(reading.broken(context, &error)),
            _ => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
        }
    }

    /// The next rows and how many they are; or, at the end, what could not be read.
    pub(super) async fn next(
        &mut self,
        context: &Context,
    ) -> Result<Result<(Bytes, u64), Unreadable>, Failure> {
        loop {
            return match self.parts.recv().await {
                Some(Part::Begun) => continue,
                Some(Part::Rows { lines, count }) => Ok(Ok((lines, count))),
                Some(Part::Ended(unreadable)) => Ok(Err(unreadable)),
                Some(Part::Broken(error)) => Err(self.broken(context, &error)),
                None => Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            };
        }
    }

    fn broken(&self, context: &Context, error: &FileError) -> Failure {
        let words = &context.words;
        let at = |text, line: &u64| words.fill(text, &[("line", SafeText::number(*line))]);
        let why = match error {
            FileError::Io(error) => SafeText::clean(&error.to_string()),
            FileError::Empty => words.get(Text::FileEmpty),
            FileError::TooLong => words.get(Text::FileTooLong),
            FileError::TooManyRows(line) => at(Text::FileTooManyRows, line),
            FileError::Header => words.get(Text::CsvHeader),
            FileError::MissingColumn(column) => {
                words.fill(Text::CsvMissingColumn, &[("column", SafeText::constant(column))])
            }
            FileError::DoubleColumn(column) => {
                words.fill(Text::CsvDoubleColumn, &[("column", column.line(40))])
            }
            FileError::Json(line) => at(Text::FileNotJson, line),
        };
        Failure::Said(SafeText::join([&self.name, &why], ": "))
    }
}

fn read(
    form: PeopleForm,
    source: Box<dyn Read + Send>,
    sender: &mpsc::Sender<Part>,
) -> Result<Unreadable, FileError> {
    let mut people = PeopleFile::open(form, source)?;
    let gone = |_| FileError::Io(io::ErrorKind::BrokenPipe.into());
    sender.blocking_send(Part::Begun).map_err(gone)?;
    let mut unreadable = Unreadable::default();
    let mut lines: Vec<u8> = Vec::new();
    let mut count = 0;
    while let Some(item) = people.next()? {
        let (line, row) = match item {
            PeopleItem::Refused(refused) => {
                unreadable.add(refused);
                continue;
            }
            PeopleItem::Department(row) => (row.line, ImportRow::Department(row)),
            PeopleItem::Row(row) => (row.line, ImportRow::Member(row)),
        };
        let before = lines.len();
        serde_json::to_writer(&mut lines, &row).map_err(io::Error::other)?;
        if lines.len() - before > MAX_ROW {
            // In the form in which it is sent: nothing of this length has a place in a directory.
            lines.truncate(before);
            unreadable.add(RefusedRow { line, column: None, code: RowFault::LineTooLong, value: None });
            continue;
        }
        lines.push(b'\n');
        count += 1;
        if lines.len() >= PIECE {
            let piece = Part::Rows { lines: std::mem::take(&mut lines).into(), count };
            sender.blocking_send(piece).map_err(gone)?;
            count = 0;
        }
    }
    if !lines.is_empty() {
        sender.blocking_send(Part::Rows { lines: lines.into(), count }).map_err(gone)?;
    }
    Ok(unreadable)
}

impl Unreadable {
    fn add(&mut self, refused: RefusedRow) {
        self.total += 1;
        if self.rows.len() < KEPT {
            self.rows.push(refused);
        }
    }
}

/// The mail domain of most of the first people of a file that can be read twice.
pub(super) fn guess_domain(args: &ImportArgs) -> Option<String> {
    if !args.file.metadata().is_ok_and(|file| file.is_file()) {
        return None;
    }
    let mut people = PeopleFile::open(form_of(args), source(&args.file).ok()?).ok()?;
    let mut domains: HashMap<String, usize> = HashMap::new();
    for _ in 0..LOOKED_AT {
        let Ok(Some(item)) = people.next() else { break };
        if let PeopleItem::Row(row) = item
            && let Some(domain) = domain(&row)
        {
            *domains.entry(domain).or_default() += 1;
        }
    }
    domains.into_iter().max_by_key(|(domain, count)| (*count, domain.clone())).map(|(domain, _)| domain)
}

fn domain(row: &MemberRow) -> Option<String> {
    let email = row.email.as_ref().map(Untrusted::as_data)?;
    email.rsplit_once('@').map(|(_, domain)| domain.trim().to_ascii_lowercase())
}
