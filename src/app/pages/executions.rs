//! Executions, newest first.

use leptos::prelude::*;

use super::query;
use crate::app::components::status::look;
use crate::app::components::{ExecutionList, PageHead};
use crate::app::here::here;
use crate::app::live::Live;
use crate::app::ui::{Empty, Seen, Tab, Tabs, dynamic, either, loaded, page_data};
use crate::routes;
use crate::visible::visible;
use crate::wire::executions::{Executions, StatusFilter};
use crate::wire::{Ask, Topic};

/// All executions, or those of one workflow, or with one status.
#[component]
pub fn ExecutionsPage() -> impl IntoView {
    let live = Live::of_page();
    let (workflow, status) = (query("workflow"), query("status"));
    let executions = page_data(move || {
        let ask = Ask::Executions { workflow: workflow.get(), status: status.get() };
        (ask, live.changes([Topic::Executions, Topic::Inbox]))
    });
    let tabs = Signal::derive(move || {
        let (workflow, status) = (workflow.get(), status.get());
        let chosen = status.as_deref().map(str::parse::<StatusFilter>);
        let tab = |filter: Option<StatusFilter>| Tab {
            label: filter.map_or("All", |filter| look(filter.status()).word),
            href: here().executions_of(workflow.as_deref(), filter),
            current: chosen == filter.map(Ok),
            count: None,
        };
        std::iter::once(None).chain(StatusFilter::ALL.map(Some)).map(tab).collect()
    });
    view! {
        <div class="page">
            <PageHead title="Executions">
                <a class="button" href=here().workflows()>"Start one"</a>
            </PageHead>
            <Tabs label="Status" tabs/>
            {loaded(executions, list)}
        </div>
    }
    .into_any()
}

fn list(data: Seen<Executions>) -> AnyView {
    let now = data.with_untracked(|data| data.now);
    let rows = Signal::derive(move || data.with(|data| data.rows.clone()));
    let shown = move || {
        view! {
            <ExecutionList rows now workflow=true/>
        }
        .into_any()
    };
    let nothing = move || {
        if data.with(|data| data.express) {
            return view! { <Empty title="Express executions are not listed">{super::workflow::LOGGED}</Empty> }
                .into_any();
        }
        view! {
            <Empty title="No executions here">"Executions appear as soon as they start. "<a href=here().workflows()>"Start a workflow"</a>", or choose another status."</Empty>
        }
        .into_any()
    };
    view! {
        {dynamic(move || workflow_filter(&data.get()))}
        {either(move || data.with(|data| !data.rows.is_empty()), shown, nothing)}
        {dynamic(move || data.with(|data| data.more).then(|| view! { <p class="quiet">"Older executions are not shown. Choose a workflow or a status to see older ones."</p> }))}
    }
    .into_any()
}

/// A form that works by itself: it only makes the address.
fn workflow_filter(data: &Executions) -> AnyView {
    let chosen = data.workflow.clone();
    let choice = |name: &String| {
        let selected = chosen.as_ref() == Some(name);
        view! { <option value=name.clone() selected=selected>{visible(name).into_owned()}</option> }
    };
    let status = query("status").get_untracked();
    view! {
        <form class="filter" method="get" action=here().page(routes::EXECUTIONS)>
            {status.map(|status| view! { <input type="hidden" name="status" value=status/> })}
            <label class="field-line">
                <span>"Workflow"</span>
                <select name="workflow" data-submits="true">
                    <option value="">"All workflows"</option>
                    {data.workflows.iter().map(choice).collect_view()}
                </select>
            </label>
            <button class="button no-script" type="submit">"Show"</button>
        </form>
    }
    .into_any()
}
