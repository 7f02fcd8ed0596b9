//! `namecard serve`: the backend for a company.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{Resource, Rlimit, Signal, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};

use super::Context;
use super::args::ServeArgs;
use super::failure::Failure;
use super::plan::{self, Plan};
use super::settings::{self, Found};
use super::signals;
use crate::api::FileUse;
use crate::config::{Layers, ServerSettings, write_private};
use crate::domain::Fault;
use crate::i18n::{Text, Words};
use crate::server::backup::Place;
use crate::server::{
    self, Address, App, CardKey, Clock, Disk, Durability, Gate, Limits, Options, Proxies, StoreError, Tls,
    Token,
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

/// What is said to the server: in its file, in the environment, on the command line.
fn layers(context: &Context, args: &ServeArgs) -> Result<Layers, Failure> {
    let mut layers = match settings::look(&context.config, context.config_named) {
        Found::None => Layers::default(),
        Found::Read(layers) => layers,
        Found::Unreadable(error) => {
            return Err(Failure::of_file(&context.words, Text::CannotRead, &context.config, &error));
        }
    };
    layers.environment(|name| std::env::var_os(name));
    let several = |texts: &[String]| (!texts.is_empty()).then(|| texts.join(","));
    let on = |on: bool| on.then(|| "true".to_owned());
    for (name, text) in [
        ("server.listen", args.listen.clone()),
        ("server.database", args.database.clone()),
        ("server.public_url", args.public_url.clone()),
        ("server.behind_proxy", on(args.behind_proxy)),
        ("server.insecure_http", on(context.insecure_http)),
        ("server.trusted_proxies", several(&args.trusted_proxy)),
        ("server.hosts", several(&args.host)),
        ("server.tls.cert", args.tls_cert.clone()),
        ("server.tls.key", args.tls_key.clone()),
        ("server.disk_reserve", args.disk_reserve.clone()),
    ] {
        if let Some(text) = text {
            layers.flag(name, &text);
        }
    }
    Ok(layers)
}

/// The settings, looked at: all that is wrong with them is the failure.
fn planned(context: &Context, args: &ServeArgs) -> Result<Plan, Failure> {
    let layers = layers(context, args)?;
    plan::make(&context.words, &context.config, &layers, |name| std::env::var_os(name))
}

/// One process serves a database: two would each believe to be the only writer.
fn lock(words: &Words, place: &Place) -> Result<File, Failure> {
    let lock =
        place.take_lock().map_err(|error| Failure::of_file(words, Text::CannotWrite, &place.lock, &error))?;
    lock.ok_or_else(|| said(words, Text::ServeLocked, &[("file", &place.database.display().to_string())]))
}

/// The key of codes and forms lies in a file of its own: a copy of the database alone opens no card.
fn new_card_key(words: &Words, place: &Place) -> Result<CardKey, Failure> {
    let key = CardKey::random().map_err(|error| io::Error::other(error.to_string()))?;
    let file = &place.card_key;
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

/// Where the data of a server is.
pub(super) fn place(settings: &ServerSettings) -> Place {
    Place {
        card_key: settings.card_key(),
        operator_token: Some(settings.operator_token()),
        ..Place::of_server(&settings.database)
    }
}

/// What is let in, and how.
fn gate(limits: Limits, settings: &ServerSettings, proxies: Proxies, tls: Option<Arc<Tls>>) -> Gate {
    Gate { limits, hosts: settings.hosts.clone(), proxies, tls }
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

/// Runs until a signal ends it.
pub(super) async fn run(context: &Context, args: &ServeArgs) -> Result<u8, Failure> {
    let words = &context.words;
    let Plan { settings, address, proxies, tls, card_key, operator } = planned(context, args)?;
    let limits = Limits::default().within(descriptors());
    let scheme = if tls.is_some() { "https" } else { "http" };
    let (gate, as_told) = watch::channel(Arc::new(gate(limits, &settings, proxies, tls)));
    let place = place(&settings);
    if place.is_on_network() {
        let shown = place.database.display().to_string();
        return Err(said(words, Text::ServeNetwork, &[("file", &shown)]));
    }
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        let (value, why) = (settings.listen.to_string(), error.to_string());
        said(words, Text::ServeListen, &[("value", &value), ("why", &why)])
    })?;
    let listening = listener.local_addr()?;
    let _lock = lock(words, &place)?;
    let database = &settings.database;
    // Private from the moment it exists.
    match OpenOptions::new().write(true).create_new(true).mode(0o600).open(database) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(Failure::of_file(words, Text::CannotWrite, database, &error));
        }
        _ => {}
    }
    let here = Address::local(listening.port(), false);
    let card_key_given = card_key.is_some() && !settings.card_key().exists();
    let options = Options {
        database: database.clone(),
        durability: Durability::Full,
        clock: Clock::system(),
        disk: Disk::system(settings.disk_reserve),
        card_key: card_key.map_or_else(|| new_card_key(words, &place), Ok)?,
        operator,
        address: address.unwrap_or(here.clone()),
        form_waits: true,
    };
    let app = App::open(options).await.map_err(|error| store_failure(words, database, &error))?;
    app.set_insecure_http(settings.insecure_http);
    app.set_files(files(&settings, card_key_given));
    first_operator(context, &app, &place).await?;
    // Heard from before anybody is told that it serves.
    let (sender, mut heard) = mpsc::unbounded_channel();
    signals::listen(&[Signal::TERM, Signal::INT, Signal::HUP], move |number| sender.send(number).is_ok())?;
    let (at, file) = (format!("{scheme}://{listening}"), database.display().to_string());
    writeln!(io::stderr(), "{}", sentence(words, Text::Serving, &[("at", &at), ("file", &file)]))?;
    app.start_tasks();
    app.watch_disk();
    let serving = tokio::spawn(server::serve_as_told(app.clone(), listener, as_told));
    let running = Running { context, args, app: &app, begun: &settings, here: &here, gate: &gate };
    let mut next = async || loop {
        match heard.recv().await {
            Some(Signal::HUP) => running.reload(),
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

/// A server that runs.
struct Running<'a> {
    context: &'a Context,
    args: &'a ServeArgs,
    app: &'a App,
    /// The settings that it began with.
    begun: &'a ServerSettings,
    /// Where it listens.
    here: &'a Address,
    gate: &'a watch::Sender<Arc<Gate>>,
}

impl Running<'_> {
    /// Reads the settings again and says what came of it. A server whose standard error is closed goes on:
    /// the log has it too.
    fn reload(&self) {
        let mut err = io::stderr();
        let text = match planned(self.context, self.args) {
            Ok(plan) => self.take(plan),
            Err(failure) => {
                tracing::error!(target: "namecard::server", "the settings are wrong and stay as they were");
                for line in failure.lines(&self.context.words) {
                    let _ = writeln!(err, "namecard: {line}");
                }
                Text::ServeNotReloaded
            }
        };
        let _ = writeln!(err, "{}", self.context.words.get(text));
    }

    /// Takes what can change while it runs. If anything is wrong, all stays as it was.
    fn take(&self, plan: Plan) -> Text {
        let Plan { settings, address, proxies, tls, .. } = plan;
        let before = self.gate.borrow().clone();
        let same_kind = tls.is_some() == before.tls.is_some();
        // Whether a port speaks TLS is for its whole life: addresses that were given out name the scheme.
        let tls = if same_kind { tls } else { before.tls.clone() };
        self.gate.send_replace(Arc::new(gate(before.limits, &settings, proxies, tls)));
        self.app.set_address(address.unwrap_or(self.here.clone()));
        tracing::info!(target: "namecard::server", "settings read again");
        let stays = ServerSettings {
            public_url: self.begun.public_url.clone(),
            trusted_proxies: self.begun.trusted_proxies.clone(),
            hosts: self.begun.hosts.clone(),
            tls_cert: self.begun.tls_cert.clone(),
            tls_key: self.begun.tls_key.clone(),
            ..settings
        };
        // What was written as it runs on is not asked for; the rest needs a new start.
        let whole = same_kind && stays == *self.begun;
        if whole { Text::ServeReloaded } else { Text::ServeReloadedPart }
    }
}

/// The files that nobody else may read.
pub(super) fn files(settings: &ServerSettings, card_key_elsewhere: bool) -> Vec<(FileUse, PathBuf)> {
    let mut files = vec![(FileUse::OperatorToken, settings.operator_token())];
    if !card_key_elsewhere {
        files.push((FileUse::CardKey, settings.card_key()));
    }
    files.extend(settings.tls_key.clone().map(|file| (FileUse::TlsKey, file)));
    files
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
