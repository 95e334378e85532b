//! TLS for a listener: the certificate and the key of a server, with the provider that the AWS SDK brings. A certificate that is
//! renewed takes the place of the one before without a new start.

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::{fmt, io};

use rustls::ServerConfig;
use rustls::client::verify_server_name;
use rustls::pki_types::pem::PemObject as _;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::server::ParsedCertificate;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("The certificate {} cannot be read: {why}.\nGive a PEM file with the certificate first and its chain behind it.", .file.display())]
    Certificate { file: PathBuf, why: String },
    #[error("The key {} cannot be read: {why}.\nGive the PEM file of the certificate's private key.", .file.display())]
    Key { file: PathBuf, why: String },
    #[error("The certificate {} cannot be used: {why}.\nCheck that the key belongs to the certificate.", .file.display())]
    Pair { file: PathBuf, why: String },
}

/// The certificate of a listener, and what it accepts connections with. Clones have the same one, also when it is renewed.
#[derive(Clone)]
pub struct Tls(Arc<Files>);

struct Files {
    certificate: PathBuf,
    key: PathBuf,
    now: RwLock<Pair>,
}

/// A certificate with its key, ready to be used.
#[derive(Clone)]
struct Pair {
    acceptor: TlsAcceptor,
    certificate: CertificateDer<'static>,
}

impl fmt::Debug for Tls {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Tls(..)")
    }
}

impl Tls {
    /// Reads a certificate with its chain, and its key, from PEM files.
    ///
    /// # Errors
    /// A file cannot be read, or the two do not belong together.
    pub fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let now = RwLock::new(Pair::read(certificate, key)?);
        Ok(Self(Arc::new(Files { certificate: certificate.to_owned(), key: key.to_owned(), now })))
    }

    /// Reads the files again. Returns whether they have another certificate, which connections from now on get.
    ///
    /// # Errors
    /// They cannot be used now; the certificate of before stays.
    pub fn renew(&self) -> Result<bool, TlsError> {
        let pair = Pair::read(&self.0.certificate, &self.0.key)?;
        let mut now = self.0.now.write().unwrap_or_else(PoisonError::into_inner);
        let is_another = now.certificate != pair.certificate;
        if is_another {
            *now = pair;
        }
        Ok(is_another)
    }

    fn now(&self) -> Pair {
        self.0.now.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the certificate is for this name or address.
    #[must_use]
    pub fn is_for(&self, name: &str) -> bool {
        let Ok(name) = ServerName::try_from(name) else { return false };
        ParsedCertificate::try_from(&self.now().certificate)
            .is_ok_and(|certificate| verify_server_name(&certificate, &name).is_ok())
    }

    /// Shakes hands.
    ///
    /// # Errors
    /// The client speaks no TLS, or left.
    pub async fn accept(&self, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        self.now().acceptor.accept(stream).await
    }
}

impl Pair {
    fn read(certificate: &Path, key: &Path) -> Result<Self, TlsError> {
        let file = || certificate.to_owned();
        let unreadable = |why: String| TlsError::Certificate { file: file(), why };
        let chain = CertificateDer::pem_file_iter(certificate).map_err(|error| unreadable(error.to_string()))?;
        let chain = chain.collect::<Result<Vec<_>, _>>().map_err(|error| unreadable(error.to_string()))?;
        let first = chain.first().cloned().ok_or_else(|| unreadable("it has no certificate".to_owned()))?;
        let key = PrivateKeyDer::from_pem_file(key)
            .map_err(|error| TlsError::Key { file: key.to_owned(), why: error.to_string() })?;
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| TlsError::Pair { file: file(), why: error.to_string() })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Self { acceptor: TlsAcceptor::from(Arc::new(config)), certificate: first })
    }
}
