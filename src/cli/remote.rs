//! Which server is meant, the token for it, and what is trusted on the way.

use std::io::{self, BufRead as _, IsTerminal as _, Read as _, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};
use tokio::sync::OnceCell;

use super::Context;
use super::failure::Failure;
use crate::client::{Access, BoxFuture, Client, Fixed, HttpTransport, OriginError, Transport, Trust, Way};
use crate::config::{Account, Accounts, LOCAL, SecretError, Store, Tokens, read_secret};
use crate::domain::Fault;
use crate::i18n::{Text, Words};
use crate::text::SafeText;

const SERVER: &str = "NAMECARD_SERVER";
/// The token itself.
pub(super) const TOKEN: &str = "NAMECARD_TOKEN";

/// A server that was named.
pub(super) struct Remote {
    /// Scheme, host and port.
    pub(super) origin: String,
    token: Source,
}

/// Where the token comes from.
enum Source {
    /// It is here; empty for nobody.
    Given(String),
    /// It was kept for an account.
    Kept(Account),
}

impl std::fmt::Debug for Remote {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Remote {{ {}, token: redacted }}", self.origin)
    }
}

impl Remote {
    /// With a token that is at hand; empty for nobody.
    pub(super) fn new(origin: String, token: String) -> Self {
        Self { origin, token: Source::Given(token) }
    }

    /// With the token that was kept for an account. Nothing is asked of a keyring yet.
    fn of(account: Account) -> Self {
        Self { origin: account.server.clone(), token: Source::Kept(account) }
    }

    /// A client of it.
    pub(super) fn client(self, context: &Context) -> Result<Client, Failure> {
        let trust = trust(context, &self.origin)?;
        let transport = HttpTransport::new(&self.origin, &trust)
            .map_err(|error| refused(context, &self.origin, error))?;
        let transport: Arc<dyn Transport> = Arc::new(transport);
        let access: Arc<dyn Access> = match self.token {
            Source::Given(token) => Arc::new(Fixed::new(transport, &token)),
            Source::Kept(account) => {
                Arc::new(Kept { transport, account, tokens: context.tokens.clone(), way: OnceCell::new() })
            }
        };
        Ok(Client::new(access))
    }
}

/// The way to a server, with the token of an account: read when it is first needed.
struct Kept {
    transport: Arc<dyn Transport>,
    account: Account,
    tokens: Tokens,
    way: OnceCell<Way>,
}

impl Access for Kept {
    fn way(&self) -> BoxFuture<'_, Result<Way, Fault>> {
        Box::pin(async {
            let way = self.way.get_or_try_init(async || {
                let token = self.tokens.read(&self.account).await.map_err(|_| Fault::KeyringSilent)?;
                let token = token.unwrap_or_default().into();
                Ok(Way { transport: Arc::clone(&self.transport), token, number: 1 })
            });
            way.await.cloned()
        })
    }

    fn lost(&self, _: u64) -> BoxFuture<'_, ()> {
        Box::pin(async {})
    }

    fn refused(&self, _: u64) -> BoxFuture<'_, bool> {
        Box::pin(async { false })
    }
}

/// What is trusted on the way to a server: plain http only if settings and command line both say so.
fn trust(context: &Context, origin: &str) -> Result<Trust, Failure> {
    let settings = &context.settings;
    let allowed = settings.allow_insecure_http.iter().any(|server| self::origin(server) == origin);
    let authorities = match &settings.ca_file {
        None => Vec::new(),
        Some(file) => std::fs::read(file)
            .map_err(|error| Failure::of_file(&context.words, Text::CannotRead, file, &error))?,
    };
    Ok(Trust { authorities, plain_http: allowed && context.insecure_http })
}

