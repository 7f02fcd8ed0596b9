//! Several people on one company's server, each at a terminal of their own.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use super::program::User;
use super::program::server::{PEOPLE, Server};
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

/// In the clear: the server says so, or the client knows. The mark is there with and without colours.
#[test]
fn what_passes_in_the_clear_is_marked() {
    let admin = User::new();
    admin.file("people.csv", PEOPLE);
    let server = Server::start(admin, &["--insecure-http"]);
    server.operate(&["admin", "company", "create", "acme", "--name", "Acme"]).ok();
    server.operate(&["import", "people.csv", "--company", "acme"]).ok();
    let bob = server.signed_in(server.token("bob").trim());
    for arguments in [&[][..], &["--no-color"], &["--lang", "zh-CN"]] {
        let screen = Terminal::open(&bob, 100, 30, arguments);
        screen.shows(if arguments.contains(&"zh-CN") { "明文 HTTP" } else { "INSECURE HTTP" });
    }
    // Narrow, it goes last.
    Terminal::open(&bob, 50, 20, &[]).shows("INSECURE HTTP");
    let at = server.origin.trim_start_matches("http://");
    let card = bob.json(&["card"])["link"].as_str().unwrap().to_owned();
    let path = card.rsplit_once("/C/").map(|(_, token)| format!("/C/{token}")).unwrap();
    for page in [path.as_str(), &format!("{path}?for=business"), &format!("{path}?for=personal"), "/nothing"]
    {
        let body = browse(at, page, None).body;
        assert!(body.contains("This page came in the clear"), "{page}: {body}");
    }

    // The server believes itself safe; this client reaches it in the clear.
    let server = Server::acme_with(&["--host", "0.0.0.0"]);
    let beyond = server.origin.replace("127.0.0.1", "0.0.0.0");
    let bob = server.signed_in(server.token("bob").trim());
    at_work(&bob).until("no mark", |picture| !picture.contains("INSECURE"));
    bob.file("token", server.token("bob").trim());
    bob.file("allows.toml", format!("[client]\nallow_insecure_http = [\"{beyond}\"]\n"));
    let arguments =
        ["--server", &beyond, "--token-file", "token", "--insecure-http", "--config", "allows.toml"];
    let screen = Terminal::open(&bob, 100, 30, &arguments);
    screen.shows("INSECURE HTTP");
    let at = server.origin.trim_start_matches("http://");
    assert!(!browse(at, "/nothing", None).body.contains("in the clear"));
}

/// Stands between a client and a server, and changes what the server says of its level.
fn between(server: &str) -> (String, Arc<AtomicBool>, Arc<Mutex<Vec<TcpStream>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    let server = server.trim_start_matches("http://").to_owned();
    let newer = Arc::new(AtomicBool::new(false));
    let open = Arc::new(Mutex::new(Vec::new()));
    let (changed, streams) = (Arc::clone(&newer), Arc::clone(&open));
    std::thread::spawn(move || {
        for client in listener.incoming().map_while(Result::ok) {
            let server = TcpStream::connect(&server).unwrap();
            streams.lock().unwrap().push(client.try_clone().unwrap());
            let (mut up, mut down) = (client.try_clone().unwrap(), server.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut up, &mut down));
            let (mut up, mut down) = (server, client);
            let changed = Arc::clone(&changed);
            std::thread::spawn(move || {
                let mut piece = [0; 64 * 1024];
                while let Ok(read @ 1..) = up.read(&mut piece) {
                    let mut bytes = piece[..read].to_vec();
                    let said = b"namecard-api: 1-1";
                    if changed.load(Ordering::SeqCst)
                        && let Some(at) = bytes.windows(said.len()).position(|part| part == said)
                    {
                        bytes[at..at + said.len()].copy_from_slice(b"namecard-api: 7-9");
                    }
                    if down.write_all(&bytes).is_err() {
                        return;
                    }
                }
                let _ = down.shutdown(std::net::Shutdown::Both);
            });
        }
    });
    (origin, newer, open)
}

#[test]
fn a_server_that_becomes_too_new_is_named_so_and_what_is_typed_stays() {
    let server = Server::acme();
    let (origin, newer, open) = between(&server.origin);
    let bob = User::new();
    assert_eq!(bob.run_with(&["login", &origin], server.token("bob").as_bytes()).code, 0);
    let mut screen = at_work(&bob);
    screen.press("1/wang");
    screen.shows("/ wang");
    // It is updated: connections end, and what answers next is another one.
    newer.store(true, Ordering::SeqCst);
    open.lock().unwrap().drain(..).for_each(|stream| drop(stream.shutdown(std::net::Shutdown::Both)));
    screen.shows("The server is newer");
    screen.shows("/ wang");
    newer.store(false, Ordering::SeqCst);
    screen.until("the server's being understood again", |picture| {
        !picture.contains("The server is newer") && picture.contains("/ wang") && picture.contains("live")
    });
}

