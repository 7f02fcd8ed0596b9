//! A connection as the HTTP library reads and writes it: heads are looked at before they are handed on, one
//! request at a time, and whoever is too slow is cut.
//!
//! In place of a head that is refused a short one is handed on, so that the refusal takes the way of every
//! other answer, after those that are still under way.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, BytesMut};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep, sleep_until};

use super::head::{self, Framing, Refusal};
use super::limits::Limits;
use super::talk::Talk;

/// Read at once while a head is waited for.
const PIECE: usize = 4 * 1024;
/// Handed on in place of a head that is refused.
const INSTEAD: &[u8] = b"GET / HTTP/1.1\r\nconnection: close\r\n\r\n";
/// Whoever is waited for has to take at least so much in the time there is: a drop now and then is as good as
/// nothing.
const SIP: usize = 16 * 1024;
/// Most that is read and thrown away after the last answer.
const LINGER_BYTES: usize = 256 * 1024;

/// What comes next.
#[derive(Clone, Copy, Debug)]
enum Next {
    /// A head.
    Head,
    /// So many bytes of a head that was looked at, then what follows it.
    Handing { left: usize, then: Then },
    /// So many bytes of a body.
    Body { left: u64 },
    /// A body that says itself where it ends: what follows it is never read.
    Open,
    /// Nothing: a head was refused.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
enum Then {
    Framed(Framing),
    Nothing,
}

/// A connection under guard.
#[derive(Debug)]
pub(super) struct Wire<S> {
    socket: S,
    limits: Limits,
    talk: Arc<Talk>,
    next: Next,
    /// Read and not handed on.
    kept: BytesMut,
    /// So much of it holds no end of a head.
    scanned: usize,
    opened: Instant,
    /// Since when a head is there in part.
    head_since: Option<Instant>,
    /// Since when nothing is going on.
    idle_since: Option<Instant>,
    patience: Pin<Box<Sleep>>,
    /// Runs while the other side is waited for, with what it took since.
    stuck: Option<(Pin<Box<Sleep>>, usize)>,
    /// Set when everything is written: what was thrown away since.
    ended: Option<usize>,
}

fn too_slow() -> io::Error {
    io::ErrorKind::TimedOut.into()
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(super) fn new(socket: S, limits: Limits, talk: Arc<Talk>) -> Self {
        let opened = Instant::now();
        Self {
            socket,
            limits,
            talk,
            next: Next::Head,
            kept: BytesMut::new(),
            scanned: 0,
            opened,
            head_since: None,
            idle_since: None,
            patience: Box::pin(sleep_until(opened)),
            stuck: None,
            ended: None,
        }
    }

    /// Waits for a head and looks at it. False at the end of the connection.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<bool>> {
        loop {
            if let Some(end) = head::end(&self.kept, self.scanned) {
                match head::look(self.kept.get(..end).unwrap_or_default()) {
                    Ok(framing) => {
                        self.talk.let_through();
                        self.next = Next::Handing { left: end, then: Then::Framed(framing) };
                    }
                    Err(refusal) => self.refuse(refusal),
                }
            } else if let Some(refusal) = head::hopeless(&self.kept) {
                self.refuse(refusal);
            } else {
                self.scanned = self.kept.len();
                let mut bytes = [0; PIECE];
                let mut piece = ReadBuf::new(&mut bytes);
                match Pin::new(&mut self.socket).poll_read(cx, &mut piece)? {
                    Poll::Ready(()) if piece.filled().is_empty() => return Poll::Ready(Ok(false)),
                    Poll::Ready(()) => self.kept.extend_from_slice(piece.filled()),
                    Poll::Pending => return self.poll_patience(cx).map(Err),
                }
                continue;
            }
            self.scanned = 0;
            self.head_since = None;
            self.idle_since = None;
            return Poll::Ready(Ok(true));
        }
    }

    fn refuse(&mut self, refusal: Refusal) {
        self.talk.refuse(refusal);
        self.kept = BytesMut::from(INSTEAD);
        self.next = Next::Handing { left: INSTEAD.len(), then: Then::Nothing };
    }

    /// Ends when a head was waited for too long. While an answer is under way nothing is waited for.
    fn poll_patience(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        let now = Instant::now();
        let until = if !self.kept.is_empty() {
            *self.head_since.get_or_insert(now) + self.limits.head
        } else if self.talk.is_answering(cx.waker()) {
            self.idle_since = None;
            return Poll::Pending;
        } else if self.talk.has_begun() {
            *self.idle_since.get_or_insert(now) + self.limits.idle
        } else {
            self.opened + self.limits.first_byte
        };
        if self.patience.deadline() != until {
            self.patience.as_mut().reset(until);
        }
        self.patience.as_mut().poll(cx).map(|()| too_slow())
    }

    /// Hands on what is kept, at most so much.
    fn hand_on(&mut self, most: usize, out: &mut ReadBuf<'_>) -> usize {
        let most = most.min(out.remaining()).min(self.kept.len());
        out.put_slice(self.kept.get(..most).unwrap_or_default());
        self.kept.advance(most);
        most
    }

