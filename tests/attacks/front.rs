//! A server behind its real accept loop, and callers that write their bytes by hand.

use std::net::SocketAddr;
use std::time::Duration;

use namecard::server::{Gate, Limits, serve};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use crate::support::World;

/// Nothing that is waited for takes longer, however busy the machine is.
pub const LONG: Duration = Duration::from_secs(60);

/// The real limits with a twentieth of the times.
pub fn quick() -> Limits {
    let real = Limits::default();
    Limits {
        handshake: real.handshake / 20,
        first_byte: real.first_byte / 20,
        head: real.head / 20,
        body_silence: real.body_silence / 20,
        body: real.body / 20,
        handler: real.handler / 20,
        idle: real.idle / 20,
        stuck: real.stuck / 20,
        linger: real.linger / 20,
        drain: real.drain / 20,
        ..real
    }
}

/// The real limits with all the time there is.
pub fn patient() -> Limits {
    Limits {
        first_byte: LONG,
        head: LONG,
        body_silence: LONG,
        body: LONG,
        handler: LONG,
        idle: LONG,
        stuck: LONG,
        ..Limits::default()
    }
}

pub struct Front {
    pub world: World,
    pub at: SocketAddr,
    pub serving: JoinHandle<()>,
}

impl Front {
    pub async fn open(limits: Limits) -> Self {
        Self::with(Gate { limits, ..Gate::default() }).await
    }

    pub async fn with(gate: Gate) -> Self {
        let world = World::acme().await;
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let at = listener.local_addr().unwrap();
        let serving = tokio::spawn(serve(world.app.clone(), listener, gate));
        Self { world, at, serving }
    }

    pub async fn connect(&self) -> Peer<TcpStream> {
        Peer::new(TcpStream::connect(self.at).await.unwrap())
    }

    /// Sends bytes on a connection of their own and reads one answer.
    pub async fn send(&self, bytes: impl AsRef<[u8]>) -> Answer {
        let mut peer = self.connect().await;
        peer.write(bytes).await;
        peer.answer().await
    }

    /// A plain call on a connection of its own.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n")).await
    }

    /// The head of a call that has a JSON body of so many bytes.
    pub fn put(&self, path: &str, token: &str, length: usize) -> String {
        format!(
            "PUT {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {token}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n"
        )
    }
}

/// One end of a connection.
pub struct Peer<S> {
    pub stream: S,
    read: Vec<u8>,
}

/// One answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub head: String,
    pub body: String,
}

impl Answer {
    #[track_caller]
    pub fn problem(&self, code: &str) -> Value {
        assert!(self.header("content-type").starts_with("application/problem+json"), "{self:?}");
        let body: Value = serde_json::from_str(&self.body).unwrap();
        assert_eq!((body["code"].as_str(), body["status"].as_u64()), (Some(code), Some(self.status.into())));
        body
    }

    pub fn header(&self, name: &str) -> &str {
        let line = self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_default()
    }
}

impl<S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin> Peer<S> {
    pub fn new(stream: S) -> Self {
        Self { stream, read: Vec::new() }
    }

    /// Writes; the other side may be gone already.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) {
        let _ = self.stream.write_all(bytes.as_ref()).await;
        let _ = self.stream.flush().await;
    }

    async fn more(&mut self) -> bool {
        let mut piece = [0; 4096];
        let read = tokio::time::timeout(LONG, self.stream.read(&mut piece)).await.expect("something happens");
        let read = read.unwrap_or(0);
        self.read.extend_from_slice(&piece[..read]);
        read > 0
    }

    /// Reads until `end` is there.
    pub async fn until(&mut self, end: &str) -> String {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|bytes| bytes == end.as_bytes()) {
                return String::from_utf8(self.read.drain(..at + end.len()).collect()).unwrap();
            }
            assert!(self.more().await, "{end:?} does not come: {}", String::from_utf8_lossy(&self.read));
        }
    }

    /// The next answer, if there is one before the end.
    pub async fn try_answer(&mut self) -> Option<Answer> {
        while self.read.is_empty() {
            if !self.more().await {
                return None;
            }
        }
        Some(self.answer().await)
    }

    /// The next answer.
    pub async fn answer(&mut self) -> Answer {
        let head = self.until("\r\n\r\n").await;
        let status = head[9..12].parse().unwrap();
        let mut answer = Answer { status, head, body: String::new() };
        let length: usize = answer.header("content-length").parse().unwrap();
        while self.read.len() < length {
            assert!(self.more().await, "the body of {answer:?} ends early");
        }
        answer.body = String::from_utf8(self.read.drain(..length).collect()).unwrap();
        answer
    }

    /// All that comes before the end.
    pub async fn until_end(&mut self) -> String {
        while self.more().await {}
        String::from_utf8_lossy(&self.read).into_owned()
    }

    /// Waits for the end; nothing more comes before it.
    pub async fn closed(&mut self) {
        while self.more().await {}
        assert_eq!(String::from_utf8_lossy(&self.read), "", "nothing more was to come");
    }
}
