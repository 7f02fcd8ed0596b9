//! `namecard admin backup` and `restore`: on the machine that the data is on.

use std::future::Future;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use super::args::{BackupArgs, BackupCommand, Format, RestoreArgs};
use super::failure::Failure;
use super::progress::Line;
use super::{Context, remote, serve, settings, signals};
use crate::domain::Fault;
use crate::embedded::Home;
use crate::i18n::{Text, say};
use crate::server::backup::{self, BackupError, Place, Progress, Report, Stage};
use crate::text::{SafeText, Untrusted};

pub(super) async fn run(context: &Context, args: &BackupArgs) -> Result<u8, Failure> {
    if let Some(BackupCommand::Verify { file, format }) = &args.command {
        return verify(context, file, *format).await;
    }
    let Some(file) = &args.file else { return Ok(2) };
    let place = place(context, args.database.as_deref())?;
    let (with_key, over) = (!args.without_card_key, args.force);
    let making = async |progress: Progress| backup::make(&place, file, with_key, over, &progress).await;
    let report = match until_a_signal(context, making).await? {
        Ended::Done(report) => report.map_err(|error| explain(context, file, error))?,
        Ended::Signal(code) => return Ok(code),
    };
    if args.format == Format::Json {
        context.out.json(&shape(&report))?;
    } else {
        let size = std::fs::metadata(file).map_or(0, |found| found.len().div_ceil(1 << 20));
        let values = [
            ("file", shown(file)),
            ("n", SafeText::number(report.found.people)),
            ("size", SafeText::number(size)),
        ];
        context.out.line(&context.words.fill(Text::BackupMade, &values))?;
    }
    let about_key = if report.manifest.holds_card_key() {
        context.words.get(Text::BackupHoldsKey)
    } else {
        context.words.fill(Text::BackupLeavesKey, &[("file", shown(&place.card_key))])
    };
    writeln!(io::stderr(), "{about_key}")?;
    tell_unsound(context, &report)
}

async fn verify(context: &Context, file: &Path, format: Format) -> Result<u8, Failure> {
    let verifying = async |progress: Progress| backup::verify(file, &progress).await;
    let report = match until_a_signal(context, verifying).await? {
        Ended::Done(report) => report.map_err(|error| explain(context, file, error))?,
        Ended::Signal(code) => return Ok(code),
    };
    if format == Format::Json {
        context.out.json(&shape(&report))?;
    } else {
        let values = [
            ("file", shown(file)),
            ("time", made_at(context, &report)),
            ("version", Untrusted::from(report.manifest.program.as_str()).line(20)),
            ("schema", SafeText::number(report.manifest.schema)),
            ("n", SafeText::number(report.found.people)),
        ];
        context.out.line(&context.words.fill(Text::BackupWhole, &values))?;
    }
    tell_unsound(context, &report)
}

pub(super) async fn restore(context: &Context, args: &RestoreArgs) -> Result<u8, Failure> {
    let place = place(context, args.database.as_deref())?;
    let restoring =
        async |progress: Progress| backup::restore(&args.file, &place, args.force, &progress).await;
    let restored = match until_a_signal(context, restoring).await? {
        Ended::Done(restored) => restored.map_err(|error| explain(context, &args.file, error))?,
        Ended::Signal(code) => return Ok(code),
    };
    let words = &context.words;
    let values = [("file", shown(&place.database)), ("time", made_at(context, &restored.report))];
    context.out.line(&words.fill(Text::Restored, &values))?;
    if let Some(aside) = &restored.aside {
        context.out.line(&words.fill(Text::RestoredAside, &[("file", shown(aside))]))?;
    }
    if restored.new_operator {
        context.out.line(&words.get(Text::RestoredOperator))?;
    }
    tell_unsound(context, &restored.report)
}

/// Where the data is that is meant: a database that was named, else this computer's own.
fn place(context: &Context, url: Option<&str>) -> Result<Place, Failure> {
    if let Some(url) = url {
        return Ok(serve::place(&settings::of_server(context, url)?));
    }
    if context.demo.is_some() || remote::choose(context)?.is_some() {
        return Err(Failure::Usage(context.words.get(Text::BackupOfWhat)));
    }
    let home = Home::open(&context.paths.data, None);
    let home = home.map_err(|error| Fault::Local(Untrusted::from(error.to_string())))?;
    Ok(home.place())
}

/// How something long ended.
enum Ended<T> {
    Done(Result<T, BackupError>),
    /// With the exit code of a signal.
    Signal(u8),
}

