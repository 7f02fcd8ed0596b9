//! A company on its own server: the real `serve`, and people who sign in to it from their own homes.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;

#[cfg(target_os = "linux")]
use crate::keyring::{Bus, Mood};
use crate::program::User;
use crate::program::server::{PEOPLE, Server};
use crate::program::shape::assert_shape;
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
fn several_accounts_are_listed_and_switched() {
    let server = Server::acme();
    let user = User::new();
    let nobody = user.run(&["login"]);
    assert!(nobody.code == 0 && nobody.out.starts_with("*  local") && nobody.err.contains("login URL"));
    let sign_in = |args: &[&str], token: &str| {
        user.run_with(&[&["login", server.origin.as_str()], args].concat(), token.as_bytes())
    };
    let (ann, bob) = (server.token("ann"), server.token("bob"));
    assert_eq!(sign_in(&[], &bob).code, 0);
    // Another's token does not pass for ann's, and changes nothing.
    let said = sign_in(&["--as", "ann"], &bob).failed(1);
    assert!(said.contains("bob's, not ann's"), "{said}");
    assert_eq!(user.json(&["whoami"])["id"], "bob");
    assert_eq!(sign_in(&["--as", "ann"], &ann).code, 0);
    assert_eq!(user.json(&["whoami"])["id"], "ann");
    let accounts = user.json(&["login"]);
    assert_shape("login", accounts.as_array().unwrap());
    let shown: Vec<_> =
        accounts.as_array().unwrap().iter().map(|row| (row["member"].as_str(), &row["in_use"])).collect();
    let (yes, no) = (Value::from(true), Value::from(false));
    assert_eq!(shown, [(Some("ann"), &yes), (Some("bob"), &no), (None, &no)]);
    // Each is known by now: no token is asked for.
    assert_eq!(sign_in(&["--as", "bob"], "").code, 0);
    assert_eq!(user.json(&["whoami"])["id"], "bob");
    let table = user.run(&["login"]).ok();
    assert!(table.starts_with("*  http://") && !table.contains("nc_pat_"), "{table}");
    user.run(&["login", "local"]).ok();
    assert_eq!(user.json(&["login"])[2]["in_use"], true);
    user.run(&["login", "--as", "bob"]).failed(2);
}

/// Signs in with a bus; everything after it may find the same.
#[cfg(target_os = "linux")]
fn with_bus(user: &User, bus: &Bus, args: &[&str], input: &str) -> crate::program::Done {
    let (name, value) = bus.variable();
    user.run_in(&[(name, &value)], args, input.as_bytes())
}

#[test]
#[cfg(target_os = "linux")]
fn a_token_lies_in_the_keyring_and_moves_with_the_setting() {
    let server = Server::acme();
    let (user, bus) = (User::new(), Bus::new());
    let origin = server.origin.as_str();
    let token = server.token("bob");
    let file = || std::fs::read_to_string(user.data().join("accounts.json")).unwrap();
    let done = with_bus(&user, &bus, &["login", origin], &token);
    assert_eq!((done.code, done.err.trim()), (0, "The token is kept in the system's keyring."));
    assert_eq!(bus.kept(), [(origin.to_owned(), token.trim().to_owned())]);
    assert!(!file().contains("nc_pat_"), "{}", file());
    assert!(with_bus(&user, &bus, &["whoami"], "").ok().contains("bob"));
    // Where there is no bus, or a locked keyring, it is said; and a token that is handed in does.
    let said = user.run(&["whoami"]).failed(6);
    assert!(said.contains("keyring") && said.contains("Unlock"), "{said}");
    bus.is(Mood::Locked);
    assert_eq!(with_bus(&user, &bus, &["whoami"], "").failed(6), said);
    assert_eq!(with_bus(&user, &bus, &["logout"], "").failed(6), said);
    user.file("token", token.trim());
    user.run(&["whoami", "--token-file", "token"]).ok();
    user.open_to_all("token");
    assert!(user.run(&["whoami", "--token-file", "token"]).failed(1).contains("chmod 600 token"));
    bus.is(Mood::Open);
    // To the file, and back.
    user.file("file.toml", "[auth]\nstore = \"file\"\n");
    let done = with_bus(&user, &bus, &["login", origin, "--config", "file.toml"], "");
    assert!(done.code == 0 && done.err.contains("accounts.json"), "{}", done.err);
    assert!(bus.kept().is_empty() && file().contains(token.trim()));
    user.run(&["whoami"]).ok();
    assert_eq!(with_bus(&user, &bus, &["login", origin], "").code, 0);
    assert!(bus.kept().len() == 1 && !file().contains("nc_pat_"));
    // Kept nowhere.
    user.file("memory.toml", "[auth]\nstore = \"memory\"\n");
    let done = with_bus(&user, &bus, &["login", origin, "--config", "memory.toml"], "");
    assert!(done.code == 0 && done.err.contains("not kept"), "{}", done.err);
    assert!(bus.kept().is_empty() && !file().contains("nc_pat_"));
    with_bus(&user, &bus, &["whoami"], "").failed(6);
    // And out: it is gone here, and good nowhere.
    assert_eq!(with_bus(&user, &bus, &["login", origin], &token).code, 0);
    assert_eq!(bus.kept().len(), 1);
    with_bus(&user, &bus, &["logout"], "").ok();
    assert!(bus.kept().is_empty() && !file().contains("bob"));
    user.file("token", token.trim());
    user.run(&["whoami", "--server", origin, "--token-file", "token"]).failed(6);
}

