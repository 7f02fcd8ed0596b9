//! Several people on one company's server, each at a terminal of their own.

use super::program::User;
use super::program::server::Server;
use super::pty::{Terminal, browse, visit};

fn at_work(user: &User) -> Terminal {
    let terminal = Terminal::open(user, 100, 30, &["--tab", "approvals"]);
    terminal.shows("live");
    terminal
}

#[test]
fn each_sees_what_is_theirs_and_a_revoked_token_ends_at_once() {
    let server = Server::acme();
    // A second company on the same server.
    server.admin.file("others.csv", "id,name\neve,Eve Other\n");
    server.operate(&["admin", "company", "create", "umbra", "--name", "Umbra"]).ok();
    server.operate(&["import", "others.csv", "--company", "umbra"]).ok();
    let eve = server.operate(&["admin", "token", "eve", "--company", "umbra"]).ok();
    let (ann, bob) =
        (server.signed_in(server.token("ann").trim()), server.signed_in(server.token("bob").trim()));
    let eve = server.signed_in(eve.trim());

    let mut first = at_work(&ann);
    let mut second = at_work(&ann);
    let (colleague, stranger) = (at_work(&bob), at_work(&eve));
    visit(&ann, "Quentin Vistor", "quentin@partner.example");
    for terminal in [&first, &second] {
        terminal.shows("Quentin Vistor");
    }
    first.press("a");
    first.shows("approved by you");
    second.shows("approved by you");
    for terminal in [&colleague, &stranger] {
        assert!(!terminal.picture().contains("Quentin"), "{}", terminal.picture());
        terminal.shows("[3 Approvals 0]");
    }
    // Nobody of another company is found.
    assert_eq!(eve.json(&["search", "eve"]).as_array().unwrap().len(), 1);
    eve.run(&["search", "ann"]).failed(3);
    eve.run(&["show", "bob"]).failed(3);

    // What is being typed stays when the token is taken away.
    second.press("1/wang");
    second.shows("/ wang");
    let tokens = server.operate(&["admin", "token", "list", "--company", "acme", "--format", "json"]).ok();
    let tokens: serde_json::Value = serde_json::from_str(&tokens).unwrap();
    let of_ann = tokens.as_array().unwrap().iter().find(|token| token["member"] == "ann").unwrap();
    server.operate(&["admin", "token", "revoke", of_ann["id"].as_str().unwrap(), "--company", "acme"]).ok();
    second.shows("Your session ended");
    second.shows("/ wang");
    first.shows("Your session ended");
    assert!(!colleague.picture().contains("session ended"), "{}", colleague.picture());
    second.press("\u{1b}");
    second.until("the search's end", |picture| !picture.contains("/ wang"));
    second.press("q");
    assert_eq!(second.ends(), 0);
    second.is_restored();
}

#[test]
fn whoever_watches_over_it_is_told_whether_it_works() {
    let server = Server::start(User::new(), &[]);
    let at = server.origin.trim_start_matches("http://");
    for path in ["/healthz", "/readyz"] {
        assert_eq!(browse(at, path, None).status, 200, "{path}");
    }
    assert_eq!(browse(at, "/healthz", Some(&[("a", "b")])).status, 405);
}
