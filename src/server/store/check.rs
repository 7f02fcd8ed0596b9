//! Whether a database is whole.

use std::collections::BTreeMap;

use sqlx::Row as _;

use super::{Conn, StoreError};
use crate::domain::DataFault;

/// Looks through every page and every reference between rows.
pub(crate) async fn is_whole(conn: &mut Conn) -> Result<(), StoreError> {
    let said: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_all(&mut *conn).await?;
    let dangling = sqlx::query("PRAGMA foreign_key_check").fetch_optional(conn).await?;
    if said == ["ok"] && dangling.is_none() { Ok(()) } else { Err(StoreError::File(DataFault::Damaged)) }
}

/// How many rows each table has.
pub(crate) async fn rows(conn: &mut Conn) -> Result<BTreeMap<String, i64>, StoreError> {
    let tables = sqlx::query(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'",
    )
    .fetch_all(&mut *conn)
    .await?;
    let mut rows = BTreeMap::new();
    for table in tables {
        let name: String = table.try_get("name")?;
        // The name of a table cannot be bound.
        let quoted = name.replace('"', "\"\"");
        let count: i64 =
            sqlx::query_scalar(sql!("SELECT COUNT(*) FROM \"{quoted}\"")).fetch_one(&mut *conn).await?;
        rows.insert(name, count);
    }
    Ok(rows)
}
