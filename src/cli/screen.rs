//! `namecard`: the screen.

use std::io;
use std::sync::Arc;

use crossterm::event::EventStream;
use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;

use super::Context;
use super::args::TabName;
use super::backend::Backend;
use super::failure::Failure;
use super::remote::{self, Remote};
use super::signals;
use crate::client::BoxFuture;
use crate::client::sync::{self, Refresh};
use crate::domain::Time;
use crate::i18n::Text;
use crate::tui::keys::KeyMap;
use crate::tui::model::{Env, Phase, Tab};
use crate::tui::runtime::{
    self, Doer, Ended, FrameWriter, Guard, Inbox, Inlet, Out, Outlet, Screen, Signal, install_panic_hook,
};
use crate::tui::view::Theme;

/// The terminal that the screen draws on.
type Tty = CrosstermBackend<Out>;

fn now() -> Time {
    jiff::Timestamp::now().into()
}

/// Runs the screen: its first frame is drawn before anything else begins.
pub(super) fn run(context: &Context, tab: Option<TabName>) -> Result<u8, Failure> {
    // A token that is never kept is asked for as long as the terminal is the shell's.
    let remote = remote::choose(context)?;
    let guard = Guard::enter().map_err(|error| match error.kind() {
        io::ErrorKind::NotConnected => Failure::Said(context.words.get(Text::NoTerminal)),
        _ => error.into(),
    })?;
    install_panic_hook(context.words.clone());
    let mut instance = [0; 16];
    getrandom::fill(&mut instance).map_err(|error| io::Error::other(error.to_string()))?;
    let env = Env {
        words: context.words.clone(),
        keymap: KeyMap::new(),
        now: now(),
        zone: context.zone.clone(),
        instance,
    };
    let variable = |name: &str| std::env::var(name).unwrap_or_default();
    let theme = Theme::of_terminal(context.no_color, &variable("COLORTERM"), &variable("TERM"));
    let terminal = Terminal::new(CrosstermBackend::new(FrameWriter::new(io::stdout())))?;
    let mut screen = Screen::new(terminal, env, theme, now)?;
    screen.state_mut().tab = match tab {
        Some(TabName::External) => Tab::External,
        Some(TabName::Approvals) => Tab::Approvals,
        Some(TabName::Directory) | None => Tab::Directory,
    };
    screen.draw()?;

    let (inbox, inlet) = runtime::inbox();
    let tokio = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let ended = tokio.block_on(live(context, remote, &mut screen, inbox, inlet, &guard, theme));
    drop(guard);
    // Threads that wait for the terminal's input cannot be joined.
    tokio.shutdown_background();
    match ended? {
        // What never opened is no success, and the reason stays to be read.
        Ended::Quit => match &screen.state().phase {
            Phase::Failed(fault) => Err(fault.clone().into()),
            _ => Ok(0),
        },
        Ended::Signal(number) => Ok(u8::try_from(128 + number).unwrap_or(1)),
        // 129: what a shell shows for a program whose terminal went away.
        Ended::NoTerminal => Ok(129),
    }
}

async fn live(
    context: &Context,
    remote: Option<Remote>,
    screen: &mut Screen<Tty>,
    inbox: Inbox,
    inlet: Inlet,
    guard: &Guard,
    theme: Theme,
) -> Result<Ended, Failure> {
    let backend = Arc::new(open(context, remote, &inlet)?);
    listen_to_signals(&inlet)?;
    let refresh = Arc::new(Refresh::default());
    let client = backend.client();
    let following = tokio::spawn(sync::follow(client.clone(), inlet.news.clone(), Arc::clone(&refresh)));
    let doer =
        Doer::new(client, inlet.answers.clone(), refresh, theme, context.settings.chat_command.clone());
    let mut outlet = TerminalOutlet { guard, backend: Arc::clone(&backend) };
    let ended = runtime::run(screen, EventStream::new(), inbox, &doer, &mut outlet).await;
    following.abort();
    // The shell's screen comes back at once; what is still written is finished behind it.
    guard.leave();
    backend.stop().await;
    Ok(ended?)
}

#[cfg(feature = "server")]
fn open(context: &Context, remote: Option<Remote>, inlet: &Inlet) -> Result<Backend, Failure> {
    use crate::demo::Scene;
    use crate::embedded::Stage;
    use crate::tui::model::Msg;

    let answers = inlet.answers.clone();
    Backend::for_screen(context, remote, move |stage| match stage {
        Stage::Seeding(scene) => {
            // If the screen is gone, nobody needs to know.
            let _ = answers.send(Msg::Seeding { long: scene == Scene::Flood });
        }
    })
}

#[cfg(not(feature = "server"))]
fn open(context: &Context, remote: Option<Remote>, _: &Inlet) -> Result<Backend, Failure> {
    Backend::for_screen(context, remote)
}

/// Signals that end the program, and the one that sends it to the shell.
fn listen_to_signals(inlet: &Inlet) -> io::Result<()> {
    use rustix::process::Signal as Number;

    let heard = inlet.signals.clone();
    signals::listen(&signals::ALL, move |number| {
        let signal = if number == Number::TSTP { Signal::Suspend } else { Signal::End(number.as_raw()) };
        heard.send(signal).is_ok()
    })
}

/// The terminal itself, and this process.
struct TerminalOutlet<'a> {
    guard: &'a Guard,
    backend: Arc<Backend>,
}

impl Outlet for TerminalOutlet<'_> {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        FrameWriter::new(io::stdout()).send(bytes)
    }

    fn suspend(&mut self) -> BoxFuture<'_, io::Result<()>> {
        Box::pin(async move {
            // Others must not wait for a process that stands still.
            self.backend.suspend().await;
            self.guard.leave();
            rustix::process::kill_current_process_group(rustix::process::Signal::STOP)?;
            // Here it goes on after `fg`.
            self.guard.enter_again()?;
            self.backend.resume();
            Ok(())
        })
    }
}
