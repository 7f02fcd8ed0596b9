//! The loop: one queue of messages, one update, one drawing. It waits for nothing but the next message.

use std::future::poll_fn;
use std::io;
use std::task::Poll;
use std::time::Duration;

use crossterm::event::Event;
use futures_util::{Stream, StreamExt as _};
use ratatui::Terminal;
use ratatui::backend::Backend;
use ratatui::layout::Rect;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use super::executor::Executor;
use super::{clipboard, input};
use crate::client::BoxFuture;
use crate::client::sync::{LinkState, News};
use crate::domain::Time;
use crate::text::SafeText;
use crate::tui::model::{Effect, Env, Msg, Size, State};
use crate::tui::update::update;
use crate::tui::view::{Theme, draw};

/// Two frames are at least so far apart.
const FRAME: Duration = Duration::from_millis(10);
/// How long what is not drawn yet may wait while more and more comes in.
const LATE: Duration = Duration::from_millis(50);
/// Messages taken before keys are looked at again.
const BATCH: usize = 256;
/// How long the end waits for writes.
const FINISH: Duration = Duration::from_secs(5);

/// Why the screen ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// The user wanted it.
    Quit,
    /// A signal of this number.
    Signal(i32),
    /// The terminal is gone.
    NoTerminal,
}

/// What the loop cannot do by itself: it belongs to the terminal and to the process.
pub trait Outlet {
    /// Sends bytes to the terminal, apart from any frame.
    fn send(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Goes to the shell, and comes back.
    fn suspend(&mut self) -> BoxFuture<'_, io::Result<()>>;
}

/// Where messages come in besides the terminal's.
pub struct Inbox {
    /// Answers to effects.
    pub answers: mpsc::UnboundedReceiver<Msg>,
    /// What the server tells; bounded, so that a storm slows the network and not the screen.
    pub news: mpsc::Receiver<News>,
    /// Signals that end the program.
    pub signals: mpsc::UnboundedReceiver<Signal>,
}

/// The other ends of the [`Inbox`].
#[derive(Clone, Debug)]
pub struct Inlet {
    /// Answers to effects.
    pub answers: mpsc::UnboundedSender<Msg>,
    /// What the server tells.
    pub news: mpsc::Sender<News>,
    /// Signals.
    pub signals: mpsc::UnboundedSender<Signal>,
}

/// A signal of interest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Signal {
    /// End with this number.
    End(i32),
    /// Go to the shell.
    Suspend,
}

/// Makes an inbox with its inlet.
pub fn inbox() -> (Inbox, Inlet) {
    let (answers_in, answers) = mpsc::unbounded_channel();
    let (news_in, news) = mpsc::channel(64);
    let (signals_in, signals) = mpsc::unbounded_channel();
    (Inbox { answers, news, signals }, Inlet { answers: answers_in, news: news_in, signals: signals_in })
}

/// The terminal with the state that it shows.
pub struct Screen<B: Backend> {
    terminal: Terminal<B>,
    state: State,
    env: Env,
    theme: Theme,
    clock: fn() -> Time,
    drawn: Option<Instant>,
}

