//! A definition's text, with line numbers.

use leptos::prelude::*;

use crate::app::ui::Json;

/// The definition as it is deployed.
#[component]
pub fn Definition(#[prop(into)] text: Signal<String>) -> impl IntoView {
    view! { <div class="definition"><Json text label="Definition"/></div> }.into_any()
}
