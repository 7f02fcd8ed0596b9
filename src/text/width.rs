//! Display width in terminal cells, measured the way the renderer measures it.

use std::borrow::Cow;

use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

/// Cells that `text` occupies when drawn. `text` must have passed the sanitiser.
///
/// The half-width sound marks U+FF9E and U+FF9F take a cell of their own in terminals although
/// Unicode calls them extenders; the renderer counts them so, and so do we.
pub fn width(text: &str) -> usize {
    if text.is_ascii() {
        return text.len();
    }
    text.graphemes(true).map(grapheme_width).sum()
}

fn grapheme_width(grapheme: &str) -> usize {
    if grapheme.len() == 1 {
        return 1;
    }
    let marks = grapheme.chars().filter(|c| matches!(c, '\u{FF9E}' | '\u{FF9F}')).count();
    grapheme.width() + marks
}

/// Shortens `text` to at most `max` cells at a grapheme boundary; what is cut off is marked by `…`.
pub fn cut(text: &str, max: usize) -> Cow<'_, str> {
    if text.len() <= max && text.is_ascii() {
        return Cow::Borrowed(text);
    }
    let mut used = 0;
    let mut keep = 0;
    for (start, grapheme) in text.grapheme_indices(true) {
        let cells = grapheme_width(grapheme);
        if used + cells > max {
            let mut short = text.get(..keep).unwrap_or_default().to_owned();
            if max > 0 {
                short.push('…');
            }
            return Cow::Owned(short);
        }
        used += cells;
        // The ellipsis needs a cell: remember the last boundary that leaves room for it.
        if used < max {
            keep = start + grapheme.len();
        }
    }
    Cow::Borrowed(text)
}

#[cfg(test)]
mod tests {
    use super::{cut, width};

    #[test]
    fn wide_letters_count_two_cells() {
        assert_eq!(width("张伟 Zhang"), 10);
        assert_eq!(width("e\u{301}"), 1);
        assert_eq!(width("ﾊﾞ"), 2);
    }

    #[test]
    fn a_cut_never_exceeds_the_limit_and_never_splits_a_letter() {
        for (text, max, expected) in [
            ("张伟", 4, "张伟"),
            ("张伟", 3, "张…"),
            ("张伟", 2, "…"),
            ("张伟", 1, "…"),
            ("张伟", 0, ""),
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("e\u{301}e\u{301}e\u{301}", 2, "e\u{301}…"),
        ] {
            let short = cut(text, max);
            assert_eq!(short, expected);
            assert!(width(&short) <= max);
        }
    }
}
