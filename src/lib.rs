//! Countersign: the control room and approval desk for AWS Step Functions.
//!
//! - [`app`]: the pages, rendered on the server and made alive in the browser;
//! - [`dto`]: the types that cross the wire, and [`routes`] the paths of every link;
//! - [`json`]: JSON texts as they were written, for both sides, and [`visible`] what is hidden in texts;
//! - `server` (feature `ssr`): the watch over the connection, approvals, deployment, HTTP.
//!
//! The language, its histories and the embedded engine are crates of their own below `crates/`.
#![recursion_limit = "256"]

pub mod app;
pub mod dto;
pub mod error;
pub mod json;
pub mod routes;
#[cfg(feature = "ssr")]
pub mod server;
pub mod visible;

/// Makes the server's page alive: the entry point of the wasm module.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub fn hydrate() {
    console_error_panic_hook::set_once();
    leptos::mount::hydrate_body(app::App);
}
