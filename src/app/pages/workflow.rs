//! A workflow: its drawing, its executions, its definition, and Start.

use leptos::prelude::*;
use leptos::server_fn::ServerFn as _;

use super::{param, query};
use crate::app::address::Address;
use crate::app::arrival::Told;
use crate::app::components::{
    CheckedInput, Crumb, Definition, Diff, Drawn, ExecutionList, GraphView, Mark, Outcomes, PageHead, StateDefinition,
    Workbench,
};
use crate::app::here::{WHY, here, is_refused, refuse, why_disabled};
use crate::app::live::Live;
use crate::app::server_fns::{PutSample, StartExecution};
use crate::app::ui::{
    Ago, Empty, FormProblem, Memo, Post, PostForm, ProblemBox, RwSignal, Seen, Signal, StoredValue, bring_into_sight,
    copy, duration, dynamic, effect_since, either, loaded, page_data, shown,
};
use crate::routes;
use crate::routes::view::{STATE, TAB};
use crate::visible::visible;
use crate::wire::Problem;
use crate::wire::Status;
use crate::wire::drawing::Of;
use crate::wire::executions::ExecutionRow;
use crate::wire::refused::Act;
use crate::wire::workflow::{Again, LastInput, Sample, Workflow};
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
    refuse(first.refused.clone());
    let name = first.row.name.clone();
    let now = first.now;
    let (tab, chosen) = (query(TAB), query(STATE));
    let window: Signal<String> = Signal::stored(format!("{name} · Countersign"));
    let again = Memo::new(move |_| data.with(|data| data.again.clone()));
    let express = first.row.kind == WorkflowKind::Express;
    let facts = move || {
        data.with(|data| {
            let median = data.row.median_ms.map(|ms| format!("median {} in the last 24 h", duration(ms, true)));
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
    effect_since(move |before: Option<Option<String>>| {
        let chosen = chosen.get();
        if chosen.is_some() && before.as_ref() != Some(&chosen) {
            bring_into_sight("state");
        }
        chosen
    });
    effect_since(move |before: Option<Option<String>>| {
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
        move || {
            match tab.get().as_deref() {
            Some("definition") => {
                view! { <Definition text=Signal::derive(move || data.with(|data| data.definition.clone())) chosen address/> }
                    .into_any()
            }
            _ if express => view! { <Empty title="Express executions are not listed">{LOGGED}</Empty> }.into_any(),
            _ => executions(rows, now, &name),
        }
        }
    };
    let drawer = view! {
        {dynamic(state_panel)}
        <StartForm workflow=name.clone() samples=first.samples data again start put/>
        <section class="panel">
            <h2>"Last outcomes"</h2>
            {dynamic(move || view! { <Outcomes outcomes=data.with(|data| data.row.outcomes.clone())/> })}
            <p class="facts"><span class="mono">{shown(&first.row.arn)}{copy("the ARN of the state machine", first.row.arn.clone())}</span></p>
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

/// The letters of an execution's name, for the browser. The server has the last word.
const NAME: &str = r#"[^\s<>\{\}\[\]?*"\#%\\\^\|~`$&,;:\/\u0000-\u001f\u007f-\u009f]+"#;
const NAME_RULE: &str =
    "At most 80 characters, without spaces and without < > { } [ ] ? * \" # % \\ ^ | ~ ` $ & , ; : /";

/// The form that starts an execution. What was typed comes back with the problem, so that nothing is typed twice.
#[component]
fn StartForm(
    workflow: String,
    samples: Vec<Sample>,
    data: Seen<Workflow>,
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
    // What the field holds now.
    let current = RwSignal::new(input.get_untracked());
    let name_of_workflow = workflow.clone();
    let all = StoredValue::new(samples.iter().map(|sample| sample.input.clone()).collect::<Vec<_>>());
    let choice = |(index, sample): (usize, Sample)| {
        let put = replaces(all, (own, current), sample.input.clone(), format!("{here}?sample={index}"));
        let current =
            move || (typed.get().is_none() && again.with(Option::is_none) && chosen() == index).then_some("true");
        view! {
            <button class="chip" type="submit" formaction=routes::at(PutSample::PATH) formnovalidate="" name="sample" value=index.to_string() aria-current=current on:click=put>
                {shown(sample.label)}
            </button>
        }
    };
    let choices = samples.into_iter().enumerate().map(choice).collect_view();
    let from_link = move || {
        (linked.with(Option::is_some) && start.told().is_none())
            .then(|| view! { <p class="quiet">"This input came with a link. Read it before you start with it."</p> })
    };
    let text = move || match again.get() {
        Some(stored) => stored_input(stored, own, current, start),
        None => view! {
            {dynamic(from_link)}
            <CheckedInput text=input current/>
        }
        .into_any(),
    };
    let refused = is_refused(Act::Start);
    let cannot = move || refused || start.pending() || again.with(|again| matches!(again, Some(Err(_))));
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
                {last_inputs(name_of_workflow, data, all, own)}
                <label class="field">
                    <span>"Name "<span class="quiet">"(optional)"</span></span>
                    <input class="mono" type="text" name="name" autocomplete="off" spellcheck="false" maxlength="80" pattern=NAME title=NAME_RULE value=name/>
                </label>
                {qualifiers(data)}
                {why_disabled()}
                <button class="button button-main" type="submit" disabled=cannot aria-describedby=refused.then_some(WHY)>"Start"</button>
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
                <button class="button" type="submit" formaction=routes::at(PutSample::PATH) name="replaces" value=index.to_string()>"Replace it"</button>
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
fn stored_input(
    stored: Result<Again, Problem>,
    own: RwSignal<Option<String>>,
    current: RwSignal<String>,
    start: Post,
) -> AnyView {
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
        view! {
            <CheckedInput text=Signal::stored(input) current/>
            {dynamic(move || differs(start))}
            <button class="button" type="submit" name="compare" value="1" formnovalidate="" disabled=move || start.pending()>"Compare with the stored input"</button>
        }
    });
    view! {
        <input type="hidden" name="again" value=again.arn/>
        <p class="quiet">"The input of "<span class="mono">{shown(again.name)}</span>{format!(", as it was stored: {} bytes.", again.bytes)}{hides}</p>
        {text}
    }
    .into_any()
}

/// How the input in the form differs from the stored one, where somebody asked.
fn differs(start: Post) -> Option<AnyView> {
    let Some(Told::Compared { lines, .. }) = start.told() else { return None };
    if lines.is_empty() {
        return Some(view! { <p class="quiet" role="status">"The input is the stored one."</p> }.into_any());
    }
    Some(
        view! { <section class="block" role="status"><h3>"From the stored input to this one"</h3><Diff lines/></section> }
            .into_any(),
    )
}

/// The field of the input.
#[cfg(feature = "hydrate")]
fn input_field() -> Option<web_sys::HtmlTextAreaElement> {
    use leptos::wasm_bindgen::JsCast as _;
    document().query_selector("#start textarea[name=input]").ok().flatten()?.dyn_into().ok()
}

/// Whether another input may take the place of what the field holds: nobody typed it, or whoever did agrees.
#[cfg(feature = "hydrate")]
fn may_replace(samples: StoredValue<Vec<String>>, own: RwSignal<Option<String>>, question: &str) -> bool {
    let Some(area) = input_field() else { return true };
    let typed = area.value();
    let first = area.default_value().unwrap_or_default();
    let ready_made = typed.trim().is_empty() || first == typed && own.with_untracked(Option::is_none);
    let is_own = !ready_made && samples.with_value(|samples| !samples.contains(&typed));
    !is_own || window().confirm_with_message(question).unwrap_or(false)
}

/// The last inputs of the workflow's executions, as links that put them into the form.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server replaces nothing that was typed"))]
fn last_inputs(
    workflow: String,
    data: Seen<Workflow>,
    samples: StoredValue<Vec<String>>,
    own: RwSignal<Option<String>>,
) -> AnyView {
    let inputs = Memo::new(move |_| data.with(|data| (data.inputs.clone(), data.now)));
    let one = move |input: LastInput, now: i64| {
        let href = here().start_again(&workflow, &input.arn);
        let asks = move |click: leptos::ev::MouseEvent| {
            #[cfg(feature = "hydrate")]
            if may_replace(samples, own, "Replace the input that you typed with this one?") {
                own.set(None);
            } else {
                click.prevent_default();
            }
            #[cfg(not(feature = "hydrate"))]
            let _ = click;
        };
        view! {
            <li>
                <a class="last-input" href=href on:click=asks><span class="mono">{shown(input.excerpt)}</span></a>
                <span class="quiet">{shown(input.name)}", "<Ago at=input.started_at now/></span>
            </li>
        }
    };
    let any = move || inputs.with(|(inputs, _)| !inputs.is_empty());
    let list = move || {
        let one = one.clone();
        let (inputs, now) = inputs.get();
        view! { <ul class="last-inputs">{inputs.into_iter().map(|input| one(input, now)).collect_view()}</ul> }
    };
    let list = StoredValue::new(list);
    let shown = move || {
        view! {
            <details>
                <summary>"Last inputs"</summary>
                {dynamic(move || list.get_value()())}
            </details>
        }
        .into_any()
    };
    either(any, shown, || ().into_any())
}

/// The choice of a version or an alias, where the workflow has any.
fn qualifiers(data: Seen<Workflow>) -> AnyView {
    let names = Memo::new(move |_| data.with(|data| (data.aliases.clone(), data.versions.clone())));
    dynamic(move || {
        let (aliases, versions) = names.get();
        if aliases.is_empty() && versions.is_empty() {
            return None;
        }
        let group = |label: &'static str, names: Vec<String>| {
            let option = |name: String| view! { <option value=name.clone()>{visible(&name).into_owned()}</option> };
            (!names.is_empty())
                .then(|| view! { <optgroup label=label>{names.into_iter().map(option).collect_view()}</optgroup> })
        };
        Some(view! {
            <label class="field">
                <span>"Definition"</span>
                <select name="qualifier">
                    <option value="">"The current one"</option>
                    {group("Aliases", aliases)}
                    {group("Versions", versions)}
                </select>
            </label>
        })
    })
}

/// Puts a sample into the form: what the button's own post does where no scripts run. `own` is what somebody typed before
/// the page was drawn; neither that nor what is typed now is replaced without a question.
#[cfg_attr(not(feature = "hydrate"), expect(unused_variables, reason = "the server does it"))]
fn replaces(
    samples: StoredValue<Vec<String>>,
    (own, current): (RwSignal<Option<String>>, RwSignal<String>),
    sample: String,
    href: String,
) -> impl Fn(leptos::ev::MouseEvent) + 'static {
    #[cfg(feature = "hydrate")]
    let navigate = leptos_router::hooks::use_navigate();
    move |click| {
        #[cfg(feature = "hydrate")]
        {
            click.prevent_default();
            if !may_replace(samples, own, "Replace the input that you typed with this sample?") {
                return;
            }
            // Also where the sample is the one that was chosen before.
            if let Some(area) = input_field() {
                area.set_value(&sample);
            }
            current.set(sample.clone());
            own.set(None);
            navigate(&href, crate::app::ui::in_place());
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = click;
    }
}
