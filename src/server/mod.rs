//! The server: everything that the browser must not do or know.
//!
//! Server functions call the [`Desk`] of a connection, which reads and acts. [`pages`] turns its data into what crosses the wire, and
//! [`words`] turns its errors into sentences. **Adding a page**: see `app/mod.rs`.

pub mod acting;
pub mod approvals;
pub mod audit;
pub mod calls;
mod certificate;
pub mod config;
mod connections;
mod console;
pub mod deploy;
pub mod functions;
pub mod guest;
pub mod health;
pub mod hooks;
pub mod http;
pub mod init;
pub mod markdown;
pub mod messages;
pub mod oidc;
pub mod pages;
mod personas;
pub mod policy;
pub mod program;
mod redaction_key;
mod secrets;
mod settings;
mod shipped;
pub mod start;
pub mod terminal;
pub mod testing;
mod trust;
pub mod users;
pub mod validate;
pub mod versions;
pub mod words;

use std::sync::Arc;

use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use countersign_desk::{Actor, Desk, Desks, people};
use futures::FutureExt as _;
use leptos::prelude::use_context;
use leptos_axum::ResponseOptions;

pub use self::http::{fields, leads_to, proof, tells};
use crate::error::{AppError, ErrorKind};
use crate::wire::{Ask, Page};

fn outside() -> AppError {
    AppError::new(ErrorKind::Internal, "This was called outside of a request.", "Report it as a defect.")
}

/// The desks of all connections.
///
/// # Errors
/// It was called outside of a request.
pub fn desks() -> Result<Arc<Desks>, AppError> {
    use_context::<Arc<Desks>>().ok_or_else(outside)
}

/// What a server function works with: the desk of the connection that the page or form names, and who acts.
///
/// # Errors
/// There is no such connection, or it was called outside of a request.
pub fn context(connection: &str) -> Result<(Arc<Desk>, Actor), AppError> {
    let desks = desks()?;
    let parts = use_context::<Parts>().ok_or_else(outside)?;
    if !http::is_proven_for(connection) {
        let what = "This form does not belong to a page of the connection that it names.";
        return Err(AppError::new(ErrorKind::Forbidden, what, "Nothing was changed. Reload the page and try again."));
    }
    let desk = desks.get(connection).ok_or_else(|| words::no_connection(&desks, connection))?;
    // The gate let the request in, and said who sends it.
    let who = parts.extensions.get::<http::Who>().ok_or_else(outside)?;
    Ok((Arc::clone(desk), who.actor()))
}

/// The answer to what a page of a connection asks; a refusal gives the current response its status.
///
/// # Errors
/// Those of the page's own function.
pub async fn page(connection: &str, ask: Ask) -> Result<Page, AppError> {
    let answer = guarded(async {
        let (desk, actor) = context(connection)?;
        pages::answer(desks()?.as_ref(), &desk, &actor, ask).await
    })
    .await;
    if let Err(error) = &answer {
        set_status(error);
    }
    answer
}

/// Gives the current response the status of `error`.
pub fn set_status(error: &AppError) {
    if let Some(response) = use_context::<ResponseOptions>()
        && let Ok(status) = StatusCode::from_u16(error.status())
    {
        response.set_status(status);
    }
}

/// Stores the chosen persona in a cookie and returns to a page of this site, or to the overview of the connection. Returns
/// the persona's name.
///
/// # Errors
/// There is no such persona.
pub fn act_as(connection: &str, person: &str, from: &str) -> Result<String, AppError> {
    let who = use_context::<Parts>().and_then(|parts| parts.extensions.get::<http::Who>().cloned());
    if who.is_none_or(|who| who.is_signed_in()) {
        let what = "Nobody chooses who acts where people sign in.";
        return Err(AppError::new(ErrorKind::Forbidden, what, "Sign out, and sign in as somebody else."));
    }
    let Some(person) = people::find(person) else {
        return Err(AppError::new(ErrorKind::Invalid, "This person does not exist.", "Choose a person in the header."));
    };
    let cookie = format!("{}={}; Path=/; Max-Age=31536000; HttpOnly; SameSite=Lax", personas::COOKIE, person.id);
    if let (Some(response), Ok(value)) = (use_context::<ResponseOptions>(), HeaderValue::from_str(&cookie)) {
        response.insert_header(header::SET_COOKIE, value);
    }
    let overview = crate::routes::of(connection).overview();
    leads_to(if is_own_path(from) { from } else { &overview });
    Ok(person.name)
}

/// Whether a redirect there stays on this site: `//host` and `/\host` would leave it, and so would `/<tab>/host`, since
/// browsers drop tabs and line ends.
pub(crate) fn is_own_path(path: &str) -> bool {
    let is_below = |rest: &str| rest.is_empty() || rest.starts_with(['/', '?']);
    path.starts_with('/')
        && path.strip_prefix(crate::routes::base()).is_some_and(is_below)
        && !path.starts_with("//")
        && path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\')
}

/// The result of `work`. A panic becomes an error, because a page that waits for the result would wait forever.
pub async fn guarded<T>(work: impl Future<Output = Result<T, AppError>>) -> Result<T, AppError> {
    std::panic::AssertUnwindSafe(work).catch_unwind().await.unwrap_or_else(|_| {
        Err(AppError::new(
            ErrorKind::Internal,
            "The dashboard failed to answer.",
            "Reload the page; the program's log says where it failed.",
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::is_own_path;

    #[test]
    fn a_redirect_never_leaves_the_site() {
        for (path, expect) in [
            ("/inbox?a=b", true),
            ("//evil.example", false),
            ("/\\evil", false),
            ("https://x", false),
            ("/a\r\nb", false),
            ("/\t/evil.example", false),
            ("/a b", false),
            ("", false),
        ] {
            assert_eq!(is_own_path(path), expect, "{path:?}");
        }
    }
}
