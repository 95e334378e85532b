//! The time axis: which stretch is shown, where a moment stands in it, and the ways to another stretch.

use leptos::prelude::*;

use crate::app::address::Address;
use crate::app::ui::{Memo, Seen, duration, dynamic, time_of_day};
use crate::routes::view::{ROW, SPAN};
use crate::wire::timeline::Timeline;

/// The shortest stretch that can be chosen, in milliseconds.
const LEAST: i64 = 4;
/// In a shorter stretch the ticks are less than a second apart.
const EXACT: i64 = 5_000;
/// How many ticks an axis has at most.
const TICKS: i64 = 5;
/// Distances between ticks, in milliseconds.
const STEPS: [i64; 31] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    15_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    900_000,
    1_800_000,
    3_600_000,
    7_200_000,
    10_800_000,
    21_600_000,
    43_200_000,
    86_400_000,
    172_800_000,
    604_800_000,
    2_592_000_000,
    7_776_000_000,
];

/// The stretch of time that is shown, in milliseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scale {
    pub begin: i64,
    pub end: i64,
    /// When the execution started.
    pub started: i64,
}

impl Scale {
    const fn length(self) -> i64 {
        self.end - self.begin
    }

    /// Where a moment stands, in tenths of a percent.
    fn share(self, at: i64) -> i64 {
        ((at - self.begin).saturating_mul(1_000) / self.length().max(1)).clamp(0, 1_000)
    }

    /// Start and width of what lasted from one moment to another or goes on; nothing where that is not in sight.
    pub fn place(self, from: i64, to: Option<i64>) -> Option<(String, String)> {
        let to = to.unwrap_or(self.end);
        if from > self.end || to < self.begin {
            return None;
        }
        let start = self.share(from).min(996);
        let width = (self.share(to) - start).max(4);
        Some((percent(start), percent(width)))
    }

    /// Another stretch, as the address says it; `None` where it is the whole execution.
    fn span(self, begin: i64, end: i64) -> String {
        let from = (begin - self.started).max(0);
        format!("{from}-{}", (end - self.started).max(from + LEAST))
    }
}

fn percent(tenths: i64) -> String {
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// The moments that the axis names.
pub fn ticks(scale: Scale) -> Vec<i64> {
    let step = STEPS.into_iter().find(|step| scale.length() / step <= TICKS).unwrap_or(STEPS[STEPS.len() - 1]);
    let first = (scale.begin - scale.started).div_euclid(step) * step + scale.started;
    (0..=TICKS + 1).map(|at| first + at * step).filter(|at| *at >= scale.begin && *at <= scale.end).collect()
}

/// The time since the start and the time of day, so exact that the ticks of a short stretch can be told apart.
fn words(scale: Scale, at: i64) -> (String, String) {
    let (since, clock) = (at - scale.started, time_of_day(at));
    if scale.length() >= EXACT {
        return (duration(since, true), clock);
    }
    let after = if since < 1_000 { duration(since, true) } else { format!("{}.{:03} s", since / 1_000, since % 1_000) };
    (after, format!("{clock}.{:03}", at.rem_euclid(1_000)))
}

/// The axis: each tick by the time since the start and the time of day. Dragging over it chooses a stretch.
pub fn axis(scale: Memo<Scale>, address: Address) -> AnyView {
    let marks = move || {
        let scale = scale.get();
        let tick = |at: i64| {
            let share = scale.share(at);
            let x = percent(share);
            // A word at the right end would leave the axis.
            let words = (share < 880).then(|| {
                let (since, clock) = words(scale, at);
                view! {
                    <text class="tick-since" x=x.clone() dx="5" y="14">{since}</text>
                    <text class="tick-at" x=x.clone() dx="5" y="29">{clock}</text>
                }
            });
            view! { <line class="tick" x1=x.clone() x2=x.clone() y1="0" y2="36"></line>{words} }
        };
        ticks(scale).into_iter().map(tick).collect_view()
    };
    #[cfg(feature = "hydrate")]
    return browser::drag(scale, address, dynamic(marks));
    #[cfg(not(feature = "hydrate"))]
    {
        let _ = address;
        view! { <div class="axis mono" aria-hidden="true"><svg width="100%" height="36">{dynamic(marks)}<rect class="axis-pick" y="0" height="36" x="0%" width="0%"></rect></svg></div> }.into_any()
    }
}

/// The links to a shorter, a longer, an earlier and a later stretch.
pub fn zoom(scale: Memo<Scale>, data: Seen<Timeline>, address: Address) -> AnyView {
    let chosen = Memo::new(move |_| data.with(|data| data.span.is_some()));
    let link = move |word: &'static str, shape: &'static str, way: Way| {
        view! {
            <a class="zoom" href=move || to(scale.get(), address, way) aria-label=word title=word data-noscroll="true">
                <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path d=shape></path></svg>
            </a>
        }
    };
    let whole = move || {
        chosen.get().then(|| {
            view! { <a class="zoom zoom-whole" href=move || to(scale.get(), address, Way::Whole) data-noscroll="true">"Whole execution"</a> }
        })
    };
    view! {
        <span class="zooms" role="group" aria-label="Stretch of time">
            {dynamic(whole)}
            {link("Earlier", "M10 4L6 8l4 4", Way::Earlier)}
            {link("Zoom out", "M3.5 8h9", Way::Out)}
            {link("Zoom in", "M3.5 8h9M8 3.5v9", Way::In)}
            {link("Later", "M6 4l4 4-4 4", Way::Later)}
        </span>
    }
    .into_any()
}

/// A way to another stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    In,
    Out,
    Earlier,
    Later,
    Whole,
}

