//! `namecard admin doctor`: how the server is, for its operator.

use super::{Finding, bytes, print, space};
use crate::api::{FileUse, ServerReport};
use crate::cli::Context;
use crate::cli::args::{Format, ServerDoctorArgs};
use crate::cli::failure::Failure;
use crate::cli::serve;
use crate::cli::settings;
use crate::client::{Client, Method};
use crate::i18n::{Text, say};
use crate::server::Clock;
use crate::text::SafeText;

/// A log that is longer was not brought into the database for a long time.
const LONG_LOG: u64 = 64 << 20;
/// A backup that is older is old.
const OLD_BACKUP: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);

/// Asks a server that runs.
pub(in crate::cli) async fn ask(
    context: &Context,
    client: &Client,
    args: &ServerDoctorArgs,
) -> Result<u8, Failure> {
    let report: ServerReport = client.call(Method::Get, "/v1/report", None, None::<&()>).await?;
    told(context, &report, args.format)
}

/// Looks at a database's file itself, served or not.
pub(in crate::cli) async fn look(
    context: &Context,
    database: &str,
    args: &ServerDoctorArgs,
) -> Result<u8, Failure> {
    let server = settings::of_server(context, database)?;
    let files = serve::files(&server, false);
    let report = crate::server::report(&server.database, &files, &Clock::system())
        .await
        .map_err(|error| Failure::of_file(&context.words, Text::CannotRead, &server.database, &error))?;
    told(context, &report, args.format)
}

fn told(context: &Context, report: &ServerReport, format: Format) -> Result<u8, Failure> {
    if format == Format::Json {
        context.out.json(report)?;
        let findings = findings(context, report);
        return Ok(if findings.iter().any(|finding| finding.mark == super::Mark::Bad) { 1 } else { 0 });
    }
    print(context, &findings(context, report), format)
}

fn findings(context: &Context, report: &ServerReport) -> Vec<Finding> {
    let words = &context.words;
    let mut findings = Vec::new();
    let version = SafeText::clean(&report.version).cut(20);
    findings.push(Finding::good("version", version));
    let levels =
        [("found", SafeText::number(report.schema)), ("known", SafeText::number(report.schema_known))];
    findings.push(if report.schema == 0 {
        Finding::bad("schema", words.get(Text::DoctorSchemaNone))
    } else if report.schema > report.schema_known {
        Finding::bad("schema", words.fill(Text::DoctorSchemaNewer, &levels))
    } else {
        Finding::good("schema", words.fill(Text::DoctorSchema, &levels))
    });
    findings.push(if report.damage.is_empty() {
        let size = [("size", bytes(report.database_bytes))];
        Finding::good("database", words.fill(Text::DoctorWhole, &size))
    } else {
        let first = report.damage.first().map(|line| line.line(100)).unwrap_or_default();
        let values = [("n", SafeText::number(report.damage.len() as u64)), ("first", first)];
        Finding::bad("database", words.fill(Text::DoctorDamage, &values))
            .mend(words.get(Text::DoctorDamageMend))
    });
    let log = words.fill(Text::DoctorLog, &[("size", bytes(report.log_bytes))]);
    findings.push(if report.log_bytes > 2 * LONG_LOG {
        Finding::bad("log", log).mend(words.get(Text::DoctorLogMend))
    } else {
        Finding::good("log", log)
    });
    findings.extend(report.disk_free.map(|free| space(context, free)));
    findings.push(match report.last_backup {
        None => Finding::note("backup", words.get(Text::DoctorNoBackup)),
        Some(at) => {
            let values = [("time", say::date_time(at, report.now, &context.zone))];
            let says = words.fill(Text::DoctorBackup, &values);
            if report.now.since(at) > OLD_BACKUP {
                Finding::note("backup", says).mend(words.get(Text::DoctorBackupMend))
            } else {
                Finding::good("backup", says)
            }
        }
    });
    for file in &report.files {
        let check = match file.file_use {
            FileUse::Database => "database-file",
            FileUse::WriteAheadLog => "log-file",
            FileUse::CardKey => "card-key",
            FileUse::OperatorToken => "operator-token",
            FileUse::TlsKey => "tls-key",
            FileUse::Session => "session",
        };
        let name = [("file", file.path.line(200))];
        findings.push(match (file.there, file.private, file.file_use) {
            (true, true, _) => Finding::good(check, words.fill(Text::DoctorFile, &name)),
            (true, false, _) => Finding::bad(check, words.fill(Text::DoctorFileOpen, &name))
                .mend(words.fill(Text::DoctorFileMend, &name)),
            (false, _, FileUse::CardKey) => Finding::bad(check, words.fill(Text::DoctorFileNone, &name))
                .mend(words.get(Text::DoctorCardKeyMend)),
            (false, _, FileUse::TlsKey | FileUse::Database) => {
                Finding::bad(check, words.fill(Text::DoctorFileNone, &name))
            }
            // It may be kept where only its owner knows.
            (false, ..) => Finding::note(check, words.fill(Text::DoctorFileNone, &name)),
        });
    }
    findings
}
