//! A list of thousands of rows, of which the page has those that are in view.
//!
//! The server cuts windows out of the list. Where no scripts run, a page shows one window, and links lead to the next.
//! Where they do, the list scrolls over all rows: all are equally high, so what is not there is room above and below, and
//! the next window is asked for before its rows come into view.

use std::ops::Range;
use std::sync::Arc;

use leptos::prelude::*;

use super::{Memo, Row, RwSignal, Signal, list};

/// Rows drawn above and below those in view.
#[cfg(any(test, feature = "hydrate"))]
const SPARE: u64 = 12;
/// The next window is asked for when fewer rows than this are left.
#[cfg(any(test, feature = "hydrate"))]
const LEFT: u64 = 25;
/// So many rows above the first in view, a window that is asked for begins.
#[cfg(any(test, feature = "hydrate"))]
const ABOVE: u64 = 60;

/// The window that is there: the place of its first row, how many it has, and how many the list has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    pub from: u64,
    pub rows: u64,
    pub all: u64,
}

impl Extent {
    fn range(self) -> Range<u64> {
        self.from..self.from + self.rows
    }

    /// Those of the rows from `first` to `last` that are there.
    #[cfg(any(test, feature = "hydrate"))]
    fn near(self, (first, last): (u64, u64)) -> Range<u64> {
        let (from, to) = (first.saturating_sub(SPARE).max(self.from), (last + SPARE).min(self.from + self.rows));
        if from < to { from..to } else { first.min(self.all)..first.min(self.all) }
    }

    /// Where the next window is to begin, if rows that come into view are missing.
    #[cfg(any(test, feature = "hydrate"))]
    fn missing(self, (first, last): (u64, u64)) -> Option<u64> {
        let above = first < self.from + LEFT && self.from > 0;
        let below = last + LEFT > self.from + self.rows && self.from + self.rows < self.all;
        // Rounded, so that a small movement asks for nothing else.
        (above || below).then(|| first.saturating_sub(ABOVE) / 20 * 20)
    }
}

/// The list. Its style sheet gives `--long-row`, the height of a row.
#[component]
pub fn LongList(
    #[prop(into)] label: String,
    class: &'static str,
    #[prop(into)] extent: Signal<Extent>,
    /// Draws the rows at these places, which are all in the window.
    rows: impl Fn(Range<u64>) -> Vec<Row> + Send + Sync + 'static,
    /// Asks for the window that begins at this row.
    ask: impl Fn(u64) + Copy + Send + Sync + 'static,
    /// The row that is to be in view, whenever it changes.
    #[prop(into)]
    at: Signal<Option<u64>>,
    /// What stays above the rows.
    head: AnyView,
) -> impl IntoView {
    let view = RwSignal::new(None::<(u64, u64)>);
    let rows: Arc<dyn Fn(Range<u64>) -> Vec<Row> + Send + Sync> = Arc::new(rows);
    let range = Memo::new(move |_| range(extent.get(), view.get()));
    let drawn = list(move || rows(range.get()));
    #[cfg(feature = "hydrate")]
    let long = browser::scrolling(class, label, head, range, drawn, browser::Scroll { view, extent, at, ask });
    #[cfg(not(feature = "hydrate"))]
    let long = {
        let (_, _) = (ask, at);
        view! { <div class="long" tabindex="0" role="region" aria-label=label>{head}<ol class=class>{drawn}</ol></div> }
    };
    long.into_any()
}

/// The rows that are drawn: until the browser has taken over, all of the window.
fn range(extent: Extent, view: Option<(u64, u64)>) -> Range<u64> {
    #[cfg(feature = "hydrate")]
    if let Some(view) = view {
        return extent.near(view);
    }
    let _ = view;
    extent.range()
}

#[cfg(feature = "hydrate")]
mod browser {
    use std::ops::Range;

    use leptos::html::{Div, Ol};
    use leptos::prelude::*;

    use super::super::sight::browser::after_drawing;
    use super::super::{StoredValue, effect, effect_since};
    use super::{Extent, Memo, RwSignal, Signal};

