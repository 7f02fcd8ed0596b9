//! What the server's settings come to: each is looked at together with the others and with the files that
//! they name, and all that is wrong is said at once.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use super::failure::Failure;
use super::settings;
use crate::config::{Layers, Place, SecretError, ServerSettings, read_secret};
use crate::i18n::{Text, Words};
use crate::server::{Address, AddressError, CardKey, Network, Proxies, Tls, TlsError, Token, TokenKind};
use crate::text::SafeText;

/// The key of codes and forms itself, in hexadecimal digits.
const CARD_KEY: &str = "NAMECARD_CARD_KEY";
/// A token of the operator, for one run.
const OPERATOR_TOKEN: &str = "NAMECARD_OPERATOR_TOKEN";
/// Variables that hold a secret.
pub(super) const SECRETS: [&str; 2] = [CARD_KEY, OPERATOR_TOKEN];

/// What is to be served, and how.
pub(super) struct Plan {
    pub(super) settings: ServerSettings,
    /// Where visitors reach it, when that was said.
    pub(super) address: Option<Address>,
    /// Proxies that are believed.
    pub(super) proxies: Proxies,
    /// The certificate and its key, when there are any.
    pub(super) tls: Option<Arc<Tls>>,
    /// The key of codes and forms; none when it is to be made.
    pub(super) card_key: Option<CardKey>,
    /// A token of this run.
    pub(super) operator: Option<Token>,
}

/// Something that is wrong, where it was said.
struct Complaint {
    place: Place,
    said: SafeText,
}

struct Looking<'a> {
    words: &'a Words,
    layers: &'a Layers,
    complaints: Vec<Complaint>,
}

