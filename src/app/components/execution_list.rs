//! Executions as rows.

use leptos::prelude::*;

use super::StatusWord;
use crate::app::ui::{Ago, Lasted};
use crate::dto::ExecutionRow;
use crate::routes;

/// Executions, newest first. A row is replaced only when its execution changed.
#[component]
pub fn ExecutionList(
    #[prop(into)] rows: Signal<Vec<ExecutionRow>>,
    /// The server's time.
    now: i64,
    /// Whether each row names its workflow.
    #[prop(optional)]
    workflow: bool,
) -> impl IntoView {
    let row = move |row: ExecutionRow| {
        view! {
            <li class="row" data-tone=super::status::look(row.status).tone>
                <StatusWord status=row.status/>
                <a class="row-main mono" href=routes::execution(&row.arn)>{row.name}</a>
                {workflow.then(|| view! { <a class="row-side" href=routes::workflow(&row.workflow)>{row.workflow.clone()}</a> })}
                <span class="row-time"><Ago at=row.started_at now/></span>
                <span class="row-num"><Lasted from=row.started_at to=row.ended_at now/></span>
            </li>
        }
    };
    view! {
        <ul class="rows executions" class:with-workflow=workflow>
            <For each=move || rows.get() key=|row| (row.arn.clone(), row.status, row.ended_at) children=row/>
        </ul>
    }
    .into_any()
}
