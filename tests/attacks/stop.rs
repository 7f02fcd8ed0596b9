//! The end of a server that is being used.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Instant;

use namecard::server::Limits;
use rustix::process::Signal;

use crate::front::{Front, LONG, patient, quick};
use crate::program::User;
use crate::program::server::Server;

#[tokio::test]
async fn calls_under_way_are_answered_streams_are_told_and_nobody_else_is_waited_for() {
    let front = Front::open(Limits { drain: LONG, ..patient() }).await;
    let ann = front.world.session("acme", "ann").await;
    let mut stream = front.connect().await;
    stream
        .write(format!("GET /v1/events HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {ann}\r\n\r\n"))
        .await;
    stream.until("retry: 3000").await;
    let mut busy = front.connect().await;
    busy.write(front.put("/v1/card", &ann, 2).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n")).await;
    busy.until("100 Continue\r\n\r\n").await;
    let mut quiet = front.connect().await;
    quiet.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert_eq!(quiet.answer().await.status, 200);
    let mut silent = front.connect().await;
    let mut half = front.connect().await;
    half.write("GET /healthz HTTP/1.1\r\n").await;
    // Both are connected: the last one was answered after they came.
    assert_eq!(front.get("/healthz").await.status, 200);
    front.world.app.begin_stop();
    stream.until("event: bye").await;
    quiet.closed().await;
    silent.closed().await;
    half.closed().await;
    assert!(tokio::net::TcpStream::connect(front.at).await.is_err(), "nobody new comes in");
    busy.write("{}GET /readyz HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    let answer = busy.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    busy.closed().await;
    front.serving.await.unwrap();
}

#[tokio::test]
async fn whoever_does_not_end_is_cut() {
    let front = Front::open(Limits { body_silence: LONG, body: LONG, ..quick() }).await;
    let ann = front.world.session("acme", "ann").await;
    let mut busy = front.connect().await;
    busy.write(front.put("/v1/card", &ann, 2).replace("\r\n\r\n", "\r\nexpect: 100-continue\r\n\r\n")).await;
    busy.until("100 Continue\r\n\r\n").await;
    front.world.app.begin_stop();
    busy.closed().await;
    front.serving.await.unwrap();
}

#[test]
fn a_second_signal_ends_it_at_once() {
    let server = Server::start(User::new(), &[]);
    let at = server.origin.strip_prefix("http://").unwrap().to_owned();
    let mut busy = TcpStream::connect(&at).unwrap();
    busy.write_all(
        b"POST /C/x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\nexpect: 100-continue\r\n\r\n",
    )
    .unwrap();
    let mut answer = [0; 25];
    busy.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.signal(Signal::TERM);
    let begun = Instant::now();
    while TcpStream::connect(&at).is_ok() {
        assert!(begun.elapsed() < LONG, "it goes on accepting");
    }
    // It waits for the call now. Had it not, its code would be 0, as it is when nothing is under way.
    assert_eq!(server.stop().1, 143);
}
