//! Makes a backup of a database that may be served meanwhile.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Read as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use sqlx::Connection as _;

use super::archive::{CARD_KEY, DATABASE, MANIFEST, Packer, SUMS};
use super::look::look;
use super::manifest::{FORMAT, Manifest, Part};
use super::{BackupError, Place, Progress, Report, Stage, aside};
use crate::config::Scratch;
use crate::domain::Time;
use crate::server::CardKey;
use crate::server::secrets::{hex, sha256};
use crate::server::store::{Conn, StoreError, copy};

/// How often the length of the growing copy is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Copies what is committed now, looks through the copy, and puts it into `file` with all that belongs to
/// it. Without `with_key` the key of the namecards is only named. `over` writes over a file that is there.
pub async fn make(
    place: &Place,
    file: &Path,
    with_key: bool,
    over: bool,
    progress: &Progress,
) -> Result<Report, BackupError> {
    if fs::metadata(&place.database).map_or(true, |found| found.len() == 0) {
        return Err(BackupError::NoDatabase(place.database.clone()));
    }
    let key = place.key()?;
    if with_key && key.is_none() {
        return Err(BackupError::NoKey(place.card_key.clone()));
    }
    let unwritable = |error: io::Error| match error.kind() {
        io::ErrorKind::AlreadyExists => BackupError::Exists(file.to_owned()),
        _ => BackupError::Write(file.to_owned(), error),
    };
    if !over && file.symlink_metadata().is_ok() {
        return Err(BackupError::Exists(file.to_owned()));
    }
    let scratch = Scratch::beside(file).map_err(unwritable)?;
    let database = scratch.file(DATABASE);
    let made_at: Time = jiff::Timestamp::now().into();
    let mut conn = copy::look_into(&place.database).await?;
    copy_database(&mut conn, &database, progress).await?;
    conn.close().await?;
    progress(Stage::Checking, 0, 1);
    let found = look(&database, key.as_ref(), &scratch).await?;
    let manifest = Manifest {
        format: FORMAT,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        made_at,
        schema: found.schema,
        rows: found.rows.clone(),
        audit: found.audit.clone(),
        card_key: key.as_ref().map(|key| hex(&sha256(key.bytes()))),
        port: place.kept_port()?,
        parts: BTreeMap::new(),
    };
    let packed = scratch.file("packed");
    let packing = Packing { database, packed: packed.clone(), key: key.filter(|_| with_key) };
    let hears = progress.clone();
    let manifest = aside(move || {
        packing.pack(manifest, &hears).map_err(|error| BackupError::Write(packing.packed.clone(), error))
    })
    .await;
    let manifest = manifest.map_err(|error| match error {
        // The name of a file that is about to go says nothing to anybody.
        BackupError::Write(_, error) => unwritable(error),
        error => error,
    })?;
    scratch.put(&packed, file, over).map_err(unwritable)?;
    // The backup is there, whether or not anybody is told when it was made.
    let _ = place.note_backup();
    Ok(Report { manifest, found })
}

async fn copy_database(conn: &mut Conn, to: &Path, progress: &Progress) -> Result<(), StoreError> {
    let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(&mut *conn).await?;
    let size: i64 = sqlx::query_scalar("PRAGMA page_size").fetch_one(&mut *conn).await?;
    let total = u64::try_from(pages.saturating_mul(size)).unwrap_or(0);
    let copying = copy::write(conn, to);
    tokio::pin!(copying);
    loop {
        tokio::select! {
            copied = &mut copying => return copied,
            () = tokio::time::sleep(LOOK_EVERY) => {
                let done = fs::metadata(to).map_or(0, |found| found.len());
                progress(Stage::Copying, done.min(total), total);
            }
        }
    }
}

/// What goes into the archive.
struct Packing {
    database: PathBuf,
    packed: PathBuf,
    key: Option<CardKey>,
}

impl Packing {
    /// Writes the archive; returns the manifest with the parts in it.
    fn pack(&self, mut manifest: Manifest, progress: &Progress) -> io::Result<Manifest> {
        let database = hash(&self.database)?;
        let (total, mut done) = (database.bytes, 0);
        manifest.parts.insert(DATABASE.to_owned(), database);
        if let Some(key) = &self.key {
            let part = Part { bytes: key.bytes().len() as u64, sha256: hex(&sha256(key.bytes())) };
            manifest.parts.insert(CARD_KEY.to_owned(), part);
        }
        let mut own = serde_json::to_vec_pretty(&manifest).map_err(io::Error::other)?;
        own.push(b'\n');
        let sums = manifest.sums(&hex(&sha256(&own)));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&self.packed)?;
        let time = u64::try_from(manifest.made_at.timestamp().as_second()).unwrap_or(0);
        let mut packer = Packer::new(BufWriter::new(file), time);
        packer.add(MANIFEST, own.len() as u64, &mut own.as_slice(), |_| {})?;
        if let Some(key) = &self.key {
            packer.add(CARD_KEY, key.bytes().len() as u64, &mut key.bytes().as_slice(), |_| {})?;
        }
        packer.add(DATABASE, total, &mut File::open(&self.database)?, |piece| {
            done += piece.len() as u64;
            progress(Stage::Packing, done, total);
        })?;
        packer.add(SUMS, sums.len() as u64, &mut sums.as_bytes(), |_| {})?;
        packer.finish()?;
        Ok(manifest)
    }
}

/// A file as a part: its length and hash.
fn hash(file: &Path) -> io::Result<Part> {
    let mut from = File::open(file)?;
    let mut hash = Sha256::new();
    let mut bytes = 0;
    let mut buffer = vec![0; 1 << 20];
    loop {
        let read = from.read(&mut buffer)?;
        let piece = buffer.get(..read).unwrap_or_default();
        if piece.is_empty() {
            return Ok(Part { bytes, sha256: hex(&hash.finalize()) });
        }
        hash.update(piece);
        bytes += read as u64;
    }
}
