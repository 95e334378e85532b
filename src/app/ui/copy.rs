//! Copying a text.

use leptos::prelude::*;

/// A button that copies the whole address of a `path` of this site.
pub fn copy_link(what: &str, path: String) -> AnyView {
    button(what, path, Some("true"))
}

/// A button that copies `text`; `what` says what it is, such as "the ARN". `public/json.js` listens; without scripts there
/// is no button.
pub fn copy(what: &str, text: String) -> AnyView {
    button(what, text, None)
}

fn button(what: &str, text: String, is_path: Option<&'static str>) -> AnyView {
    let label = format!("Copy {what}");
    view! {
        <button class="copy" type="button" data-copy=text data-copy-path=is_path aria-label=label.clone() title=label>
            <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"></path></svg>
        </button>
    }
    .into_any()
}
