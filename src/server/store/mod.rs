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
pub(crate) mod blocks;
pub(crate) mod cards;
pub(crate) mod check;
pub(crate) mod companies;
pub(crate) mod contacts;
pub(crate) mod copy;
pub(crate) mod counters;
pub(crate) mod departments;
mod error;
pub(crate) mod grants;
pub(crate) mod handovers;
pub(crate) mod health;
pub(crate) mod imports;
pub(crate) mod introductions;
pub(crate) mod known;
pub(crate) mod linked;
pub(crate) mod links;
pub(crate) mod members;
pub(crate) mod migrate;
pub(crate) mod outbox;
pub(crate) mod policies;
pub(crate) mod relations;
pub(crate) mod replies;
pub(crate) mod requests;
pub(crate) mod sessions;
pub(crate) mod settings;
pub(crate) mod settings_of;
pub(crate) mod staging;
pub(crate) mod tidy;
pub(crate) mod visible;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sqlx::pool::PoolOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, Transaction};
use tokio::sync::{Notify, watch};

use self::policies::Policies;
use super::events::Hub;
use super::policy::Policy;
use crate::domain::Time;
pub use error::StoreError;
use migrate::{CHANGES, SchemaChange};

/// The engine.
pub(crate) type Db = sqlx::Sqlite;
/// A connection to it.
pub(crate) type Conn = sqlx::SqliteConnection;
/// A row of an answer.
pub(crate) type Row = sqlx::sqlite::SqliteRow;

/// Bytes that the write-ahead log may keep on the disk between checkpoints.
const JOURNAL_LIMIT: &str = "67108864";
/// Pages in the write-ahead log after which a commit puts them back into the database.
const CHECKPOINT_PAGES: u32 = 1_000;
/// How long a statement waits for another program's lock.
const BUSY: Duration = Duration::from_secs(5);

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
    policies: Policies,
    commits: Arc<AtomicU64>,
    /// Woken by each commit.
    written: Arc<Notify>,
    /// Rows that were added to audit logs.
    sealed: watch::Sender<u64>,
}

/// How each connection is set up.
fn options(path: &Path, durability: Durability) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(match durability {
            Durability::Full => SqliteSynchronous::Full,
            Durability::Scratch => SqliteSynchronous::Off,
        })
        .foreign_keys(true)
        .busy_timeout(BUSY)
        .pragma("trusted_schema", "OFF")
        .pragma("secure_delete", "ON")
        .pragma("journal_size_limit", JOURNAL_LIMIT)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES.to_string())
        .statement_cache_capacity(200)
        .row_buffer_size(512)
}

/// No connection is ever closed for being old or idle: that would wake an idle program.
fn pool(most: u32) -> PoolOptions<Db> {
    PoolOptions::new()
        .max_connections(most)
        .min_connections(0)
        .idle_timeout(None)
        .max_lifetime(None)
        .test_before_acquire(false)
        .acquire_timeout(Duration::from_secs(30))
        .after_release(|conn: &mut Conn, _| {
            Box::pin(async move {
                // The engine itself ends a transaction in which the disk is full or fails. The library
                // then still counts it, and would never begin another one on this connection.
                conn.ping().await?;
                Ok(!conn.is_in_transaction())
            })
        })
}

impl Store {
    /// Opens the database file, makes it when it is missing, and brings its schema up to date.
    pub(crate) async fn open(path: &Path, durability: Durability) -> Result<Self, StoreError> {
        let store = Self::open_at(path, durability, CHANGES).await?;
        let mut tx = store.write(&Hub::default(), Time::from_micros(0)).await?;
        if known::fill_in(&mut tx).await? {
            tx.commit().await?;
        }
        Ok(store)
    }

    /// Opens the database file at the schema that these changes lead to.
    pub(crate) async fn open_at(
        path: &Path,
        durability: Durability,
        changes: &[SchemaChange],
    ) -> Result<Self, StoreError> {
        let options = options(path, durability);
        let writer = pool(1).connect_with(options.clone()).await?;
        let store = Self {
            path: path.to_owned(),
            policies: Policies::default(),
            commits: Arc::default(),
            writer,
            readers: pool(4).connect_lazy_with(options.pragma("query_only", "ON").create_if_missing(false)),
            written: Arc::default(),
            sealed: watch::Sender::default(),
        };
        let changed = async { migrate::run(&mut *store.writer.acquire().await?, path, changes).await };
        if let Err(error) = changed.await {
            // Whoever is told finds the files as they were, and nothing beside them.
            store.close().await;
            return Err(error);
        }
        Ok(store)
    }

    /// A consistent view: what is read through it is of one moment.
    pub(crate) async fn read(&self) -> Result<Read, StoreError> {
        Ok(Read { tx: self.readers.begin_with("BEGIN").await?, policies: self.policies.clone() })
    }

    /// Begins a change. Waits for the one that is under way.
    pub(crate) async fn write(&self, hub: &Hub, now: Time) -> Result<Write, StoreError> {
        let tx = self.writer.begin_with("BEGIN IMMEDIATE").await?;
        let (written, commits) = (Arc::clone(&self.written), Arc::clone(&self.commits));
        let policies = self.policies.clone();
        Ok(Write {
            tx,
            hub: hub.clone(),
            policies,
            sealed: 0,
            sealed_rows: self.sealed.clone(),
            written,
            now,
            heads: Vec::new(),
            deadlines: false,
            commits,
        })
    }

