//! The chosen state of an execution: what it got, what it gave, and what happened in between.
//!
//! Each text is a row of its own, with its content in its key: an update draws what changed and leaves the rest alone, so
//! that what somebody has selected, opened or scrolled stays as it is.

use leptos::prelude::*;

use super::StatusWord;
use super::about_state::about_view;
use crate::app::ui::{Ago, ClockTime, Empty, Json, Lasted, Row, list, shown};
use crate::visible::visible;
use crate::wire::Status;
use crate::wire::execution::{AttemptView, StateView, VisitView};
use crate::wire::graph::AboutState;

/// The panel. `state` is nothing where the chosen state was not reached.
#[component]
pub fn StatePanel(
    name: String,
    /// What the definition says of it, where it could be read.
    about: Option<AboutState>,
    #[prop(into)] state: Signal<Option<StateView>>,
    #[prop(into)] now: Signal<i64>,
) -> impl IntoView {
    let status =
        Signal::derive(move || state.with(|state| state.as_ref().map_or(Status::NotReached, |state| state.status)));
    let label = format!("State {}", visible(&name));
    view! {
        <section class="panel state-panel" tabindex="0" aria-label=label>
            <header class="panel-head">
                <h2>{shown(name)}</h2>
                <StatusWord status/>
            </header>
            {about.map(about_view)}
            {list(move || state.with(|state| visits(state.as_ref(), now.get_untracked())))}
        </section>
    }
    .into_any()
}

/// A row of a panel: `what` it is, and everything that its look depends on.
fn row(what: &str, looks: &impl std::hash::Hash, draw: impl FnOnce() -> AnyView + Send + 'static) -> Row {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    looks.hash(&mut hasher);
    Row::new(format!("{what} {:x}", hasher.finish()), draw)
}

/// The latest visit open, the earlier ones below it, folded.
fn visits(state: Option<&StateView>, now: i64) -> Vec<Row> {
    let Some(state) = state else {
        let nothing = || {
            view! { <Empty title="Not reached">"This state has not been entered in this execution. Its input and output appear here once it is entered."</Empty> }.into_any()
        };
        return vec![row("none", &0, nothing)];
    };
    let (count, kept) = (state.visit_count, state.visits.len());
    let hidden = count.saturating_sub(kept);
    // The visit that failed is the one that somebody came for.
    let failed = state.failed.filter(|failed| *failed < kept);
    let first = failed.or_else(|| kept.checked_sub(1));
    let mut rows = Vec::new();
    if count > 1 {
        let which = if failed.is_some() { "The visit that failed:" } else { "The latest visit:" };
        let note = format!("Entered {count} times. {which}");
        rows.push(row("count", &(count, failed), || view! { <p class="quiet">{note}</p> }.into_any()));
    }
    // A visit's number never changes, though only the last of them are here.
    let visits = state.visits.iter().enumerate().map(|(index, visit)| (hidden + index, visit));
    let first = first.map(|first| hidden + first);
    if let Some((number, latest)) = visits.clone().find(|(number, _)| Some(*number) == first) {
        rows.extend(visit(latest, number, now));
    }
    if kept > 1 {
        rows.push(row("others", &0, || view! { <h3>"Other visits"</h3> }.into_any()));
    }
    for (number, earlier) in visits.rev().filter(|(number, _)| Some(*number) != first) {
        let looks = (number, earlier.exited_at, earlier.status);
        let earlier = earlier.clone();
        rows.push(row("visit", &looks, move || earlier_visit(earlier, now)));
    }
    if hidden > 0 {
        let note = format!("{hidden} earlier visits are among the events.");
        rows.push(row("hidden", &hidden, || view! { <p class="quiet">{note}</p> }.into_any()));
    }
    rows
}

fn earlier_visit(earlier: VisitView, now: i64) -> AnyView {
    let place = earlier.place.clone().unwrap_or_else(|| "Earlier visit".to_owned());
    let rows: Vec<AnyView> = visit(&earlier, 0, now).into_iter().map(Row::draw).collect();
    view! {
        <details class="visit">
            <summary><StatusWord status=earlier.status/><span>{shown(place)}</span><ClockTime at=earlier.entered_at/></summary>
            <div class="visit-body">{rows}</div>
        </details>
    }
    .into_any()
}

/// The rows of one visit; `which` is its number.
fn visit(visit: &VisitView, which: usize, now: i64) -> Vec<Row> {
    let retried = visit.attempts.len() > 1;
    let (place, from, to) = (visit.place.clone(), visit.entered_at, visit.exited_at);
    let facts = move || {
        view! {
            <p class="facts">
                {place.map(|place| view! { <span>{shown(place)}</span> })}
                <span>"entered "<Ago at=from now/></span>
                <span>{if to.is_some() { "took " } else { "for " }}<Lasted from to now/></span>
            </p>
        }
        .into_any()
    };
    let mut rows = vec![row("facts", &(which, &visit.place, to), facts)];
    let (error, cause) = (visit.error.clone(), visit.cause.clone());
    if error.is_some() || cause.is_some() {
        rows.push(row("failure", &(which, &visit.error, &visit.cause), || failure(error, cause).into_any()));
    }
    for (title, text) in [("Input", visit.input.clone()), ("Output", visit.output.clone())] {
        if text.is_some() {
            rows.push(row(title, &(which, &text.clone()), || block(title, text).into_any()));
        }
    }
    if !visit.attempts.is_empty() {
        let word = if retried { "Attempts" } else { "Attempt" };
        rows.push(row("attempts", &(which, retried), move || view! { <h3>{word}</h3> }.into_any()));
    }
    // The visit itself shows a single attempt. For a running task the parameters are shown too.
    for made in visit.attempts.iter().cloned() {
        let looks = (which, made.number, made.status, made.ended_at, &made.parameters, &made.output);
        rows.push(row("attempt", &looks, {
            let made = made.clone();
            move || attempt(made, retried, now)
        }));
    }
    rows
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
