//! A strip of the last outcomes: one cell an execution, oldest first.

use leptos::prelude::*;

use super::Mark;
use super::status::look;
use crate::app::here::here;
use crate::app::ui::duration;
use crate::visible::visible;
use crate::wire::workflows::Outcome;

/// The strip. Each cell leads to its execution.
#[component]
pub fn Outcomes(outcomes: Vec<Outcome>) -> impl IntoView {
    if outcomes.is_empty() {
        return view! { <span class="quiet">"No executions yet"</span> }.into_any();
    }
    let cell = |outcome: Outcome| {
        let word = look(outcome.status).word;
        let took = outcome.duration_ms.map(|ms| format!(", {}", duration(ms, true))).unwrap_or_default();
        let label = format!("{}: {word}{took}", visible(&outcome.name));
        view! {
            <a class="outcome" href=here().execution(&outcome.execution_arn) title=label.clone() aria-label=label data-tone=look(outcome.status).tone>
                <Mark status=outcome.status/>
            </a>
        }
    };
    view! { <span class="outcomes">{outcomes.into_iter().map(cell).collect_view()}</span> }.into_any()
}
