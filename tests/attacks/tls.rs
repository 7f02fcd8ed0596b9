//! TLS of the server's own.

use std::sync::Arc;
use std::time::Duration;

use namecard::server::{Gate, Limits, Tls, TlsError};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use crate::certificates::{Certificate, replace};
use crate::front::{Front, LONG, Peer, patient, quick};
use crate::program::User;
use crate::program::server::{PEOPLE, Server};

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";

/// A connection that trusts one authority; none when the handshake fails.
async fn connect(front: &Front, authority: &str, alpn: &[&str]) -> Option<Peer<TlsStream<TcpStream>>> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(authority.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let socket = TcpStream::connect(front.at).await.unwrap();
    let name = ServerName::try_from("localhost").unwrap();
    TlsConnector::from(Arc::new(config)).connect(name, socket).await.ok().map(Peer::new)
}

async fn works(front: &Front, certificate: &Certificate) -> bool {
    let Some(mut peer) = connect(front, &certificate.authority, &["http/1.1"]).await else { return false };
    peer.write(HEALTH).await;
    peer.answer().await.status == 200
}

async fn front(dir: &std::path::Path, certificate: &Certificate, limits: Limits) -> (Front, Arc<Tls>) {
    let (chain, key) = certificate.put(dir);
    let tls = Arc::new(Tls::load(&chain, &key).unwrap());
    (Front::with(Gate { limits, tls: Some(tls.clone()), ..Gate::default() }).await, tls)
}

#[tokio::test]
async fn a_handshake_that_stalls_is_cut_and_plain_text_gets_no_answer() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new();
    let (front, _) = front(dir.path(), &certificate, quick()).await;
    let mut stalled = Vec::new();
    // Silent; with half a greeting; with a length of a record that never comes.
    for begin in [&b""[..], b"\x16\x03\x01", b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"] {
        let mut peer = front.connect().await;
        peer.write(begin).await;
        stalled.push(peer);
    }
    assert!(works(&front, &certificate).await);
    for mut peer in stalled {
        peer.closed().await;
    }
    // Silent after the handshake: the first byte has its own time.
    let mut silent = connect(&front, &certificate.authority, &[]).await.unwrap();
    silent.closed().await;
    let mut plain = front.connect().await;
    plain.write(HEALTH).await;
    assert!(!plain.until_end().await.contains("HTTP/"), "an alert at most");
}

#[tokio::test]
async fn a_connection_under_handshake_takes_a_place() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new();
    let limits = Limits { connections: 1, handshake: LONG, ..patient() };
    let (front, _) = front(dir.path(), &certificate, limits).await;
    let stalled = front.connect().await;
    let mut other = front.connect().await;
    other.closed().await;
    drop(stalled);
    let begun = tokio::time::Instant::now();
    while !works(&front, &certificate).await {
        assert!(begun.elapsed() < LONG, "the place is not given back");
    }
}

#[tokio::test]
async fn only_http_1_1_is_spoken() {
    let dir = tempfile::tempdir().unwrap();
    let certificate = Certificate::new();
    let (front, _) = front(dir.path(), &certificate, quick()).await;
    let peer = connect(&front, &certificate.authority, &["h2", "http/1.1"]).await.unwrap();
    assert_eq!(peer.stream.get_ref().1.alpn_protocol(), Some(&b"http/1.1"[..]));
    assert!(connect(&front, &certificate.authority, &["h2"]).await.is_none());
}

#[tokio::test]
async fn another_certificate_is_taken_and_a_bad_one_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (Certificate::new(), Certificate::new());
    let (front, tls) = front(dir.path(), &old, Limits { certificate: LONG, ..patient() }).await;
    let mut before = connect(&front, &old.authority, &[]).await.unwrap();
    let (chain, key) = new.put(dir.path());
    assert!(works(&front, &old).await, "nobody said that there is another one");
    tls.reload().unwrap();
    assert!(works(&front, &new).await && !works(&front, &old).await);
    before.write(HEALTH).await;
    assert_eq!(before.answer().await.status, 200, "who was there goes on");
    replace(&key, &old.key, 0o600);
    assert!(matches!(tls.reload(), Err(TlsError::Mismatch { .. })));
    replace(&key, "nothing", 0o600);
    assert!(matches!(tls.reload(), Err(TlsError::NoKey { .. })));
    replace(&key, &new.key, 0o640);
    assert!(matches!(tls.reload(), Err(TlsError::Open { .. })));
    replace(&key, &new.key, 0o604);
    assert!(matches!(tls.reload(), Err(TlsError::Open { .. })));
    replace(&key, &new.key, 0o600);
    replace(&chain, "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", 0o644);
    assert!(matches!(tls.reload(), Err(TlsError::Unusable { .. })));
    replace(&chain, &new.key, 0o644);
    assert!(matches!(tls.reload(), Err(TlsError::NoCertificate { .. })));
    std::fs::remove_file(&chain).unwrap();
    assert!(matches!(tls.reload(), Err(TlsError::Read { .. })));
    assert!(works(&front, &new).await, "what was good stays in use");
    old.put(dir.path());
    tls.reload().unwrap();
    assert!(works(&front, &old).await);
}

