//! A listener with TLS: what it says to those who speak it, and what becomes of those who do not.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use countersign_local::listener::{Limits, serve_with};
use countersign_local::tls::{Tls, TlsError};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_util::sync::CancellationToken;

/// A certificate for `approvals.example` and 127.0.0.1, of no use to anybody else.
fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/router/tls").join(name)
}

fn tls() -> Tls {
    Tls::read(&file("certificate.pem"), &file("key.pem")).unwrap()
}

async fn listening(headers: Duration) -> (SocketAddr, CancellationToken) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let end = CancellationToken::new();
    let router = Router::new().route("/", get(|| async { "here" }));
    tokio::spawn(serve_with(Some(tls()), listener, router, Limits { headers, ..Limits::default() }, end.clone()));
    (address, end)
}

fn connector() -> TlsConnector {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(file("certificate.pem")).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    TlsConnector::from(Arc::new(config.with_root_certificates(roots).with_no_client_auth()))
}

#[tokio::test]
async fn a_client_that_knows_the_certificate_is_answered() {
    let (address, end) = listening(Duration::from_secs(15)).await;
    let stream = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("approvals.example").unwrap();
    let mut stream = connector().connect(name, stream).await.unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: approvals.example\r\nConnection: close\r\n\r\n").await.unwrap();
    let mut text = String::new();
    _ = stream.read_to_string(&mut text).await;
    assert!(text.starts_with("HTTP/1.1 200 ") && text.ends_with("here"), "{text}");
    let other = ServerName::try_from("other.example").unwrap();
    assert!(connector().connect(other, TcpStream::connect(address).await.unwrap()).await.is_err());
    end.cancel();
}

#[tokio::test]
async fn who_speaks_no_tls_gets_nothing_and_a_handshake_has_a_deadline() {
    let (address, end) = listening(Duration::from_millis(300)).await;
    for said in [&b"GET / HTTP/1.1\r\nHost: approvals.example\r\n\r\n"[..], b""] {
        let mut stream = TcpStream::connect(address).await.unwrap();
        stream.write_all(said).await.unwrap();
        let mut answer = Vec::new();
        let read = tokio::time::timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the connection is still open");
        assert!(!String::from_utf8_lossy(&answer).contains("here"));
    }
    end.cancel();
}

#[test]
fn the_certificate_says_for_which_names_it_is() {
    let tls = tls();
    for (name, expected) in [
        ("approvals.example", true),
        ("APPROVALS.example", true),
        ("127.0.0.1", true),
        ("example", false),
        ("127.0.0.2", false),
        ("evil.example", false),
        ("", false),
    ] {
        assert_eq!(tls.is_for(name), expected, "{name}");
    }
}

#[test]
fn what_cannot_be_used_is_said_with_its_file() {
    let missing = Tls::read(&file("missing.pem"), &file("key.pem")).unwrap_err();
    assert!(
        matches!(&missing, TlsError::Certificate { .. }) && missing.to_string().contains("missing.pem"),
        "{missing}"
    );
    assert!(matches!(Tls::read(&file("key.pem"), &file("key.pem")), Err(TlsError::Certificate { .. })));
    assert!(matches!(Tls::read(&file("certificate.pem"), &file("certificate.pem")), Err(TlsError::Key { .. })));
    assert!(matches!(Tls::read(&file("certificate.pem"), &file("other.pem")), Err(TlsError::Pair { .. })));
}

#[test]
fn a_renewed_certificate_takes_the_place_of_the_one_before() {
    let folder = std::env::temp_dir().join(format!("countersign-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| folder.join(name));
    let put = |from: &str, to: &Path| std::fs::write(to, std::fs::read(file(from)).unwrap()).unwrap();
    put("certificate.pem", &certificate);
    put("key.pem", &key);
    let tls = Tls::read(&certificate, &key).unwrap();
    // What the site's names come from.
    let clone = tls.clone();
    assert!(!tls.renew().unwrap(), "nothing changed");
    put("renewed.pem", &certificate);
    assert!(matches!(tls.renew(), Err(TlsError::Pair { .. })), "the key is not there yet");
    assert!(clone.is_for("approvals.example") && !clone.is_for("renewed.example"));
    put("renewed.key.pem", &key);
    assert!(tls.renew().unwrap());
    assert!(clone.is_for("renewed.example") && !clone.is_for("approvals.example"));
    std::fs::remove_dir_all(folder).unwrap();
}
