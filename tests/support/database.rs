//! The database behind a server, looked into and damaged from outside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Row as _, SqliteConnection, ValueRef as _};

use super::World;

pub struct Database(pub SqliteConnection);

impl World {
    /// A connection of one's own to the server's database.
    pub async fn database(&self) -> Database {
        let options = SqliteConnectOptions::new().filename(self.dir.path().join("namecard.db"));
        Database(SqliteConnection::connect_with(&options).await.unwrap())
    }
}

impl Database {
    pub async fn run(&mut self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned())).execute(&mut self.0).await.unwrap();
    }

    pub async fn number(&mut self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_one(&mut self.0).await.unwrap()
    }

    pub async fn numbers(&mut self, sql: &str) -> Vec<i64> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.0).await.unwrap()
    }

    pub async fn words(&mut self, sql: &str) -> Vec<String> {
        sqlx::query_scalar(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.0).await.unwrap()
    }

    pub async fn rows(&mut self, sql: &str) -> Vec<SqliteRow> {
        sqlx::query(AssertSqlSafe(sql.to_owned())).fetch_all(&mut self.0).await.unwrap()
    }

    pub async fn tables(&mut self) -> Vec<String> {
        self.words(
            "SELECT name FROM sqlite_master
             WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name NOT LIKE '\\_sqlx%' ESCAPE '\\'
             ORDER BY name",
        )
        .await
    }

    /// Every row of every table as text.
    pub async fn content(&mut self) -> BTreeMap<String, Vec<String>> {
        let mut content = BTreeMap::new();
        for table in self.tables().await {
            let rows = self.rows(&format!("SELECT * FROM {table} ORDER BY rowid")).await;
            content.insert(table, rows.iter().map(shown).collect());
        }
        content
    }
}

fn shown(row: &SqliteRow) -> String {
    let mut text = String::new();
    for (at, column) in row.columns().iter().enumerate() {
        let value = row.try_get_raw(at).unwrap();
        let value = if value.is_null() {
            "null".to_owned()
        } else if let Ok(number) = row.try_get::<i64, _>(at) {
            number.to_string()
        } else if let Ok(words) = row.try_get::<String, _>(at) {
            format!("{words:?}")
        } else {
            format!("{:02x?}", row.get::<Vec<u8>, _>(at))
        };
        write!(text, "{}={value} ", column.name()).unwrap();
    }
    text
}