#[test]
#[cfg(target_os = "linux")]
fn a_keyring_that_does_not_take_it_is_done_without() {
    let server = Server::acme();
    let token = server.token("bob");
    for (mood, why) in [
        (Mood::Locked, "it is locked"),
        (Mood::Absent, "there is none here"),
        (Mood::Mute, "it does not answer"),
    ] {
        let (user, bus) = (User::new(), Bus::new());
        bus.is(mood);
        let done = with_bus(&user, &bus, &["login", &server.origin], &token);
        assert!(done.code == 0 && done.err.contains(why), "{mood:?}: {}", done.err);
        assert!(done.err.contains("accounts.json") && !done.err.contains("nc_pat_"), "{}", done.err);
        assert_eq!(mode(&user, "data/namecard/accounts.json"), 0o600);
        assert_eq!(user.json(&["whoami"])["id"], "bob");
    }
}

#[test]
fn plain_http_beyond_this_computer_takes_two_words_and_is_marked() {
    let server = Server::acme_with(&["--host", "0.0.0.0"]);
    let user = User::new();
    // Not the loopback address by name, and this computer all the same.
    let beyond = server.origin.replace("127.0.0.1", "0.0.0.0");
    user.file("token", server.token("bob").trim());
    user.file("allows.toml", format!("[client]\nallow_insecure_http = [\"{beyond}/\"]\n"));
    let whoami = |more: &[&str]| {
        user.run(&[&["whoami", "--server", beyond.as_str(), "--token-file", "token"], more].concat())
    };
    for more in [&[][..], &["--insecure-http"], &["--config", "allows.toml"]] {
        let said = whoami(more).failed(2);
        assert!(said.contains("allow_insecure_http") && said.contains("--insecure-http"), "{said}");
    }
    assert!(whoami(&["--insecure-http", "--config", "allows.toml"]).ok().contains("bob"));
    // Only this server was allowed.
    let other = beyond.replace("0.0.0.0", "card.example.com");
    user.run(&["whoami", "--server", &other, "--insecure-http", "--config", "allows.toml"]).failed(2);
    user.file("bad.toml", "[client]\nca_file = \"bad.toml\"\n");
    let said = user.run(&["whoami", "--server", "https://127.0.0.1:1", "--config", "bad.toml"]).failed(1);
    assert!(said.contains("bad.toml holds no certificates"), "{said}");
}

