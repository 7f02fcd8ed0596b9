//! The user's settings: `config.toml`. Every fault is found at once, with its line; what is wrong is
//! left out and the rest is used.

use toml::de::{DeTable, DeValue};

use crate::text::Untrusted;

/// The example that the project ships: every setting with its default, commented out.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// The settings in use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Language: `auto`, `en` or `zh-CN`.
    pub lang: String,
    /// Your own command that opens a chat, as program and arguments; `{id}` and `{link}` are filled in.
    /// Empty: the company's link is given to the system's opener.
    pub chat_command: Vec<String>,
    /// Port of the embedded backend; 0 chooses one at the first start and keeps it.
    pub port: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self { lang: "auto".to_owned(), chat_command: Vec::new(), port: 0 }
    }
}

/// One fault of the file.
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
    #[error("line {line}: {name} takes {takes}")]
    Value {
        /// Line in the file, from 1.
        line: usize,
        /// The setting.
        name: &'static str,
        /// What it takes.
        takes: &'static str,
    },
}

impl ConfigError {
    /// The line in the file, from 1.
    pub const fn line(&self) -> usize {
        match self {
            Self::Syntax { line } | Self::Unknown { line, .. } | Self::Value { line, .. } => *line,
        }
    }
}

const NAMES: [&str; 3] = ["lang", "chat.command", "server.port"];

impl Settings {
    /// Reads a file's text.
    pub fn parse(text: &str) -> (Self, Vec<ConfigError>) {
        let mut settings = Self::default();
        let mut errors = Vec::new();
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
                errors.extend(lines.into_iter().map(|line| ConfigError::Syntax { line }));
            }
            Ok(table) => walk(text, "", table.get_ref(), &mut |name, line, value| {
                if let Err(error) = settings.set(name, line, value) {
                    errors.push(error);
                }
            }),
        }
        errors.sort_by_key(ConfigError::line);
        (settings, errors)
    }

    fn set(&mut self, name: &str, line: usize, value: &DeValue<'_>) -> Result<(), ConfigError> {
        let wrong = |name, takes| ConfigError::Value { line, name, takes };
        match name {
            "lang" => match value.as_str() {
                Some(lang @ ("auto" | "en" | "zh-CN")) => self.lang = lang.to_owned(),
                _ => return Err(wrong("lang", "\"auto\", \"en\" or \"zh-CN\"")),
            },
            "chat.command" => {
                let takes = "a list of texts, the program first";
                let list = value.as_array().ok_or_else(|| wrong("chat.command", takes))?;
                let words: Option<Vec<String>> =
                    list.iter().map(|word| word.get_ref().as_str().map(str::to_owned)).collect();
                self.chat_command = words.ok_or_else(|| wrong("chat.command", takes))?;
            }
            "server.port" => {
                let port = value.as_integer().and_then(|n| n.as_str().parse().ok());
                self.port = port.ok_or_else(|| wrong("server.port", "a number from 0 to 65535"))?;
            }
            _ => {
                let meant = NAMES.into_iter().find(|known| is_near(name, known));
                return Err(ConfigError::Unknown { line, name: name.into(), meant });
            }
        }
        Ok(())
    }
}

/// Goes through a table, depth first; tables with a known setting below them are no settings themselves.
fn walk(text: &str, prefix: &str, table: &DeTable<'_>, found: &mut impl FnMut(&str, usize, &DeValue<'_>)) {
    for (key, value) in table {
        let name =
            if prefix.is_empty() { key.get_ref().to_string() } else { format!("{prefix}.{}", key.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) => walk(text, &name, inner, found),
            other => found(&name, line_of(text, key.span().start), other),
        }
    }
}

fn line_of(text: &str, at: usize) -> usize {
    1 + text.bytes().take(at).filter(|b| *b == b'\n').count()
}

/// Whether two names differ by at most two letters.
fn is_near(a: &str, b: &str) -> bool {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        let mut next = vec![left];
        for (j, y) in b.iter().enumerate() {
            let above = row.get(j + 1).copied().unwrap_or(usize::MAX);
            left = (diagonal + usize::from(x != y)).min(above + 1).min(left + 1);
            diagonal = above;
            next.push(left);
        }
        row = next;
    }
    row.last().is_some_and(|distance| *distance <= 2)
}

#[cfg(test)]
mod tests {
    use super::{ConfigError, EXAMPLE, Settings, is_near};

    #[test]
    fn the_example_is_the_defaults() {
        let active: String = EXAMPLE
            .lines()
            .filter_map(|line| {
                let line = line.strip_prefix("#").unwrap_or(line);
                // Settings are commented out without a blank, explanations with one.
                (!line.starts_with(' ')).then(|| format!("{line}\n"))
            })
            .collect();
        assert!(active.contains("lang ="), "{active}");
        assert_eq!(Settings::parse(&active), (Settings::default(), Vec::new()));
        assert_eq!(Settings::parse(EXAMPLE), (Settings::default(), Vec::new()));
    }

    #[test]
    fn every_fault_is_found_and_the_rest_used() {
        let (settings, errors) =
            Settings::parse("theem = 1\nlang = \"zh-CN\"\n[server]\nport = 70000\n[chat]\ncomand = []\n");
        assert_eq!(settings.lang, "zh-CN");
        assert_eq!(
            errors,
            [
                ConfigError::Unknown { line: 1, name: "theem".into(), meant: None },
                ConfigError::Value { line: 4, name: "server.port", takes: "a number from 0 to 65535" },
                ConfigError::Unknown { line: 6, name: "chat.comand".into(), meant: Some("chat.command") },
            ]
        );
        assert_eq!(Settings::parse("a = 1\nb = [").1, [ConfigError::Syntax { line: 2 }]);
        let lines: Vec<usize> =
            Settings::parse("lang = \nport = 1\n= 2\n").1.iter().map(ConfigError::line).collect();
        assert_eq!(lines, [1, 3]);
    }

    #[test]
    fn near_names_are_offered() {
        assert!(is_near("lnag", "lang") && is_near("server.prt", "server.port"));
        assert!(!is_near("x", "lang"));
    }
}
