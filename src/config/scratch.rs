//! A place for files in the making.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::files::{aside, rename_new};

/// A directory for this user alone. It is removed, with whatever is still in it, when this value is.
#[derive(Debug)]
pub struct Scratch(PathBuf);

impl Scratch {
    /// Beside a file that is to be made: what is made here can be renamed to it.
    pub fn beside(file: &Path) -> io::Result<Self> {
        let (_, dir) = aside(file)?;
        fs::DirBuilder::new().mode(0o700).create(&dir)?;
        Ok(Self(dir))
    }

    /// In the system's place for what is thrown away.
    pub fn of_system() -> io::Result<Self> {
        Self::beside(&std::env::temp_dir().join("namecard"))
    }

    /// A file in it.
    pub fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Puts a finished file in its place: on the disk before it has its name, and the name as well.
    pub fn put(&self, made: &Path, place: &Path, over: bool) -> io::Result<()> {
        File::open(made)?.sync_all()?;
        if over {
            fs::rename(made, place)?
        } else {
            rename_new(made, place)?
        }
        let dir = self.0.parent().ok_or_else(|| io::Error::other("not a directory in another one"))?;
        File::open(dir)?.sync_all()
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing depends on what is left; it is private.
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::Scratch;

    #[test]
    fn what_is_finished_stays_and_the_rest_goes() {
        let dir = tempfile::tempdir().unwrap();
        let place = dir.path().join("copy");
        let scratch = Scratch::beside(&place).unwrap();
        let inside = std::fs::read_dir(dir.path()).unwrap().next().unwrap().unwrap();
        assert_eq!(inside.metadata().unwrap().permissions().mode() & 0o777, 0o700);
        for (content, over) in [("one", false), ("two", true)] {
            std::fs::write(scratch.file("made"), content).unwrap();
            std::fs::write(scratch.file("rest"), "x").unwrap();
            scratch.put(&scratch.file("made"), &place, over).unwrap();
            assert_eq!(std::fs::read_to_string(&place).unwrap(), content);
        }
        let taken = scratch.put(&scratch.file("rest"), &place, false).unwrap_err();
        assert_eq!(taken.kind(), std::io::ErrorKind::AlreadyExists);
        drop(scratch);
        assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
    }
}
