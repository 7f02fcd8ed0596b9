//! The store: one writer, several readers, and everything that one change writes in one transaction.
//!
//! Queries are grouped by what they are about, one file each. They name the engine only through
//! [`Db`] and [`Conn`], so that another engine can read the same SQL. A limit is `$n + 0`: with a bare
//! parameter there SQLite prepares the statement anew each time.

/// A statement put together from constants of this folder. Values are always bound, never interpolated.
macro_rules! sql {
    ($($part:tt)*) => { sqlx::AssertSqlSafe(format!($($part)*)) };
}

pub(crate) mod audit;
pub(crate) mod cards;
pub(crate) mod companies;
pub(crate) mod contacts;
pub(crate) mod departments;
pub(crate) mod health;
pub(crate) mod imports;
pub(crate) mod members;
pub(crate) mod outbox;
pub(crate) mod replies;
pub(crate) mod requests;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod staging;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{SqlSafeStr as _, Transaction};

use super::events::Hub;
use crate::domain::Time;

/// The engine.
pub(crate) type Db = sqlx::Sqlite;
/// A connection to it.
pub(crate) type Conn = sqlx::SqliteConnection;
/// A row of an answer.
pub(crate) type Row = sqlx::sqlite::SqliteRow;

/// Migrations, oldest first. A number is never reused and a text never changed.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (1, "start", include_str!("migrations/sqlite/0001_start.sql")),
    (2, "staging", include_str!("migrations/sqlite/0002_staging.sql")),
];

/// Most bytes that the write-ahead log keeps on disk between checkpoints.
const JOURNAL_LIMIT: &str = "67108864";
/// Pages in the write-ahead log after which whoever writes moves them into the database.
const JOURNAL_PAGES: u32 = 1_000;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The engine says no.
    #[error("the database: {0}")]
    Engine(sqlx::Error),
    /// The disk is full.
    #[error("the disk is full")]
    Full,
    /// Another program holds the database.
    #[error("the database is locked by another program")]
    Busy,
    /// The database was written by a newer version of this program.
    #[error(
        "the database was written by a newer version of namecard (schema {found}, this one knows {known})"
    )]
    Newer {
        /// Schema of the database.
        found: i64,
        /// Newest schema that this program knows.
        known: i64,
    },
    /// The rows of an import cannot be kept beside the database.
    #[error("the file of an import: {0}")]
    Staging(std::io::Error),
    /// A schema change failed.
    #[error("bringing the database up to date: {0}")]
    Migrate(String),
    /// A value that cannot be there is there.
    #[error("the database holds something unexpected: {0}")]
    Unexpected(&'static str),
    /// The operating system gives no random numbers.
    #[error("no random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        // Primary result codes of SQLite: https://sqlite.org/rescode.html
        let code = error
            .as_database_error()
            .and_then(|e| e.code())
            .and_then(|code| code.parse::<i64>().ok())
            .map(|code| code & 0xff);
        match code {
            Some(13) => Self::Full,
            Some(5 | 6) => Self::Busy,
            _ => Self::Engine(error),
        }
    }
}

impl From<serde_json::Error> for StoreError {
    fn from(_: serde_json::Error) -> Self {
        Self::Unexpected("a JSON column")
    }
}

/// How a commit reaches the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// Nothing that was acknowledged is ever lost.
    Full,
    /// For a database that is thrown away when anything goes wrong: seeding, demo worlds.
    Scratch,
}

/// The database of one server.
#[derive(Clone, Debug)]
pub(crate) struct Store {
    path: PathBuf,
    writer: sqlx::Pool<Db>,
    readers: sqlx::Pool<Db>,
    commits: Arc<AtomicU64>,
}