/// Does something long with a line that tells how far it is. A signal ends it, and what was begun is
/// removed.
async fn until_a_signal<T, F>(context: &Context, doing: impl FnOnce(Progress) -> F) -> io::Result<Ended<T>>
where
    F: Future<Output = Result<T, BackupError>>,
{
    let (sender, mut ended) = mpsc::unbounded_channel();
    signals::listen(&[Signal::TERM, Signal::INT, Signal::HUP], move |number| sender.send(number).is_ok())?;
    tokio::select! {
        done = doing(line(context)) => Ok(Ended::Done(done)),
        Some(number) = ended.recv() => Ok(Ended::Signal(u8::try_from(128 + number.as_raw()).unwrap_or(1))),
    }
}

/// Tells on a terminal how far it is.
fn line(context: &Context) -> Progress {
    let (words, line) = (context.words.clone(), Mutex::new(Line::new()));
    Arc::new(move |stage, done, total| {
        let text = match stage {
            Stage::Copying => Text::StageCopying,
            Stage::Checking => Text::StageChecking,
            Stage::Packing => Text::StagePacking,
            Stage::Unpacking => Text::StageUnpacking,
        };
        let percent = done.saturating_mul(100).checked_div(total).unwrap_or(0).min(100);
        let values = [("percent", SafeText::number(percent))];
        line.lock().unwrap_or_else(PoisonError::into_inner).show(|| words.fill(text, &values));
    })
}

fn shown(file: &Path) -> SafeText {
    SafeText::clean(&file.display().to_string())
}

fn made_at(context: &Context, report: &Report) -> SafeText {
    let now = jiff::Timestamp::now().into();
    say::date_time(report.manifest.made_at, now, &context.zone)
}

/// What is not as it should be in data that is whole all the same.
fn tell_unsound(context: &Context, report: &Report) -> Result<u8, Failure> {
    let (words, found) = (&context.words, &report.found);
    let mut out = io::stderr().lock();
    for (company, seq) in &found.broken {
        let values = [("company", company.shown()), ("n", SafeText::number(*seq))];
        writeln!(out, "{}", words.fill(Text::BackupAuditBroken, &values))?;
    }
    if let Some(open) = found.cards_that_open.filter(|open| *open != found.cards) {
        let values = [("n", SafeText::number(open)), ("total", SafeText::number(found.cards))];
        writeln!(out, "{}", words.fill(Text::BackupCardsShut, &values))?;
    }
    Ok(if report.is_sound() { 0 } else { 1 })
}

/// A backup, in the shape of `docs/json.md`.
fn shape(report: &Report) -> Value {
    let (manifest, found) = (&report.manifest, &report.found);
    let audit: Vec<Value> = manifest
        .audit
        .iter()
        .map(|head| {
            let broken = found.broken.iter().find(|(company, _)| *company == head.company);
            json!({
                "company": head.company,
                "seq": head.seq,
                "hash": head.hash,
                "broken_from": broken.map(|(_, seq)| seq),
            })
        })
        .collect();
    let rows: Vec<Value> =
        manifest.rows.iter().map(|(table, rows)| json!({"table": table, "rows": rows})).collect();
    json!({
        "made_at": manifest.made_at,
        "program": manifest.program,
        "schema": manifest.schema,
        "people": found.people,
        "rows": rows,
        "audit": audit,
        "holds_card_key": manifest.holds_card_key(),
        "cards": found.cards,
        "cards_that_open": found.cards_that_open,
    })
}

fn explain(context: &Context, file: &Path, error: BackupError) -> Failure {
    let words = &context.words;
    let said = |text: Text, path: &PathBuf| Failure::Said(words.fill(text, &[("file", shown(path))]));
    match error {
        BackupError::Store(error) => serve::store_failure(words, file, &error),
        BackupError::NoDatabase(path) => said(Text::BackupNoDatabase, &path),
        BackupError::NoKey(path) => said(Text::BackupNoKey, &path),
        BackupError::OtherKey(path) => said(Text::RestoreOtherKey, &path),
        BackupError::Read(path, error) => Failure::of_file(words, Text::CannotRead, &path, &error),
        BackupError::Write(path, error) => Failure::of_file(words, Text::CannotWrite, &path, &error),
        BackupError::NotOne => said(Text::BackupNotOne, &file.to_owned()),
        BackupError::Tampered(part) => Failure::Said(
            words.fill(Text::BackupTampered, &[("file", shown(file)), ("part", SafeText::constant(part))]),
        ),
        BackupError::Newer => said(Text::ServeNewer, &file.to_owned()),
        BackupError::Served(path) => said(Text::RestoreServed, &path),
        BackupError::Exists(path) if path == file => said(Text::FileIsThere, &path),
        BackupError::Exists(path) => said(Text::RestoreExists, &path),
    }
}
