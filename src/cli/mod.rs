//! The command line: one file a command, all over the same API as the screen.

mod add;
mod admin;
mod args;
mod away;
mod backend;
#[cfg(feature = "server")]
mod backup;
mod card;
mod completions;
mod config;
mod contacts;
mod decide;
mod doctor;
mod export;
mod failure;
mod ids;
#[cfg(feature = "server")]
mod import;
mod keys;
mod login;
mod logs;
mod manual;
mod output;
#[cfg(feature = "server")]
mod plan;
#[cfg(feature = "server")]
mod progress;
mod qr;
mod query;
mod reference;
mod remote;
mod requests;
mod scan;
mod screen;
mod search;
#[cfg(feature = "server")]
mod serve;
mod settings;
mod show;
mod signals;
mod texts;
mod usage;
mod verdict;
mod watch;
mod when;
mod whoami;
mod why;
mod withdraw;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::config::{Layers, Paths, Settings, Tokens};
#[cfg(feature = "server")]
use crate::demo::{Scene, World};
use crate::i18n::{Lang, Text, Words};
use crate::text::SafeText;
pub use args::command;
#[cfg(feature = "server")]
use args::{AdminCommand, SceneName, ServerDoctorArgs};
use args::{Cli, Command};
use backend::Backend;
use failure::Failure;
pub use manual::manual;
use output::Output;
pub use reference::reference;
use settings::Found;