impl Store {
    /// Opens the database file, makes it when it is missing, and brings its schema up to date.
    pub(crate) async fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(match durability {
                Durability::Full => SqliteSynchronous::Full,
                Durability::Scratch => SqliteSynchronous::Off,
            })
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("trusted_schema", "OFF")
            .pragma("secure_delete", "ON")
            .pragma("journal_size_limit", JOURNAL_LIMIT)
            .statement_cache_capacity(200)
            .row_buffer_size(512);
        // No connection is ever closed for being old or idle: that would wake an idle program.
        let pool = |most: u32| {
            PoolOptions::<Db>::new()
                .max_connections(most)
                .min_connections(0)
                .idle_timeout(None)
                .max_lifetime(None)
                .test_before_acquire(false)
                .acquire_timeout(Duration::from_secs(30))
        };
        let writer = pool(1).connect_with(options.clone()).await?;
        let store = Self {
            path: path.to_owned(),
            commits: Arc::default(),
            writer,
            readers: pool(4).connect_lazy_with(options.pragma("query_only", "ON").create_if_missing(false)),
        };
        store.migrate().await?;
        Ok(store)
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let newest = MIGRATIONS.last().map_or(0, |(version, ..)| *version);
        let mut conn = self.writer.acquire().await?;
        let table: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
                .fetch_one(&mut *conn)
                .await?;
        if table == 1 {
            let found: i64 = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations")
                .fetch_one(&mut *conn)
                .await?;
            if found > newest {
                return Err(StoreError::Newer { found, known: newest });
            }
            if found == newest {
                return Ok(());
            }
        }
        let migrations = MIGRATIONS
            .iter()
            .map(|(version, name, sql)| {
                Migration::new(*version, (*name).into(), MigrationType::Simple, sql.into_sql_str(), false)
            })
            .collect();
        Migrator::with_migrations(migrations)
            .run_direct(None, &mut *conn, false)
            .await
            .map_err(|error| StoreError::Migrate(error.to_string()))
    }

    /// A consistent view: what is read through it is of one moment.
    pub(crate) async fn read(&self) -> Result<Read, StoreError> {
        Ok(Read { tx: self.readers.begin().await? })
    }

    /// A connection for one statement, which is a consistent view by itself.
    pub(crate) async fn glance(&self) -> Result<sqlx::pool::PoolConnection<Db>, StoreError> {
        Ok(self.readers.acquire().await?)
    }

    /// Begins a change. Waits for the one that is under way.
    pub(crate) async fn write(&self, hub: &Hub, now: Time) -> Result<Write, StoreError> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let commits = Arc::clone(&self.commits);
        Ok(Write { tx, hub: hub.clone(), now, heads: Vec::new(), deadlines: false, commits })
    }

    /// How often anything was changed. What was read after one change and before the next is still true.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Acquire)
    }

    /// The file of the database.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Shows the rows of an import to whoever writes, until [`detach`](Self::detach). What is written
    /// meanwhile is moved out of the journal by [`checkpoint`](Self::checkpoint), not by a write that others
    /// wait for.
    pub(crate) async fn attach(&self, import: i64) -> Result<(), StoreError> {
        let mut conn = self.writer.acquire().await?;
        sqlx::query("ATTACH DATABASE $1 AS staging")
            .bind(staging::path(&self.path, import).to_string_lossy().as_ref())
            .execute(&mut *conn)
            .await?;
        sqlx::query("PRAGMA wal_autocheckpoint = 0").execute(&mut *conn).await?;
        Ok(())
    }

    /// Lets go of the rows of an import.
    pub(crate) async fn detach(&self) -> Result<(), StoreError> {
        let mut conn = self.writer.acquire().await?;
        sqlx::query("DETACH DATABASE staging").execute(&mut *conn).await?;
        Ok(())
    }

    /// Moves what was written out of the journal into the database, while others go on reading and writing.
    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        let mut reader = self.readers.acquire().await?;
        let moved = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut *reader).await;
        drop(reader);
        let mut conn = self.writer.acquire().await?;
        sqlx::query(sql!("PRAGMA wal_autocheckpoint = {JOURNAL_PAGES}")).execute(&mut *conn).await?;
        moved?;
        Ok(())
    }

    /// Waits for the running write, then closes every connection.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A consistent view.
