//! Data that cannot be worked with: the screen says why, and leaves with an exit code that says it too.

use std::fs;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};

use super::program::User;
use super::pty::{Terminal, demo};

/// Shows the sentence, and again behind the screen.
fn says(user: &User, word: &str) {
    let mut terminal = Terminal::open(user, 100, 30, &[]);
    terminal.shows(word);
    terminal.shows("R tries again");
    terminal.press("q");
    assert_eq!(terminal.ends(), 1);
    terminal.is_restored();
    terminal.shows("namecard: ");
    terminal.shows(word);
}

#[test]
fn data_that_is_no_data_is_said_and_is_left_alone() {
    let user = User::new();
    fs::create_dir_all(user.data()).unwrap();
    let place = user.data().join("namecard.db");
    fs::write(&place, "a letter").unwrap();
    says(&user, "is not a database of namecard");
    assert_eq!(fs::read_to_string(&place).unwrap(), "a letter");
    fs::remove_file(&place).unwrap();
    fs::create_dir(&place).unwrap();
    says(&user, "cannot be opened");
}

#[test]
fn data_of_a_newer_version_is_said() {
    let user = demo();
    let change = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                  VALUES (99, 'later', 1, x'00', 0)";
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let options = SqliteConnectOptions::new().filename(user.data().join("namecard.db"));
        let mut conn = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::raw_sql(change).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    });
    says(&user, "written by a newer version of namecard");
}
