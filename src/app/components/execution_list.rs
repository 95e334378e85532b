//! Executions as rows.

use leptos::prelude::*;

use super::StatusWord;
use crate::app::here::here;
use crate::app::ui::{Lasted, Row, Signal, When, list, shown};
use crate::wire::executions::ExecutionRow;

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
                <a class="row-main mono" href=here().execution(&row.arn)>{shown(row.name)}</a>
                {workflow.then(|| view! { <a class="row-side" href=here().workflow(&row.workflow)>{shown(&row.workflow)}</a> })}
                <span class="row-time"><When at=row.started_at now/></span>
                <span class="row-num"><Lasted from=row.started_at to=row.ended_at now/></span>
            </li>
        }
        .into_any()
    };
    let drawn = move || {
        let one = |data: ExecutionRow| {
            Row::new(format!("{} {:?} {:?}", data.arn, data.status as u8, data.ended_at), move || row(data))
        };
        rows.get().into_iter().map(one).collect()
    };
    view! {
        <div class="rows executions" class:with-workflow=workflow>
            <div class="row row-heads" aria-hidden="true">
                <span>"Status"</span>
                <span>"Name"</span>
                {workflow.then(|| view! { <span>"Workflow"</span> })}
                <span class="row-time">"Started"</span>
                <span class="row-num">"Duration"</span>
            </div>
            <ul>{list(drawn)}</ul>
        </div>
    }
    .into_any()
}
