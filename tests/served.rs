//! A company on its own server: the real `serve`, and people who sign in to it from their own homes.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

mod program;

use std::os::unix::fs::PermissionsExt as _;

use program::User;
use program::server::{PEOPLE, Server};
use serde_json::Value;

fn mode(user: &User, name: &str) -> u32 {
    std::fs::metadata(user.dir.path().join(name)).unwrap().permissions().mode() & 0o777
}

#[test]
fn the_operators_token_is_shown_once_and_kept_for_its_owner_alone() {
    let (admin, code, out) = Server::start(User::new(), &[]).stop();
    assert_eq!(code, 0);
    let token = out.trim_end().to_owned();
    assert!(token.starts_with("nc_adm_") && !token.contains('\n'), "{out}");
    assert_eq!(std::fs::read_to_string(admin.dir.path().join("co.db.operator-token")).unwrap(), out);
    for file in ["co.db", "co.db.operator-token", "co.db.card-key"] {
        assert_eq!(mode(&admin, file), 0o600, "{file}");
    }
    let database = std::fs::read(admin.dir.path().join("co.db")).unwrap();
    assert!(!database.windows(token.len()).any(|bytes| bytes == token.as_bytes()), "only its hash is stored");
    // The second start shows nothing, and the token is still good.
    let server = Server::start(admin, &[]);
    server.operate(&["admin", "company", "create", "acme", "--name", "Acme"]).ok();
    let (_, _, out) = server.stop();
    assert_eq!(out, "");
}

#[test]
fn people_sign_in_see_their_company_and_sign_out() {
    let server = Server::acme();
    let token = server.token("bob");
    assert!(token.starts_with("nc_pat_"));
    assert_eq!(token.lines().count(), 1, "alone on its line, to be piped on");
    let bob = server.signed_in(token.trim());
    let whoami = bob.json(&["whoami"]);
    assert_eq!((&whoami["id"], &whoami["company"]["id"]), (&"bob".into(), &"acme".into()));
    assert_eq!(bob.json(&["search", "ann"])[0]["id"], "ann");
    assert_eq!(mode(&bob, "data/namecard/accounts.json"), 0o600);
    assert!(!bob.data().join("namecard.db").exists(), "nothing was made up here");
    // Their own data again, and back, without the token's being typed.
    bob.run(&["login", "local"]).ok();
    assert_eq!(bob.json(&["whoami"])["company"]["made_up"], true);
    assert_eq!(bob.run(&["login", &server.origin]).code, 0);
    assert_eq!(bob.json(&["whoami"])["id"], "bob");
    bob.run(&["logout"]).ok();
    let file = std::fs::read_to_string(bob.data().join("accounts.json")).unwrap();
    assert!(!file.contains("nc_pat_"), "{file}");
    // Ended on the server, not only forgotten.
    bob.file("old", token.trim());
    bob.run(&["whoami", "--server", &server.origin, "--token-file", "old"]).failed(6);
}

