//! Under which names the server answers.

use namecard::server::{Address, Gate};

use crate::front::{Front, patient};

async fn called(front: &Front, target: &str, host: &str) -> (u16, String) {
    let answer = front.send(format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
    (answer.status, answer.body)
}

#[tokio::test]
async fn only_a_name_of_ours_is_answered() {
    let hosts = vec!["backend.internal".to_owned()];
    let front = Front::with(Gate { limits: patient(), hosts, ..Gate::default() }).await;
    front.world.app.set_address(Address::public("https://card.example.com").unwrap());
    let here = front.at.to_string();
    for host in [here.as_str(), "localhost", "[::1]:1", "Card.Example.com", "backend.internal:80"] {
        assert_eq!(called(&front, "/v1/health", host).await.0, 200, "{host}");
        // An address with a host in it says the same.
        assert_eq!(called(&front, &format!("http://{host}/v1/health"), host).await.0, 200, "{host}");
    }
    for host in ["evil.example", "card.example.com.evil.example", "127.0.0.1.evil.example", "10.0.0.1", "-"] {
        for (target, host) in [
            ("/v1/health".to_owned(), host),
            (format!("http://{host}/v1/health"), "localhost"),
            ("http://localhost/v1/health".to_owned(), host),
        ] {
            let told = front.send(format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n")).await;
            assert_eq!(told.status, 421, "{target} {host}");
            told.problem("misdirected");
            assert!(!told.body.contains("evil"), "{told:?}");
        }
        // Whoever watches over the server may call it as they like.
        assert_eq!(called(&front, "/healthz", host).await, (200, "ok\n".to_owned()));
        let (status, page) = called(&front, "/C/x", host).await;
        assert!(status == 421 && page.starts_with("<!doctype html>"), "{status}: {page}");
    }
    let told = front.send("GET /v1/health HTTP/1.0\r\n\r\n").await;
    assert_eq!(told.problem("invalid")["field"], "host");
}
