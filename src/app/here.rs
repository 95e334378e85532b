//! The connection that the document shows: the first segment of its address.
//!
//! It is the same for as long as the document lasts. A link to another connection loads a new document, so nothing of one
//! connection is left on the pages of another.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::routes::{self, Routes};

/// Takes the connection from the address.
pub fn start() {
    let path = use_location().pathname;
    provide_context(routes::of(path.with_untracked(|path| routes::connection_of(path).to_owned()).as_str()));
}

/// The paths of this connection's pages.
#[must_use]
pub fn here() -> Routes {
    expect_context()
}
