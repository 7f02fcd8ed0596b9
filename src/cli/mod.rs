//! The command line: one file a command, all over the same API as the screen.

mod admin;
mod args;
mod backend;
mod card;
mod completions;
mod config;
mod contacts;
mod decide;
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
mod qr;
mod query;
mod reference;
mod remote;
mod requests;
mod screen;
mod search;
#[cfg(feature = "server")]
mod serve;
mod show;
mod texts;
mod watch;
mod whoami;

use std::ffi::OsString;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{CommandFactory as _, FromArgMatches as _};

use crate::config::{Paths, Settings};
use crate::i18n::{Lang, Text, Words};
use crate::text::SafeText;
pub use args::command;
use args::{Cli, Command};
use failure::Failure;
pub use manual::manual;
use output::Output;
pub use reference::reference;

/// What every command works with.
struct Context {
    words: Words,
    settings: Settings,
    /// The settings file: the one that was named, or the user's own.
    config: PathBuf,
    /// Whether it was named.
    config_named: bool,
    paths: Paths,
    remote: Option<remote::Remote>,
    token_file: Option<std::path::PathBuf>,
    out: Output,
    #[cfg(feature = "server")]
    demo: Option<u64>,
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
        Err(error) => {
            // Help and version are no errors; whether they can be printed changes nothing.
            let _ = error.print();
            return ExitCode::from(if error.use_stderr() { 2 } else { 0 });
        }
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
    let mut notes = Vec::new();
    let settings = match std::fs::read_to_string(&file) {
        Ok(text) => {
            let (settings, errors) = Settings::parse(&text);
            let shown = SafeText::clean(&file.display().to_string());
            let errors = if looks_itself { Vec::new() } else { errors };
            notes.extend(errors.iter().map(|error| texts::config_error(&words, &shown, error)));
            settings
        }
        // Without a file of one's own the defaults hold; one that was named has to be there.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && cli.config.is_none() => {
            Settings::default()
        }
        Err(_) if looks_itself => Settings::default(),
        Err(error) => {
            return Err(Failure::Said(words.fill(
                Text::CannotRead,
                &[
                    ("file", SafeText::clean(&file.display().to_string())),
                    ("why", SafeText::clean(&error.to_string())),
                ],
            )));
        }
    };
    let lang = cli.lang.as_deref().and_then(Lang::parse).or_else(|| Lang::parse(&settings.lang));
    let words = lang.map_or(words, Words::of);
    // `login` and `serve` say themselves what they are about.
    #[cfg(feature = "server")]
    let alone = matches!(cli.command, Some(Command::Login(_) | Command::Logout | Command::Serve(_)));
    #[cfg(not(feature = "server"))]
    let alone = matches!(cli.command, Some(Command::Login(_) | Command::Logout));
    let remote = if alone { None } else { remote::choose(cli, &words, &paths)? };
    let zone = jiff::tz::TimeZone::system();
    let out = Output::new();
    let no_color = cli.no_color || std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    Ok((
        Context {
            words,
            settings,
            remote,
            token_file: cli.token_file.clone(),
            config: file,
            config_named: cli.config.is_some(),
            paths,
            out,
            #[cfg(feature = "server")]
            demo: cli.demo.map(Option::unwrap_or_default),
            no_color,
            zone,
        },
        notes,
    ))
}

/// Runs what was asked for. Returns the exit code.
fn run(cli: Cli, context: Context) -> Result<u8, Failure> {
    logs::begin(&context.words)?;
    let Some(command) = cli.command else { return screen::run(&context, cli.tab) };
    #[cfg(feature = "server")]
    if let Command::Serve(args) = &command {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        return runtime.block_on(serve::run(&context, args));
    }
    match &command {
        Command::Config(args) => return config::run(&context, &args.action),
        Command::Keys(args) => return keys::run(&context, args),
        Command::Completions(args) => return completions::run(&context, args),
        Command::Man => return manual::run(&context),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::Said(SafeText::clean(&error.to_string())))?;
    let outcome = runtime.block_on(async {
        #[cfg(feature = "server")]
        if let Command::Import(args) = &command {
            return import::run(&context, args).await;
        }
        match &command {
            Command::Login(args) => return login::login(&context, args).await,
            Command::Logout => return login::logout(&context).await,
            Command::Watch(args) => return watch::run(&context, args).await,
            _ => {}
        }
        let backend = backend::Backend::for_command(&context)?;
        let client = backend.client();
        let outcome = match &command {
            Command::Search(args) => search::run(&context, &client, args).await,
            Command::Query(args) => query::run(&context, &client, args).await,
            Command::Show(args) => show::run(&context, &client, args).await,
            Command::Contacts(args) => contacts::run(&context, &client, args).await,
            Command::Requests(args) => requests::run(&context, &client, args).await,
            Command::Approve(args) => decide::approve(&context, &client, args).await,
            Command::Reject(args) => decide::reject(&context, &client, args).await,
            Command::Undo(args) => decide::undo(&context, &client, args).await,
            Command::Qr(args) => qr::run(&context, &client, args).await,
            Command::Export(args) => export::run(&context, &client, args).await,
            Command::Card(args) => card::run(&context, &client, args).await,
            Command::Whoami(args) => whoami::run(&context, &client, args).await,
            Command::Admin { command } => admin::run(&context, &backend.operator(), command).await,
            // Dealt with above.
            Command::Login(_) | Command::Logout => Ok(0),
            #[cfg(feature = "server")]
            Command::Import(_) | Command::Serve(_) => Ok(0),
            // What needs no backend, or one of another kind, was run before.
            Command::Watch(_)
            | Command::Config(_)
            | Command::Keys(_)
            | Command::Completions(_)
            | Command::Man => Ok(0),
        };
        backend.stop().await;
        outcome
    });
    // A line that nobody takes from the pipe is not waited for, nor that somebody stops reading.
    runtime.shutdown_background();
    outcome
}
