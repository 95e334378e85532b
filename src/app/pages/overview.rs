//! What runs, what waits, what failed, and what to do next.

use leptos::prelude::*;

use super::workflows::WorkflowRows;
use crate::app::components::{Mark, PageHead, status::look};
use crate::app::here::here;
use crate::app::live::Live;
use crate::app::ui::{
    Due, Empty, Row, Seen, Signal, When, dynamic, either, list, loaded, page_data, percent, shown, switch, text,
};
use crate::wire::Status;
use crate::wire::executions::{StatusFilter, View};
use crate::wire::overview::{Need, Overview};
use crate::wire::{Ask, Topic};

/// The first page.
#[component]
pub fn OverviewPage() -> impl IntoView {
    let live = Live::of_page();
    let overview =
        page_data(move || (Ask::Overview, live.changes([Topic::Executions, Topic::Inbox, Topic::Workflows])));
    view! { <div class="page">{loaded(overview, overview_view)}</div> }.into_any()
}

fn overview_view(data: Seen<Overview>) -> AnyView {
    let now = data.with_untracked(|data| data.now);
    let window = Signal::derive(move || match data.with(|data| data.waiting) {
        0 => "Overview · Countersign".to_owned(),
        waiting => format!("{} {waiting} waiting · Countersign", look(Status::WaitingApproval).glyph),
    });
    let rate = move || data.with(|data| percent(data.succeeded_today, data.ended_today));
    let needs = move || {
        let one = |row: Need| {
            Row::new(format!("{} {} {}", row.link, look(row.status).word, row.title), move || need(row, now))
        };
        data.with(|data| data.needs.clone()).into_iter().map(one).collect()
    };
    let shown = move || {
        view! {
            <ul class="rows needs">{list(needs)}</ul>
            {dynamic(move || data.with(left_out))}
        }
        .into_any()
    };
    let nothing = || {
        view! {
            <Empty title="Nothing needs you">
                "Approvals, failures and waits without a timeout appear here. To see one, "
                <a href=here().workflows()>"start a workflow"</a>"."
            </Empty>
        }
        .into_any()
    };
    view! {
        <PageHead title="Overview" window/>
        <div class="numbers">
            {number("Running", Some(Status::Running), here().executions_of(None, Some(StatusFilter::Running)), move || data.with(|data| data.running.to_string()), move || data.with(|data| data.running > 0))}
            {number("Waiting for approval", Some(Status::WaitingApproval), here().inbox(), move || data.with(|data| data.waiting.to_string()), move || data.with(|data| data.waiting > 0))}
            {number("Failed in 24 h", Some(Status::Failed), ended(StatusFilter::Failed), move || data.with(|data| data.failed_today.to_string()), move || data.with(|data| data.failed_today > 0))}
            {number("Succeeded in 24 h", Some(Status::Succeeded), ended(StatusFilter::Succeeded), rate, || true)}
        </div>
        <section aria-labelledby="needs">
            <h2 id="needs">"Needs you"</h2>
            {either(move || data.with(|data| !data.needs.is_empty()), shown, nothing)}
        </section>
        <section aria-labelledby="all-workflows">
            <h2 id="all-workflows">"Workflows"</h2>
            <WorkflowRows rows=Signal::derive(move || data.with(|data| data.workflows.clone())) now searched=Signal::stored(false)/>
        </section>
    }
    .into_any()
}

/// The executions that ended so in the last 24 hours.
fn ended(status: StatusFilter) -> String {
    let (status, q) = (Some(status.word().to_owned()), Some("ended>24h".to_owned()));
    here().executions_view(&View { status, q, ..View::default() })
}

/// What "Needs you" has no room for, as links to where it is.
fn left_out(data: &Overview) -> Option<AnyView> {
    let waits = data.needs.iter().filter(|need| need.status == Status::WaitingApproval).count();
    let waiting = data.waiting.saturating_sub(waits as u64);
    let failed = data.failed_today.saturating_sub((data.needs.len() - waits) as u64);
    let link = |count: u64, href: String, word: &str| {
        (count > 0).then(|| view! { <a href=href>{format!("{count} more {word}")}</a> }.into_any())
    };
    let links =
        [link(waiting, here().inbox(), "waiting for approval"), link(failed, ended(StatusFilter::Failed), "failed")];
    (waiting + failed > 0)
        .then(|| view! { <p class="facts">{links.into_iter().flatten().collect_view()}</p> }.into_any())
}

/// One of the four numbers, each a link to what it counts. A lamp that has nothing to say is dark.
fn number(
    word: &'static str,
    status: Option<Status>,
    href: String,
    value: impl Fn() -> String + Send + Sync + 'static,
    lit: impl Fn() -> bool + Send + Sync + 'static,
) -> AnyView {
    view! {
        <a class="number" class:lit=switch(lit) href=href data-tone=status.map(|status| look(status).tone)>
            <span class="number-value">{text(value)}</span>
            <span class="number-word">{status.map(|status| view! { <Mark status/> })}{word}</span>
        </a>
    }
    .into_any()
}

fn need(need: Need, now: i64) -> AnyView {
    view! {
        <li class="row need" data-tone=look(need.status).tone>
            <Mark status=need.status/>
            <a class="row-main" href=need.link>{shown(need.title)}</a>
            <span class="row-side">{shown(need.detail)}</span>
            <span class="row-time">
                {match need.due {
                    Some(at) => view! { <Due at now/> }.into_any(),
                    None => view! { <When at=need.since now/> }.into_any(),
                }}
            </span>
        </li>
    }
    .into_any()
}
