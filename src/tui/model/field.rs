//! A text field of one line, edited as in a shell.

use unicode_segmentation::{GraphemeCursor, UnicodeSegmentation as _};

use crate::text::{SafeText, width};

/// Longest text of a field, in bytes.
const MAX: usize = 1_000;

/// The text and where the caret stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    text: String,
    /// Byte place of the caret; always between graphemes.
    caret: usize,
}

impl Field {
    /// A field with a text, the caret at its end.
    pub fn with(text: &str) -> Self {
        let mut field = Self::default();
        field.insert(text);
        field
    }

    /// What was typed.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Types text at the caret. Line breaks and other control characters become blanks: what is pasted is
    /// text, never keys.
    pub fn insert(&mut self, text: &str) {
        for c in text.chars() {
            if self.text.len() + c.len_utf8() > MAX {
                break;
            }
            let c = if c.is_control() { ' ' } else { c };
            self.text.insert(self.caret, c);
            self.caret += c.len_utf8();
        }
        self.snap();
    }

    /// A mark typed behind a letter joins it: the caret goes behind both.
    fn snap(&mut self) {
        let mut cursor = GraphemeCursor::new(self.caret, self.text.len(), true);
        if !cursor.is_boundary(&self.text, 0).unwrap_or(true) {
            self.caret = cursor.next_boundary(&self.text, 0).ok().flatten().unwrap_or(self.text.len());
        }
    }

    fn before(&self) -> &str {
        self.text.get(..self.caret).unwrap_or_default()
    }

    fn behind(&self) -> &str {
        self.text.get(self.caret..).unwrap_or_default()
    }

    fn left(&self) -> usize {
        self.before().grapheme_indices(true).next_back().map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        self.behind().graphemes(true).next().map_or(self.text.len(), |grapheme| self.caret + grapheme.len())
    }

    fn word_left(&self) -> usize {
        let trimmed = self.before().trim_end();
        trimmed.split_word_bound_indices().next_back().map_or(0, |(at, _)| at)
    }

    fn word_right(&self) -> usize {
        let skipped = self.behind().len() - self.behind().trim_start().len();
        let rest = self.behind().trim_start();
        rest.split_word_bounds().next().map_or(self.text.len(), |word| self.caret + skipped + word.len())
    }

    /// Moves a letter to the left.
    pub fn letter_left(&mut self) {
        self.caret = self.left();
    }

    /// Moves a letter to the right.
    pub fn letter_right(&mut self) {
        self.caret = self.right();
    }

    /// Moves a word to the left.
    pub fn go_word_left(&mut self) {
        self.caret = self.word_left();
    }

    /// Moves a word to the right.
    pub fn go_word_right(&mut self) {
        self.caret = self.word_right();
    }

    /// Moves to the beginning.
    pub fn start(&mut self) {
        self.caret = 0;
    }

    /// Moves to the end.
    pub fn end(&mut self) {
        self.caret = self.text.len();
    }

    fn cut(&mut self, from: usize, to: usize) {
        if from < to && self.text.is_char_boundary(from) && self.text.is_char_boundary(to) {
            self.text.replace_range(from..to, "");
            self.caret = from;
        }
    }

    /// Deletes the letter before the caret.
    pub fn delete_before(&mut self) {
        self.cut(self.left(), self.caret);
    }

    /// Deletes the letter behind the caret.
    pub fn delete_behind(&mut self) {
        self.cut(self.caret, self.right());
    }

    /// Deletes the word before the caret.
    pub fn delete_word(&mut self) {
        self.cut(self.word_left(), self.caret);
    }

    /// Deletes everything before the caret.
    pub fn delete_to_start(&mut self) {
        self.cut(0, self.caret);
    }

    /// What is to be seen in `cells` cells, and the caret's cell in it. The caret is always to be seen.
    pub fn shown(&self, cells: usize) -> (SafeText, usize) {
        let room = cells.saturating_sub(1);
        let mut from = 0;
        loop {
            let visible = SafeText::clean(self.text.get(from..self.caret).unwrap_or_default());
            let caret = visible.width();
            if caret <= room {
                let rest = SafeText::clean(self.text.get(from..).unwrap_or_default());
                return (cut_plain(&rest, cells), caret);
            }
            let step = self.text.get(from..).and_then(|t| t.graphemes(true).next()).map_or(1, str::len);
            from += step;
        }
    }
}

/// As much as fits, without a mark for what is cut: the text goes on under the field's edge.
fn cut_plain(text: &SafeText, cells: usize) -> SafeText {
    let mut kept = 0;
    let mut used = 0;
    for (at, grapheme) in text.as_str().grapheme_indices(true) {
        used += width(grapheme);
        if used > cells {
            break;
        }
        kept = at + grapheme.len();
    }
    SafeText::clean(text.as_str().get(..kept).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Field;

    #[test]
    fn editing_goes_by_letters_and_words() {
        let mut field = Field::with("renewal 张伟 e\u{301}");
        field.delete_before();
        assert_eq!(field.text(), "renewal 张伟 ");
        field.delete_word();
        assert_eq!(field.text(), "renewal 张");
        field.start();
        field.go_word_right();
        field.insert("s");
        assert_eq!(field.text(), "renewals 张");
        field.delete_to_start();
        assert_eq!(field.text(), " 张");
        field.delete_behind();
        field.delete_behind();
        assert_eq!(field.text(), "");
    }

    #[test]
    fn a_paste_is_text_and_nothing_else() {
        let mut field = Field::default();
        field.insert("a\nb\u{1b}[2Jc");
        assert_eq!(field.text(), "a b [2Jc");
    }

    #[test]
    fn the_caret_stays_in_sight() {
        let field = Field::with("一二三四五");
        let (shown, caret) = field.shown(6);
        assert_eq!((shown.as_str(), caret), ("四五", 4));
    }

    proptest! {
        #[test]
        fn no_edit_breaks_the_text(typed in any::<String>(), edits in prop::collection::vec(0..10_u8, 0..40), cells in 0_usize..20) {
            let mut field = Field::with(&typed);
            for edit in edits {
                match edit {
                    0 => field.letter_left(),
                    1 => field.letter_right(),
                    2 => field.go_word_left(),
                    3 => field.go_word_right(),
                    4 => field.delete_before(),
                    5 => field.delete_behind(),
                    6 => field.delete_word(),
                    7 => field.start(),
                    8 => field.end(),
                    _ => field.insert("é张\u{301}"),
                }
                let (shown, caret) = field.shown(cells);
                prop_assert!(caret <= cells.saturating_sub(1) && shown.width() <= cells.max(1));
            }
        }
    }
}
