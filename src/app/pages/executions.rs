//! Executions, newest first.

use leptos::prelude::*;

use super::query;
use crate::app::components::status::look;
use crate::app::components::{ExecutionList, PageHead};
use crate::app::here::here;
use crate::app::live::Live;
use crate::app::ui::{Empty, Seen, Tab, Tabs, dynamic, either, loaded, page_data, shown};
use crate::routes;
use crate::visible::visible;
use crate::wire::executions::{Executions, Parent, StatusFilter};
use crate::wire::{Ask, Topic};

/// All executions, or those of one workflow, or with one status; or the children of the Map Runs of one.
#[component]
pub fn ExecutionsPage() -> impl IntoView {
    let live = Live::of_page();
    let (workflow, status, parent, before) = (query("workflow"), query("status"), query("parent"), query("before"));
    let executions = page_data(move || {
        let ask = Ask::Executions {
            workflow: workflow.get(),
            status: status.get(),
            parent: parent.get(),
            before: before.get(),
        };
        (ask, live.changes([Topic::Executions, Topic::Inbox]))
    });
    view! {
        <div class="page">
            <PageHead title="Executions">
                <a class="button" href=here().workflows()>"Start one"</a>
            </PageHead>
            {loaded(executions, list)}
        </div>
    }
    .into_any()
}

fn list(data: Seen<Executions>) -> AnyView {
    let now = data.with_untracked(|data| data.now);
    let rows = Signal::derive(move || data.with(|data| data.rows.clone()));
    let tabs = Signal::derive(move || data.with(tabs));
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
    // Drawn again only when they differ: a filter that has the keyboard's place keeps it.
    let filter =
        Memo::new(move |_| data.with(|data| (data.workflows.clone(), data.workflow.clone(), data.parent.clone())));
    let ends = Memo::new(move |_| data.with(pages));
    view! {
        <Tabs label="Status" tabs/>
        {dynamic(move || filter.with(|(workflows, workflow, parent)| filtered(workflows, workflow.as_ref(), parent.as_ref())))}
        {either(move || data.with(|data| !data.rows.is_empty()), shown, nothing)}
        {dynamic(move || ends.with(turns))}
    }
    .into_any()
}

fn tabs(data: &Executions) -> Vec<Tab> {
    let parent = data.parent.as_ref().map(|parent| parent.arn.as_str());
    let tab = |(at, filter): (usize, Option<StatusFilter>)| Tab {
        label: filter.map_or("All", |filter| look(filter.status()).word),
        href: here().executions_before(data.workflow.as_deref(), filter, parent, None),
        current: data.status == filter,
        count: data.counts.as_ref().and_then(|counts| counts.get(at).copied()),
    };
    std::iter::once(None).chain(StatusFilter::ALL.map(Some)).enumerate().map(tab).collect()
}

/// How many rows there are of how many, and the addresses of the first page and of the next.
fn pages(data: &Executions) -> (usize, Option<u64>, Option<String>, Option<String>) {
    let parent = data.parent.as_ref().map(|parent| parent.arn.as_str());
    let page = |before: Option<&str>| here().executions_before(data.workflow.as_deref(), data.status, parent, before);
    let at = StatusFilter::ALL.iter().position(|filter| Some(*filter) == data.status).map_or(0, |at| at + 1);
    let total = data.counts.as_ref().and_then(|counts| counts.get(at).copied());
    (data.rows.len(), total, data.newer.then(|| page(None)), data.older.as_deref().map(|older| page(Some(older))))
}

/// The links between the pages of the list.
fn turns(pages: &(usize, Option<u64>, Option<String>, Option<String>)) -> Option<AnyView> {
    let (rows, total, newest, older) = pages.clone();
    (newest.is_some() || older.is_some()).then(|| {
        let of = total.map(|total| format!(" of {total}")).unwrap_or_default();
        view! {
            <nav class="turns" aria-label="Pages of the list">
                <span class="quiet">{format!("{rows}{of} executions")}</span>
                {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
                {older.map(|href| view! { <a class="button" href=href rel="next">"Older"</a> })}
            </nav>
        }
        .into_any()
    })
}

/// What the list is of: the children of an execution, or the workflow of a form.
fn filtered(workflows: &[String], workflow: Option<&String>, parent: Option<&Parent>) -> AnyView {
    match parent {
        Some(parent) => view! {
            <p class="quiet">"Started by the Map Runs of "<a class="mono" href=here().execution(&parent.arn)>{shown(&parent.name)}</a>"."</p>
        }
        .into_any(),
        None => workflow_filter(workflows, workflow),
    }
}

/// A form that works by itself: it only makes the address.
fn workflow_filter(workflows: &[String], chosen: Option<&String>) -> AnyView {
    let choice = |name: &String| {
        let selected = chosen == Some(name);
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
                    {workflows.iter().map(choice).collect_view()}
                </select>
            </label>
            <button class="button no-script" type="submit">"Show"</button>
        </form>
    }
    .into_any()
}
