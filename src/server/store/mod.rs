//! The store: one writer, several readers, and everything that one change writes in one transaction.
//!
//! Queries are grouped by what they are about, one file each. They name the engine only through
//! [`Db`] and [`Conn`], so that another engine can read the same SQL.

/// A statement put together from constants of this folder. Values are always bound, never interpolated.
macro_rules! sql {
    ($($part:tt)*) => { sqlx::AssertSqlSafe(format!($($part)*)) };
}

pub(crate) mod audit;
pub(crate) mod blocks;
pub(crate) mod cards;
pub(crate) mod companies;
pub(crate) mod contacts;
pub(crate) mod counters;
pub(crate) mod departments;
pub(crate) mod grants;
pub(crate) mod handovers;
pub(crate) mod imports;
pub(crate) mod introductions;
pub(crate) mod known;
pub(crate) mod linked;
pub(crate) mod links;
pub(crate) mod members;
pub(crate) mod outbox;
pub(crate) mod policies;
pub(crate) mod relations;
pub(crate) mod replies;
pub(crate) mod requests;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod settings_of;
pub(crate) mod visible;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{SqlSafeStr as _, Transaction};

use self::policies::Policies;
use super::events::Hub;
use super::policy::Policy;
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
    (2, "boundary", include_str!("migrations/sqlite/0002_boundary.sql")),
];

/// Most pages the write-ahead log keeps on disk between checkpoints.
const JOURNAL_LIMIT: &str = "67108864";

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
    writer: sqlx::Pool<Db>,
    readers: sqlx::Pool<Db>,
    policies: Policies,
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
            writer,
            readers: pool(4).connect_lazy_with(options.pragma("query_only", "ON").create_if_missing(false)),
            policies: Policies::default(),
        };
        if store.migrate().await? {
            let mut tx = store.write(&Hub::default(), Time::from_micros(0)).await?;
            known::fill_in(&mut tx).await?;
            tx.commit().await?;
        }
        Ok(store)
    }

    /// Brings the schema up to date. Returns whether there was something to do.
    async fn migrate(&self) -> Result<bool, StoreError> {
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
                return Ok(false);
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
            .map_err(|error| StoreError::Migrate(error.to_string()))?;
        Ok(true)
    }

    /// A consistent view: what is read through it is of one moment.
    pub(crate) async fn read(&self) -> Result<Read, StoreError> {
        Ok(Read { tx: self.readers.begin().await?, policies: self.policies.clone() })
    }

    /// Begins a change. Waits for the one that is under way.
    pub(crate) async fn write(&self, hub: &Hub, now: Time) -> Result<Write, StoreError> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let policies = self.policies.clone();
        Ok(Write { tx, hub: hub.clone(), policies, now, heads: Vec::new(), deadlines: false })
    }

    /// Waits for the running write, then closes every connection.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }
}

/// A connection with what was read of policies: a view or a change.
pub(crate) trait Reading: Send {
    /// The connection, for queries.
    fn conn(&mut self) -> &mut Conn;

    /// Policies that were looked up.
    fn policies(&self) -> Policies;
}

impl Reading for Read {
    fn conn(&mut self) -> &mut Conn {
        &mut self.tx
    }

    fn policies(&self) -> Policies {
        self.policies.clone()
    }
}

impl Reading for Write {
    fn conn(&mut self) -> &mut Conn {
        &mut self.tx
    }

    fn policies(&self) -> Policies {
        self.policies.clone()
    }
}

/// A consistent view.
pub(crate) struct Read {
    tx: Transaction<'static, Db>,
    policies: Policies,
}

impl Read {
    /// The connection, for queries.
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.tx
    }

    /// The policy in force of a company.
    pub(crate) async fn policy(&mut self, company: i64) -> Result<Arc<Policy>, StoreError> {
        self.policies.of(&mut self.tx, company).await
    }
}

/// A change in the making. Dropped without [`commit`](Self::commit) it leaves no trace.
pub(crate) struct Write {
    tx: Transaction<'static, Db>,
    hub: Hub,
    policies: Policies,
    now: Time,
    /// Companies whose outbox grew, with their new heads.
    heads: Vec<(i64, i64)>,
    deadlines: bool,
}

impl Write {
    /// The connection, for queries.
    pub(crate) fn conn(&mut self) -> &mut Conn {
        &mut self.tx
    }

    /// The policy in force of a company.
    pub(crate) async fn policy(&mut self, company: i64) -> Result<Arc<Policy>, StoreError> {
        self.policies.of(&mut self.tx, company).await
    }

    /// The moment at which this change happens.
    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// Moves the moment at which this change happens.
    pub(crate) fn set_now(&mut self, now: Time) {
        self.now = now;
    }

    /// Makes the change durable, then wakes whoever listens.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        self.tx.commit().await?;
        for (company, head) in self.heads {
            self.hub.advance(company, head);
        }
        if self.deadlines {
            self.hub.deadlines_changed();
        }
        Ok(())
    }
}

/// A boolean of the domain as the store holds it.
pub(crate) const fn flag(value: bool) -> i64 {
    if value { 1 } else { 0 }
}
