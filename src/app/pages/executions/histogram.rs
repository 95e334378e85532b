//! How many executions of the list started when: bars that lead to their time.

use std::fmt::Write as _;

use leptos::prelude::*;

use crate::app::components::status::look;
use crate::app::here::here;
use crate::app::ui::{Moment, stretch};
use crate::wire::executions::{Bar, Histogram, View};

/// The height of a bar, in its own units.
const HEIGHT: u64 = 480;
/// The height of what is too little to be seen otherwise.
const SEEN: u64 = 15;

/// The bars, stacked by outcome.
pub fn histogram(histogram: &Histogram, view: &View) -> AnyView {
    let mut bars = histogram.bars.iter().peekable();
    let bars: Vec<AnyView> = (0..histogram.parts)
        .map(|at| match bars.next_if(|bar| bar.at == at) {
            Some(bar) => drawn(bar, histogram, view),
            None => view! { <li></li> }.into_any(),
        })
        .collect();
    let all: u64 = histogram.bars.iter().flat_map(|bar| &bar.counts).map(|(_, n)| n).sum();
    let back = view.time.is_some().then(|| {
        let href = here().executions_view(&View { time: None, ..view.first() });
        view! { <a href=href>"Any time"</a> }
    });
    view! {
        <figure class="histogram">
            <ol aria-label=format!("When {all} executions started: each bar leads to its time")>{bars}</ol>
            <figcaption class="quiet">
                <Moment at=histogram.from/>
                {back}
                {histogram.newest.map(|newest| format!("The bars count the newest {newest}."))}
                <Moment at=histogram.until/>
            </figcaption>
        </figure>
    }
    .into_any()
}

fn drawn(bar: &Bar, histogram: &Histogram, view: &View) -> AnyView {
    let (most, width) = (histogram.most, (histogram.until - histogram.from) / i64::from(histogram.parts.max(1)));
    let from = histogram.from + i64::from(bar.at) * width;
    // In the reader's time zone, as every other time; the address is the same in all of them.
    let mut label = stretch(from, from + width - 1_000);
    let (mut parts, mut below) = (String::new(), HEIGHT);
    for (status, n) in &bar.counts {
        let look = look(*status);
        // A text cannot refuse what is written to it.
        _ = write!(label, ", {n} {}", look.word.to_lowercase());
        let height = (n * HEIGHT / most.max(1)).max(SEEN);
        below = below.saturating_sub(height);
        let tone = look.tone;
        _ = write!(parts, r#"<rect x="1" width="8" y="{below}" height="{height}" data-tone="{tone}"/>"#);
    }
    let href = here().executions_view(&View { time: Some(bar.time.clone()), ..view.first() });
    view! {
        <li>
            <a href=href title=label.clone() aria-label=label data-noscroll="true">
                <svg viewBox="0 0 10 480" preserveAspectRatio="none" aria-hidden="true" inner_html=parts></svg>
            </a>
        </li>
    }
    .into_any()
}
