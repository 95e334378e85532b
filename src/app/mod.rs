//! The pages, and the frame around them.
//!
//! `pages/` holds one file a route, `components/` what speaks of workflows and approvals, `ui/` what does not,
//! `server_fns/` what the browser may ask of the server, and `live.rs` the stream that says what changed.
//!
//! **Adding a page**, of a subject that has the same name in every layer: three files, and five edits that name them.
//!
//! The files:
//! - `wire/SUBJECT.rs`: the type `Subject`, which is all that the page shows;
//! - `server/pages/SUBJECT.rs`: the function `SUBJECT`, which makes it of the desk's data. It takes the desk, who acts, and
//!   the fields of the question, and is async or returns a `Ready`;
//! - `app/pages/SUBJECT.rs`: the component `SubjectPage`. It shows [`ui::loaded`] over a [`ui::page_data`], whose source reads
//!   [`live::Live::changes`] for the topics that it shows. The view is drawn once; what changes is read from the signal in
//!   closures, and lists are keyed.
//!
//! The edits:
//! 1. `routes.rs`: its path, and the path in the snapshot `routes.txt`. The connection is its first segment; links to it are
//!    made with [`here::here`].
//! 2. `wire/mod.rs`: its module, and the question with its answer in the list `each_page`.
//! 3. `server/pages/mod.rs`: its module.
//! 4. `app/pages/mod.rs`: its module.
//! 5. Below: its `Route`, with `SsrMode::Async`: a page is complete before it is sent, so it needs no JavaScript.
//!
//! A page that belongs on the rail also has an entry in `components/frame.rs`; one with a look of its own has
//! `style/SUBJECT.css`, named in `style/main.css`.

mod address;
pub mod arrival;
mod components;
mod here;
mod live;
mod pages;
pub mod server_fns;
mod ui;

#[cfg(feature = "ssr")]
pub(crate) use self::components::{
    Diff, Mark,
    graph::{face, notes},
    handed_over, mark_of,
    status::look,
};
#[cfg(feature = "ssr")]
pub(crate) use self::here::WHY;
#[cfg(feature = "ssr")]
pub(crate) use self::ui::json::{escaped, folded as json_folded, html as json_html};
#[cfg(feature = "ssr")]
pub(crate) use self::ui::{absolute, duration, instant, raw_text, shown};

use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{OptionalParamSegment, ParamSegment, SsrMode, StaticSegment};

use crate::routes;

/// The whole interface.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    ui::provide_page();
    let connection = ParamSegment("connection");
    view! {
        <Router base=routes::base()>
            <components::PageFrame>
                <FlatRoutes fallback=pages::not_found::NotFoundPage>
                    <Route path=connection view=pages::overview::OverviewPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::WORKFLOWS)) view=pages::workflows::WorkflowsPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::WORKFLOWS), ParamSegment("name")) view=pages::workflow::WorkflowPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::EXECUTIONS)) view=pages::executions::ExecutionsPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::EXECUTIONS), ParamSegment("arn")) view=pages::execution::ExecutionPage ssr=SsrMode::Async/>
                    // One route, so that the list stays as it is when a request is opened.
                    <Route path=(connection, StaticSegment(routes::INBOX), OptionalParamSegment("arn"), OptionalParamSegment("event")) view=pages::inbox::InboxPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::BULK), ParamSegment("id")) view=pages::bulk::BulkPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::DEPLOY)) view=pages::deploy::DeployPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::AUDIT)) view=pages::audit::AuditPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::SEARCH)) view=pages::find::FindPage ssr=SsrMode::Async/>
                    <Route path=(connection, StaticSegment(routes::CONNECTION)) view=pages::connection::ConnectionPage ssr=SsrMode::Async/>
                </FlatRoutes>
            </components::PageFrame>
        </Router>
    }
}

/// Whether the page is that of one request.
fn is_of_request() -> bool {
    #[cfg(feature = "ssr")]
    let is_it = use_context::<http::request::Parts>().is_some_and(|parts| routes::is_request(parts.uri.path()));
    #[cfg(not(feature = "ssr"))]
    let is_it = false;
    is_it
}

/// The document around [`App`], which only the server writes.
#[must_use]
pub fn shell(_options: LeptosOptions) -> impl IntoView {
    let nonce = leptos::nonce::use_nonce();
    let (script, module) = (routes::at("/pkg/countersign.js"), routes::at("/pkg/countersign_bg.wasm"));
    let start =
        format!("import('{script}').then(m => m.default({{module_or_path: '{module}'}}).then(() => m.hydrate()));");
    let base = (!routes::base().is_empty()).then_some(routes::base());
    // An approver's phone loads no WebAssembly for one decision: a script of a few kilobytes keeps that page new.
    let program = (!is_of_request()).then(|| {
        view! {
            <link rel="modulepreload" href=script/>
            <link rel="preload" href=module r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
            <script type="module" nonce=nonce>{start}</script>
        }
    });
    let keeper = program.is_none().then(|| view! { <script src=routes::at("/request.js") defer=true></script> });
    view! {
        <!DOCTYPE html>
        <html lang="en" data-base=base>
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                // Before the style sheet, so that the first paint has the chosen theme.
                <script src=routes::at("/theme.js")></script>
                // Before it too, so that it has the chosen sizes.
                <script src=routes::at("/workbench.js")></script>
                <link rel="stylesheet" href=routes::at("/pkg/countersign.css")/>
                <link rel="preload" href=routes::at("/fonts/inter.woff2") r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="icon" href=routes::at("/favicon.svg") type="image/svg+xml"/>
                // What makes the site a program on a phone's first screen.
                <link rel="manifest" href=routes::at("/manifest.webmanifest")/>
                <link rel="apple-touch-icon" href=routes::at("/apple-touch-icon.png")/>
                // Before what calls it.
                <script src=routes::at("/live.js") defer=true></script>
                <script src=routes::at("/palette.js") defer=true></script>
                <script src=routes::at("/lists.js") defer=true></script>
                <script src=routes::at("/json.js") defer=true></script>
                {program}
                {keeper}
                <MetaTags/>
            </head>
            <body>
                <App/>
                // What a script says to a reader of the screen.
                <div class="unseen" id="said" role="status"></div>
            </body>
        </html>
    }
}
