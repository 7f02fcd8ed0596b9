//! `namecard serve`: the backend for a company.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Context;
use super::args::ServeArgs;
use super::failure::Failure;
use super::signals;
use crate::config::write_private;
use crate::domain::Fault;
use crate::i18n::{Text, Words};
use crate::server::backup::Place;
use crate::server::{self, Address, App, CardKey, Clock, Disk, Durability, Options, StoreError, Token};
use crate::text::SafeText;

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
pub(super) fn database(words: &Words, url: &str) -> Result<PathBuf, Failure> {
    match url.strip_prefix("sqlite:") {
        Some(file) if !file.is_empty() => Ok(PathBuf::from(file)),
        _ => Err(usage(words, Text::ServeDatabase, &[("value", url)])),
    }
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

/// One process serves a database: two would each believe to be the only writer.
fn lock(words: &Words, place: &Place) -> Result<File, Failure> {
    let lock =
        place.take_lock().map_err(|error| Failure::of_file(words, Text::CannotWrite, &place.lock, &error))?;
    lock.ok_or_else(|| said(words, Text::ServeLocked, &[("file", &place.database.display().to_string())]))
}

/// The key of codes and forms, in a file of its own: a copy of the database alone opens no card.
fn card_key(words: &Words, place: &Place) -> Result<CardKey, Failure> {
    let file = &place.card_key;
    let kept = place.read_card_key().map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData => {
            said(words, Text::ServeCardKey, &[("file", &file.display().to_string())])
        }
        _ => Failure::of_file(words, Text::CannotRead, file, &error),
    })?;
    if let Some(key) = kept {
        return Ok(key);
    }
    let key = CardKey::random().map_err(|error| io::Error::other(error.to_string()))?;
    write_private(file, key.bytes())
        .map_err(|error| Failure::of_file(words, Text::CannotWrite, file, &error))?;
    Ok(key)
}

/// What the store says of a database, in the words of the product.
pub(super) fn store_failure(words: &Words, database: &Path, error: &StoreError) -> Failure {
    let file = SafeText::clean(&database.display().to_string());
    match error {
        StoreError::Newer { .. } => Failure::Said(words.fill(Text::ServeNewer, &[("file", file)])),
        StoreError::Full => Failure::Fault(Fault::StorageFull),
        error => match error.data_fault() {
            Some(what) => Failure::Said(words.data_fault(what, file)),
            None => Failure::of_file(words, Text::CannotRead, database, error),
        },
    }
}

/// Runs until a signal ends it.
pub(super) async fn run(context: &Context, args: &ServeArgs) -> Result<u8, Failure> {
    let words = &context.words;
    let place = Place::of_server(&database(words, &args.database)?);
    let database = place.database.clone();
    if !args.listen.ip().is_loopback() && !args.behind_proxy && !args.insecure_http {
        return Err(usage(words, Text::ServePlainHttp, &[("value", &args.listen.to_string())]));
    }
    if place.is_on_network() {
        return Err(said(words, Text::ServeNetwork, &[("file", &database.display().to_string())]));
    }
    let listener = TcpListener::bind(args.listen).await.map_err(|error| {
        said(words, Text::ServeListen, &[("value", &args.listen.to_string()), ("why", &error.to_string())])
    })?;
    let listening = listener.local_addr()?;
    let address = address(words, args, listening)?;
    let _lock = lock(words, &place)?;
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
        disk: Disk::system(args.disk_reserve << 20),
        card_key: card_key(words, &place)?,
        operator: None,
        address,
        form_waits: true,
    };
    let app = App::open(options).await.map_err(|error| store_failure(words, &database, &error))?;
    first_operator(context, &app, &place).await?;
    // Heard from before anybody is told that it serves.
    let (sender, mut ended) = mpsc::unbounded_channel();
    signals::listen(&[Signal::TERM, Signal::INT], move |number| sender.send(number).is_ok())?;
    let (at, file) = (listening.to_string(), database.display().to_string());
    writeln!(io::stderr(), "{}", sentence(words, Text::Serving, &[("at", &at), ("file", &file)]))?;
    app.start_tasks();
    app.watch_disk();
    let serving = tokio::spawn(server::serve(app.clone(), listener));
    let number = ended.recv().await.map_or(0, Signal::as_raw);
    writeln!(io::stderr(), "{}", words.get(Text::ServeStopping))?;
    app.begin_stop();
    // It ends by itself, soon: streams are cut after a moment.
    let _ = serving.await;
    app.stop().await;
    tracing::info!(target: "namecard::server", signal = number, "stopped");
    Ok(0)
}

/// On a database that never had one: draws the operator's token, keeps it in a file, prints it once.
async fn first_operator(context: &Context, app: &App, place: &Place) -> Result<(), Failure> {
    let Some(file) = &place.operator_token else { return Ok(()) };
    let keep = |token: &Token| -> Result<(), NotDrawn> {
        let mut line = token.expose().as_bytes().to_vec();
        line.push(b'\n');
        write_private(file, &line).map_err(NotDrawn::NotKept)
    };
    let drawn = app.first_operator(keep).await.map_err(|error| match error {
        NotDrawn::Store(error) => store_failure(&context.words, &place.database, &error),
        NotDrawn::NotKept(error) => Failure::of_file(&context.words, Text::CannotWrite, file, &error),
    })?;
    if let Some(token) = drawn {
        let shown = SafeText::clean(&file.display().to_string());
        writeln!(io::stderr(), "{}", context.words.fill(Text::OperatorToken, &[("file", shown)]))?;
        context.out.line(&SafeText::clean(token.expose()))?;
    }
    Ok(())
}

/// Why there is no operator's token.
enum NotDrawn {
    Store(StoreError),
    NotKept(io::Error),
}

impl From<StoreError> for NotDrawn {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}
