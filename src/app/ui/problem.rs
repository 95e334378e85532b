//! Errors as a person reads them: what happened, and what to do.

use leptos::prelude::*;

use super::dynamic;

use crate::dto::Problem;
use crate::error::AppError;

/// A problem in the flow of a page.
#[component]
pub fn ProblemBox(problem: Problem) -> impl IntoView {
    view! {
        <div class="notice notice-bad" role="alert">
            <p class="notice-title">{problem.what}</p>
            <p>{problem.remedy}</p>
        </div>
    }
    .into_any()
}

/// What went wrong with the last submission of a form, if anything did. It also shows an error that came back through a
/// redirect, for a browser without JavaScript.
#[component]
pub fn FormProblem(#[prop(into)] value: Signal<Option<Result<(), AppError>>>) -> impl IntoView {
    let problem = move || value.get().and_then(Result::err).map(|error| error.problem);
    dynamic(move || problem().map(|problem| view! { <ProblemBox problem/> }))
}
