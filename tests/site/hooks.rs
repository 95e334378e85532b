//! `POST /hooks/sns`: what SNS pushes in, and what is refused.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use axum::http::{Method, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use countersign::server::hooks::{Certificates, Confirm, Hooks};
use countersign::server::http;
use countersign::server::http::place::Place;
use countersign::server::http::{Extras, Gate};
use countersign_desk::connection::{TopicArn, TopicError};
use countersign_desk::{Clock, Desks};
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use rustls::{ClientConfig, RootCertStore, ServerConfig};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use crate::support::Site;

/// 2023-11-14T22:13:20Z.
const NOW: i64 = 1_700_000_000_000;
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:executions";
const CERTIFICATE: &str = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-0a1b.pem";

macro_rules! pem {
    ($name:literal) => {
        include_str!(concat!("certificates/", $name, ".pem"))
    };
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::aws_lc_rs::default_provider())
}

/// The authorities of these tests: of one that issues by itself, and one that has another between.
fn roots() -> Arc<RootCertStore> {
    let mut roots = RootCertStore::empty();
    for pem in [pem!("authority"), pem!("root")] {
        roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    }
    Arc::new(roots)
}

/// The TLS of a client that trusts the authorities of these tests alone.
pub fn trusting() -> Arc<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    Arc::new(builder.with_root_certificates(roots()).with_no_client_auth())
}

/// What accepts TLS with a certificate of these tests.
pub fn acceptor(certificate: &str, key: &str) -> TlsAcceptor {
    let chain = vec![CertificateDer::from_pem_slice(certificate.as_bytes()).unwrap()];
    let key = PrivateKeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let builder = ServerConfig::builder_with_provider(provider()).with_safe_default_protocol_versions().unwrap();
    TlsAcceptor::from(Arc::new(builder.with_no_client_auth().with_single_cert(chain, key).unwrap()))
}

/// A host of certificates that answers every request with `pem`; returns where it is, and how often it was asked.
async fn host(acceptor: TlsAcceptor, answer: String) -> (SocketAddr, Arc<Mutex<usize>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, asked) = (listener.local_addr().unwrap(), Arc::new(Mutex::new(0)));
    let count = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            *count.lock().unwrap() += 1;
            // Whoever does not trust the certificate leaves here.
            let Ok(mut stream) = acceptor.accept(stream).await else { continue };
            let _ = stream.read(&mut [0; 2_048]).await;
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (address, asked)
}

fn ok(pem: &str) -> String {
    format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{pem}", pem.len())
}

/// Notes what is confirmed.
#[derive(Default)]
struct Confirmed(Mutex<Vec<(String, String)>>, Mutex<bool>);

impl Confirm for Confirmed {
    fn confirm<'a>(
        &'a self,
        topic: &'a TopicArn,
        token: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<(), TopicError>> + Send + 'a>> {
        self.0.lock().unwrap().push((topic.to_string(), token.to_owned()));
        let fails = std::mem::take(&mut *self.1.lock().unwrap());
        let failed = TopicError { why: "away".into(), refused: false };
        Box::pin(async move { if fails { Err(failed) } else { Ok(()) } })
    }
}

/// Gives the site a hook whose certificates come from this host.
fn hook(site: &mut Site, address: SocketAddr) -> Arc<Confirmed> {
    hook_with(site, Certificates::new(trusting(), roots()).at(address), Clock::new(|| NOW))
}

/// Gives the site a hook with these certificates, at this time.
fn hook_with(site: &mut Site, certificates: Certificates, clock: Clock) -> Arc<Confirmed> {
    let confirmed = Arc::new(Confirmed::default());
    let topics = BTreeSet::from([TOPIC.parse().unwrap()]);
    let hooks = Hooks::new(topics, certificates, Arc::clone(&confirmed) as _, clock);
    let desks = Arc::new(Desks::of(Arc::clone(&site.desk.desk)));
    site.router = http::router_with(
        desks,
        Gate::Personas,
        Place::ThisMachine,
        Extras { hooks: Some(Arc::new(hooks)), ..Extras::default() },
    );
    confirmed
}

/// A message with the signature of a key.
fn signed(mut message: Value, key: &str) -> Value {
    let names = ["Message", "MessageId", "Subject", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
    let text: String =
        names.iter().filter_map(|name| Some(format!("{name}\n{}\n", message[*name].as_str()?))).collect();
    let key = PrivatePkcs8KeyDer::from_pem_slice(key.as_bytes()).unwrap();
    let key = RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()).unwrap();
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), text.as_bytes(), &mut signature).unwrap();
    message["Signature"] = BASE64_STANDARD.encode(signature).into();
    message
}

fn notification(id: &str, content: &Value) -> Value {
    json!({
        "Type": "Notification", "MessageId": id, "TopicArn": TOPIC, "Subject": "A change", "Message": content.to_string(),
        "Timestamp": "2023-11-14T22:13:20.000Z", "SignatureVersion": "2", "SigningCertURL": CERTIFICATE,
    })
}

