//! Proves a backup by unpacking it, and puts one back.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnectOptions;

use super::look::{Found, look};
use super::unpack::{Unpacked, database_in, unpack};
use super::{BackupError, Place, Progress, Report, Stage, archive, aside};
use crate::config::{Scratch, beside, write_private};
use crate::server::CardKey;
use crate::server::secrets::{hex, sha256};
use crate::server::store::{Conn, StoreError, outbox, settings, tidy};

/// What came of putting a backup back.
#[derive(Clone, Debug)]
pub struct Restored {
    /// The backup.
    pub report: Report,
    /// Where the database is that was there before.
    pub aside: Option<PathBuf>,
    /// Whether the operator's token of that time is good no more, because nobody has it here.
    pub new_operator: bool,
}

/// Unpacks a backup where it is thrown away, and looks through all of it.
pub async fn verify(file: &Path, progress: &Progress) -> Result<Report, BackupError> {
    let scratch = Scratch::of_system().map_err(|error| BackupError::Write(std::env::temp_dir(), error))?;
    let (unpacked, found) = open(file, &scratch, None, progress).await?;
    Ok(Report { manifest: unpacked.manifest, found })
}

/// Puts a backup back. A process that serves the database has to be stopped first; a database that is
/// there is moved aside, if `over` allows it. Until everything is looked through nothing is changed.
pub async fn restore(
    file: &Path,
    place: &Place,
    over: bool,
    progress: &Progress,
) -> Result<Restored, BackupError> {
    let unwritable = |error| BackupError::Write(place.database.clone(), error);
    let _lock =
        place.take_lock().map_err(unwritable)?.ok_or_else(|| BackupError::Served(place.database.clone()))?;
    if !over && place.database.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(place.database.clone()));
    }
    let scratch = Scratch::beside(&place.database).map_err(unwritable)?;
    let kept_key = place.key()?;
    let (unpacked, found) = open(file, &scratch, kept_key.as_ref(), progress).await?;
    let manifest = &unpacked.manifest;
    if unpacked.card_key.is_none()
        && let Some(wanted) = &manifest.card_key
    {
        match &kept_key {
            None => return Err(BackupError::NoKey(place.card_key.clone())),
            Some(key) if hex(&sha256(key.bytes())) != *wanted => {
                return Err(BackupError::OtherKey(place.card_key.clone()));
            }
            Some(_) => {}
        }
    }
    let database = database_in(&scratch);
    let forget_operator = place.operator_token.as_ref().is_some_and(|file| !file.exists());
    let new_operator = begin_anew(&database, forget_operator).await?;
    fold_log(&place.database).await;
    let stamp = jiff::Timestamp::now().strftime(".before-restore-%Y%m%dT%H%M%SZ").to_string();
    let aside = move_aside(&place.database, &stamp).map_err(unwritable)?;
    if let Some(key) = &unpacked.card_key
        && kept_key.as_ref().is_none_or(|kept| kept.bytes() != key.bytes())
    {
        put_key(place, key, &stamp).map_err(|error| BackupError::Write(place.card_key.clone(), error))?;
    }
    if let (Some(file), Some(port)) = (&place.port, manifest.port) {
        write_private(file, port.to_string().as_bytes())
            .map_err(|error| BackupError::Write(file.clone(), error))?;
    }
    scratch.put(&database, &place.database, true).map_err(unwritable)?;
    place.give_to_its_owner().map_err(unwritable)?;
    let report = Report { manifest: unpacked.manifest, found };
    Ok(Restored { report, aside, new_operator })
}

/// Unpacks a backup into `scratch` and compares what is in its database with what it says of itself.
async fn open(
    file: &Path,
    scratch: &Scratch,
    kept_key: Option<&CardKey>,
    progress: &Progress,
) -> Result<(Unpacked, Found), BackupError> {
    let database = database_in(scratch);
    let (from, to, hears) = (file.to_owned(), database.clone(), progress.clone());
    let unpacked = aside(move || unpack(&from, &to, &hears)).await?;
    progress(Stage::Checking, 0, 1);
    let key = unpacked.card_key.as_ref().or(kept_key);
    let found = look(&database, key, scratch).await?;
    let manifest = &unpacked.manifest;
    if (found.schema, &found.rows, &found.audit) != (manifest.schema, &manifest.rows, &manifest.audit) {
        return Err(BackupError::Tampered(archive::DATABASE));
    }
    Ok((unpacked, found))
}

/// What a database that comes back must not go on with: numbers that followers have seen after the
/// backup was made, and, if so wanted, an operator's token that nobody has.
async fn begin_anew(database: &Path, forget_operator: bool) -> Result<bool, StoreError> {
    let options = SqliteConnectOptions::new().filename(database);
    let mut conn = Conn::connect_with(&options).await?;
    let mut tx = conn.begin().await?;
    outbox::leap(&mut tx).await?;
    let forgotten = forget_operator && settings::forget_operator(&mut tx).await?;
    tx.commit().await?;
    conn.close().await?;
    Ok(forgotten)
}

/// Puts what stands in the log of the database that is there into it, so that it can be moved as one file.
/// One that cannot be opened is moved as it is.
async fn fold_log(database: &Path) {
    let options = SqliteConnectOptions::new().filename(database).create_if_missing(false);
    if let Ok(mut conn) = Conn::connect_with(&options).await {
        tidy::tidy(&mut conn).await;
        // What is left in the log is moved beside it.
        let _ = conn.close().await;
    }
}

/// Gives the database that is there a second name. A log that is left beside it, even without a database,
/// must not be read into another one. Returns the name, if there was one.
fn move_aside(database: &Path, stamp: &str) -> io::Result<Option<PathBuf>> {
    let kept = beside(database, stamp);
    let is_there = database.symlink_metadata().is_ok();
    if is_there && fs::hard_link(database, &kept).is_err() {
        fs::rename(database, &kept)?;
    }
    for suffix in ["-wal", "-journal"] {
        absent_is_fine(fs::rename(beside(database, suffix), beside(&kept, suffix)))?;
    }
    absent_is_fine(fs::remove_file(beside(database, "-shm")))?;
    Ok(is_there.then_some(kept))
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Puts the key in its place; another one that is there is kept.
fn put_key(place: &Place, key: &CardKey, stamp: &str) -> io::Result<()> {
    absent_is_fine(fs::hard_link(&place.card_key, beside(&place.card_key, stamp)))?;
    write_private(&place.card_key, key.bytes())
}
