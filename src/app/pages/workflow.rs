//! A workflow: its drawing, its executions, its definition, and Start.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::{param, query};
use crate::app::address::Address;
use crate::app::arrival::Told;
use crate::app::components::{
    Crumb, Definition, Drawn, ExecutionList, GraphView, Mark, Outcomes, PageHead, StateDefinition, Workbench,
};
use crate::app::here::{WHY, here, is_read_only, why_disabled};
use crate::app::live::Live;
use crate::app::server_fns::{PutSample, StartExecution};
use crate::app::ui::{
    Empty, FormProblem, Post, PostForm, ProblemBox, Seen, bring_into_sight, duration, dynamic, either, loaded,
    page_data, raw_text, shown, unseen,
};
use crate::routes::view::{STATE, TAB};
use crate::visible::visible;
use crate::wire::Problem;
use crate::wire::Status;
use crate::wire::drawing::Of;
use crate::wire::executions::ExecutionRow;
use crate::wire::workflow::{Again, Sample, Workflow};
use crate::wire::workflows::WorkflowKind;
use crate::wire::{Ask, Topic};

/// One workflow by its name.
#[component]
pub fn WorkflowPage() -> impl IntoView {
    let live = Live::of_page();
    let name = param("name");
    let (start, put) = (Post::to(StartExecution::PATH), Post::to(PutSample::PATH));
    let (again, state) = (query("again"), query(STATE));
    let drawn = Drawn::of(move || Of::Workflow(name.get()), move || live.changes([Topic::Workflows]));
    let workflow = page_data(move || {
        let ask = Ask::Workflow { name: name.get(), again: again.get(), state: state.get() };
        (ask, live.changes([Topic::Workflows, Topic::Executions]))
    });
    view! { <div class="page page-wide">{loaded(workflow, move |data| page(data, drawn, start, put))}</div> }.into_any()
}

fn page(data: Seen<Workflow>, drawn: Drawn, start: Post, put: Post) -> AnyView {
    let first = data.get_untracked();
    let name = first.row.name.clone();
    let now = first.now;
    let (tab, chosen) = (query(TAB), query(STATE));
    let window: Signal<String> = Signal::stored(format!("{name} · Countersign"));
    let again = Memo::new(move |_| data.with(|data| data.again.clone()));
    let express = first.row.kind == WorkflowKind::Express;
    let facts = move || {
        data.with(|data| {
            let median = data.row.median_ms.map(|ms| format!("median {}", duration(ms, true)));
            view! {
                <span>{data.row.kind.word()}</span>
                <span class="time">{median}</span>
            }
        })
    };
    let tabs = Signal::derive(move || {
        let count = Some(data.with(|data| data.execution_count)).filter(|count| *count > 0);
        vec![("executions", "Executions", count), ("definition", "Definition", None)]
    });
    let address = Address::of(here().workflow(&name));
    // A state leads to what the definition says of it, beside the drawing or below it.
    Effect::new(move |before: Option<Option<String>>| {
        let chosen = chosen.get();
        if chosen.is_some() && before.as_ref() != Some(&chosen) {
            bring_into_sight("state");
        }
        chosen
    });
    Effect::new(move |before: Option<Option<String>>| {
        let tab = tab.get();
        let arrived = tab.is_some() && chosen.get_untracked().is_none();
        if before.map_or(arrived, |before| before != tab) {
            bring_into_sight("about");
        }
        tab
    });
    let about = Memo::new(move |_| data.with(|data| data.about.clone()));
    let state_panel = move || {
        let definition = data.with_untracked(|data| data.definition.clone());
        about.get().map(|about| view! { <StateDefinition name=about.name.clone() about definition/> })
    };
    let label = format!("Drawing of {}", visible(&name));
    let drawing = view! { <GraphView drawn address label course=Signal::derive(|| None) chosen now/> }.into_any();
    let rows = Signal::derive(move || data.with(|data| data.executions.clone()));
    let below = {
        let name = name.clone();
        move || match tab.get().as_deref() {
            Some("definition") => {
                view! { <Definition text=Signal::derive(move || data.with(|data| data.definition.clone()))/> }
                    .into_any()
            }
            _ if express => view! { <Empty title="Express executions are not listed">{LOGGED}</Empty> }.into_any(),
            _ => executions(rows, now, &name),
        }
    };
    let drawer = view! {
        {dynamic(state_panel)}
        <StartForm workflow=name.clone() samples=first.samples again start put/>
        <section class="panel">
            <h2>"Last outcomes"</h2>
            {dynamic(move || view! { <Outcomes outcomes=data.with(|data| data.row.outcomes.clone())/> })}
            <p class="facts"><span class="mono">{shown(&first.row.arn)}</span></p>
        </section>
    }
    .into_any();
    view! {
        <PageHead
            title=name
            window
            facts=view! { <p class="facts">{dynamic(facts)}</p> }.into_any()
            crumbs=vec![Crumb { word: "Workflows".to_owned(), href: here().workflows() }]
        />
        {first.row.comment.map(|comment| view! { <p class="lead">{shown(comment)}</p> })}
        <Workbench
            address
            label="About this workflow"
            drawer_word="Start"
            tabs
            drawing
            drawer
            lower=dynamic(below)
        />
    }
    .into_any()
}

