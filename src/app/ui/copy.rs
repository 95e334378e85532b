//! Copying a text.

use leptos::prelude::*;

/// A button that copies `text`; `what` says what it is, such as "the ARN". `public/json.js` listens; without scripts there
/// is no button.
pub fn copy(what: &str, text: String) -> AnyView {
    let label = format!("Copy {what}");
    view! {
        <button class="copy" type="button" data-copy=text aria-label=label.clone() title=label>
            <svg viewBox="0 0 16 16" width="14" height="14" aria-hidden="true"><path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"></path></svg>
        </button>
    }
    .into_any()
}
