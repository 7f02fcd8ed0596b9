//! The archive: tar as POSIX wrote it down in 1988, files only. What is read is compared with what would
//! have been written, byte by byte, so that nothing can be changed or added unseen.

use std::io::{self, Read, Write};

/// What a backup says of itself; the first file.
pub(super) const MANIFEST: &str = "manifest.json";
/// The key of the namecards.
pub(super) const CARD_KEY: &str = "card.key";
/// The database.
pub(super) const DATABASE: &str = "namecard.db";
/// The hashes of all files; the last file.
pub(super) const SUMS: &str = "SHA256SUMS";

/// The directory that the files are in.
const DIRECTORY: &str = "namecard-backup/";
const BLOCK: usize = 512;
/// Bytes read at once.
const PIECE: usize = 1 << 20;

type Block = [u8; BLOCK];

/// The head of a file, its checksum included.
fn head(name: &str, size: u64, time: u64) -> Block {
    let mut block = [0; BLOCK];
    let mut put = |at: usize, bytes: &[u8]| {
        for (place, byte) in block.iter_mut().skip(at).zip(bytes) {
            *place = *byte;
        }
    };
    put(0, format!("{DIRECTORY}{name}").as_bytes());
    put(100, b"0000600\0");
    put(108, b"0000000\0");
    put(116, b"0000000\0");
    put(124, &number(size));
    put(136, &number(time));
    put(148, b"        ");
    put(156, b"0");
    put(257, b"ustar\x0000");
    put(329, b"0000000\0");
    put(337, b"0000000\0");
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    for (place, byte) in block.iter_mut().skip(148).zip(format!("{sum:06o}\0 ").bytes()) {
        *place = byte;
    }
    block
}

/// Eleven octal digits; what is too large for them in binary with the first bit set.
fn number(value: u64) -> [u8; 12] {
    let mut field = [0; 12];
    if value < 1 << 33 {
        for (place, byte) in field.iter_mut().zip(format!("{value:011o}").bytes()) {
            *place = byte;
        }
    } else {
        field[0] = 0x80;
        for (place, byte) in field.iter_mut().skip(4).zip(value.to_be_bytes()) {
            *place = byte;
        }
    }
    field
}

fn value(field: &[u8]) -> Option<u64> {
    match field.split_first()? {
        (0x80, rest) => Some(rest.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))),
        _ => u64::from_str_radix(std::str::from_utf8(field).ok()?.trim_end_matches('\0'), 8).ok(),
    }
}

/// Bytes that fill the last block of a file.
fn padding(size: u64) -> usize {
    let over = usize::try_from(size % BLOCK as u64).unwrap_or(0);
    if over == 0 { 0 } else { BLOCK - over }
}

/// Copies exactly `size` bytes. `pieces` sees each piece.
fn copy(
    from: &mut impl Read,
    to: &mut impl Write,
    size: u64,
    mut pieces: impl FnMut(&[u8]),
) -> io::Result<()> {
    let mut buffer = vec![0; PIECE];
    let mut left = size;
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(PIECE).min(PIECE);
        let read = from.read(buffer.get_mut(..most).unwrap_or_default())?;
        let piece = buffer.get(..read).unwrap_or_default();
        if piece.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        to.write_all(piece)?;
        pieces(piece);
        left -= read as u64;
    }
    Ok(())
}

/// Writes an archive.
pub(super) struct Packer<W> {
    to: W,
    time: u64,
}

impl<W: Write> Packer<W> {
    /// `time` is that of all files, in seconds since 1970.
    pub(super) fn new(to: W, time: u64) -> Self {
        Self { to, time }
    }

    /// Adds a file of exactly `size` bytes.
    pub(super) fn add(
        &mut self,
        name: &str,
        size: u64,
        from: &mut impl Read,
        pieces: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        self.to.write_all(&head(name, size, self.time))?;
        copy(from, &mut self.to, size, pieces)?;
        self.to.write_all([0; BLOCK].get(..padding(size)).unwrap_or_default())
    }

    /// Writes the end.
    pub(super) fn finish(mut self) -> io::Result<W> {
        self.to.write_all(&[0; 2 * BLOCK])?;
        self.to.flush()?;
        Ok(self.to)
    }
}

/// Reads an archive, file by file.
pub(super) struct Unpacker<R> {
    from: R,
    /// The time that all files must have.
    time: Option<u64>,
}

/// The next file of an archive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) size: u64,
}

