//! Databases of every schema that was ever released, opened by this program.

use std::collections::BTreeMap;
use std::fs;

use namecard::domain::Time;
use namecard::server::{Address, App, CardKey, Clock, Disk, Durability, Options, Token, TokenKind};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::support::database::Database;

/// A database of schema 1 with something in every table.
const SCHEMA_1: &str = include_str!("../data/schema-1.sql");
/// The same of schema 3, with requests of every kind; it was made by the program of before schema 4.
const SCHEMA_3: &str = include_str!("../data/schema-3.sql");
/// A while after it was dumped.
const LATER: i64 = 1_780_100_000_000_000;

/// Makes a database from a dump, and opens and closes it with the program of now. What was in it before, and it.
async fn opened(dump: &'static str, dir: &std::path::Path) -> (BTreeMap<String, Vec<String>>, Database) {
    let file = dir.join("namecard.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true).foreign_keys(false);
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(dump).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let before = Database::open(&file).await.content().await;
    let token = Token::random(TokenKind::Operator).unwrap();
    let app = App::open(Options {
        database: file.clone(),
        durability: Durability::Full,
        clock: Clock::manual(Time::from_micros(LATER)),
        disk: Disk::manual(u64::MAX),
        card_key: CardKey::new([7; 32]),
        operator: Some(token.clone()),
        address: Address::local(45_678, false),
        form_waits: false,
    })
    .await
    .unwrap();
    app.stop().await;
    (before, Database::open(&file).await)
}

#[tokio::test]
async fn a_database_of_schema_1_is_opened_at_the_newest() {
    let dir = tempfile::tempdir().unwrap();
    let (before, mut database) = opened(SCHEMA_1, dir.path()).await;
    let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table).collect();
    assert_eq!(empty, ["imports", "staged_rows"], "every other table is tried");
    database.agrees_with_itself().await;
    // What was in it is in it.
    let after = database.content().await;
    for (table, rows) in &before {
        // Rows of an import lie elsewhere from schema 2 on.
        let there = after.get(table).map_or(0, Vec::len);
        assert_eq!(there, rows.len(), "{table}");
    }
    let newest = database.number("SELECT MAX(version) FROM _sqlx_migrations").await;
    let kept = fs::metadata(dir.path().join("namecard.db.schema-1")).is_ok();
    assert_eq!(kept, newest > 1, "it is kept as it was when it is changed");
}

#[tokio::test]
async fn a_database_of_schema_3_is_opened_at_the_newest_and_no_row_changes() {
    let dir = tempfile::tempdir().unwrap();
    let (before, mut database) = opened(SCHEMA_3, dir.path()).await;
    let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table).collect();
    assert_eq!(empty, ["imports"], "every other table is tried");
    let after = database.content().await;
    for (table, rows) in &before {
        for (row, now) in rows.iter().zip(&after[table]) {
            // Columns that came later stand behind.
            assert!(now.starts_with(row.as_str()), "{table}: {row}");
        }
        assert_eq!(after[table].len(), rows.len(), "{table}");
    }
    assert_eq!(database.words("PRAGMA integrity_check").await, ["ok"]);
    assert_eq!(database.rows("PRAGMA foreign_key_check").await.len(), 0);
    for company in database.numbers("SELECT sk FROM companies").await {
        assert_eq!(database.first_bad_row(company).await, None);
    }
    assert!(fs::metadata(dir.path().join("namecard.db.schema-3")).is_ok());
}
