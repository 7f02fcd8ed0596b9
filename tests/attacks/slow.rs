//! Callers that are slow: they are cut, everybody else goes on, and nothing of them stays.

use std::time::Duration;

use namecard::server::Limits;
use serde_json::json;
use tokio::net::{TcpSocket, TcpStream};

use crate::front::{Front, LONG, Peer, patient, quick};
use crate::support::member;

/// Descriptors of this process.
fn descriptors() -> usize {
    std::fs::read_dir("/dev/fd").unwrap().count()
}

/// A connection that takes next to nothing at once.
async fn narrow(front: &Front) -> Peer<TcpStream> {
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(4 * 1024).unwrap();
    Peer::new(socket.connect(front.at).await.unwrap())
}

/// Asks for its health, on a connection of its own, until something is so.
async fn healthy_until(front: &Front, what: &str, is_so: impl Fn() -> bool) {
    let begun = tokio::time::Instant::now();
    loop {
        let answer = front.get("/healthz").await;
        assert_eq!((answer.status, answer.body.as_str()), (200, "ok\n"));
        // The server's end of this very connection goes only now.
        tokio::time::sleep(Duration::from_millis(10)).await;
        if is_so() {
            return;
        }
        assert!(begun.elapsed() < LONG, "{what}: {} descriptors", descriptors());
    }
}

/// Counts what the whole process holds open, so this runs in a process of its own.
#[test]
fn two_hundred_half_open_connections_end_while_it_answers_and_nothing_stays() {
    const ALONE: &str = "NAMECARD_TEST_ALONE";
    if std::env::var_os(ALONE).is_some() {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        return runtime.block_on(two_hundred());
    }
    let name = "slow::two_hundred_half_open_connections_end_while_it_answers_and_nothing_stays";
    let done = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture"])
        .env(ALONE, "1")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&done.stdout);
    assert!(done.status.success(), "{said}{}", String::from_utf8_lossy(&done.stderr));
    assert!(said.contains("1 passed"), "{said}");
}

async fn two_hundred() {
    let front = Front::open(quick()).await;
    let ann = front.world.session("acme", "ann").await;
    let head = format!("GET /v1/me HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {ann}\r\n");
    // As many at once as there will be: what comes with use is there now.
    let mut warm = Vec::new();
    for _ in 0..200 {
        let mut peer = front.connect().await;
        peer.write(format!("{head}\r\n")).await;
        warm.push(peer);
    }
    for peer in &mut warm {
        assert_eq!(peer.answer().await.status, 200);
    }
    let full = descriptors();
    drop(warm);
    healthy_until(&front, "warm", || descriptors() + 400 <= full).await;
    let base = descriptors();
    let mut silent = Vec::new();
    let mut half = Vec::new();
    let mut bodies = Vec::new();
    let mut readers = Vec::new();
    let pages = "GET /v1/openapi.json HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(60);
    for _ in 0..50 {
        silent.push(front.connect().await);
        let mut peer = front.connect().await;
        peer.write(&head).await;
        half.push(peer);
        let mut peer = front.connect().await;
        peer.write(format!("{}{{", front.put("/v1/card", &ann, 100))).await;
        bodies.push(peer);
        let mut peer = narrow(&front).await;
        peer.write(&pages).await;
        readers.push(peer);
    }
    // All of them are cut: what is left are the callers' own ends.
    healthy_until(&front, "cut", || descriptors() <= base + 200).await;
    for mut peer in silent.into_iter().chain(half) {
        peer.closed().await;
    }
    for mut peer in bodies {
        peer.answer().await.problem("timeout");
        peer.closed().await;
    }
    drop(readers);
    healthy_until(&front, "gone", || descriptors() <= base).await;
}

#[tokio::test]
async fn a_head_that_comes_byte_by_byte_is_not_waited_for() {
    let front = Front::open(Limits { head: Duration::from_millis(300), ..patient() }).await;
    let (mut reader, mut writer) = TcpStream::connect(front.at).await.unwrap().into_split();
    let drip = tokio::spawn(async move {
        use tokio::io::AsyncWriteExt as _;
        while writer.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    });
    let end = tokio::time::timeout(LONG, tokio::io::copy(&mut reader, &mut tokio::io::sink())).await;
    assert!(matches!(end, Ok(Ok(0) | Err(_))), "{end:?}");
    drip.await.unwrap();
}

/// Sends pieces until an answer comes.
async fn drip(front: &Front, head: String, piece: &str, pieces: usize) -> u16 {
    let mut peer = front.connect().await;
    peer.write(head).await;
    for _ in 0..pieces {
        peer.write(piece).await;
        let answered = tokio::time::timeout(Duration::from_millis(20), peer.stream.readable()).await;
        if answered.is_ok() {
            break;
        }
    }
    peer.answer().await.status
}

#[tokio::test]
async fn a_body_has_a_time_in_all_and_rows_of_an_import_have_none() {
    // Pieces come soon after each other, so that only the time in all can be over.
    let limits =
        Limits { body: Duration::from_millis(200), handler: Duration::from_millis(100), ..patient() };
    let front = Front::open(limits).await;
    let ann = front.world.session("acme", "ann").await;
    assert_eq!(drip(&front, front.put("/v1/card", &ann, 1 << 17), " ", 1 << 17).await, 408);
    let import = front.world.stage(json!({"company": "acme"}), &[]).await;
    let row = format!("{}\n", member(2, "fay", "Fay", json!({})));
    let length = row.len() * 40;
    let head = front.put(&format!("/v1/imports/{import}/rows"), &front.world.operator, length);
    assert_eq!(drip(&front, head.replace("/json", "/x-ndjson"), &row, 40).await, 200);
}

#[tokio::test]
async fn rows_that_stop_coming_are_given_up() {
    let front = Front::open(Limits { body_silence: Duration::from_millis(100), ..patient() }).await;
    let import = front.world.stage(json!({"company": "acme"}), &[]).await;
    let head = front.put(&format!("/v1/imports/{import}/rows"), &front.world.operator, 1_000);
    let mut peer = front.connect().await;
    peer.write(head.replace("/json", "/x-ndjson")).await;
    peer.answer().await.problem("timeout");
    peer.closed().await;
}

#[tokio::test]
async fn a_quiet_stream_is_kept_and_a_quiet_connection_is_not() {
    let limits = Limits {
        first_byte: Duration::from_millis(200),
        idle: Duration::from_millis(200),
        stuck: Duration::from_millis(200),
        handler: Duration::from_millis(200),
        ..patient()
    };
    let front = Front::open(limits).await;
    let ann = front.world.session("acme", "ann").await;
    let mut stream = front.connect().await;
    stream
        .write(format!("GET /v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {ann}\r\n\r\n"))
        .await;
    stream.until("retry: 3000").await;
    // Several times as long as anything may be quiet.
    for _ in 0..3 {
        let mut quiet = front.connect().await;
        quiet.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
        assert_eq!(quiet.answer().await.status, 200);
        quiet.closed().await;
    }
    let card = front.world.card(&ann).await;
    front.world.visitor(&card, "Vera", "vera@northgrid.example").await;
    stream.until("event: change").await;
}
