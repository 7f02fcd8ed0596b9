//! The one sanitiser: what may go out to a terminal and what is shown in its place.
//!
//! The table follows Unicode's general categories. Control characters become their pictures,
//! direction marks and invisible characters are spelled out (`<U+202E>`), so that a reader sees that
//! they are there; joiners stay where a script or an emoji needs them; piled-up marks are cut.
//! The output is stable: sanitising it again changes nothing.

use unicode_normalization::char::canonical_combining_class;
use unicode_properties::{EmojiStatus, GeneralCategory, UnicodeEmoji as _, UnicodeGeneralCategory as _};
use unicode_script::{Script, UnicodeScript as _};
use unicode_segmentation::UnicodeSegmentation as _;

use super::width::width;

/// Bytes of one field that are looked at; what lies behind is cut off and marked by `…`. The form's and
/// the directory's own limits are far below it.
pub const MAX_LINE_BYTES: usize = 8 * 1024;

/// Longest grapheme that is shown, in bytes: the longest emoji with a skin tone has 35.
const MAX_GRAPHEME_BYTES: usize = 40;
/// Combining marks shown on one base letter.
const MAX_MARKS: usize = 4;
/// Scalars in the longest emoji sequence that is left alone.
const MAX_EMOJI_SCALARS: usize = 10;

const LINE_BREAK: &str = " ⏎ ";
const REPLACEMENT: char = '\u{FFFD}';
const DOTTED_CIRCLE: char = '\u{25CC}';

/// Makes `text` fit to be shown on one line.
pub fn sanitise_line(text: &str) -> String {
    let (text, shortened) = limit(text);
    if text.bytes().all(|b| matches!(b, b' '..=b'~')) {
        let mut plain = text.to_owned();
        if shortened {
            plain.push('…');
        }
        return plain;
    }
    let mut spelled = spell_out(text);
    if shortened {
        spelled.push('…');
    }
    thin_marks(&spelled)
}

/// Whether `text` holds direction marks or invisible characters that a reader would not see.
pub fn has_hidden(text: &str) -> bool {
    !text.is_ascii() && spell_out(text).contains("<U+")
}

/// Whether there is at least one letter or digit that a reader will see.
pub fn is_readable(text: &str) -> bool {
    text.chars().any(|c| {
        let mut buffer = [0; 4];
        let alone: &str = c.encode_utf8(&mut buffer);
        c.is_alphanumeric() && (c.is_ascii() || sanitise_line(alone) == alone)
    })
}

fn limit(text: &str) -> (&str, bool) {
    if text.len() <= MAX_LINE_BYTES {
        return (text, false);
    }
    let mut end = MAX_LINE_BYTES;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    (text.get(..end).unwrap_or_default(), true)
}

/// First pass: every scalar by its class, in the context of its neighbours.
fn spell_out(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    // Whether the last thing written was put there by us: a mark must not sit on it.
    let mut ours = false;
    for (start, grapheme) in text.grapheme_indices(true) {
        if is_emoji_sequence(grapheme) {
            out.push_str(grapheme);
            ours = false;
            continue;
        }
        for (offset, c) in grapheme.char_indices() {
            let before = text.get(..start + offset).unwrap_or_default();
            let after = text.get(start + offset + c.len_utf8()..).unwrap_or_default();
            match class(c, &out, after) {
                Class::Plain => {
                    if is_mark(c) && (ours || !has_base(&out)) {
                        out.push(DOTTED_CIRCLE);
                    }
                    out.push(c);
                    ours = false;
                }
                Class::Blank => {
                    out.push(' ');
                    ours = false;
                }
                Class::Break => {
                    if !(c == '\n' && before.ends_with('\r')) {
                        out.push_str(LINE_BREAK);
                    }
                    ours = true;
                }
                Class::Picture(picture) => {
                    out.push(picture);
                    ours = true;
                }
                Class::Spelled => {
                    out.push_str(&spelled(c));
                    ours = true;
                }
                Class::Dropped => {}
            }
        }
    }
    out
}

fn spelled(c: char) -> String {
    format!("<U+{:04X}>", u32::from(c))
}

/// Second pass: graphemes with too many marks, or too many bytes, keep their base alone; those
/// without a cell are spelled out.
fn thin_marks(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for grapheme in text.graphemes(true) {
        let marks = grapheme.chars().filter(|c| is_mark(*c)).count();
        if marks > MAX_MARKS || grapheme.len() > MAX_GRAPHEME_BYTES {
            out.extend(grapheme.chars().next());
            out.push(REPLACEMENT);
        } else if width(grapheme) == 0 {
            // No renderer gives it a cell: a vowel or a final of Hangul without what it belongs to.
            out.extend(grapheme.chars().map(spelled));
        } else {
            out.push_str(grapheme);
        }
    }
    out
}

enum Class {
    Plain,
    Blank,
    Break,
    Picture(char),
    Spelled,
    Dropped,
}

