//! `namecard config`

use std::io;
use std::path::Path;

use super::Context;
use super::args::ConfigAction;
use super::failure::Failure;
use super::texts;
use crate::config::{ConfigError, Settings};
use crate::i18n::Text;
use crate::text::SafeText;

/// What a look at a settings file found.
pub(super) enum Found {
    /// There is none, and none was asked for: the defaults hold.
    None,
    /// It was read; these are its mistakes.
    Read(Vec<ConfigError>),
    /// It is there, or was asked for, and cannot be read.
    Unreadable(io::Error),
}

/// Looks at a settings file. One that was `named` has to be there.
pub(super) fn look(file: &Path, named: bool) -> Found {
    match std::fs::read_to_string(file) {
        Ok(text) => Found::Read(Settings::parse(&text).1),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !named => Found::None,
        Err(error) => Found::Unreadable(error),
    }
}

pub(super) fn run(context: &Context, action: &ConfigAction) -> Result<u8, Failure> {
    match action {
        ConfigAction::Check { file } => {
            let named = file.is_some() || context.config_named;
            check(context, file.as_deref().unwrap_or(&context.config), named)
        }
    }
}

/// Every mistake is a line of the answer, and the code is the one for wrong usage.
fn check(context: &Context, file: &Path, named: bool) -> Result<u8, Failure> {
    let words = &context.words;
    let shown = SafeText::clean(&file.display().to_string());
    let errors = match look(file, named) {
        Found::None => {
            context.out.line(&words.fill(Text::ConfigNone, &[("file", shown)]))?;
            return Ok(0);
        }
        Found::Unreadable(error) => {
            return Err(Failure::of_file(words, Text::CannotRead, file, &error));
        }
        Found::Read(errors) => errors,
    };
    for error in &errors {
        context.out.line(&texts::config_error(words, &shown, error))?;
    }
    if errors.is_empty() {
        context.out.line(&words.fill(Text::ConfigGood, &[("file", shown)]))?;
        return Ok(0);
    }
    Ok(2)
}
