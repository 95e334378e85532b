//! The pages of a guest's phone: plain HTML without scripts, and with links to nothing but the request.
//!
//! Nothing runs in them, so the browser itself loads the page of the request again while something is on its way. It does not
//! while there is a form to fill in, which would lose what was typed, nor where the page says what came of a form, which is
//! said once.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use leptos::prelude::*;

use super::guests::Code;
use crate::app::arrival::Handed;
use crate::app::{duration, handed_over, shown};
use crate::routes;
use crate::server::http::sign_in::piece;
use crate::wire::audit::Delivery;
use crate::wire::inbox::{Approval, ApprovalState};

/// The policy of these pages: nothing runs in them.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; form-action 'self'; \
                      base-uri 'none'; frame-ancestors 'none'";

/// The page of a code, with the button that uses it.
pub fn code(code: &Code, now: i64) -> Response {
    let left = duration(code.until - now, false);
    let secret = code.reveal().to_owned();
    let content = view! {
        <div class="page sign-in">
            <h1>"Decide one request"</h1>
            <p>"You are a guest of a demonstration. This code opens one of its requests on this phone; what you decide goes on record, and its workflow goes on."</p>
            <form class="plain-form" method="post" action=routes::guest::OPEN>
                <input type="hidden" name="code" value=secret/>
                <button class="button button-main button-large" type="submit">"Open"</button>
            </form>
            <p class="quiet">"For the first phone that opens it, within "{left}"."</p>
        </div>
    };
    let mut response = answer(StatusCode::OK, "Decide one request", || content.into_any());
    // The address has the code in it.
    response.headers_mut().insert(header::REFERRER_POLICY, HeaderValue::from_static("strict-origin"));
    response
}

/// Seconds until the page is loaded again where something is on its way, and where others have to do something.
const SOON: u32 = 2;
const LATER: u32 = 10;

/// The request that was handed over.
pub fn request(page: &Approval, chosen: Option<&str>, connection: &str, handed: Handed) -> Response {
    let may_answer = page.refused.is_none() && page.row.blocked.is_none();
    let again = load_again(&page.state, may_answer, page.now).filter(|_| handed.outcome.is_none());
    let content = || {
        let request = handed_over(page, chosen, connection, routes::guest::REQUEST, handed);
        view! { <div class="page">{request}</div> }.into_any()
    };
    let mut response = answer(StatusCode::OK, &page.row.title, content);
    response.headers_mut().extend(again.map(|seconds| (header::REFRESH, HeaderValue::from(seconds))));
    response
}

/// In how many seconds the page of a request says something else; `None` where that is left to whoever reads it.
fn load_again(state: &ApprovalState, may_answer: bool, now: i64) -> Option<u32> {
    match state {
        ApprovalState::Waiting => (!may_answer).then_some(LATER),
        ApprovalState::Held { until, .. } => {
            // It goes on record right after.
            let seconds = u32::try_from((until - now) / 1_000).unwrap_or(0).saturating_add(1);
            Some(seconds.clamp(SOON, LATER))
        }
        ApprovalState::Decided(decision) => match decision.delivery {
            Delivery::Pending => Some(SOON),
            Delivery::Retrying { .. } => Some(LATER),
            Delivery::Delivered { .. } | Delivery::Late { .. } => None,
        },
        ApprovalState::Closed { .. } => None,
    }
}

/// Why something is not there, and the way to the phone's own request where it has one.
pub fn refused(status: StatusCode, what: &str, remedy: &str, own: Option<&str>) -> Response {
    let own = own.map(|href| {
        let href = href.to_owned();
        view! { <p><a class="button button-large" href=href>"The request on this phone"</a></p> }
    });
    let content = view! { <div class="page sign-in"><h1>{shown(what)}</h1><p>{shown(remedy)}</p>{own}</div> };
    answer(status, what, || content.into_any())
}

/// A page; its content is made within the owner in which it is drawn.
fn answer(status: StatusCode, title: &str, content: impl FnOnce() -> AnyView) -> Response {
    let html = Owner::new().with(|| piece::document_apart(title, content()));
    piece::response(status, html, POLICY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::audit::DecisionRow;
    use crate::wire::inbox::Tone;
    use crate::wire::{Problem, Status};

    fn decided(delivery: Delivery) -> ApprovalState {
        ApprovalState::Decided(Box::new(DecisionRow {
            execution_arn: "arn:x".into(),
            event: 7,
            workflow: "approval".into(),
            state: "Ask".into(),
            title: "Pay?".into(),
            done: "Approved".into(),
            tone: Tone::Good,
            person: "Guest".into(),
            comment: String::new(),
            decided_at: 0,
            delivery,
        }))
    }

    fn held(until: i64) -> ApprovalState {
        ApprovalState::Held { done: "Approved".into(), tone: Tone::Good, person: "Guest".into(), own: true, until }
    }

    #[test]
    fn the_page_is_loaded_again_while_something_is_on_its_way_and_never_over_a_form() {
        assert_eq!(load_again(&ApprovalState::Waiting, true, 0), None, "somebody may be typing");
        assert_eq!(load_again(&ApprovalState::Waiting, false, 0), Some(LATER), "others have to decide");
        for (until, seconds) in [(0, 2), (3_500, 4), (60_000, 10), (-1, 2)] {
            assert_eq!(load_again(&held(until), false, 0), Some(seconds), "{until}");
        }
        let problem = Problem { what: "It is away.".into(), remedy: "Wait.".into() };
        for (delivery, seconds) in [
            (Delivery::Pending, Some(SOON)),
            (Delivery::Retrying { problem }, Some(LATER)),
            (Delivery::Delivered { at: 1 }, None),
            (Delivery::Late { how: "It timed out.".into() }, None),
        ] {
            assert_eq!(load_again(&decided(delivery.clone()), false, 0), seconds, "{delivery:?}");
        }
        let closed = ApprovalState::Closed { status: Status::TimedOut, how: "It timed out.".into(), at: 0 };
        assert_eq!(load_again(&closed, false, 0), None);
    }
}
