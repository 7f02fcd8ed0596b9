//! A frame goes out in one write, so that no terminal shows half of it.

use std::io::{self, Write};

const BEGIN: &[u8] = b"\x1b[?2026h";
const END: &[u8] = b"\x1b[?2026l";

/// Collects what a frame writes and sends it at the flush, as one synchronized update.
#[derive(Debug)]
pub struct FrameWriter<W: Write> {
    out: W,
    frame: Vec<u8>,
}

/// Where the screen writes.
pub type Out = FrameWriter<io::Stdout>;

impl<W: Write> FrameWriter<W> {
    /// A writer onto `out`.
    pub fn new(out: W) -> Self {
        Self { out, frame: Vec::with_capacity(32 * 1024) }
    }

    /// Sends bytes that belong to no frame.
    pub fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.out.write_all(bytes)?;
        self.out.flush()
    }
}

impl<W: Write> Write for FrameWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.frame.is_empty() {
            self.frame.extend_from_slice(BEGIN);
        }
        self.frame.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.frame.is_empty() {
            return Ok(());
        }
        self.frame.extend_from_slice(END);
        let sent = self.out.write_all(&self.frame).and_then(|()| self.out.flush());
        self.frame.clear();
        sent
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::FrameWriter;

    #[test]
    fn a_frame_is_one_synchronized_update_and_nothing_is_nothing() {
        let mut writer = FrameWriter::new(Vec::new());
        writer.flush().unwrap();
        writer.write_all(b"a").unwrap();
        writer.write_all(b"b").unwrap();
        writer.flush().unwrap();
        writer.flush().unwrap();
        assert_eq!(writer.out, b"\x1b[?2026hab\x1b[?2026l");
    }
}
