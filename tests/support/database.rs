//! The database behind a server, looked into and damaged from outside it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use sha2::{Digest as _, Sha256};
use sqlx::sqlite::{SqliteConnectOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Column as _, Connection as _, Row as _, SqliteConnection, ValueRef as _};

use super::World;

pub struct Database(pub SqliteConnection);

impl World {
    /// A connection of one's own to the server's database.
    pub async fn database(&self) -> Database {
        Database::open(&self.dir.path().join("namecard.db")).await
    }
}

impl Database {
    pub async fn open(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file);
        Self(SqliteConnection::connect_with(&options).await.unwrap())
    }

    /// Without changing a byte of it.
    pub async fn look_into(file: &Path) -> Self {
        let options = SqliteConnectOptions::new().filename(file).read_only(true);
        Self(SqliteConnection::connect_with(&options).await.unwrap())
    }

    /// Puts away what lies beside the file.
    pub async fn close(self) {
        self.0.close().await.unwrap();
    }

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

    /// The chain of a company's audit log, computed anew from what stands in its rows; the number of the
    /// first row that does not fit.
    pub async fn first_bad_row(&mut self, company: i64) -> Option<i64> {
        let rows = self.rows(&format!("SELECT * FROM audit WHERE company = {company} ORDER BY seq")).await;
        let mut prev = vec![0; 32];
        for (at, row) in rows.iter().enumerate() {
            let seq: i64 = row.get("seq");
            let mut sealed = b"nc-audit-1".to_vec();
            sealed.extend_from_slice(&prev);
            let mut field = |value: Option<Vec<u8>>| {
                sealed.push(u8::from(value.is_some()));
                let value = value.unwrap_or_default();
                sealed.extend_from_slice(&(value.len() as u64).to_be_bytes());
                sealed.extend_from_slice(&value);
            };
            let number = |value: Option<i64>| value.map(|value| value.to_be_bytes().to_vec());
            let words = |name: &str| row.get::<Option<String>, _>(name).map(String::into_bytes);
            field(number(Some(seq)));
            field(number(Some(row.get("at"))));
            for name in ["actor", "action", "object", "old_state", "new_state"] {
                field(words(name));
            }
            field(number(row.get("policy_version")));
            field(words("call"));
            let hash = Sha256::digest(&sealed).to_vec();
            let fits = seq == at as i64 + 1
                && row.get::<Vec<u8>, _>("prev") == prev
                && row.get::<Vec<u8>, _>("hash") == hash;
            if !fits {
                return Some(seq);
            }
            prev = hash;
        }
        let kept =
            self.rows(&format!("SELECT audit_seq, audit_hash FROM companies WHERE sk = {company}")).await;
        let whole = kept[0].get::<i64, _>(0) == rows.len() as i64 && kept[0].get::<Vec<u8>, _>(1) == prev;
        if whole { None } else { Some(rows.len() as i64 + 1) }
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
