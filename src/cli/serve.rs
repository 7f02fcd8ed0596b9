//! `namecard serve`: the backend for a company.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Context;
use super::args::ServeArgs;
use super::failure::Failure;
use super::signals;
use crate::config::{read_small, write_private};
use crate::i18n::{Text, Words};
use crate::server::{
    self, Address, App, CardKey, Clock, Durability, Gate, Limits, Network, Options, Proxies, StoreError, Tls,
    TlsError, Token,
};
use crate::text::SafeText;

/// Descriptors that are enough for every connection there may be.
const DESCRIPTORS: u64 = 4_096;
/// Whoever asked for the end has it after this time.
const STOP_WITHIN: Duration = Duration::from_secs(14);

fn sentence(words: &Words, text: Text, values: &[(&'static str, &str)]) -> SafeText {
    let values: Vec<_> = values.iter().map(|(name, value)| (*name, SafeText::clean(value))).collect();
    words.fill(text, &values)
}

fn said(words: &Words, text: Text, values: &[(&'static str, &str)]) -> Failure {
    Failure::Said(sentence(words, text, values))
}

fn usage(words: &Words, text: Text, values: &[(&'static str, &str)]) -> Failure {
    Failure::Usage(sentence(words, text, values))
}

/// The file of a database named as `sqlite:FILE`.
fn database(words: &Words, url: &str) -> Result<PathBuf, Failure> {
    match url.strip_prefix("sqlite:") {
        Some(file) if !file.is_empty() => Ok(PathBuf::from(file)),
        _ => Err(usage(words, Text::ServeDatabase, &[("value", url)])),
    }
}

fn beside(database: &Path, suffix: &str) -> PathBuf {
    let mut name = database.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Where visitors reach the server: as said, else where it listens.
fn address(words: &Words, args: &ServeArgs, listening: SocketAddr) -> Result<Address, Failure> {
    match &args.public_url {
        Some(url) => {
            let plain = url.trim_start().to_ascii_lowercase().starts_with("http://");
            let beyond = !host_is_loopback(url);
            if plain && beyond && !args.insecure_http {
                return Err(usage(words, Text::ServePlainUrl, &[("value", url)]));
            }
            Address::public(url).map_err(|error| {
                usage(words, Text::ServePublicUrl, &[("value", url), ("why", &error.to_string())])
            })
        }
        None => Ok(Address::local(listening.port(), false)),
    }
}

fn host_is_loopback(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let host = rest.trim_end_matches('/');
    host.parse::<SocketAddr>().map(|at| at.ip().is_loopback()).unwrap_or(false)
        || host.split(':').next().is_some_and(|host| host == "localhost" || host == "127.0.0.1")
}

/// What is let in, and how.
fn gate(words: &Words, args: &ServeArgs) -> Result<Gate, Failure> {
    let tls = match (&args.tls_cert, &args.tls_key) {
        (Some(certificate), Some(key)) => {
            if args.public_url.is_none() {
                return Err(usage(words, Text::ServeTlsUrl, &[]));
            }
            Some(Tls::load(certificate, key).map_err(|error| Failure::Said(tls_fault(words, &error)))?)
        }
        _ => None,
    };
    let proxies = args.trusted_proxy.iter().map(|text| {
        text.parse::<Network>().map_err(|error| {
            usage(words, Text::ServeProxyAddress, &[("value", text), ("why", &error.to_string())])
        })
    });
    let proxies: Proxies = proxies.collect::<Result<_, _>>()?;
    if !args.listen.ip().is_loopback() && tls.is_none() && !args.insecure_http {
        let value = args.listen.to_string();
        if !args.behind_proxy {
            return Err(usage(words, Text::ServePlainHttp, &[("value", &value)]));
        }
        if args.trusted_proxy.is_empty() {
            return Err(usage(words, Text::ServeNoProxy, &[("value", &value)]));
        }
    }
    let limits = Limits::default().within(descriptors());
    Ok(Gate { limits, hosts: args.host.clone(), proxies, tls: tls.map(Arc::new) })
}

/// As many descriptors as the system lets this process have, within reason.
fn descriptors() -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let most = limit.maximum.unwrap_or(DESCRIPTORS).min(DESCRIPTORS);
    if limit.current.is_some_and(|current| current < most) {
        // What it has now is what counts when it gets no more.
        let _ = setrlimit(Resource::Nofile, Rlimit { current: Some(most), maximum: limit.maximum });
    }
    getrlimit(Resource::Nofile).current.unwrap_or(DESCRIPTORS)
}

/// What is wrong with a certificate, in words.
fn tls_fault(words: &Words, error: &TlsError) -> SafeText {
    let shown = |file: &Path| file.display().to_string();
    match error {
        TlsError::Read { file, error } => {
            let values = [("file", &*shown(file)), ("why", &error.to_string())];
            sentence(words, Text::CannotRead, &values)
        }
        TlsError::Open { file } => sentence(words, Text::TlsOpen, &[("file", &shown(file))]),
        TlsError::NoCertificate { file } => {
            sentence(words, Text::TlsNoCertificate, &[("file", &shown(file))])
        }
        TlsError::NoKey { file } => sentence(words, Text::TlsNoKey, &[("file", &shown(file))]),
        TlsError::Mismatch { certificate, key } => {
            sentence(words, Text::TlsMismatch, &[("file", &shown(certificate)), ("key", &shown(key))])
        }
        TlsError::Unusable { file, error } => {
            let values = [("file", &*shown(file)), ("why", &error.to_string())];
            sentence(words, Text::TlsUnusable, &values)
        }
    }
}

/// Reads the certificate anew, and says what came of it.
fn reload(words: &Words, tls: Option<&Tls>) {
    let Some(tls) = tls else { return };
    let said = match tls.reload() {
        Ok(()) => words.get(Text::TlsReloaded),
        Err(error) => words.fill(Text::TlsKept, &[("why", tls_fault(words, &error))]),
    };
    // The log has it too; a server whose standard error is closed goes on.
    let _ = writeln!(io::stderr(), "{said}");
}

/// One process serves a database: two would each believe to be the only writer.
fn lock(words: &Words, database: &Path) -> Result<File, Failure> {
    let path = beside(database, ".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
    file.try_lock()
        .map_err(|_| said(words, Text::ServeLocked, &[("file", &database.display().to_string())]))?;
    Ok(file)
}

/// The key of codes and forms, in a file of its own: a copy of the database alone opens no card.
fn card_key(words: &Words, database: &Path) -> Result<CardKey, Failure> {
    let path = beside(database, ".card-key");
    if let Some(bytes) = read_small(&path)? {
        let bytes: [u8; 32] = bytes
            .try_into()
            .map_err(|_| said(words, Text::ServeCardKey, &[("file", &path.display().to_string())]))?;
        return Ok(CardKey::new(bytes));
    }
    let key = CardKey::random().map_err(|error| io::Error::other(error.to_string()))?;
    write_private(&path, key.bytes())?;
    Ok(key)
}

fn store_failure(words: &Words, database: &Path, error: &StoreError) -> Failure {
    match error {
        StoreError::Newer { .. } => {
            said(words, Text::ServeNewer, &[("file", &database.display().to_string())])
        }
        error => Failure::of_file(words, Text::CannotRead, database, error),
    }
}

/// Runs until a signal ends it.
pub(super) async fn run(context: &Context, args: &ServeArgs) -> Result<u8, Failure> {
    let words = &context.words;
    let database = database(words, &args.database)?;
    let gate = gate(words, args)?;
    let tls = gate.tls.clone();
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        said(words, Text::ServeListen, &[("value", &args.listen.to_string()), ("why", &error.to_string())])
    })?;
    let listening = listener.local_addr()?;
    let address = address(words, args, listening)?;
    let _lock = lock(words, &database)?;
    // Private from the moment it exists.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(&database) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Failure::of_file(words, Text::CannotWrite, &database, &error));
        }
        _ => {}
    }
    let options = Options {
        database: database.clone(),
        durability: Durability::Full,
        clock: Clock::system(),
        card_key: card_key(words, &database)?,
        operator: None,
        address,
        form_waits: true,
    };
    let app = App::open(options).await.map_err(|error| store_failure(words, &database, &error))?;
    first_operator(context, &app, &database).await?;
    // Heard from before anybody is told that it serves.
    let (sender, mut ended) = mpsc::unbounded_channel();
    signals::listen(&[Signal::TERM, Signal::INT, Signal::HUP], move |number| sender.send(number).is_ok())?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (at, file) = (format!("{scheme}://{listening}"), database.display().to_string());
    writeln!(io::stderr(), "{}", sentence(words, Text::Serving, &[("at", &at), ("file", &file)]))?;
    app.start_tasks();
    let serving = tokio::spawn(server::serve(app.clone(), listener, gate));
    let mut next = async || loop {
        match ended.recv().await {
            Some(Signal::HUP) => reload(words, tls.as_deref()),
            number => break number.map_or(0, Signal::as_raw),
        }
    };
    let number = next().await;
    writeln!(io::stderr(), "{}", words.get(Text::ServeStopping))?;
    app.begin_stop();
    let stopped = async {
        // It ends by itself: connections are cut after their time.
        let _ = serving.await;
        app.stop().await;
    };
    tokio::select! {
        _ = tokio::time::timeout(STOP_WITHIN, stopped) => {}
        // Asked a second time: nothing is waited for. What was not acknowledged is not there.
        again = next() => return Ok(u8::try_from(128 + again).unwrap_or(u8::MAX)),
    }
    tracing::info!(target: "namecard::server", signal = number, "stopped");
    Ok(0)
}

/// On a database that never had one: draws the operator's token, keeps it in a file, prints it once.
async fn first_operator(context: &Context, app: &App, database: &Path) -> Result<(), Failure> {
    let file = beside(database, ".operator-token");
    let keep = |token: &Token| -> Result<(), Failure> {
        let mut line = token.expose().as_bytes().to_vec();
        line.push(b'\n');
        Ok(write_private(&file, &line)?)
    };
    if let Some(token) = app.first_operator(keep).await? {
        let shown = SafeText::clean(&file.display().to_string());
        writeln!(io::stderr(), "{}", context.words.fill(Text::OperatorToken, &[("file", shown)]))?;
        context.out.line(&SafeText::clean(token.expose()))?;
    }
    Ok(())
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Io(io::Error::other(error.to_string()))
    }
}
