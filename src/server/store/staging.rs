//! An import on its way in, in a database file of its own beside the server's: nobody waits while it is
//! filled, and nothing is left of it when the file goes.
//!
//! What is prepared is numbered so that it can be before anything is written: departments and members who
//! are there have their hidden keys, new ones are numbered down from -1.

use std::fs;
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{Connection as _, QueryBuilder, Row as _};

use super::{Conn, Db, StoreError};
use crate::config::beside;
use crate::domain::RefusedRow;

const TABLES: &str = "
CREATE TABLE totals (rows INTEGER NOT NULL, bytes INTEGER NOT NULL) STRICT;
INSERT INTO totals VALUES (0, 0);

-- What was sent, checked as far as a row can be alone.
CREATE TABLE rows (
    n INTEGER PRIMARY KEY,
    line INTEGER NOT NULL,
    -- Null for a department, and for an id that is none.
    id TEXT,
    -- Whom they report to; empty for nobody, null where the row says nothing.
    manager TEXT,
    -- The row as JSON.
    row TEXT NOT NULL,
    -- What is wrong with it as JSON; null for a good one.
    faults TEXT
) STRICT;

-- What is to be written.
CREATE TABLE departments (
    department INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    path TEXT NOT NULL,
    parent INTEGER,
    name TEXT NOT NULL,
    english_name TEXT,
    ord INTEGER NOT NULL
) STRICT;
CREATE TABLE ancestors (department INTEGER NOT NULL, ancestor INTEGER NOT NULL) STRICT;
CREATE TABLE members (
    member INTEGER PRIMARY KEY,
    id TEXT NOT NULL,
    id_key TEXT NOT NULL,
    name TEXT NOT NULL,
    alias TEXT,
    title TEXT,
    external_title TEXT,
    phones TEXT NOT NULL,
    emails TEXT NOT NULL,
    office TEXT,
    status TEXT NOT NULL,
    manager INTEGER,
    attributes TEXT NOT NULL,
    -- Where they stand as it is shown.
    places TEXT NOT NULL,
    -- How the name is drawn.
    look TEXT NOT NULL,
    -- Null leaves it as it is.
    special_role TEXT
) STRICT;
CREATE TABLE places (
    member INTEGER NOT NULL,
    department INTEGER NOT NULL,
    place INTEGER NOT NULL,
    leader INTEGER NOT NULL,
    ord INTEGER NOT NULL
) STRICT;
CREATE TABLE keys (member INTEGER PRIMARY KEY, keys TEXT NOT NULL) STRICT;
-- Whose cards, tokens and sessions end, and who of them is taken out.
CREATE TABLE ends (member INTEGER PRIMARY KEY, gone INTEGER NOT NULL) STRICT;
";

/// Tables of what is prepared.
const PREPARED: [&str; 6] = ["departments", "ancestors", "members", "places", "keys", "ends"];

/// Rows of one statement. A statement of this size is prepared once and kept.
const PIECE: usize = 250;

/// The file of an import.
pub(crate) struct Staging {
    conn: Conn,
}

/// Where the rows of an import are staged.
pub(crate) fn path(database: &Path, import: i64) -> PathBuf {
    beside(database, &format!(".import-{import}"))
}

/// Takes the file away.
pub(crate) fn remove(database: &Path, import: i64) {
    // When it cannot be taken away now, the next import tries again.
    let _ = fs::remove_file(path(database, import));
}

/// Takes away the files of imports that are not among these.
pub(crate) fn sweep(database: &Path, live: &[i64]) {
    let (Some(folder), Some(name)) = (database.parent(), database.file_name().and_then(|name| name.to_str()))
    else {
        return;
    };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        let number = entry
            .file_name()
            .to_str()
            .and_then(|file| file.strip_prefix(name)?.strip_prefix(".import-")?.parse().ok());
        if let Some(import) = number
            && !live.contains(&import)
        {
            remove(database, import);
        }
    }
}

