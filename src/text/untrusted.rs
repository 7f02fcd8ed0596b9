//! What somebody else wrote.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::safe::SafeText;
use super::sanitise::{has_hidden, sanitise_line};
use super::width::wrap;

/// Text from outside: a name, a message, an error sentence of another program.
///
/// It has no `Display` and no `Deref`, and its `Debug` escapes. What reaches an eye goes through
/// [`line`](Self::line) or [`block`](Self::block).
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Untrusted(Box<str>);

/// Several sanitised lines of a longer text, and how many more there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Block {
    /// The lines that fit, each within the width asked for.
    pub lines: Vec<SafeText>,
    /// Lines left out because the limit was reached.
    pub more: usize,
}

impl Untrusted {
    /// Takes text as it came.
    pub fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    /// Sanitised, on one line, at most `max` cells wide.
    pub fn line(&self, max: usize) -> SafeText {
        self.whole().cut(max)
    }

    /// Sanitised, on one line, as long as it is (the sanitiser's own limit of bytes holds).
    pub fn whole(&self) -> SafeText {
        SafeText::trusted(sanitise_line(&self.0))
    }

    /// Sanitised and wrapped into at most `max_lines` lines of at most `width` cells.
    pub fn block(&self, max_lines: usize, width: usize) -> Block {
        let mut block = Block::default();
        for paragraph in self.0.split(['\n', '\u{b}', '\u{c}', '\u{85}', '\u{2028}', '\u{2029}']) {
            let paragraph = paragraph.strip_suffix('\r').unwrap_or(paragraph);
            for part in paragraph.split('\r') {
                for line in wrap(&sanitise_line(&expand_tabs(part)), width.max(1)) {
                    if block.lines.len() < max_lines {
                        block.lines.push(SafeText::trusted(line));
                    } else {
                        block.more += 1;
                    }
                }
            }
        }
        block
    }

    /// Whether it holds direction marks or invisible characters, which a reader should be told of.
    pub fn has_hidden(&self) -> bool {
        has_hidden(&self.0)
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The text as data: to store, compare, hash, search or send on. Never to show.
    pub fn as_data(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Untrusted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", sanitise_line(&self.0))
    }
}

impl From<String> for Untrusted {
    fn from(text: String) -> Self {
        Self(text.into_boxed_str())
    }
}

impl From<&str> for Untrusted {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

fn expand_tabs(text: &str) -> std::borrow::Cow<'_, str> {
    if !text.contains('\t') {
        return text.into();
    }
    let mut all = String::with_capacity(text.len() + 8);
    let mut column = 0;
    for c in text.chars() {
        if c == '\t' {
            let blanks = 4 - column % 4;
            all.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        } else {
            all.push(c);
            column += 1;
        }
    }
    all.into()
}

#[cfg(test)]
mod tests {
    use super::Untrusted;

    fn lines(text: &str, max: usize, width: usize) -> (Vec<String>, usize) {
        let block = Untrusted::from(text).block(max, width);
        (block.lines.iter().map(ToString::to_string).collect(), block.more)
    }

    #[test]
    fn a_block_breaks_at_blanks_and_counts_the_rest() {
        assert_eq!(lines("met at the fair", 6, 8), (vec!["met at".into(), "the fair".into()], 0));
        assert_eq!(lines("a\r\nb\rc\u{2028}d", 2, 8), (vec!["a".into(), "b".into()], 2));
        assert_eq!(lines("张伟张伟", 6, 5), (vec!["张伟".into(), "张伟".into()], 0));
        assert_eq!(lines("abcdefgh", 6, 3), (vec!["abc".into(), "def".into(), "gh".into()], 0));
        assert_eq!(lines("a\tb", 6, 8), (vec!["a   b".into()], 0));
    }

    #[test]
    fn debug_output_escapes() {
        assert_eq!(format!("{:?}", Untrusted::from("a\u{1b}[2J")), "\"a␛[2J\"");
    }
}