#[tokio::test]
async fn files_that_changed_are_found_by_the_next_connection() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = (Certificate::new(), Certificate::new());
    let limits = Limits { certificate: Duration::ZERO, ..patient() };
    let (front, _) = front(dir.path(), &old, limits).await;
    let (_, key) = new.put(dir.path());
    assert!(works(&front, &new).await && !works(&front, &old).await);
    replace(&key, "nothing", 0o600);
    assert!(works(&front, &new).await, "what was good stays in use");
    old.put(dir.path());
    assert!(works(&front, &old).await);
}

#[test]
fn people_sign_in_to_a_server_with_a_certificate_of_its_own() {
    let admin = User::new();
    let certificate = Certificate::new();
    certificate.put(admin.dir.path());
    admin.file("people.csv", PEOPLE);
    let server = Server::start(
        admin,
        &["--tls-cert", "chain.pem", "--tls-key", "key.pem", "--public-url", "https://localhost"],
    );
    let origin = server.origin.replace("127.0.0.1", "localhost");
    assert!(origin.starts_with("https://"), "{origin}");
    let run = |user: &User, authority: &str, arguments: &[&str], input: &str| {
        user.file("authority.pem", authority);
        let mut command = user.command(arguments);
        command.env("SSL_CERT_FILE", user.dir.path().join("authority.pem"));
        user.run_command(command, input.as_bytes())
    };
    let operate = |arguments: &[&str]| {
        let beside = ["--server", &origin, "--token-file", "co.db.operator-token"];
        run(&server.admin, &certificate.authority, &[arguments, &beside].concat(), "")
    };
    operate(&["admin", "company", "create", "acme", "--name", "Acme"]).ok();
    operate(&["import", "people.csv", "--company", "acme"]).ok();
    let token = operate(&["admin", "token", "bob", "--company", "acme"]).ok();
    let bob = User::new();
    assert_eq!(run(&bob, &Certificate::new().authority, &["login", &origin], &token).code, 7);
    assert_eq!(run(&bob, &certificate.authority, &["login", &origin], &token).code, 0);
    assert!(run(&bob, &certificate.authority, &["whoami"], "").ok().contains("王芳"));
    // A card's link opens at this server.
    let card = run(&bob, &certificate.authority, &["card", "--format", "json"], "").json();
    assert!(card["link"].as_str().unwrap().starts_with("HTTPS://LOCALHOST/C/"), "{card}");
    // Another certificate, taken at a signal; one that is no good is not.
    let new = Certificate::new();
    let (_, key) = new.put(server.admin.dir.path());
    server.signal(rustix::process::Signal::HUP);
    server.until_it_says("The settings were read again.");
    replace(&key, &new.key, 0o644);
    server.signal(rustix::process::Signal::HUP);
    let said = server.until_it_says("the settings stay as they were.");
    assert!(said.contains("chmod 600 key.pem"), "{said}");
    assert_eq!(run(&bob, &new.authority, &["whoami"], "").code, 0);
    assert_eq!(run(&bob, &certificate.authority, &["whoami"], "").code, 7);
    assert_eq!(server.stop().1, 0, "it was not ended by the signal");
}

#[test]
fn a_key_that_others_can_read_is_refused_with_the_mend() {
    let user = User::new();
    let (chain, key) = Certificate::new().put(user.dir.path());
    // An address of nobody: it ends here too, were the certificate taken.
    let serve = ["serve", "--listen", "203.0.113.1:0", "--public-url", "https://localhost"];
    let files = ["--tls-cert", chain.to_str().unwrap(), "--tls-key", key.to_str().unwrap()];
    let all = [&serve[..], &files].concat();
    replace(&key, &std::fs::read_to_string(&key).unwrap(), 0o640);
    let said = user.run(&all).failed(2);
    assert!(said.contains(&format!("chmod 600 {}", key.display())), "{said}");
    let said = user.run(&[&serve[..3], &files].concat()).failed(2);
    assert!(said.contains("--public-url"), "{said}");
    user.run(&[&serve[..], &files[..2]].concat()).failed(2);
    std::fs::remove_file(&key).unwrap();
    let said = user.run(&all).failed(2);
    assert!(said.contains("key.pem"), "{said}");
}