/// A row as it is staged.
#[derive(Debug)]
pub(crate) struct StagedRow {
    pub(crate) line: u64,
    pub(crate) id: Option<String>,
    pub(crate) manager: Option<String>,
    pub(crate) row: String,
    pub(crate) faults: Option<String>,
}

/// What is known of a row before it is read.
#[derive(Debug, Deserialize)]
pub(crate) struct RowHead {
    pub(crate) n: i64,
    pub(crate) line: u64,
    pub(crate) id: Option<String>,
    pub(crate) manager: Option<String>,
    pub(crate) faults: Option<Vec<RefusedRow>>,
}

/// A department that is to be made.
#[derive(Clone, Debug)]
pub(crate) struct NewDepartment {
    pub(crate) department: i64,
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) name: String,
    pub(crate) english_name: Option<String>,
    pub(crate) ord: i64,
    /// Itself and every department above it, from the root down.
    pub(crate) ancestors: Vec<i64>,
}

/// A member who is to be written: columns as they are stored.
#[derive(Clone, Debug)]
pub(crate) struct Written {
    pub(crate) member: i64,
    pub(crate) id: String,
    pub(crate) id_key: String,
    pub(crate) name: String,
    pub(crate) alias: Option<String>,
    pub(crate) title: Option<String>,
    pub(crate) external_title: Option<String>,
    pub(crate) phones: String,
    pub(crate) emails: String,
    pub(crate) office: Option<String>,
    pub(crate) status: &'static str,
    pub(crate) manager: Option<i64>,
    pub(crate) attributes: String,
    pub(crate) special_role: Option<&'static str>,
    /// How the name is drawn.
    pub(crate) look: String,
    pub(crate) keys: String,
    /// Department, whether they lead it, order; the main one first.
    pub(crate) places: Vec<(i64, bool, i64)>,
    /// The same as it is shown.
    pub(crate) places_text: String,
}

