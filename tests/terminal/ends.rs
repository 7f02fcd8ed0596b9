//! How it ends: the terminal is as it was, the exit code says why, and nothing panics.

use std::io::Read as _;
use std::process::Stdio;

use namecard::i18n::{Lang, Words};
use namecard::tui::runtime::{Guard, install_panic_hook};
use portable_pty::CommandBuilder;
use rustix::process::Signal;

use super::pty::{Home, Terminal};

#[test]
fn leaving_and_being_ended_restore_the_terminal() {
    let home = Home::demo();
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
    let home = Home::demo();
    let mut terminal = Terminal::open(&home, 1, 1, &[]);
    terminal.resize(80, 24);
    terminal.shows("live");
    for (columns, rows) in [(1, 1), (2, 1), (1, 40), (200, 1), (39, 9), (120, 40)] {
        terminal.resize(columns, rows);
        terminal.press("j3k2?");
        terminal.press("\u{1b}");
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
    let home = Home::empty();
    let done = home.run(&[]);
    assert_eq!(done.status.code(), Some(1));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("terminal"), "{said}");
    assert!(done.stdout.is_empty());
    assert!(!home.data().join("namecard.db").exists(), "nothing was begun");
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let home = Home::demo();
    let mut child = home
        .command(&["contacts", "--format", "json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let status = child.wait().unwrap();
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(said, "");
    assert!(matches!(status.code(), Some(0 | 141)), "{status:?}");
}

#[test]
fn a_server_that_does_not_answer_is_named_and_nothing_hangs() {
    let home = Home::demo();
    // Somebody holds the data and answers nobody.
    let lock = std::fs::File::create(home.data().join("lock")).unwrap();
    lock.lock().unwrap();
    std::fs::write(home.data().join("lock"), "4242").unwrap();
    let done = home.run(&["whoami"]);
    assert_eq!(done.status.code(), Some(7));
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(said.contains("4242"), "{said}");
    drop(lock);
    assert!(home.run(&["whoami"]).status.success());
}
