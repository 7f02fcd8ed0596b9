//! What is said in several places becomes one value each: option before variable before file before
//! default. Every fault is found at once, with its place; what is wrong is left out and the rest is used.

use std::ffi::OsString;

use toml::de::{DeTable, DeValue};

use super::table::{SETTINGS, Setting};
use super::value::{Takes, Value};
use crate::text::Untrusted;

/// Where something was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// Nowhere: the default.
    Default,
    /// In a line of the file, from 1.
    Line(usize),
    /// In a variable of the environment.
    Variable(&'static str),
    /// In an option of the command line.
    Flag(&'static str),
}

/// One fault of what was said.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConfigError {
    /// Not TOML.
    #[error("line {line}: not TOML")]
    Syntax {
        /// Line in the file, from 1.
        line: usize,
    },
    /// No such setting.
    #[error("line {line}: no such setting: {name:?}")]
    Unknown {
        /// Line in the file, from 1.
        line: usize,
        /// What stands there.
        name: Untrusted,
        /// The setting that was probably meant.
        meant: Option<&'static str>,
    },
    /// The value is not one that the setting takes.
    #[error("{place:?}: {name} takes {takes:?}")]
    Value {
        /// Where it stands.
        place: Place,
        /// The setting.
        name: &'static str,
        /// What it takes.
        takes: Takes,
    },
}

impl ConfigError {
    /// Where it stands.
    pub const fn place(&self) -> Place {
        match self {
            Self::Syntax { line } | Self::Unknown { line, .. } => Place::Line(*line),
            Self::Value { place, .. } => *place,
        }
    }
}

/// A setting's value, and where it was said.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Said {
    value: Value,
    place: Place,
}

/// All settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layers {
    /// In the order of [`SETTINGS`].
    said: Vec<Said>,
    errors: Vec<ConfigError>,
}

impl Default for Layers {
    fn default() -> Self {
        let default = |setting: &Setting| Said { value: setting.default(), place: Place::Default };
        Self { said: SETTINGS.iter().map(default).collect(), errors: Vec::new() }
    }
}

impl Layers {
    /// What a file says, and the defaults.
    pub fn of_file(text: &str) -> Self {
        let mut layers = Self::default();
        match DeTable::parse(text) {
            Err(_) => {
                let lines = DeTable::parse_recoverable(text).1.into_iter().map(|error| {
                    let at = error.span().map_or(0, |span| span.start);
                    line_of(text, at)
                });
                let mut lines: Vec<usize> = lines.collect();
                lines.sort_unstable();
                // One slip is often several errors of the parser.
                lines.dedup();
                layers.errors.extend(lines.into_iter().map(|line| ConfigError::Syntax { line }));
            }
            Ok(table) => walk(text, "", table.get_ref(), &mut |name, line, value| {
                layers.say_in_file(name, line, value);
            }),
        }
        layers.errors.sort_by_key(ConfigError::place);
        layers
    }

    fn say_in_file(&mut self, name: &str, line: usize, value: &DeValue<'_>) {
        let Some(setting) = Setting::named(name) else {
            let meant = Setting::meant_by(name).map(|setting| setting.name);
            return self.errors.push(ConfigError::Unknown { line, name: name.into(), meant });
        };
        self.say(setting, Place::Line(line), setting.takes.of_toml(value));
    }

    fn say(&mut self, setting: &Setting, place: Place, value: Option<Value>) {
        let Some(value) = value else {
            let error = ConfigError::Value { place, name: setting.name, takes: setting.takes };
            return self.errors.push(error);
        };
        let at = SETTINGS.iter().position(|other| other.name == setting.name);
        if let Some(said) = at.and_then(|at| self.said.get_mut(at)) {
            *said = Said { value, place };
        }
    }

    /// What the environment says goes before the file.
    pub fn environment(&mut self, variable: impl Fn(&str) -> Option<OsString>) {
        for setting in SETTINGS {
            let Some(name) = setting.variable else { continue };
            let Some(value) = variable(name).filter(|value| !value.is_empty()) else { continue };
            let value = value.to_str().and_then(|text| setting.takes.of_text(text));
            self.say(setting, Place::Variable(name), value);
        }
    }

    /// What an option says goes before everything. `name` is the setting's.
    pub fn flag(&mut self, name: &str, text: &str) {
        let Some((setting, flag)) = Setting::named(name).and_then(|setting| Some((setting, setting.flag?)))
        else {
            return;
        };
        self.say(setting, Place::Flag(flag), setting.takes.of_text(text));
    }

