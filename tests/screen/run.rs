//! The real loop on a terminal in memory, in a time that passes only while everything waits.

use std::cell::{Cell, RefCell};
use std::io;
use std::rc::Rc;
use std::time::Duration;

use crossterm::event::{Event, KeyCode, KeyEvent, KeyModifiers};
use futures_util::stream;
use namecard::client::BoxFuture;
use namecard::client::sync::{LinkState, News};
use namecard::domain::{Change, Time};
use namecard::i18n::{Lang, Words};
use namecard::tui::keys::KeyMap;
use namecard::tui::model::{Answer, Effect, Env, Msg, State, Tab};
use namecard::tui::runtime::{Ended, Executor, Inlet, Outlet, Screen, Signal, computed, inbox, run};
use namecard::tui::view::Theme;
use ratatui::Terminal;
use ratatui::backend::{Backend, ClearType, TestBackend, WindowSize};
use ratatui::buffer::Cell as BufferCell;
use ratatui::layout::{Position, Size};
use serde_json::json;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};

use super::desk::{DAY, START, contacts, members, request, request_id, snapshot};
use super::namecard::card;

/// A terminal in memory that counts its frames.
struct Counting {
    inner: TestBackend,
    frames: Rc<Cell<usize>>,
    cells: Rc<Cell<usize>>,
}

fn sure<T>(result: Result<T, std::convert::Infallible>) -> io::Result<T> {
    result.map_err(|never| match never {})
}

impl Backend for Counting {
    type Error = io::Error;

    fn draw<'a, I: Iterator<Item = (u16, u16, &'a BufferCell)>>(&mut self, content: I) -> io::Result<()> {
        let cells: Vec<_> = content.collect();
        self.cells.set(self.cells.get() + cells.len());
        sure(self.inner.draw(cells.into_iter()))
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        sure(self.inner.hide_cursor())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        sure(self.inner.show_cursor())
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        sure(self.inner.get_cursor_position())
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        sure(self.inner.set_cursor_position(position))
    }

    fn clear(&mut self) -> io::Result<()> {
        sure(self.inner.clear())
    }

    fn clear_region(&mut self, kind: ClearType) -> io::Result<()> {
        sure(self.inner.clear_region(kind))
    }

    fn size(&self) -> io::Result<Size> {
        sure(self.inner.size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        sure(self.inner.window_size())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.frames.set(self.frames.get() + 1);
        sure(self.inner.flush())
    }
}

/// Does what needs only the processor; remembers the rest.
struct Remembering {
    asked: RefCell<Vec<Effect>>,
    answers: mpsc::UnboundedSender<Msg>,
    finished: Cell<bool>,
}

impl Executor for &Remembering {
    fn start(&self, effect: Effect) {
        match computed(effect.clone(), &Theme::default()) {
            Some(answer) => self.answers.send(Msg::Answer(answer)).unwrap(),
            None => self.asked.borrow_mut().push(effect),
        }
    }

    fn finish(&self) -> impl Future<Output = ()> + Send {
        self.finished.set(true);
        sleep(Duration::from_secs(1))
    }
}

#[derive(Default)]
struct Sent {
    bytes: Vec<u8>,
    suspended: usize,
}

impl Outlet for Sent {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn suspend(&mut self) -> BoxFuture<'_, io::Result<()>> {
        self.suspended += 1;
        Box::pin(async { Ok(()) })
    }
}

thread_local! {
    static BEGAN: Cell<Option<Instant>> = const { Cell::new(None) };
}

fn clock() -> Time {
    let began = BEGAN.get().unwrap_or_else(Instant::now);
    Time::from_micros(START + i64::try_from(began.elapsed().as_micros()).unwrap())
}

/// What a test does from outside while the loop runs.
struct Outside {
    inlet: Inlet,
    keys: Option<mpsc::UnboundedSender<io::Result<Event>>>,
    frames: Rc<Cell<usize>>,
    cells: Rc<Cell<usize>>,
}

impl Outside {
    fn key(&self, code: KeyCode, modifiers: KeyModifiers) {
        let event = Event::Key(KeyEvent::new(code, modifiers));
        self.keys.as_ref().unwrap().send(Ok(event)).unwrap();
    }

    fn press(&self, c: char) {
        self.key(KeyCode::Char(c), KeyModifiers::NONE);
    }

