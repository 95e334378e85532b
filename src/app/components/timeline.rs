//! The timeline: rows of states under the branches and iterations around them, with a bar for each visit.

mod scale;

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::ops::Range;

use leptos::prelude::*;

use self::scale::{Scale, zoom};
use super::Mark;
use super::events::turns;
use super::status::look;
use crate::app::address::Address;
use crate::app::pages::view;
use crate::app::ui::{Clock, Empty, Extent, LongList, Memo, Row, Seen, Signal, duration, dynamic, shown, text};
use crate::routes::view::{ITERATION, ROW, STATE, TURNED, VISIT};
use crate::visible::visible;
use crate::wire::timeline::{Bar, BarKind, Lane, Timeline};

/// The timeline; `ask` asks for the window that begins at a row.
#[component]
pub fn Timeline(
    data: Seen<Timeline>,
    address: Address,
    /// The state that is chosen.
    #[prop(into)]
    chosen: Signal<Option<String>>,
    ask: impl Fn(u64) + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let seen = view();
    let iteration = Memo::new(move |_| seen.with(|seen| seen.number(ITERATION)));
    let visit = Memo::new(move |_| seen.with(|seen| seen.number(VISIT)));
    let extent = Memo::new(move |_| {
        data.with(|data| Extent { from: data.from, rows: data.rows.len() as u64, all: data.row_count })
    });
    let scale = Memo::new(move |_| {
        let (begin, end, started, now) = data.with(|data| (data.begin, data.end, data.started_at, data.now));
        Scale { begin, end: end.unwrap_or_else(|| Clock::now_or(now)).max(begin + 1), started }
    });
    let rows = move |range: Range<u64>| {
        data.with(|data| {
            let places = data.rows.iter().zip(data.from..).filter(|(_, place)| range.contains(place));
            places.map(|(lane, place)| lane_row(lane, place, address, (chosen, iteration, visit), scale)).collect()
        })
    };
    let none = move || {
        data.with(|data| data.row_count == 0).then(|| {
            view! { <Empty title="Nothing in this stretch of time">"States appear here as they are entered."</Empty> }
        })
    };
    let count = Memo::new(move |_| data.with(|data| (data.row_count, data.all, data.iteration.clone())));
    let told = move || {
        let (rows, all, iteration) = count.get();
        let sentence = if rows == all {
            format!("{rows} {}", if rows == 1 { "row" } else { "rows" })
        } else {
            format!("{rows} of {all} rows, the rest is folded or at another time")
        };
        view! { <span class="quiet time">{sentence}</span>{iteration.map(|iteration| view! { <span class="quiet">"in "{shown(iteration)}</span> })} }
    };
    let axis = scale::axis(scale, address);
    let head = view! {
        <div class="lanes-head">
            <span class="lanes-word" aria-hidden="true">"State"</span>
            {axis}
            <span class="lanes-word lane-took" aria-hidden="true">"Took"</span>
        </div>
    }
    .into_any();
    let body = view! {
        <div class="timeline-bar">{dynamic(told)}{zoom(scale, data, address)}</div>
        {dynamic(none)}
        <LongList label="Timeline" class="lanes" extent rows ask at=Signal::stored(None::<u64>) head/>
        {dynamic(move || turns(extent.get(), "rows", address, ROW))}
    }
    .into_any();
    scale::keys(scale, address, body)
}

/// The state that is chosen, its iteration and its visit.
type Chosen = (Signal<Option<String>>, Memo<Option<u64>>, Memo<Option<u64>>);

/// A row, which is the same as long as it looks the same.
fn lane_row(lane: &Lane, place: u64, address: Address, chosen: Chosen, scale: Memo<Scale>) -> Row {
    let mut hasher = DefaultHasher::new();
    (place, lane.depth, &lane.name, &lane.note, lane.status as u8, lane.open, lane.took, lane.open_since)
        .hash(&mut hasher);
    for bar in &lane.bars {
        (bar.from, bar.to, bar.status as u8, bar.visit).hash(&mut hasher);
    }
    let (key, lane) = (format!("{} {:x}", lane.key, hasher.finish()), lane.clone());
    Row::new(key, move || draw(lane, address, chosen, scale))
}

