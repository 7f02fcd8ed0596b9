//! The terminal's modes: switched on together, and off again whatever happens.

use std::io::{self, IsTerminal as _, Write as _};
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::terminal::{disable_raw_mode, enable_raw_mode};

use crate::i18n::{Text, Words};
use crate::panics;
use crate::text::SafeText;

/// Alternate screen, bracketed paste.
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[H\x1b[2J";
/// Everything that any version of this program may have switched on: synchronized update, keyboard flags,
/// paste, focus, mouse; then the cursor, plain letters, and the screen that was there before.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[<u\x1b[?2004l\x1b[?1004l\x1b[?1006l\x1b[?1003l\x1b[?1002l\x1b[?1000l\x1b[?25h\x1b[0m\x1b[?1049l";
/// Like [`LEAVE`] without what only terminals that understand it take silently.
const LEAVE_PLAIN: &[u8] = b"\x1b[?2004l\x1b[?25h\x1b[0m\x1b[?1049l";

static ENTERED: AtomicBool = AtomicBool::new(false);

/// Holds the terminal; gives it back when dropped.
#[derive(Debug)]
pub struct Guard(());

impl Guard {
    /// Takes the terminal. Fails when there is none.
    pub fn enter() -> io::Result<Self> {
        if !io::stdout().is_terminal() || !io::stdin().is_terminal() {
            return Err(io::Error::from(io::ErrorKind::NotConnected));
        }
        take()?;
        Ok(Self(()))
    }

    /// Gives the terminal back for a while.
    pub fn leave(&self) {
        restore();
    }

    /// Takes it again.
    pub fn enter_again(&self) -> io::Result<()> {
        take()
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        restore();
    }
}

fn take() -> io::Result<()> {
    enable_raw_mode()?;
    ENTERED.store(true, Ordering::SeqCst);
    let mut out = io::stdout().lock();
    out.write_all(ENTER)?;
    out.flush()
}

/// Switches every mode off. Harmless when nothing is on, and when called twice.
pub(super) fn restore() {
    if !ENTERED.swap(false, Ordering::SeqCst) {
        return;
    }
    // The Linux console prints what it does not know.
    let console = std::env::var("TERM").is_ok_and(|term| term == "linux");
    let mut out = io::stdout().lock();
    // There is nobody to tell that this failed: the terminal is gone.
    let _ = out.write_all(if console { LEAVE_PLAIN } else { LEAVE });
    let _ = out.flush();
    let _ = disable_raw_mode();
}

static WORDS: OnceLock<Words> = OnceLock::new();

/// A panic ends the program, with the terminal restored first: no half-dead screen. One that is dealt
/// with where it happens (a handler of the embedded server) stays silent.
pub fn install_panic_hook(words: Words) {
    let _ = WORDS.set(words);
    std::panic::set_hook(Box::new(|info| {
        if panics::is_contained() {
            return;
        }
        restore();
        let place = info
            .location()
            .map(|at| format!("{}:{}:{}", at.file(), at.line(), at.column()))
            .unwrap_or_default();
        if let Some(words) = WORDS.get() {
            let text = words.fill(Text::Panicked, &[("place", SafeText::clean(&place))]);
            let _ = writeln!(io::stderr(), "{text}");
        }
        std::process::exit(101);
    }));
}
