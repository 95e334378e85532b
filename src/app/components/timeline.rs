//! The timeline: a line for each state, a bar for each attempt or visit.

use leptos::prelude::*;

use super::Mark;
use super::status::look;
use crate::app::ui::{duration, dynamic, shown};
use crate::visible::visible;
use crate::wire::Status;
use crate::wire::execution::Span;

/// The spans of one state.
#[derive(Clone, PartialEq)]
struct Lane {
    state: String,
    spans: Vec<Span>,
}

/// `from` is the execution's start, `to` its end, or now.
#[component]
pub fn Timeline(
    #[prop(into)] spans: Signal<Vec<Span>>,
    #[prop(into)] from: Signal<i64>,
    #[prop(into)] to: Signal<i64>,
    /// The link of a state.
    link: impl Fn(&str) -> String + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let lane = move |lane: Lane| {
        let (from, to) = (from.get(), to.get());
        let status = lane.spans.last().map_or(Status::NotReached, |span| span.status);
        let visits = lane.spans.chunk_by(|one, next| one.visit == next.visit);
        // Whole visits, as the panel says: between attempts it waited.
        let took: i64 = visits.clone().map(|visit| visit[0].exited.unwrap_or(to) - visit[0].entered).sum();
        let back_off = visits.filter_map(|attempts| back_off(attempts, from, to)).collect_view();
        let bars = lane.spans.iter().map(|span| bar(span, from, to)).collect_view();
        let label = format!("{}: {}, {}", visible(&lane.state), look(status).word, duration(took, true));
        view! {
            <a class="lane" href=link(&lane.state) aria-label=label data-noscroll="true">
                <span class="lane-name"><Mark status/>{shown(&lane.state)}</span>
                <svg class="lane-bars" height="20" width="100%" aria-hidden="true">{back_off}{bars}</svg>
                <span class="lane-took mono">{duration(took, true)}</span>
            </a>
        }
    };
    let marks = move || {
        let whole = (to.get() - from.get()).max(0);
        [0, 1, 2, 3, 4].map(|quarter| view! { <span>{duration(whole * quarter / 4, true)}</span> }).collect_view()
    };
    view! {
        <div class="timeline">
            <div class="lanes">{dynamic(move || lanes(spans.get()).into_iter().map(lane).collect_view())}</div>
            <div class="axis mono" aria-hidden="true"><div class="axis-marks">{dynamic(marks)}</div></div>
        </div>
    }
    .into_any()
}

fn lanes(spans: Vec<Span>) -> Vec<Lane> {
    let mut lanes: Vec<Lane> = Vec::new();
    for span in spans {
        match lanes.iter_mut().find(|lane| lane.state == span.state) {
            Some(lane) => lane.spans.push(span),
            None => lanes.push(Lane { state: span.state.clone(), spans: vec![span] }),
        }
    }
    lanes
}

/// Start and width of a stretch of time in the bars of an execution that took from `from` to `to`.
fn place(begin: i64, end: i64, from: i64, to: i64) -> (String, String) {
    let whole = (to - from).max(1);
    // In tenths of a percent.
    let share = |ms: i64| (ms.saturating_mul(1_000) / whole).clamp(0, 1_000);
    let percent = |tenths: i64| format!("{}.{}%", tenths / 10, tenths % 10);
    let start = share(begin - from).min(997);
    let width = (share(end - from) - start).max(3);
    (percent(start), percent(width))
}

/// The thread that joins the attempts of one visit: between them it waited to try again.
fn back_off(attempts: &[Span], from: i64, to: i64) -> Option<AnyView> {
    let [first, .., last] = attempts else { return None };
    let (start, width) = place(first.from, last.from, from, to);
    Some(view! { <rect class="back-off" x=start y="8" width=width height="4"></rect> }.into_any())
}

fn bar(span: &Span, from: i64, to: i64) -> AnyView {
    let (start, width) = place(span.from, span.to.unwrap_or(to), from, to);
    let title = format!("{}, {}", look(span.status).word, duration(span.to.unwrap_or(to) - span.from, true));
    view! {
        <rect class="bar" data-tone=look(span.status).tone x=start y="3" width=width height="14" rx="2">
            <title>{title}</title>
        </rect>
    }
    .into_any()
}