    /// Ends when the other side took next to nothing for too long. What it takes is counted by `size`.
    fn poll_taken<T>(
        &mut self,
        cx: &mut Context<'_>,
        polled: Poll<io::Result<T>>,
        size: impl FnOnce(&T) -> usize,
    ) -> Poll<io::Result<T>> {
        match (&polled, &mut self.stuck) {
            (Poll::Ready(Ok(done)), Some((_, taken))) => {
                *taken = taken.saturating_add(size(done));
                if *taken >= SIP {
                    self.stuck = None;
                }
                polled
            }
            (Poll::Ready(_), _) => polled,
            (Poll::Pending, stuck) => {
                let after = self.limits.stuck;
                let (timer, _) = stuck.get_or_insert_with(|| (Box::pin(sleep(after)), 0));
                ready!(timer.as_mut().poll(cx));
                Poll::Ready(Err(too_slow()))
            }
        }
    }

    /// Whether all that was sent has been read.
    fn owes_nothing(&self) -> bool {
        matches!(self.next, Next::Head) && self.kept.is_empty()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Wire<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, out: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if out.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        loop {
            match this.next {
                Next::Head => {
                    if !ready!(this.poll_head(cx))? {
                        return Poll::Ready(Ok(()));
                    }
                }
                Next::Handing { left: 0, then } => {
                    this.next = match then {
                        Then::Framed(Framing::Length(left)) => Next::Body { left },
                        Then::Framed(Framing::Chunked) => Next::Open,
                        Then::Nothing => Next::Nothing,
                    };
                }
                Next::Handing { left, then } => {
                    let handed = this.hand_on(left, out);
                    this.next = Next::Handing { left: left - handed, then };
                    return Poll::Ready(Ok(()));
                }
                Next::Body { left: 0 } => this.next = Next::Head,
                Next::Body { left } => {
                    let most = usize::try_from(left).unwrap_or(usize::MAX).min(out.remaining());
                    let read = if this.kept.is_empty() {
                        let mut piece = ReadBuf::new(out.initialize_unfilled_to(most));
                        ready!(Pin::new(&mut this.socket).poll_read(cx, &mut piece))?;
                        let read = piece.filled().len();
                        out.advance(read);
                        read
                    } else {
                        this.hand_on(most, out)
                    };
                    this.next = Next::Body { left: left - read as u64 };
                    return Poll::Ready(Ok(()));
                }
                Next::Open if this.kept.is_empty() => return Pin::new(&mut this.socket).poll_read(cx, out),
                Next::Open => {
                    this.hand_on(usize::MAX, out);
                    return Poll::Ready(Ok(()));
                }
                // The answer is on its way, and the connection ends with it.
                Next::Nothing => return Poll::Pending,
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Wire<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write(cx, bytes);
        this.poll_taken(cx, written, |size| *size)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.socket).poll_write_vectored(cx, bytes);
        this.poll_taken(cx, written, |size| *size)
    }

    fn is_write_vectored(&self) -> bool {
        self.socket.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let flushed = Pin::new(&mut this.socket).poll_flush(cx);
        // Asked for when everything was written: nobody is waited for any more.
        this.poll_taken(cx, flushed, |()| SIP)
    }

    /// Says that nothing more comes. When there is more to read than was wanted, it is read for a moment: a
    /// connection that is closed over unread bytes may take the last answer with it.
    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let mut thrown = match this.ended {
            Some(thrown) => thrown,
            None => {
                let done = Pin::new(&mut this.socket).poll_shutdown(cx);
                ready!(this.poll_taken(cx, done, |()| SIP))?;
                if this.owes_nothing() {
                    return Poll::Ready(Ok(()));
                }
                this.patience.as_mut().reset(Instant::now() + this.limits.linger);
                0
            }
        };
        let mut bytes = [0; PIECE];
        while thrown < LINGER_BYTES {
            this.ended = Some(thrown);
            let mut piece = ReadBuf::new(&mut bytes);
            match Pin::new(&mut this.socket).poll_read(cx, &mut piece) {
                Poll::Ready(Ok(())) if !piece.filled().is_empty() => thrown += piece.filled().len(),
                Poll::Ready(_) => break,
                Poll::Pending => return this.patience.as_mut().poll(cx).map(Ok),
            }
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, duplex};

    use super::{Limits, SIP, Talk, Wire};

    /// Writes to somebody who takes so many bytes a second.
    async fn write_to(bytes_a_second: usize) -> std::io::Result<()> {
        let (socket, mut other) = duplex(64);
        let mut wire = Wire::new(socket, Limits::default(), std::sync::Arc::new(Talk::default()));
        let takes = async {
            let mut bytes = vec![0; bytes_a_second];
            loop {
                tokio::time::sleep(Duration::from_secs(1)).await;
                if other.read_exact(&mut bytes).await.is_err() {
                    return std::future::pending().await;
                }
            }
        };
        tokio::select! {
            written = wire.write_all(&[7; 8 * SIP]) => written,
            () = takes => Ok(()),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_drop_now_and_then_is_as_good_as_nothing() {
        let enough = SIP / 20;
        assert!(write_to(enough).await.is_ok());
        let cut = write_to(SIP / 40).await.unwrap_err();
        assert_eq!(cut.kind(), std::io::ErrorKind::TimedOut);
    }
}