fn executions(rows: Signal<Vec<ExecutionRow>>, now: i64, name: &str) -> AnyView {
    let all = here().executions_of(Some(name), None);
    let shown = move || {
        view! {
            <ExecutionList rows now/>
        }
        .into_any()
    };
    let nothing = || {
        view! {
            <Empty title="No executions yet">"Start one with the form above; it appears here and updates itself."</Empty>
        }
        .into_any()
    };
    view! {
        {either(move || rows.with(|rows| !rows.is_empty()), shown, nothing)}
        <p><a href=all>"All executions of this workflow"</a></p>
    }
    .into_any()
}

/// Where an Express execution is followed.
pub(super) const LOGGED: &str = "Step Functions keeps no record of them. Follow them in the log group that the state machine writes to \
                      (CloudWatch Logs).";

/// The form that starts an execution. What was typed comes back with the problem, so that nothing is typed twice.
#[component]
fn StartForm(
    workflow: String,
    samples: Vec<Sample>,
    #[prop(into)] again: Signal<Option<Result<Again, Problem>>>,
    start: Post,
    put: Post,
) -> impl IntoView {
    let (sample, linked, asked) = (query("sample"), query("input"), query("again"));
    let typed_into = move |field: &str| start.typed(field).or_else(|| put.typed(field));
    let (own, name) = (RwSignal::new(typed_into("input")), typed_into("name"));
    let typed = Memo::new(move |_| own.get().or_else(|| linked.get()));
    let chosen = move || sample.get().and_then(|sample| sample.parse::<usize>().ok()).unwrap_or(0);
    let inputs: Vec<String> = samples.iter().map(|sample| sample.input.clone()).collect();
    let input = Memo::new(move |_| {
        typed.get().unwrap_or_else(|| inputs.get(chosen()).cloned().unwrap_or_else(|| "{}".to_owned()))
    });
    // A sample that is chosen takes the place of the stored input.
    let again = Memo::new(move |_| again.get().filter(|_| asked.with(Option::is_some)));
    let here = here().workflow(&workflow);
    let all = StoredValue::new(samples.iter().map(|sample| sample.input.clone()).collect::<Vec<_>>());
    let choice = |(index, sample): (usize, Sample)| {
        let put = replaces(all, own, sample.input.clone(), format!("{here}?sample={index}"));
        let current =
            move || (typed.get().is_none() && again.with(Option::is_none) && chosen() == index).then_some("true");
        view! {
            <button class="chip" type="submit" formaction=PutSample::PATH name="sample" value=index.to_string() aria-current=current on:click=put>
                {shown(sample.label)}
            </button>
        }
    };
    let choices = samples.into_iter().enumerate().map(choice).collect_view();
    let from_link = move || {
        (linked.with(Option::is_some) && start.told().is_none())
            .then(|| view! { <p class="quiet">"This input came with a link. Read it before you start with it."</p> })
    };
    let text = move || {
        match again.get() {
        Some(stored) => stored_input(stored, own),
        None => view! {
            {dynamic(from_link)}
            <label class="field">
                <span>"Input"</span>
                <textarea class="mono" name="input" rows="9" spellcheck="false" prop:value=move || input.get()>{raw_text(&input.get_untracked())}</textarea>
            </label>
            {dynamic(move || unseen(&input.get()))}
        }
        .into_any(),
    }
    };
    let read_only = is_read_only();
    let cannot = move || read_only || start.pending() || again.with(|again| matches!(again, Some(Err(_))));
    view! {
        <section class="panel" id="start">
            <h2>"Start an execution"</h2>
            <PostForm post=start class="start">
                <FormProblem post=start/>
                {dynamic(move || started_express(start))}
                <input type="hidden" name="workflow" value=workflow/>
                // What Enter in a field presses: the first button of a form, which would be a sample.
                <button type="submit" hidden=true disabled=cannot>"Start"</button>
                <div class="chips" role="group" aria-label="Samples">{choices}</div>
                {dynamic(move || own.with(Option::is_some).then(|| asks_first(put)).flatten())}
                {dynamic(text)}
                <label class="field">
                    <span>"Name "<span class="quiet">"(optional)"</span></span>
                    <input class="mono" type="text" name="name" autocomplete="off" value=name/>
                </label>
                {why_disabled()}
                <button class="button button-main" type="submit" disabled=cannot aria-describedby=read_only.then_some(WHY)>"Start"</button>
            </PostForm>
        </section>
    }
    .into_any()
}

