//! Backups: made while the server is written to, proved, put back.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use serde_json::Value;

use super::crowd::{Dice, begin};
use super::http::{Call, ask};
use super::program::server::Server;
use super::program::{User, shape};
use super::support::database::Database;
use super::{block, wait};

const BACKUPS: usize = 5;

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The path of somebody's card, and whether a visitor finds it open.
fn card_of(server: &Server, member: &str) -> String {
    let token = server.operate(&["admin", "token", member, "--company", "acme"]).ok();
    let card = Call::new("PUT", "/v1/card")
        .with("authorization", format!("Bearer {}", token.trim()))
        .sending("application/json", "{}");
    let link = ask(server.at(), &card).json()["link"].as_str().unwrap().to_owned();
    format!("/C/{}", link.rsplit('/').next().unwrap())
}

fn opens(server: &Server, card: &str) -> u16 {
    ask(server.at(), &Call::new("GET", card)).status
}

#[test]
fn a_backup_made_among_sixteen_writers_comes_back_as_one_moment() {
    let mut dice = Dice::of_run("backup");
    let (server, crowd) = begin(&mut dice);
    let at = server.at().to_owned();
    let working = crowd.work(&at);
    let mut known = Vec::new();
    for n in 0..BACKUPS {
        // Somewhere in the middle of what they do.
        let until = working.count() + 50 + dice.roll(200) as usize;
        wait("more writes", || (working.count() > until).then_some(()));
        known.push(working.acknowledged());
        let name = format!("{n}.backup");
        let done = server.admin.run(&["admin", "backup", &name, "--database", "sqlite:co.db"]);
        assert_eq!(done.code, 0, "{}", done.err);
    }
    let after = working.count();
    wait("that they still write", || (working.count() > after + 16).then_some(()));
    working.stop();
    for (n, known) in known.iter().enumerate() {
        let (name, database) = (format!("{n}.backup"), format!("sqlite:back{n}.db"));
        let file = server.admin.dir.path().join(&name);
        assert_eq!(mode(&file), 0o600);
        server.admin.run(&["admin", "backup", "verify", &name]).ok();
        server.admin.run(&["admin", "restore", &name, "--database", &database]).ok();
        let database = server.admin.dir.path().join(format!("back{n}.db"));
        assert_eq!(mode(&database), 0o600);
        block(async {
            let mut database = Database::look_into(&database).await;
            database.agrees_with_itself().await;
            database.holds(known).await;
        });
    }
    let (admin, code, _) = server.stop();
    assert_eq!(code, 0);
    // Nothing of the making is left.
    let left = std::fs::read_dir(admin.dir.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let left: Vec<_> = left.filter(|name| name.to_str().unwrap().starts_with('.')).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn a_server_comes_back_on_another_machine_with_its_printed_cards() {
    let server = Server::acme();
    let card = card_of(&server, "bob");
    assert_eq!(opens(&server, &card), 200);
    let bob = server.signed_in(server.token("bob").trim());
    let said = server.admin.run(&["admin", "backup", "whole", "--database", "sqlite:co.db"]);
    assert_eq!(said.code, 0);
    assert!(said.out.contains("whole: 2 people") && said.err.contains("key that opens every namecard"));
    // What happens later is not in it.
    let later = card_of(&server, "ann");
    let machine = User::new();
    std::fs::copy(server.admin.dir.path().join("whole"), machine.dir.path().join("whole")).unwrap();
    let refused = server.admin.run(&["admin", "restore", "whole", "--database", "sqlite:co.db", "--force"]);
    assert!(refused.failed(1).contains("is being served"));
    let back = machine.run(&["admin", "restore", "whole", "--database", "sqlite:co.db"]).ok();
    assert!(back.contains("co.db is as it was") && back.contains("prints a new one"), "{back}");
    drop(server);
    let server = Server::start(machine, &[]);
    assert_eq!((opens(&server, &card), opens(&server, &later)), (200, 404));
    // The operator of this machine is a new one; people's own tokens are as good as they were.
    server.operate(&["admin", "company", "create", "other", "--name", "Other"]).ok();
    let token = std::fs::read_to_string(bob.data().join("accounts.json")).unwrap();
    let token: Value = serde_json::from_str(&token).unwrap();
    let token = token.pointer("/accounts/0/token").and_then(Value::as_str).unwrap().to_owned();
    server.admin.file("bob", token);
    let whoami = ["whoami", "--server", &server.origin, "--token-file", "bob", "--format", "json"];
    assert_eq!(server.admin.run(&whoami).json()["id"], "bob");
}

#[test]
fn what_is_there_is_moved_aside_and_followers_start_again() {
    let server = Server::acme();
    let user = server.signed_in(server.token("ann").trim());
    let (admin, ..) = server.stop();
    let backup = |admin: &User, more: &[&str]| {
        admin.run(&[&["admin", "backup", "b", "--database", "sqlite:co.db"], more].concat())
    };
    assert_eq!(backup(&admin, &[]).code, 0);
    assert!(backup(&admin, &[]).failed(1).contains("is there already"));
    let again = backup(&admin, &["--force", "--format", "json"]);
    assert_eq!(again.code, 0);
    shape::assert_shape("admin backup", &[serde_json::from_str(&again.out).unwrap()]);
    let verified = admin.run(&["admin", "backup", "verify", "b", "--format", "json"]).json();
    shape::assert_shape("admin backup", &[verified]);

    let server = Server::start(admin, &[]);
    card_of(&server, "bob");
    let seen = follow(&server, 0)["as_of"].as_i64().unwrap();
    assert_eq!(follow(&server, seen)["reset"], false);
    // Killed, it leaves a log beside the database, which must not be read into the one that comes back.
    let admin = server.kill();
    assert!(admin.dir.path().join("co.db-wal").metadata().unwrap().len() > 0);
    let restore = ["admin", "restore", "b", "--database", "sqlite:co.db"];
    assert!(admin.run(&restore).failed(1).contains("--force"));
    let back = admin.run(&[&restore[..], &["--force"]].concat()).ok();
    assert!(!back.contains("prints a new one"), "the operator's token lies beside it");
    let aside = back.split_whitespace().find(|word| word.contains(".before-restore-")).unwrap();
    let aside = admin.dir.path().join(aside.trim_end_matches('.'));
    assert!(!admin.dir.path().join("co.db-wal").exists());
    let cards = |file: &Path| {
        block(async {
            let mut database = Database::look_into(file).await;
            assert_eq!(database.words("PRAGMA integrity_check").await, ["ok"]);
            database.number("SELECT COUNT(*) FROM cards").await
        })
    };
    assert_eq!((cards(&aside), cards(&admin.dir.path().join("co.db"))), (1, 0));
    let server = Server::start(admin, &[]);
    // As much as happened then, and more: the number that was seen is one of these days again.
    for member in ["bob", "ann"] {
        card_of(&server, member);
    }
    assert_eq!(follow(&server, seen)["reset"], true, "numbers seen before mean something else now");
    assert_eq!(user.run(&["whoami", "--server", &server.origin]).code, 6, "another origin, another token");
}

/// What the first member of the company is told that changed.
fn follow(server: &Server, since: i64) -> Value {
    let token = server.operate(&["admin", "token", "ann", "--company", "acme"]).ok();
    let call = Call::new("GET", format!("/v1/changes?since={since}"));
    ask(server.at(), &call.with("authorization", format!("Bearer {}", token.trim()))).json()
}

#[test]
fn without_its_key_a_backup_waits_for_it() {
    let server = Server::acme();
    let card = card_of(&server, "bob");
    let said =
        server.admin.run(&["admin", "backup", "keyless", "--without-card-key", "--database", "sqlite:co.db"]);
    assert!(said.code == 0 && said.err.contains("co.db.card-key"), "{}", said.err);
    let machine = User::new();
    let key = std::fs::read(server.database().with_extension("db.card-key")).unwrap();
    let file = std::fs::read(server.admin.dir.path().join("keyless")).unwrap();
    assert!(!file.windows(key.len()).any(|bytes| bytes == key), "the key is not in it");
    machine.file("keyless", file);
    let restore = ["admin", "restore", "keyless", "--database", "sqlite:co.db"];
    assert!(machine.run(&restore).failed(1).contains("co.db.card-key is not there"));
    machine.file("co.db.card-key", [7; 32]);
    assert!(machine.run(&restore).failed(1).contains("not the key"));
    assert!(!machine.dir.path().join("co.db").exists());
    machine.file("co.db.card-key", key);
    machine.run(&restore).ok();
    drop(server);
    assert_eq!(opens(&Server::start(machine, &[]), &card), 200);
}

#[test]
fn a_bent_backup_is_refused_and_changes_nothing() {
    let server = Server::acme();
    assert_eq!(server.admin.run(&["admin", "backup", "b", "--database", "sqlite:co.db"]).code, 0);
    let (admin, ..) = server.stop();
    let file = std::fs::read(admin.dir.path().join("b")).unwrap();
    let database = std::fs::read(admin.dir.path().join("co.db")).unwrap();
    let mut dice = Dice::of_run("bent");
    // One byte of every part, and some of everywhere.
    let place = |needle: &[u8]| file.windows(needle.len()).position(|bytes| bytes == needle).unwrap();
    let mut places = vec![
        place(b"\"program\": \"") + 13,
        place(b"\"made_at\": \"") + 14,
        place(b"\"schema\": ") + 10,
        place(b"\"hash\": \"") + 9,
        place(b"card.key") + 600,
        place(b"SQLite format 3") + 5_000,
        file.len() - 1_400,
        file.len() - 1,
    ];
    places.extend((0..12).map(|_| dice.roll(file.len() as u64) as usize));
    for at in places {
        let mut bent = file.clone();
        bent[at] ^= 1;
        admin.file("bent", &bent);
        for command in [
            vec!["admin", "backup", "verify", "bent"],
            vec!["admin", "restore", "bent", "--database", "sqlite:co.db", "--force"],
        ] {
            let done = admin.run(&command);
            assert_eq!((done.code, done.out.as_str()), (1, ""), "byte {at}: {command:?}");
        }
    }
    admin.file("bent", &file[..file.len() / 2]);
    admin.run(&["admin", "backup", "verify", "bent"]).failed(1);
    admin.file("bent", "something else");
    assert!(admin.run(&["admin", "backup", "verify", "bent"]).failed(1).contains("not a backup"));
    admin.run(&["admin", "backup", "verify", "nowhere"]).failed(1);
    assert_eq!(std::fs::read(admin.dir.path().join("co.db")).unwrap(), database);
    // Of a newer version it says so, and does not look further.
    let newer = String::from_utf8_lossy(&file).find("\"schema\": ").unwrap();
    let mut bent = file.clone();
    bent[newer + 10] = b'9';
    admin.file("bent", &bent);
    assert!(admin.run(&["admin", "backup", "verify", "bent"]).failed(1).contains("newer version"));
}

#[test]
fn what_was_changed_around_the_server_is_found_and_kept_all_the_same() {
    let server = Server::acme();
    let card = card_of(&server, "bob");
    let (admin, ..) = server.stop();
    block(async {
        let mut database = Database::open(&admin.dir.path().join("co.db")).await;
        database.run("DROP TRIGGER audit_is_never_changed").await;
        database.run("UPDATE audit SET actor = 'member/2' WHERE seq = 2").await;
    });
    std::fs::write(admin.dir.path().join("co.db.card-key"), [9; 32]).unwrap();
    let done = admin.run(&["admin", "backup", "b", "--database", "sqlite:co.db"]);
    assert_eq!(done.code, 1);
    assert!(done.err.contains("acme does not hold from row 2 on"), "{}", done.err);
    assert!(done.err.contains("Of 1 namecard only 0 open"), "{}", done.err);
    assert!(admin.dir.path().join("b").exists(), "what there is is kept");
    assert_eq!(admin.run(&["admin", "backup", "verify", "b"]).code, 1);
    assert!(!card.is_empty());
}

#[test]
fn ones_own_data_comes_back_with_its_port() {
    let user = User::new();
    user.run(&["whoami"]).ok();
    let link = user.json(&["card"])["link"].clone();
    let done = user.run(&["admin", "backup", "mine"]);
    assert_eq!(done.code, 0, "{}", done.err);
    let other = User::new();
    std::fs::copy(user.dir.path().join("mine"), other.dir.path().join("mine")).unwrap();
    assert!(other.run(&["admin", "restore", "mine"]).ok().contains("is as it was"));
    assert_eq!(other.json(&["card"])["link"], link, "the address on printed cards is the same");
    assert_eq!(other.json(&["contacts"]), user.json(&["contacts"]));
    // On a server of somebody else's there is nothing to copy files from.
    let refused = user.run(&["admin", "backup", "x", "--server", "https://card.example.com"]);
    assert!(refused.failed(2).contains("--database"));
}

#[test]
fn a_signal_ends_a_backup_without_a_trace() {
    let server = Server::acme();
    let (admin, ..) = server.stop();
    block(async {
        let mut database = Database::open(&admin.dir.path().join("co.db")).await;
        // Enough to be in the middle of.
        database
            .run(
                "CREATE TABLE much (n INTEGER PRIMARY KEY, bytes BLOB) STRICT;
                 WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < 60000)
                 INSERT INTO much SELECT n, randomblob(1000) FROM c",
            )
            .await;
        database.close().await;
    });
    let names = || {
        let entries = std::fs::read_dir(admin.dir.path()).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    };
    let before = names();
    let mut child = admin
        .command(&["admin", "backup", "b", "--database", "sqlite:co.db"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    wait("its beginning", || names().iter().any(|name| name.starts_with(".b.")).then_some(()));
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(143));
    let mut left = names();
    // Reading may leave the empty files of a log that is shared.
    left.retain(|name| !name.ends_with("-shm") && !name.ends_with("-wal"));
    assert_eq!(left, before);
}
