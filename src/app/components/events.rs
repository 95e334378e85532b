//! The events of an execution: a list over all of them, its filter, and the details of the one that is open.

use leptos::prelude::*;

use super::Mark;
use super::status::look;
use crate::app::address::Address;
use crate::app::pages::view;
use crate::app::ui::{
    AddressForm, ClockTime, Empty, Extent, LongList, Memo, Payload, Row, Seen, duration, dynamic, shown, text,
};
use crate::routes::View;
use crate::routes::view::{EVENT, FIND, FROM, GROUPED, ITERATION, OF, STATE, TAB, TIMES, TYPE, VISIT};
use crate::wire::events::{EventDetails, EventRow, Events, Group};
use crate::wire::value::Value;

/// How the times of events are shown: the word in the address, and what it is called.
const TIMINGS: [(&str, &str); 3] =
    [("", "Time of day"), ("elapsed", "Since the start"), ("relative", "Since the event before")];

/// The parameters that the filter sets or clears.
const FILTER: [&str; 7] = [TYPE, OF, FIND, TIMES, GROUPED, FROM, EVENT];

/// The list; `ask` asks for the window that begins at a row.
#[component]
pub fn EventList(
    data: Seen<Events>,
    address: Address,
    ask: impl Fn(u64) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let seen = view();
    let open = Memo::new(move |_| seen.with(|seen| seen.number(EVENT)));
    let times = Memo::new(move |_| seen.with(|seen| seen.get(TIMES).unwrap_or_default().to_owned()));
    let extent = Memo::new(move |_| {
        data.with(|data| Extent { from: data.from, rows: data.rows.len() as u64, all: data.row_count })
    });
    let at = Memo::new(move |_| data.with(|data| data.open_at));
    let rows = move |range: std::ops::Range<u64>| {
        let times = times.get();
        data.with(|data| {
            let places = data.rows.iter().zip(data.from..).filter(|(_, place)| range.contains(place));
            let row = |(event, _): (&EventRow, u64)| {
                let (event, started) = (event.clone(), data.started_at);
                let own = times.clone();
                let group = event.group.as_ref().map(|(words, _)| words.len()).unwrap_or_default();
                Row::new(format!("{} {group} {times}", event.id), move || {
                    event_row(event, &own, started, address, open)
                })
            };
            places.map(row).collect()
        })
    };
    let none = move || {
        data.with(|data| (data.row_count, data.total)).eq(&(0, 0)).then(|| {
            view! { <Empty title="No events yet">"The history appears here while the execution runs."</Empty> }
        })
    };
    let details =
        Memo::new(move |_| data.with(|data| data.open.clone()).filter(|details| Some(details.id) == open.get()));
    let head = view! {
        <div class="events-head" aria-hidden="true">
            <span>"No."</span>
            <span>{text(move || TIMINGS.iter().find(|(word, _)| *word == times.get()).map_or("Time", |(_, word)| *word).to_owned())}</span>
            <span></span>
            <span>"Event"</span>
            <span>"State"</span>
            <span>"Detail"</span>
        </div>
    }
    .into_any();
    view! {
        <div class="events-view" data-open=move || details.with(Option::is_some).then_some("true")>
            {filter(data, address)}
            {dynamic(none)}
            <div class="events-parts">
                <LongList label="Events" class="events" extent rows ask at head/>
                {dynamic(move || details.get().map(|details| event_details(details, address)))}
            </div>
            {dynamic(move || turns(extent.get(), "events", address, FROM))}
        </div>
    }
    .into_any()
}

/// The links to the windows before and behind, for pages without scripts.
pub fn turns(extent: Extent, what: &str, address: Address, key: &'static str) -> Option<AnyView> {
    let Extent { from, rows, all } = extent;
    let step = rows.max(1);
    let before = (from > 0).then(|| address.with(&[(key, Some(&from.saturating_sub(step).to_string()))]));
    let behind = (from + rows < all).then(|| address.with(&[(key, Some(&(from + rows).to_string()))]));
    (before.is_some() || behind.is_some()).then(|| {
        view! {
            <nav class="turns no-script" aria-label="Pages of the list">
                <span class="quiet">{format!("{} to {} of {all} {what}", from + 1, from + rows)}</span>
                {before.map(|href| view! { <a class="button" href=href rel="prev">"Earlier"</a> })}
                {behind.map(|href| view! { <a class="button" href=href rel="next">"Later"</a> })}
            </nav>
        }
        .into_any()
    })
}