fn refused(context: &Context, server: &str, error: OriginError) -> Failure {
    let words = &context.words;
    let text = match error {
        OriginError::PlainHttp => Text::ServerPlainHttp,
        OriginError::Malformed => Text::ServerMalformed,
        OriginError::Client => Text::ServerNoClient,
        OriginError::Authorities => {
            let file = context.settings.ca_file.clone().unwrap_or_default();
            let file = SafeText::clean(&file.display().to_string());
            return Failure::Said(words.fill(Text::ServerBadCa, &[("file", file)]));
        }
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
        let missing = || io::Error::from(io::ErrorKind::NotFound).into();
        let bytes = match read_secret(file).and_then(|bytes| bytes.ok_or_else(missing)) {
            Ok(bytes) => bytes,
            Err(SecretError::Open) => {
                let file = SafeText::clean(&file.display().to_string());
                return Err(Failure::Said(words.fill(Text::SecretOpen, &[("file", file)])));
            }
            Err(SecretError::Io(error)) => {
                return Err(Failure::of_file(words, Text::CannotRead, file, &error));
            }
        };
        let text = String::from_utf8_lossy(&bytes);
        return Ok(Some(text.lines().next().unwrap_or_default().trim().to_owned()));
    }
    Ok(std::env::var(TOKEN).ok().map(|token| token.trim().to_owned()).filter(|token| !token.is_empty()))
}

/// The server that is meant: by `--server`, by the environment, or the one signed in to last. None:
/// this computer's own data. A token that is never kept is asked for here.
pub(super) fn choose(context: &Context) -> Result<Option<Remote>, Failure> {
    #[cfg(feature = "server")]
    if context.demo.is_some() {
        return Ok(None);
    }
    let named =
        context.server.clone().or_else(|| std::env::var(SERVER).ok()).filter(|server| !server.is_empty());
    let token = given_token(&context.words, context.token_file.as_ref())?;
    let accounts = Accounts::read(&context.paths.data)?;
    let (server, account) = match named {
        Some(server) if server == LOCAL => return Ok(None),
        Some(server) => {
            let server = origin(&server);
            let account = accounts.on(&server, None).cloned();
            (server, account)
        }
        // A token alone is for the server in use: it is sent nowhere that was not named.
        None => match accounts.current() {
            Some(account) => (account.server.clone(), Some(account.clone())),
            None => return Ok(None),
        },
    };
    Ok(Some(match (token, account) {
        (Some(token), _) => Remote::new(server, token),
        (None, Some(account)) if account.store() == Store::Memory && io::stdin().is_terminal() => {
            Remote::new(server, ask_token(context)?)
        }
        (None, Some(account)) => Remote::of(account),
        (None, None) => Remote::new(server, String::new()),
    }))
}

/// Reads a token from standard input; on a terminal it is not shown.
pub(super) fn ask_token(context: &Context) -> Result<String, Failure> {
    let line = if io::stdin().is_terminal() {
        // Before the question: an answer may come at once.
        let hidden = Hidden::begin()?;
        write!(io::stderr(), "{} ", context.words.get(Text::AskToken))?;
        io::stderr().flush()?;
        let line = type_unseen()?;
        drop(hidden);
        writeln!(io::stderr())?;
        line.ok_or(Failure::Wrong { lines: Vec::new(), code: INTERRUPTED })?
    } else {
        let mut line = String::new();
        io::stdin().lock().read_line(&mut line)?;
        line
    };
    let token = line.trim().to_owned();
    if token.is_empty() { Err(Fault::NotSignedIn.into()) } else { Ok(token) }
}

/// What a shell shows for a program that Ctrl-C ended.
const INTERRUPTED: u8 = 130;

/// Reads a line letter by letter; none when it was broken off. The terminal sends no signals meanwhile: one
/// would end the program before letters are shown again.
fn type_unseen() -> io::Result<Option<String>> {
    let mut line = Vec::new();
    for byte in io::stdin().lock().bytes() {
        match byte? {
            b'\r' | b'\n' => break,
            // Ctrl-C, Ctrl-D, Ctrl-\.
            0x03 | 0x04 | 0x1c => return Ok(None),
            0x08 | 0x7f => drop(line.pop()),
            byte => line.push(byte),
        }
    }
    Ok(Some(String::from_utf8_lossy(&line).into_owned()))
}

/// What is typed comes at once and is not shown while this lives.
struct Hidden(rustix::termios::Termios);

impl Hidden {
    fn begin() -> io::Result<Self> {
        let before = tcgetattr(io::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG);
        tcsetattr(io::stdin(), OptionalActions::Now, &silent)?;
        Ok(Self(before))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        // If the terminal is gone there is nothing to bring back.
        let _ = tcsetattr(io::stdin(), OptionalActions::Now, &self.0);
    }
}
