//! Every sentence that a person sees, in English and Chinese.
//!
//! English is code: a text that is missing does not compile. Other languages are overlays of the same
//! keys in `assets/i18n`, compared by a test. State and effects hold a [`Text`] and values, never a
//! sentence.

mod boundary;
mod english;
mod fill;
pub mod say;
mod scan;

use std::sync::OnceLock;

pub use english::Text;

use crate::text::SafeText;

/// A language of the program.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Lang {
    /// English.
    #[default]
    En,
    /// Chinese in simplified characters.
    ZhCn,
}

impl Lang {
    /// The language's tag, as in `--lang`.
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::ZhCn => "zh-CN",
        }
    }

    /// Reads a tag (`zh-CN`, `zh`), or the value of `LANG` (`zh_CN.UTF-8`). None for another language.
    pub fn parse(tag: &str) -> Option<Self> {
        let tag = tag.split('.').next().unwrap_or_default();
        match tag.split(['-', '_']).next().unwrap_or_default().to_ascii_lowercase().as_str() {
            "en" | "c" | "posix" => Some(Self::En),
            "zh" => Some(Self::ZhCn),
            _ => None,
        }
    }

    /// The language that a browser prefers, from its `Accept-Language`.
    pub fn accepted(header: &str) -> Self {
        let mut best = (Self::En, 0.0_f32);
        for part in header.split(',').take(32) {
            let mut pieces = part.trim().split(';');
            let Some(lang) = pieces.next().and_then(|tag| Self::parse(tag.trim())) else { continue };
            let weight = pieces
                .find_map(|piece| piece.trim().strip_prefix("q=").map(|q| q.parse().unwrap_or(0.0)))
                .unwrap_or(1.0);
            if weight > best.1 {
                best = (lang, weight);
            }
        }
        best.0
    }
}

/// The sentences of one language.
#[derive(Clone, Debug)]
pub struct Words {
    lang: Lang,
    /// By [`Text`]; empty for English, which is code.
    overlay: &'static [String],
}

impl Words {
    /// The sentences of a language.
    pub fn of(lang: Lang) -> Self {
        let overlay = match lang {
            Lang::En => &[],
            Lang::ZhCn => {
                static CHINESE: OnceLock<Vec<String>> = OnceLock::new();
                CHINESE.get_or_init(|| overlay(include_str!("../../assets/i18n/zh-CN.toml"))).as_slice()
            }
        };
        Self { lang, overlay }
    }

    /// Which language it is.
    pub fn lang(&self) -> Lang {
        self.lang
    }

    /// A sentence without values.
    pub fn get(&self, text: Text) -> SafeText {
        match self.pattern(text) {
            Pattern::Own(english) => SafeText::constant(english),
            Pattern::Overlay(other) => SafeText::clean(other),
        }
    }

    /// A sentence with values: `{name}` is replaced; `{n|one|many}` chooses by the number given as `n`.
    pub fn fill(&self, text: Text, values: &[(&str, SafeText)]) -> SafeText {
        let pattern = match self.pattern(text) {
            Pattern::Own(english) => english,
            Pattern::Overlay(other) => other,
        };
        fill::fill(pattern, values)
    }

    fn pattern(&self, text: Text) -> Pattern {
        match self.overlay.get(text as usize) {
            Some(other) if !other.is_empty() => Pattern::Overlay(other),
            _ => Pattern::Own(text.english()),
        }
    }
}

enum Pattern {
    Own(&'static str),
    Overlay(&'static str),
}

/// The overlay's sentences in the order of [`Text`]. A test keeps it whole; what were missing would
/// be shown in English.
fn overlay(file: &str) -> Vec<String> {
    let table: toml::Table = file.parse().unwrap_or_default();
    Text::ALL
        .iter()
        .map(|text| table.get(text.key()).and_then(toml::Value::as_str).unwrap_or_default().to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Lang, Text, Words, fill};
    use crate::text::SafeText;

    #[test]
    fn chinese_has_exactly_the_keys_and_placeholders_of_english() {
        let table: toml::Table = include_str!("../../assets/i18n/zh-CN.toml").parse().unwrap();
        let keys: BTreeSet<&str> = table.keys().map(String::as_str).collect();
        let expected: BTreeSet<&str> = Text::ALL.iter().map(|text| text.key()).collect();
        assert_eq!(
            keys.symmetric_difference(&expected).collect::<Vec<_>>(),
            Vec::<&&str>::new(),
            "keys that only one language has"
        );
        for text in Text::ALL {
            let chinese = table[text.key()].as_str().unwrap();
            assert!(!chinese.trim().is_empty(), "{} is empty", text.key());
            assert_eq!(fill::names(chinese), fill::names(text.english()), "placeholders of {}", text.key());
            assert_eq!(
                SafeText::clean(chinese).as_str(),
                chinese,
                "{} holds what may not be shown",
                text.key()
            );
            assert_eq!(SafeText::clean(text.english()).as_str(), text.english());
        }
    }

    #[test]
    fn languages_are_told_by_their_tags() {
        assert_eq!(Lang::parse("zh_CN.UTF-8"), Some(Lang::ZhCn));
        assert_eq!(Lang::parse("C.UTF-8"), Some(Lang::En));
        assert_eq!(Lang::parse("de-DE"), None);
        for (header, lang) in [
            ("zh-CN,zh;q=0.9,en;q=0.8", Lang::ZhCn),
            ("en-US,en;q=0.9,zh;q=0.8", Lang::En),
            ("de,zh;q=0.5", Lang::ZhCn),
            ("de", Lang::En),
            ("", Lang::En),
            ("zh;q=0, en", Lang::En),
        ] {
            assert_eq!(Lang::accepted(header), lang, "{header}");
        }
    }

    #[test]
    fn a_sentence_is_filled_in_both_languages() {
        for lang in [Lang::En, Lang::ZhCn] {
            let words = Words::of(lang);
            let shown = words.fill(
                Text::PageReceives,
                &[
                    ("name", SafeText::constant("N")),
                    ("company", SafeText::constant("C")),
                    ("days", SafeText::number(30)),
                ],
            );
            assert!(shown.as_str().contains("30") && !shown.as_str().contains('{'), "{shown}");
        }
    }
}