pub(crate) struct Read {
    tx: Transaction<'static, Db>,
}

impl Read {
    /// The connection, for queries.
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.tx
    }
}

/// A change in the making. Dropped without [`commit`](Self::commit) it leaves no trace.
pub(crate) struct Write {
    tx: Transaction<'static, Db>,
    hub: Hub,
    now: Time,
    /// Companies whose outbox grew, with their new heads.
    heads: Vec<(i64, i64)>,
    deadlines: bool,
    commits: Arc<AtomicU64>,
}

impl Write {
    /// The connection, for queries.
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.tx
    }

    /// The moment at which this change happens.
    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// Moves the moment at which this change happens.
    pub(crate) fn set_now(&mut self, now: Time) {
        self.now = now;
    }

    /// Makes durable what nobody may remember otherwise: when a session was used.
    pub(crate) async fn commit_quietly(self) -> Result<(), StoreError> {
        Ok(self.tx.commit().await?)
    }

    /// Makes the change durable, then wakes whoever listens.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let committed = self.tx.commit().await;
        // Whatever came of it: nobody goes on with what they remember.
        self.commits.fetch_add(1, Ordering::AcqRel);
        committed?;
        for (company, head) in self.heads {
            self.hub.advance(company, head);
        }
        if self.deadlines {
            self.hub.deadlines_changed();
        }
        Ok(())
    }
}

/// A query whose answer is many rows in one text, a JSON list in their order: handing over a row costs more
/// than reading it. `row` makes the JSON of each, `rest` is what follows the columns.
fn json_list(row: &str, rest: &str) -> String {
    format!("SELECT '[' || COALESCE(string_agg(row, ','), '') || ']' FROM (SELECT {row} AS row {rest})")
}

/// A boolean of the domain as the store holds it.
pub(crate) const fn flag(value: bool) -> i64 {
    if value { 1 } else { 0 }
}

#[cfg(test)]
mod tests {
    use sqlx::migrate::Migrator;
    use sqlx::sqlite::SqliteConnectOptions;
    use sqlx::{Connection as _, SqlSafeStr as _};

    use super::{Conn, Durability, MIGRATIONS, Migration, MigrationType, Store};

    #[tokio::test]
    async fn people_of_an_older_database_are_there_in_a_newer_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("old.db");
        let mut old =
            Conn::connect_with(&SqliteConnectOptions::new().filename(&path).create_if_missing(true))
                .await
                .unwrap();
        let (version, name, sql) = MIGRATIONS[0];
        let first = Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false);
        Migrator::with_migrations(vec![first]).run_direct(None, &mut old, false).await.unwrap();
        sqlx::raw_sql(
            "INSERT INTO companies (sk, id, id_key, name, time_zone, made_up, created_at, audit_hash)
             VALUES (1, 'a', 'a', 'A', 'UTC', 0, 0, x'');
             INSERT INTO members (sk, company, id, id_key, name, phones, emails, status, attributes, special_role,
                source_hash, revision)
             VALUES (7, 1, 'Ann', 'ann', 'Ann', '[]', '[]', 'active', '[]', 'admin', x'00', 3);
             INSERT INTO imports (id, company, actor, created_at) VALUES (9, 1, 'operator', 0);
             INSERT INTO staged_rows VALUES (9, 1, '{}');",
        )
        .execute(&mut old)
        .await
        .unwrap();
        old.close().await.unwrap();
        let store = Store::open(&path, Durability::Full).await.unwrap();
        let mut read = store.read().await.unwrap();
        let held = super::imports::held(read.conn(), &[7]).await.unwrap();
        let row = super::imports::read_held(&held).unwrap().remove(0);
        assert_eq!((row.held.id.as_data(), row.special_role.as_str()), ("Ann", "admin"));
        assert!(super::imports::live(read.conn()).await.unwrap().is_empty());
    }
}
