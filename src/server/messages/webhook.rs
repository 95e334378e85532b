//! Webhooks: JSON that is posted to a URL, which is a secret.

use countersign_desk::notify::{Carrier, Carrying, NotCarried, Parcel};
use http::{StatusCode, Uri};

use super::template::Template;
use super::words::worded;
use crate::server::outgoing::Client;

/// The carrier to a URL.
pub struct Webhook {
    client: Client,
    url: String,
    template: Template,
    origin: String,
}

impl Webhook {
    /// A carrier to this URL.
    pub fn new(client: Client, url: String, template: Template, origin: &str) -> Self {
        Self { client, url, template, origin: origin.to_owned() }
    }
}

/// Whether messages may go there: with TLS, or to this machine.
pub fn may_be_posted_to(url: &str) -> bool {
    let Ok(uri) = url.parse::<Uri>() else { return false };
    let Some(host) = uri.host() else { return false };
    let host = host.trim_start_matches('[').trim_end_matches(']');
    let is_here = host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    match uri.scheme_str() {
        Some("https") => true,
        Some("http") => is_here,
        _ => false,
    }
}

impl Carrier for Webhook {
    fn carry<'a>(&'a self, parcel: &'a Parcel) -> Carrying<'a> {
        Box::pin(async move {
            let body = self.template.render(parcel, &worded(&parcel.message, &self.origin));
            let body = body.map_err(|why| NotCarried { why, for_good: true })?;
            let status = self.client.post_json(&self.url, &parcel.key, body).await;
            // The error might name the URL.
            let status =
                status.map_err(|error| NotCarried { why: error.0.replace(&self.url, "the url"), for_good: false })?;
            if status.is_success() {
                return Ok(());
            }
            let why = format!("the webhook answered with {status}");
            Err(NotCarried { why, for_good: is_final(status) })
        })
    }
}

/// Whether the same message would be refused again. Where nobody has the address or may send to it, that may be mended.
fn is_final(status: StatusCode) -> bool {
    matches!(status, StatusCode::BAD_REQUEST | StatusCode::PAYLOAD_TOO_LARGE | StatusCode::UNPROCESSABLE_ENTITY)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_go_over_tls_or_to_this_machine() {
        for (url, may) in [
            ("https://hooks.example.com/a?b=c", true),
            ("http://127.0.0.1:9/x", true),
            ("http://[::1]:9/x", true),
            ("http://localhost/x", true),
            ("http://hooks.example.com/a", false),
            ("http://127.0.0.1.example.com/", false),
            ("ftp://127.0.0.1/", false),
            ("/x", false),
        ] {
            assert_eq!(may_be_posted_to(url), may, "{url}");
        }
    }

    #[test]
    fn what_may_be_mended_is_tried_again() {
        assert!(is_final(StatusCode::BAD_REQUEST));
        for status in
            [StatusCode::NOT_FOUND, StatusCode::FORBIDDEN, StatusCode::TOO_MANY_REQUESTS, StatusCode::BAD_GATEWAY]
        {
            assert!(!is_final(status), "{status}");
        }
    }
}