    /// How often anything was changed. What was read after one change and before the next is still true.
    pub(crate) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Acquire)
    }

    /// Counts the rows that are added to audit logs, once they are durable.
    pub(crate) fn sealed(&self) -> watch::Receiver<u64> {
        self.sealed.subscribe()
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
        // A connection whose transaction failed was thrown away, with what was attached to it.
        let attached: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM pragma_database_list WHERE name = 'staging'")
                .fetch_one(&mut *conn)
                .await?;
        if attached == 1 {
            sqlx::query("DETACH DATABASE staging").execute(&mut *conn).await?;
        }
        Ok(())
    }

    /// Moves what was written out of the journal into the database, while others go on reading and writing.
    pub(crate) async fn checkpoint(&self) -> Result<(), StoreError> {
        let mut reader = self.readers.acquire().await?;
        let moved = sqlx::query("PRAGMA wal_checkpoint(PASSIVE)").fetch_one(&mut *reader).await;
        drop(reader);
        let mut conn = self.writer.acquire().await?;
        sqlx::query(sql!("PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")).execute(&mut *conn).await?;
        moved?;
        Ok(())
    }

    /// Waits for the running write, then closes every connection.
    pub(crate) async fn close(&self) {
        self.readers.close().await;
        if let Ok(mut conn) = self.writer.acquire().await {
            tidy::tidy(&mut conn).await;
        }
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
    written: Arc<Notify>,
    now: Time,
    /// Companies whose outbox grew, with their new heads.
    heads: Vec<(i64, i64)>,
    deadlines: bool,
    commits: Arc<AtomicU64>,
    /// Rows added to audit logs.
    sealed: u64,
    sealed_rows: watch::Sender<u64>,
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

    /// Makes durable what nobody may remember otherwise: when a session was used.
    pub(crate) async fn commit_quietly(self) -> Result<(), StoreError> {
        self.tx.commit().await?;
        self.written.notify_one();
        Ok(())
    }

    /// Makes the change durable, then wakes whoever listens.
    pub(crate) async fn commit(self) -> Result<(), StoreError> {
        let committed = self.tx.commit().await;
        // Whatever came of it: nobody goes on with what they remember.
        self.commits.fetch_add(1, Ordering::AcqRel);
        committed?;
        self.written.notify_one();
        if self.sealed > 0 {
            self.sealed_rows.send_modify(|rows| *rows += self.sealed);
        }
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
    use std::path::Path;

    use super::{Conn, Durability, Store, StoreError, migrate};
    use crate::domain::Time;
    use crate::server::events::Hub;

    async fn open(path: &Path) -> Store {
        Store::open(path, Durability::Full).await.unwrap()
    }

    async fn pragma(conn: &mut Conn, name: &str) -> String {
        let value = sqlx::query(sql!("PRAGMA {name}")).fetch_one(conn).await.unwrap();
        use sqlx::Row as _;
        match value.try_get::<i64, _>(0) {
            Ok(number) => number.to_string(),
            Err(_) => value.get(0),
        }
    }

    #[tokio::test]
    async fn every_connection_is_set_up_as_it_has_to_be() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("namecard.db")).await;
        let (hub, now) = (Hub::default(), Time::from_micros(1));
        let mut writer = store.write(&hub, now).await.unwrap();
        let mut reader = store.read().await.unwrap();
        for (conn, query_only) in [(writer.conn(), "0"), (reader.conn(), "1")] {
            for (name, value) in [
                ("journal_mode", "wal"),
                ("synchronous", "2"),
                ("foreign_keys", "1"),
                ("busy_timeout", "5000"),
                ("trusted_schema", "0"),
                ("secure_delete", "1"),
                ("journal_size_limit", "67108864"),
                ("wal_autocheckpoint", "1000"),
                ("query_only", query_only),
            ] {
                assert_eq!(pragma(conn, name).await, value, "{name}");
            }
        }
        let tables: Vec<String> = sqlx::query_scalar(
            "SELECT name FROM pragma_table_list
             WHERE schema = 'main' AND type = 'table' AND strict = 0 AND name NOT LIKE 'sqlite%'",
        )
        .fetch_all(reader.conn())
        .await
        .unwrap();
        assert_eq!(tables, ["_sqlx_migrations"], "all of our own are strict");
    }

    /// The engine itself ends a transaction in which the disk is full; the connection must not be used as
    /// if it had not.
    #[tokio::test]
    async fn a_full_disk_ends_one_write_and_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir.path().join("namecard.db")).await;
        let (hub, now) = (Hub::default(), Time::from_micros(1));
        let fill = "INSERT INTO settings VALUES ($1, hex(randomblob(2000)))";
        for round in 0..3 {
            let mut tx = store.write(&hub, now).await.unwrap();
            let pages: i64 = pragma(tx.conn(), "page_count").await.parse().unwrap();
            sqlx::query(sql!("PRAGMA max_page_count = {}", pages + 3)).execute(tx.conn()).await.unwrap();
            let mut rows = 0;
            let stopped = loop {
                let row = format!("{round} {rows}");
                if let Err(error) = sqlx::query(fill).bind(row).execute(tx.conn()).await {
                    break StoreError::from(error);
                }
                rows += 1;
            };
            assert!(matches!(stopped, StoreError::Full) && rows > 0, "{stopped:?}");
            drop(tx);
            // Room comes back: the next write is as good as any.
            let mut tx = store.write(&hub, now).await.unwrap();
            sqlx::query("PRAGMA max_page_count = 1000000").execute(tx.conn()).await.unwrap();
            sqlx::query(fill).bind(format!("{round} again")).execute(tx.conn()).await.unwrap();
            tx.commit().await.unwrap();
        }
        let mut read = store.read().await.unwrap();
        let rows: i64 =
            sqlx::query_scalar("SELECT COUNT(*) FROM settings").fetch_one(read.conn()).await.unwrap();
        assert_eq!(rows, 3, "nothing is left of what was not committed");
        assert_eq!(migrate::fits(read.conn(), migrate::CHANGES).await.unwrap(), migrate::newest());
    }
}
