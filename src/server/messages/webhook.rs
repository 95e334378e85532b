//! Webhooks: JSON that is posted to a URL, which is a secret.

use countersign_desk::notify::{Carrier, Carrying, NotCarried, Parcel};
use countersign_desk::store::anchors::hexadecimal;
use http::{Request, StatusCode, Uri, header};
use sha2::{Digest as _, Sha256};

use super::template::Template;
use super::words::worded;
use crate::server::calls::{Calls, keeps_secrets};

/// The carrier to a URL.
pub struct Webhook {
    calls: Calls,
    url: String,
    template: Template,
    origin: String,
}

impl Webhook {
    /// A carrier to this URL.
    pub fn new(url: String, template: Template, origin: &str) -> Self {
        Self { calls: Calls::default(), url, template, origin: origin.to_owned() }
    }
}

/// Whether messages may go there: with TLS, or to this machine.
pub fn may_be_posted_to(url: &str) -> bool {
    url.parse::<Uri>().is_ok_and(|uri| uri.host().is_some() && keeps_secrets(&uri))
}

impl Carrier for Webhook {
    fn carry<'a>(&'a self, parcel: &'a Parcel) -> Carrying<'a> {
        Box::pin(async move {
            let body = self.template.render(parcel, &worded(&parcel.message, &self.origin));
            let body = body.map_err(|why| NotCarried { why, for_good: true })?;
            // Names in a key may be of any letters, which a header does not hold.
            let hash = || hexadecimal(&Sha256::digest(parcel.key.as_bytes())[..16]);
            let key = if parcel.key.is_ascii() { parcel.key.clone() } else { hash() };
            let request = Request::post(&self.url)
                .header(header::CONTENT_TYPE, "application/json")
                .header(header::USER_AGENT, "countersign")
                .header("idempotency-key", key)
                .body(body.into_bytes());
            // The error might name the URL.
            let hidden = |why: String| NotCarried { why: why.replace(&self.url, "the url"), for_good: false };
            let request = request.map_err(|error| hidden(format!("its url cannot be used: {error}")))?;
            let answer = self.calls.send(request).await;
            let status = answer.map_err(|fault| hidden(format!("the webhook has no answer: {fault}")))?.status();
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
            ("http://hooks.example.com/a", false),
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
