//! Timeline, events, and the texts.

use leptos::prelude::*;

use crate::app::components::{Definition, EventList, Timeline};
use crate::app::here::here;
use crate::app::pages::query;
use crate::app::ui::{Clock, Json, Seen, Tab, Tabs, bring_into_sight, dynamic};
use crate::routes::FOLDED;
use crate::wire::execution::Execution;

/// Timeline, events, and the texts.
pub(super) fn below(data: Seen<Execution>, arn: String) -> AnyView {
    let (tab, state, folded) = (query("tab"), query("state"), query(FOLDED));
    let place = StoredValue::new((here(), arn));
    let tabs = Signal::derive(move || {
        let (tab, state, folded) = (tab.get(), state.get(), folded.get());
        let current = tab.unwrap_or_else(|| "timeline".to_owned());
        let href = |value: &str| {
            let view = (Some(value), state.as_deref(), folded.as_deref());
            place.with_value(|(here, arn)| here.execution_view(arn, view.0, view.1, view.2))
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
