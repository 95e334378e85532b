//! Where there is nothing.

use leptos::prelude::*;

use crate::app::components::PageHead;
use crate::app::here::here;

/// The page for addresses that lead nowhere.
#[component]
pub fn NotFoundPage() -> impl IntoView {
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http::StatusCode::NOT_FOUND);
    }
    view! {
        <div class="page">
            <PageHead title="There is no page at this address"/>
            <p>"The link may be old. Everything that runs is on the "<a href=here().overview()>"overview"</a>"."</p>
        </div>
    }
    .into_any()
}
