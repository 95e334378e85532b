//! Executions, newest first: of a workflow or all, of this connection or all, searched by what they are and what they hold.

mod filters;
mod help;
mod histogram;
mod table;
mod views;

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;
use leptos_router::hooks::use_query_map;

use self::filters::filters;
use self::histogram::histogram;
use self::table::table;
use self::views::views;
use crate::app::components::PageHead;
use crate::app::components::status::look;
use crate::app::here::here;
use crate::app::live::Live;
use crate::app::server_fns::{PrepareBulk, RemoveView, SaveView};
use crate::app::ui::{
    Empty, FormProblem, Memo, Post, Seen, Signal, Tab, Tabs, copy, dynamic, either, loaded, page_data, shown,
};
use crate::wire::executions::{Executions, StatusFilter, View};
use crate::wire::{Ask, Topic};

/// The list, as the address asks for it.
#[component]
pub fn ExecutionsPage() -> impl IntoView {
    let live = Live::of_page();
    let queries = use_query_map();
    let view = Memo::new(move |_| queries.with(|queries| View::of_parts(View::NAMES.map(|name| queries.get(name)))));
    let executions =
        page_data(move || (Ask::Executions { view: view.get() }, live.changes([Topic::Executions, Topic::Inbox])));
    // Before the data is there: what came of a form is handed over once.
    let posts = Posts {
        save: Post::to(SaveView::PATH),
        remove: Post::to(RemoveView::PATH),
        prepare: Post::to(PrepareBulk::PATH),
    };
    view! {
        <div class="page">
            <PageHead title="Executions">
                <a class="button" href=here().workflows()>"Start one"</a>
            </PageHead>
            {loaded(executions, move |data| list(data, posts))}
        </div>
    }
    .into_any()
}

/// The forms of the page.
#[derive(Clone, Copy)]
struct Posts {
    save: Post,
    remove: Post,
    prepare: Post,
}

fn list(data: Seen<Executions>, posts: Posts) -> AnyView {
    let tabs = Signal::derive(move || data.with(tabs));
    let nothing = move || data.with(nothing);
    let ends = Memo::new(move |_| data.with(pages));
    let bars = Memo::new(move |_| data.with(|data| (data.histogram.clone(), data.view.clone())));
    view! {
        <Tabs label="Status" tabs/>
        {views(data, posts.save, posts.remove)}
        {filters(data)}
        {dynamic(move || bars.with(|(bars, view)| bars.as_ref().map(|bars| histogram(bars, view))))}
        {dynamic(move || data.with(about))}
        <FormProblem post=posts.prepare/>
        {either(move || data.with(|data| !data.rows.is_empty()), move || table(data, posts.prepare), nothing)}
        {dynamic(move || ends.with(turns))}
    }
    .into_any()
}

fn nothing(data: &Executions) -> AnyView {
    if data.express {
        return view! { <Empty title="Express executions are not listed">{super::workflow::LOGGED}</Empty> }.into_any();
    }
    if data.fault.is_some() {
        return view! { <Empty title="Nothing was searched">"Correct the search above, or see how one is written."</Empty> }
            .into_any();
    }
    let view = &data.view;
    if view.q.is_some() || view.time.is_some() {
        let all = View { workflow: view.workflow.clone(), scope: view.scope.clone(), ..View::default() };
        return view! {
            <Empty title="No execution fits">"Leave a condition out, or "<a href=here().executions_view(&all)>"show all executions"</a>"."</Empty>
        }
        .into_any();
    }
    view! {
        <Empty title="No executions here">"Executions appear as soon as they start. "<a href=here().workflows()>"Start a workflow"</a>", or choose another status."</Empty>
    }
    .into_any()
}

fn tabs(data: &Executions) -> Vec<Tab> {
    let tab = |(at, filter): (usize, Option<StatusFilter>)| Tab {
        label: filter.map_or("All", |filter| look(filter.status()).word),
        href: here()
            .executions_view(&View { status: filter.map(|filter| filter.word().to_owned()), ..data.view.first() }),
        current: data.status == filter,
        count: data.counts.as_ref().and_then(|counts| counts.get(at).copied()),
    };
    std::iter::once(None).chain(StatusFilter::ALL.map(Some)).enumerate().map(tab).collect()
}

/// What the list is of, and what of it could not be searched.
fn about(data: &Executions) -> Vec<AnyView> {
    let parent = data.parent.as_ref().map(|parent| {
        let reading = (!parent.whole).then_some(" Their list is being read: more of them may follow.");
        if let Some(of) = &parent.of {
            let name = of.rsplit(':').next().unwrap_or_default().to_owned();
            return view! {
                <p class="quiet">"The executions of the Map Run "<span class="mono">{shown(&parent.name)}</span>{copy("the ARN of the Map Run", parent.arn.clone())}" of "<a class="mono" href=here().execution(of)>{shown(name)}</a>"."{reading}</p>
            }
            .into_any();
        }
        view! {
            <p class="quiet">"Started by the Map Runs of "<a class="mono" href=here().execution(&parent.arn)>{shown(&parent.name)}</a>{copy("the ARN of the parent execution", parent.arn.clone())}"."{reading}</p>
        }
        .into_any()
    });
    let coverage = data.coverage.filter(|coverage| coverage.unread + coverage.withheld + coverage.unreadable > 0).map(
        |coverage| {
            let read = coverage.total.saturating_sub(coverage.unread);
            let unread = (coverage.unread > 0).then(|| {
                format!(
                    "Inputs and outputs of {read} of {} executions have been read so far; the others follow. ",
                    coverage.total
                )
            });
            let withheld = (coverage.withheld > 0)
                .then(|| format!("Those of {} are not searched: they may hold a task token. ", coverage.withheld));
            let unreadable = (coverage.unreadable > 0)
                .then(|| format!("Those of {} could not be read, so they are not searched.", coverage.unreadable));
            view! { <p class="quiet coverage">{unread}{withheld}{unreadable}</p> }.into_any()
        },
    );
    parent.into_iter().chain(coverage).collect()
}

/// How many rows there are of how many, and the addresses of the first page and of the next.
type Turns = (usize, Option<(u64, bool)>, Option<String>, Option<String>);

fn pages(data: &Executions) -> Turns {
    let page = |before: Option<String>| here().executions_view(&View { before, ..data.view.clone() });
    let newest = data.view.before.is_some().then(|| page(None));
    (data.rows.len(), data.total, newest, data.older.clone().map(|older| page(Some(older))))
}

/// The links between the pages of the list.
fn turns(pages: &Turns) -> Option<AnyView> {
    let (rows, total, newest, older) = pages.clone();
    (newest.is_some() || older.is_some() || rows > 0).then(|| {
        let of = match total {
            Some((total, false)) if total == rows as u64 && newest.is_none() => String::new(),
            Some((total, more)) => format!(" of {total}{}", if more { "+" } else { "" }),
            None => String::new(),
        };
        let word = if rows == 1 && of.is_empty() { "execution" } else { "executions" };
        view! {
            <nav class="turns" aria-label="Pages of the list">
                <span class="quiet">{format!("{rows}{of} {word}")}</span>
                {newest.map(|href| view! { <a class="button" href=href>"Newest"</a> })}
                {older.map(|href| view! { <a class="button" href=href rel="next">"Older"</a> })}
            </nav>
        }
        .into_any()
    })
}
