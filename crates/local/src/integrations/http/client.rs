//! The client of HTTP tasks: it follows no redirect, waits at most a minute, and reads at most a payload.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::body::Bytes;
use axum::http::{Request, StatusCode};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, RootCertStore};

use super::guard::{Guard, Refused};

/// The deadline of a whole call, whatever the task's own timeout.
const PATIENCE: Duration = Duration::from_secs(60);
/// Step Functions' limit of a payload, in bytes.
const PAYLOAD: usize = 262_144;

type Inner = Client<HttpsConnector<Guard>, Full<Bytes>>;

/// A client, created for the first call.
#[derive(Default)]
pub struct HttpClient {
    inner: OnceLock<Result<Inner, String>>,
    guard: Guard,
}

/// A server's response.
#[derive(Debug)]
pub struct Response {
    pub status: StatusCode,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// Why there is no response.
#[derive(Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The server was not reached, or did not answer in time.
    Socket(String),
    /// No task may connect to this address.
    Refused(Refused),
    TooLarge,
}

impl HttpClient {
    /// Closes an address of the program itself to tasks.
    pub fn close_to(&self, address: SocketAddr) {
        self.guard.close(address);
    }

    /// Sends a request and reads the response.
    ///
    /// # Errors
    /// There is no complete response.
    pub async fn send(&self, request: Request<Full<Bytes>>) -> Result<Response, Trouble> {
        self.send_within(PATIENCE, request).await
    }

    async fn send_within(&self, patience: Duration, request: Request<Full<Bytes>>) -> Result<Response, Trouble> {
        let client =
            self.inner.get_or_init(|| build(&self.guard)).as_ref().map_err(|error| Trouble::Socket(error.clone()))?;
        let late = |_| Trouble::Socket(format!("The request timed out after {} seconds", patience.as_secs()));
        tokio::time::timeout(patience, exchange(client, request)).await.map_err(late)?
    }
}

fn build(guard: &Guard) -> Result<Inner, String> {
    let provider = rustls::crypto::aws_lc_rs::default_provider();
    let with_roots = HttpsConnectorBuilder::new().with_provider_and_native_roots(provider.clone());
    let builder = with_roots.or_else(|error| {
        // Calls to this machine need no certificates.
        tracing::warn!(%error, "this machine has no certificates: HTTP tasks cannot call https://");
        let config = ClientConfig::builder_with_provider(Arc::new(provider)).with_safe_default_protocol_versions()?;
        let config = config.with_root_certificates(RootCertStore::empty()).with_no_client_auth();
        Ok(HttpsConnectorBuilder::new().with_tls_config(config))
    });
    let builder = builder.map_err(|error: rustls::Error| format!("There is no TLS: {error}"))?;
    Ok(Client::builder(TokioExecutor::new())
        .build(builder.https_or_http().enable_http1().wrap_connector(guard.clone())))
}

async fn exchange(client: &Inner, request: Request<Full<Bytes>>) -> Result<Response, Trouble> {
    let response = client.request(request).await.map_err(|error| unconnected(&error))?;
    let (head, body) = response.into_parts();
    let body = Limited::new(body, PAYLOAD).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() { Trouble::TooLarge } else { Trouble::Socket(reasons(error.as_ref())) }
    })?;
    let text = |value: &axum::http::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    let headers = head.headers.iter().map(|(name, value)| (name.to_string(), text(value))).collect();
    Ok(Response { status: head.status, headers, body: body.to_bytes().to_vec() })
}

fn unconnected(error: &(dyn Error + 'static)) -> Trouble {
    let mut source = Some(error);
    while let Some(error) = source {
        if let Some(refused) = error.downcast_ref::<Refused>() {
            return Trouble::Refused(refused.clone());
        }
        source = error.source();
    }
    Trouble::Socket(reasons(error))
}

/// An error with its sources.
fn reasons(error: &(dyn Error + 'static)) -> String {
    let (mut text, mut source) = (error.to_string(), error.source());
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    /// It accepts connections, and nobody reads from them.
    #[tokio::test]
    async fn a_server_that_does_not_answer_is_given_up() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let request = Request::get(url).body(Full::default()).unwrap();
        let trouble = HttpClient::default().send_within(Duration::from_millis(50), request).await.unwrap_err();
        assert_eq!(trouble, Trouble::Socket("The request timed out after 0 seconds".to_owned()));
    }
}
