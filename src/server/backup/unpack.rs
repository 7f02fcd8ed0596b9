//! Takes the parts of a backup out, and compares every byte with what was written down of it.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sha2::{Digest as _, Sha256};

use super::archive::{CARD_KEY, DATABASE, Entry, MANIFEST, SUMS, Unpacker};
use super::manifest::{FORMAT, Manifest};
use super::{BackupError, Progress, Stage};
use crate::server::CardKey;
use crate::server::secrets::{hex, sha256};
use crate::server::store::migrate;

/// Longest part besides the database.
const MAX_SMALL: u64 = 1 << 20;

/// A backup that was taken apart.
pub(super) struct Unpacked {
    pub(super) manifest: Manifest,
    pub(super) card_key: Option<CardKey>,
}

type From = Unpacker<BufReader<File>>;

/// Takes the parts of `file` out; the database goes to `database`. A backup of a newer version is refused
/// before anything else of it is read.
pub(super) fn unpack(file: &Path, database: &Path, progress: &Progress) -> Result<Unpacked, BackupError> {
    let unreadable = |error| BackupError::Read(file.to_owned(), error);
    let mut from = Unpacker::new(BufReader::new(File::open(file).map_err(unreadable)?));
    let entry = from.next().map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => BackupError::NotOne,
        _ => unreadable(error),
    })?;
    let Some(entry) = entry.filter(|entry| entry.name == MANIFEST) else { return Err(BackupError::NotOne) };
    let own = small(&mut from, &entry, MANIFEST)?;
    let manifest = read_manifest(&own)?;
    let card_key = match manifest.holds_card_key() {
        false => None,
        true => expect(&mut from, &manifest, CARD_KEY)
            .and_then(|entry| small(&mut from, &entry, CARD_KEY))
            .and_then(|key| same(&manifest, CARD_KEY, &hex(&sha256(&key))).map(|()| key))
            .and_then(|key| key.try_into().map_err(|_| BackupError::Tampered(CARD_KEY)))
            .map(|key| Some(CardKey::new(key)))?,
    };
    let entry = expect(&mut from, &manifest, DATABASE)?;
    let unwritable = |error| BackupError::Write(database.to_owned(), error);
    let mut to =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(database).map_err(unwritable)?;
    let (mut hash, mut done) = (Sha256::new(), 0);
    let taken = from.take(&entry, &mut to, |piece| {
        hash.update(piece);
        done += piece.len() as u64;
        progress(Stage::Unpacking, done, entry.size);
    });
    taken.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => BackupError::Tampered(DATABASE),
        _ => unwritable(error),
    })?;
    same(&manifest, DATABASE, &hex(&hash.finalize()))?;
    let Ok(Some(entry)) = from.next() else { return Err(BackupError::Tampered(SUMS)) };
    let sums = small(&mut from, &entry, SUMS)?;
    if entry.name != SUMS || sums != manifest.sums(&hex(&sha256(&own))).as_bytes() {
        return Err(BackupError::Tampered(SUMS));
    }
    match from.next() {
        Ok(None) => Ok(Unpacked { manifest, card_key }),
        _ => Err(BackupError::Tampered(SUMS)),
    }
}

fn read_manifest(own: &[u8]) -> Result<Manifest, BackupError> {
    /// What every form of file has.
    #[derive(serde::Deserialize)]
    struct Form {
        format: u32,
        schema: i64,
    }
    let tampered = |_| BackupError::Tampered(MANIFEST);
    let form: Form = serde_json::from_slice(own).map_err(tampered)?;
    if form.format > FORMAT || form.schema > migrate::newest() {
        return Err(BackupError::Newer);
    }
    serde_json::from_slice(own).map_err(tampered)
}

/// The next file, which has to be `name` with the length that was written down.
fn expect(from: &mut From, manifest: &Manifest, name: &'static str) -> Result<Entry, BackupError> {
    let bytes = manifest.parts.get(name).map(|part| part.bytes);
    match from.next() {
        Ok(Some(entry)) if entry.name == name && Some(entry.size) == bytes => Ok(entry),
        _ => Err(BackupError::Tampered(name)),
    }
}

fn small(from: &mut From, entry: &Entry, name: &'static str) -> Result<Vec<u8>, BackupError> {
    let mut content = Vec::new();
    if entry.size > MAX_SMALL || from.take(entry, &mut content, |_| {}).is_err() {
        return Err(BackupError::Tampered(name));
    }
    Ok(content)
}

fn same(manifest: &Manifest, name: &'static str, hash: &str) -> Result<(), BackupError> {
    match manifest.parts.get(name) {
        Some(part) if part.sha256 == hash => Ok(()),
        _ => Err(BackupError::Tampered(name)),
    }
}

/// Where the database of a backup is unpacked.
pub(super) fn database_in(scratch: &crate::config::Scratch) -> PathBuf {
    scratch.file(DATABASE)
}
