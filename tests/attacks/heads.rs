//! Requests that are too long, too deep, or mean two things at once.

use crate::front::{Front, patient};

/// Nothing of what was sent stands in a refusal.
const MARK: &str = "zzmarkzz";

#[tokio::test]
async fn a_body_that_ends_in_two_ways_is_refused_and_what_hides_behind_it_is_never_read() {
    let front = Front::open(patient()).await;
    let hidden = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let length = format!("content-length: {}\r\n", hidden.len() + 5);
    let chunked = "transfer-encoding: chunked\r\n";
    for (headers, field) in [
        (format!("{length}{chunked}"), "transfer-encoding"),
        (format!("{chunked}{length}"), "transfer-encoding"),
        (format!("transfer-encoding: {MARK}, chunked\r\n"), "transfer-encoding"),
        (format!("transfer-encoding: {MARK}\r\n"), "transfer-encoding"),
        ("content-length: 5\r\ncontent-length: 6\r\n".to_owned(), "content-length"),
        ("content-length: 5, 5\r\n".to_owned(), "content-length"),
        ("content-length: +5\r\n".to_owned(), "content-length"),
    ] {
        let mut peer = front.connect().await;
        let head = format!("POST /v1/sessions HTTP/1.1\r\nhost: localhost\r\n{headers}\r\n");
        peer.write(format!("{head}0\r\n\r\n{hidden}")).await;
        let told = peer.answer().await;
        assert_eq!(told.problem("invalid")["field"], field, "{headers}");
        assert_eq!((told.status, told.header("connection")), (400, "close"));
        assert!(!told.body.contains(MARK));
        peer.closed().await;
    }
}

#[tokio::test]
async fn a_chunked_body_is_the_last_thing_on_its_connection() {
    let front = Front::open(patient()).await;
    let ann = front.world.session("acme", "ann").await;
    let mut peer = front.connect().await;
    let hidden = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    peer.write(format!(
        "PUT /v1/card HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {ann}\r\n\
         content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{{}}\r\n0\r\n\r\n{hidden}"
    ))
    .await;
    let answer = peer.answer().await;
    assert_eq!((answer.status, answer.header("connection")), (200, "close"));
    peer.closed().await;
}

#[tokio::test]
async fn requests_in_a_row_are_answered_in_their_order_and_a_bad_one_after_those_before_it() {
    let front = Front::open(patient()).await;
    let ann = front.world.session("acme", "ann").await;
    let mut peer = front.connect().await;
    let put = front.put("/v1/card", &ann, 2);
    peer.write(format!(
        "\r\nGET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n{put}{{}}GET /v1/me HTTP/1.1\r\nhost: localhost\r\n\
         authorization: Bearer {ann}\r\n\r\nGET /readyz HTTP/1.1\nhost: localhost\n\nGET /{MARK}\r\n\r\n\
         GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"
    ))
    .await;
    assert_eq!(peer.answer().await.body, "ok\n");
    assert!(peer.answer().await.body.contains("\"link\""));
    assert!(peer.answer().await.body.contains("\"ann\""));
    assert_eq!(peer.answer().await.body, "ready\n");
    let told = peer.answer().await;
    assert_eq!(told.problem("invalid")["field"], "head");
    assert!(!told.body.contains(MARK));
    peer.closed().await;
}

#[tokio::test]
async fn heads_and_addresses_are_bounded_and_a_visitor_reads_a_page() {
    let front = Front::open(patient()).await;
    let long = MARK.repeat(260);
    let many: String = (0..65).map(|n| format!("x-{n}: 1\r\n")).collect();
    let big = format!("x: {}\r\n", MARK.repeat(2_100));
    let host = "host: localhost\r\n";
    for (target, headers, status, code) in [
        (format!("/v1/search?q={long}"), host.to_owned(), 414, "uri_too_long"),
        ("/v1/me".to_owned(), many.clone(), 431, "head_too_large"),
        ("/v1/me".to_owned(), big.clone(), 431, "head_too_large"),
        ("/v1/me".to_owned(), format!("{host}{host}"), 400, "invalid"),
        ("/v1/me".to_owned(), String::new(), 400, "invalid"),
        ("/v1/me".to_owned(), format!("{host}{MARK}\r\n"), 400, "invalid"),
        (format!("/c/{long}"), host.to_owned(), 414, "page"),
        ("/S/x".to_owned(), many, 431, "page"),
        ("/C/x".to_owned(), big, 431, "page"),
        ("/s/x".to_owned(), format!("{host}{host}"), 400, "page"),
    ] {
        let told = front.send(format!("GET {target} HTTP/1.1\r\n{headers}\r\n")).await;
        assert_eq!(told.status, status, "{target:.20}");
        if code == "page" {
            assert_eq!(told.header("content-type"), "text/html; charset=utf-8");
            assert!(told.header("content-security-policy").starts_with("default-src 'none'"));
        } else {
            told.problem(code);
        }
        assert!(!told.body.contains(MARK), "{told:?}");
    }
    // What never ends is not waited for.
    let mut peer = front.connect().await;
    peer.write(format!("GET /v1/{}", MARK.repeat(600))).await;
    peer.answer().await.problem("uri_too_long");
    peer.closed().await;
    // At the edge all is well.
    let target = format!("/v1/{}", "x".repeat(2_048 - 4));
    front.get(&target).await.problem("not_found");
    let headers: String = (0..63).map(|n| format!("x-{n}: 1\r\n")).collect();
    let fits = front.send(format!("GET /healthz HTTP/1.1\r\n{host}{headers}\r\n")).await;
    assert_eq!(fits.status, 200);
}

#[tokio::test]
async fn bodies_are_bounded_on_the_wire_too() {
    let front = Front::open(patient()).await;
    let ann = front.world.session("acme", "ann").await;
    let card = front.world.card(&ann).await;
    let form = |length: usize| {
        format!(
            "POST {card} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\n\r\n"
        )
    };
    let api = |length| front.put("/v1/card", &ann, length);
    // What fits is looked into: an empty form is not what it should be.
    for (head, limit, is_page, fits) in
        [(&api as &dyn Fn(usize) -> String, 256 * 1024, false, 200), (&form, 16 * 1024, true, 400)]
    {
        let mut peer = front.connect().await;
        peer.write(format!("{}{}", head(limit + 1), " ".repeat(limit + 1))).await;
        let told = peer.answer().await;
        assert_eq!(told.status, 413, "{told:?}");
        if is_page {
            assert_eq!(told.header("content-type"), "text/html; charset=utf-8");
        } else {
            told.problem("too_large");
        }
        peer.write(head(limit)).await;
        let room = " ".repeat(limit - 2);
        peer.write(format!("{{}}{room}")).await;
        let answer = match peer.try_answer().await {
            Some(answer) => answer,
            // A connection may end with a refusal.
            None => front.send(format!("{}{{}}{room}", head(limit))).await,
        };
        assert_eq!(answer.status, fits, "{answer:?}");
    }
    // Nobody's body is not read.
    let mut peer = front.connect().await;
    peer.write(front.put("/v1/card", "nc_ses_nobody", 1 << 30)).await;
    peer.answer().await.problem("unauthenticated");
    peer.closed().await;
}
