//! `POST /api/approvals/{id}/decision`: a choice, under a key with which it may be sent again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{Request, StatusCode};
use axum::response::Response;
use countersign_desk::approvals::{Choice, Decided};
use countersign_desk::store::GivenAnswer;
use countersign_desk::{Actor, Desk, Once};
use countersign_json::{Json, Kind};

use super::approvals::{decision, request_id, vote};
use super::asked::Asked;
use super::keys;
use super::problem::Problem;
use super::shapes::{Closed, DecisionAnswer, DecisionRequest, DecisionResult};
use crate::app::instant;
use crate::server::http::Site;
use crate::server::words;

/// What is sent here, in words.
const WHAT: keys::What = "A decision";

/// Chooses an outcome of a request, as the person of the token.
///
/// Send a key of your own in `Idempotency-Key`, such as a UUID. The same request with the same key, within a day, gets the same
/// answer and has no other effect; a key that was used for another request is refused. Nothing is kept of a request that was
/// refused because of what it says or who sends it: correct it, and send it with the same key.
#[utoipa::path(
    post, path = "/api/approvals/{id}/decision", tag = "approvals",
    params(
        ("id" = String, Path, description = "The id of a request"),
        ("connection" = Option<String>, Query, description = "The name of the connection: `default` where it is left out"),
        ("Idempotency-Key" = String, Header, max_length = 200, description = "A key of your own for this choice, such as a UUID"),
    ),
    request_body = DecisionRequest,
    responses(
        (status = 200, body = DecisionAnswer, description = "The request is decided"),
        (status = 202, body = DecisionAnswer, description = "The choice is on record, and the request needs more people"),
        (status = 409, body = Problem, content_type = "application/problem+json", description = "It was decided otherwise before, or the same request is being answered"),
        (status = 410, body = Problem, content_type = "application/problem+json", description = "Something else ended it"),
        (status = 422, body = Problem, content_type = "application/problem+json", description = "The choice is none, its form or comment is not accepted, or the key is another request's"),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub async fn decide(
    State(site): State<Site>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Result<Response, Problem> {
    let (parts, body) = request.into_parts();
    let Asked { desk, actor, .. } = Asked::acting(&site, &parts).await?;
    let key = keys::key(&parts.headers, WHAT)?;
    let id = request_id(&id)?;
    let body = keys::json_body(&parts.headers, body, WHAT).await?;
    let choice = choice(&body)?;
    let once = Once { key, asked: keys::hash(&id.to_string(), &body) };
    let work = move |desk: Arc<Desk>, actor: Actor| async move {
        let decided = desk.decide(&actor, (&id.arn, id.event), &choice).await;
        decided.map_err(|error| Problem::of(&desk, &error)).and_then(|decided| given(&decided))
    };
    keys::answer(desk, actor, once, work).await
}

/// What came of a choice, as it is answered now and whenever it is sent again. What a program chooses is not held back.
///
/// # Errors
/// A choice can still be taken back: nothing came of this one, and the same request may come to something else later.
fn given(decided: &Decided) -> Result<GivenAnswer, Problem> {
    let answer = |status: StatusCode, answer: &DecisionAnswer| GivenAnswer {
        status: status.as_u16(),
        // Proof: texts and numbers are always JSON.
        body: serde_json::to_string(answer).unwrap_or_default(),
    };
    let refusal = |problem: &Problem| GivenAnswer {
        status: problem.status,
        body: serde_json::to_string(problem).unwrap_or_default(),
    };
    Ok(match decided {
        Decided::Recorded(made) | Decided::Repeated(made) => {
            let decision = Some(decision(made));
            answer(StatusCode::OK, &DecisionAnswer { result: DecisionResult::Decided, decision, votes: Vec::new() })
        }
        Decided::Voted(votes) => {
            let votes = votes.iter().map(vote).collect();
            answer(StatusCode::ACCEPTED, &DecisionAnswer { result: DecisionResult::Counted, decision: None, votes })
        }
        Decided::Held(held) | Decided::HeldByAnother(held) => {
            let (who, did) = (&held.person.name, words::did(&held.outcome));
            let detail = format!("Nothing was recorded: {who} {did}, and can still take it back.");
            let problem = Problem::new(StatusCode::CONFLICT, detail, "Wait a few seconds, and look what became of it.");
            return Err(Problem { code: "held".to_owned(), ..problem });
        }
        Decided::Earlier { decision: made, own } => {
            let who = if *own { "you".to_owned() } else { made.decision.person_name.clone() };
            let detail = format!(
                "Nothing was recorded: {who} {} before. The first decision counts and cannot be changed.",
                words::did(&made.decision.outcome)
            );
            let problem = Problem::new(StatusCode::CONFLICT, detail, "Nothing is left to decide.");
            refusal(&Problem { code: "decided".to_owned(), earlier: Some(Box::new(decision(made))), ..problem })
        }
        Decided::Closed(closed) => {
            let closed = Closed { how: words::closed_by(&closed.by), at: instant(closed.at) };
            let detail = format!("Nothing was recorded: this request was closed. {}", closed.how);
            let problem = Problem::new(StatusCode::GONE, detail, "Nothing is left to decide.");
            refusal(&Problem { closed: Some(closed), ..problem })
        }
    })
}

/// What is chosen, with the digits that were sent.
fn choice(body: &[u8]) -> Result<Choice, Problem> {
    let wrong = |why: String| {
        let remedy = "Send an object such as {\"outcome\": \"approve\", \"comment\": \"...\"}.";
        Problem::parameter("body", format!("The body is no choice: {why}."), remedy)
    };
    let text = std::str::from_utf8(body).map_err(|_| wrong("it is not UTF-8".to_owned()))?;
    let json = Json::read(text).map_err(|error| wrong(error.to_string()))?;
    let read: DecisionRequest = serde_json::from_str(text).map_err(|error| wrong(error.to_string()))?;
    let mut typed = Vec::new();
    for (name, value) in json.root().get("form").iter().flat_map(|form| form.members()) {
        let values = match value.kind() {
            Kind::Null => Vec::new(),
            Kind::Array => value.items().map(plain).collect(),
            _ => vec![plain(value)],
        };
        for value in values {
            let value = value.ok_or_else(|| {
                let problem = Problem::new(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    format!("The field {name:?} of the form is no text, number, boolean or array of these."),
                    "Send what the outcome's `form` asks for.",
                );
                Problem { parameter: Some("form".to_owned()), ..problem }
            })?;
            // A flag that is not set is left out, as browsers do.
            if !(value.1 && value.0 == "false") {
                typed.push((name.to_string(), value.0));
            }
        }
    }
    Ok(Choice { outcome: read.outcome, comment: read.comment, typed, shown: read.shown })
}

/// A value as it would be typed, and whether it is a boolean; `None` of what nobody types.
fn plain(value: countersign_json::Value<'_>) -> Option<(String, bool)> {
    match value.kind() {
        Kind::String => value.text().map(|text| (text.into_owned(), false)),
        Kind::Number => Some((value.raw().to_owned(), false)),
        Kind::Bool => Some((value.raw().to_owned(), true)),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn a_choice_has_the_digits_that_were_sent() {
        let sent = br#"{"outcome":"sendBack","comment":"c","form":{"n":12.50,"t":"x\n","f":true,"g":false,"m":["a","b"],"o":null}}"#;
        let choice = choice(sent).unwrap();
        let typed: Vec<_> = choice.typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(typed, [("n", "12.50"), ("t", "x\n"), ("f", "true"), ("m", "a"), ("m", "b")]);
        assert_eq!((choice.outcome.as_str(), choice.comment.as_str()), ("sendBack", "c"));
    }

    #[test]
    fn what_is_no_choice_is_refused() {
        for (sent, status) in [
            (&b"\xff"[..], 400),
            (b"", 400),
            (b"[]", 400),
            (b"{}", 400),
            (br#"{"outcome":"approve","outcom":"x"}"#, 400),
            (br#"{"outcome":7}"#, 400),
            (br#"{"outcome":"approve","form":[]}"#, 400),
            (br#"{"outcome":"approve","form":{"a":{"b":1}}}"#, 422),
            (br#"{"outcome":"approve","form":{"a":[[1]]}}"#, 422),
        ] {
            assert_eq!(choice(sent).unwrap_err().status, status, "{}", String::from_utf8_lossy(sent));
        }
    }
}