impl Looking<'_> {
    fn complain(&mut self, place: Place, text: Text, values: &[(&'static str, &str)]) {
        let values: Vec<_> = values.iter().map(|(name, value)| (*name, SafeText::clean(value))).collect();
        self.complaints.push(Complaint { place, said: self.words.fill(text, &values) });
    }

    /// About a setting, where it was said.
    fn about(&mut self, name: &str, text: Text, values: &[(&'static str, &str)]) {
        self.complain(self.layers.place(name), text, values);
    }

    /// A secret's file; nothing when there is none, or something is wrong with it.
    fn secret(&mut self, name: &str, file: &Path) -> Option<Vec<u8>> {
        let shown = file.display().to_string();
        match read_secret(file) {
            Ok(found) => found,
            Err(SecretError::Open) => {
                self.about(name, Text::SecretOpen, &[("file", &shown)]);
                None
            }
            Err(SecretError::Io(error)) => {
                self.about(name, Text::CannotRead, &[("file", &shown), ("why", &error.to_string())]);
                None
            }
        }
    }

    fn http(&mut self, settings: &ServerSettings) -> Option<Address> {
        let tls = settings.tls_cert.is_some() && settings.tls_key.is_some();
        let safe = tls || settings.insecure_http || settings.listen.ip().is_loopback();
        let value = settings.listen.to_string();
        if !safe && !settings.behind_proxy {
            self.about("server.listen", Text::ServePlainHttp, &[("value", &value)]);
        } else if !safe && settings.trusted_proxies.is_empty() {
            // Otherwise every visitor would count as the one proxy.
            self.about("server.listen", Text::ServeNoProxy, &[("value", &value)]);
        }
        let Some(url) = settings.public_url.as_deref() else {
            if tls {
                self.about("server.tls.cert", Text::ServeTlsUrl, &[]);
            }
            return None;
        };
        let plain = url.to_ascii_lowercase().starts_with("http://");
        if plain && !host_is_loopback(url) && !settings.insecure_http {
            self.about("server.public_url", Text::ServePlainUrl, &[("value", url)]);
            return None;
        }
        match Address::public(url) {
            Ok(address) => Some(address),
            Err(error) => {
                let why = self.words.get(match error {
                    AddressError::Scheme => Text::AddressScheme,
                    AddressError::Host => Text::AddressHost,
                    AddressError::TooLong => Text::AddressTooLong,
                });
                let values = [("value", url), ("why", why.as_str())];
                self.about("server.public_url", Text::ServePublicUrl, &values);
                None
            }
        }
    }

    fn proxies(&mut self, settings: &ServerSettings) -> Proxies {
        let mut proxies = Vec::new();
        for text in &settings.trusted_proxies {
            match text.parse::<Network>() {
                Ok(network) => proxies.push(network),
                Err(error) => {
                    let values = [("value", text.as_str()), ("why", &error.to_string())];
                    self.about("server.trusted_proxies", Text::ServeProxyAddress, &values);
                }
            }
        }
        proxies.into_iter().collect()
    }

    fn tls(&mut self, settings: &ServerSettings) -> Option<Arc<Tls>> {
        match (&settings.tls_cert, &settings.tls_key) {
            (None, None) => None,
            (Some(_), None) => {
                self.about("server.tls.cert", Text::ServeTlsPair, &[]);
                None
            }
            (None, Some(_)) => {
                self.about("server.tls.key", Text::ServeTlsPair, &[]);
                None
            }
            (Some(cert), Some(key)) => match Tls::load(cert, key) {
                Ok(tls) => Some(Arc::new(tls)),
                Err(error) => {
                    self.about_tls(key, &error);
                    None
                }
            },
        }
    }

    /// What is wrong with a certificate or its key, where the file at fault was named.
    fn about_tls(&mut self, key_file: &Path, error: &TlsError) {
        let shown = |file: &Path| file.display().to_string();
        let setting = |file: &Path| if file == key_file { "server.tls.key" } else { "server.tls.cert" };
        match error {
            TlsError::Read { file, error } => {
                let values = [("file", &*shown(file)), ("why", &error.to_string())];
                self.about(setting(file), Text::CannotRead, &values);
            }
            TlsError::Open { file } => {
                self.about("server.tls.key", Text::SecretOpen, &[("file", &shown(file))]);
            }
            TlsError::NoCertificate { file } => {
                self.about("server.tls.cert", Text::TlsNoCertificate, &[("file", &shown(file))]);
            }
            TlsError::NoKey { file } => {
                self.about("server.tls.key", Text::TlsNoKey, &[("file", &shown(file))]);
            }
            TlsError::Mismatch { certificate, key } => {
                let values = [("file", &*shown(certificate)), ("key", &shown(key))];
                self.about("server.tls.key", Text::TlsMismatch, &values);
            }
            TlsError::Unusable { file, error } => {
                let values = [("file", &*shown(file)), ("why", &error.to_string())];
                self.about("server.tls.cert", Text::TlsUnusable, &values);
            }
        }
    }

    fn card_key(&mut self, settings: &ServerSettings, given: Option<&OsString>) -> Option<CardKey> {
        if let Some(given) = given {
            let key = given.to_str().and_then(|digits| key_of_hex(digits.trim()));
            if key.is_none() {
                self.complain(Place::Variable(CARD_KEY), Text::ServeCardKeyDigits, &[]);
            }
            return key;
        }
        let file = settings.card_key();
        let bytes = self.secret("server.card_key.file", &file)?;
        let key: Option<[u8; 32]> = bytes.try_into().ok();
        if key.is_none() {
            let shown = file.display().to_string();
            self.about("server.card_key.file", Text::ServeCardKey, &[("file", &shown)]);
        }
        key.map(CardKey::new)
    }

    fn operator(&mut self, settings: &ServerSettings, given: Option<&OsString>) -> Option<Token> {
        // Written here once; that others can read it is said each time.
        self.secret("server.operator_token.file", &settings.operator_token());
        let token = given?.to_str().and_then(|text| Token::parse(text.trim()));
        match token {
            Some((TokenKind::Operator, token)) => Some(token),
            _ => {
                self.complain(Place::Variable(OPERATOR_TOKEN), Text::ServeOperatorToken, &[]);
                None
            }
        }
    }
}

/// Looks at the settings. `variable` is the environment, where secrets may stand. What is wrong comes as
/// sentences, with the exit code for them.
pub(super) fn make(
    words: &Words,
    file: &Path,
    layers: &Layers,
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Plan, Failure> {
    let settings = ServerSettings::of(layers);
    let mut looking = Looking { words, layers, complaints: Vec::new() };
    for error in layers.errors() {
        let (place, said) = (error.place(), settings::fault(words, file, error));
        looking.complaints.push(Complaint { place, said });
    }
    let plain = looking.complaints.len();
    let given = |name: &str| variable(name).filter(|value| !value.is_empty());
    let address = looking.http(&settings);
    let proxies = looking.proxies(&settings);
    let tls = looking.tls(&settings);
    let card_key = looking.card_key(&settings, given(CARD_KEY).as_ref());
    let operator = looking.operator(&settings, given(OPERATOR_TOKEN).as_ref());
    if looking.complaints.is_empty() {
        return Ok(Plan { settings, address, proxies, tls, card_key, operator });
    }
    for complaint in looking.complaints.iter_mut().skip(plain) {
        let place = settings::place(words, file, complaint.place);
        if !place.is_empty() {
            complaint.said = SafeText::join([&place, &complaint.said], ": ");
        }
    }
    let mut complaints = looking.complaints;
    complaints.sort_by_key(|complaint| complaint.place);
    // What stands on the command line alone is wrong usage.
    let usage = complaints.iter().all(|complaint| matches!(complaint.place, Place::Flag(_)));
    let lines = complaints.into_iter().map(|complaint| complaint.said).collect();
    Err(Failure::Wrong { lines, code: if usage { 2 } else { 1 } })
}

fn host_is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.trim_end_matches('/');
    host.parse::<SocketAddr>().map(|at| at.ip().is_loopback()).unwrap_or(false)
        || host.split(':').next().is_some_and(|host| host == "localhost" || host == "127.0.0.1")
}

fn key_of_hex(digits: &str) -> Option<CardKey> {
    let digits = digits.as_bytes();
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut key = [0; 32];
    for (byte, pair) in key.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(CardKey::new(key))
}

#[cfg(test)]
mod tests {
    use super::{key_of_hex, make};
    use crate::config::Layers;
    use crate::i18n::{Lang, Words};

    #[test]
    fn a_key_is_64_digits() {
        let digits = "00ff".repeat(16);
        assert_eq!(key_of_hex(&digits).unwrap().bytes()[..4], [0, 255, 0, 255]);
        for wrong in ["0".repeat(63), "0".repeat(66), digits.replace("ff", "+f"), digits.replace('f', "g")] {
            assert!(key_of_hex(&wrong).is_none(), "{wrong}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_said_at_once_in_its_place() {
        let mut layers = Layers::of_file(
            "[server]\npublic_url = \"http://card.example.com\"\nlisten = 5\n[server.tls]\nkey = \"k.pem\"\n",
        );
        layers.environment(|name| (name == "NAMECARD_HOSTS").then(|| "a b".into()));
        layers.flag("server.listen", "0.0.0.0:80");
        let variable = |name: &str| {
            ["NAMECARD_CARD_KEY", "NAMECARD_OPERATOR_TOKEN"].contains(&name).then(|| "hunter2".into())
        };
        for lang in [Lang::En, Lang::ZhCn] {
            let words = Words::of(lang);
            let Err(failure) = make(&words, "c.toml".as_ref(), &layers, variable) else {
                panic!("it is wrong")
            };
            let said = failure.lines(&words).iter().map(ToString::to_string).collect::<Vec<_>>();
            assert_eq!((failure.code(), said.len()), (1, 7), "{said:#?}");
            let places = [
                "c.toml line 2: ",
                "c.toml line 3: ",
                "c.toml line 5: ",
                "NAMECARD_CARD_KEY: ",
                "NAMECARD_HOSTS: ",
                "NAMECARD_OPERATOR_TOKEN: ",
                "--listen: ",
            ];
            for (said, place) in said.iter().zip(places) {
                if lang == Lang::En {
                    assert!(said.starts_with(place), "{said}");
                }
                assert!(!said.contains("hunter2"), "{said}");
            }
        }
    }
}
