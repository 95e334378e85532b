//! Whom the program trusts when it speaks TLS to a server by itself: whom this machine trusts.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore};

/// Why nobody is trusted: a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTrust(String);

/// The authorities that this machine trusts.
///
/// # Errors
/// The machine has no certificates.
pub fn roots_of_this_machine() -> Result<Arc<RootCertStore>, NoTrust> {
    let found = rustls_native_certs::load_native_certs();
    let mut roots = RootCertStore::empty();
    let (usable, _) = roots.add_parsable_certificates(found.certs);
    if usable == 0 {
        let why = found.errors.first().map_or_else(|| "there are none".to_owned(), ToString::to_string);
        return Err(NoTrust(format!("this machine has no certificates to trust: {why}")));
    }
    Ok(Arc::new(roots))
}

/// The TLS of a client that trusts these authorities.
///
/// # Errors
/// There is no TLS.
pub fn tls_trusting(roots: Arc<RootCertStore>) -> Result<Arc<ClientConfig>, NoTrust> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| NoTrust(format!("there is no TLS: {error}")))?;
    Ok(Arc::new(builder.with_root_certificates(roots).with_no_client_auth()))
}

/// The TLS of a client that trusts whom this machine trusts.
///
/// # Errors
/// The machine has no certificates.
pub fn tls_of_this_machine() -> Result<Arc<ClientConfig>, NoTrust> {
    tls_trusting(roots_of_this_machine()?)
}
