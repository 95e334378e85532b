//! All workflows of the connection.

use leptos::prelude::*;

use super::query;
use crate::app::components::{Mark, MiniGraph, Outcomes, PageHead};
use crate::app::here::here;
use crate::app::live::Live;
use crate::app::ui::{Empty, Memo, Seen, Signal, When, duration, dynamic, either, loaded, page_data, percent, shown};
use crate::wire::Status;
use crate::wire::executions::View;
use crate::wire::workflows::{WorkflowKind, WorkflowRow, Workflows};
use crate::wire::{Ask, Topic};

/// Each workflow with a small drawing of itself and how it has been doing.
#[component]
pub fn WorkflowsPage() -> impl IntoView {
    let live = Live::of_page();
    let q = query("q");
    let workflows =
        page_data(move || (Ask::Workflows { q: q.get() }, live.changes([Topic::Workflows, Topic::Executions])));
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
    let now = data.with_untracked(|data| data.now);
    let q = Memo::new(move |_| data.with(|data| data.q.clone().unwrap_or_default()));
    let count = move || {
        let (rows, total) = data.with(|data| (data.rows.len(), data.total));
        (total > 0 && rows as u64 != total).then(|| format!("{rows} of {total} workflows"))
    };
    view! {
        <form class="filter" role="search" method="get" action=here().workflows()>
            <input id="search" type="search" name="q" value=q.get_untracked() prop:value=move || q.get() maxlength="200" placeholder="Name or comment" aria-label="Search workflows"/>
            <button class="button" type="submit">"Search"</button>
        </form>
        {dynamic(move || count().map(|count| view! { <p class="quiet" role="status">{count}</p> }))}
        <WorkflowRows rows=Signal::derive(move || data.with(|data| data.rows.clone())) now searched=Signal::derive(move || !q.with(String::is_empty))/>
    }
    .into_any()
}

/// Workflows as rows: drawing, name, how many run and wait, the strip of the last outcomes, and the last 24 hours.
#[component]
pub fn WorkflowRows(
    #[prop(into)] rows: Signal<Vec<WorkflowRow>>,
    /// The server's time.
    now: i64,
    /// Whether these are what a search found.
    #[prop(into)]
    searched: Signal<bool>,
) -> impl IntoView {
    let drawn = move || {
        view! {
            <div class="workflows">
                <div class="workflow workflow-heads" aria-hidden="true">
                    <span></span>
                    <span>"Name"</span>
                    <span>"Now"</span>
                    <span>"Last 30 outcomes"</span>
                    <span class="workflow-rate">"Succeeded, 24 h"</span>
                    <span class="workflow-median">"Median, 24 h"</span>
                    <span class="workflow-deployed">"Deployed"</span>
                </div>
                <ul>{dynamic(move || rows.get().into_iter().map(|one| row(one, now)).collect_view())}</ul>
            </div>
        }
        .into_any()
    };
    let nothing = move || {
        if searched.get() {
            return view! { <Empty title="No workflow fits">"Search for another part of a name, or "<a href=here().workflows()>"show all workflows"</a>"."</Empty> }
                .into_any();
        }
        view! {
            <Empty title="No workflows yet">"Workflows that are deployed to this connection appear here. "<a href=here().deploy()>"Deploy one"</a>"."</Empty>
        }
        .into_any()
    };
    view! {
        {either(move || rows.with(|rows| !rows.is_empty()), drawn, nothing)}
    }
    .into_any()
}

fn row(row: WorkflowRow, moment: i64) -> AnyView {
    let now = |status: Status, count: u64, word: &'static str| {
        (count > 0).then(|| view! { <span class="status" data-tone=crate::app::components::status::look(status).tone><Mark status/>{format!("{count} {word}")}</span> })
    };
    let ended = View { workflow: Some(row.name.clone()), q: Some("ended>24h".to_owned()), ..View::default() };
    let rate = (row.ended > 0).then(|| {
        let label = format!("{} of {} that ended in the last 24 hours succeeded", row.succeeded, row.ended);
        let share = percent(row.succeeded, row.ended);
        view! { <a href=here().executions_view(&ended) title=label.clone() aria-label=format!("{share}: {label}")>{share.clone()}</a> }
    });
    let deployed = match (row.deployed, row.created_at) {
        (Some((at, person)), _) => {
            view! { <span title=format!("Deployed by {person}")><When at now=moment/></span> }.into_any()
        }
        (None, Some(at)) => {
            view! { <span title="Created; not deployed from here"><When at now=moment/></span> }.into_any()
        }
        (None, None) => ().into_any(),
    };
    let express = (row.kind == WorkflowKind::Express).then(|| view! { <span class="tag">"Express"</span> });
    view! {
        <li class="workflow">
            <a class="workflow-drawing" href=here().workflow(&row.name) tabindex="-1" aria-hidden="true">
                {row.sketch.map(|sketch| view! { <MiniGraph sketch/> })}
            </a>
            <div class="workflow-name">
                <span><a href=here().workflow(&row.name)>{shown(&row.name)}</a>{express}</span>
                <span class="quiet">{row.comment.map(shown)}</span>
            </div>
            <div class="workflow-now">
                {now(Status::WaitingApproval, row.waiting, "waiting")}
                {now(Status::Running, row.running, "running")}
            </div>
            <Outcomes outcomes=row.outcomes/>
            <span class="workflow-rate">{rate}</span>
            <span class="workflow-median time" title="Median duration of the executions that ended in the last 24 hours">{row.median_ms.map(|ms| duration(ms, true))}</span>
            <span class="workflow-deployed">{deployed}</span>
        </li>
    }
    .into_any()
}