    /// Everything that is wrong.
    pub fn errors(&self) -> &[ConfigError] {
        &self.errors
    }

    /// Every setting with its value and where that was said.
    pub fn all(&self) -> impl Iterator<Item = (&'static Setting, &Value, Place)> {
        SETTINGS.iter().zip(&self.said).map(|(setting, said)| (setting, &said.value, said.place))
    }

    /// A setting's value.
    pub fn value(&self, name: &str) -> &Value {
        const NONE: &Value = &Value::Switch(false);
        self.all().find(|(setting, ..)| setting.name == name).map_or(NONE, |(_, value, _)| value)
    }

    /// Where a setting's value was said.
    pub fn place(&self, name: &str) -> Place {
        self.all().find(|(setting, ..)| setting.name == name).map_or(Place::Default, |(.., place)| place)
    }
}

/// Goes through a table, depth first. Tables are no settings themselves, but an empty one that belongs to
/// none is a name that is none.
fn walk(text: &str, prefix: &str, table: &DeTable<'_>, found: &mut impl FnMut(&str, usize, &DeValue<'_>)) {
    for (key, value) in table {
        let name =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        let line = line_of(text, key.span().start);
        match value.get_ref() {
            DeValue::Table(inner) if !inner.is_empty() || is_table(&name) => walk(text, &name, inner, found),
            other => found(&name, line, other),
        }
    }
}

/// Whether settings stand in a table of this name.
fn is_table(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.')))
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|b| *b == b'\n').count()
}

#[cfg(test)]
mod tests {
    use super::{ConfigError, Layers, Place};
    use crate::config::value::{Takes, Value};

    #[test]
    fn every_fault_is_found_and_the_rest_used() {
        let layers = Layers::of_file(
            "theem = 1\nlang = \"zh-CN\"\n[embedded]\nport = 70000\n[chat]\ncomand = []\n[sever]\n[server]\n",
        );
        assert_eq!(layers.value("lang"), &Value::Text("zh-CN".into()));
        let unknown = |line, name: &str, meant| ConfigError::Unknown { line, name: name.into(), meant };
        assert_eq!(
            layers.errors(),
            [
                unknown(1, "theem", None),
                ConfigError::Value { place: Place::Line(4), name: "embedded.port", takes: Takes::Port },
                unknown(6, "chat.comand", Some("chat.command")),
                unknown(7, "sever", None),
            ]
        );
        assert_eq!(Layers::of_file("a = 1\nb = [").errors(), [ConfigError::Syntax { line: 2 }]);
        let broken = Layers::of_file("lang = \nport = 1\n= 3\n");
        let places: Vec<Place> = broken.errors().iter().map(ConfigError::place).collect();
        assert_eq!(places, [Place::Line(1), Place::Line(3)]);
    }

    #[test]
    fn an_option_goes_before_a_variable_before_the_file_before_the_default() {
        let file = "[server]\nlisten = \"127.0.0.1:1\"\ndatabase = \"sqlite:file.db\"\nhosts = [\"a\"]\n";
        let mut layers = Layers::of_file(file);
        layers.environment(|name| match name {
            "NAMECARD_LISTEN" => Some("127.0.0.1:2".into()),
            "NAMECARD_DATABASE" => Some("sqlite:variable.db".into()),
            // An empty variable says nothing.
            "NAMECARD_HOSTS" => Some("".into()),
            _ => None,
        });
        layers.flag("server.listen", "127.0.0.1:3");
        let at = |name: &str| (layers.value(name).text().to_owned(), layers.place(name));
        assert_eq!(at("server.listen"), ("127.0.0.1:3".into(), Place::Flag("--listen")));
        assert_eq!(
            at("server.database"),
            ("sqlite:variable.db".into(), Place::Variable("NAMECARD_DATABASE"))
        );
        assert_eq!(layers.place("server.hosts"), Place::Line(4));
        assert_eq!(at("auth.store"), ("keyring".into(), Place::Default));
        assert_eq!(layers.errors(), []);
    }

    #[test]
    fn a_fault_names_the_variable_or_the_option_and_what_was_said_before_holds() {
        let mut layers = Layers::of_file("[server]\nbehind_proxy = true\n");
        layers.environment(|name| (name == "NAMECARD_BEHIND_PROXY").then(|| "perhaps".into()));
        layers.flag("server.listen", "here");
        assert_eq!(
            layers.errors().iter().map(ConfigError::place).collect::<Vec<_>>(),
            [Place::Variable("NAMECARD_BEHIND_PROXY"), Place::Flag("--listen")]
        );
        assert!(layers.value("server.behind_proxy").is_on());
    }
}
