//! Files of one's own: private from the moment they exist, whole or not there at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// Longest file that [`read_small`] reads.
const MAX_SMALL: u64 = 1 << 20;

/// Why a secret is not taken from its file.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// Others can read it.
    #[error("others can read it")]
    Open,
    /// The operating system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Makes a directory, and those above it, for this user alone. One that is there must be this user's, and
/// nobody else may write in it.
pub fn create_private_dir(path: &Path) -> io::Result<()> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let found = fs::symlink_metadata(path)?;
    if !found.is_dir() {
        return Err(io::Error::other(format!("{} is not a directory", path.display())));
    }
    if found.uid() != rustix::process::geteuid().as_raw() {
        return Err(io::Error::other(format!("{} belongs to another user", path.display())));
    }
    if found.mode() & 0o022 != 0 {
        return Err(io::Error::other(format!("others may write in {}: chmod 700 it", path.display())));
    }
    Ok(())
}

/// The file of this ending beside another one: `co.db` and `.lock` give `co.db.lock`.
pub fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// Writes a whole file, readable by this user alone: beside its place first, on the disk, then renamed.
pub fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let (dir, aside) = aside(path)?;
    let result = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(content)?;
        file.sync_all()?;
        fs::rename(&aside, path)
    })();
    if result.is_err() {
        // What was begun is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&aside);
    }
    result?;
    File::open(dir)?.sync_all()
}

/// Writes a whole file as [`write_private`] does, but never over one that is there.
pub fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let (dir, aside) = aside(path)?;
    let result = (|| {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&aside)?;
        file.write_all(content)?;
        file.sync_all()?;
        rename_new(&aside, path)
    })();
    if result.is_err() {
        // What was begun is of no use; that it cannot be removed changes nothing.
        let _ = fs::remove_file(&aside);
    }
    result?;
    File::open(dir)?.sync_all()
}

/// Gives a file another name, unless that is taken.
pub(super) fn rename_new(from: &Path, to: &Path) -> io::Result<()> {
    let here = rustix::fs::CWD;
    match rustix::fs::renameat_with(here, from, here, to, rustix::fs::RenameFlags::NOREPLACE) {
        // Not every file system can; a second name for the file is refused where one is taken, too.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS | rustix::io::Errno::NOTSUP) => {
            fs::hard_link(from, to)?;
            fs::remove_file(from)
        }
        done => done.map_err(io::Error::from),
    }
}

/// The directory that a file is in, and a name there that nobody has taken.
pub(super) fn aside(path: &Path) -> io::Result<(PathBuf, PathBuf)> {
    let dir = match path.parent() {
        Some(dir) if !dir.as_os_str().is_empty() => dir.to_owned(),
        _ => PathBuf::from("."),
    };
    let name = path.file_name().ok_or_else(|| io::Error::other("not the name of a file"))?;
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(|error| io::Error::other(error.to_string()))?;
    let mut aside = std::ffi::OsString::from(".");
    aside.push(name);
    aside.push(format!(".{:016x}", u64::from_le_bytes(random)));
    Ok((dir.clone(), dir.join(aside)))
}

/// How a file is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FileState {
    /// Whether it is there.
    pub there: bool,
    /// Whether its owner alone can read it.
    pub private: bool,
}

/// How the file at a path is. One that cannot be looked at is not there for us.
pub fn state_of(path: &Path) -> FileState {
    fs::metadata(path)
        .map_or(FileState::default(), |found| FileState { there: true, private: found.mode() & 0o077 == 0 })
}

/// Bytes that are free for this user where a path leads, or will.
pub fn free_space(path: &Path) -> io::Result<u64> {
    let there = path.ancestors().find(|dir| dir.exists()).filter(|dir| !dir.as_os_str().is_empty());
    let found = rustix::fs::statvfs(there.unwrap_or(Path::new(".")))?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}

/// Reads a small file of one's own; none when there is none. Links are not followed.
pub fn read_small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let flags = rustix::fs::OFlags::NOFOLLOW.bits();
    let file = match OpenOptions::new().read(true).custom_flags(flags.cast_signed()).open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut content = Vec::new();
    file.take(MAX_SMALL).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// Reads a secret; none when there is no such file. One that the group or others can read is none any more.
/// Links are followed: who hands out secrets often does it by one.
pub fn read_secret(path: &Path) -> Result<Option<Vec<u8>>, SecretError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let found = file.metadata()?;
    // A pipe is between two processes of whoever made it.
    if found.is_file() && found.mode() & 0o077 != 0 {
        return Err(SecretError::Open);
    }
    let mut content = Vec::new();
    file.take(MAX_SMALL).read_to_end(&mut content)?;
    Ok(Some(content))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::{SecretError, create_private_dir, read_secret, read_small, write_new, write_private};

    #[test]
    fn a_secret_that_others_can_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("key");
        assert!(matches!(read_secret(&file), Ok(None)));
        write_private(&file, b"secret").unwrap();
        symlink(&file, dir.path().join("link")).unwrap();
        assert_eq!(read_secret(&dir.path().join("link")).unwrap().unwrap(), b"secret");
        for mode in [0o640, 0o604, 0o620] {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(read_secret(&file), Err(SecretError::Open)), "{mode:o}");
        }
    }

    #[test]
    fn files_are_private_from_the_start() {
        let dir = tempfile::tempdir().unwrap();
        let inside = dir.path().join("a/b");
        create_private_dir(&inside).unwrap();
        let file = inside.join("session");
        write_private(&file, b"one").unwrap();
        write_private(&file, b"two").unwrap();
        assert_eq!(read_small(&file).unwrap().unwrap(), b"two");
        let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&inside), mode(&file)), (0o700, 0o600));
        assert_eq!(std::fs::read_dir(&inside).unwrap().count(), 1, "nothing is left beside it");
        assert_eq!(read_small(&inside.join("none")).unwrap(), None);
    }

    #[test]
    fn a_new_file_is_written_over_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("people.vcf");
        write_new(&file, b"one").unwrap();
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        symlink(dir.path().join("nowhere"), dir.path().join("link")).unwrap();
        for taken in [file.clone(), dir.path().join("link")] {
            let refused = write_new(&taken, b"two").unwrap_err();
            assert_eq!(refused.kind(), std::io::ErrorKind::AlreadyExists, "{refused}");
        }
        assert_eq!(read_small(&file).unwrap().unwrap(), b"one");
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 2, "nothing is left beside it");
    }

    #[test]
    fn links_and_open_directories_are_refused() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("target"), "x").unwrap();
        symlink(dir.path().join("target"), dir.path().join("link")).unwrap();
        assert!(read_small(&dir.path().join("link")).is_err());
        let open = dir.path().join("open");
        std::fs::create_dir(&open).unwrap();
        std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
        assert!(create_private_dir(&open).unwrap_err().to_string().contains("chmod 700"));
    }
}
