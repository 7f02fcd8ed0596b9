//! Two terminals on the same data.

use std::time::Duration;

use super::program::User;
use super::pty::{Terminal, calls, demo, visit, wait};

#[test]
fn a_second_terminal_is_told_and_does_not_ask() {
    let home = demo();
    let mut first = Terminal::open(&home, 100, 30, &["--tab", "approvals"]);
    first.shows("live");
    let mut second = Terminal::open(&home, 100, 30, &["--tab", "approvals"]);
    second.shows("live");
    // Both have everything: the directory is asked for in pieces behind the first frame.
    let mut seen = calls(&home).len();
    wait("quiet", || {
        std::thread::sleep(Duration::from_millis(500));
        let calls = calls(&home).len();
        let same = calls == seen;
        seen = calls;
        if same { Ok(()) } else { Err(format!("{calls} calls")) }
    });
    // That nothing is asked can only be seen by looking for a while.
    std::thread::sleep(Duration::from_secs(3));
    let idle = calls(&home);
    assert_eq!(idle.len(), seen, "calls while nothing happened: {:?}", &idle[seen..]);

    // Decided in one, marked in the other; taken back in the other, back in the first.
    first.press("a");
    first.shows("approved by you");
    second.shows("approved by you");
    second.press("u");
    first.until("its being taken back", |picture| !picture.contains("approved by you"));
    second.until("its being taken back", |picture| !picture.contains("approved by you"));
    let calls = calls(&home);
    let after: Vec<_> = calls[seen..].iter().map(|call| call["route"].as_str().unwrap()).collect();
    let writes =
        after.iter().filter(|route| route.ends_with("/decision") || route.ends_with("/undo")).count();
    assert_eq!(writes, 2, "{after:?}");
    assert!(after.len() <= 8, "reads of what changed, and no more: {after:?}");
}

#[test]
fn when_the_one_that_serves_leaves_the_other_takes_over() {
    let home = demo();
    let mut first = Terminal::open(&home, 100, 30, &[]);
    first.shows("live");
    let mut second = Terminal::open(&home, 100, 30, &["--tab", "approvals"]);
    second.shows("live");
    first.press("q");
    assert_eq!(first.ends(), 0);
    // The other serves now: a visitor of the same code reaches it, and what is decided is kept.
    second.press("Gkk");
    visit_when_back(&home, "Later Visitor", "later@partner.example");
    second.counts(&home);
    second.press("Gkk");
    second.shows("later@partner.example");
    second.press("a");
    second.shows("approved by you");
    second.press("q");
    assert_eq!(second.ends(), 0);
    let queue = home.json(&["requests"]);
    let request =
        queue.as_array().unwrap().iter().find(|request| request["requester"]["name"] == "Later Visitor");
    assert!(request.is_none_or(|request| request["state"] == "approved"), "{request:?}");
}

#[test]
fn a_killed_server_is_replaced_while_the_other_screen_stands() {
    let home = demo();
    let first = Terminal::open(&home, 100, 30, &[]);
    first.shows("live");
    let mut second = Terminal::open(&home, 100, 30, &["--tab", "approvals"]);
    second.shows("live");
    first.signal(rustix::process::Signal::KILL);
    visit_when_back(&home, "After The Crash", "after@partner.example");
    second.counts(&home);
    second.press("Gkk");
    second.shows("After The Crash");
    second.press("q");
    assert_eq!(second.ends(), 0);
    second.is_restored();
}

/// A visit as soon as somebody serves again.
fn visit_when_back(home: &User, name: &str, email: &str) {
    wait("a server", || {
        let card = home.run(&["card", "--format", "json"]);
        let text = card.out.to_ascii_lowercase();
        let address = text.split("http://").nth(1).and_then(|rest| rest.split('/').next()).map(str::to_owned);
        let reached = address.as_deref().map(std::net::TcpStream::connect);
        match reached {
            Some(Ok(_)) => Ok(()),
            other => Err(format!("{other:?}")),
        }
    });
    visit(home, name, email);
}