async fn push(site: &Site, body: String) -> StatusCode {
    let headers = [("content-type", "text/plain; charset=UTF-8"), ("x-amz-sns-message-type", "Notification")];
    site.send(Method::POST, "/hooks/sns", &headers, body).await.status
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_sns_is_taken_once_and_a_forged_one_never() {
    let mut site = Site::new("hooks").await;
    let (address, asked) = host(acceptor(pem!("host"), pem!("host.key")), ok(pem!("signing"))).await;
    assert_eq!(push(&site, "{}".to_owned()).await, StatusCode::NOT_FOUND, "no topics are named");
    hook(&mut site, address);
    let (arn, _) = site.ask("told-of").await;
    let event = json!({ "source": "aws.states", "detail": { "executionArn": arn, "status": "RUNNING" } });
    let message = signed(notification("m-1", &event), pem!("signing.key"));
    assert_eq!(push(&site, message.to_string()).await, StatusCode::OK);
    assert_eq!(push(&site, message.to_string()).await, StatusCode::OK, "SNS sends it again: nothing is done");
    assert_eq!(*asked.lock().unwrap(), 1, "the certificate is known");

    let forged = |field: &str, value: &str| {
        let mut forged = message.clone();
        forged[field] = value.into();
        forged.to_string()
    };
    for (body, status, what) in [
        (forged("Message", "{}"), StatusCode::FORBIDDEN, "another content"),
        (forged("MessageId", "m-2"), StatusCode::FORBIDDEN, "another id, so that it counts as new"),
        (forged("Timestamp", "2023-11-14T22:14:20.000Z"), StatusCode::FORBIDDEN, "a later time"),
        (forged("Signature", "AAAA"), StatusCode::FORBIDDEN, "no signature"),
        (forged("SignatureVersion", "1"), StatusCode::FORBIDDEN, "the other version"),
        (forged("SignatureVersion", "3"), StatusCode::FORBIDDEN, "no version"),
        (forged("TopicArn", &format!("{TOPIC}-2")), StatusCode::FORBIDDEN, "another topic"),
        (
            forged("SigningCertURL", "https://evil.example/SimpleNotificationService-0a1b.pem"),
            StatusCode::FORBIDDEN,
            "a host of somebody else's",
        ),
        (signed(notification("m-3", &event), pem!("other.key")).to_string(), StatusCode::FORBIDDEN, "another key"),
        ("nothing".to_owned(), StatusCode::BAD_REQUEST, "no message"),
        ("x".repeat(700 * 1024), StatusCode::PAYLOAD_TOO_LARGE, "too much"),
        ("x".repeat(2 * 1024 * 1024), StatusCode::PAYLOAD_TOO_LARGE, "far too much"),
    ] {
        assert_eq!(push(&site, body).await, status, "{what}");
    }
    for (at, status) in [
        ("2023-11-14T21:13:19.000Z", StatusCode::FORBIDDEN),
        ("2023-11-14T21:13:21.000Z", StatusCode::OK),
        ("2023-11-14T22:18:21.000Z", StatusCode::FORBIDDEN),
    ] {
        let mut other = notification(at, &event);
        other["Timestamp"] = at.into();
        assert_eq!(push(&site, signed(other, pem!("signing.key")).to_string()).await, status, "{at}");
    }
    let answer = site.send(Method::GET, "/hooks/sns", &[], String::new()).await;
    assert_eq!(answer.status, StatusCode::METHOD_NOT_ALLOWED);
    assert_eq!(*asked.lock().unwrap(), 1, "nobody had the program fetch anything else");
    site.close().await;
}

/// SNS's first version of signatures, with SHA-1, which topics have unless they are set to the second.
#[tokio::test(flavor = "multi_thread")]
async fn signatures_of_the_first_version_are_checked_too() {
    let mut site = Site::new("hooks-1").await;
    let (address, _) = host(acceptor(pem!("host"), pem!("host.key")), ok(pem!("signing"))).await;
    hook(&mut site, address);
    let mut message = notification("version-1", &json!({}));
    message["Message"] = "hello".into();
    message["SignatureVersion"] = "1".into();
    message.as_object_mut().unwrap().remove("Subject");
    message["Signature"] = include_str!("certificates/version-1.signature").trim().into();
    let mut other = message.clone();
    other["Message"] = "hallo".into();
    assert_eq!(push(&site, other.to_string()).await, StatusCode::FORBIDDEN);
    assert_eq!(push(&site, message.to_string()).await, StatusCode::OK);
    site.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_foreign_certificate_is_not_believed() {
    let mut site = Site::new("hooks-foreign").await;
    let elsewhere = "HTTP/1.1 302 Found\r\nlocation: https://evil.example/\r\ncontent-length: 0\r\n\r\n".to_owned();
    for (acceptor, answer, status, what) in [
        (
            acceptor(pem!("strange-host"), pem!("strange-host.key")),
            ok(pem!("signing")),
            StatusCode::SERVICE_UNAVAILABLE,
            "a host of a stranger",
        ),
        (
            acceptor(pem!("other"), pem!("other.key")),
            ok(pem!("signing")),
            StatusCode::SERVICE_UNAVAILABLE,
            "a host of another name",
        ),
        (
            acceptor(pem!("host"), pem!("host.key")),
            ok(pem!("other")),
            StatusCode::FORBIDDEN,
            "a certificate for another name",
        ),
        (
            acceptor(pem!("host"), pem!("host.key")),
            ok(pem!("strange-host")),
            StatusCode::FORBIDDEN,
            "a certificate of a stranger's authority",
        ),
        (acceptor(pem!("host"), pem!("host.key")), ok("nothing"), StatusCode::FORBIDDEN, "no certificate"),
        (acceptor(pem!("host"), pem!("host.key")), elsewhere, StatusCode::SERVICE_UNAVAILABLE, "somewhere else"),
    ] {
        let (address, _) = host(acceptor, answer).await;
        hook(&mut site, address);
        let key = match what {
            "a certificate for another name" => pem!("other.key"),
            "a certificate of a stranger's authority" => pem!("strange-host.key"),
            _ => pem!("signing.key"),
        };
        let message = signed(notification("m-1", &json!({})), key);
        assert_eq!(push(&site, message.to_string()).await, status, "{what}");
    }
    site.close().await;
}

/// The certificates are valid from 2020 to 2120.
#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_that_is_not_valid_now_is_not_believed() {
    let mut site = Site::new("hooks-expired").await;
    let (address, _) = host(acceptor(pem!("host"), pem!("host.key")), ok(pem!("signing"))).await;
    for (clock, at, status) in [
        (Clock::new(|| 1_577_836_799_000), "2019-12-31T23:59:59.000Z", StatusCode::FORBIDDEN),
        (Clock::new(|| 1_577_836_800_000), "2020-01-01T00:00:00.000Z", StatusCode::OK),
        (Clock::new(|| 4_733_510_401_000), "2120-01-01T00:00:01.000Z", StatusCode::FORBIDDEN),
    ] {
        hook_with(&mut site, Certificates::new(trusting(), roots()).at(address), clock);
        let mut message = notification("m-1", &json!({}));
        message["Timestamp"] = at.into();
        assert_eq!(push(&site, signed(message, pem!("signing.key")).to_string()).await, status, "{at}");
    }
    site.close().await;
}

/// SNS serves its certificate alone, and an authority vouches for the one of its issuer.
#[tokio::test(flavor = "multi_thread")]
async fn the_certificate_of_an_issuer_is_fetched_from_where_the_certificate_says() {
    let mut site = Site::new("hooks-issuer").await;
    let (address, _) = host(acceptor(pem!("host"), pem!("host.key")), ok(pem!("issued"))).await;
    for (answer, status, what) in [
        (Some(pem!("issuer")), StatusCode::OK, "its issuer"),
        (Some(pem!("stranger")), StatusCode::FORBIDDEN, "somebody else"),
        (None, StatusCode::SERVICE_UNAVAILABLE, "SNS sends it again"),
    ] {
        let issuers = plain_host(answer.map(ok)).await;
        let certificates = Certificates::new(trusting(), roots()).at(address).issuers_at(issuers);
        hook_with(&mut site, certificates, Clock::new(|| NOW));
        let message = signed(notification("m-1", &json!({})), pem!("signing.key"));
        assert_eq!(push(&site, message.to_string()).await, status, "{what}");
    }
    site.close().await;
}

/// A host without TLS that answers every request with this, or closes.
async fn plain_host(answer: Option<String>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let _ = stream.read(&mut [0; 2_048]).await;
            if let Some(answer) = &answer {
                let _ = stream.write_all(answer.as_bytes()).await;
            }
            let _ = stream.shutdown().await;
        }
    });
    address
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_confirmed_for_a_topic_that_is_named() {
    let mut site = Site::new("hooks-confirm").await;
    let (address, _) = host(acceptor(pem!("host"), pem!("host.key")), ok(pem!("signing"))).await;
    let confirmed = hook(&mut site, address);
    let confirmation = |id: &str, topic: &str| {
        json!({
            "Type": "SubscriptionConfirmation", "MessageId": id, "TopicArn": topic, "Token": "t-1", "Message": "You have chosen",
            "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription", "SignatureVersion": "2",
            "Timestamp": "2023-11-14T22:13:20.000Z", "SigningCertURL": CERTIFICATE,
        })
    };
    let other = signed(confirmation("c-0", &format!("{TOPIC}-2")), pem!("signing.key"));
    assert_eq!(push(&site, other.to_string()).await, StatusCode::FORBIDDEN);
    assert_eq!(*confirmed.0.lock().unwrap(), []);
    *confirmed.1.lock().unwrap() = true;
    let message = signed(confirmation("c-1", TOPIC), pem!("signing.key")).to_string();
    assert_eq!(push(&site, message.clone()).await, StatusCode::SERVICE_UNAVAILABLE, "SNS sends it again");
    for _ in 0..2 {
        assert_eq!(push(&site, message.clone()).await, StatusCode::OK);
    }
    let once = (TOPIC.to_owned(), "t-1".to_owned());
    assert_eq!(*confirmed.0.lock().unwrap(), [once.clone(), once], "the attempt that failed, and one more");
    site.close().await;
}
