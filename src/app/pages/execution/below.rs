//! Timeline, events, and the texts.

use leptos::prelude::*;

use crate::app::components::{Definition, EventList, Timeline};
use crate::app::here::here;
use crate::app::pages::{query, view};
use crate::app::ui::{Clock, Json, Seen, Tab, Tabs, bring_into_sight, dynamic};
use crate::routes::view::{STATE, TAB};
use crate::wire::execution::Execution;

/// Timeline, events, and the texts.
pub(super) fn below(data: Seen<Execution>, arn: String) -> AnyView {
    let (tab, state, seen) = (query(TAB), query(STATE), view());
    let place = StoredValue::new((here(), arn));
    let tabs = Signal::derive(move || {
        let current = tab.get().unwrap_or_else(|| "timeline".to_owned());
        let href = |value: &str| {
            let view = seen.with(|seen| seen.with(TAB, Some(value)));
            place.with_value(|(here, arn)| here.execution_view(arn, &view))
        };
        let entry = |label, value: &str, count| Tab { label, href: href(value), current: current == value, count };
        vec![
            entry("Timeline", "timeline", None),
            entry("Events", "events", Some(data.with(|data| data.event_count as u64))),
            entry("Input and output", "data", None),
            entry("Definition", "definition", None),
        ]
    });
    let body = move || {
        match tab.get().as_deref() {
        Some("events") => view! {
            <EventList
                events=Signal::derive(move || data.with(|data| data.events.clone()))
                count=Signal::derive(move || data.with(|data| data.event_count))
            />
        }
        .into_any(),
        Some("data") => texts(data),
        Some("definition") => view! {
            <Definition text=Signal::derive(move || data.with(|data| data.definition.clone().unwrap_or_default()))/>
        }
        .into_any(),
        _ => view! {
            <Timeline
                spans=Signal::derive(move || data.with(|data| data.spans.clone()))
                from=Signal::derive(move || data.with(|data| data.row.started_at))
                to=Signal::derive(move || data.with(|data| data.row.ended_at.unwrap_or_else(|| Clock::now_or(data.now))))
                link=move |state: &str| place.with_value(|(here, arn)| here.execution_state(arn, state))
            />
        }
        .into_any(),
    }
    };
    Effect::new(move |before: Option<Option<String>>| {
        let tab = tab.get();
        let arrived = tab.is_some() && state.get_untracked().is_none();
        if before.map_or(arrived, |before| before != tab) {
            bring_into_sight("about");
        }
        tab
    });
    view! { <section class="below" id="about"><Tabs label="About this execution" tabs anchor="about"/>{dynamic(body)}</section> }.into_any()
}

fn texts(data: Seen<Execution>) -> AnyView {
    let input =
        Signal::derive(move || data.with(|data| data.input.clone().unwrap_or_else(|| "No input recorded.".to_owned())));
    let output =
        Signal::derive(move || data.with(|data| data.output.clone().unwrap_or_else(|| "No output.".to_owned())));
    view! {
        <div class="texts">
            <section class="block"><h3>"Input"</h3><Json text=input label="Input"/></section>
            <section class="block"><h3>"Output"</h3><Json text=output label="Output"/></section>
        </div>
    }
    .into_any()
}
