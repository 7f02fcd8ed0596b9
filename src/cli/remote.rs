//! Which server is meant, and the token for it.

use std::path::PathBuf;
use std::sync::Arc;

use super::Context;
use super::failure::Failure;
use crate::client::{Client, Fixed, HttpTransport, OriginError};
use crate::config::{Account, Accounts, LOCAL};
use crate::i18n::{Text, Words};
use crate::text::SafeText;

const SERVER: &str = "NAMECARD_SERVER";
const TOKEN: &str = "NAMECARD_TOKEN";

/// A server that was named.
pub(super) struct Remote {
    /// Scheme, host and port.
    origin: String,
    token: String,
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote {{ {}, token: redacted }}", self.origin)
    }
}

impl Remote {
    pub(super) fn new(origin: String, token: String) -> Self {
        Self { origin, token }
    }

    /// A client of it.
    pub(super) fn client(&self, words: &Words) -> Result<Client, Failure> {
        let transport =
            HttpTransport::new(&self.origin).map_err(|error| refused(words, &self.origin, error))?;
        Ok(Client::new(Arc::new(Fixed::new(Arc::new(transport), &self.token))))
    }
}

fn refused(words: &Words, server: &str, error: OriginError) -> Failure {
    let text = match error {
        OriginError::PlainHttp => Text::ServerPlainHttp,
        OriginError::Malformed => Text::ServerMalformed,
        OriginError::Client => Text::ServerNoClient,
    };
    Failure::Usage(words.fill(text, &[("server", SafeText::clean(server).cut(80))]))
}

/// Scheme, host and port of an address as a person types it.
pub(super) fn origin(typed: &str) -> String {
    let typed = typed.trim().trim_end_matches('/');
    if typed.contains("://") {
        typed.to_ascii_lowercase()
    } else {
        format!("https://{}", typed.to_ascii_lowercase())
    }
}

/// The token that was handed in beside the accounts: a file's first line, else the environment's.
pub(super) fn given_token(words: &Words, file: Option<&PathBuf>) -> Result<Option<String>, Failure> {
    if let Some(file) = file {
        let text = std::fs::read_to_string(file)
            .map_err(|error| Failure::of_file(words, Text::CannotRead, file, &error))?;
        return Ok(Some(text.lines().next().unwrap_or_default().trim().to_owned()));
    }
    Ok(std::env::var(TOKEN).ok().map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()))
}

/// The server that is meant: by `--server`, by the environment, or the one signed in to last. None:
/// this computer's own data.
pub(super) fn choose(context: &Context) -> Result<Option<Remote>, Failure> {
    #[cfg(feature = "server")]
    if context.demo.is_some() {
        return Ok(None);
    }
    let named =
        context.server.clone().or_else(|| std::env::var(SERVER).ok()).filter(|server| !server.is_empty());
    let token = given_token(&context.words, context.token_file.as_ref())?;
    let accounts = Accounts::read(&context.paths.data)?;
    match named {
        Some(server) if server == LOCAL => Ok(None),
        Some(server) => {
            let origin = origin(&server);
            let token = token.or_else(|| accounts.on(&origin).map(|account| account.token().to_owned()));
            Ok(Some(Remote::new(origin, token.unwrap_or_default())))
        }
        // A token alone is for the server in use: it is sent nowhere that was not named.
        None => Ok(accounts.current().map(|account: &Account| {
            Remote::new(account.server.clone(), token.unwrap_or_else(|| account.token().to_owned()))
        })),
    }
}
