//! What settings take: read from TOML, and from the plain text of a variable or an option.

use std::net::{IpAddr, SocketAddr};

use toml::de::DeValue;

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Text; empty for none.
    Text(String),
    /// Yes or no.
    Switch(bool),
    /// A number.
    Number(u64),
    /// Several texts.
    Texts(Vec<String>),
}

impl Value {
    /// As it is written in the file.
    pub fn as_toml(&self) -> String {
        match self {
            Self::Text(text) => toml::Value::String(text.clone()).to_string(),
            Self::Switch(on) => on.to_string(),
            Self::Number(number) => number.to_string(),
            Self::Texts(texts) => {
                toml::Value::Array(texts.iter().map(|text| toml::Value::String(text.clone())).collect())
                    .to_string()
            }
        }
    }

    pub(super) fn text(&self) -> &str {
        match self {
            Self::Text(text) => text,
            _ => "",
        }
    }

    pub(super) const fn is_on(&self) -> bool {
        matches!(self, Self::Switch(true))
    }

    pub(super) fn texts(&self) -> &[String] {
        match self {
            Self::Texts(texts) => texts,
            _ => &[],
        }
    }

    pub(super) const fn number(&self) -> u64 {
        match self {
            Self::Number(number) => *number,
            _ => 0,
        }
    }
}

/// What a setting takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// `auto`, `en` or `zh-CN`.
    Language,
    /// A program with its arguments.
    Command,
    /// Where tokens are kept: `keyring`, `file` or `memory`.
    Store,
    /// The name of a file, or nothing.
    File,
    /// Addresses of servers that may be called by plain http.
    PlainServers,
    /// A port, or 0.
    Port,
    /// A size in MiB; 0 for none.
    Mebibytes,
    /// An address and a port to listen on.
    Listen,
    /// `sqlite:` and a file.
    Database,
    /// An address that begins with `https://` or `http://`, or nothing.
    PublicUrl,
    /// `true` or `false`.
    Switch,
    /// Addresses, each alone or with the length of a network.
    Networks,
    /// Names of hosts.
    Hosts,
}

impl Takes {
    /// The empty value of this kind.
    pub(super) const fn nothing(self) -> Value {
        match self {
            Self::Switch => Value::Switch(false),
            Self::Port | Self::Mebibytes => Value::Number(0),
            Self::Command | Self::PlainServers | Self::Networks | Self::Hosts => Value::Texts(Vec::new()),
            Self::Language | Self::Store | Self::File | Self::Listen | Self::Database | Self::PublicUrl => {
                Value::Text(String::new())
            }
        }
    }

    /// Reads what stands in the file; none when it is not what is taken.
    pub(super) fn of_toml(self, value: &DeValue<'_>) -> Option<Value> {
        let value = match self.nothing() {
            Value::Text(_) => Value::Text(value.as_str()?.to_owned()),
            Value::Switch(_) => Value::Switch(value.as_bool()?),
            Value::Number(_) => Value::Number(value.as_integer()?.as_str().parse().ok()?),
            Value::Texts(_) => {
                let texts = value.as_array()?.iter().map(|text| text.get_ref().as_str().map(str::to_owned));
                Value::Texts(texts.collect::<Option<_>>()?)
            }
        };
        Some(value).filter(|value| self.allows(value))
    }

    /// Reads a variable or an option; several texts stand between commas.
    pub(super) fn of_text(self, text: &str) -> Option<Value> {
        let text = text.trim();
        let value = match self.nothing() {
            Value::Text(_) => Value::Text(text.to_owned()),
            Value::Switch(_) => Value::Switch(match text {
                "true" | "1" => true,
                "false" | "0" => false,
                _ => return None,
            }),
            Value::Number(_) => Value::Number(text.parse().ok()?),
            Value::Texts(_) => {
                let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
                Value::Texts(parts.map(str::to_owned).collect())
            }
        };
        Some(value).filter(|value| self.allows(value))
    }

    /// Whether a value is one that is taken.
    pub(super) fn allows(self, value: &Value) -> bool {
        let text = value.text();
        match self {
            Self::Language => matches!(text, "auto" | "en" | "zh-CN"),
            Self::Store => matches!(text, "keyring" | "file" | "memory"),
            Self::Listen => text.parse::<SocketAddr>().is_ok(),
            Self::Database => text.strip_prefix("sqlite:").is_some_and(|file| !file.is_empty()),
            Self::PublicUrl => text.is_empty() || is_http(text),
            Self::PlainServers => value.texts().iter().all(|server| server.starts_with("http://")),
            Self::Networks => value.texts().iter().all(|network| is_network(network)),
            Self::Hosts => value.texts().iter().all(|host| is_host(host)),
            Self::Port => value.number() <= u64::from(u16::MAX),
            // More is no disk, and would not fit in bytes.
            Self::Mebibytes => value.number() <= 1 << 40,
            Self::Command | Self::File | Self::Switch => true,
        }
    }
}

fn is_http(text: &str) -> bool {
    let text = text.to_ascii_lowercase();
    text.starts_with("https://") || text.starts_with("http://")
}

/// An address, alone or with the length of a network: `10.0.0.0/8`.
fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(a, length)| (a, Some(length)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let longest = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse::<u8>().is_ok_and(|length| length <= longest))
}

fn is_host(text: &str) -> bool {
    let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | ':' | '[' | ']');
    !text.is_empty() && text.chars().all(known)
}

#[cfg(test)]
mod tests {
    use super::{Takes, Value};

    #[test]
    fn texts_are_read_as_what_they_are_for() {
        for (takes, good, bad) in [
            (Takes::Switch, "true", "yes"),
            (Takes::Port, "65535", "65536"),
            (Takes::Mebibytes, "0", "1099511627777"),
            (Takes::Mebibytes, "64", "-1"),
            (Takes::Listen, "[::1]:8080", "localhost:8080"),
            (Takes::Database, "sqlite:a.db", "sqlite:"),
            (Takes::PublicUrl, "HTTPS://card.example.com", "card.example.com"),
            (Takes::Networks, "10.0.0.0/8, ::1, fd00::/128, 1.2.3.4", "10.0.0.0/33"),
            (Takes::Hosts, "card.example.com,[::1]:8080", "https://card.example.com"),
            (Takes::Store, "memory", "disk"),
        ] {
            assert!(takes.of_text(good).is_some(), "{takes:?} {good}");
            assert_eq!(takes.of_text(bad), None, "{takes:?} {bad}");
        }
        assert_eq!(Takes::Hosts.of_text(" a , b,"), Some(Value::Texts(vec!["a".into(), "b".into()])));
    }

    #[test]
    fn values_are_written_as_the_file_holds_them() {
        let texts = Value::Texts(vec!["a \"b\"".into(), "c".into()]);
        for (value, text) in [
            (Value::Text("C:\\x".into()), "'C:\\x'"),
            (Value::Switch(true), "true"),
            (Value::Number(80), "80"),
            (texts, "['a \"b\"', \"c\"]"),
        ] {
            assert_eq!(value.as_toml(), text);
        }
    }
}
