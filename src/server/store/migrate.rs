//! Schema changes: forward only, each in one transaction, with the database kept as it was before.

use std::path::{Path, PathBuf};

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{Row as _, SqlSafeStr as _};

use super::{Conn, StoreError, copy};
use crate::config::beside;
use crate::domain::DataFault;

/// A change of the schema.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SchemaChange {
    pub(crate) number: i64,
    pub(crate) name: &'static str,
    pub(crate) sql: &'static str,
}

/// Every change, oldest first. A number is never reused and a text never changed.
pub(crate) const CHANGES: &[SchemaChange] = &[
    SchemaChange { number: 1, name: "start", sql: include_str!("migrations/sqlite/0001_start.sql") },
    SchemaChange { number: 2, name: "staging", sql: include_str!("migrations/sqlite/0002_staging.sql") },
    SchemaChange { number: 3, name: "boundary", sql: include_str!("migrations/sqlite/0003_boundary.sql") },
    SchemaChange { number: 4, name: "elsewhere", sql: include_str!("migrations/sqlite/0004_elsewhere.sql") },
];

/// The newest schema that this program knows.
pub(crate) fn newest() -> i64 {
    CHANGES.last().map_or(0, |change| change.number)
}

impl SchemaChange {
    fn migration(&self) -> Migration {
        Migration::new(self.number, self.name.into(), MigrationType::Simple, self.sql.into_sql_str(), false)
    }
}

/// The changes that were made, with the hashes of their texts, oldest first.
async fn made(conn: &mut Conn) -> Result<Vec<(i64, Vec<u8>)>, StoreError> {
    let table: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM sqlite_master WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *conn)
        .await?;
    if table == 0 {
        return Ok(Vec::new());
    }
    let rows = sqlx::query("SELECT version, checksum FROM _sqlx_migrations ORDER BY version")
        .fetch_all(conn)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("version")?, row.try_get("checksum")?))).collect()
}

/// The schema of a database, if these changes lead on from it. A newer one is refused, and one with other
/// changes behind it.
pub(crate) async fn fits(conn: &mut Conn, changes: &[SchemaChange]) -> Result<i64, StoreError> {
    let known = changes.last().map_or(0, |change| change.number);
    let made = made(conn).await?;
    let found = made.last().map_or(0, |(number, _)| *number);
    if found > known {
        return Err(StoreError::Newer { found, known });
    }
    let migrations: Vec<Migration> = changes.iter().map(SchemaChange::migration).collect();
    let same = |(number, hash): &(i64, Vec<u8>)| {
        migrations.iter().any(|known| known.version == *number && *known.checksum == **hash)
    };
    if made.iter().all(same) { Ok(found) } else { Err(StoreError::File(DataFault::Altered)) }
}

/// Brings a database up to date; before that it is kept as it was.
pub(super) async fn run(conn: &mut Conn, path: &Path, changes: &[SchemaChange]) -> Result<(), StoreError> {
    let found = fits(conn, changes).await?;
    if found == changes.last().map_or(0, |change| change.number) {
        return Ok(());
    }
    if found > 0 {
        copy::keep(conn, &kept_before(path, found)).await?;
    }
    let migrations = changes.iter().map(SchemaChange::migration).collect();
    let changed = Migrator::with_migrations(migrations).run_direct(None, conn, false).await;
    changed.map_err(|error| match error {
        sqlx::migrate::MigrateError::Execute(error)
        | sqlx::migrate::MigrateError::ExecuteMigration(error, _) => match StoreError::from(error) {
            StoreError::Engine(error) => StoreError::Migrate(error.to_string()),
            told => told,
        },
        error => StoreError::Migrate(error.to_string()),
    })
}

/// Where the database is kept as it was at a schema.
fn kept_before(path: &Path, schema: i64) -> PathBuf {
    beside(path, &format!(".schema-{schema}"))
}

#[cfg(test)]
mod tests {
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    use super::{CHANGES, SchemaChange, StoreError, kept_before};
    use crate::domain::DataFault;
    use crate::server::store::{Conn, Durability, Store, check, copy};