/// What becomes of `c` behind what is written already and before what is still to come. Looking back at
/// the output and not at the input keeps it stable: what was spelled out joins nothing.
fn class(c: char, before: &str, after: &str) -> Class {
    match c {
        '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}' => Class::Break,
        '\t' | ' ' => Class::Blank,
        '\0'..='\u{1f}' => Class::Picture(char::from_u32(0x2400 + u32::from(c)).unwrap_or(REPLACEMENT)),
        '\u{7f}' => Class::Picture('\u{2421}'),
        '!'..='~' => Class::Plain,
        // A text-style selector after anything and a variant selector after a Chinese character
        // only choose a glyph: real names carry them.
        '\u{FE0E}' => Class::Dropped,
        '\u{E0100}'..='\u{E01EF}' if before.chars().next_back().is_some_and(is_han) => Class::Dropped,
        '\u{200C}' | '\u{200D}' if joins_letters(before, after) => Class::Plain,
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'
        | '\u{1160}'
        | '\u{17B4}'
        | '\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{202A}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}'
        | '\u{FFA0}'
        | '\u{FFF0}'..='\u{FFFC}'
        | '\u{1BCA0}'..='\u{1BCA3}'
        | '\u{1D173}'..='\u{1D17A}'
        | '\u{E0000}'..='\u{E0FFF}'
        // Glyphs that are many cells wide whatever is measured.
        | '\u{FDFD}'
        | '\u{12031}'
        | '\u{2E3A}'
        | '\u{2E3B}' => Class::Spelled,
        _ => match c.general_category() {
            GeneralCategory::SpaceSeparator => Class::Blank,
            GeneralCategory::Control
            | GeneralCategory::Format
            | GeneralCategory::LineSeparator
            | GeneralCategory::ParagraphSeparator
            | GeneralCategory::PrivateUse
            | GeneralCategory::Surrogate
            | GeneralCategory::Unassigned => Class::Spelled,
            _ => Class::Plain,
        },
    }
}

fn is_mark(c: char) -> bool {
    !c.is_ascii()
        && matches!(c.general_category(), GeneralCategory::NonspacingMark | GeneralCategory::EnclosingMark)
}

/// Whether the text so far ends in something that a mark can sit on.
fn has_base(out: &str) -> bool {
    out.chars().next_back().is_some_and(|c| c != ' ')
}

fn is_han(c: char) -> bool {
    c.script() == Script::Han
}

/// A joiner is part of the spelling after a virama and between letters of a script that joins.
fn joins_letters(before: &str, after: &str) -> bool {
    let Some(previous) = before.chars().next_back() else { return false };
    if canonical_combining_class(previous) == 9 {
        return true;
    }
    let previous = before.chars().rev().find(|c| !is_mark(*c));
    let next = after.chars().next();
    matches!((previous, next), (Some(a), Some(b)) if joining(a) && joining(b))
}

fn joining(c: char) -> bool {
    c.is_alphabetic()
        && !is_mark(c)
        && matches!(
            c.script(),
            Script::Arabic
                | Script::Syriac
                | Script::Mongolian
                | Script::Nko
                | Script::Devanagari
                | Script::Bengali
                | Script::Gurmukhi
                | Script::Gujarati
                | Script::Oriya
                | Script::Tamil
                | Script::Telugu
                | Script::Kannada
                | Script::Malayalam
                | Script::Sinhala
                | Script::Khmer
                | Script::Myanmar
        )
}

/// An emoji with its joiners and selectors, as terminals draw it: at most ten scalars, each joiner
/// between two emoji, each selector behind one.
fn is_emoji_sequence(grapheme: &str) -> bool {
    let scalars: Vec<char> = grapheme.chars().collect();
    if scalars.len() < 2 || scalars.len() > MAX_EMOJI_SCALARS || grapheme.len() > MAX_GRAPHEME_BYTES {
        return false;
    }
    let Some((&first, rest)) = scalars.split_first() else { return false };
    if !is_emoji_base(first) {
        // Keycaps: a digit, the selector, the enclosing key.
        return matches!((first, rest), ('0'..='9' | '#' | '*', ['\u{FE0F}', '\u{20E3}']));
    }
    let mut previous = first;
    for (at, &c) in rest.iter().enumerate() {
        let fits = match c {
            '\u{200D}' => {
                !is_regional(previous)
                    && (is_emoji_base(previous) || previous == '\u{FE0F}' || is_tone(previous))
                    && rest.get(at + 1).is_some_and(|next| is_emoji_base(*next))
            }
            '\u{FE0F}' => is_emoji_base(previous) && !is_regional(previous),
            _ if is_tone(c) => is_emoji_base(previous) || previous == '\u{FE0F}',
            _ if is_regional(c) => is_regional(previous) && rest.len() == 1,
            _ => previous == '\u{200D}' && is_emoji_base(c),
        };
        if !fits {
            return false;
        }
        previous = c;
    }
    true
}

fn is_regional(c: char) -> bool {
    matches!(c, '\u{1F1E6}'..='\u{1F1FF}')
}

fn is_tone(c: char) -> bool {
    matches!(c, '\u{1F3FB}'..='\u{1F3FF}')
}

