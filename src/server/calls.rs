//! Calls that the program itself makes to other servers: of its command line to a running server, and to the provider with
//! which people sign in. No redirect is followed: whoever answers may not send a secret elsewhere.

use std::error::Error;
use std::sync::OnceLock;
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, Response};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// The longest that a call may take.
const PATIENCE: Duration = Duration::from_secs(15);
/// The most bytes of an answer.
const LONGEST: usize = 4 * 1024 * 1024;

/// The client beneath, over TLS where an address says so.
type Inner = Client<HttpsConnector<HttpConnector>, Full<Bytes>>;

/// A client of other servers.
#[derive(Debug, Default)]
pub struct Calls {
    inner: OnceLock<Result<Inner, String>>,
}

/// Why a call has no answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallFault {
    #[error("it was not reached: {0}")]
    Unreached(String),
    #[error("it did not answer within {} seconds", PATIENCE.as_secs())]
    Late,
    #[error("its answer is larger than {} MB", LONGEST / 1024 / 1024)]
    TooLarge,
}

impl Calls {
    /// Sends a request and reads the answer.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, CallFault> {
        let client = self.inner.get_or_init(client).as_ref().map_err(|why| CallFault::Unreached(why.clone()))?;
        let request = request.map(|body| Full::new(Bytes::from(body)));
        let exchange = async {
            let answer = client.request(request).await.map_err(|error| CallFault::Unreached(reasons(&error)))?;
            let (head, body) = answer.into_parts();
            let body = Limited::new(body, LONGEST).collect().await.map_err(|error| {
                let too_large = error.is::<LengthLimitError>();
                if too_large { CallFault::TooLarge } else { CallFault::Unreached(reasons(error.as_ref())) }
            })?;
            Ok(Response::from_parts(head, body.to_bytes().to_vec()))
        };
        tokio::time::timeout(PATIENCE, exchange).await.map_err(|_| CallFault::Late)?
    }
}

fn client() -> Result<Client<HttpsConnector<HttpConnector>, Full<Bytes>>, String> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let builder = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider);
    let builder = builder.map_err(|error| format!("this machine has no certificates to check servers by: {error}"))?;
    Ok(Client::builder(TokioExecutor::new()).build(builder.https_or_http().enable_http1().build()))
}

/// An error with its sources.
pub fn reasons(error: &(dyn Error + 'static)) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

/// Whether a secret may be sent to this address: over TLS, or to this machine.
#[must_use]
pub fn keeps_secrets(uri: &axum::http::Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    let is_here = host == "localhost" || address.is_ok_and(|address| address.is_loopback());
    uri.scheme_str() == Some("https") || uri.scheme_str() == Some("http") && is_here
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn secrets_go_over_tls_or_stay_on_this_machine() {
        for (url, expected) in [
            ("https://a.example", true),
            ("http://127.0.0.1:3000", true),
            ("http://[::1]:3000", true),
            ("http://localhost", true),
            ("http://a.example", false),
            ("http://127.0.0.1.a.example", false),
            ("ftp://localhost", false),
        ] {
            assert_eq!(keeps_secrets(&url.parse().unwrap()), expected, "{url}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_said() {
        let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let request = Request::get(format!("http://{closed}/")).body(Vec::new()).unwrap();
        let fault = Calls::default().send(request).await.unwrap_err();
        assert!(matches!(&fault, CallFault::Unreached(why) if why.contains("refused")), "{fault}");
    }
}
