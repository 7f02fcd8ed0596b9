//! What the terminal can do. It is asked only where a person sits at it.

use std::fs::{File, OpenOptions};
use std::io::{self, IsTerminal as _, Read as _, Write as _};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::termios::{OptionalActions, Termios, tcgetattr, tcsetattr};

use super::Finding;
use crate::cli::Context;
use crate::i18n::{Text, Words};
use crate::text::SafeText;
use crate::tui::view::{Depth, Theme};

/// How long the terminal may take to answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Does it know the mouse's reports? Then what any terminal answers, so that no answer is waited for in vain.
const QUESTIONS: &[u8] = b"\x1b[?1006$p\x1b[c";
/// The attribute by which a terminal says that it takes OSC 52.
const CLIPBOARD: &str = "52";
/// The smallest window that shows a namecard's code.
const FOR_A_CODE: (u16, u16) = (40, 24);

pub(super) fn look(context: &Context) -> Vec<Finding> {
    let words = &context.words;
    let mut findings = vec![encoding(words)];
    if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
        findings.push(Finding::note("terminal", words.get(Text::DoctorNoTerminal)));
        return findings;
    }
    findings.push(size(words));
    findings.push(colours(context));
    let answer = ask().unwrap_or_default();
    let (clipboard, mouse) = (takes_clipboard(&answer), knows_mouse(&answer));
    findings.push(match clipboard {
        true => Finding::good("clipboard", words.get(Text::DoctorClipboard)),
        false => Finding::note("clipboard", words.get(Text::DoctorClipboardUnknown))
            .mend(words.get(Text::DoctorClipboardMend)),
    });
    findings.push(match mouse {
        true => Finding::good("mouse", words.get(Text::DoctorMouse)),
        false => Finding::note("mouse", words.get(Text::DoctorMouseUnknown)),
    });
    findings
}

/// Whether letters beyond ASCII are told by the locale.
fn encoding(words: &Words) -> Finding {
    let set = |name: &&str| std::env::var(name).is_ok_and(|value| !value.is_empty());
    let name = ["LC_ALL", "LC_CTYPE", "LANG"].into_iter().find(set);
    let value = name.and_then(|name| std::env::var(name).ok()).unwrap_or_default();
    let shown = SafeText::clean(&format!("{}={value}", name.unwrap_or("LANG")));
    let lower = value.to_ascii_lowercase();
    if lower.contains("utf-8") || lower.contains("utf8") {
        return Finding::good("encoding", shown);
    }
    Finding::bad("encoding", words.fill(Text::DoctorEncoding, &[("locale", shown)]))
        .mend(words.get(Text::DoctorEncodingMend))
}

fn size(words: &Words) -> Finding {
    let (columns, rows) = crossterm::terminal::size().unwrap_or_default();
    let shown = SafeText::clean(&format!("{columns} x {rows}"));
    if columns < FOR_A_CODE.0 || rows < FOR_A_CODE.1 {
        return Finding::note("window", shown).mend(words.get(Text::DoctorWindowMend));
    }
    Finding::good("window", shown)
}

fn colours(context: &Context) -> Finding {
    let words = &context.words;
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let theme = Theme::of_terminal(context.no_color, &variable("COLORTERM"), &variable("TERM"));
    let text = match theme.depth {
        Depth::True => Text::DoctorColoursTrue,
        Depth::Indexed => Text::DoctorColoursIndexed,
        Depth::Sixteen => Text::DoctorColoursSixteen,
        Depth::Mono => return Finding::note("colours", words.get(Text::DoctorColoursNone)),
    };
    Finding::good("colours", words.get(text))
}

/// Asks the terminal; returns what it answered in time.
fn ask() -> io::Result<Vec<u8>> {
    if std::env::var("TERM").is_ok_and(|term| term == "dumb") {
        return Ok(Vec::new());
    }
    let terminal = OpenOptions::new().read(true).write(true).open("/dev/tty")?;
    let _raw = Raw::begin(&terminal)?;
    (&terminal).write_all(QUESTIONS)?;
    let begun = Instant::now();
    let mut answer = Vec::new();
    while !is_whole(&answer) {
        let left = PATIENCE.saturating_sub(begun.elapsed());
        let left = Timespec {
            tv_sec: i64::try_from(left.as_secs()).unwrap_or(0),
            tv_nsec: i64::from(left.subsec_nanos()),
        };
        let mut waiting = [PollFd::new(&terminal, PollFlags::IN)];
        if poll(&mut waiting, Some(&left))? == 0 {
            break;
        }
        let mut piece = [0; 256];
        let read = (&terminal).read(&mut piece)?;
        answer.extend_from_slice(piece.get(..read).unwrap_or_default());
        if read == 0 || answer.len() > 4096 {
            break;
        }
    }
    Ok(answer)
}

/// What is typed comes at once and is not shown while this lives.
struct Raw<'a>(&'a File, Termios);

impl<'a> Raw<'a> {
    fn begin(terminal: &'a File) -> io::Result<Self> {
        let before = tcgetattr(terminal)?;
        let mut raw = before.clone();
        raw.make_raw();
        // What was typed before is not an answer.
        tcsetattr(terminal, OptionalActions::Flush, &raw)?;
        Ok(Self(terminal, before))
    }
}

impl Drop for Raw<'_> {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing to bring back.
        let _ = tcsetattr(self.0, OptionalActions::Flush, &self.1);
    }
}

/// The numbers of the answer that begins with `ESC [ ?` and ends with `end`.
fn numbers(answer: &[u8], end: &str) -> Option<Vec<String>> {
    let text = String::from_utf8_lossy(answer);
    text.split("\x1b[?").skip(1).find_map(|rest| {
        let (numbers, _) = rest.split_once(end)?;
        let plain = numbers.chars().all(|c| c.is_ascii_digit() || c == ';');
        plain.then(|| numbers.split(';').map(str::to_owned).collect())
    })
}

/// Whether the last answer, which every terminal gives, is there.
fn is_whole(answer: &[u8]) -> bool {
    numbers(answer, "c").is_some()
}

fn takes_clipboard(answer: &[u8]) -> bool {
    numbers(answer, "c").is_some_and(|numbers| numbers.iter().any(|number| number == CLIPBOARD))
}

/// 0: not known; 1 and 2: on or off; 3 and 4: for ever so.
fn knows_mouse(answer: &[u8]) -> bool {
    let state = numbers(answer, "$y").and_then(|numbers| numbers.get(1).cloned());
    state.is_some_and(|state| matches!(state.as_str(), "1" | "2" | "3"))
}

#[cfg(test)]
mod tests {
    use super::{is_whole, knows_mouse, takes_clipboard};

    #[test]
    fn answers_are_understood() {
        let good = b"\x1b[?1006;2$y\x1b[?62;4;52;22c";
        assert!(is_whole(good) && takes_clipboard(good) && knows_mouse(good));
        let old = b"\x1b[?1;2c";
        assert!(is_whole(old) && !takes_clipboard(old) && !knows_mouse(old));
        assert!(!knows_mouse(b"\x1b[?1006;0$y\x1b[?62;152c") && !takes_clipboard(b"\x1b[?62;152c"));
        assert!(!is_whole(b"\x1b[?1006;2$y\x1b[?62;4") && !is_whole(b"ccc"));
    }
}