#[test]
fn a_token_is_typed_unseen_and_whoever_breaks_off_gets_the_terminal_back() {
    let server = Server::acme();
    let (user, token) = (User::new(), server.token("bob"));
    user.file("memory.toml", "[auth]\nstore = \"memory\"\n");
    let memory = ["--config", "memory.toml"];
    let mut login = Terminal::open(&user, 100, 30, &[&memory[..], &["login", &server.origin]].concat());
    login.sends(b"Token (it is not shown): ");
    login.press("x\u{7f}");
    login.press(&format!("{}\r", token.trim()));
    assert_eq!(login.ends(), 0);
    login.is_restored();
    assert!(login.picture().contains("Bob") || login.picture().contains("王芳"), "{}", login.picture());
    assert!(!login.picture().contains("nc_pat_"), "{}", login.picture());
    // It is kept nowhere: the screen asks before it takes the terminal.
    let mut screen = Terminal::open(&user, 100, 30, &memory);
    screen.sends(b"Token (it is not shown): ");
    screen.press(&format!("{}\r", token.trim()));
    screen.shows("live");
    screen.press("q");
    assert_eq!(screen.ends(), 0);
    screen.is_restored();
    let mut broken_off = Terminal::open(&user, 100, 30, &memory);
    broken_off.sends(b"Token (it is not shown): ");
    broken_off.press("nc\u{3}");
    assert_eq!(broken_off.ends(), 130);
    broken_off.is_restored();
}

/// The terminal is asked what it can, and answers as this test does.
#[test]
fn a_doctor_asks_the_terminal_and_waits_for_none_that_is_silent() {
    let user = User::new();
    let mut screen = Terminal::open(&user, 110, 40, &["doctor"]);
    screen.sends(b"\x1b[c");
    screen.press("\x1b[?1006;2$y\x1b[?62;52;22c");
    screen.shows("All is well.");
    let picture = screen.picture();
    for good in ["110 x 40", "256 colours", "takes what is copied", "reports the mouse", "en_GB.UTF-8"] {
        assert!(picture.contains(good), "{good}: {picture}");
    }
    assert!(!picture.contains("does not say") && !picture.contains("1006"), "{picture}");
    assert_eq!(screen.ends(), 0);
    assert!(!user.data().exists(), "nothing is made for it");
    let mut silent = Terminal::with(&user, 110, 40, &["doctor"], &[("LC_ALL", "C")]);
    silent.shows("1 thing is wrong.");
    assert!(silent.picture().contains("does not say whether it takes what is copied"));
    assert!(silent.picture().contains("LC_ALL=C is not UTF-8"), "{}", silent.picture());
    assert_eq!(silent.ends(), 1);
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

#[test]
fn two_terminals_of_two_companies_reach_each_other_by_a_picture() {
    let server = Server::acme();
    server.admin.file("north.csv", "id,name,external_title\nnia,Nia Nkosi,Buyer 采购\n");
    server.operate(&["admin", "company", "create", "northgrid", "--name", "Northgrid 北网"]).ok();
    server.operate(&["import", "north.csv", "--company", "northgrid"]).ok();
    let token = server.operate(&["admin", "token", "nia", "--company", "northgrid"]).ok();
    let (ann, nia) = (server.signed_in(server.token("ann").trim()), server.signed_in(token.trim()));
    nia.run(&["qr", "--as", "png", "--out", "card.png"]).ok();
    let picture = std::fs::read(nia.dir.path().join("card.png")).unwrap();
    ann.file("Nia's card", &picture);

    let (mut asks, decides) = (at_work(&ann), at_work(&nia));
    // An address is no way to her: refused before a word was typed, and nothing was sent.
    asks.press("+nia@northgrid.example");
    asks.shows("Rule EXT-03");
    asks.press("\u{1b}");
    asks.until("the wizard's going", |picture| !picture.contains("Reach somebody"));
    // Her code is, whatever the picture's name.
    asks.press("I");
    asks.shows("nothing is opened");
    asks.press(&ann.dir.path().join("Nia's card").to_string_lossy());
    asks.shows("Nia Nkosi");
    asks.shows("Allowed");
    asks.press("\r");
    asks.shows("What for");
    asks.press("the fair 展会\rhall 3\r");
    asks.shows("Request sent.");
    decides.shows("Ann Lee");
    // Asked again, it is the request that is there: taken back from where that is said.
    let link = nia.json(&["card"])["link"].as_str().unwrap().to_owned();
    asks.press("+");
    asks.press(&link);
    asks.shows("is open already");
    asks.press("\r");
    asks.shows("> 1");
    asks.press("2");
    asks.shows("Request taken back.");
    decides.shows("[3 Approvals 0]");
    assert_eq!(nia.json(&["requests"]), serde_json::json!([]));
}
