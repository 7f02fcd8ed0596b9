//! The queue of the real program: many decided at once, taken back, decided again.

use super::pty::{Terminal, calls, demo, wait};

/// The number behind a word on the screen.
fn number(picture: &str, before: &str) -> Option<usize> {
    let (_, rest) = picture.split_once(before)?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

#[test]
fn many_are_decided_at_once_taken_back_and_decided_again() {
    let home = demo();
    let mut terminal = Terminal::open(&home, 120, 40, &["--tab", "approvals"]);
    terminal.shows("live");
    terminal.counts(&home);
    let before = number(&terminal.picture(), "Approvals ").unwrap();
    terminal.press("ma");
    terminal.shows("ACTING ON");
    terminal.press("a");
    terminal.shows("Approve ");
    let going = number(&terminal.picture(), "Approve ").unwrap();
    assert!(going >= 25, "the number has to be typed: {}", terminal.picture());
    terminal.press(&going.to_string());
    // What is confirmed before the question could be read answers nothing: so it is confirmed until it is done.
    wait("the decisions", || {
        let picture = terminal.picture();
        if picture.contains("u takes them all back") {
            return Ok(());
        }
        if picture.contains("Enter to do it") {
            terminal.press("\r");
        }
        Err(picture)
    });
    // One Enter too many opens the row that is selected then.
    wait("the list", || {
        let picture = terminal.picture();
        if !picture.contains('┌') {
            return Ok(());
        }
        terminal.press("\u{1b}");
        Err(picture)
    });
    terminal.shows(&format!("{going} approved"));
    terminal.shows(&format!("Approvals {}", before - going));
    terminal.press("u");
    terminal.shows(&format!("Taken back: {going} wait again"));
    terminal.shows(&format!("Approvals {before}"));
    assert_eq!(home.run(&["requests", "--count"]).ok().trim(), before.to_string());
    terminal.press("U");
    // The screen does not count what is on its way; the server says when it is there.
    wait("the decisions' being there again", || {
        let count = home.run(&["requests", "--count"]).ok();
        if count.trim() == (before - going).to_string() { Ok(()) } else { Err(count) }
    });
    terminal.counts(&home);
    let routes: Vec<String> =
        calls(&home).iter().filter_map(|call| Some(call["route"].as_str()?.to_owned())).collect();
    assert_eq!(routes.iter().filter(|route| route.ends_with("/decisions")).count(), 2, "{routes:?}");
    assert_eq!(routes.iter().filter(|route| route.ends_with("/undo")).count(), going, "{routes:?}");
    terminal.press("gh");
    terminal.shows("What was decided");
    terminal.shows("approved by you");
    terminal.press("\u{1b}");
    terminal.until("the list", |picture| !picture.contains("What was decided"));
    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
}