    /// A change that takes a while: it can be killed in the middle.
    const LONG: SchemaChange = SchemaChange {
        number: 2,
        name: "long",
        sql: "ALTER TABLE settings ADD COLUMN colour TEXT NOT NULL DEFAULT 'grey';
              CREATE TABLE trees (n INTEGER PRIMARY KEY, bytes BLOB NOT NULL) STRICT;
              WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 20000)
              INSERT INTO trees SELECT n, randomblob(400) FROM n;
              UPDATE settings SET colour = 'green'",
    };
    const CHILD: &str = "NAMECARD_TEST_MIGRATES";
    const KILLS: usize = 5;

    fn with(change: SchemaChange) -> Vec<SchemaChange> {
        CHANGES[..1].iter().copied().chain([change]).collect()
    }

    async fn at(path: &Path, changes: &[SchemaChange]) -> Result<(), StoreError> {
        Store::open_at(path, Durability::Full, changes).await?.close().await;
        Ok(())
    }

    /// A database of schema 1 with something in it.
    async fn first(dir: &Path) -> PathBuf {
        let path = dir.join("namecard.db");
        at(&path, &CHANGES[..1]).await.unwrap();
        run(&path, "INSERT INTO settings (name, value) VALUES ('a', '1'), ('b', '2')").await;
        path
    }

    async fn run(path: &Path, sql: &'static str) {
        use sqlx::Connection as _;
        let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path);
        let mut conn = Conn::connect_with(&options).await.unwrap();
        sqlx::raw_sql(sql).execute(&mut conn).await.unwrap();
        conn.close().await.unwrap();
    }

    /// The schema of a whole database, and whether it looks like it.
    async fn schema(path: &Path) -> i64 {
        let mut conn = copy::look_into(path).await.unwrap();
        check::is_whole(&mut conn).await.unwrap();
        let schema = super::made(&mut conn).await.unwrap().last().unwrap().0;
        let count = async |conn: &mut Conn, sql: &'static str| -> i64 {
            sqlx::query_scalar(sql).fetch_one(conn).await.unwrap()
        };
        assert_eq!(count(&mut conn, "SELECT COUNT(*) FROM settings").await, 2);
        let trees = count(&mut conn, "SELECT COUNT(*) FROM sqlite_master WHERE name = 'trees'").await;
        let colour = "SELECT COUNT(*) FROM pragma_table_info('settings') WHERE name = 'colour'";
        let coloured = count(&mut conn, colour).await;
        assert_eq!((trees, coloured), (schema - 1, schema - 1), "all of the change, or nothing of it");
        if schema == 2 {
            assert_eq!(count(&mut conn, "SELECT COUNT(*) FROM trees").await, 20_000);
            assert_eq!(count(&mut conn, "SELECT COUNT(*) FROM settings WHERE colour = 'green'").await, 2);
        }
        schema
    }

    #[tokio::test]
    async fn before_a_change_the_database_is_kept_as_it_was() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let path = first(dir.path()).await;
        let kept = kept_before(&path, 1);
        assert!(!kept.exists(), "a new database had nothing before");
        at(&path, &with(LONG)).await.unwrap();
        assert_eq!((schema(&path).await, schema(&kept).await), (2, 1));
        assert_eq!(std::fs::metadata(&kept).unwrap().permissions().mode() & 0o777, 0o600);
        // The program of before finds it too new; with the kept one it goes on.
        assert!(matches!(at(&path, &CHANGES[..1]).await, Err(StoreError::Newer { found: 2, known: 1 })));
        at(&kept, &CHANGES[..1]).await.unwrap();
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing else is left");
    }

    #[tokio::test]
    async fn a_change_that_fails_leaves_everything_and_says_so() {
        let dir = tempfile::tempdir().unwrap();
        let path = first(dir.path()).await;
        let bad = SchemaChange { sql: "CREATE TABLE trees (n); INSERT INTO nowhere VALUES (1)", ..LONG };
        assert!(matches!(at(&path, &with(bad)).await, Err(StoreError::Migrate(_))));
        assert_eq!(schema(&path).await, 1);
        at(&path, &with(LONG)).await.unwrap();
        assert_eq!(schema(&path).await, 2);
    }

    #[tokio::test]
    async fn a_change_with_another_text_behind_its_number_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = first(dir.path()).await;
        at(&path, &with(LONG)).await.unwrap();
        let other = SchemaChange { sql: "CREATE TABLE bushes (n)", ..LONG };
        let refused = at(&path, &with(other)).await.unwrap_err();
        assert_eq!(refused.data_fault(), Some(DataFault::Altered));
        assert_eq!(schema(&path).await, 2);
    }

    /// Not a test of its own: the process that
    /// [`a_change_that_is_killed_is_there_as_a_whole_or_not_at_all`] kills.
    #[tokio::test]
    #[ignore = "run in a process of its own by another test"]
    async fn migrates_until_it_is_killed() {
        let path = PathBuf::from(std::env::var_os(CHILD).unwrap());
        at(&path, &with(LONG)).await.unwrap();
    }

    #[tokio::test]
    async fn a_change_that_is_killed_is_there_as_a_whole_or_not_at_all() {
        let lengths = |path: &Path| -> u64 {
            let log = std::fs::metadata(format!("{}-wal", path.display()));
            log.map_or(0, |found| found.len())
        };
        // How long the log gets when nobody kills it.
        let mut seen = [0; 2];
        for kill in 0..KILLS {
            let dir = tempfile::tempdir().unwrap();
            let path = first(dir.path()).await;
            let mut child = Command::new(std::env::current_exe().unwrap())
                .args(["--exact", "server::store::migrate::tests::migrates_until_it_is_killed"])
                .args(["--ignored", "--test-threads=1"])
                .env(CHILD, &path)
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            // Killed when the log has come so far; the last time when it is done.
            let until = if kill + 1 == KILLS { u64::MAX } else { kill as u64 * 1_500_000 };
            while child.try_wait().unwrap().is_none() {
                if lengths(&path) > until {
                    child.kill().unwrap();
                }
                std::thread::sleep(std::time::Duration::from_millis(1));
            }
            let found = schema(&path).await;
            seen[usize::try_from(found - 1).unwrap()] += 1;
            if kept_before(&path, 1).exists() {
                assert_eq!(schema(&kept_before(&path, 1)).await, 1);
            }
            at(&path, &with(LONG)).await.unwrap();
            assert_eq!(schema(&path).await, 2);
        }
        assert!(seen[0] > 0 && seen[1] > 0, "the kills came before and after the commit: {seen:?}");
    }
}
