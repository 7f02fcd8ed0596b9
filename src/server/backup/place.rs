//! Where the data of a server is, with all that belongs to it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::BackupError;
use crate::config::{beside, read_small, write_private};
use crate::server::CardKey;

/// Behind the database's name: a file whose age is that of the last backup.
pub(crate) const LAST_BACKUP: &str = ".last-backup";

/// A database and the files beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The database.
    pub database: PathBuf,
    /// The key of codes and forms, without which no namecard opens.
    pub card_key: PathBuf,
    /// Locked by whoever serves the database.
    pub lock: PathBuf,
    /// Where the operator's token is kept, for a company's server.
    pub operator_token: Option<PathBuf>,
    /// The port that namecards name, for a computer's own data.
    pub port: Option<PathBuf>,
}

impl Place {
    /// Of a company's server: everything is named after the database.
    pub fn of_server(database: &Path) -> Self {
        let beside = |suffix: &str| beside(database, suffix);
        Self {
            database: database.to_owned(),
            card_key: beside(".card-key"),
            lock: beside(".lock"),
            operator_token: Some(beside(".operator-token")),
            port: None,
        }
    }

    /// Takes the lock, so that nobody else serves the database; none when somebody does.
    pub fn take_lock(&self) -> io::Result<Option<File>> {
        let flags = rustix::fs::OFlags::NOFOLLOW.bits().cast_signed();
        let file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(flags)
            .open(&self.lock)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(file)),
            Err(std::fs::TryLockError::WouldBlock) => Ok(None),
            Err(std::fs::TryLockError::Error(error)) => Err(error),
        }
    }

    /// Leaves the time of a backup beside the database, where `admin doctor` finds it.
    pub(super) fn note_backup(&self) -> io::Result<()> {
        let file = beside(&self.database, LAST_BACKUP);
        write_private(&file, b"")?;
        self.owned(&[&file])
    }

    /// The key that is there, if one is. One that is none is an error of its own kind.
    pub fn read_card_key(&self) -> io::Result<Option<CardKey>> {
        let Some(bytes) = read_small(&self.card_key)? else { return Ok(None) };
        let bytes: [u8; 32] = bytes.try_into().map_err(|_| io::Error::from(io::ErrorKind::InvalidData))?;
        Ok(Some(CardKey::new(bytes)))
    }

    /// Whether the database is on another machine's disk, where its log cannot be shared safely.
    pub fn is_on_network(&self) -> bool {
        let dir = self.database.parent().filter(|dir| !dir.as_os_str().is_empty());
        let found = rustix::fs::statfs(dir.unwrap_or(Path::new(".")));
        found.is_ok_and(|found| is_network(u64::try_from(found.f_type & 0xffff_ffff).unwrap_or(0)))
    }

    /// What root has put here belongs to whoever the directory belongs to: the server runs as that user.
    pub(super) fn give_to_its_owner(&self) -> io::Result<()> {
        let files = [Some(&self.database), Some(&self.card_key), Some(&self.lock), self.port.as_ref()];
        let files: Vec<&Path> = files.into_iter().flatten().map(PathBuf::as_path).collect();
        self.owned(&files)
    }

    fn owned(&self, files: &[&Path]) -> io::Result<()> {
        let Some(dir) = self.database.canonicalize()?.parent().map(Path::to_owned) else { return Ok(()) };
        let owner = fs::metadata(dir)?;
        if !rustix::process::geteuid().is_root() || owner.uid() == 0 {
            return Ok(());
        }
        for file in files {
            match std::os::unix::fs::lchown(file, Some(owner.uid()), Some(owner.gid())) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(())
    }

    pub(super) fn key(&self) -> Result<Option<CardKey>, BackupError> {
        self.read_card_key().map_err(|error| BackupError::Read(self.card_key.clone(), error))
    }

    /// The port that is there, if one is.
    pub(super) fn kept_port(&self) -> Result<Option<u16>, BackupError> {
        let Some(file) = &self.port else { return Ok(None) };
        let text = read_small(file).map_err(|error| BackupError::Read(file.clone(), error))?;
        Ok(text.and_then(|text| String::from_utf8(text).ok()).and_then(|text| text.trim().parse().ok()))
    }
}

/// Numbers of file systems, as `statfs(2)` tells them.
fn is_network(kind: u64) -> bool {
    const NFS: u64 = 0x6969;
    const SMB: [u64; 3] = [0x517b, 0xff53_4d42, 0xfe53_4d42];
    const AFS: [u64; 2] = [0x5346_414f, 0x6b41_4653];
    const CEPH: u64 = 0x00c3_6400;
    const CODA: u64 = 0x7375_7245;
    const LUSTRE: u64 = 0x0bd0_0bd0;
    kind == NFS || SMB.contains(&kind) || AFS.contains(&kind) || [CEPH, CODA, LUSTRE].contains(&kind)
}

#[cfg(test)]
mod tests {
    use super::{Place, is_network};

    #[test]
    fn only_other_machines_disks_are_on_the_network() {
        // ext, btrfs, xfs, tmpfs, overlay, zfs.
        for local in [0xef53, 0x9123_683e, 0x5846_5342, 0x0102_1994, 0x794c_7630, 0x2fc1_2fc1] {
            assert!(!is_network(local), "{local:x}");
        }
        assert!(is_network(0x6969) && is_network(0xff53_4d42));
        let dir = tempfile::tempdir().unwrap();
        assert!(!Place::of_server(&dir.path().join("namecard.db")).is_on_network());
    }
}
