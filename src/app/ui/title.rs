//! The window's title.

use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use super::effect;
#[cfg(not(feature = "hydrate"))]
use super::raw_text;
use crate::visible::visible;

/// Gives the window a title that changes with what it reads.
///
/// leptos_meta writes a title into the page as it is, and asks for it when the signals of the page may be gone already.
/// So the server gives it a text that is complete and escaped, and the browser needs nothing of it.
#[component]
pub fn WindowTitle(text: impl Fn() -> String + Send + Sync + 'static) -> impl IntoView {
    let text: Box<dyn Fn() -> String + Send + Sync> = Box::new(text);
    #[cfg(not(feature = "hydrate"))]
    {
        let title = raw_text(&visible(&untrack(&text)));
        _ = view! { <leptos_meta::Title text=title/> };
    }
    #[cfg(feature = "hydrate")]
    effect(move || document().set_title(&visible(&text())));
}
