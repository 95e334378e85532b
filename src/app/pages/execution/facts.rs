//! What stands beside the title of an execution, and what is behind Details.

use leptos::prelude::*;

use crate::app::components::{link_fact, thousands};
use crate::app::here::here;
use crate::app::ui::{Lasted, Memo, Seen, When, copy, dynamic, shown, switch, text};
use crate::wire::execution::Execution;

/// The most events that a history takes: the execution fails when it reaches them.
const MOST_EVENTS: u64 = 25_000;
/// From here on the gauge warns.
const MANY_EVENTS: u64 = MOST_EVENTS * 8 / 10;

/// When it began, how long it took, and how full its history is.
pub(super) fn facts(data: Seen<Execution>, running: Memo<bool>, redriven: AnyView) -> AnyView {
    let (from, now) = data.with_untracked(|data| (data.row.started_at, data.now));
    let ended = Memo::new(move |_| data.with(|data| data.row.ended_at));
    let events = Memo::new(move |_| data.with(|data| u64::try_from(data.event_count).unwrap_or(u64::MAX)));
    let count = move || format!("{} of 25,000 events", thousands(events.get()));
    view! {
        <p class="facts">
            <span>"started "<When at=from now/></span>
            <span>{text(move || if running.get() { "running for " } else { "took " }.to_owned())}{dynamic(move || view! { <Lasted from to=ended.get() now/> })}</span>
            <span class="gauge time" class:warn=switch(move || events.get() >= MANY_EVENTS)>
                <meter
                    min="0"
                    max=MOST_EVENTS.to_string()
                    high=MANY_EVENTS.to_string()
                    optimum="0"
                    value=move || events.get().to_string()
                    aria-label="Events of the history"
                ></meter>
                {text(count)}
            </span>
            {redriven}
        </p>
    }
    .into_any()
}

/// Names to copy, times, and the ways out: the version, the console, the history as a file.
pub(super) fn details(data: Seen<Execution>) -> AnyView {
    let first = data.get_untracked();
    let (arn, machine, now) = (first.row.arn, first.machine_arn, first.now);
    let ended = Memo::new(move |_| data.with(|data| data.row.ended_at));
    let end = move || ended.get().map(|at| view! { <dt>"Ended"</dt><dd><When at now/></dd> });
    view! {
        <details class="confirm more">
            <summary class="button">"Details"</summary>
            <div class="confirm-box more-box">
                <dl class="fields small">
                    <dt>"Execution"</dt>
                    <dd class="mono">{shown(&arn)}{copy("the ARN of the execution", arn.clone())}</dd>
                    <dt>"State machine"</dt>
                    <dd class="mono">{shown(&machine)}{copy("the ARN of the state machine", machine.clone())}</dd>
                    {first.links.into_iter().map(link_fact).collect_view()}
                    <dt>"Started"</dt>
                    <dd><When at=first.row.started_at now/></dd>
                    {dynamic(end)}
                </dl>
                <a class="button" href=here().history(&arn) rel="external" download="">"Download the history as JSON"</a>
            </div>
        </details>
    }
    .into_any()
}
