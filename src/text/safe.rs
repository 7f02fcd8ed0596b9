//! Text that may be shown: made from our own constants or by the sanitiser, never otherwise.

use std::borrow::Cow;
use std::fmt;

use super::width::{cut, width};

/// One line of text without control characters, direction marks or invisible characters.
///
/// The only ways to make one are our own constants, numbers, and the sanitiser
/// ([`Untrusted::line`](super::Untrusted::line), [`SafeText::clean`]), and joining others.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SafeText(Cow<'static, str>);

impl SafeText {
    /// A sentence or sign of our own.
    pub const fn constant(text: &'static str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// An integer in decimal digits.
    pub fn number(value: impl Into<i128>) -> Self {
        Self(Cow::Owned(value.into().to_string()))
    }

    /// Passes `text` through the sanitiser as one line, without a limit of cells.
    pub fn clean(text: &str) -> Self {
        Self(Cow::Owned(super::sanitise::sanitise_line(text)))
    }

    /// For the sanitiser alone.
    pub(super) fn trusted(text: String) -> Self {
        Self(Cow::Owned(text))
    }

    /// The text itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Cells it occupies when drawn.
    pub fn width(&self) -> usize {
        width(&self.0)
    }

    /// Whether there is nothing to draw.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// At most `max` cells of it; a cut is marked by `…`.
    #[must_use]
    pub fn cut(&self, max: usize) -> Self {
        match cut(&self.0, max) {
            Cow::Borrowed(same) if same.len() == self.0.len() => self.clone(),
            short => Self(Cow::Owned(short.into_owned())),
        }
    }

    /// In lines of at most `cells` cells, broken at blanks where there are any. An empty text is one
    /// empty line.
    pub fn wrap(&self, cells: usize) -> Vec<Self> {
        super::width::wrap(&self.0, cells.max(1)).into_iter().map(Self::trusted).collect()
    }

    /// Cut or padded with blanks to exactly `cells` cells.
    #[must_use]
    pub fn fit(&self, cells: usize) -> Self {
        let mut text = cut(&self.0, cells).into_owned();
        let missing = cells.saturating_sub(width(&text));
        text.extend(std::iter::repeat_n(' ', missing));
        Self(Cow::Owned(text))
    }

    /// Appends another safe text.
    pub fn push(&mut self, other: &Self) {
        self.0.to_mut().push_str(&other.0);
    }

    /// Appends a constant of our own.
    pub fn push_constant(&mut self, text: &'static str) {
        self.0.to_mut().push_str(text);
    }

    /// Several lines as one text with line breaks between them: for a text area of a page, never for a
    /// terminal, whose drawing takes single lines.
    pub fn lines(lines: &[Self]) -> Self {
        let lines: Vec<&str> = lines.iter().map(Self::as_str).collect();
        Self(Cow::Owned(lines.join("\n")))
    }

    /// Several texts one after the other, `between` set between the ones that are not empty.
    pub fn join<'a>(parts: impl IntoIterator<Item = &'a Self>, between: &'static str) -> Self {
        let mut all = String::new();
        for part in parts {
            if part.is_empty() {
                continue;
            }
            if !all.is_empty() {
                all.push_str(between);
            }
            all.push_str(&part.0);
        }
        Self(Cow::Owned(all))
    }
}

impl fmt::Display for SafeText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

impl From<char> for SafeText {
    /// A single character, passed through the sanitiser.
    fn from(c: char) -> Self {
        Self::clean(c.encode_utf8(&mut [0; 4]))
    }
}