fn is_emoji_base(c: char) -> bool {
    !c.is_ascii() && c.emoji_status() != EmojiStatus::NonEmoji && c.is_emoji_char() && !is_tone(c)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{has_hidden, is_readable, sanitise_line};

    #[test]
    fn each_class_is_shown_as_the_table_says() {
        for (raw, shown) in [
            ("plain", "plain"),
            ("张伟 Zhang", "张伟 Zhang"),
            ("a\nb\r\nc", "a ⏎ b ⏎ c"),
            ("a\tb", "a b"),
            ("\u{1b}[2J\u{7}", "␛[2J␇"),
            ("\u{7f}", "␡"),
            ("\u{9b}31m", "<U+009B>31m"),
            ("a\u{202e}b", "a<U+202E>b"),
            ("a\u{200b}b", "a<U+200B>b"),
            ("\u{2800}", "<U+2800>"),
            ("a\u{3000}b", "a b"),
            ("\u{fff9}", "<U+FFF9>"),
            ("\u{e000}", "<U+E000>"),
            ("\u{fdfd}", "<U+FDFD>"),
            ("\u{301}a", "◌\u{301}a"),
            (" \u{301}", " ◌\u{301}"),
            ("\u{202e}\u{301}", "<U+202E>◌\u{301}"),
            ("葛\u{e0100}城", "葛城"),
            ("a\u{e0100}", "a<U+E0100>"),
            ("☎\u{fe0e}", "☎"),
            ("👩\u{200d}👩\u{200d}👧", "👩\u{200d}👩\u{200d}👧"),
            ("❤\u{fe0f}", "❤\u{fe0f}"),
            ("1\u{fe0f}\u{20e3}", "1\u{fe0f}\u{20e3}"),
            ("🇨🇳", "🇨🇳"),
            ("a\u{200d}b", "a<U+200D>b"),
            ("क\u{94d}\u{200d}ष", "क\u{94d}\u{200d}ष"),
            ("می\u{200c}خواهم", "می\u{200c}خواهم"),
            ("👍🏽", "👍🏽"),
            ("م\u{fe0f}\u{200c}م", "م<U+FE0F><U+200C>م"),
            ("a\u{1161}b", "a<U+1161>b"),
            ("\u{1100}\u{1161}\u{11a8}", "\u{1100}\u{1161}\u{11a8}"),
        ] {
            assert_eq!(sanitise_line(raw), shown, "{}", raw.escape_unicode());
            assert_eq!(sanitise_line(shown), shown, "stable: {}", shown.escape_unicode());
        }
    }

    #[test]
    fn piled_up_marks_are_cut() {
        let zalgo = format!("e{}", "\u{301}".repeat(1_000));
        assert_eq!(sanitise_line(&zalgo), "e\u{fffd}");
        assert_eq!(sanitise_line("e\u{301}\u{302}\u{303}\u{304}"), "e\u{301}\u{302}\u{303}\u{304}");
    }

    #[test]
    fn a_megabyte_is_cut_off() {
        let long = "x".repeat(1 << 20);
        assert!(sanitise_line(&long).len() <= super::MAX_LINE_BYTES + '…'.len_utf8());
    }

    #[test]
    fn what_is_hidden_is_noticed() {
        assert!(has_hidden("Wang\u{202e}"));
        assert!(has_hidden("Wa\u{200b}ng"));
        assert!(!has_hidden("王芳 👩\u{200d}👧"));
    }

    #[test]
    fn a_name_needs_something_to_read() {
        for readable in ["A", "王", "7", "\u{202e}x"] {
            assert!(is_readable(readable), "{}", readable.escape_unicode());
        }
        for blank in ["", "\u{202e}", "\u{3164}", "--", "\u{e000}", "👍"] {
            assert!(!is_readable(blank), "{}", blank.escape_unicode());
        }
    }

    proptest! {
        #[test]
        fn sanitising_twice_changes_nothing(text in any::<String>()) {
            let once = sanitise_line(&text);
            prop_assert_eq!(sanitise_line(&once), once);
        }

        #[test]
        fn sanitising_twice_changes_nothing_among_special_characters(
            text in prop::collection::vec(prop::sample::select(SPECIAL.to_vec()), 0..24)
        ) {
            let text: String = text.into_iter().collect();
            let once = sanitise_line(&text);
            prop_assert_eq!(sanitise_line(&once), once, "{}", text.escape_unicode());
        }
    }

    const SPECIAL: [char; 32] = [
        'a',
        ' ',
        '\t',
        '\n',
        '\r',
        '\u{1b}',
        '\u{7f}',
        '\u{85}',
        '\u{9b}',
        '\u{ad}',
        '\u{301}',
        '\u{20dd}',
        '\u{200b}',
        '\u{200c}',
        '\u{200d}',
        '\u{202e}',
        '\u{2067}',
        '\u{fe0e}',
        '\u{fe0f}',
        '\u{e0100}',
        '\u{e0067}',
        '張',
        'क',
        '\u{94d}',
        'م',
        '👩',
        '🏽',
        '\u{1f1e8}',
        '\u{20e3}',
        '1',
        '\u{1160}',
        '\u{ff9e}',
    ];
}
