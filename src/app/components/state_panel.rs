//! The chosen state of an execution: what it got, what it gave, and what happened in between.

use leptos::prelude::*;

use super::StatusWord;
use crate::app::ui::{Ago, ClockTime, Empty, Json, Lasted, dynamic, shown};
use crate::dto::{AttemptView, StateView, Status, VisitView};
use crate::visible::visible;

/// The panel. `state` is nothing where the chosen state was not reached.
#[component]
pub fn StatePanel(
    name: String,
    #[prop(into)] state: Signal<Option<StateView>>,
    #[prop(into)] now: Signal<i64>,
) -> impl IntoView {
    let status =
        Signal::derive(move || state.with(|state| state.as_ref().map_or(Status::NotReached, |state| state.status)));
    let visits = move || {
        state.get().map_or_else(
            || view! { <Empty title="Not reached">"This state has not been entered in this execution. What it receives and returns appears here when it is."</Empty> }.into_any(),
            |state| visits(state, now.get_untracked()),
        )
    };
    let label = format!("State {}", visible(&name));
    view! {
        <section class="panel state-panel" tabindex="0" aria-label=label>
            <header class="panel-head">
                <h2>{shown(name)}</h2>
                <StatusWord status/>
            </header>
            {dynamic(visits)}
        </section>
    }
    .into_any()
}

/// The latest visit open, the earlier ones below it, folded.
fn visits(state: StateView, now: i64) -> AnyView {
    let hidden = state.visit_count.saturating_sub(state.visits.len());
    let mut visits = state.visits;
    // The visit that failed is the one that somebody came for.
    let failed = state.failed.filter(|failed| *failed < visits.len()).map(|failed| visits.remove(failed));
    let which = if failed.is_some() { "The visit that failed:" } else { "The latest visit:" };
    let latest = failed.or_else(|| visits.pop()).map(|latest| visit(latest, now));
    let visits = visits.into_iter().rev();
    let several = state.visit_count > 1;
    let earlier: Vec<AnyView> = visits
        .map(|earlier| {
            let place = earlier.place.clone().unwrap_or_else(|| "Earlier visit".to_owned());
            view! {
                <details class="visit">
                    <summary><StatusWord status=earlier.status/><span>{shown(place)}</span><ClockTime at=earlier.entered_at/></summary>
                    {visit(earlier, now)}
                </details>
            }
            .into_any()
        })
        .collect();
    view! {
        {several.then(|| view! { <p class="quiet">{format!("Entered {} times. {which}", state.visit_count)}</p> })}
        {latest}
        {(!earlier.is_empty()).then(|| view! { <h3>"Other visits"</h3> })}
        {earlier}
        {(hidden > 0).then(|| view! { <p class="quiet">{format!("{hidden} earlier visits are among the events.")}</p> })}
    }
    .into_any()
}

fn visit(visit: VisitView, now: i64) -> AnyView {
    let retried = visit.attempts.len() > 1;
    // One attempt is told by the visit itself; of a task still under way, what it was asked is worth seeing.
    let attempts: Vec<AnyView> = visit.attempts.into_iter().map(|made| attempt(made, retried, now)).collect();
    view! {
        <div class="visit-body">
            <p class="facts">
                {visit.place.map(|place| view! { <span>{shown(place)}</span> })}
                <span>"entered "<Ago at=visit.entered_at now/></span>
                <span>{if visit.exited_at.is_some() { "took " } else { "for " }}<Lasted from=visit.entered_at to=visit.exited_at now/></span>
            </p>
            {failure(visit.error, visit.cause)}
            {block("Input", visit.input)}
            {block("Output", visit.output)}
            {(!attempts.is_empty()).then(|| view! { <h3>{if retried { "Attempts" } else { "Attempt" }}</h3> })}
            {attempts}
        </div>
    }
    .into_any()
}

fn attempt(attempt: AttemptView, open: bool, now: i64) -> AnyView {
    let open = open && attempt.error.is_some();
    view! {
        <details class="visit" open=open>
            <summary>
                <StatusWord status=attempt.status/>
                <span class="mono">{format!("{} · ", attempt.number)}{shown(attempt.resource)}</span>
                <Lasted from=attempt.scheduled_at to=attempt.ended_at now/>
            </summary>
            <div class="visit-body">
                {failure(attempt.error, attempt.cause)}
                {block("Request", attempt.parameters)}
                {block("Answer", attempt.output)}
            </div>
        </details>
    }
    .into_any()
}

/// A text under its heading, if there is one.
fn block(title: &'static str, text: Option<String>) -> Option<AnyView> {
    text.map(|text| view! { <section class="block"><h3>{title}</h3><Json text label=title/></section> }.into_any())
}

/// An error and its cause as a sentence, for a notice.
pub fn failure_line(error: Option<&str>, cause: Option<&str>) -> AnyView {
    view! {
        <p class="notice-title"><span class="failure-name mono">{shown(error.unwrap_or("No error name"))}</span></p>
        {cause.map(|cause| view! { <p>{shown(cause)}</p> })}
    }
    .into_any()
}

/// An error and its cause. A cause is often JSON, as Lambda functions write it.
fn failure(error: Option<String>, cause: Option<String>) -> Option<AnyView> {
    (error.is_some() || cause.is_some()).then(|| {
        view! {
            <div class="failure">
                <p class="failure-name mono">{shown(error.as_deref().unwrap_or("No error name"))}</p>
                {cause.map(|cause| view! { <Json text=cause label="Cause"/> })}
            </div>
        }
        .into_any()
    })
}
