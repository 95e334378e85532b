//! The pages, and the frame around them.
//!
//! `pages/` holds one file a route, `components/` what speaks of workflows and approvals, `ui/` what does not,
//! `server_fns/` what the browser may ask of the server, and `live.rs` the stream that says what changed.
//!
//! **Adding a page**
//! 1. Give it a path in [`crate::routes`], and the data it shows a type in a file of [`crate::wire`].
//! 2. Name its question and its answer in the list in `wire/mod.rs`, and answer it in `server/pages/NAME.rs`.
//! 3. Write `pages/NAME.rs`: a [`ui::page_data`] whose source reads [`live::Live::changes`] for the topics that it shows, and
//!    [`ui::loaded`] over it. The view is drawn once; what changes is read from the signal in closures, and lists are keyed.
//! 4. Add a `Route` below, with `SsrMode::Async`: a page is complete before it is sent, so it needs no JavaScript.
//! 5. Where it belongs on the rail, add it to `components/frame.rs`.

pub mod arrival;
mod components;
mod live;
mod pages;
pub mod server_fns;
mod ui;

#[cfg(feature = "ssr")]
pub(crate) use self::ui::absolute;

use leptos::prelude::*;
use leptos_meta::{MetaTags, provide_meta_context};
use leptos_router::components::{FlatRoutes, Route, Router};
use leptos_router::{SsrMode, path};

/// The whole interface.
#[component]
pub fn App() -> impl IntoView {
    provide_meta_context();
    view! {
        <Router>
            <components::PageFrame>
                <FlatRoutes fallback=pages::NotFound>
                    <Route path=path!("/") view=pages::OverviewPage ssr=SsrMode::Async/>
                    <Route path=path!("/workflows") view=pages::WorkflowsPage ssr=SsrMode::Async/>
                    <Route path=path!("/workflows/:name") view=pages::WorkflowPage ssr=SsrMode::Async/>
                    <Route path=path!("/executions") view=pages::ExecutionsPage ssr=SsrMode::Async/>
                    <Route path=path!("/executions/:arn") view=pages::ExecutionPage ssr=SsrMode::Async/>
                    // One route, so that the list stays as it is when a request is opened.
                    <Route path=path!("/inbox/:arn?/:event?") view=pages::InboxPage ssr=SsrMode::Async/>
                    <Route path=path!("/deploy") view=pages::DeployPage ssr=SsrMode::Async/>
                    <Route path=path!("/audit") view=pages::AuditPage ssr=SsrMode::Async/>
                </FlatRoutes>
            </components::PageFrame>
        </Router>
    }
}

/// The document around [`App`], which only the server writes.
#[must_use]
pub fn shell(_options: LeptosOptions) -> impl IntoView {
    let nonce = leptos::nonce::use_nonce();
    let start = "import('/pkg/countersign.js').then(m => m.default({module_or_path: '/pkg/countersign_bg.wasm'}).then(() => m.hydrate()));";
    view! {
        <!DOCTYPE html>
        <html lang="en">
            <head>
                <meta charset="utf-8"/>
                <meta name="viewport" content="width=device-width, initial-scale=1"/>
                <meta name="color-scheme" content="light dark"/>
                // Before the style sheet, so that the first paint has the chosen theme.
                <script src="/theme.js"></script>
                <link rel="stylesheet" href="/pkg/countersign.css"/>
                <link rel="preload" href="/fonts/inter.woff2" r#as="font" r#type="font/woff2" crossorigin="anonymous"/>
                <link rel="icon" href="/favicon.svg" type="image/svg+xml"/>
                <link rel="modulepreload" href="/pkg/countersign.js"/>
                <link rel="preload" href="/pkg/countersign_bg.wasm" r#as="fetch" r#type="application/wasm" crossorigin="anonymous"/>
                // Before the page's own module, which calls it.
                <script src="/live.js" defer=true></script>
                <script type="module" nonce=nonce>{start}</script>
                <MetaTags/>
            </head>
            <body>
                <App/>
            </body>
        </html>
    }
}
