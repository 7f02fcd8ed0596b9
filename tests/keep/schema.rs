//! Databases of every schema that was ever released, opened by this program.

use std::fs;

use namecard::domain::Time;
use namecard::server::{Address, App, CardKey, Clock, Disk, Durability, Options, Token, TokenKind};
use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::support::database::Database;

/// A database of schema 1 with something in every table.
const SCHEMA_1: &str = include_str!("../data/schema-1.sql");
/// A while after it was dumped.
const LATER: i64 = 1_780_100_000_000_000;

#[tokio::test]
async fn a_database_of_schema_1_is_opened_at_the_newest() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("namecard.db");
    let options = SqliteConnectOptions::new().filename(&file).create_if_missing(true).foreign_keys(false);
    let mut conn = sqlx::SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::raw_sql(SCHEMA_1).execute(&mut conn).await.unwrap();
    conn.close().await.unwrap();
    let before = Database::open(&file).await.content().await;
    let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table).collect();
    assert_eq!(empty, ["imports", "staged_rows"], "every other table is tried");

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
    let mut database = Database::open(&file).await;
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