#[test]
fn an_admin_gives_and_takes_tokens_in_their_own_company_only() {
    let server = Server::acme();
    let ann = server.signed_in(server.token("ann").trim());
    let bob = server.signed_in(server.token("bob").trim());
    bob.run(&["admin", "token", "ann"]).failed(4);
    bob.run(&["admin", "role", "bob", "admin"]).failed(4);
    // A token must not prolong itself.
    ann.run(&["admin", "token", "ann"]).failed(4);
    ann.run(&["admin", "token", "nobody"]).failed(3);
    ann.run(&["admin", "token", "bob", "--company", "other"]).failed(3);
    let tokens = ann.json(&["admin", "token", "list"]);
    let of = |member: &str, tokens: &Value| -> Vec<String> {
        let rows = tokens.as_array().unwrap().iter().filter(|row| row["member"] == member);
        rows.map(|row| row["id"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!((of("ann", &tokens).len(), of("bob", &tokens).len()), (1, 1));
    assert!(!tokens.to_string().contains("nc_pat_"));
    assert_eq!(bob.run(&["whoami"]).code, 0);
    ann.run(&["admin", "token", "revoke", &of("bob", &tokens)[0]]).ok();
    bob.run(&["whoami"]).failed(6);
    ann.run(&["admin", "token", "revoke", &of("bob", &tokens)[0]]).failed(3);
    // For a whole company, once: those who have one get no second.
    let all = server.operate(&["admin", "token", "--all", "--format", "csv", "--company", "acme"]).ok();
    let rows: Vec<&str> = all.lines().collect();
    assert_eq!(rows[0], "member,name,expires,token");
    assert_eq!(rows.len(), 2, "{all}");
    assert!(rows[1].starts_with("bob,王芳,") && rows[1].contains(",nc_pat_"), "{all}");
    // Roles come and go at once.
    server.operate(&["admin", "role", "ann", "none", "--company", "acme"]).ok();
    ann.run(&["admin", "token", "list"]).failed(4);
}

#[test]
fn a_server_is_asked_before_a_token_is_and_is_named_when_it_is_not_there() {
    let server = Server::acme();
    let user = User::new();
    user.run(&["whoami", "--server", &server.origin]).failed(6);
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    user.run(&["whoami", "--server", &format!("http://{free}")]).failed(7);
    assert_eq!(user.run_with(&["login", &format!("http://{free}")], b"x\n").code, 7);
    assert_eq!(user.run_with(&["login", &server.origin], b"nc_pat_wrong\n").code, 6);
    let said = user.run(&["whoami", "--server", "http://card.example.com"]).failed(2);
    assert!(said.contains("https"), "{said}");
    assert!(!user.data().join("accounts.json").exists(), "what did not work is not kept");
}

#[test]
fn what_would_lie_open_is_refused_before_anything_is_made() {
    let user = User::new();
    for (arguments, word) in [
        (vec!["serve", "--listen", "0.0.0.0:0"], "--behind-proxy"),
        (vec!["serve", "--listen", "127.0.0.1:0", "--public-url", "http://card.example.com"], "https"),
        (vec!["serve", "--listen", "127.0.0.1:0", "--public-url", "ftp://card.example.com"], "https://"),
        (vec!["serve", "--listen", "127.0.0.1:0", "--public-url", "https://card.example.com/a"], "host"),
        (vec!["serve", "--database", "mysql:x", "--listen", "127.0.0.1:0"], "sqlite:FILE"),
    ] {
        let said = user.run(&arguments).failed(2);
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(user.dir.path()).unwrap().count(), 0, "nothing is left behind");
}

#[test]
fn one_process_serves_a_database() {
    let server = Server::start(User::new(), &["--public-url", "https://card.example.com"]);
    let second = server.admin.run(&["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:co.db"]);
    let said = second.failed(1);
    assert!(said.contains("co.db"), "{said}");
}

#[test]
fn namecards_show_the_public_address() {
    let admin = User::new();
    admin.file("people.csv", PEOPLE);
    let server = Server::start(admin, &["--public-url", "https://card.example.com"]);
    server.operate(&["admin", "company", "create", "acme", "--name", "Acme"]).ok();
    server.operate(&["import", "people.csv", "--company", "acme"]).ok();
    let bob = server.signed_in(server.token("bob").trim());
    let card = bob.json(&["card"]);
    let link = card["link"].as_str().unwrap();
    assert!(link.starts_with("HTTPS://CARD.EXAMPLE.COM/C/"), "{link}");
    assert_eq!(card["local_only"], false);
    assert!(link.len() <= 61);
}

#[test]
fn whoever_a_file_says_has_left_or_does_not_name_is_signed_out() {
    for (file, more) in [
        ("id,name,status\nann,Ann Lee,\nbob,王芳,left\n", vec![]),
        ("id,name\nann,Ann Lee\n", vec!["--remove-missing"]),
    ] {
        let server = Server::acme();
        let bob = server.signed_in(server.token("bob").trim());
        let link = bob.json(&["card"])["link"].as_str().unwrap().to_owned();
        server.admin.file("fewer.csv", file);
        let import = [&["import", "fewer.csv", "--company", "acme"], &more[..]].concat();
        server.operate(&import).ok();
        bob.run(&["whoami"]).failed(6);
        let ann = server.signed_in(server.token("ann").trim());
        ann.run(&["show", "bob"]).failed(3);
        let live = server.operate(&["admin", "token", "list", "--company", "acme", "--format", "json"]).ok();
        assert!(live.contains("\"ann\"") && !live.contains("\"bob\""), "{live}");
        let (_, rest) = link.split_once("//").unwrap();
        let (at, path) = rest.split_once('/').unwrap();
        assert_eq!(status(at, &format!("/{path}")), 404, "{link}");
    }
}

/// The status of an answer to a browser.
fn status(at: &str, path: &str) -> u16 {
    use std::io::{Read as _, Write as _};
    let mut stream = std::net::TcpStream::connect(at).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {at}\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.split(' ').nth(1).unwrap().parse().unwrap()
}
