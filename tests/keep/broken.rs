//! Files that are not what they should be, and databases that somebody else holds: a sentence, exit code
//! 1, and nothing changed. The screen is in `tests/terminal`.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use super::block;
use super::http::{Call, ask};
use super::program::User;
use super::program::server::Server;
use super::support::database::Database;
use super::support::{World, acme_rows};

/// A database of the made-up world, to be bent.
fn world() -> Vec<u8> {
    let user = User::new();
    user.run(&["whoami"]).ok();
    fs::read(user.data().join("namecard.db")).unwrap()
}

async fn bend(file: &Path, sql: &str) {
    let mut database = Database::open(file).await;
    database.run(sql).await;
    database.close().await;
}

#[test]
fn a_file_that_cannot_be_worked_with_is_named_and_left_alone() {
    let good = world();
    let mut damaged = good.clone();
    // Everything but the first page.
    damaged[4096..].iter_mut().for_each(|byte| *byte ^= 0x5a);
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (99, 'later', 1, x'00', 0)";
    let altered = "UPDATE _sqlx_migrations SET checksum = x'00'";
    for (content, sql, word) in [
        (Some(b"This is a letter and no database at all.\n".to_vec()), "", "is not a database"),
        (Some(damaged), "", "is damaged"),
        (Some(good.clone()), newer, "newer version"),
        (Some(good), altered, "another build"),
        (None, "", "cannot be opened"),
    ] {
        let user = User::new();
        fs::create_dir_all(user.data()).unwrap();
        for (place, command) in [
            (user.data().join("namecard.db"), vec!["whoami"]),
            (
                user.dir.path().join("co.db"),
                vec!["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:co.db"],
            ),
        ] {
            match &content {
                Some(content) => fs::write(&place, content).unwrap(),
                None => fs::create_dir(&place).unwrap(),
            }
            if !sql.is_empty() {
                block(bend(&place, sql));
            }
            let before = content.as_ref().map(|_| fs::read(&place).unwrap());
            let said = user.run(&command).failed(1);
            assert!(said.contains(word) && said.lines().count() == 1, "{command:?}: {said}");
            let after = content.as_ref().map(|_| fs::read(&place).unwrap());
            assert!(before == after, "{command:?}: {word}: the file is another one");
        }
    }
    let user = User::new();
    let nowhere = ["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:no/where/co.db"];
    assert!(user.run(&nowhere).failed(1).contains("no/where/co.db"));
}

/// Runs a command in a directory that cannot be written: not even by root, where there is root.
fn where_nothing_can_be_written(user: &User, arguments: &[&str]) -> (i32, String) {
    let dir = user.dir.path();
    let output = if rustix::process::geteuid().is_root() {
        let mount = "mount -o bind,ro \"$1\" \"$1\" && cd \"$1\" && shift && exec \"$0\" \"$@\"";
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", mount, env!("CARGO_BIN_EXE_namecard")]).arg(dir).args(arguments);
        command.env_clear().envs(user.variables()).env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.stdin(Stdio::null()).output().unwrap()
    } else {
        use std::os::unix::fs::PermissionsExt as _;
        let places = [dir.to_owned(), user.data()];
        let set = |mode| {
            places.iter().for_each(|place| {
                fs::set_permissions(place, fs::Permissions::from_mode(mode)).unwrap();
            });
        };
        set(0o500);
        let output = user.command(arguments).stdin(Stdio::null()).output().unwrap();
        set(0o700);
        output
    };
    (output.status.code().unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let user = User::new();
    user.run(&["whoami"]).ok();
    let made = Server::start(user, &[]);
    let (user, ..) = made.stop();
    for arguments in [
        vec!["whoami"],
        vec!["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:co.db"],
        vec!["admin", "backup", "b", "--database", "sqlite:co.db"],
    ] {
        let (code, said) = where_nothing_can_be_written(&user, &arguments);
        assert_eq!(code, 1, "{arguments:?}: {said}");
        let named = said.contains(".db") || said.contains("b cannot be written");
        assert!(named && said.lines().count() == 1, "{arguments:?}: {said}");
    }
    user.run(&["whoami"]).ok();
}

#[test]
fn a_locked_database_is_busy_and_then_it_is_not() {
    let server = Server::acme();
    let token = server.token("ann");
    let card = Call::new("PUT", "/v1/card")
        .with("authorization", format!("Bearer {}", token.trim()))
        .sending("application/json", "{}");
    let whoami = Call::new("GET", "/v1/me").with("authorization", format!("Bearer {}", token.trim()));
    let mut other = block(Database::open(&server.database()));
    block(other.run("BEGIN EXCLUSIVE"));
    let refused = ask(server.at(), &card);
    assert_eq!((refused.status, refused.header("retry-after")), (503, "1"));
    assert!(refused.body.contains("\"unavailable\""), "{}", refused.body);
    assert_eq!(ask(server.at(), &whoami).status, 200, "who only reads does not wait");
    block(other.run("COMMIT"));
    assert_eq!(ask(server.at(), &card).status, 200);
}

#[test]
fn a_database_that_somebody_keeps_locked_is_not_opened() {
    let user = User::new();
    user.run(&["whoami"]).ok();
    let (user, ..) = Server::start(user, &[]).stop();
    for (place, command) in [
        (user.data().join("namecard.db"), vec!["whoami"]),
        (
            user.dir.path().join("co.db"),
            vec!["serve", "--listen", "127.0.0.1:0", "--database", "sqlite:co.db"],
        ),
    ] {
        block(async {
            let mut other = Database::open(&place).await;
            other.run("PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE; CREATE TABLE x (y); ROLLBACK").await;
            let said = user.run(&command).failed(1);
            assert!(said.contains("locked by another program"), "{command:?}: {said}");
        });
    }
    user.run(&["whoami"]).ok();
}

#[tokio::test]
async fn the_log_is_put_away_when_nobody_writes() {
    let world = World::new().await;
    world.app.start_tasks();
    world.company("acme", "Acme", &acme_rows()).await;
    let ann = world.session("acme", "ann").await;
    let log = world.dir.path().join("namecard.db-wal");
    assert!(fs::metadata(&log).unwrap().len() > 0);
    for _ in 0..6_000 {
        if fs::metadata(&log).unwrap().len() == 0 {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(fs::metadata(&log).unwrap().len(), 0);
    // It goes on as before.
    let card = world.call(&ann, axum::http::Method::PUT, "/v1/card", Some(json!({}))).await;
    assert_eq!(card.status, 200);
    world.app.stop().await;
    assert!(!log.exists());
}
