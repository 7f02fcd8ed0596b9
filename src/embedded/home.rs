//! The files beside the embedded database.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use crate::api::FileUse;
use crate::config::{create_private_dir, read_small, write_private};
use crate::server::CardKey;
use crate::server::backup::Place;

/// A data directory: of this user, or a made-up world's that goes with the process.
#[derive(Debug)]
pub struct Home {
    dir: PathBuf,
    throw_away: bool,
    /// The port that the settings ask for.
    wanted_port: Option<u16>,
}

impl Home {
    /// The directory at `dir`, made when it is missing. `port` is the one that the settings ask for.
    pub fn open(dir: &Path, port: Option<u16>) -> io::Result<Self> {
        create_private_dir(dir)?;
        Ok(Self { dir: dir.to_owned(), throw_away: false, wanted_port: port })
    }

    /// A directory that is removed with this value.
    pub fn throw_away() -> io::Result<Self> {
        let mut random = [0; 8];
        getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
        let dir = std::env::temp_dir().join(format!("namecard-demo-{:016x}", u64::from_le_bytes(random)));
        create_private_dir(&dir)?;
        Ok(Self { dir, throw_away: true, wanted_port: None })
    }

    /// Where everything is that a backup holds.
    pub fn place(&self) -> Place {
        Place {
            database: self.database(),
            card_key: self.file("card.key"),
            lock: self.file("lock"),
            operator_token: None,
            port: Some(self.file("port")),
        }
    }

    /// Whether it goes with the process.
    pub fn is_throw_away(&self) -> bool {
        self.throw_away
    }

    fn file(&self, name: &str) -> PathBuf {
        self.dir.join(name)
    }

    pub(super) fn database(&self) -> PathBuf {
        self.file("namecard.db")
    }

    /// Whether there is a database with anything in it.
    pub(super) fn has_database(&self) -> bool {
        fs::metadata(self.database()).is_ok_and(|found| found.len() > 0)
    }

    /// Makes sure that the database's file is private before the store opens it.
    pub(super) fn make_database(&self) -> io::Result<()> {
        match OpenOptions::new().write(true).create_new(true).mode(0o600).open(self.database()) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
            _ => Ok(()),
        }
    }

    /// A place for a database in the making; what an earlier attempt left there is removed.
    pub(super) fn fresh_database(&self) -> io::Result<PathBuf> {
        let aside = self.file("filling.db");
        remove(&aside, &["", "-wal", "-shm"])?;
        // Private from the start: the store opens the file that is there.
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        Ok(aside)
    }

    /// Puts a filled database in its place, on the disk.
    pub(super) fn keep_database(&self, aside: &Path) -> io::Result<()> {
        File::open(aside)?.sync_all()?;
        // The journal of an empty database that stands there must not be read into this one.
        remove(&self.database(), &["-wal", "-shm"])?;
        fs::rename(aside, self.database())?;
        File::open(&self.dir)?.sync_all()
    }

    /// The files beside the database that nobody else may read.
    pub(super) fn files(&self) -> Vec<(FileUse, PathBuf)> {
        vec![(FileUse::CardKey, self.file("card.key")), (FileUse::Session, self.file("session"))]
    }

    /// The key of codes and forms; drawn at the first use.
    pub(super) fn card_key(&self) -> io::Result<CardKey> {
        let file = self.file("card.key");
        if let Some(bytes) = read_small(&file)? {
            let key: [u8; 32] = bytes.try_into().map_err(|_| {
                io::Error::other(format!("{} does not hold a key of 32 bytes", file.display()))
            })?;
            return Ok(CardKey::new(key));
        }
        let key = CardKey::random().map_err(|error| io::Error::other(error.to_string()))?;
        write_private(&file, key.bytes())?;
        Ok(key)
    }

    pub(super) fn lock_file(&self) -> io::Result<File> {
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(flags)
            .open(self.file("lock"))
    }

    /// Says in the locked file who holds it.
    pub(super) fn note_lock(&self, mut lock: &File) -> io::Result<()> {
        lock.set_len(0)?;
        lock.write_all(std::process::id().to_string().as_bytes())
    }

    /// Who holds the lock, by its own word.
    pub(super) fn locked_by(&self) -> Option<u32> {
        let text = read_small(&self.file("lock")).ok().flatten()?;
        String::from_utf8(text).ok()?.trim().parse().ok()
    }

    pub(super) fn holder(&self) -> io::Result<Option<Vec<u8>>> {
        read_small(&self.file("server.json"))
    }

    pub(super) fn note_holder(&self, json: &[u8]) -> io::Result<()> {
        write_private(&self.file("server.json"), json)
    }

    /// Nobody answers at the noted address any more.
    pub(super) fn forget_holder(&self) {
        // If it stays, whoever reads it finds nobody there and tries the lock.
        let _ = fs::remove_file(self.file("server.json"));
    }

    pub(super) fn session(&self) -> io::Result<Option<String>> {
        let text = read_small(&self.file("session"))?;
        Ok(text.and_then(|text| String::from_utf8(text).ok()).map(|text| text.trim().to_owned()))
    }

    pub(super) fn keep_session(&self, token: &str) -> io::Result<()> {
        write_private(&self.file("session"), token.as_bytes())
    }

    pub(super) fn port(&self) -> io::Result<Option<u16>> {
        if self.wanted_port.is_some() {
            return Ok(self.wanted_port);
        }
        let text = read_small(&self.file("port"))?;
        Ok(text.and_then(|text| String::from_utf8(text).ok()).and_then(|text| text.trim().parse().ok()))
    }

    pub(super) fn keep_port(&self, port: u16) -> io::Result<()> {
        write_private(&self.file("port"), port.to_string().as_bytes())
    }
}

/// Removes the files of these names that are there.
fn remove(path: &Path, suffixes: &[&str]) -> io::Result<()> {
    for suffix in suffixes {
        let mut name = path.to_owned().into_os_string();
        name.push(suffix);
        match fs::remove_file(name) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

impl Drop for Home {
    fn drop(&mut self) {
        if self.throw_away {
            // A directory of the system's temporary place; if it stays, nothing depends on it.
            let _ = fs::remove_dir_all(&self.dir);
        }
    }
}