/// The filter, how many events it lets through, and the way to the error.
fn filter(data: Seen<Events>, address: Address) -> AnyView {
    let seen = view();
    // Drawn again only when the address differs: what somebody is typing stays.
    let chosen = Memo::new(move |_| seen.with(|seen| seen.without(&[EVENT, FROM, STATE, TAB])));
    let known = Memo::new(move |_| data.with(|data| data.states.clone()));
    let form = move || {
        let view = chosen.get();
        let of = |key| view.get(key).unwrap_or_default().to_owned();
        let (kind, state, sought, times) = (of(TYPE), of(OF), of(FIND), of(TIMES));
        let grouped = view.get(GROUPED).is_some();
        let mut states = known.get();
        if !state.is_empty() && !states.contains(&state) {
            states.push(state.clone());
        }
        let groups = Group::ALL.map(|group| option(group.words().0, group.words().1, &kind));
        let types = kinds(&kind);
        let state = states.iter().map(|name| option(name, &crate::visible::visible(name), &state)).collect_view();
        let times = TIMINGS.map(|(word, name)| option(word, name, &times)).into_iter().collect_view();
        view! {
            <AddressForm address sets=&FILTER class="filter events-filter">
                <label class="field-line"><span class="unseen">"Type"</span>
                    <select name=TYPE data-submits="true">
                        <option value="">"All types"</option>
                        {groups.into_iter().collect_view()}
                        {types}
                    </select>
                </label>
                <label class="field-line"><span class="unseen">"State"</span>
                    <select name=OF data-submits="true"><option value="">"All states"</option>{state}</select>
                </label>
                <label class="field-line field-find"><span class="unseen">"Contains"</span>
                    <input type="text" name=FIND value=sought maxlength="200" autocomplete="off" data-submits="true" placeholder="Text in the details"/>
                </label>
                <label class="field-line"><span class="unseen">"Times"</span><select name=TIMES data-submits="true">{times}</select></label>
                <label class="field-check"><input type="checkbox" name=GROUPED value="1" checked=grouped data-submits="true"/><span>"Group by attempt"</span></label>
                <button class="button no-script" type="submit">"Show"</button>
            </AddressForm>
        }
    };
    let count = Memo::new(move |_| data.with(|data| (data.matched, data.total, data.error, data.iteration.clone())));
    let told = move || {
        let (matched, total, error, iteration) = count.get();
        let sentence = if matched == total {
            format!("{} events", grouped_digits(total))
        } else {
            format!("{} of {} events match", grouped_digits(matched), grouped_digits(total))
        };
        let narrow = [TYPE, OF, FIND, ITERATION];
        let all = (matched < total).then(|| address.with(&narrow.map(|key| (key, None))));
        let to_error = error.map(|id| {
            let mut changes = narrow.map(|key| (key, None)).to_vec();
            let id = id.to_string();
            changes.extend([(FROM, None), (EVENT, Some(id.as_str()))]);
            address.with(&changes)
        });
        view! {
            <p class="events-count">
                <span class="time" role="status">{sentence}</span>
                {iteration.map(|iteration| view! { <span>"in "{shown(iteration)}</span> })}
                {all.map(|href| view! { <a href=href data-noscroll="true">"Show all"</a> })}
                {to_error.map(|href| view! { <a class="to-error" href=href data-noscroll="true">"Jump to the error"</a> })}
            </p>
        }
    };
    view! { <div class="events-bar">{dynamic(form)}{dynamic(told)}</div> }.into_any()
}

pub(super) fn option(value: &str, name: &str, chosen: &str) -> AnyView {
    let selected = value == chosen;
    view! { <option value=value.to_owned() selected=selected>{name.to_owned()}</option> }.into_any()
}

/// Every single type, by group.
fn kinds(chosen: &str) -> AnyView {
    let one = |name: &'static str| option(name, name, chosen);
    view! { <optgroup label="One type">{crate::wire::events::KINDS.map(one).into_iter().collect_view()}</optgroup> }
        .into_any()
}

/// A number with its thousands apart: `25,000`.
pub fn grouped_digits(number: u64) -> String {
    let digits = number.to_string();
    let apart = |(at, digit): (usize, char)| {
        let comma = at > 0 && (digits.len() - at).is_multiple_of(3);
        comma.then_some(',').into_iter().chain([digit])
    };
    digits.chars().enumerate().flat_map(apart).collect()
}

