//! Requests that the program sends to other servers: to webhooks. No redirect is followed, an answer
//! is awaited for ten seconds, and of its body little is read.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper_rustls::{ConfigBuilderExt as _, HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use rustls::{ClientConfig, ConfigBuilder, WantsVerifier};

/// How long a whole exchange may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The most bytes of an answer that are read.
const ANSWER: usize = 65_536;

/// A client of other servers.
#[derive(Clone, Debug)]
pub struct Client(HyperClient<HttpsConnector<HttpConnector>, Full<Bytes>>);

/// Why there is no answer: a sentence without its full stop.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NoAnswer(pub String);

/// The TLS of a client that trusts whom this machine trusts.
///
/// # Errors
/// The machine has no certificates.
pub fn tls_of_this_machine() -> Result<Arc<ClientConfig>, NoAnswer> {
    let builder = builder()?.with_native_roots();
    let builder = builder.map_err(|error| NoAnswer(format!("this machine has no certificates to trust: {error}")))?;
    Ok(Arc::new(builder.with_no_client_auth()))
}

fn builder() -> Result<ConfigBuilder<ClientConfig, WantsVerifier>, NoAnswer> {
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    builder.map_err(|error| NoAnswer(format!("there is no TLS: {error}")))
}

impl Client {
    /// A client that trusts whom this machine trusts.
    ///
    /// # Errors
    /// The machine has no certificates.
    pub fn of_this_machine() -> Result<Self, NoAnswer> {
        tls_of_this_machine().map(|tls| Self::with(&tls))
    }

    /// A client with this TLS.
    #[must_use]
    pub fn with(tls: &Arc<ClientConfig>) -> Self {
        let builder = HttpsConnectorBuilder::new().with_tls_config(ClientConfig::clone(tls));
        Self::over(builder.https_or_http().enable_http1().build())
    }

    fn over(connector: HttpsConnector<HttpConnector>) -> Self {
        Self(HyperClient::builder(TokioExecutor::new()).build(connector))
    }

    /// Posts JSON.
    ///
    /// # Errors
    /// There is no whole answer.
    pub async fn post_json(&self, url: &str, key: &str, body: String) -> Result<StatusCode, NoAnswer> {
        let request = Request::post(url)
            .header(header::CONTENT_TYPE, "application/json")
            .header(header::USER_AGENT, "countersign")
            .header("idempotency-key", HeaderValue::from_str(key).unwrap_or(HeaderValue::from_static("unknown")));
        self.send(request.body(Full::from(body))).await
    }

    async fn send(&self, request: Result<Request<Full<Bytes>>, http::Error>) -> Result<StatusCode, NoAnswer> {
        let request = request.map_err(|error| NoAnswer(format!("there is no such request: {error}")))?;
        let exchange = async {
            let answer = self.0.request(request).await.map_err(|error| NoAnswer(reasons(&error)))?;
            let (head, body) = answer.into_parts();
            // Until its end, so that the connection can be used again; what it says is of no use here.
            let body = Limited::new(body, ANSWER).collect().await;
            body.map_err(|error| NoAnswer(format!("the answer breaks off or is too long: {error}")))?;
            Ok(head.status)
        };
        let late = |_| NoAnswer(format!("there was no answer within {} seconds", PATIENCE.as_secs()));
        tokio::time::timeout(PATIENCE, exchange).await.map_err(late)?
    }
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