/// A server of another level: what it says is understood, and nothing else.
#[test]
fn a_server_that_is_too_new_or_too_old_is_named_so() {
    for (levels, api, word) in [("7-9", 9, "newer"), ("0-0", 0, "older")] {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let origin = format!("http://{}", listener.local_addr().unwrap());
        std::thread::spawn(move || {
            for mut stream in listener.incoming().map_while(Result::ok) {
                let mut head = [0; 4096];
                let read = stream.read(&mut head).unwrap_or(0);
                let health = head[..read].starts_with(b"GET /v1/health");
                let oldest = levels.split('-').next().unwrap();
                let body = if health {
                    let now = "2026-05-28T20:26:40.000000Z";
                    format!(r#"{{"version":"{api}.0.0","api":{api},"api_oldest":{oldest},"now":"{now}"}}"#)
                } else {
                    r#"{"everything": "else"}"#.to_owned()
                };
                let head = format!("HTTP/1.1 200 OK\r\nnamecard-api: {levels}\r\nconnection: close");
                let (media, length) = ("content-type: application/json", body.len());
                let _ = write!(stream, "{head}\r\n{media}\r\ncontent-length: {length}\r\n\r\n{body}");
            }
        });
        let user = User::new();
        user.file("token", "nc_pat_x");
        for command in [&["whoami"][..], &["requests"], &["watch"]] {
            let args = [command, &["--server", &origin, "--token-file", "token"]].concat();
            let said = user.run(&args).failed(1);
            assert!(said.contains(word) && said.contains("nothing was lost"), "{command:?}: {said}");
        }
        let done = user.run(&["doctor", "--server", &origin, "--token-file", "token", "--format", "json"]);
        assert_eq!(done.code, 1);
        let rows: Value = serde_json::from_str(&done.out).unwrap();
        let of = |check: &str| rows.as_array().unwrap().iter().find(|row| row["check"] == check).unwrap();
        assert_eq!(of("clock")["state"], "bad", "{rows}");
        if api > 0 {
            assert_eq!(of("server")["state"], "bad", "{rows}");
            assert!(of("server")["says"].as_str().unwrap().contains("version 9.0.0"), "{rows}");
            user.run_with(&["login", &origin], b"nc_pat_x").failed(1);
        }
    }
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
    assert_shape("admin token list", tokens.as_array().unwrap());
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
    let another = ann.json(&["admin", "token", "bob"]);
    assert_shape("admin token", another.as_array().unwrap());
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
        (vec!["serve", "--listen", "localhost"], "--listen: server.listen takes an address"),
        (vec!["serve", "--listen", "127.0.0.1:0", "--public-url", "https://card.example.com/a"], "host"),
        (vec!["serve", "--database", "mysql:x", "--listen", "127.0.0.1:0"], "sqlite:FILE"),
    ] {
        let said = user.run(&arguments).failed(2);
        assert!(said.contains(word), "{arguments:?}: {said}");
    }
    assert_eq!(std::fs::read_dir(user.dir.path()).unwrap().count(), 0, "nothing is left behind");
}