fn draw(lane: Lane, address: Address, (chosen, in_iteration, visit): Chosen, scale: Memo<Scale>) -> AnyView {
    let (status, open_since, took) = (lane.status, lane.open_since, lane.took);
    let lasted =
        move || took + open_since.map_or(0, |since| scale.with(|scale| scale.end).saturating_sub(since).max(0));
    let iteration = lane.iteration.map(|id| id.to_string());
    // An iteration leads to its course; a state to the panel, within its iteration.
    let state = lane.state.clone();
    let to = {
        let (state, iteration) = (state.clone(), iteration.clone());
        move || {
            let mut changes = vec![(ITERATION, iteration.as_deref()), (VISIT, None)];
            if let Some(state) = &state {
                changes.push((STATE, Some(state.as_str())));
            }
            address.with(&changes)
        }
    };
    let label = format!("{}: {}, {}", visible(&lane.name), look(status).word, duration(took, true));
    let is_chosen = {
        let (state, iteration) = (state.clone(), lane.iteration);
        move || {
            let within = in_iteration.get();
            let fits = within.is_none() || within == iteration;
            (fits && state.is_some() && chosen.get() == state).then_some("true")
        }
    };
    let fold = lane.open.map(|open| {
        let key = lane.key.clone();
        let href = move || {
            let turned = address.view().get(TURNED).map(str::to_owned);
            address.with(&[(TURNED, turn(turned.as_deref(), &key).as_deref()), (ROW, None)])
        };
        let word = format!("{} {}", if open { "Fold" } else { "Unfold" }, visible(&lane.name));
        let shape = if open { "M4 6l4 4 4-4" } else { "M6 4l4 4-4 4" };
        view! {
            <a class="lane-fold" href=href aria-label=word aria-expanded=if open { "true" } else { "false" } data-noscroll="true">
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=shape></path></svg>
            </a>
        }
    });
    let note = (!lane.note.is_empty()).then(|| view! { <span class="lane-note">{lane.note}</span> });
    let bars = lane.bars;
    let marked = {
        let (state, iteration) = (state.clone(), lane.iteration);
        move || {
            let (within, chosen) = (in_iteration.get(), chosen.get());
            visit.get().filter(|_| within == iteration && chosen == state)
        }
    };
    let drawn = move || {
        let (scale, marked) = (scale.get(), marked());
        bars.iter().filter_map(|bar| draw_bar(bar, scale, marked)).collect_view()
    };
    let depth = lane.depth.min(12).to_string();
    let href_of_bars = to.clone();
    let group = state.is_none().then_some("true");
    view! {
        <li class="lane" aria-current=is_chosen data-group=group data-depth=depth>
            <span class="lane-name">
                {fold}
                <Mark status/>
                <a class="lane-link" href=to aria-label=label data-noscroll="true">{shown(lane.name)}</a>
                {note}
            </span>
            <a class="lane-bars" href=href_of_bars tabindex="-1" aria-hidden="true" data-noscroll="true">
                <svg height="20" width="100%">{dynamic(drawn)}</svg>
            </a>
            <span class="lane-took mono">{text(move || duration(lasted(), true))}</span>
        </li>
    }
    .into_any()
}

/// The groups that are turned, with this one turned once more.
fn turn(turned: Option<&str>, key: &str) -> Option<String> {
    let mut keys: Vec<&str> = turned.unwrap_or_default().split(',').filter(|key| !key.is_empty()).collect();
    let before = keys.len();
    keys.retain(|one| *one != key);
    if keys.len() == before {
        keys.push(key);
    }
    (!keys.is_empty()).then(|| keys.join(","))
}

fn draw_bar(bar: &Bar, scale: Scale, marked: Option<u64>) -> Option<AnyView> {
    let (start, width) = scale.place(bar.from, bar.to)?;
    let lasted = duration(bar.to.unwrap_or(scale.end) - bar.from, true);
    let word = look(bar.status).word;
    let (class, title) = match bar.kind {
        BarKind::Whole => ("bar", format!("{word}, {lasted}")),
        BarKind::Attempt(number) => ("bar", format!("Attempt {number}: {word}, {lasted}")),
        BarKind::BackOff => ("back-off", format!("Waits to try again, {lasted}")),
        BarKind::Many(count) => ("bar bar-many", format!("{count} visits within {lasted}: zoom in to tell them apart")),
    };
    let (y, height, round) = if bar.kind == BarKind::BackOff { ("8", "4", "0") } else { ("3", "14", "2") };
    Some(
        view! {
            <rect class=class data-visit=bar.visit.map(|number| number.to_string()) data-chosen=(marked.is_some() && marked == bar.visit).then_some("true") data-tone=look(bar.status).tone x=start y=y width=width height=height rx=round>
                <title>{title}</title>
            </rect>
        }
        .into_any(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_turned_and_turned_back() {
        assert_eq!(turn(None, "5"), Some("5".to_owned()));
        assert_eq!(turn(Some("5,7b"), "9"), Some("5,7b,9".to_owned()));
        assert_eq!(turn(Some("5,7b"), "7b"), Some("5".to_owned()));
        assert_eq!(turn(Some("5"), "5"), None);
    }
}