/// The address of the page with another stretch.
pub fn to(scale: Scale, address: Address, way: Way) -> String {
    address.with(&[(SPAN, stretch(scale, way).as_deref()), (ROW, None)])
}

fn stretch(scale: Scale, way: Way) -> Option<String> {
    let Scale { begin, end, started } = scale;
    let (length, quarter) = (scale.length(), (scale.length() / 4).max(1));
    match way {
        Way::In if length <= LEAST => Some(scale.span(begin, end)),
        Way::In => Some(scale.span(begin + quarter, end - quarter)),
        Way::Out => Some(scale.span((begin - length / 2).max(started), end + length / 2)),
        Way::Earlier => {
            let by = (quarter * 2).min(begin - started).max(0);
            Some(scale.span(begin - by, end - by))
        }
        Way::Later => Some(scale.span(begin + quarter * 2, end + quarter * 2)),
        Way::Whole => None,
    }
}

/// The part of the page that answers the keys `+`, `-`, `0` and the arrows with another stretch.
pub fn keys(scale: Memo<Scale>, address: Address, body: AnyView) -> AnyView {
    #[cfg(feature = "hydrate")]
    return browser::keys(scale, address, body);
    #[cfg(not(feature = "hydrate"))]
    {
        let (_, _) = (scale, address);
        view! { <div class="timeline">{body}</div> }.into_any()
    }
}

#[cfg(feature = "hydrate")]
mod browser {
    use leptos::html::Div;
    use leptos::prelude::*;
    use leptos_router::hooks::use_navigate;

    use crate::app::ui::{RwSignal, in_place};

    use super::{Address, Memo, ROW, SPAN, Scale, Way, percent, to};

    fn go() -> impl Fn(String) + Clone {
        let navigate = use_navigate();
        move |to: String| navigate(&to, in_place())
    }

    pub fn keys(scale: Memo<Scale>, address: Address, body: AnyView) -> AnyView {
        let go = go();
        let pressed = move |event: web_sys::KeyboardEvent| {
            let way = match event.key().as_str() {
                "+" | "=" => Way::In,
                "-" => Way::Out,
                "0" => Way::Whole,
                "ArrowLeft" => Way::Earlier,
                "ArrowRight" => Way::Later,
                _ => return,
            };
            if !(event.ctrl_key() || event.meta_key() || event.alt_key()) {
                event.prevent_default();
                go(untrack(|| to(scale.get_untracked(), address, way)));
            }
        };
        view! { <div class="timeline" on:keydown=pressed>{body}</div> }.into_any()
    }

