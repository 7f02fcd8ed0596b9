//! `namecard config`

use std::path::Path;

use serde_json::json;

use super::Context;
use super::args::{ConfigAction, Format};
use super::failure::Failure;
use super::settings::{self, Found};
use crate::config::{Layers, Place};
use crate::i18n::Text;
use crate::text::SafeText;

pub(super) fn run(context: &Context, action: &ConfigAction) -> Result<u8, Failure> {
    match action {
        ConfigAction::Check { file } => {
            let named = file.is_some() || context.config_named;
            check(context, file.as_deref().unwrap_or(&context.config), named)
        }
        ConfigAction::Show { format } => show(context, *format),
    }
}

/// Every mistake is a line of the answer, and the code is the one for wrong usage.
fn check(context: &Context, file: &Path, named: bool) -> Result<u8, Failure> {
    let words = &context.words;
    let shown = SafeText::clean(&file.display().to_string());
    let layers = match settings::look(file, named) {
        Found::None => {
            context.out.line(&words.fill(Text::ConfigNone, &[("file", shown)]))?;
            return Ok(0);
        }
        Found::Unreadable(error) => {
            return Err(Failure::of_file(words, Text::CannotRead, file, &error));
        }
        Found::Read(layers) => layers,
    };
    let mistakes = mistakes(context, file, &layers);
    for mistake in &mistakes {
        context.out.line(mistake)?;
    }
    if mistakes.is_empty() {
        context.out.line(&words.fill(Text::ConfigGood, &[("file", shown)]))?;
        return Ok(0);
    }
    Ok(2)
}

/// What is wrong with a file. The server's part, if there is one, is looked at as a whole.
fn mistakes(context: &Context, file: &Path, layers: &Layers) -> Vec<SafeText> {
    let words = &context.words;
    #[cfg(feature = "server")]
    if layers.all().any(|(setting, _, place)| setting.name.starts_with("server.") && place != Place::Default)
    {
        return match super::plan::make(words, file, layers, |_| None) {
            Ok(_) => Vec::new(),
            Err(failure) => failure.lines(words),
        };
    }
    layers.errors().iter().map(|error| settings::fault(words, file, error)).collect()
}

/// What holds, and who said so: the file, the environment, the command line. Secrets are named only.
fn show(context: &Context, format: Format) -> Result<u8, Failure> {
    let (words, file) = (&context.words, &context.config);
    let mut layers = match settings::look(file, context.config_named) {
        Found::None => Layers::default(),
        Found::Read(layers) => layers,
        Found::Unreadable(error) => {
            return Err(Failure::of_file(words, Text::CannotRead, file, &error));
        }
    };
    layers.environment(|name| std::env::var_os(name));
    for (name, text) in &context.flags {
        layers.flag(name, text);
    }
    let from = |place: Place| match place {
        Place::Default => words.get(Text::PlaceDefault),
        place => settings::place(words, file, place),
    };
    let secrets = secrets();
    if format == Format::Json {
        let mut rows: Vec<serde_json::Value> = layers
            .all()
            .map(|(setting, value, place)| {
                let (from, line) = match place {
                    Place::Default => ("default", None),
                    Place::Line(line) => ("file", Some(line)),
                    Place::Variable(name) | Place::Flag(name) => (name, None),
                };
                json!({"setting": setting.name, "value": value.as_toml(), "from": from, "line": line})
            })
            .collect();
        rows.extend(
            secrets.iter().map(|name| json!({"setting": null, "value": null, "from": name, "line": null})),
        );
        context.out.json(&rows)?;
    } else {
        let headings = [Text::ColumnSetting, Text::ColumnValue, Text::ColumnFrom].map(|text| words.get(text));
        let mut rows: Vec<Vec<SafeText>> = layers
            .all()
            .map(|(setting, value, place)| {
                vec![SafeText::constant(setting.name), SafeText::clean(&value.as_toml()), from(place)]
            })
            .collect();
        rows.extend(secrets.iter().map(|name| {
            vec![SafeText::constant("-"), words.get(Text::SettingRedacted), SafeText::constant(name)]
        }));
        context.out.table(&headings, &rows)?;
    }
    for error in layers.errors() {
        use std::io::Write as _;
        writeln!(std::io::stderr(), "namecard: {}", settings::fault(words, file, error))?;
    }
    Ok(if layers.errors().is_empty() { 0 } else { 2 })
}

/// Variables that hold a secret, and are set.
fn secrets() -> Vec<&'static str> {
    let mut names = vec![super::remote::TOKEN];
    #[cfg(feature = "server")]
    names.extend(super::plan::SECRETS);
    names.retain(|name| std::env::var_os(name).is_some_and(|value| !value.is_empty()));
    names
}
