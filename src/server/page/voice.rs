//! What a page speaks with: the words of the visitor's language, and how the page came to them.

use axum::http::{HeaderMap, header};

use crate::i18n::{Lang, Text, Words};
use crate::server::App;
use crate::server::respond::header_text;
use crate::text::SafeText;

/// The words of a page.
#[derive(Clone, Debug)]
pub(super) struct Voice {
    words: Words,
    /// Whether it came in the clear, where others may read it.
    pub(super) insecure: bool,
}

impl Voice {
    /// In the language that the visitor's browser asks for.
    pub(super) fn of(app: &App, headers: &HeaderMap) -> Self {
        let asked = header_text(headers, header::ACCEPT_LANGUAGE.as_str()).unwrap_or_default();
        Self { words: Words::of(Lang::accepted(asked)), insecure: app.insecure_http() }
    }

    /// Which language it is.
    pub(super) fn lang(&self) -> Lang {
        self.words.lang()
    }

    /// A sentence without values.
    pub(super) fn get(&self, text: Text) -> SafeText {
        self.words.get(text)
    }

    /// A sentence with values.
    pub(super) fn fill(&self, text: Text, values: &[(&str, SafeText)]) -> SafeText {
        self.words.fill(text, values)
    }
}
