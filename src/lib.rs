//! Countersign: the control room and approval desk for AWS Step Functions.
//!
//! - [`app`]: the pages, rendered on the server and made alive in the browser;
//! - [`wire`]: what crosses between the two, and [`routes`] the paths of every link;
//! - [`map`]: which part of a drawing is in view, for both sides;
//! - [`visible`]: what is hidden in texts, for both sides;
//! - `server` (feature `ssr`): the program: its start, HTTP, and the desk's data and errors as pages show them.
//!
//! The domain (the watch over the connection, approvals, deployment), the language, its histories and the embedded engine are crates of their own below `crates/`.
#![recursion_limit = "256"]

pub mod app;
pub mod error;
pub mod map;
pub mod routes;
#[cfg(feature = "ssr")]
pub mod server;
pub mod visible;
pub mod wire;

/// Makes the server's page alive: the entry point of the wasm module.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    let base = leptos::prelude::document().document_element().and_then(|html| html.get_attribute("data-base"));
    if let Some(base) = base {
        routes::set_base(&base);
        leptos::server_fn::client::set_server_url(routes::base());
    }
    leptos::mount::hydrate_body(app::App);
}
