//! Pieces of these pages.

use leptos::prelude::*;

use crate::app::arrival::PROOF;
use crate::app::{absolute, raw_text, shown};
use crate::wire::Problem;

/// A whole document.
pub fn document(title: &str, content: AnyView) -> String {
    let title = raw_text(&format!("{title} · Countersign"));
    let page = move || {
        view! {
            <!DOCTYPE html>
            <html lang="en">
                <head>
                    <meta charset="utf-8"/>
                    <meta name="viewport" content="width=device-width, initial-scale=1"/>
                    <meta name="color-scheme" content="light dark"/>
                    <title inner_html=title></title>
                    <script src="/theme.js"></script>
                    <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                    <link rel="manifest" href="/manifest.webmanifest"/>
                    <link rel="apple-touch-icon" href="/apple-touch-icon.png"/>
                    <link rel="stylesheet" href="/pkg/countersign.css"/>
                </head>
                <body class="plain">
                    <header class="top">
                        <a class="brand" href="/"><img src="/favicon.svg" width="20" height="20" alt=""/>"Countersign"</a>
                    </header>
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
        <form class="plain-form" method="post" action=action>
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