/// All that is wrong is said at once, whoever said it, and nothing is made.
#[test]
fn a_server_does_not_start_with_wrong_settings() {
    let user = User::new();
    user.file("server.toml", "[server]\nlisten = \"here\"\nlissen = 1\n[server.tls]\ncert = \"c.pem\"\n");
    let serve = |variables: &[(&str, &str)], args: &[&str]| {
        let mut command = user.command(&[&["serve", "--config", "server.toml"], args].concat());
        let output = command.envs(variables.iter().copied()).output().unwrap();
        assert_eq!(output.stdout, b"");
        (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
    };
    let (code, said) =
        serve(&[("NAMECARD_TRUSTED_PROXIES", "everybody")], &["--public-url", "http://card.example.com"]);
    let places = [
        "server.toml line 2: server.listen takes",
        "server.toml line 3: there is no setting server.lissen (did you mean server.listen?)",
        "server.toml line 5: certificate and key belong together",
        "NAMECARD_TRUSTED_PROXIES: server.trusted_proxies takes",
        "--public-url: http://card.example.com: visitors would",
    ];
    assert_eq!((code, said.lines().count()), (1, places.len()), "{said}");
    for (line, place) in said.lines().zip(places) {
        assert!(line.starts_with(&format!("namecard: {place}")), "{line}");
    }
    user.run(&["serve", "--config", "absent.toml"]).failed(1);
    // A secret that others can read is none, wherever it lies.
    user.file("server.toml", "[server]\nlisten = \"127.0.0.1:0\"\n[server.card_key]\nfile = \"key\"\n");
    user.file("key", [7; 32]);
    user.open_to_all("key");
    user.file("namecard.db.operator-token", "nc_adm_old");
    user.open_to_all("namecard.db.operator-token");
    let (code, said) = serve(&[], &[]);
    assert_eq!((code, said.lines().count()), (1, 2), "{said}");
    assert!(
        said.contains("chmod 600 key") && said.contains("chmod 600 namecard.db.operator-token"),
        "{said}"
    );
    user.file("key", [7; 31]);
    let (code, said) = serve(&[("NAMECARD_OPERATOR_TOKEN", "nc_adm_hunter2")], &[]);
    assert_eq!(code, 1);
    assert!(said.contains("key does not hold a key of 32 bytes"), "{said}");
    assert!(said.contains("NAMECARD_OPERATOR_TOKEN: ") && !said.contains("hunter2"), "{said}");
    let mut left: Vec<_> =
        std::fs::read_dir(user.dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    left.sort();
    assert_eq!(left, ["key", "namecard.db.operator-token", "server.toml"], "nothing is made");
}

#[test]
fn settings_are_read_again_while_it_runs_and_wrong_ones_change_nothing() {
    let admin = User::new();
    admin.file("people.csv", PEOPLE);
    let url = |url: &str| format!("[server]\npublic_url = \"{url}\"\n");
    admin.file("server.toml", url("https://one.example.com"));
    let server = Server::start(admin, &["--config", "server.toml"]);
    server.operate(&["admin", "company", "create", "acme", "--name", "Acme"]).ok();
    server.operate(&["import", "people.csv", "--company", "acme"]).ok();
    let bob = server.signed_in(server.token("bob").trim());
    let link = || bob.json(&["card"])["link"].as_str().unwrap().to_owned();
    assert!(link().starts_with("HTTPS://ONE.EXAMPLE.COM/C/"));
    server.admin.file("server.toml", url("https://two.example.com"));
    server.signal(rustix::process::Signal::HUP);
    server.until_it_says("The settings were read again.");
    assert!(link().starts_with("HTTPS://TWO.EXAMPLE.COM/C/"), "{}", link());
    server.admin.file("server.toml", "[server]\npublic_url = 3\nhosts = 4\n");
    server.signal(rustix::process::Signal::HUP);
    let said = server.until_it_says("Nothing was changed");
    assert!(said.contains("server.toml line 2: ") && said.contains("server.toml line 3: "), "{said}");
    assert_eq!(said.lines().count(), 3, "each once: {said}");
    assert!(link().starts_with("HTTPS://TWO.EXAMPLE.COM/C/"), "{}", link());
    server.admin.file("server.toml", format!("{}insecure_http = true\n", url("https://three.example.com")));
    server.signal(rustix::process::Signal::HUP);
    server.until_it_says("hold from the next start on");
    assert!(link().starts_with("HTTPS://THREE.EXAMPLE.COM/C/"), "{}", link());
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
fn the_operator_is_told_how_the_server_is() {
    let server = Server::acme();
    let report = server.operate(&["admin", "doctor", "--format", "json"]).json();
    assert_shape("admin doctor", std::slice::from_ref(&report));
    assert_eq!((&report["damage"], &report["schema"]), (&serde_json::json!([]), &report["schema_known"]));
    let files = report["files"].as_array().unwrap();
    let uses: Vec<&str> = files.iter().map(|file| file["use"].as_str().unwrap()).collect();
    assert_eq!(uses, ["database", "write_ahead_log", "operator_token", "card_key"]);
    assert!(files.iter().all(|file| file["there"] == true), "{files:?}");
    // The log is made by the engine, with the modes of its database.
    assert!(files.iter().all(|file| file["private"] == true), "{files:?}");
    let bob = server.signed_in(server.token("bob").trim());
    bob.run(&["admin", "doctor"]).failed(4);
    assert_eq!(report["last_backup"], Value::Null);
    server.admin.file("co.db.last-backup", "");
    let report = server.operate(&["admin", "doctor", "--format", "json"]).json();
    assert!(report["last_backup"].is_string(), "{report}");
    let said = server.operate(&["admin", "doctor"]).ok();
    assert!(said.contains("co.db.card-key") && said.ends_with("All is well.\n"), "{said}");

    // What is wrong is said, and what to do.
    server.admin.open_to_all("co.db.card-key");
    let done = server.operate(&["admin", "doctor"]);
    assert_eq!((done.code, done.err.as_str()), (1, ""), "{}", done.out);
    assert!(
        done.out.contains("!!  card-key") && done.out.contains("-> chmod 600 co.db.card-key"),
        "{}",
        done.out
    );
    let (admin, _, _) = server.stop();
    std::fs::remove_file(admin.dir.path().join("co.db.card-key")).unwrap();
    // Not served, and damaged: it is looked at all the same, and left as it is.
    let file = admin.dir.path().join("co.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xa5);
    std::fs::write(&file, &bytes).unwrap();
    let done = admin.run(&["admin", "doctor", "--database", "sqlite:co.db"]);
    assert_eq!((done.code, done.err.as_str()), (1, ""), "{}", done.out);
    for bad in ["!!  database", "!!  card-key"] {
        assert!(done.out.contains(bad), "{bad}: {}", done.out);
    }
    assert_eq!(std::fs::read(&file).unwrap(), bytes);
    admin.run(&["admin", "doctor", "--database", "mysql:x"]).failed(2);
    admin.run(&["admin", "doctor", "--database", "sqlite:none.db"]).failed(1);
    assert!(!admin.dir.path().join("none.db").exists());
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
