//! The limits of an HTTP request: the size of its body, its duration, and the effect of a panic.

use std::panic::AssertUnwindSafe;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::Response;
use futures::{FutureExt as _, StreamExt as _};

use super::BODY;
use super::refusal::{Wants, refuse};

/// The longest that a page or an action may take.
const LONGEST: Duration = Duration::from_secs(30);
/// Bytes of an oversized body that are read before it is refused. A client that is still sending would see a closed
/// connection instead of the response.
const DRAINED: usize = 16 * 1024 * 1024;
const DRAINING: Duration = Duration::from_secs(5);

/// The response to a body that is larger than any form may be.
pub fn too_large(wants: Wants) -> Response {
    let what = format!("The request is larger than {} KB, the limit of this dashboard.", BODY / 1024);
    refuse(wants, StatusCode::PAYLOAD_TOO_LARGE, &what, "Nothing was changed. Shorten what you send.")
}

/// Refuses a body whose declared length is too large.
pub async fn bodies(request: Request, next: Next) -> Response {
    let length = request.headers().get(header::CONTENT_LENGTH).and_then(|value| value.to_str().ok()?.parse().ok());
    if length.is_none_or(|length: usize| length <= BODY) {
        return next.run(request).await;
    }
    let wants = Wants::of(request.headers(), request.uri().path());
    let mut body = request.into_body().into_data_stream();
    let drain = async {
        let mut read = 0;
        while let Some(Ok(chunk)) = body.next().await {
            read += chunk.len();
            if read > DRAINED {
                break;
            }
        }
    };
    _ = tokio::time::timeout(DRAINING, drain).await;
    too_large(wants)
}

/// Completes a response before any of it is sent, so that a failure half-way becomes an error response instead of a closed
/// connection.
pub async fn whole(request: Request, next: Next) -> Response {
    let wants = Wants::of(request.headers(), request.uri().path());
    let work = async {
        let (parts, body) = next.run(request).await.into_parts();
        // The site's responses are bounded, because its pages are.
        to_bytes(body, usize::MAX).await.map(|body| Response::from_parts(parts, Body::from(body)))
    };
    match tokio::time::timeout(LONGEST, AssertUnwindSafe(work).catch_unwind()).await {
        Ok(Ok(Ok(response))) => response,
        Ok(_) => {
            let remedy = "Reload the page; the program's log says where it failed.";
            refuse(wants, StatusCode::INTERNAL_SERVER_ERROR, "The dashboard failed to answer.", remedy)
        }
        Err(_) => {
            let what = format!("This took longer than {} seconds.", LONGEST.as_secs());
            let remedy = "Check that the connection answers, then reload the page.";
            refuse(wants, StatusCode::GATEWAY_TIMEOUT, &what, remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

    use axum::Router;
    use axum::middleware::from_fn;
    use axum::routing::get;
    use futures::stream;
    use tower::ServiceExt as _;

    use super::*;

    async fn early() -> &'static str {
        panic!("this page panics")
    }

    /// Routes that panic in each way there is: before the answer, and after a part of its body.
    fn panicking() -> Router {
        let part = || async {
            let pieces = stream::iter(0..3).map(|piece| {
                assert!(piece < 1, "the body of this test breaks off");
                Ok::<_, std::io::Error>("a piece of the page")
            });
            Body::from_stream(pieces)
        };
        let whole_of = from_fn(whole);
        Router::new()
            .route("/early", get(early))
            .route("/api/early", get(early))
            .route("/part", get(part))
            .layer(whole_of)
    }

    #[tokio::test]
    async fn a_panic_is_an_answer_wherever_it_happens() {
        for (path, accept, kind) in [
            ("/early", "text/html", "text/html; charset=utf-8"),
            ("/part", "text/html", "text/html; charset=utf-8"),
            ("/api/early", "application/json", "application/json"),
            ("/part", "application/json", "application/json"),
        ] {
            let request = Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).unwrap();
            let answer = panicking().oneshot(request).await.unwrap();
            assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR, "{path} {accept}");
            assert_eq!(answer.headers()[header::CONTENT_TYPE], kind, "{path}");
            let text = to_bytes(answer.into_body(), BODY).await.unwrap();
            let text = String::from_utf8_lossy(&text);
            assert!(text.contains("The dashboard failed to answer.") && !text.contains("a piece"), "{path}: {text}");
        }
    }
}