    async fn start(&self) {
        self.inlet.news.send(News::Snapshot(Box::new(snapshot()))).await.unwrap();
        self.inlet.news.send(News::Members(members(), true)).await.unwrap();
        self.inlet.news.send(News::Contacts(contacts(), true)).await.unwrap();
        self.inlet.news.send(News::Link(LinkState::Online)).await.unwrap();
        // Longer than any message of the screen stays.
        sleep(Duration::from_secs(60)).await;
    }
}

struct Over {
    ended: Ended,
    state: State,
    picture: String,
    sent: Sent,
    asked: Vec<Effect>,
    finished: bool,
}

/// Runs the loop while `story` happens, until the loop ends.
async fn play(story: impl AsyncFnOnce(Outside)) -> Over {
    BEGAN.set(Some(Instant::now()));
    let (frames, cells) = (Rc::new(Cell::new(0)), Rc::new(Cell::new(0)));
    let backend = Counting { inner: TestBackend::new(80, 24), frames: frames.clone(), cells: cells.clone() };
    let env = Env {
        words: Words::of(Lang::En),
        keymap: KeyMap::new(),
        now: clock(),
        zone: jiff::tz::TimeZone::UTC,
        instance: [7; 16],
    };
    let mut screen =
        Screen::new(Terminal::new(backend).unwrap(), env, Theme::default(), clock).expect("a screen");
    let (inbox, inlet) = inbox();
    let (keys, mut pressed) = mpsc::unbounded_channel();
    let events = stream::poll_fn(move |cx| pressed.poll_recv(cx));
    let doer =
        Remembering { asked: RefCell::default(), answers: inlet.answers.clone(), finished: Cell::new(false) };
    let mut sent = Sent::default();
    let outside = Outside { inlet, keys: Some(keys), frames, cells };
    let executor = &doer;
    let (ended, ()) = tokio::join!(run(&mut screen, events, inbox, &executor, &mut sent), story(outside));
    let picture = screen.terminal().backend().inner.to_string();
    Over {
        ended: ended.unwrap(),
        state: screen.state().clone(),
        picture,
        sent,
        asked: doer.asked.take(),
        finished: doer.finished.get(),
    }
}

