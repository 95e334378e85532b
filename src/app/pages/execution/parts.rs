//! The parts of the page that are asked for by themselves: the timeline, the events, the payloads, the iterations.
//!
//! They are asked for at the top of the page, where the server and the browser do it in the same order.

use leptos::prelude::*;

use crate::app::components::wanted;
use crate::app::live::Live;
use crate::app::pages::view;
use crate::app::ui::{Memo, PageData, RwSignal, effect, part_data};
use crate::routes::view::{EVENT, FROM, ITEMS, ITERATION, OUTCOME, PART, ROW, SPAN, STATE, TAB, TURNED, VISIT, WITH};
use crate::wire::events::Wanted;
use crate::wire::iterations::Iterations;
use crate::wire::{Ask, Page, Topic, state};

/// What the timeline shows beside its rows: another iteration, stretch or fold begins at its first row.
type Sheet = (Option<u64>, Option<String>, Option<String>);

/// The parts, and the rows from which on they are asked for.
#[derive(Clone, Copy)]
pub struct Parts {
    pub events: PageData,
    pub timeline: PageData,
    pub payloads: PageData,
    /// It never changes.
    pub definition: PageData,
    pub iterations: PageData,
    /// A question of its own: another choice does not send the page again.
    pub state: PageData,
    event_row: RwSignal<Option<(Wanted, u64)>>,
    lane: RwSignal<Option<(Sheet, u64)>>,
    seen: Memo<crate::routes::View>,
}

impl Parts {
    /// The parts of the execution with this ARN.
    pub fn of(arn: Memo<String>, live: Live) -> Self {
        let seen = view();
        let (event_row, lane) = (RwSignal::new(None), RwSignal::new(None));
        let changes = move || live.changes([Topic::Execution(arn.get())]);
        let tab = Memo::new(move |_| seen.with(|seen| seen.get(TAB).unwrap_or("timeline").to_owned()));
        let events = part_data(move || {
            (tab.get() == "events").then(|| {
                let view = seen.get();
                let wanted = wanted(&view);
                let from = row_of(event_row, &wanted).or(view.number(FROM));
                (Ask::Events { arn: arn.get(), wanted, from, open: view.number(EVENT) }, changes())
            })
        });
        let timeline = part_data(move || {
            (tab.get() == "timeline").then(|| {
                let view = seen.get();
                let sheet = sheet(&view);
                let from = row_of(lane, &sheet).or(view.number(ROW));
                let (iteration, span, turned) = sheet;
                (Ask::Timeline { arn: arn.get(), iteration, span, turned, from }, changes())
            })
        });
        let payloads = part_data(move || (tab.get() == "data").then(|| (Ask::Payloads { arn: arn.get() }, changes())));
        let definition =
            part_data(move || (tab.get() == "definition").then(|| (Ask::Definition { arn: arn.get() }, 0)));
        // Whether the state is a Map the server says: as long as it is none, its changes do not matter.
        let is_map = RwSignal::new(false);
        let iterations = part_data(move || {
            let view = seen.get();
            let of = |key| view.get(key).map(str::to_owned);
            let ask = Ask::Iterations {
                arn: arn.get(),
                state: of(STATE),
                within: view.number(ITERATION),
                outcome: of(OUTCOME),
                from: of(ITEMS),
            };
            Some((ask, if is_map.get() { changes() } else { 0 }))
        });
        effect(move || {
            if let Some(Ok(Page::Iterations(Iterations { map, .. }))) = iterations.get() {
                is_map.set(map.is_some());
            }
        });
        let state = part_data(move || {
            let view = seen.get();
            let of = |key| view.get(key).map(str::to_owned);
            let wanted = state::Wanted { visit: of(VISIT), part: of(PART), with: view.number(WITH) };
            let ask = Ask::State { arn: arn.get(), state: of(STATE), wanted, iteration: view.number(ITERATION) };
            Some((ask, changes()))
        });
        Self { events, timeline, payloads, definition, iterations, state, event_row, lane, seen }
    }

    /// Asks for the events from a row on.
    pub fn ask_events(self, from: u64) {
        self.event_row.set(Some((self.seen.with_untracked(wanted), from)));
    }

    /// Asks for the timeline from a row on.
    pub fn ask_lanes(self, from: u64) {
        self.lane.set(Some((self.seen.with_untracked(sheet), from)));
    }
}

fn sheet(view: &crate::routes::View) -> Sheet {
    (view.number(ITERATION), view.get(SPAN).map(str::to_owned), view.get(TURNED).map(str::to_owned))
}

/// The row that was asked for, if it was of the same list.
fn row_of<T: PartialEq + Clone + Send + Sync + 'static>(asked: RwSignal<Option<(T, u64)>>, list: &T) -> Option<u64> {
    asked.get().filter(|(of, _)| of == list).map(|(_, from)| from)
}