fn event_row(event: EventRow, times: &str, started: i64, address: Address, open: Memo<Option<u64>>) -> AnyView {
    let id = event.id;
    let href = move || address.with(&[(EVENT, Some(&id.to_string()))]) + "#event";
    let time = match times {
        "elapsed" => view! { <span class="time">{duration(event.at - started, true)}</span> }.into_any(),
        "relative" => view! { <span class="time">{format!("+{}", duration(event.after, true))}</span> }.into_any(),
        _ => view! { <ClockTime at=event.at/> }.into_any(),
    };
    let place = event.place.map(|place| view! { <span class="event-place mono">{place}</span> });
    let (words, took) = event.group.unwrap_or_default();
    let steps = (!words.is_empty())
        .then(|| view! { <span class="event-steps">{words}</span><span class="time">{duration(took, true)}</span> });
    view! {
        <li class="event" data-tone=look(event.tone).tone>
            <a class="event-link" href=href aria-current=move || (open.get() == Some(id)).then_some("true") data-noscroll="true">
                <span class="event-id mono">{id}</span>
                {time}
                <Mark status=event.tone/>
                <span class="event-kind">{event.kind}{steps}</span>
                <span class="event-state">{event.state.map(shown)}{place}</span>
                <span class="event-summary">{shown(event.summary)}</span>
            </a>
        </li>
    }
    .into_any()
}

/// One event whole, with the ways to those around it.
fn event_details(event: EventDetails, address: Address) -> AnyView {
    let to = |id: u64| address.with(&[(EVENT, Some(&id.to_string()))]);
    let close = address.with(&[(EVENT, None)]);
    let way = |id: Option<u64>, word: &'static str| {
        id.map(|id| view! { <a href=to(id) data-noscroll="true">{word}" "{id}</a> })
    };
    let state = event.state.map(|state| {
        let iteration = event.iteration.map(|id| id.to_string());
        let visit = event.visit.map(|number| number.to_string());
        let to = [(STATE, Some(state.as_str())), (ITERATION, iteration.as_deref()), (VISIT, visit.as_deref())];
        let href = address.with(&to);
        view! { <a href=href data-noscroll="true">{shown(state)}</a> }
    });
    let of_attempt = |(id, kind): &(u64, String)| {
        let current = *id == event.id;
        view! { <li><a href=to(*id) aria-current=current.then_some("true") data-noscroll="true">{kind.clone()}" "{*id}</a></li> }
    };
    let attempt = (event.attempt.len() > 1).then(|| {
        view! { <h3>"The same attempt"</h3><ul class="event-attempt">{event.attempt.iter().map(of_attempt).collect_view()}</ul> }
    });
    let field = |(key, value): (String, Value)| {
        let label = key.clone();
        view! { <section class="block"><h3 class="mono">{shown(key)}</h3><Payload value label/></section> }
    };
    let nothing =
        event.fields.is_empty().then(|| view! { <p class="quiet">"AWS records no details of this type."</p> });
    let label = format!("Event {}", event.id);
    view! {
        <section class="event-details" id="event" tabindex="0" aria-label=label>
            <header class="panel-head">
                <h2><Mark status=event.tone/>{format!("{} · {}", event.id, event.kind)}</h2>
                <a class="event-close" href=close data-noscroll="true" aria-label="Close the event">"Close"</a>
            </header>
            <p class="facts"><ClockTime at=event.at/>{state}{event.place.map(|place| view! { <span class="mono">{place}</span> })}</p>
            <p class="facts event-ways">{way(event.previous, "After")}{way(event.next, "Next")}</p>
            {attempt}
            {nothing}
            {event.fields.into_iter().map(field).collect_view()}
        </section>
    }
    .into_any()
}

/// Which events the address wants.
pub fn wanted(view: &View) -> crate::wire::events::Wanted {
    let of = |key| view.get(key).map(str::to_owned);
    crate::wire::events::Wanted {
        kind: of(TYPE),
        state: of(OF),
        text: of(FIND),
        iteration: view.number(ITERATION),
        grouped: view.get(GROUPED).is_some(),
    }
}

#[cfg(test)]
mod tests {
    use super::grouped_digits;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [(0, "0"), (999, "999"), (1_000, "1,000"), (25_000, "25,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped_digits(number), text);
        }
    }
}
