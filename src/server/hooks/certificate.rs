//! The certificates that SNS signs with. Each is fetched from SNS's own host, over TLS whose chain is verified, has to be for
//! SNS's name, and valid, and an authority that this machine trusts has to vouch for it ([`super::chain`]).

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, RsaParameters, UnparsedPublicKey,
};
use axum::body::Bytes;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{Request, StatusCode, Uri, header};
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper_util::rt::TokioIo;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use super::chain::{Chain, NoTrust};
use super::message::Message;

/// How long a fetch may take, and how large a certificate may be.
const PATIENCE: Duration = Duration::from_secs(10);
const LARGEST: usize = 65_536;
/// How long a certificate is used, and how long one that could not be fetched is not asked for again, in milliseconds.
const KNOWN: i64 = 24 * 3_600_000;
const UNKNOWN: i64 = 60_000;
/// The most certificates that are remembered: SNS has one a region, and changes it once a year.
const REMEMBERED: usize = 32;

/// Why a signature is not trusted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Untrusted {
    #[error("its certificate is not at SNS's own host")]
    Host,
    /// It may be there later.
    #[error("its certificate cannot be fetched: {0}")]
    Unreachable(String),
    #[error("its certificate is not one of SNS: {0}")]
    Foreign(String),
    #[error("its signature has the unknown version {0:?}")]
    Version(String),
    #[error("its signature does not fit")]
    Forged,
}

/// A public key, or why there is none, and when that was learnt.
type Known = (i64, Result<Vec<u8>, Untrusted>);

/// Checks signatures, and fetches what they are checked with.
pub struct Certificates {
    tls: Arc<ClientConfig>,
    /// The authorities that vouch for SNS's certificates.
    roots: Arc<RootCertStore>,
    address: Option<SocketAddr>,
    issuers: Option<SocketAddr>,
    /// By URL. Held while one is fetched, so that many messages at once fetch it once.
    known: Mutex<BTreeMap<String, Known>>,
}

impl Certificates {
    /// Certificates that are fetched with this TLS, and for which these authorities vouch.
    #[must_use]
    pub fn new(tls: Arc<ClientConfig>, roots: Arc<RootCertStore>) -> Self {
        Self { tls, roots, address: None, issuers: None, known: Mutex::default() }
    }

    /// The same where SNS's hosts are all at this address; they must prove who they are there, too.
    #[must_use]
    pub fn at(self, address: SocketAddr) -> Self {
        Self { address: Some(address), ..self }
    }

    /// The same where the certificates of issuers are all at this address.
    #[must_use]
    pub fn issuers_at(self, address: SocketAddr) -> Self {
        Self { issuers: Some(address), ..self }
    }

    /// Checks the signature of a message.
    ///
    /// # Errors
    /// It is not one of SNS.
    pub async fn check(&self, message: &Message, now: i64) -> Result<(), Untrusted> {
        let algorithm = algorithm(&message.version)?;
        let host = host_of(&message.certificate_url, message.topic.region()).ok_or(Untrusted::Host)?;
        let signature = BASE64_STANDARD.decode(&message.signature).map_err(|_| Untrusted::Forged)?;
        let key = self.key(&message.certificate_url, &host, now).await?;
        let fits = UnparsedPublicKey::new(algorithm, key).verify(message.signed.as_bytes(), &signature);
        fits.map_err(|_| Untrusted::Forged)
    }

    async fn key(&self, url: &str, host: &str, now: i64) -> Result<Vec<u8>, Untrusted> {
        let mut known = self.known.lock().await;
        if let Some((at, key)) = known.get(url) {
            let lasts = if key.is_ok() { KNOWN } else { UNKNOWN };
            if now - at < lasts {
                return key.clone();
            }
        }
        let late = || Untrusted::Unreachable("there was no answer within ten seconds".to_owned());
        let key = tokio::time::timeout(PATIENCE, self.fetch_key(url, host, now)).await;
        let key = key.unwrap_or_else(|_| Err(late()));
        if known.len() >= REMEMBERED {
            known.clear();
        }
        known.insert(url.to_owned(), (now, key.clone()));
        key
    }

