//! How far something long has come: one line on a terminal, nothing elsewhere.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use crate::i18n::{Text, Words};
use crate::server::backup::{Progress, Stage};
use crate::text::SafeText;

/// A line that is written over until it is dropped.
pub(super) struct ProgressLine {
    words: Words,
    is_terminal: bool,
    shown: Arc<Mutex<SafeText>>,
}

impl ProgressLine {
    pub(super) fn new(words: &Words) -> Self {
        Self { words: words.clone(), is_terminal: io::stderr().is_terminal(), shown: Arc::default() }
    }

    /// Hears of what is done.
    pub(super) fn hears(&self) -> Progress {
        let (words, is_terminal, shown) = (self.words.clone(), self.is_terminal, Arc::clone(&self.shown));
        Arc::new(move |stage, done, total| {
            if is_terminal {
                let percent = done.saturating_mul(100).checked_div(total).unwrap_or(0).min(100);
                let line = words.fill(text(stage), &[("percent", SafeText::number(percent))]);
                let mut shown = shown.lock().unwrap_or_else(PoisonError::into_inner);
                if *shown != line {
                    put(&line);
                    *shown = line;
                }
            }
        })
    }
}

const fn text(stage: Stage) -> Text {
    match stage {
        Stage::Copying => Text::StageCopying,
        Stage::Checking => Text::StageChecking,
        Stage::Packing => Text::StagePacking,
        Stage::Unpacking => Text::StageUnpacking,
    }
}

/// Writes over the line; the sequence clears what stood behind it.
fn put(line: &SafeText) {
    let mut out = io::stderr().lock();
    // Whether somebody sees how far it is changes nothing.
    let _ = write!(out, "\r{line}\x1b[K");
    let _ = out.flush();
}

impl Drop for ProgressLine {
    fn drop(&mut self) {
        let shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        if !shown.as_str().is_empty() {
            put(&SafeText::default());
        }
    }
}
