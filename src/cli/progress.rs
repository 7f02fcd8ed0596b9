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

/// The line, on standard error; nowhere when that is no terminal.
pub(super) struct Line {
    is_terminal: bool,
    next: Instant,
    is_shown: bool,
}

impl Line {
    pub(super) fn new() -> Self {
        Self { is_terminal: io::stderr().is_terminal(), next: Instant::now() + PATIENCE, is_shown: false }
    }

    /// Draws what `make` makes, if it is time.
    pub(super) fn show(&mut self, make: impl FnOnce() -> SafeText) {
        let now = Instant::now();
        if !self.is_terminal || now < self.next {
            return;
        }
        self.next = now + REDRAW;
        let width = crossterm::terminal::size().map_or(80, |(columns, _)| usize::from(columns));
        // What cannot be drawn is no reason to stop.
        let _ = write!(io::stderr(), "{}{END}", make().cut(width.saturating_sub(1)));
        self.is_shown = true;
    }
}

impl Drop for Line {
    fn drop(&mut self) {
        if self.is_shown {
            let _ = write!(io::stderr(), "{END}");
        }
    }
}

/// How far something is of which rows are counted.
pub(super) struct Progress<'a> {
    words: &'a Words,
    line: Line,
    text: Text,
    begun: Instant,
}

impl<'a> Progress<'a> {
    /// Something begins, of which `text` tells: `n` rows, of `all`, so many a second.
    pub(super) fn new(words: &'a Words, text: Text) -> Self {
        Self { words, line: Line::new(), text, begun: Instant::now() }
    }

    /// Whether anybody sees it.
    pub(super) const fn is_seen(&self) -> bool {
        self.line.is_terminal
    }

    /// Something else begins.
    pub(super) fn step(&mut self, text: Text) {
        self.text = text;
        self.begun = Instant::now();
    }

    /// So many rows are done, of so many.
    pub(super) fn at(&mut self, n: u64, all: u64) {
        self.line.show(|| line(self.words, self.text, n, all, self.begun.elapsed()));
    }
}

fn line(words: &Words, text: Text, n: u64, all: u64, since: Duration) -> SafeText {
    let rate = u128::from(n) * 1_000 / since.as_millis().max(1);
    let rate = SafeText::number(u64::try_from(rate).unwrap_or(u64::MAX));
    words.fill(text, &[("n", SafeText::number(n)), ("all", SafeText::number(all)), ("rate", rate)])
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
