//! One line on a terminal that says how far something is, redrawn in its place and gone at the end.

use std::io::{self, IsTerminal as _, Write as _};
use std::time::{Duration, Instant};

use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// Shortest time between two drawings.
const REDRAW: Duration = Duration::from_millis(100);
/// What is done sooner is not worth a line.
const PATIENCE: Duration = Duration::from_millis(300);
/// To the end of the line nothing is left. The cursor goes back to its beginning, so that whatever is written
/// next stands there, also when a signal ends the program.
const END: &str = "\u{1b}[K\r";

/// How far something is, on standard error; nowhere when that is no terminal.
pub(super) struct Progress<'a> {
    words: &'a Words,
    is_terminal: bool,
    text: Text,
    begun: Instant,
    next: Instant,
    is_shown: bool,
}

impl<'a> Progress<'a> {
    /// Something begins, of which `text` tells: `n` rows, of `all`, so many a second.
    pub(super) fn new(words: &'a Words, text: Text) -> Self {
        let now = Instant::now();
        let is_terminal = io::stderr().is_terminal();
        Self { words, is_terminal, text, begun: now, next: now + PATIENCE, is_shown: false }
    }

    /// Whether anybody sees it.
    pub(super) const fn is_seen(&self) -> bool {
        self.is_terminal
    }

    /// Something else begins.
    pub(super) fn step(&mut self, text: Text) {
        self.text = text;
        self.begun = Instant::now();
    }

    /// So many rows are done, of so many.
    pub(super) fn at(&mut self, n: u64, all: u64) {
        let now = Instant::now();
        if !self.is_terminal || now < self.next {
            return;
        }
        self.next = now + REDRAW;
        let line = line(self.words, self.text, n, all, now - self.begun);
        let width = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        // What cannot be drawn is no reason to stop.
        let _ = write!(io::stderr(), "{}{END}", line.cut(width.saturating_sub(1)));
        self.is_shown = true;
    }
}

fn line(words: &Words, text: Text, n: u64, all: u64, since: Duration) -> SafeText {
    let rate = u128::from(n) * 1_000 / since.as_millis().max(1);
    let rate = SafeText::number(u64::try_from(rate).unwrap_or(u64::MAX));
    words.fill(text, &[("n", SafeText::number(n)), ("all", SafeText::number(all)), ("rate", rate)])
}

impl Drop for Progress<'_> {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "{END}");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::line;
    use crate::i18n::{Lang, Text, Words};

    #[test]
    fn a_line_tells_rows_and_a_rate() {
        let second = Duration::from_millis(2_000);
        let words = Words::of(Lang::default());
        assert_eq!(
            line(&words, Text::ProgressSent, 9_000, 0, second).as_str(),
            "9000 rows sent, 4500 a second"
        );
        let checked = line(&words, Text::ProgressChecked, 10, 20, Duration::ZERO);
        assert_eq!(checked.as_str(), "10 of 20 rows checked, 10000 a second");
    }
}
