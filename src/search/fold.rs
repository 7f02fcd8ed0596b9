//! One form for everything that should match: case, width and accents do not count.

use std::ops::Range;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// Compatibility forms unified, lower case, accents off, blanks single, control characters gone.
pub fn fold(text: &str) -> String {
    if text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()) {
        return text.to_owned();
    }
    Folded::of(text).text
}

/// Folded text that knows where each of its parts came from.
pub(super) struct Folded {
    pub(super) text: String,
    /// For each byte of `text`, the byte range of the original character behind it.
    origin: Vec<(u32, u32)>,
}

impl Folded {
    pub(super) fn of(original: &str) -> Self {
        let mut folded = Self { text: String::with_capacity(original.len()), origin: Vec::new() };
        for (start, c) in original.char_indices() {
            let end = start + c.len_utf8();
            if c.is_whitespace() || c.is_control() {
                if !folded.text.is_empty() && !folded.text.ends_with(' ') {
                    folded.push(' ', start, end);
                }
            } else if c.is_ascii() {
                folded.push(c.to_ascii_lowercase(), start, end);
            } else {
                for part in std::iter::once(c).nfkc().flat_map(char::to_lowercase).nfd() {
                    if is_combining_mark(part) || part.is_control() {
                        folded.extend_last(end);
                    } else if part == ' ' {
                        if !folded.text.ends_with(' ') {
                            folded.push(' ', start, end);
                        }
                    } else {
                        folded.push(plain_latin(part), start, end);
                    }
                }
            }
        }
        if folded.text.ends_with(' ') {
            folded.text.pop();
            folded.origin.pop();
        }
        folded
    }

    fn push(&mut self, c: char, start: usize, end: usize) {
        self.text.push(c);
        let from = (u32::try_from(start).unwrap_or(u32::MAX), u32::try_from(end).unwrap_or(u32::MAX));
        self.origin.extend(std::iter::repeat_n(from, c.len_utf8()));
    }

    /// A mark belongs to the letter before it: highlighting takes both.
    fn extend_last(&mut self, end: usize) {
        if let Some(last) = self.origin.last_mut() {
            last.1 = u32::try_from(end).unwrap_or(u32::MAX);
        }
    }

    /// The range of the original text behind a range of the folded one.
    pub(super) fn original(&self, range: &Range<usize>) -> Option<Range<usize>> {
        let first = self.origin.get(range.start)?;
        let last = self.origin.get(range.end.checked_sub(1)?)?;
        Some(first.0 as usize..last.1 as usize)
    }
}

/// Latin letters that no decomposition takes apart.
fn plain_latin(c: char) -> char {
    match c {
        'ø' => 'o',
        'ł' => 'l',
        'đ' | 'ð' => 'd',
        'ı' => 'i',
        'ħ' => 'h',
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::{Folded, fold};

    #[test]
    fn case_width_and_accents_do_not_count() {
        for (raw, folded) in [
            ("Zoë  García", "zoe garcia"),
            ("ＡＢＣ１２", "abc12"),
            ("Søren", "soren"),
            ("Nguyễn", "nguyen"),
            ("张 伟\u{3000}", "张 伟"),
            ("a\u{1f}b\nc", "a b c"),
            ("\u{301}", ""),
        ] {
            assert_eq!(fold(raw), folded, "{raw}");
        }
    }

    #[test]
    fn a_folded_range_leads_back_to_the_letters() {
        let folded = Folded::of("Zoe\u{308} G");
        assert_eq!(folded.text, "zoe g");
        assert_eq!(folded.original(&(1..3)), Some(1..5));
    }
}
