//! What the list can be narrowed by: a search, a workflow, a time, a connection. A form that works by itself: it only makes
//! the address.

use leptos::prelude::*;

use super::help::help;
use crate::app::here::here;
use crate::app::ui::{Ago, Memo, ProblemBox, Seen, dynamic, moment, shown, stretch, text};
use crate::routes;
use crate::visible::visible;
use crate::wire::executions::{ALL, Executions, SearchFault, View};

/// The times that one click chooses, and their words.
const TIMES: [(&str, &str); 5] =
    [("", "Any time"), ("1h", "Last hour"), ("24h", "Last 24 h"), ("7d", "Last 7 days"), ("30d", "Last 30 days")];

/// What the form shows; it is drawn again only where this differs, so that what has the keyboard's place keeps it.
type Shown = (View, Vec<String>, u8, Option<SearchFault>);
/// The first millisecond of a time, and the one behind its last.
type Bounds = (Option<i64>, Option<i64>);

/// The form, with what is wrong with its search.
pub fn filters(data: Seen<Executions>) -> AnyView {
    let what = Memo::new(move |_| {
        data.with(|data| (data.view.first(), data.workflows.clone(), data.connections, data.fault.clone()))
    });
    let age = Memo::new(move |_| data.with(|data| data.data_at));
    let now = data.with_untracked(|data| data.now);
    view! {
        {dynamic(move || what.with(|what| form(what, data)))}
        {dynamic(move || age.get().map(|at| view! { <p class="quiet list-age">"The list is of "<Ago at now/>"."</p> }))}
    }
    .into_any()
}

fn form((view, workflows, connections, fault): &Shown, data: Seen<Executions>) -> AnyView {
    if view.parent.is_some() {
        return ().into_any();
    }
    let hidden = [("status", &view.status)];
    let hidden = hidden
        .into_iter()
        .filter_map(|(name, value)| value.clone().map(|value| view! { <input type="hidden" name=name value=value/> }));
    let (q, invalid) = (view.q.clone().unwrap_or_default(), fault.is_some().then_some("true"));
    view! {
        <form class="filter search" role="search" method="get" action=here().page(routes::EXECUTIONS)>
            {hidden.collect_view()}
            <div class="search-box">
                <input
                    id="search"
                    type="search"
                    name="q"
                    value=q
                    maxlength="500"
                    placeholder="4711, orderId:4711, total>1000"
                    aria-label="Search executions by name, input and output"
                    aria-invalid=invalid
                    aria-describedby=fault.is_some().then_some("search-fault")
                    autocomplete="off"
                    spellcheck="false"
                />
                {help()}
            </div>
            <label class="field-line">
                <span>"Workflow"</span>
                <select name="workflow" data-submits="true">
                    {option("", "All workflows", view.workflow.is_none())}
                    {workflows.iter().map(|name| option(name, &visible(name), view.workflow.as_ref() == Some(name))).collect_view()}
                </select>
            </label>
            <label class="field-line">
                <span>"Started"</span>
                <select name="time" data-submits="true">{times(view, data)}</select>
            </label>
            {scope(view, *connections)}
            <button class="button" type="submit">"Search"</button>
        </form>
        {fault.as_ref().map(explained)}
    }
    .into_any()
}

fn option(value: &str, word: &str, selected: bool) -> AnyView {
    view! { <option value=value.to_owned() selected=selected>{word.to_owned()}</option> }.into_any()
}

/// The times, and the one of the address where it is none of these.
fn times(view: &View, data: Seen<Executions>) -> Vec<AnyView> {
    let chosen = view.time.as_deref().unwrap_or_default();
    let other = TIMES.iter().all(|(value, _)| *value != chosen);
    let other = other.then(|| {
        view! { <option value=chosen.to_owned() selected=true>{text(move || between(data.with(|data| data.time)))}</option> }.into_any()
    });
    TIMES.iter().map(|(value, word)| option(value, word, *value == chosen)).chain(other).collect()
}

/// A time in words, in the reader's time zone.
fn between(time: Bounds) -> String {
    match time {
        (Some(from), Some(until)) => stretch(from, until - 1),
        (Some(from), None) => format!("Since {}", moment(from)),
        (None, Some(until)) => format!("Before {}", moment(until)),
        (None, None) => "Any time".to_owned(),
    }
}

/// Whose executions: a choice where there are several connections.
fn scope(view: &View, connections: u8) -> Option<AnyView> {
    let everywhere = view.is_everywhere();
    (connections > 1 || everywhere).then(|| {
        view! {
            <label class="field-line">
                <span>"Connection"</span>
                <select name="scope" data-submits="true">
                    {option("", here().connection(), !everywhere)}
                    {option(ALL, "All connections", everywhere)}
                </select>
            </label>
        }
        .into_any()
    })
}

/// Why nothing was searched, and the place of the fault.
fn explained(fault: &SearchFault) -> AnyView {
    view! {
        <div id="search-fault">
            <p class="mono search-place" aria-hidden="true">{shown(&fault.before)}<mark>{if fault.from.is_empty() { "…".into_any() } else { shown(&fault.from) }}</mark></p>
            <ProblemBox problem=fault.problem.clone()/>
        </div>
    }
    .into_any()
}