impl<R: Read> Unpacker<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, time: None }
    }

    /// The next file. None at the end, behind which nothing may stand. What is not an archive of ours is
    /// [`io::ErrorKind::InvalidData`].
    pub(super) fn next(&mut self) -> io::Result<Option<Entry>> {
        let foreign = || io::Error::from(io::ErrorKind::InvalidData);
        let mut block = [0; BLOCK];
        self.from.read_exact(&mut block)?;
        if block == [0; BLOCK] {
            self.from.read_exact(&mut block)?;
            let behind = self.from.read(&mut [0])?;
            return if block == [0; BLOCK] && behind == 0 { Ok(None) } else { Err(foreign()) };
        }
        let field = |at: usize, length: usize| block.get(at..at + length).unwrap_or_default();
        let name = field(0, 100).split(|byte| *byte == 0).next().unwrap_or_default();
        let name = std::str::from_utf8(name).ok().and_then(|name| name.strip_prefix(DIRECTORY));
        let name = name.ok_or_else(foreign)?.to_owned();
        let size = value(field(124, 12)).ok_or_else(foreign)?;
        let time = value(field(136, 12)).ok_or_else(foreign)?;
        let same_time = *self.time.get_or_insert(time) == time;
        if !same_time || block != head(&name, size, time) {
            return Err(foreign());
        }
        Ok(Some(Entry { name, size }))
    }

    /// Takes the content of a file out.
    pub(super) fn take(
        &mut self,
        entry: &Entry,
        to: &mut impl Write,
        pieces: impl FnMut(&[u8]),
    ) -> io::Result<()> {
        copy(&mut self.from, to, entry.size, pieces)?;
        let mut rest = [0; BLOCK];
        let rest = rest.get_mut(..padding(entry.size)).unwrap_or_default();
        self.from.read_exact(rest)?;
        if rest.iter().all(|byte| *byte == 0) { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Packer, Unpacker, number, value};

    fn pack(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut packer = Packer::new(Vec::new(), 1_780_000_000);
        for (name, content) in files {
            packer.add(name, content.len() as u64, &mut &**content, |_| {}).unwrap();
        }
        packer.finish().unwrap()
    }

    fn unpack(bytes: &[u8]) -> std::io::Result<Vec<(String, Vec<u8>)>> {
        let mut unpacker = Unpacker::new(bytes);
        let mut files = Vec::new();
        while let Some(entry) = unpacker.next()? {
            let mut content = Vec::new();
            unpacker.take(&entry, &mut content, |_| {})?;
            files.push((entry.name, content));
        }
        Ok(files)
    }

    #[test]
    fn numbers_of_any_size_come_back() {
        for size in [0, 7, 512, (1 << 33) - 1, 1 << 33, u64::MAX] {
            assert_eq!(value(&number(size)), Some(size));
        }
    }

    #[test]
    fn tar_itself_reads_it() {
        let dir = tempfile::tempdir().unwrap();
        let big = vec![7; 1_500_000];
        let file = dir.path().join("backup.tar");
        std::fs::write(&file, pack(&[("manifest.json", b"{}"), ("namecard.db", &big)])).unwrap();
        // Where there is no tar, nobody will unpack it by hand either.
        if let Ok(done) =
            std::process::Command::new("tar").arg("-xf").arg(&file).arg("-C").arg(dir.path()).status()
        {
            assert!(done.success());
            assert_eq!(std::fs::read(dir.path().join("namecard-backup/namecard.db")).unwrap(), big);
        }
    }

    #[test]
    fn every_byte_outside_the_files_is_watched() {
        let bytes = pack(&[("a", b"one"), ("b", &[1; 512])]);
        let content = [(512, 515), (1536, 2048)];
        for at in 0..bytes.len() {
            if content.iter().any(|(from, to)| (*from..*to).contains(&at)) {
                continue;
            }
            let mut bent = bytes.clone();
            bent[at] ^= 1;
            assert!(unpack(&bent).is_err(), "byte {at}");
        }
        assert!(unpack(&[bytes.as_slice(), b"x"].concat()).is_err());
        assert!(unpack(&bytes[..bytes.len() - 1]).is_err());
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out(files in prop::collection::vec(
            ("[a-z.]{1,20}", prop::collection::vec(any::<u8>(), 0..2_000)), 0..5)
        ) {
            let listed: Vec<(&str, &[u8])> =
                files.iter().map(|(name, content)| (name.as_str(), content.as_slice())).collect();
            prop_assert_eq!(unpack(&pack(&listed)).unwrap(), files);
        }
    }
}
