//! Timeline, events, and the texts.

use leptos::prelude::*;

use super::parts::Parts;
use crate::app::address::Address;
use crate::app::components::{Definition, EventList, ExecutionList, Timeline};
use crate::app::here::here;
use crate::app::pages::query;
use crate::app::ui::{Memo, Payload, Seen, Signal, StoredValue, bring_into_sight, dynamic, effect_since, loaded};
use crate::routes::view::{STATE, TAB};
use crate::wire::definition::Definition as Text;
use crate::wire::execution::Execution;
use crate::wire::payloads::Payloads;
use crate::wire::value::Value;

/// What the open tab shows.
pub(super) fn below(data: Seen<Execution>, parts: Parts, address: Address, arn: String) -> AnyView {
    let (tab, state) = (query(TAB), query(STATE));
    let place = StoredValue::new((here(), arn));
    let body = move || match tab.get().as_deref() {
        Some("events") => loaded(parts.events, move |events| {
            view! { <EventList data=events address ask=move |from| parts.ask_events(from)/> }.into_any()
        }),
        Some("data") => loaded(parts.payloads, texts),
        Some("children") => children(data, &place.with_value(|(_, arn)| arn.clone())),
        Some("definition") => loaded(parts.definition, move |definition: Seen<Text>| {
            let text = Signal::derive(move || definition.with(|definition| definition.text.clone()));
            let chosen = Signal::derive(move || state.get().or_else(|| data.with(|data| data.chosen.clone())));
            view! { <Definition text chosen address/> }.into_any()
        }),
        _ => loaded(parts.timeline, move |timeline| {
            let chosen = Signal::derive(move || state.get().or_else(|| data.with(|data| data.chosen.clone())));
            view! { <Timeline data=timeline address chosen ask=move |from| parts.ask_lanes(from)/> }.into_any()
        }),
    };
    effect_since(move |before: Option<Option<String>>| {
        let tab = tab.get();
        let arrived = tab.is_some() && state.get_untracked().is_none();
        if before.map_or(arrived, |before| before != tab) {
            bring_into_sight("about");
        }
        tab
    });
    dynamic(body)
}

fn texts(data: Seen<Payloads>) -> AnyView {
    let told = |value: Option<Value>, none: &str| value.unwrap_or_else(|| Value { text: none.to_owned(), rest: None });
    let input = Signal::derive(move || data.with(|data| told(data.input.clone(), "No input recorded.")));
    let output = Signal::derive(move || data.with(|data| told(data.output.clone(), "No output.")));
    view! {
        <div class="texts">
            <section class="block"><h2 class="small-head">"Input"</h2><Payload value=input label="Input"/></section>
            <section class="block"><h2 class="small-head">"Output"</h2><Payload value=output label="Output"/></section>
        </div>
    }
    .into_any()
}

/// The newest executions that its Map Runs started.
fn children(data: Seen<Execution>, arn: &str) -> AnyView {
    let family = Memo::new(move |_| data.with(|data| (data.children.clone(), data.more_children)));
    let all = here().children(arn);
    let now = data.with_untracked(|data| data.now);
    let rows = Signal::derive(move || family.with(|(rows, _)| rows.clone()));
    let more = move || {
        let all = all.clone();
        family.with(|(_, more)| *more).then(|| view! { <p><a href=all>"All executions of its Map Runs"</a></p> })
    };
    view! { <ExecutionList rows now/>{dynamic(more)} }.into_any()
}
