//! `namecard serve`: the backend for a company.

use std::fs::{File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use rustix::process::Signal;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::Context;
use super::args::ServeArgs;
use super::failure::Failure;
use super::plan::{self, Plan};
use super::settings::{self, Found};
use super::signals;
use crate::api::FileUse;
use crate::config::{Layers, ServerSettings, write_private};
use crate::i18n::{Text, Words};
use crate::server::{self, Address, App, CardKey, Clock, Durability, Options, StoreError, Token};
use crate::text::SafeText;

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
fn lock(words: &Words, settings: &ServerSettings) -> Result<File, Failure> {
    let path = settings.beside(".lock");
    let file = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
    let shown = settings.database.display().to_string();
    file.try_lock().map_err(|_| said(words, Text::ServeLocked, &[("file", &shown)]))?;
    Ok(file)
}

/// The key of codes and forms lies in a file of its own: a copy of the database alone opens no card.
fn new_card_key(settings: &ServerSettings) -> Result<CardKey, Failure> {
    let key = CardKey::random().map_err(|error| io::Error::other(error.to_string()))?;
    write_private(&settings.card_key(), key.bytes())?;
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
    let Plan { settings, address, card_key, operator } = planned(context, args)?;
    if settings.tls_cert.is_some() {
        return Err(Failure::Said(words.get(Text::ServeNoTls)));
    }
    let listener = TcpListener::bind(settings.listen).await.map_err(|error| {
        let (value, why) = (settings.listen.to_string(), error.to_string());
        said(words, Text::ServeListen, &[("value", &value), ("why", &why)])
    })?;
    let listening = listener.local_addr()?;
    let _lock = lock(words, &settings)?;
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
        card_key: card_key.map_or_else(|| new_card_key(&settings), Ok)?,
        operator,
        address: address.unwrap_or(here.clone()),
        form_waits: true,
    };
    let app = App::open(options).await.map_err(|error| store_failure(words, database, &error))?;
    app.set_insecure_http(settings.insecure_http);
    app.set_files(files(&settings, card_key_given));
    first_operator(context, &app, &settings).await?;
    // Heard from before anybody is told that it serves.
    let (sender, mut heard) = mpsc::unbounded_channel();
    signals::listen(&[Signal::TERM, Signal::INT, Signal::HUP], move |number| sender.send(number).is_ok())?;
    let (at, file) = (listening.to_string(), database.display().to_string());
    writeln!(io::stderr(), "{}", sentence(words, Text::Serving, &[("at", &at), ("file", &file)]))?;
    app.start_tasks();
    let serving = tokio::spawn(server::serve(app.clone(), listener));
    let mut number = heard.recv().await;
    while number == Some(Signal::HUP) {
        reload(context, args, &app, &settings, &here)?;
        number = heard.recv().await;
    }
    writeln!(io::stderr(), "{}", words.get(Text::ServeStopping))?;
    app.begin_stop();
    // It ends by itself, soon: streams are cut after a moment.
    let _ = serving.await;
    app.stop().await;
    tracing::info!(target: "namecard::server", signal = number.map_or(0, Signal::as_raw), "stopped");
    Ok(0)
}

/// Reads the settings again and takes what can change while it runs. If anything is wrong, all stays as
/// it was.
fn reload(
    context: &Context,
    args: &ServeArgs,
    app: &App,
    begun: &ServerSettings,
    here: &Address,
) -> io::Result<()> {
    let words = &context.words;
    let mut err = io::stderr();
    let plan = match planned(context, args) {
        Ok(plan) => plan,
        Err(failure) => {
            tracing::error!(target: "namecard::server", "the settings are wrong and stay as they were");
            for line in failure.lines(words) {
                writeln!(err, "namecard: {line}")?;
            }
            return writeln!(err, "{}", words.get(Text::ServeNotReloaded));
        }
    };
    app.set_address(plan.address.unwrap_or(here.clone()));
    tracing::info!(target: "namecard::server", "settings read again");
    let stays = ServerSettings {
        public_url: begun.public_url.clone(),
        trusted_proxies: begun.trusted_proxies.clone(),
        hosts: begun.hosts.clone(),
        tls_cert: begun.tls_cert.clone(),
        tls_key: begun.tls_key.clone(),
        ..plan.settings
    };
    // What was written as it runs on is not asked for; the rest needs a new start.
    let text = if stays == *begun { Text::ServeReloaded } else { Text::ServeReloadedPart };
    writeln!(err, "{}", words.get(text))
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
async fn first_operator(context: &Context, app: &App, settings: &ServerSettings) -> Result<(), Failure> {
    let file = settings.operator_token();
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