    /// What a list that scrolls needs to know.
    pub struct Scroll<A> {
        pub view: RwSignal<Option<(u64, u64)>>,
        pub extent: Signal<Extent>,
        pub at: Signal<Option<u64>>,
        pub ask: A,
    }

    /// The list, which takes note of where it is scrolled to.
    pub fn scrolling<A: Fn(u64) + Copy + Send + Sync + 'static>(
        class: &'static str,
        label: String,
        head: AnyView,
        range: Memo<Range<u64>>,
        drawn: AnyView,
        scroll: Scroll<A>,
    ) -> AnyView {
        let Scroll { view, extent, at, ask } = scroll;
        let (frame, rows) = (NodeRef::<Div>::new(), NodeRef::<Ol>::new());
        let height = StoredValue::new(0.0_f64);
        // What waits for the next drawing may find the list gone, and its elements with it.
        let here = StoredValue::new(true);
        on_cleanup(move || here.set_value(false));
        let is_here = move || here.get_value();
        let measure = move || {
            if !is_here() {
                return;
            }
            let (Some(frame), Some(rows)) = (frame.get_untracked(), rows.get_untracked()) else { return };
            if let Some(row) = rows.first_element_child() {
                height.set_value(row.get_bounding_client_rect().height());
            }
            let of_row = height.get_value();
            // Not drawn: a tab of a narrow window that is not open.
            if of_row < 1.0 || frame.client_height() == 0 {
                return;
            }
            let first = (f64::from(frame.scroll_top()) / of_row) as u64;
            let seen = (f64::from(frame.client_height()) / of_row) as u64 + 1;
            let now = (first, first + seen);
            if view.get_untracked() != Some(now) {
                view.set(Some(now));
            }
        };
        // Once what came is drawn: before, the list is as high as its window.
        let reach = move |place: u64| {
            measure();
            let Some(frame) = is_here().then(|| frame.get_untracked()).flatten() else { return };
            let (of_row, shown) = (height.get_value(), f64::from(frame.client_height()));
            let top = place as f64 * of_row;
            let now = f64::from(frame.scroll_top());
            if of_row > 1.0 && (top < now || top + 2.0 * of_row > now + shown) {
                frame.set_scroll_top((top - shown / 3.0) as i32);
            }
        };
        // Not in the markup: the site's content policy forbids styles there.
        effect(move || {
            let (range, all) = (range.get(), extent.get().all);
            if let Some(rows) = rows.get() {
                let style = web_sys::HtmlElement::style(&rows);
                _ = style.set_property("--before", &range.start.to_string());
                _ = style.set_property("--behind", &all.saturating_sub(range.end).to_string());
            }
        });
        // The page begins at the window that its address names.
        effect_since(move |before: Option<Option<u64>>| {
            let place = at.get();
            if before.is_none() {
                measure();
                let begin = extent.with_untracked(|extent| extent.from);
                if let Some(place) = place.or((begin > 0).then_some(begin)) {
                    after_drawing(move || reach(place));
                }
            } else if let Some(place) = place.filter(|_| before != Some(place)) {
                after_drawing(move || reach(place));
            }
            measure();
            place
        });
        // Another window may have come, or the list has become shorter.
        effect(move || {
            let extent = extent.get();
            request_animation_frame(measure);
            if let Some(from) = view.get().and_then(|view| extent.missing(view)) {
                ask(from);
            }
        });
        view! {
            <div class="long" tabindex="0" role="region" aria-label=label node_ref=frame on:scroll=move |_| measure()>
                {head}
                <ol class=class node_ref=rows>{drawn}</ol>
            </div>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_window_is_asked_for_before_its_rows_come_into_view() {
        let extent = Extent { from: 1_000, rows: 200, all: 25_000 };
        assert_eq!(extent.missing((1_060, 1_090)), None);
        assert_eq!(extent.missing((1_160, 1_190)), Some(1_100));
        assert_eq!(extent.missing((1_010, 1_040)), Some(940));
        assert_eq!(Extent { from: 0, ..extent }.missing((0, 30)), None);
        assert_eq!(Extent { from: 24_800, ..extent }.missing((24_970, 25_000)), None);
        assert_eq!((extent.near((1_100, 1_130)), extent.near((5_000, 5_030))), (1_088..1_142, 5_000..5_000));
    }
}