impl<B: Backend> Screen<B>
where
    B::Error: Into<io::Error>,
{
    /// A screen on a terminal. `clock` is this computer's.
    pub fn new(terminal: Terminal<B>, env: Env, theme: Theme, clock: fn() -> Time) -> io::Result<Self> {
        let state = State::new(size(&terminal)?);
        Ok(Self { terminal, state, env, theme, clock, drawn: None })
    }

    /// The state, to choose what is in front before the start.
    pub fn state_mut(&mut self) -> &mut State {
        &mut self.state
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The terminal.
    pub fn terminal(&self) -> &Terminal<B> {
        &self.terminal
    }

    /// Draws the state.
    pub fn draw(&mut self) -> io::Result<()> {
        self.env.now = (self.clock)();
        let (state, env, theme) = (&self.state, &self.env, &self.theme);
        self.terminal
            .draw(|frame| {
                if let Some(caret) = draw(state, env, theme, frame.buffer_mut()) {
                    frame.set_cursor_position((caret.x, caret.y));
                }
            })
            .map_err(Into::into)?;
        self.drawn = Some(Instant::now());
        Ok(())
    }

    /// Every cell anew at the next drawing. Not `clear`, which asks the terminal for the cursor's place
    /// and waits for an answer that the input reader has taken.
    fn forget_drawn(&mut self) -> io::Result<()> {
        let Size { columns, rows } = size(&self.terminal)?;
        self.terminal.resize(Rect::new(0, 0, columns, rows)).map_err(Into::into)
    }
}

/// The window as it is now.
fn size<B: Backend>(terminal: &Terminal<B>) -> io::Result<Size>
where
    B::Error: Into<io::Error>,
{
    let size = terminal.size().map_err(Into::into)?;
    Ok(Size { columns: size.width, rows: size.height })
}

/// Runs until the end. Effects go to `executor`, what belongs to the terminal to `outlet`.
pub async fn run<B: Backend>(
    screen: &mut Screen<B>,
    mut events: impl Stream<Item = io::Result<Event>> + Unpin,
    mut inbox: Inbox,
    executor: &impl Executor,
    outlet: &mut impl Outlet,
) -> io::Result<Ended>
where
    B::Error: Into<io::Error>,
{
    // The window may have changed before anybody listened for it.
    let size = size(&screen.terminal)?;
    update(&mut screen.state, &screen.env, Msg::Resize(size));
    // Since when the screen shows less than the state.
    let mut dirty = Some(Instant::now());
    loop {
        if dirty.is_some_and(|since| since.elapsed() >= LATE) {
            screen.draw()?;
            dirty = None;
        }
        let due = screen.drawn.map_or_else(Instant::now, |drawn| drawn + FRAME);
        let now = (screen.clock)();
        let wake = screen.state.next_deadline(now).map(|at| Instant::now() + at.since(now));
        let mut messages: Vec<Msg> = Vec::new();
        tokio::select! {
            // Signals before everything; answers and news before keys, so that a key acts on what is true.
            biased;
            Some(signal) = inbox.signals.recv() => match signal {
                Signal::End(number) => return Ok(Ended::Signal(number)),
                Signal::Suspend => {
                    messages.extend(suspend(screen, outlet).await?);
                }
            },
            Some(answer) = inbox.answers.recv() => messages.push(answer),
            Some(news) = inbox.news.recv() => messages.push(message(news)),
            event = events.next() => match event {
                Some(Ok(event)) => messages.extend(input::message(event)),
                // The terminal is gone: nothing can be shown or asked any more.
                Some(Err(_)) | None => return Ok(Ended::NoTerminal),
            },
            () = sleep_until(due), if dirty.is_some() => {
                screen.draw()?;
                dirty = None;
                continue;
            }
            () = async { match wake { Some(at) => sleep_until(at).await, None => std::future::pending().await } } => {
                messages.push(Msg::Wake);
            }
        }
        while messages.len() < BATCH {
            match (inbox.answers.try_recv(), messages.len()) {
                (Ok(answer), _) => messages.push(answer),
                _ => match inbox.news.try_recv() {
                    Ok(news) => messages.push(message(news)),
                    Err(_) => break,
                },
            }
        }
        // Keys that are there already: news without end must not keep them waiting.
        let mut gone = false;
        while let Poll::Ready(event) = poll_fn(|cx| Poll::Ready(events.poll_next_unpin(cx))).await {
            match event {
                Some(Ok(event)) => messages.extend(input::message(event)),
                Some(Err(_)) | None => {
                    gone = true;
                    break;
                }
            }
        }
        for msg in messages {
            screen.env.now = (screen.clock)();
            let step = update(&mut screen.state, &screen.env, msg);
            dirty = dirty.or(step.redraw.then(Instant::now));
            for effect in step.effects {
                match effect {
                    Effect::Quit => {
                        let _ = tokio::time::timeout(FINISH, executor.finish()).await;
                        return Ok(Ended::Quit);
                    }
                    Effect::Redraw => screen.forget_drawn()?,
                    Effect::Suspend => {
                        for msg in suspend(screen, outlet).await? {
                            let step = update(&mut screen.state, &screen.env, msg);
                            dirty = dirty.or(step.redraw.then(Instant::now));
                        }
                        screen.forget_drawn()?;
                    }
                    Effect::Copy(text) => copy(outlet, &text)?,
                    effect => executor.start(effect),
                }
            }
        }
        // What was pressed before the terminal went still counts.
        if gone {
            return Ok(Ended::NoTerminal);
        }
    }
}

fn copy(outlet: &mut impl Outlet, text: &SafeText) -> io::Result<()> {
    match clipboard::sequence(text) {
        Some(bytes) => outlet.send(&bytes),
        None => Ok(()),
    }
}

/// To the shell and back: the window may have another size, every cell is drawn anew.
async fn suspend<B: Backend>(screen: &mut Screen<B>, outlet: &mut impl Outlet) -> io::Result<Vec<Msg>>
where
    B::Error: Into<io::Error>,
{
    outlet.suspend().await?;
    screen.forget_drawn()?;
    Ok(vec![Msg::Resize(size(&screen.terminal)?), Msg::Resumed])
}

fn message(news: News) -> Msg {
    match news {
        News::Snapshot(snapshot) => Msg::Snapshot(snapshot),
        News::Members(members, done) => Msg::Members(members, done),
        News::Contacts(contacts, done) => Msg::Contacts(contacts, done),
        News::Linked(people, done) => Msg::Linked(people, done),
        News::Introductions(all) => Msg::Introductions(all),
        News::Changes(changes, now) => Msg::Changes(changes, now),
        News::Link(LinkState::Online) => Msg::Online,
        News::Link(LinkState::Offline(fault)) => Msg::Offline(fault),
    }
}
