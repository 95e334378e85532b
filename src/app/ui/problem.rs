//! Errors as a person reads them: what happened, and what to do.

use leptos::prelude::*;

use super::shown;
use crate::wire::Problem;

/// A problem in the flow of a page.
#[component]
pub fn ProblemBox(problem: Problem) -> impl IntoView {
    view! {
        <div class="notice notice-bad" role="alert">
            <p class="notice-title">{shown(problem.what)}</p>
            <p>{shown(problem.remedy)}</p>
        </div>
    }
    .into_any()
}
