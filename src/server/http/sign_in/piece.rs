//! Pieces of these pages.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use leptos::prelude::*;

use crate::app::arrival::PROOF;
use crate::app::{absolute, raw_text, shown};
use crate::routes;
use crate::visible::visible;
use crate::wire::Problem;

/// The response that is a whole document, with its policy.
pub fn response(status: StatusCode, html: String, policy: &'static str) -> Response {
    let mut response = (status, Body::from(html)).into_response();
    let headers = response.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    response
}

/// A whole document.
pub fn document(title: &str, content: AnyView) -> String {
    let brand = view! { <a class="brand" href=routes::at(routes::ROOT)>{brand()}</a> }.into_any();
    let site = view! {
        <script src=routes::at("/theme.js")></script>
        <link rel="manifest" href=routes::at("/manifest.webmanifest")/>
    };
    drawn(title, site.into_any(), brand, content)
}

/// A whole document without scripts, which leads nowhere by itself.
pub fn document_apart(title: &str, content: AnyView) -> String {
    drawn(title, ().into_any(), view! { <span class="brand">{brand()}</span> }.into_any(), content)
}

fn brand() -> AnyView {
    view! { <img src=routes::at("/favicon.svg") width="20" height="20" alt=""/>"Countersign" }.into_any()
}

fn drawn(title: &str, of_site: AnyView, brand: AnyView, content: AnyView) -> String {
    let title = raw_text(&format!("{} · Countersign", visible(title)));
    let page = move || {
        view! {
            <!DOCTYPE html>
            <html lang="en">
                <head>
                    <meta charset="utf-8"/>
                    <meta name="viewport" content="width=device-width, initial-scale=1"/>
                    <meta name="color-scheme" content="light dark"/>
                    <title inner_html=title></title>
                    {of_site}
                    <link rel="icon" href=routes::at("/favicon.svg") type="image/svg+xml"/>
                    <link rel="apple-touch-icon" href=routes::at("/apple-touch-icon.png")/>
                    <link rel="stylesheet" href=routes::at("/pkg/countersign.css")/>
                </head>
                <body class="plain">
                    <header class="top">{brand}</header>
                    <main id="main">{content}</main>
                </body>
            </html>
        }
    };
    Owner::new().with(|| page().to_html())
}

/// What went wrong.
pub fn problem(problem: &Problem) -> AnyView {
    view! {
        <div class="notice notice-bad" role="alert">
            <p class="notice-title">{shown(&problem.what)}</p>
            <p>{shown(&problem.remedy)}</p>
        </div>
    }
    .into_any()
}

/// What was done.
pub fn done(what: &str) -> AnyView {
    view! { <div class="notice notice-good" role="status"><p>{shown(what)}</p></div> }.into_any()
}

/// A form of a page; `act` says which of the page's.
pub fn form(action: &'static str, act: &'static str, proof: &str, content: AnyView) -> AnyView {
    let proof = proof.to_owned();
    view! {
        <form class="plain-form" method="post" action=routes::at(action)>
            <input type="hidden" name=PROOF value=proof/>
            <input type="hidden" name="act" value=act/>
            {content}
        </form>
    }
    .into_any()
}

/// A line of text that is typed, under its label.
pub fn line(label: &'static str, name: &'static str, value: &str, autocomplete: &'static str) -> AnyView {
    let value = value.to_owned();
    view! {
        <label class="field">
            <span>{label}</span>
            <input type="text" name=name value=value autocomplete=autocomplete autocapitalize="none" spellcheck="false" maxlength="254"/>
        </label>
    }
    .into_any()
}

/// A password, under its label.
pub fn password(label: &'static str, name: &'static str, autocomplete: &'static str) -> AnyView {
    view! {
        <label class="field">
            <span>{label}</span>
            <input type="password" name=name required=true autocomplete=autocomplete maxlength="200"/>
        </label>
    }
    .into_any()
}

/// A moment.
pub fn moment(ms: i64) -> AnyView {
    let text = absolute(ms);
    let iso = text.replacen(' ', "T", 1).replace(" UTC", "Z");
    view! { <time class="time" datetime=iso>{text}</time> }.into_any()
}
