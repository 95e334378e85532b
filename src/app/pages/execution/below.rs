//! Timeline, events, and the texts.

use leptos::prelude::*;

use crate::app::components::{Definition, EventList, ExecutionList, Timeline};
use crate::app::here::here;
use crate::app::pages::query;
use crate::app::ui::{Clock, Json, Seen, bring_into_sight, dynamic};
use crate::routes::view::{STATE, TAB};
use crate::wire::execution::Execution;

/// What the open tab shows.
pub(super) fn below(data: Seen<Execution>, arn: String) -> AnyView {
    let (tab, state) = (query(TAB), query(STATE));
    let place = StoredValue::new((here(), arn));
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
        Some("children") => children(data, &place.with_value(|(_, arn)| arn.clone())),
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
    dynamic(body)
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

/// The newest executions that its Map Runs started.
fn children(data: Seen<Execution>, arn: &str) -> AnyView {
    let family = Memo::new(move |_| data.with(|data| (data.children.clone(), data.more_children)));
    let all = here().executions_before(None, None, Some(arn), None);
    let now = data.with_untracked(|data| data.now);
    let rows = Signal::derive(move || family.with(|(rows, _)| rows.clone()));
    let more = move || {
        let all = all.clone();
        family.with(|(_, more)| *more).then(|| view! { <p><a href=all>"All executions of its Map Runs"</a></p> })
    };
    view! { <ExecutionList rows now/>{dynamic(more)} }.into_any()
}
