//! The connection that the document shows: the first segment of its address.
//!
//! It is the same for as long as the document lasts. A link to another connection loads a new document, so nothing of one
//! connection is left on the pages of another.

use leptos::prelude::*;
use leptos_router::hooks::use_location;

use crate::app::ui::shown;
use crate::routes::{self, Routes};
use crate::wire::refused::{Act, Refused};

/// Takes the connection from the address.
pub fn start() {
    let path = use_location().pathname;
    provide_context(routes::of(
        path.with_untracked(|path| routes::connection_of(routes::within(path)).to_owned()).as_str(),
    ));
}

/// The paths of this connection's pages.
#[must_use]
pub fn here() -> Routes {
    expect_context()
}

/// Whether nothing can be changed on this connection.
#[derive(Clone, Copy)]
struct ReadOnly(bool);

/// Notes whether nothing can be changed on this connection. The server refuses it anyway; pages say so beforehand.
pub fn restrict(read_only: bool) {
    provide_context(ReadOnly(read_only));
}

/// Whether nothing can be changed on this connection.
#[must_use]
pub fn is_read_only() -> bool {
    use_context::<ReadOnly>().is_some_and(|read_only| read_only.0)
}

/// Notes what the policy refuses whoever looks at the page that is drawn.
pub fn refuse(refused: Refused) {
    provide_context(refused);
}

/// Whether this cannot be done here: the connection is read-only, or the policy refuses it.
#[must_use]
pub fn is_refused(act: Act) -> bool {
    is_read_only() || use_context::<Refused>().is_some_and(|refused| refused.acts.contains(&act))
}

/// The id of the sentence that says why controls are disabled.
pub const WHY: &str = "why-disabled";

/// Why controls are disabled; nothing where they are not.
pub fn why_disabled() -> Option<AnyView> {
    let why = if is_read_only() {
        "This connection is read-only: nothing can be started, stopped, decided or deployed.".to_owned()
    } else {
        use_context::<Refused>()?.why
    };
    (!why.is_empty()).then(|| view! { <p class="quiet" id=WHY>{shown(why)}</p> }.into_any())
}
