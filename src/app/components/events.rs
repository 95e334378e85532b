//! The event list: the history as Step Functions recorded it.

use leptos::prelude::*;

use super::Mark;
use crate::app::ui::{ClockTime, Empty, Json, Row, dynamic, either, list, shown};
use crate::wire::execution::EventRow;

/// Every event a row that opens to its details. Events never change, so rows are only added.
#[component]
pub fn EventList(#[prop(into)] events: Signal<Vec<EventRow>>, #[prop(into)] count: Signal<usize>) -> impl IntoView {
    let row = |event: EventRow| {
        let from = if event.previous == 0 { String::new() } else { format!("after {}", event.previous) };
        view! {
            <li>
                <details class="event">
                    <summary data-tone=super::status::look(event.tone).tone>
                        <span class="event-id mono">{event.id}</span>
                        <ClockTime at=event.at/>
                        <Mark status=event.tone/>
                        <span class="event-kind">{shown(event.kind)}</span>
                        <span class="event-state">{event.state.map(shown)}</span>
                        <span class="event-summary">{shown(event.summary)}</span>
                        <span class="event-previous quiet">{from}</span>
                    </summary>
                    <Json text=event.details label="Details"/>
                </details>
            </li>
        }
        .into_any()
    };
    let rows =
        move || events.get().into_iter().map(|event| Row::new(event.id.to_string(), move || row(event))).collect();
    let none = || {
        view! { <Empty title="No events yet">"The history appears here while the execution runs."</Empty> }.into_any()
    };
    let left_out = move || {
        let (shown, all) = (events.with(Vec::len), count.get());
        (shown < all)
            .then(|| view! { <p class="quiet">{format!("{shown} of {all} events are shown, the latest of them.")}</p> })
    };
    view! {
        {dynamic(left_out)}
        <ol class="events">{list(rows)}</ol>
        {either(move || events.with(Vec::is_empty), none, || ().into_any())}
    }
    .into_any()
}
