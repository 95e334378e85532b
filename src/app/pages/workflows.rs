//! All workflows of the connection.

use leptos::prelude::*;

use crate::app::components::{Mark, MiniGraph, Outcomes, PageHead};
use crate::app::here::here;
use crate::app::live::Live;
use crate::app::ui::{Empty, Seen, duration, dynamic, either, loaded, page_data, shown};
use crate::wire::Status;
use crate::wire::workflows::{WorkflowRow, Workflows};
use crate::wire::{Ask, Topic};

/// Each workflow with a small drawing of itself and how it has been doing.
#[component]
pub fn WorkflowsPage() -> impl IntoView {
    let live = Live::of_page();
    let workflows = page_data(move || (Ask::Workflows, live.changes([Topic::Workflows, Topic::Executions])));
    view! {
        <div class="page">
            <PageHead title="Workflows">
                <a class="button" href=here().deploy()>"Deploy"</a>
            </PageHead>
            {loaded(workflows, rows)}
        </div>
    }
    .into_any()
}

fn rows(data: Seen<Workflows>) -> AnyView {
    view! { <WorkflowRows rows=Signal::derive(move || data.with(|data| data.rows.clone()))/> }.into_any()
}

/// Workflows as rows: drawing, name, the strip of the last outcomes, median duration.
#[component]
pub fn WorkflowRows(#[prop(into)] rows: Signal<Vec<WorkflowRow>>) -> impl IntoView {
    let shown = move || {
        view! {
            <ul class="workflows">{dynamic(move || rows.get().into_iter().map(row).collect_view())}</ul>
        }
        .into_any()
    };
    let nothing = || {
        view! {
            <Empty title="No workflows yet">"Workflows that are deployed to this connection appear here. "<a href=here().deploy()>"Deploy one"</a>"."</Empty>
        }
        .into_any()
    };
    view! {
        {either(move || rows.with(|rows| !rows.is_empty()), shown, nothing)}
    }
    .into_any()
}

fn row(row: WorkflowRow) -> AnyView {
    let now = |status: Status, count: u64, word: &'static str| {
        (count > 0).then(|| view! { <span class="status" data-tone=crate::app::components::status::look(status).tone><Mark status/>{format!("{count} {word}")}</span> })
    };
    view! {
        <li class="workflow">
            <a class="workflow-drawing" href=here().workflow(&row.name) tabindex="-1" aria-hidden="true">
                {row.sketch.map(|sketch| view! { <MiniGraph sketch/> })}
            </a>
            <div class="workflow-name">
                <a href=here().workflow(&row.name)>{shown(&row.name)}</a>
                <span class="quiet">{row.comment.map(shown)}</span>
            </div>
            <div class="workflow-now">
                {now(Status::WaitingApproval, row.waiting, "waiting")}
                {now(Status::Running, row.running, "running")}
            </div>
            <Outcomes outcomes=row.outcomes/>
            <span class="workflow-median time" title="Median duration">{row.median_ms.map(|ms| duration(ms, true))}</span>
        </li>
    }
    .into_any()
}
