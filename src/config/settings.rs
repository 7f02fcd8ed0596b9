//! The settings as the program uses them: the client's and the server's.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::files::beside;
use super::layers::Layers;

/// The example that the project ships: every setting with its default, commented out.
pub const EXAMPLE: &str = include_str!("../../config.example.toml");

/// Where tokens are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Store {
    /// The system's keyring; where there is none, the file.
    Keyring,
    /// A file that only this user can read.
    File,
    /// Nowhere: it is asked for each time.
    Memory,
}

/// The client's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Language: `auto`, `en` or `zh-CN`.
    pub lang: String,
    /// Your own command that opens a chat, as program and arguments; `{id}` and `{link}` are filled in.
    /// Empty: the company's link is given to the system's opener.
    pub chat_command: Vec<String>,
    /// Where tokens are kept.
    pub store: Store,
    /// Certificates, in PEM, that are trusted besides the system's.
    pub ca_file: Option<PathBuf>,
    /// Servers beyond this computer that may be called by plain http, if the command line says so too.
    pub allow_insecure_http: Vec<String>,
    /// Port of the embedded backend; 0 chooses one at the first start and keeps it.
    pub port: u16,
}

impl Default for Settings {
    fn default() -> Self {
        Self::of(&Layers::default())
    }
}

impl Settings {
    /// The client's part of what was said.
    pub fn of(layers: &Layers) -> Self {
        Self {
            lang: layers.value("lang").text().to_owned(),
            chat_command: layers.value("chat.command").texts().to_vec(),
            store: match layers.value("auth.store").text() {
                "file" => Store::File,
                "memory" => Store::Memory,
                _ => Store::Keyring,
            },
            ca_file: file(layers, "client.ca_file"),
            allow_insecure_http: layers.value("client.allow_insecure_http").texts().to_vec(),
            port: u16::try_from(layers.value("embedded.port").number()).unwrap_or(0),
        }
    }
}

/// The server's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerSettings {
    /// Where it listens.
    pub listen: SocketAddr,
    /// The database's file.
    pub database: PathBuf,
    /// Where visitors reach it; none: where it listens.
    pub public_url: Option<String>,
    /// Whether a proxy in front speaks https.
    pub behind_proxy: bool,
    /// Whether plain http is let through beyond this computer.
    pub insecure_http: bool,
    /// Proxies that are believed where a call came from.
    pub trusted_proxies: Vec<String>,
    /// Names under which it is called, besides its own.
    pub hosts: Vec<String>,
    /// Certificate and key, in PEM.
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key.
    pub tls_key: Option<PathBuf>,
    /// Bytes that are left free on the disk.
    pub disk_reserve: u64,
    /// The key of codes and forms; none: beside the database.
    pub card_key_file: Option<PathBuf>,
    /// Where the operator's token is written; none: beside the database.
    pub operator_token_file: Option<PathBuf>,
}

impl ServerSettings {
    /// The server's part of what was said.
    pub fn of(layers: &Layers) -> Self {
        // What cannot be read was refused before; these are the defaults then.
        let listen = layers.value("server.listen").text().parse();
        let database = layers.value("server.database").text().strip_prefix("sqlite:").unwrap_or_default();
        let public_url = layers.value("server.public_url").text();
        Self {
            listen: listen.unwrap_or_else(|_| SocketAddr::from((Ipv4Addr::LOCALHOST, 8080))),
            database: PathBuf::from(database),
            public_url: (!public_url.is_empty()).then(|| public_url.to_owned()),
            behind_proxy: layers.value("server.behind_proxy").is_on(),
            insecure_http: layers.value("server.insecure_http").is_on(),
            trusted_proxies: layers.value("server.trusted_proxies").texts().to_vec(),
            hosts: layers.value("server.hosts").texts().to_vec(),
            tls_cert: file(layers, "server.tls.cert"),
            tls_key: file(layers, "server.tls.key"),
            disk_reserve: layers.value("server.disk_reserve").number() << 20,
            card_key_file: file(layers, "server.card_key.file"),
            operator_token_file: file(layers, "server.operator_token.file"),
        }
    }

    /// The file of codes' and forms' key: the one that was named, or the one beside the database.
    pub fn card_key(&self) -> PathBuf {
        self.card_key_file.clone().unwrap_or_else(|| self.beside(".card-key"))
    }

    /// The file of the operator's token: the one that was named, or the one beside the database.
    pub fn operator_token(&self) -> PathBuf {
        self.operator_token_file.clone().unwrap_or_else(|| self.beside(".operator-token"))
    }

    /// The file of this ending beside the database.
    pub fn beside(&self, ending: &str) -> PathBuf {
        beside(&self.database, ending)
    }
}

fn file(layers: &Layers, name: &str) -> Option<PathBuf> {
    let name = layers.value(name).text();
    (!name.is_empty()).then(|| PathBuf::from(name))
}

#[cfg(test)]
mod tests {
    use super::{EXAMPLE, Layers, Store};
    use crate::config::Place;

    #[test]
    fn the_example_names_every_setting_with_its_default() {
        let active: String = EXAMPLE
            .lines()
            .filter_map(|line| {
                let line = line.strip_prefix("#").unwrap_or(line);
                // Settings are commented out without a blank, explanations with one.
                (!line.starts_with(' ')).then(|| format!("{line}\n"))
            })
            .collect();
        let said = Layers::of_file(&active);
        assert_eq!(said.errors(), []);
        for (setting, value, place) in said.all() {
            assert!(matches!(place, Place::Line(_)), "{} is missing", setting.name);
            assert_eq!(*value, setting.default(), "{}", setting.name);
        }
        assert_eq!(Layers::of_file(EXAMPLE), Layers::default());
    }

    #[test]
    fn files_beside_the_database_are_used_until_others_are_named() {
        let server = |text: &str| super::ServerSettings::of(&Layers::of_file(text));
        let plain = server("");
        assert_eq!((plain.listen.port(), plain.database.to_str()), (8080, Some("namecard.db")));
        assert_eq!(plain.card_key().to_str(), Some("namecard.db.card-key"));
        assert_eq!(plain.operator_token().to_str(), Some("namecard.db.operator-token"));
        let named = server("[server]\ndatabase = \"sqlite:/a/b.db\"\n[server.card_key]\nfile = \"/k\"\n");
        assert_eq!(named.card_key().to_str(), Some("/k"));
        assert_eq!(named.operator_token().to_str(), Some("/a/b.db.operator-token"));
        let client = super::Settings::of(&Layers::of_file("[auth]\nstore = \"memory\"\n"));
        assert_eq!(client.store, Store::Memory);
    }
}
