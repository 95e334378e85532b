//! Whom the program trusts when it speaks TLS to a server by itself: whom this machine trusts.

use std::sync::Arc;

use hyper_rustls::ConfigBuilderExt as _;
use rustls::ClientConfig;

/// Why nobody is trusted: a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoTrust(String);

/// The TLS of a client that trusts whom this machine trusts.
///
/// # Errors
/// The machine has no certificates.
pub fn tls_of_this_machine() -> Result<Arc<ClientConfig>, NoTrust> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let builder = builder.map_err(|error| NoTrust(format!("there is no TLS: {error}")))?.with_native_roots();
    let builder = builder.map_err(|error| NoTrust(format!("this machine has no certificates to trust: {error}")))?;
    Ok(Arc::new(builder.with_no_client_auth()))
}
