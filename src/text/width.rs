//! Display width in terminal cells, measured the way the renderer measures it.

use std::borrow::Cow;

use unicode_linebreak::linebreaks;
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

/// Breaks where the line breaking rules of Unicode (UAX 14) allow it, else between graphemes. Blanks at
/// a break are left out. An empty text is one empty line.
pub(super) fn wrap(text: &str, max: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut start = 0;
    for (end, _) in linebreaks(text) {
        let part = text.get(start..end).unwrap_or_default();
        start = end;
        if width(&line) + width(part.trim_end()) <= max {
            line.push_str(part);
            continue;
        }
        end_line(&mut lines, &mut line);
        if width(part.trim_end()) <= max {
            line.push_str(part);
            continue;
        }
        for grapheme in part.graphemes(true) {
            let cells = width(grapheme);
            if width(&line) + cells > max {
                end_line(&mut lines, &mut line);
            }
            if cells <= max {
                line.push_str(grapheme);
            }
        }
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line.trim_end().to_owned());
    }
    lines
}

fn end_line(lines: &mut Vec<String>, line: &mut String) {
    let ended = std::mem::take(line);
    let ended = ended.trim_end();
    if !ended.is_empty() {
        lines.push(ended.to_owned());
    }
}

/// Whether a text has at most so many graphemes and bytes.
pub fn fits(text: &str, graphemes: usize, bytes: usize) -> bool {
    text.len() <= bytes && text.graphemes(true).take(graphemes + 1).count() <= graphemes
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
