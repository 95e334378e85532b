//! What a place says when it has nothing to show yet.

use leptos::prelude::*;

/// Says what will appear here, and (as children) how to make it happen.
#[component]
pub fn Empty(#[prop(into)] title: String, children: Children) -> impl IntoView {
    view! {
        <div class="empty">
            <p class="empty-title">{title}</p>
            <p>{children()}</p>
        </div>
    }
    .into_any()
}