impl Staging {
    /// Makes the file of an import that was begun.
    pub(crate) async fn create(database: &Path, import: i64) -> Result<(), StoreError> {
        let path = path(database, import);
        let make = || {
            // One of a number that was never committed may lie there.
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
            fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)
        };
        make().map_err(StoreError::Staging)?;
        let mut staging = Self::open(database, import).await?;
        sqlx::raw_sql(TABLES).execute(&mut staging.conn).await?;
        staging.close().await
    }

    /// Opens the file. What a power failure loses of it is sent again by whoever sent it.
    pub(crate) async fn open(database: &Path, import: i64) -> Result<Self, StoreError> {
        let options = SqliteConnectOptions::new()
            .filename(path(database, import))
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Memory)
            .synchronous(SqliteSynchronous::Off)
            .pragma("trusted_schema", "OFF")
            .row_buffer_size(512);
        Ok(Self { conn: Conn::connect_with(&options).await? })
    }

    /// Lets go of the file.
    pub(crate) async fn close(self) -> Result<(), StoreError> {
        Ok(self.conn.close().await?)
    }

    /// Everything up to [`commit`](Self::commit) is there as a whole or not at all.
    pub(crate) async fn begin(&mut self) -> Result<(), StoreError> {
        sqlx::query("BEGIN").execute(&mut self.conn).await?;
        Ok(())
    }

    /// Keeps what was done since [`begin`](Self::begin).
    pub(crate) async fn commit(&mut self) -> Result<(), StoreError> {
        sqlx::query("COMMIT").execute(&mut self.conn).await?;
        Ok(())
    }

    /// Rows and bytes that were staged.
    pub(crate) async fn totals(&mut self) -> Result<(i64, i64), StoreError> {
        let row = sqlx::query("SELECT rows, bytes FROM totals").fetch_one(&mut self.conn).await?;
        Ok((row.try_get("rows")?, row.try_get("bytes")?))
    }

    /// Stages rows behind the ones that are there. Returns the totals.
    pub(crate) async fn add(&mut self, rows: &[StagedRow], bytes: i64) -> Result<(i64, i64), StoreError> {
        let (mut n, _) = self.totals().await?;
        for piece in rows.chunks(PIECE) {
            let mut query: QueryBuilder<Db> =
                QueryBuilder::new("INSERT INTO rows (n, line, id, manager, row, faults) ");
            query.push_values(piece, |mut values, row| {
                n += 1;
                values
                    .push_bind(n)
                    .push_bind(i64::try_from(row.line).unwrap_or(i64::MAX))
                    .push_bind(row.id.as_deref())
                    .push_bind(row.manager.as_deref())
                    .push_bind(row.row.as_str())
                    .push_bind(row.faults.as_deref());
            });
            query.build().persistent(piece.len() == PIECE).execute(&mut self.conn).await?;
        }
        sqlx::query("UPDATE totals SET rows = $1, bytes = bytes + $2")
            .bind(n)
            .bind(bytes)
            .execute(&mut self.conn)
            .await?;
        self.totals().await
    }

    /// What is known of the rows after `after`, at most `limit` of them: a list of [`RowHead`]s as JSON.
    pub(crate) async fn heads(&mut self, after: i64, limit: i64) -> Result<String, StoreError> {
        let row = "json_object('n', n, 'line', line, 'id', id, 'manager', manager, 'faults', json(faults))";
        let list = super::json_list(
            row,
            "FROM rows WHERE n > $1 AND (id IS NOT NULL OR faults IS NOT NULL) ORDER BY n LIMIT $2 + 0",
        );
        let heads = sqlx::query_scalar(sql!("{list}")).bind(after).bind(limit);
        Ok(heads.fetch_one(&mut self.conn).await?)
    }

    /// The good rows of people after `after`, at most `limit` of them: a list of numbers and checked rows as
    /// JSON.
    pub(crate) async fn people(&mut self, after: i64, limit: i64) -> Result<String, StoreError> {
        let list = super::json_list(
            "'[' || n || ',' || row || ']'",
            "FROM rows WHERE n > $1 AND id IS NOT NULL AND faults IS NULL ORDER BY n LIMIT $2 + 0",
        );
        let rows = sqlx::query_scalar(sql!("{list}")).bind(after).bind(limit);
        Ok(rows.fetch_one(&mut self.conn).await?)
    }

    /// The good rows of departments.
    pub(crate) async fn departments(&mut self) -> Result<Vec<String>, StoreError> {
        Ok(sqlx::query_scalar("SELECT row FROM rows WHERE id IS NULL AND faults IS NULL ORDER BY n")
            .fetch_all(&mut self.conn)
            .await?)
    }

    /// Forgets what was prepared.
    pub(crate) async fn clear(&mut self) -> Result<(), StoreError> {
        for table in PREPARED {
            sqlx::query(sql!("DELETE FROM {table}")).execute(&mut self.conn).await?;
        }
        Ok(())
    }

    /// Prepares departments that are to be made, parents first.
    pub(crate) async fn put_departments(&mut self, new: &[NewDepartment]) -> Result<(), StoreError> {
        for piece in new.chunks(PIECE) {
            let mut query: QueryBuilder<Db> = QueryBuilder::new(
                "INSERT INTO departments (department, id, path, parent, name, english_name, ord) ",
            );
            query.push_values(piece, |mut row, department| {
                row.push_bind(department.department)
                    .push_bind(department.id.as_str())
                    .push_bind(department.path.as_str())
                    .push_bind(department.ancestors.iter().nth_back(1).copied())
                    .push_bind(department.name.as_str())
                    .push_bind(department.english_name.as_deref())
                    .push_bind(department.ord);
            });
            query.build().persistent(piece.len() == PIECE).execute(&mut self.conn).await?;
        }
        let pairs: Vec<(i64, i64)> = new
            .iter()
            .flat_map(|new| new.ancestors.iter().map(|ancestor| (new.department, *ancestor)))
            .collect();
        for piece in pairs.chunks(PIECE) {
            let mut query: QueryBuilder<Db> =
                QueryBuilder::new("INSERT INTO ancestors (department, ancestor) ");
            query.push_values(piece, |mut row, (department, ancestor)| {
                row.push_bind(*department).push_bind(*ancestor);
            });
            query.build().persistent(piece.len() == PIECE).execute(&mut self.conn).await?;
        }
        Ok(())
    }

    /// Prepares members with their places and keys.
    pub(crate) async fn put_members(&mut self, members: &[Written]) -> Result<(), StoreError> {
        for piece in members.chunks(PIECE) {
            let mut query: QueryBuilder<Db> = QueryBuilder::new(
                "INSERT INTO members (member, id, id_key, name, alias, title, external_title, phones, emails,
                    office, status, manager, attributes, places, look, special_role) ",
            );
            query.push_values(piece, |mut row, member| {
                row.push_bind(member.member)
                    .push_bind(member.id.as_str())
                    .push_bind(member.id_key.as_str())
                    .push_bind(member.name.as_str())
                    .push_bind(member.alias.as_deref())
                    .push_bind(member.title.as_deref())
                    .push_bind(member.external_title.as_deref())
                    .push_bind(member.phones.as_str())
                    .push_bind(member.emails.as_str())
                    .push_bind(member.office.as_deref())
                    .push_bind(member.status)
                    .push_bind(member.manager)
                    .push_bind(member.attributes.as_str())
                    .push_bind(member.places_text.as_str())
                    .push_bind(member.look.as_str())
                    .push_bind(member.special_role);
            });
            query.build().persistent(piece.len() == PIECE).execute(&mut self.conn).await?;
        }
        let places: Vec<(i64, i64, (i64, bool, i64))> = members
            .iter()
            .flat_map(|member| (0..).zip(&member.places).map(|(at, place)| (member.member, at, *place)))
            .collect();
        for piece in places.chunks(PIECE) {
            let mut query: QueryBuilder<Db> =
                QueryBuilder::new("INSERT INTO places (member, department, place, leader, ord) ");
            query.push_values(piece, |mut row, (member, at, (department, leader, ord))| {
                row.push_bind(*member)
                    .push_bind(*department)
                    .push_bind(*at)
                    .push_bind(super::flag(*leader))
                    .push_bind(*ord);
            });
            query.build().persistent(piece.len() == PIECE).execute(&mut self.conn).await?;
        }
        let keys: Vec<(i64, &str)> =
            members.iter().map(|member| (member.member, member.keys.as_str())).collect();
        self.put_keys(&keys).await
    }

    /// Prepares what search finds members by.
    pub(crate) async fn put_keys(&mut self, keys: &[(i64, &str)]) -> Result<(), StoreError> {
        for piece in keys.chunks(PIECE) {
            let mut query: QueryBuilder<Db> = QueryBuilder::new("INSERT OR IGNORE INTO keys (member, keys) ");
            query.push_values(piece, |mut row, (member, keys)| {
                row.push_bind(*member).push_bind(*keys);
            });
            query.build().persistent(piece.len() == PIECE).execute(&mut self.conn).await?;
        }
        Ok(())
    }

    /// Prepares whose cards, tokens and sessions end; with `gone` they are taken out of the directory.
    pub(crate) async fn put_ends(&mut self, members: &[i64], gone: bool) -> Result<(), StoreError> {
        for piece in members.chunks(PIECE) {
            let mut query: QueryBuilder<Db> = QueryBuilder::new("INSERT INTO ends (member, gone) ");
            query.push_values(piece, |mut row, member| {
                row.push_bind(*member).push_bind(super::flag(gone));
            });
            query.build().persistent(piece.len() == PIECE).execute(&mut self.conn).await?;
        }
        Ok(())
    }
}