    /// The public key of the certificate at a URL of this host.
    async fn fetch_key(&self, url: &str, host: &str, now: i64) -> Result<Vec<u8>, Untrusted> {
        let (pem, shown) = self.fetch(url, host).await.map_err(Untrusted::Unreachable)?;
        let chain = Chain::read(&pem, shown).map_err(Untrusted::Foreign)?;
        if !chain.is_for(&names(host)) {
            return Err(Untrusted::Foreign("it is for another name".to_owned()));
        }
        let foreign = |why: NoTrust| match why {
            NoTrust::Issuer => Untrusted::Foreign("no authority that this machine trusts vouches for it".to_owned()),
            NoTrust::Refused(why) => Untrusted::Foreign(why),
        };
        match (chain.trusted_key(&self.roots, now), chain.issuer()) {
            (Ok(key), _) => Ok(key),
            (Err(NoTrust::Issuer), Some(issuer)) => {
                let unreachable = |why: String| Untrusted::Unreachable(format!("its issuer's at {issuer}: {why}"));
                let issued_by = self.fetch_issuer(&issuer).await.map_err(unreachable)?;
                chain.and(issued_by).trusted_key(&self.roots, now).map_err(foreign)
            }
            (Err(why), _) => Err(foreign(why)),
        }
    }

    /// What is at a URL of this host, and the certificates that the host has shown.
    async fn fetch(&self, url: &str, host: &str) -> Result<(Vec<u8>, Vec<CertificateDer<'static>>), String> {
        let name = ServerName::try_from(host.to_owned()).map_err(worded)?;
        let stream = connect(self.address, host, 443).await?;
        let stream = TlsConnector::from(Arc::clone(&self.tls)).connect(name, stream).await.map_err(worded)?;
        let shown = stream.get_ref().1.peer_certificates().unwrap_or_default().to_vec();
        let url: Uri = url.parse().map_err(worded)?;
        Ok((get(stream, host, url.path()).await?, shown))
    }

    /// The certificate of an issuer: over plain HTTP, as authorities serve them.
    async fn fetch_issuer(&self, url: &Uri) -> Result<Vec<u8>, String> {
        let host = url.host().unwrap_or_default();
        get(connect(self.issuers, host, 80).await?, host, url.path()).await
    }
}

fn worded(error: impl std::fmt::Display) -> String {
    error.to_string()
}

async fn connect(address: Option<SocketAddr>, host: &str, port: u16) -> Result<TcpStream, String> {
    let stream = match address {
        Some(address) => TcpStream::connect(address).await,
        None => TcpStream::connect((host, port)).await,
    };
    stream.map_err(worded)
}

/// What is at a path of the host at the other end of a stream.
async fn get(stream: impl AsyncRead + AsyncWrite + Unpin, host: &str, path: &str) -> Result<Vec<u8>, String> {
    let stream = TokioIo::new(stream);
    let (mut sender, connection) = hyper::client::conn::http1::handshake(stream).await.map_err(worded)?;
    let request = Request::get(path).header(header::HOST, host).header(header::USER_AGENT, "countersign");
    let request = request.body(Empty::<Bytes>::new()).map_err(worded)?;
    let exchange = async {
        let answer = sender.send_request(request).await.map_err(worded)?;
        // A redirect is no certificate.
        if answer.status() != StatusCode::OK {
            return Err(format!("{host} answered with {}", answer.status()));
        }
        let body = Limited::new(answer.into_body(), LARGEST).collect().await.map_err(worded)?;
        Ok(body.to_bytes().to_vec())
    };
    tokio::pin!(exchange);
    tokio::select! {
        answer = &mut exchange => answer,
        // The server may close right after its answer.
        ended = connection => match ended {
            Ok(()) => exchange.await,
            Err(error) => Err(worded(error)),
        },
    }
}

