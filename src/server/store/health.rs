//! Whether a database is whole, and which schema it has. Read beside whoever serves it.

use std::path::Path;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::StoreError;

/// What a look at a database found.
#[derive(Debug)]
pub(crate) struct Found {
    /// Level of its schema; 0 for a database that is none of ours.
    pub(crate) schema: i64,
    /// What the engine complains of, at most so much.
    pub(crate) damage: Vec<String>,
}

/// Looks at the database in a file. Nothing is written, and an older or newer schema stays as it is.
pub(crate) async fn look(path: &Path) -> Result<Found, StoreError> {
    let mut conn = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .busy_timeout(Duration::from_secs(5))
        .connect()
        .await?;
    let said: Result<Vec<String>, sqlx::Error> =
        sqlx::query_scalar("PRAGMA quick_check(20)").fetch_all(&mut conn).await;
    let damage = match said {
        Ok(lines) => lines.into_iter().filter(|line| line != "ok").collect(),
        // So much is wrong that it cannot even be looked through.
        Err(error) => vec![error.to_string()],
    };
    let schema = sqlx::query_scalar("SELECT COALESCE(MAX(version), 0) FROM _sqlx_migrations")
        .fetch_one(&mut conn)
        .await;
    Ok(Found { schema: schema.unwrap_or(0), damage })
}
