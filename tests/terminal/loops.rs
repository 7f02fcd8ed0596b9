//! The product's main loop, the whole way.

use sqlx::{Connection as _, Row as _};

use super::program::User;
use super::pty::{Terminal, browse, demo, visit, wait};

#[test]
fn a_visitor_asks_is_seen_approved_and_becomes_a_contact() {
    let home = demo();
    let mut terminal = Terminal::open(&home, 100, 30, &[]);
    terminal.shows("live");
    terminal.shows("DEMO");
    terminal.press("3");
    terminal.shows("[3 Approvals");

    // The newest request is the least urgent: it stands at the end of those that end, and comes by itself. Two
    // behind it never do: one of another system, and a handover.
    terminal.press("Gkk");
    let (address, status) = visit(&home, "Quentin Vistor", "quentin@partner.example");
    terminal.counts(&home);
    assert!(browse(&address, &status, None).body.contains("Waiting for an answer"));

    terminal.press("Gkk");
    terminal.shows("Quentin Vistor");
    terminal.shows("quentin@partner.example");
    terminal.press("a");
    terminal.shows("approved by you");
    // Held: nothing is told outside, nobody is a contact.
    assert!(browse(&address, &status, None).body.contains("Waiting for an answer"));
    assert!(!home.json(&["contacts"]).to_string().contains("Quentin"));

    // The window passes by itself: the row goes, the contact comes, the visitor is told.
    terminal.until("the row's going", |picture| !picture.contains("Quentin Vistor"));
    terminal.press("2");
    terminal.shows("Quentin Vistor");
    wait("the status page's word", || {
        let page = browse(&address, &status, None);
        if page.body.contains("<h1>Approved</h1>") { Ok(()) } else { Err(page.body) }
    });
    let contacts = home.json(&["contacts"]);
    let contact = contacts.as_array().unwrap().iter().find(|contact| contact["name"] == "Quentin Vistor");
    assert!(contact.is_some(), "{contacts}");

    terminal.press("q");
    assert_eq!(terminal.ends(), 0);
    terminal.is_restored();
    assert_eq!(audited(&home), ["request.submit", "request.approve"]);
}

/// What the audit says of the newest request, oldest first.
fn audited(home: &User) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let file = home.data().join("namecard.db");
        let mut database = sqlx::SqliteConnection::connect(&format!("sqlite:{}", file.display())).await.unwrap();
        let rows = sqlx::query(
            "SELECT action FROM audit WHERE object = (SELECT id FROM requests ORDER BY sk DESC LIMIT 1) ORDER BY seq",
        )
        .fetch_all(&mut database)
        .await
        .unwrap();
        rows.iter().map(|row| row.get("action")).collect()
    })
}

#[test]
fn a_decision_stands_when_the_program_is_killed_a_second_after_it() {
    let home = demo();
    let mut terminal = Terminal::open(&home, 100, 30, &["--tab", "approvals"]);
    terminal.shows("live");
    let first = home.json(&["requests"]).as_array().unwrap()[0].clone();
    let name = first["requester"]["name"].as_str().unwrap().to_owned();
    terminal.press("a");
    terminal.shows("approved by you");
    // The second that the promise names.
    std::thread::sleep(std::time::Duration::from_secs(1));
    terminal.signal(rustix::process::Signal::KILL);
    terminal.ends();

    // Whoever comes next finds it decided, and once its window has passed, in effect.
    let id = first["id"].as_str().unwrap();
    let held = home.json(&["requests"]);
    let held = held.as_array().unwrap().iter().find(|request| request["id"] == id);
    assert!(held.is_none_or(|request| request["state"] == "approved"), "{held:?}");
    wait("the contact", || {
        let contacts = home.json(&["contacts"]);
        let known = contacts.as_array().unwrap().iter().any(|contact| contact["name"] == name.as_str());
        if known { Ok(()) } else { Err(format!("{name} is not among them")) }
    });
    assert!(!home.json(&["requests"]).to_string().contains(id));
    let again = home.run(&["approve", id]);
    again.failed(5);
}

#[test]
fn a_chat_is_open_when_the_opener_ended_well_and_else_its_link_is_shown() {
    use std::os::unix::fs::PermissionsExt as _;

    for (status, said) in [(0, "opened"), (3, "wxwork://")] {
        let home = demo();
        let tools = home.dir.path().join("tools");
        std::fs::create_dir_all(&tools).unwrap();
        let opener = tools.join("xdg-open");
        let told = home.dir.path().join("told");
        let script = format!("#!/bin/sh\nprintf '%s' \"$1\" > '{}'\nexit {status}\n", told.display());
        std::fs::write(&opener, script).unwrap();
        std::fs::set_permissions(&opener, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}", tools.display());
        let mut terminal = Terminal::with(&home, 100, 30, &[], &[("PATH", &path)]);
        terminal.shows("live");
        terminal.press("jc");
        terminal.until(said, |picture| picture.to_lowercase().contains(said));
        let link = wait("the opener", || std::fs::read_to_string(&told).map_err(|error| error.to_string()));
        assert!(link.starts_with("wxwork://"), "{link}");
        terminal.press("q");
    }
}