/// How a version of signatures is checked.
fn algorithm(version: &str) -> Result<&'static RsaParameters, Untrusted> {
    match version {
        "1" => Ok(&RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY),
        "2" => Ok(&RSA_PKCS1_2048_8192_SHA256),
        other => Err(Untrusted::Version(other.chars().take(8).collect())),
    }
}

/// The host of a certificate, which has to be SNS's in the topic's region.
fn host_of(url: &str, region: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let authority = uri.authority()?.as_str();
    let host = if region.starts_with("cn-") {
        format!("sns.{region}.amazonaws.com.cn")
    } else {
        format!("sns.{region}.amazonaws.com")
    };
    let name = uri.path().strip_prefix("/SimpleNotificationService-")?.strip_suffix(".pem")?;
    let is_name = !name.is_empty() && name.len() <= 64 && name.bytes().all(|one| one.is_ascii_alphanumeric());
    // The whole authority: no user and no port of somebody's choice.
    (uri.scheme_str() == Some("https") && authority == host && is_name && uri.query().is_none()).then_some(host)
}

/// The names under which SNS signs, of which a certificate has to have one.
fn names(host: &str) -> [String; 3] {
    // `sns.REGION.amazonaws.com`, of which older certificates have no region, and those of some regions another beginning.
    let of_region = host.trim_start_matches("sns.");
    let domain = of_region.split_once('.').map_or(of_region, |(_, domain)| domain);
    [host.to_owned(), format!("sns.{domain}"), format!("sns-signing.{of_region}")]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_comes_from_the_host_of_the_region_and_from_nowhere_else() {
        let pem = "SimpleNotificationService-0a1b.pem";
        for (url, region, expected) in [
            (format!("https://sns.eu-west-1.amazonaws.com/{pem}"), "eu-west-1", true),
            (format!("https://sns.cn-north-1.amazonaws.com.cn/{pem}"), "cn-north-1", true),
            (format!("https://sns.cn-north-1.amazonaws.com/{pem}"), "cn-north-1", false),
            (format!("https://sns.us-east-1.amazonaws.com/{pem}"), "eu-west-1", false),
            (format!("http://sns.eu-west-1.amazonaws.com/{pem}"), "eu-west-1", false),
            (format!("https://sns.eu-west-1.amazonaws.com:8443/{pem}"), "eu-west-1", false),
            (format!("https://sns.eu-west-1.amazonaws.com@evil.example/{pem}"), "eu-west-1", false),
            (format!("https://evil.example@sns.eu-west-1.amazonaws.com/{pem}"), "eu-west-1", false),
            (format!("https://sns.eu-west-1.amazonaws.com.evil.example/{pem}"), "eu-west-1", false),
            (format!("https://s3.eu-west-1.amazonaws.com/{pem}"), "eu-west-1", false),
            ("https://sns.eu-west-1.amazonaws.com/other.pem".to_owned(), "eu-west-1", false),
            ("https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-../x.pem".to_owned(), "eu-west-1", false),
            (format!("https://sns.eu-west-1.amazonaws.com/{pem}?x=y"), "eu-west-1", false),
            ("nothing".to_owned(), "eu-west-1", false),
        ] {
            assert_eq!(host_of(&url, region).is_some(), expected, "{url}");
        }
    }

    #[test]
    fn the_names_that_sns_signs_under() {
        assert_eq!(
            names("sns.eu-west-1.amazonaws.com"),
            ["sns.eu-west-1.amazonaws.com", "sns.amazonaws.com", "sns-signing.eu-west-1.amazonaws.com"]
        );
        assert_eq!(names("sns.cn-north-1.amazonaws.com.cn")[1], "sns.amazonaws.com.cn");
        assert!(algorithm("3").is_err() && algorithm("1").is_ok());
    }
}