/// What every command works with.
struct Context {
    words: Words,
    settings: Settings,
    /// The settings file: the one that was named, or the user's own.
    config: PathBuf,
    /// Whether it was named.
    config_named: bool,
    paths: Paths,
    /// The server that was named on the command line.
    server: Option<String>,
    token_file: Option<PathBuf>,
    /// Where tokens are kept.
    tokens: Tokens,
    /// Whether the command line lets plain http through.
    insecure_http: bool,
    /// Settings that common options say.
    flags: Vec<(&'static str, String)>,
    out: Output,
    #[cfg(feature = "server")]
    demo: Option<World>,
    no_color: bool,
    zone: jiff::tz::TimeZone,
}

/// Runs the program with the process's arguments.
pub fn main() -> ExitCode {
    let given: Vec<OsString> = std::env::args_os().collect();
    // Help is shown in the language that was asked for, so that is looked for first.
    let lang = asked_language(&given).unwrap_or_else(language_of_environment);
    let words = Words::of(lang);
    let matches = match texts::localise(Cli::command(), &words).try_get_matches_from(given) {
        Ok(matches) => matches,
        // Help and the version are no errors.
        Err(error) => return ExitCode::from(usage::report(&error, &words)),
    };
    let outcome = Cli::from_arg_matches(&matches)
        .map_err(|_| Failure::Usage(words.get(Text::UsageUnknown)))
        .and_then(|cli| {
            let (context, notes) = context(&cli, words.clone())?;
            for note in notes {
                // Faults of the settings stop nothing: what is right is used.
                let _ = writeln!(std::io::stderr(), "{note}");
            }
            run(cli, context)
        });
    match outcome {
        Ok(code) => ExitCode::from(code),
        Err(failure) => failure.report(&words),
    }
}

/// What `--lang` says, before anything else is parsed.
fn asked_language(given: &[OsString]) -> Option<Lang> {
    let mut args = given.iter().filter_map(|arg| arg.to_str());
    while let Some(arg) = args.next() {
        if arg == "--lang" {
            return args.next().and_then(Lang::parse);
        }
        if let Some(tag) = arg.strip_prefix("--lang=") {
            return Lang::parse(tag);
        }
    }
    None
}

/// The language of the user's locale; English for one that we do not speak.
fn language_of_environment() -> Lang {
    ["LC_ALL", "LC_MESSAGES", "LANG"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok())
        .find(|value| !value.is_empty())
        .and_then(|value| Lang::parse(&value))
        .unwrap_or_default()
}

fn context(cli: &Cli, words: Words) -> Result<(Context, Vec<SafeText>), Failure> {
    let paths = Paths::of_user().map_err(|_| Failure::Said(words.get(Text::NoHome)))?;
    let file = cli.config.clone().unwrap_or_else(|| paths.config.clone());
    let looks_itself = cli.command.as_ref().is_some_and(Command::looks_into_settings);
    let layers = match settings::look(&file, cli.config.is_some()) {
        // Without a file of one's own the defaults hold; one that was named has to be there.
        Found::None => Layers::default(),
        Found::Read(layers) => layers,
        Found::Unreadable(_) if looks_itself => Layers::default(),
        Found::Unreadable(error) => {
            return Err(Failure::of_file(&words, Text::CannotRead, &file, &error));
        }
    };
    let settings = Settings::of(&layers);
    let lang = cli.lang.as_deref().and_then(Lang::parse).or_else(|| Lang::parse(&settings.lang));
    let words = lang.map_or(words, Words::of);
    let ignored = words.get(Text::ConfigIgnored);
    let errors = layers.errors().iter().filter(|_| !looks_itself);
    let notes =
        errors.map(|error| SafeText::join([&settings::fault(&words, &file, error), &ignored], " ")).collect();
    let lang = cli.lang.iter().map(|lang| ("lang", lang.clone()));
    let plain = cli.insecure_http.then(|| ("server.insecure_http", "true".to_owned()));
    let flags = lang.chain(plain).collect();
    let zone = jiff::tz::TimeZone::system();
    let out = Output::new();
    let no_color = cli.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Ok((
        Context {
            words,
            settings,
            server: cli.server.clone(),
            token_file: cli.token_file.clone(),
            tokens: Tokens::of_system(),
            insecure_http: cli.insecure_http,
            flags,
            config: file,
            config_named: cli.config.is_some(),
            paths,
            out,
            #[cfg(feature = "server")]
            demo: cli.demo.map(|seed| made_up(seed, cli.scene)),
            no_color,
            zone,
        },
        notes,
    ))
}

/// The made-up world that was asked for.
#[cfg(feature = "server")]
fn made_up(seed: Option<u64>, scene: Option<SceneName>) -> World {
    let scene = match scene {
        None => Scene::Plain,
        Some(SceneName::FirstDay) => Scene::FirstDay,
        Some(SceneName::Busy) => Scene::Busy,
        Some(SceneName::Flood) => Scene::Flood,
    };
    World { seed: seed.unwrap_or_default(), scene }
}

/// Runs what was asked for. Returns the exit code.
fn run(cli: Cli, context: Context) -> Result<u8, Failure> {
    logs::begin(&context.words)?;
    let Some(command) = cli.command else { return screen::run(&context, cli.tab) };
    let mut builder = match &command {
        #[cfg(feature = "server")]
        Command::Serve(_) => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder.enable_all().build()?;
    let outcome = runtime.block_on(run_command(&context, &command));
    // A line that nobody takes from the pipe is not waited for, nor that somebody stops reading.
    runtime.shutdown_background();
    outcome
}

async fn run_command(context: &Context, command: &Command) -> Result<u8, Failure> {
    match command {
        Command::Config(args) => config::run(context, &args.action),
        Command::Doctor(args) => doctor::run(context, args).await,
        Command::Keys(args) => keys::run(context, args),
        Command::Completions(args) => completions::run(context, args),
        Command::Man => manual::run(context),
        Command::Login(args) => login::login(context, args).await,
        Command::Logout => login::logout(context).await,
        Command::Watch(args) => watch::run(context, args).await,
        #[cfg(feature = "server")]
        Command::Import(args) => import::run(context, args).await,
        #[cfg(feature = "server")]
        Command::Serve(args) => serve::run(context, args).await,
        Command::Search(args) => with(context, async |b| search::run(context, &b.client(), args).await).await,
        Command::Query(args) => with(context, async |b| query::run(context, &b.client(), args).await).await,
        Command::Show(args) => with(context, async |b| show::run(context, &b.client(), args).await).await,
        Command::Contacts(args) => {
            with(context, async |b| contacts::run(context, &b.client(), args).await).await
        }
        Command::Requests(args) => {
            with(context, async |b| requests::run(context, &b.client(), args).await).await
        }
        Command::Approve(args) => {
            with(context, async |b| decide::approve(context, &b.client(), args).await).await
        }
        Command::Reject(args) => {
            with(context, async |b| decide::reject(context, &b.client(), args).await).await
        }
        Command::Undo(args) => with(context, async |b| decide::undo(context, &b.client(), args).await).await,
        Command::Withdraw(args) => {
            with(context, async |b| withdraw::run(context, &b.client(), args).await).await
        }
        Command::Why(args) => with(context, async |b| why::run(context, &b.client(), args).await).await,
        Command::Add(args) => with(context, async |b| add::run(context, &b.client(), args).await).await,
        Command::Scan(args) => with(context, async |b| scan::run(context, &b.client(), args).await).await,
        Command::Away(args) => with(context, async |b| away::run(context, &b.client(), args).await).await,
        Command::Qr(args) => with(context, async |b| qr::run(context, &b.client(), args).await).await,
        Command::Export(args) => with(context, async |b| export::run(context, &b.client(), args).await).await,
        Command::Card(args) => with(context, async |b| card::run(context, &b.client(), args).await).await,
        Command::Whoami(args) => with(context, async |b| whoami::run(context, &b.client(), args).await).await,
        #[cfg(feature = "server")]
        Command::Admin {
            command: AdminCommand::Doctor(args @ ServerDoctorArgs { database: Some(file), .. }),
        } => doctor::report::look(context, file, args).await,
        #[cfg(feature = "server")]
        Command::Admin { command: AdminCommand::Backup(args) } => backup::run(context, args).await,
        #[cfg(feature = "server")]
        Command::Admin { command: AdminCommand::Restore(args) } => backup::restore(context, args).await,
        Command::Admin { command } => {
            with(context, async |b| admin::run(context, &b.operator(), command).await).await
        }
    }
}

/// Does something with the backend of one command, and lets go of it whatever came of it.
async fn with(
    context: &Context,
    doing: impl AsyncFnOnce(&Backend) -> Result<u8, Failure>,
) -> Result<u8, Failure> {
    let backend = Backend::for_command(context)?;
    let outcome = doing(&backend).await;
    backend.stop().await;
    outcome
}
