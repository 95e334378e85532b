//! The pages of a guest's phone: plain HTML without scripts, and with links to nothing but the request.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::Response;
use leptos::prelude::*;

use super::guests::Code;
use crate::app::arrival::Handed;
use crate::app::{duration, handed_over, shown};
use crate::routes;
use crate::server::http::sign_in::piece;
use crate::wire::inbox::Approval;

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

/// The request that was handed over.
pub fn request(page: &Approval, chosen: Option<&str>, connection: &str, handed: Handed) -> Response {
    let content = || {
        let request = handed_over(page, chosen, connection, routes::guest::REQUEST, handed);
        view! { <div class="page">{request}</div> }.into_any()
    };
    answer(StatusCode::OK, &page.row.title, content)
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
