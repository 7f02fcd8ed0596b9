//! What ends a command badly, and the exit code that says so.

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use crate::domain::Fault;
use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// Why a command did not do what was asked.
#[derive(Debug)]
pub(super) enum Failure {
    /// The call failed.
    Fault(Fault),
    /// Something about one of several things; the fault with what it is about.
    About(SafeText, Fault),
    /// A sentence that says all of it.
    Said(SafeText),
    /// Nothing was found, and this says what.
    Nobody(SafeText),
    /// Wrong usage.
    Usage(SafeText),
    /// Several things at once.
    Wrong {
        /// A sentence each.
        lines: Vec<SafeText>,
        /// The exit code for them.
        code: u8,
    },
    /// Standard output or a file.
    Io(io::Error),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Nobody reads any more: the code that a shell shows for a broken pipe.
const BROKEN_PIPE: u8 = 141;

/// The exit code for a fault.
pub(super) const fn code_of(fault: &Fault) -> u8 {
    match fault {
        Fault::NotFound => 3,
        Fault::Refused(_) | Fault::Forbidden => 4,
        Fault::Decided(_) | Fault::Changed { .. } | Fault::WindowOver => 5,
        Fault::NotSignedIn | Fault::KeyringSilent => 6,
        Fault::Unreachable
        | Fault::Certificate
        | Fault::TimedOut { .. }
        | Fault::Busy { .. }
        | Fault::Held { .. } => 7,
        Fault::Invalid { .. }
        | Fault::Policy(_)
        | Fault::StorageFull
        | Fault::Server { .. }
        | Fault::OtherName
        | Fault::Garbled
        | Fault::ServerNewer
        | Fault::ServerOlder
        | Fault::NewerData
        | Fault::BadData { .. }
        | Fault::Local(_) => 1,
    }
}

impl Failure {
    /// A file that `text` says something about: what it is called, and why it went wrong.
    pub(super) fn of_file(words: &Words, text: Text, file: &Path, why: &impl std::fmt::Display) -> Self {
        let file = SafeText::clean(&file.display().to_string());
        Self::Said(words.fill(text, &[("file", file), ("why", SafeText::clean(&why.to_string()))]))
    }

    /// The exit code.
    pub(super) fn code(&self) -> u8 {
        match self {
            Self::Fault(fault) | Self::About(_, fault) => code_of(fault),
            Self::Said(_) => 1,
            Self::Nobody(_) => 3,
            Self::Usage(_) => 2,
            Self::Wrong { code, .. } => *code,
            Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => BROKEN_PIPE,
            Self::Io(_) => 1,
        }
    }

    /// The sentences; none for a pipe that nobody reads any more.
    pub(super) fn lines(&self, words: &Words) -> Vec<SafeText> {
        vec![match self {
            Self::Fault(fault) => words.fault(fault),
            Self::About(what, fault) => SafeText::join([what, &words.fault(fault)], ": "),
            Self::Said(text) | Self::Nobody(text) | Self::Usage(text) => text.clone(),
            Self::Wrong { lines, .. } => return lines.clone(),
            Self::Io(error) if error.kind() == io::ErrorKind::BrokenPipe => return Vec::new(),
            Self::Io(error) => {
                words.fill(Text::FaultLocal, &[("detail", SafeText::clean(&error.to_string()))])
            }
        }]
    }

    /// Says on standard error what happened; returns the exit code.
    pub(super) fn report(&self, words: &Words) -> ExitCode {
        for line in self.lines(words) {
            // If standard error is closed too, the code alone has to say it.
            let _ = writeln!(io::stderr(), "namecard: {line}");
        }
        ExitCode::from(self.code())
    }
}
