//! Every setting: what it is called in the file, which variable and which option say it too, what it takes,
//! and what holds without it.

use super::value::{Takes, Value};
use crate::text::distance;

/// A name with no more slips was probably another one.
const SLIPS: usize = 2;

/// A setting.
#[derive(Debug)]
pub struct Setting {
    /// As it stands in the file.
    pub name: &'static str,
    /// The environment's variable that goes before the file.
    pub variable: Option<&'static str>,
    /// The option of the command line that goes before both.
    pub flag: Option<&'static str>,
    /// What it takes.
    pub takes: Takes,
    /// What holds when nobody says anything, as text; empty for nothing.
    without: &'static str,
}

const fn own(name: &'static str, takes: Takes, without: &'static str) -> Setting {
    Setting { name, variable: None, flag: None, takes, without }
}

const fn server(name: &'static str, variable: &'static str, takes: Takes) -> Setting {
    Setting { name, variable: Some(variable), flag: None, takes, without: "" }
}

/// The settings, in the order of the example.
pub const SETTINGS: &[Setting] = &[
    Setting { flag: Some("--lang"), ..own("lang", Takes::Language, "auto") },
    own("chat.command", Takes::Command, ""),
    own("auth.store", Takes::Store, "keyring"),
    own("client.ca_file", Takes::File, ""),
    own("client.allow_insecure_http", Takes::PlainServers, ""),
    own("embedded.port", Takes::Port, ""),
    Setting {
        flag: Some("--listen"),
        without: "127.0.0.1:8080",
        ..server("server.listen", "NAMECARD_LISTEN", Takes::Listen)
    },
    Setting {
        flag: Some("--database"),
        without: "sqlite:namecard.db",
        ..server("server.database", "NAMECARD_DATABASE", Takes::Database)
    },
    Setting {
        flag: Some("--public-url"),
        ..server("server.public_url", "NAMECARD_PUBLIC_URL", Takes::PublicUrl)
    },
    Setting {
        flag: Some("--behind-proxy"),
        ..server("server.behind_proxy", "NAMECARD_BEHIND_PROXY", Takes::Switch)
    },
    Setting {
        flag: Some("--insecure-http"),
        ..server("server.insecure_http", "NAMECARD_INSECURE_HTTP", Takes::Switch)
    },
    Setting {
        flag: Some("--trusted-proxy"),
        ..server("server.trusted_proxies", "NAMECARD_TRUSTED_PROXIES", Takes::Networks)
    },
    Setting { flag: Some("--host"), ..server("server.hosts", "NAMECARD_HOSTS", Takes::Hosts) },
    Setting { flag: Some("--tls-cert"), ..server("server.tls.cert", "NAMECARD_TLS_CERT", Takes::File) },
    Setting { flag: Some("--tls-key"), ..server("server.tls.key", "NAMECARD_TLS_KEY", Takes::File) },
    Setting {
        flag: Some("--disk-reserve"),
        without: "64",
        ..server("server.disk_reserve", "NAMECARD_DISK_RESERVE", Takes::Mebibytes)
    },
    server("server.card_key.file", "NAMECARD_CARD_KEY_FILE", Takes::File),
    server("server.operator_token.file", "NAMECARD_OPERATOR_TOKEN_FILE", Takes::File),
];

impl Setting {
    /// The setting of this name.
    pub fn named(name: &str) -> Option<&'static Self> {
        SETTINGS.iter().find(|setting| setting.name == name)
    }

    /// What holds when nobody says anything, as text; none for nothing.
    pub fn default_text(&self) -> Option<&'static str> {
        Some(self.without).filter(|text| !text.is_empty())
    }

    /// What holds when nobody says anything.
    pub fn default(&self) -> Value {
        self.default_text().and_then(|text| self.takes.of_text(text)).unwrap_or(self.takes.nothing())
    }

    /// The setting that was probably meant by a name that is none.
    pub fn meant_by(name: &str) -> Option<&'static Self> {
        let near = SETTINGS.iter().find(|setting| distance(name, setting.name) <= SLIPS);
        // A word that stands in the wrong table, when there is one such word.
        near.or_else(|| {
            let last = |name: &str| name.rsplit('.').next().unwrap_or_default().to_owned();
            let mut same = SETTINGS.iter().filter(|setting| last(setting.name) == last(name));
            same.next().filter(|_| same.next().is_none())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{SETTINGS, Setting};

    #[test]
    fn near_and_misplaced_names_are_offered() {
        let meant = |name: &str| Setting::meant_by(name).map(|setting| setting.name);
        assert_eq!(meant("lnag"), Some("lang"));
        assert_eq!(meant("sever.listen"), Some("server.listen"));
        assert_eq!(meant("server.port"), Some("embedded.port"));
        assert_eq!(meant("hosts"), Some("server.hosts"));
        // Two files are called so.
        assert_eq!(meant("file"), None);
        assert_eq!(meant("x"), None);
    }

    #[test]
    fn names_variables_and_flags_stand_once_and_defaults_are_taken() {
        for (n, setting) in SETTINGS.iter().enumerate() {
            for other in SETTINGS.iter().skip(n + 1) {
                assert_ne!(setting.name, other.name);
                assert!(setting.variable.is_none() || setting.variable != other.variable);
                assert!(setting.flag.is_none() || setting.flag != other.flag);
            }
            assert!(setting.takes.allows(&setting.default()), "{}", setting.name);
        }
    }
}
