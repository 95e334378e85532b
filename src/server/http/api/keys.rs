//! Requests that act: JSON under a key of the sender's, with which it may be sent again.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use countersign_desk::store::{GivenAnswer, Hash, Repeat};
use countersign_desk::{Actor, Desk, Once};
use sha2::{Digest as _, Sha256};

use super::problem::{MEDIA, Problem};
use crate::server::http::BODY;

/// The header with the key.
pub const KEY: &str = "idempotency-key";
/// The most characters of a key.
const LONGEST: usize = 200;

/// What a request is, in words: "A decision".
pub type What = &'static str;

/// The key of a request.
pub fn key(headers: &HeaderMap, what: What) -> Result<String, Problem> {
    let fits = |key: &&str| (1..=LONGEST).contains(&key.len()) && key.bytes().all(|byte| byte.is_ascii_graphic());
    let key = headers.get(KEY).map(|value| value.to_str().ok().filter(fits));
    let remedy =
        format!("Send a key of your own for this request, such as a UUID: 1 to {LONGEST} printable characters.");
    match key {
        None => Err(Problem::parameter(KEY, format!("{what} needs the header Idempotency-Key."), remedy)),
        Some(None) => Err(Problem::parameter(KEY, "The header Idempotency-Key is no key.", remedy)),
        Some(Some(key)) => Ok(key.to_owned()),
    }
}

/// The body of a request that is sent as JSON.
pub async fn json_body(headers: &HeaderMap, body: Body, what: What) -> Result<Vec<u8>, Problem> {
    let media = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let media = media.split(';').next().unwrap_or_default().trim();
    if !media.eq_ignore_ascii_case("application/json") {
        let problem = Problem::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            format!("{what} is sent as JSON."),
            "Send it with Content-Type: application/json.",
        );
        return Err(Problem { parameter: Some("content-type".to_owned()), ..problem });
    }
    let body = to_bytes(body, BODY).await.map_err(|_| {
        let detail = format!("The request is larger than {} KB.", BODY / 1024);
        Problem::new(StatusCode::PAYLOAD_TOO_LARGE, detail, "Nothing was recorded. Shorten what you send.")
    })?;
    Ok(body.to_vec())
}

/// The hash of all that is asked of something. An id has no line break, so nothing else has the same.
pub fn hash(id: &str, body: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update(id.as_bytes());
    hash.update(b"\n");
    hash.update(body);
    hash.finalize().into()
}

/// Answers a request: as before, where it was answered under its key, or with what `work` comes to, which is kept under the
/// key. A refusal is not kept: the key is free again. Whoever sends the request may go away meanwhile; what was begun is
/// finished all the same.
pub async fn answer<W>(
    desk: Arc<Desk>,
    actor: Actor,
    once: Once,
    work: impl FnOnce(Arc<Desk>, Actor) -> W + Send + 'static,
) -> Result<Response, Problem>
where
    W: Future<Output = Result<GivenAnswer, Problem>> + Send + 'static,
{
    let answering = tokio::spawn(async move {
        if let Some(given) = before(&desk, &actor, &once).await? {
            return Ok(response(&given));
        }
        let given = work(Arc::clone(&desk), actor.clone()).await;
        settle(&desk, &actor, &once, given.as_ref().ok()).await;
        given.map(|given| response(&given))
    });
    answering.await.unwrap_or_else(|_| Err(lost()))
}

/// Takes the key of a request; returns the answer that was given before under it.
async fn before(desk: &Desk, actor: &Actor, once: &Once) -> Result<Option<GivenAnswer>, Problem> {
    match desk.take_key(actor, once).await.map_err(|error| Problem::of(desk, &error))? {
        Repeat::New => Ok(None),
        Repeat::Answered(given) => Ok(Some(given)),
        Repeat::Busy => {
            let detail = "The same request is being answered.";
            let problem = Problem::new(StatusCode::CONFLICT, detail, "Send it again in a second.");
            Err(Problem { code: "in_progress".to_owned(), retry_after: Some(1), ..problem })
        }
        Repeat::Other => {
            let detail = "This Idempotency-Key was used for another request. Nothing was recorded.";
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, detail, "Make another key for every request.");
            Err(Problem { parameter: Some(KEY.to_owned()), ..problem })
        }
    }
}

/// Keeps an answer under the key of its request; without one, gives the key back.
async fn settle(desk: &Desk, actor: &Actor, once: &Once, kept: Option<&GivenAnswer>) {
    if let Err(error) = desk.settle_key(actor, once, kept).await {
        // What was asked for is on record; a repetition finds it there.
        tracing::error!(%error, "the answer to a request could not be kept under its key");
    }
}

/// An answer that is given now and whenever its request is sent again.
fn response(given: &GivenAnswer) -> Response {
    let status = StatusCode::from_u16(given.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let media = if status.is_success() { "application/json" } else { MEDIA };
    (status, [(header::CONTENT_TYPE, HeaderValue::from_static(media))], given.body.clone()).into_response()
}

/// Why work that was begun has no answer.
fn lost() -> Problem {
    let remedy = "Send it again with the same key; the program's log says where it failed.";
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "The dashboard failed to answer.", remedy)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn a_key_is_printable_and_short() {
        let of = |value: &[u8]| {
            let name = header::HeaderName::from_static(KEY);
            key(&HeaderMap::from_iter([(name, HeaderValue::from_bytes(value).unwrap())]), "A decision")
        };
        assert_eq!(of(b"8e03978e-40d5").unwrap(), "8e03978e-40d5");
        for wrong in [&b""[..], b"a b", &[b'x'; 201], "ä".as_bytes()] {
            assert_eq!(of(wrong).unwrap_err().status, 400);
        }
        assert!(key(&HeaderMap::new(), "A vote").unwrap_err().detail.contains("A vote needs"));
    }
}
