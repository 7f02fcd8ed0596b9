//! How it ends: the terminal is as it was, the exit code says why, and nothing panics.

use namecard::i18n::{Lang, Words};
use namecard::tui::runtime::{Guard, install_panic_hook};
use portable_pty::CommandBuilder;
use rustix::process::Signal;

use super::program::User;
use super::pty::{Terminal, demo};

#[test]
fn leaving_and_being_ended_restore_the_terminal() {
    let home = demo();
    for (signal, code) in [
        (None, 0),
        (Some(Signal::TERM), 143),
        (Some(Signal::INT), 130),
        (Some(Signal::HUP), 129),
        (Some(Signal::QUIT), 131),
    ] {
        let mut terminal = Terminal::open(&home, 80, 24, &[]);
        terminal.shows("live");
        match signal {
            None => terminal.press("q"),
            Some(signal) => terminal.signal(signal),
        }
        assert_eq!(terminal.ends(), code, "{signal:?}");
        terminal.is_restored();
    }
}

/// Not a test of its own: what [`a_panic_restores_the_terminal`] runs in a terminal.
#[test]
#[ignore = "run in a terminal by another test"]
fn panics_in_a_terminal() {
    install_panic_hook(Words::of(Lang::En));
    let _guard = Guard::enter().unwrap();
    panic!("on purpose");
}

#[test]
fn a_panic_restores_the_terminal() {
    let mut command = CommandBuilder::new(std::env::current_exe().unwrap());
    command.args(["--exact", "ends::panics_in_a_terminal", "--ignored", "--nocapture", "--test-threads=1"]);
    let mut terminal = Terminal::spawn(command, 80, 24);
    assert_eq!(terminal.ends(), 101);
    terminal.is_restored();
    terminal.shows("ends.rs");
}

#[test]
fn the_smallest_window_is_only_small() {
    let home = demo();
    let mut terminal = Terminal::open(&home, 1, 1, &[]);
    terminal.resize(80, 24);
    terminal.shows("live");
    for (columns, rows) in [(1, 1), (2, 1), (1, 40), (200, 1), (39, 9), (120, 40)] {
        terminal.resize(columns, rows);
        // Not closed by Esc: with a key right behind it, it would be Alt and that key.
        terminal.press("j3k2?q");
    }
    terminal.shows("live");
    terminal.press("1");
    terminal.resize(1, 1);
    terminal.press("qq");
    assert_eq!(terminal.ends(), 0);
    terminal.is_restored();
}

#[test]
fn without_a_terminal_it_says_so() {
    let home = User::new();
    let said = home.run(&[""; 0]).failed(1);
    assert!(said.contains("terminal"), "{said}");
    assert!(!home.data().join("namecard.db").exists(), "nothing was begun");
}
