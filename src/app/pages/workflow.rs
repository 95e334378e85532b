//! A workflow: its drawing, its executions, its definition, and Start.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::{param, query};
use crate::app::components::{Crumb, Definition, ExecutionList, GraphView, Outcomes, PageHead};
use crate::app::live::{Live, Topic};
use crate::app::server_fns::StartExecution;
use crate::app::ui::{Empty, FormProblem, Post, PostForm, Seen, Tab, Tabs, duration, dynamic, either, loaded};
use crate::app::wire::{self, Ask};
use crate::dto;
use crate::routes;

/// One workflow by its name.
#[component]
pub fn WorkflowPage() -> impl IntoView {
    let live = Live::of_page();
    let name = param("name");
    let start = Post::to(StartExecution::PATH);
    let workflow = wire::data(move || (Ask::Workflow(name.get()), live.changes([Topic::Workflows, Topic::Executions])));
    view! { <div class="page page-wide">{loaded(workflow, move |data| page(data, start))}</div> }.into_any()
}

fn page(data: Seen<dto::WorkflowPage>, start: Post) -> AnyView {
    let first = data.get_untracked();
    let name = first.row.name.clone();
    let now = first.now;
    let tab = query("tab");
    let window: Signal<String> = Signal::stored(format!("{name} · Countersign"));
    let drawing = Memo::new(move |_| data.with(|data| data.row.graph.clone()));
    let facts = move || {
        data.with(|data| {
            let median = data.row.median_ms.map(|ms| format!("median {}", duration(ms, true)));
            view! {
                <span>{data.row.kind.to_ascii_lowercase()}</span>
                <span class="time">{median}</span>
                <span class="mono">{data.row.arn.clone()}</span>
            }
        })
    };
    let tabs = {
        let name = name.clone();
        Signal::derive(move || {
            let here = routes::workflow(&name);
            let definition = tab.get().as_deref() == Some("definition");
            vec![
                Tab { label: "Executions", href: here.clone(), current: !definition, count: None },
                Tab { label: "Definition", href: format!("{here}?tab=definition"), current: definition, count: None },
            ]
        })
    };
    // A state of a definition leads to the text that defines it.
    let here = StoredValue::new(format!("{}?tab=definition", routes::workflow(&name)));
    let graph = {
        let name = name.clone();
        move || {
            match drawing.get() {
            Some(graph) => view! {
                <GraphView graph label=format!("Drawing of {name}") course=Signal::derive(|| None) link=move |_| here.get_value()/>
            }
            .into_any(),
            None => view! { <Empty title="It cannot be drawn">"The definition could not be read. It is below, under Definition."</Empty> }.into_any(),
        }
        }
    };
    let rows = Signal::derive(move || data.with(|data| data.executions.clone()));
    let below = {
        let name = name.clone();
        move || match tab.get().as_deref() {
            Some("definition") => {
                view! { <Definition text=Signal::derive(move || data.with(|data| data.definition.clone()))/> }
                    .into_any()
            }
            _ => executions(rows, now, &name),
        }
    };
    view! {
        <PageHead
            title=name.clone()
            window
            crumbs=vec![Crumb { word: "Workflows".to_owned(), href: routes::WORKFLOWS.to_owned() }]
        />
        {first.row.comment.map(|comment| view! { <p class="lead">{comment}</p> })}
        <p class="facts">{dynamic(facts)}</p>
        <div class="split">
            <div class="split-main">{dynamic(graph)}</div>
            <div class="split-side">
                <StartForm workflow=name samples=first.samples start/>
                <section class="panel">
                    <h2>"Last outcomes"</h2>
                    {dynamic(move || view! { <Outcomes outcomes=data.with(|data| data.row.outcomes.clone())/> })}
                </section>
            </div>
        </div>
        <Tabs label="About this workflow" tabs/>
        {dynamic(below)}
    }
    .into_any()
}

fn executions(rows: Signal<Vec<dto::ExecutionRow>>, now: i64, name: &str) -> AnyView {
    let all = routes::executions_of(Some(name), None);
    let shown = move || {
        view! {
            <ExecutionList rows now/>
        }
        .into_any()
    };
    let nothing = || {
        view! {
            <Empty title="No executions yet">"Start one with the form above; it appears here and moves by itself."</Empty>
        }
        .into_any()
    };
    view! {
        {either(move || rows.with(|rows| !rows.is_empty()), shown, nothing)}
        <p><a href=all>"All executions of this workflow"</a></p>
    }
    .into_any()
}

/// The form that starts an execution. What was typed comes back with the problem, so that nothing is typed twice.
#[component]
fn StartForm(workflow: String, samples: Vec<dto::Sample>, start: Post) -> impl IntoView {
    let (sample, linked) = (query("sample"), query("input"));
    let (refused, name) = (start.typed("input"), start.typed("name"));
    let typed = Memo::new(move |_| refused.clone().or_else(|| linked.get()));
    let chosen = move || sample.get().and_then(|sample| sample.parse::<usize>().ok()).unwrap_or(0);
    let inputs: Vec<String> = samples.iter().map(|sample| sample.input.clone()).collect();
    let input = Memo::new(move |_| {
        typed.get().unwrap_or_else(|| inputs.get(chosen()).cloned().unwrap_or_else(|| "{}".to_owned()))
    });
    let here = routes::workflow(&workflow);
    let choice = |(index, sample): (usize, dto::Sample)| {
        let current = move || (typed.get().is_none() && chosen() == index).then_some("true");
        view! {
            <a class="chip" href=format!("{here}?sample={index}") aria-current=current data-noscroll="true">{sample.label}</a>
        }
    };
    let choices = samples.into_iter().enumerate().map(choice).collect_view();
    let from_link = move || {
        (linked.with(Option::is_some) && start.told().is_none())
            .then(|| view! { <p class="quiet">"This input came with a link. Read it before you start with it."</p> })
    };
    view! {
        <section class="panel" id="start">
            <h2>"Start an execution"</h2>
            <PostForm post=start class="start">
                <FormProblem post=start/>
                <input type="hidden" name="workflow" value=workflow/>
                <nav class="chips" aria-label="Samples">{choices}</nav>
                {dynamic(from_link)}
                <label class="field">
                    <span>"Input"</span>
                    <textarea class="mono" name="input" rows="9" spellcheck="false" prop:value=move || input.get()>{input.get_untracked()}</textarea>
                </label>
                <label class="field">
                    <span>"Name "<span class="quiet">"(optional)"</span></span>
                    <input class="mono" type="text" name="name" maxlength="80" autocomplete="off" value=name/>
                </label>
                <button class="button button-main" type="submit" disabled=move || start.pending()>"Start"</button>
            </PostForm>
        </section>
    }
    .into_any()
}