/// Asks whether a sample takes the place of what was typed, where a browser without scripts has sent both.
fn asks_first(put: Post) -> Option<AnyView> {
    let Some(Told::Sample { index, .. }) = put.told() else { return None };
    Some(
        view! {
            <div class="notice notice-ask" role="status">
                <p>"Replace the input that you typed with this sample? It is still below."</p>
                <button class="button" type="submit" formaction=PutSample::PATH name="replaces" value=index.to_string()>"Replace it"</button>
            </div>
        }
        .into_any(),
    )
}

/// Says that an Express execution was started, and where it can be followed.
fn started_express(start: Post) -> Option<AnyView> {
    let Some(Told::StartedExpress { name }) = start.told() else { return None };
    Some(
        view! {
            <div class="notice notice-good" role="status">
                <p class="notice-title"><Mark status=Status::Succeeded/>"Started "<span class="mono">{shown(name)}</span></p>
                <p>"Express executions have no page. "{LOGGED}</p>
            </div>
        }
        .into_any(),
    )
}

/// The input of an execution that is started again: the stored one, with what is hidden said.
fn stored_input(stored: Result<Again, Problem>, own: RwSignal<Option<String>>) -> AnyView {
    let again = match stored {
        Ok(again) => again,
        Err(problem) => return view! { <ProblemBox problem/> }.into_any(),
    };
    let hides = match (&again.input, again.hidden) {
        (None, _) => {
            " It is not shown, because it may hold a task token or is too long for a form; it starts as it was stored."
                .to_owned()
        }
        (Some(_), 0) => String::new(),
        (Some(_), 1) => {
            " One text that holds or is named like a task token is hidden behind a mark; it starts as it was stored."
                .to_owned()
        }
        (Some(_), count) => format!(
            " {count} texts that hold or are named like task tokens are hidden behind marks; they start as they were stored."
        ),
    };
    let text = again.input.map(|input| {
        let input = own.get_untracked().unwrap_or(input);
        let (first, unseen) = (raw_text(&input), unseen(&input));
        view! {
            <label class="field">
                <span>"Input"</span>
                <textarea class="mono" name="input" rows="9" spellcheck="false" prop:value=input>{first}</textarea>
            </label>
            {unseen}
        }
    });
    view! {
        <input type="hidden" name="again" value=again.arn/>
        <p class="quiet">"The input of "<span class="mono">{shown(again.name)}</span>{format!(", as it was stored: {} bytes.", again.bytes)}{hides}</p>
        {text}
    }
    .into_any()
}

/// Puts a sample into the form: what the button's own post does where no scripts run. `own` is what somebody typed before
/// the page was drawn; neither that nor what is typed now is replaced without a question.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server does it"))]
fn replaces(
    samples: StoredValue<Vec<String>>,
    own: RwSignal<Option<String>>,
    sample: String,
    href: String,
) -> impl Fn(leptos::ev::MouseEvent) + 'static {
    #[cfg(feature = "hydrate")]
    let navigate = leptos_router::hooks::use_navigate();
    move |click| {
        #[cfg(feature = "hydrate")]
        {
            use leptos::wasm_bindgen::JsCast as _;
            click.prevent_default();
            let area = document().query_selector("#start textarea[name=input]").ok().flatten();
            let area = area.and_then(|area| area.dyn_into::<web_sys::HtmlTextAreaElement>().ok());
            if let Some(area) = area {
                let typed = area.value();
                let first = area.default_value().unwrap_or_default();
                let ready_made = typed.trim().is_empty() || first == typed && own.with_untracked(Option::is_none);
                let is_own = !ready_made && samples.with_value(|samples| !samples.contains(&typed));
                let question = "Replace the input that you typed with this sample?";
                if is_own && !window().confirm_with_message(question).unwrap_or(false) {
                    return;
                }
                // Also where the sample is the one that was chosen before.
                area.set_value(&sample);
            }
            own.set(None);
            let options = leptos_router::NavigateOptions { scroll: false, ..Default::default() };
            navigate(&href, options);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = click;
    }
}
