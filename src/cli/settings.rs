//! Settings: where they are read from, and what is wrong with them in words.

use std::io;
use std::path::Path;

#[cfg(feature = "server")]
use super::Context;
#[cfg(feature = "server")]
use super::failure::Failure;
#[cfg(feature = "server")]
use crate::config::ServerSettings;
use crate::config::{ConfigError, Layers, Place, Takes};
use crate::i18n::{Text, Words};
use crate::text::SafeText;

/// What a look at a settings file found.
pub(super) enum Found {
    /// There is none, and none was asked for: the defaults hold.
    None,
    /// It was read.
    Read(Layers),
    /// It is there, or was asked for, and cannot be read.
    Unreadable(io::Error),
}

/// Looks at a settings file. One that was `named` has to be there.
pub(super) fn look(file: &Path, named: bool) -> Found {
    match std::fs::read_to_string(file) {
        Ok(text) => Found::Read(Layers::of_file(&text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound && !named => Found::None,
        Err(error) => Found::Unreadable(error),
    }
}

/// Where something was said; nothing for a default.
pub(super) fn place(words: &Words, file: &Path, place: Place) -> SafeText {
    match place {
        Place::Default => SafeText::default(),
        Place::Line(line) => {
            let file = SafeText::clean(&file.display().to_string());
            words.fill(Text::PlaceLine, &[("file", file), ("line", SafeText::number(line as u64))])
        }
        Place::Variable(name) | Place::Flag(name) => SafeText::constant(name),
    }
}

/// The server's settings, as `serve` would read them here, of the database that is named `sqlite:FILE`.
#[cfg(feature = "server")]
pub(super) fn of_server(context: &Context, database: &str) -> Result<ServerSettings, Failure> {
    let mut layers = match look(&context.config, context.config_named) {
        Found::Read(layers) => layers,
        Found::None | Found::Unreadable(_) => Layers::default(),
    };
    layers.environment(|name| std::env::var_os(name));
    layers.flag("server.database", database);
    let here = Place::Flag("--database");
    match layers.errors().iter().find(|error| error.place() == here) {
        Some(error) => Err(Failure::Usage(fault(&context.words, &context.config, error))),
        None => Ok(ServerSettings::of(&layers)),
    }
}

/// What a setting takes.
fn takes(words: &Words, takes: Takes) -> SafeText {
    words.get(match takes {
        Takes::Language => Text::TakesLanguage,
        Takes::Command => Text::TakesCommand,
        Takes::Store => Text::TakesStore,
        Takes::File => Text::TakesFile,
        Takes::PlainServers => Text::TakesPlainServers,
        Takes::Port => Text::TakesPort,
        Takes::Mebibytes => Text::TakesMebibytes,
        Takes::Listen => Text::TakesListen,
        Takes::Database => Text::TakesDatabase,
        Takes::PublicUrl => Text::TakesPublicUrl,
        Takes::Switch => Text::TakesSwitch,
        Takes::Networks => Text::TakesNetworks,
        Takes::Hosts => Text::TakesHosts,
    })
}

/// A fault of the settings: where, and what.
pub(super) fn fault(words: &Words, file: &Path, error: &ConfigError) -> SafeText {
    let place = ("place", place(words, file, error.place()));
    match error {
        ConfigError::Syntax { .. } => words.fill(Text::ConfigSyntax, &[place]),
        ConfigError::Unknown { name, meant: Some(meant), .. } => words.fill(
            Text::ConfigUnknownMeant,
            &[place, ("name", name.line(40)), ("meant", SafeText::constant(meant))],
        ),
        ConfigError::Unknown { name, meant: None, .. } => {
            words.fill(Text::ConfigUnknown, &[place, ("name", name.line(40))])
        }
        ConfigError::Value { name, takes: what, .. } => words.fill(
            Text::ConfigValue,
            &[place, ("name", SafeText::constant(name)), ("takes", takes(words, *what))],
        ),
    }
}