#[tokio::test(start_paused = true)]
async fn five_thousand_changes_are_three_frames_at_most_and_a_key_among_them_counts() {
    let over = play(async |outside| {
        outside.start().await;
        let before = outside.frames.get();
        for n in 0..5_000 {
            let changed = request(
                11,
                &format!("Visitor {n}"),
                "Bluewave",
                5 * DAY,
                json!({"revision": n + 2, "as_of": n + 2}),
            );
            let changes = vec![Change::Request(Box::new(changed))];
            outside.inlet.news.send(News::Changes(changes, clock())).await.unwrap();
            if n == 2_500 {
                outside.press('3');
            }
        }
        sleep(Duration::from_secs(1)).await;
        let drawn = outside.frames.get() - before;
        assert!((1..=3).contains(&drawn), "{drawn} frames");
        outside.press('q');
    })
    .await;
    assert_eq!(over.ended, Ended::Quit);
    assert_eq!(over.state.tab, Tab::Approvals);
    assert!(over.picture.contains("Visitor 4999"), "{}", over.picture);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_drawn_while_nothing_happens() {
    let over = play(async |outside| {
        outside.start().await;
        let (frames, cells) = (outside.frames.get(), outside.cells.get());
        sleep(Duration::from_secs(24 * 3600)).await;
        assert_eq!((outside.frames.get(), outside.cells.get()), (frames, cells));
        outside.press('q');
    })
    .await;
    assert_eq!(over.ended, Ended::Quit);
}

#[tokio::test(start_paused = true)]
async fn a_window_counts_down_by_itself_and_its_row_goes_when_the_server_says_so() {
    play(async |outside| {
        outside.start().await;
        outside.press('3');
        let held = super::desk::decided(11, "approve", "ann", clock().as_micros() + 10_000_000);
        let news = News::Changes(vec![Change::Request(Box::new(held))], clock());
        outside.inlet.news.send(news).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        let before = outside.frames.get();
        sleep(Duration::from_secs(5)).await;
        let drawn = outside.frames.get() - before;
        assert!((4..=6).contains(&drawn), "a frame for each second: {drawn}");
        let gone = News::Changes(vec![Change::RequestGone(request_id(11), 9)], clock());
        outside.inlet.news.send(gone).await.unwrap();
        sleep(Duration::from_millis(20)).await;
        let before = outside.frames.get();
        sleep(Duration::from_secs(60)).await;
        assert_eq!(outside.frames.get(), before, "nothing counts any more");
        outside.press('q');
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn a_key_draws_one_frame_and_only_what_changed() {
    play(async |outside| {
        outside.start().await;
        let (frames, cells) = (outside.frames.get(), outside.cells.get());
        outside.press('j');
        sleep(Duration::from_secs(1)).await;
        assert_eq!(outside.frames.get(), frames + 1);
        let changed = outside.cells.get() - cells;
        assert!(changed > 0 && changed < 80 * 24 / 2, "{changed} cells");
        outside.press('q');
    })
    .await;
}

#[tokio::test(start_paused = true)]
async fn leaving_waits_for_what_is_being_written() {
    let over = play(async |outside| {
        outside.start().await;
        outside.press('q');
    })
    .await;
    assert_eq!((over.ended, over.finished), (Ended::Quit, true));
    // A decision on its way: leaving asks first, and stays when told to.
    let over = play(async |outside| {
        outside.start().await;
        outside.press('3');
        outside.press('a');
        outside.press('q');
        sleep(Duration::from_secs(2)).await;
        outside.key(KeyCode::Enter, KeyModifiers::NONE);
        sleep(Duration::from_secs(2)).await;
        outside.inlet.signals.send(Signal::End(15)).unwrap();
    })
    .await;
    assert_eq!(over.ended, Ended::Signal(15));
    assert!(matches!(&over.asked[..], [.., Effect::Decide { .. }]), "{:?}", over.asked);
    assert!(over.state.layers.is_empty(), "Enter meant to stay");
}

#[tokio::test(start_paused = true)]
async fn a_signal_and_a_lost_terminal_end_it() {
    let over = play(async |outside| {
        outside.inlet.signals.send(Signal::End(1)).unwrap();
        sleep(Duration::from_millis(1)).await;
    })
    .await;
    assert_eq!(over.ended, Ended::Signal(1));
    let over = play(async |mut outside| {
        outside.start().await;
        outside.keys = None;
        sleep(Duration::from_millis(1)).await;
    })
    .await;
    assert_eq!(over.ended, Ended::NoTerminal);
    let over = play(async |outside| {
        let lost = io::Error::from(io::ErrorKind::BrokenPipe);
        outside.keys.as_ref().unwrap().send(Err(lost)).unwrap();
        sleep(Duration::from_millis(1)).await;
    })
    .await;
    assert_eq!(over.ended, Ended::NoTerminal);
}

#[tokio::test(start_paused = true)]
async fn copying_goes_to_the_terminal_and_the_shell_and_back_draws_everything() {
    let over = play(async |outside| {
        outside.start().await;
        outside.press('Q');
        sleep(Duration::from_millis(1)).await;
        let answer = Answer::Card(Ok(Box::new(card(json!({})))));
        outside.inlet.answers.send(Msg::Answer(answer)).unwrap();
        sleep(Duration::from_secs(1)).await;
        outside.press('y');
        outside.press('l');
        sleep(Duration::from_secs(1)).await;
        outside.key(KeyCode::Esc, KeyModifiers::NONE);
        sleep(Duration::from_secs(1)).await;
        let cells = outside.cells.get();
        outside.key(KeyCode::Char('z'), KeyModifiers::CONTROL);
        sleep(Duration::from_secs(1)).await;
        assert!(outside.cells.get() - cells > 300, "every cell that holds something");
        outside.press('q');
    })
    .await;
    assert_eq!(over.sent.suspended, 1);
    let copied = String::from_utf8(over.sent.bytes).unwrap();
    let coded = copied.strip_prefix("\u{1b}]52;c;").unwrap_or_else(|| panic!("{copied:?}"));
    use base64::Engine as _;
    let coded = coded.trim_end_matches(['\u{7}', '\u{1b}', '\\']);
    let link = base64::engine::general_purpose::STANDARD.decode(coded).unwrap();
    assert!(link.starts_with(b"HTTP://127.0.0.1:45678/C/"), "{link:?}");
}
