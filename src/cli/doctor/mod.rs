//! `namecard doctor`: what is as it should be, and what to change where it is not.

mod backend;
mod places;
#[cfg(feature = "server")]
pub(super) mod report;
mod terminal;

use serde::Serialize;
use serde_json::json;

use super::Context;
use super::args::{DoctorArgs, Format};
use super::failure::Failure;
use crate::i18n::Text;
use crate::text::SafeText;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Mark {
    /// As it should be.
    Good,
    /// Worth knowing, and nothing wrong.
    Note,
    /// Wrong.
    Bad,
}

/// What a look at one thing found.
#[derive(Clone, Debug)]
pub(super) struct Finding {
    /// What was looked at: a stable word.
    check: &'static str,
    mark: Mark,
    says: SafeText,
    /// What to change.
    mend: Option<SafeText>,
}

impl Finding {
    pub(super) fn good(check: &'static str, says: SafeText) -> Self {
        Self { check, mark: Mark::Good, says, mend: None }
    }

    pub(super) fn note(check: &'static str, says: SafeText) -> Self {
        Self { mark: Mark::Note, ..Self::good(check, says) }
    }

    pub(super) fn bad(check: &'static str, says: SafeText) -> Self {
        Self { mark: Mark::Bad, ..Self::good(check, says) }
    }

    /// With what to change.
    pub(super) fn mend(self, mend: SafeText) -> Self {
        Self { mend: Some(mend), ..self }
    }
}

pub(super) async fn run(context: &Context, args: &DoctorArgs) -> Result<u8, Failure> {
    let mut findings = terminal::look(context);
    findings.extend(places::look(context));
    findings.extend(backend::look(context).await);
    print(context, &findings, args.format)
}

/// Prints what was found; the exit code says whether anything is wrong.
pub(super) fn print(context: &Context, findings: &[Finding], format: Format) -> Result<u8, Failure> {
    let words = &context.words;
    if format == Format::Json {
        let rows: Vec<_> = findings
            .iter()
            .map(|finding| {
                json!({
                    "check": finding.check,
                    "state": finding.mark,
                    "says": finding.says.as_str(),
                    "mend": finding.mend.as_ref().map(SafeText::as_str),
                })
            })
            .collect();
        context.out.json(&rows)?;
    } else {
        let wide = findings.iter().map(|finding| finding.check.len()).max().unwrap_or(0);
        for finding in findings {
            let mark = match finding.mark {
                Mark::Good => "ok  ",
                Mark::Note => "    ",
                Mark::Bad => "!!  ",
            };
            let check = SafeText::constant(finding.check).fit(wide);
            let line = [&SafeText::constant(mark), &check, &SafeText::constant("  "), &finding.says];
            context.out.line(&joined(line))?;
            if let Some(mend) = &finding.mend {
                let arrow = SafeText::constant("-> ");
                context.out.line(&joined([&SafeText::default().fit(wide + 6), &arrow, mend]))?;
            }
        }
    }
    let wrong = findings.iter().filter(|finding| finding.mark == Mark::Bad).count();
    if format == Format::Table {
        let text = if wrong == 0 { Text::DoctorWell } else { Text::DoctorWrong };
        context.out.line(&words.fill(text, &[("n", SafeText::number(wrong as u64))]))?;
    }
    Ok(if wrong == 0 { 0 } else { 1 })
}

fn joined<'a>(parts: impl IntoIterator<Item = &'a SafeText>) -> SafeText {
    let mut line = SafeText::default();
    for part in parts {
        line.push(part);
    }
    line
}

/// A number of bytes in its largest unit.
pub(super) fn bytes(count: u64) -> SafeText {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut rest = count;
    let mut unit = 0;
    while rest >= 10 * 1024 && unit + 1 < units.len() {
        rest /= 1024;
        unit += 1;
    }
    let mut text = SafeText::number(rest);
    text.push_constant(" ");
    text.push_constant(units.get(unit).copied().unwrap_or_default());
    text
}

/// Below this the disk is about to be full.
const LITTLE_SPACE: u64 = 256 << 20;

/// What is free on a disk.
pub(super) fn space(context: &Context, free: u64) -> Finding {
    let says = context.words.fill(Text::DoctorSpace, &[("free", bytes(free))]);
    if free < LITTLE_SPACE {
        Finding::bad("disk", says).mend(context.words.get(Text::DoctorSpaceMend))
    } else {
        Finding::good("disk", says)
    }
}

#[cfg(test)]
mod tests {
    use super::bytes;

    #[test]
    fn bytes_are_counted_in_their_largest_unit() {
        let shown = [0, 10_239, 10_240, 5 << 20, 300 << 30].map(|count| bytes(count).to_string());
        assert_eq!(shown, ["0 B", "10239 B", "10 KiB", "5120 KiB", "300 GiB"]);
    }
}