    /// The axis, on which dragging marks a stretch.
    pub fn drag(scale: Memo<Scale>, address: Address, marks: AnyView) -> AnyView {
        let go = go();
        let axis = NodeRef::<Div>::new();
        // Where it began and where it is, in tenths of a percent.
        let picked = RwSignal::new(None::<(i64, i64)>);
        let share = move |event: &web_sys::PointerEvent| {
            let rect = axis.get_untracked()?.get_bounding_client_rect();
            Some(
                (((f64::from(event.client_x()) - rect.left()) * 1_000.0 / rect.width().max(1.0)) as i64)
                    .clamp(0, 1_000),
            )
        };
        let down = move |event: web_sys::PointerEvent| {
            if let (Some(axis), Some(at)) = (axis.get_untracked(), share(&event)) {
                _ = axis.set_pointer_capture(event.pointer_id());
                picked.set(Some((at, at)));
            }
        };
        let moved = move |event: web_sys::PointerEvent| {
            if let (Some((from, _)), Some(at)) = (picked.get_untracked(), share(&event)) {
                picked.set(Some((from, at)));
            }
        };
        let up = move |_: web_sys::PointerEvent| {
            let Some((one, other)) = picked.get_untracked() else { return };
            picked.set(None);
            let (from, to) = (one.min(other), one.max(other));
            // A click is no stretch.
            if to - from >= 10 {
                let scale = scale.get_untracked();
                let at = |share: i64| scale.begin + share * scale.length() / 1_000;
                go(untrack(|| address.with(&[(SPAN, Some(&scale.span(at(from), at(to)))), (ROW, None)])));
            }
        };
        let mark = move || picked.get().map_or((0, 0), |(one, other)| (one.min(other), (one - other).abs()));
        view! {
            <div class="axis mono" aria-hidden="true" node_ref=axis on:pointerdown=down on:pointermove=moved on:pointerup=up on:pointercancel=move |_| picked.set(None)>
                <svg width="100%" height="36">
                    {marks}
                    <rect class="axis-pick" y="0" height="36" x=move || percent(mark().0) width=move || percent(mark().1)></rect>
                </svg>
            </div>
        }
        .into_any()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Scale = Scale { begin: 1_000_000, end: 4_600_000, started: 1_000_000 };

    #[test]
    fn ticks_are_round_and_in_sight() {
        for length in [1, 7, 90, 1_500, 61_000, 3_600_000, 90_000_000_000] {
            for begin in [0, 13, 100_007] {
                let scale = Scale { begin: 500 + begin, end: 500 + begin + length, started: 500 };
                let found = ticks(scale);
                assert!(found.len() <= 7, "{scale:?}: {found:?}");
                assert!(found.iter().all(|at| (scale.begin..=scale.end).contains(at)));
            }
        }
        assert_eq!(
            ticks(HOUR).iter().map(|at| at - 1_000_000).collect::<Vec<_>>(),
            [0, 900_000, 1_800_000, 2_700_000, 3_600_000]
        );
    }

    #[test]
    fn the_ticks_of_a_short_stretch_can_be_told_apart() {
        for length in [4, 40, 500, 1_500, 4_999, 5_000, 61_000, 3_600_000] {
            for begin in [0, 2_599, 12_000] {
                let scale = Scale { begin: 1_000_500 + begin, end: 1_000_500 + begin + length, started: 1_000_500 };
                let mut said: Vec<_> = ticks(scale).into_iter().map(|at| words(scale, at)).collect();
                let many = said.len();
                said.dedup_by(|one, other| one.0 == other.0 || one.1 == other.1);
                assert_eq!(said.len(), many, "{scale:?}");
            }
        }
        let scale = Scale { begin: 2_599, end: 2_603, started: 0 };
        assert_eq!(words(scale, 2_600), ("2.600 s".to_owned(), "00:00:02.600".to_owned()));
    }

    #[test]
    fn what_is_out_of_sight_has_no_place_and_the_rest_stays_inside() {
        assert_eq!(HOUR.place(0, Some(999_999)), None);
        assert_eq!(HOUR.place(4_600_001, None), None);
        assert_eq!(HOUR.place(0, None), Some(("0.0%".to_owned(), "100.0%".to_owned())));
        assert_eq!(HOUR.place(4_600_000, None), Some(("99.6%".to_owned(), "0.4%".to_owned())));
        assert_eq!(HOUR.place(1_900_000, Some(2_800_000)), Some(("25.0%".to_owned(), "25.0%".to_owned())));
    }

    #[test]
    fn a_stretch_is_never_empty_nor_before_the_start() {
        for way in [Way::In, Way::Out, Way::Earlier, Way::Later] {
            let mut scale = HOUR;
            for _ in 0..60 {
                let text = stretch(scale, way).expect("a stretch");
                let (from, to) = text.split_once('-').expect("two numbers");
                let (from, to): (i64, i64) = (from.parse().expect("a number"), to.parse().expect("a number"));
                assert!(from >= 0 && to >= from + LEAST, "{way:?}: {text}");
                scale = Scale { begin: scale.started + from, end: scale.started + to, ..scale };
                if scale.length() > 100_000_000_000 {
                    break;
                }
            }
        }
        assert_eq!(stretch(HOUR, Way::Whole), None);
    }
}
