//! A consistent copy of a database that is in use.

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::{BUSY, Conn, StoreError};
use crate::config::Scratch;
use crate::domain::DataFault;

/// A connection that changes nothing, to a database that another process may be serving.
pub(crate) async fn look_into(path: &Path) -> Result<Conn, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true).busy_timeout(BUSY);
    Ok(Conn::connect_with(&options).await?)
}

/// Writes what is committed now into a new file. Writers are not held up.
pub(crate) async fn write(conn: &mut Conn, file: &Path) -> Result<(), StoreError> {
    // The engine takes an empty file for one that is not there; this one is private from the start.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(file)
        .map_err(|_| StoreError::File(DataFault::CannotOpen))?;
    let name = file.to_str().ok_or(StoreError::File(DataFault::CannotOpen))?;
    sqlx::query("VACUUM INTO $1").bind(name).execute(conn).await?;
    Ok(())
}

/// Keeps what is committed now beside the database: on the disk before it has its name.
pub(super) async fn keep(conn: &mut Conn, file: &Path) -> Result<(), StoreError> {
    let unwritable = |_| StoreError::File(DataFault::CannotOpen);
    let scratch = Scratch::beside(file).map_err(unwritable)?;
    let aside = scratch.file("copy");
    write(conn, &aside).await?;
    scratch.put(&aside, file, true).map_err(unwritable)
}
