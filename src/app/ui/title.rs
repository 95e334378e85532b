//! The window's title.

use leptos::prelude::*;

/// Gives the window a title that changes with what it reads.
///
/// leptos_meta writes a title into the page as it is, and asks for it when the signals of the page may be gone already.
/// So the server gives it a text that is complete and escaped, and the browser needs nothing of it.
#[component]
pub fn WindowTitle(text: impl Fn() -> String + Send + Sync + 'static) -> impl IntoView {
    let text: Box<dyn Fn() -> String + Send + Sync> = Box::new(text);
    #[cfg(not(feature = "hydrate"))]
    {
        let title = escaped(&untrack(&text));
        _ = view! { <leptos_meta::Title text=title/> };
    }
    #[cfg(feature = "hydrate")]
    Effect::new(move || document().set_title(&text()));
}

/// The text as the content of an element whose content is text.
#[cfg_attr(feature = "hydrate", expect(dead_code, reason = "the browser sets a title as text"))]
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_title_ends_only_where_it_ends() {
        assert_eq!(super::escaped("a</title><b>&amp;"), "a&lt;/title&gt;&lt;b&gt;&amp;amp;");
    }
}
