//! Moments and durations as a person reads them.
//!
//! The server says what time it is with every answer, and the first drawing uses that, so that server and browser agree.
//! After that a clock ticks once a second in the browser, set by the server's.

use leptos::prelude::*;

#[cfg(feature = "hydrate")]
use super::effect;
use super::{Memo, RwSignal, StoredValue, switch, text};

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// The ticking clock of the page, in milliseconds of the server's time; nothing until the browser has taken over.
#[derive(Clone, Copy)]
pub struct Clock {
    now: RwSignal<Option<i64>>,
    /// Whether it ticks.
    runs: Memo<bool>,
    /// The server's clock minus the browser's.
    skew: StoredValue<i64>,
}

impl Clock {
    /// A clock that starts to tick once the page runs in a browser.
    #[must_use]
    pub fn start() -> Self {
        let now = RwSignal::new(None);
        let runs = Memo::new(move |_| now.with(Option::is_some));
        let clock = Self { now, runs, skew: StoredValue::new(0) };
        provide_context(clock);
        #[cfg(feature = "hydrate")]
        effect(move || {
            clock.tick();
            let ticking = set_interval_with_handle(move || clock.tick(), std::time::Duration::from_secs(1));
            on_cleanup(move || {
                if let Ok(handle) = ticking {
                    handle.clear();
                }
            });
        });
        clock
    }

    /// Sets the clock by the server's, where the two differ by more than an answer may take.
    pub fn set_by(&self, server_now: i64) {
        let skew = server_now - browser_now();
        self.skew.set_value(if skew.abs() > 5 * SECOND { skew } else { 0 });
    }

    #[cfg(feature = "hydrate")]
    fn tick(&self) {
        self.now.set(Some(browser_now() + self.skew.get_value()));
    }

    /// The time now; `fallback` is the server's, for the first drawing.
    #[must_use]
    pub fn now_or(fallback: i64) -> i64 {
        use_context::<Self>().and_then(|clock| clock.now.get()).unwrap_or(fallback)
    }
}

/// The browser's clock. The server never sets a clock by it, so there it is zero.
fn browser_now() -> i64 {
    #[cfg(feature = "hydrate")]
    return js_sys::Date::now() as i64;
    #[cfg(not(feature = "hydrate"))]
    0
}

/// How long ago something was: "4 min ago".
#[component]
pub fn Ago(at: i64, now: i64) -> impl IntoView {
    view! {
        <time class="time" datetime=instant(at) title=attribute(at)>{text(move || relative(at, Clock::now_or(now)))}</time>
    }
    .into_any()
}

/// When something was: "2026-11-24 09:14:03", in the reader's time zone where the page runs, and in UTC before. There is room
/// for both: nothing moves when one takes the other's place.
#[component]
pub fn Moment(at: i64) -> impl IntoView {
    view! { <time class="time moment" datetime=instant(at) title=attribute(at)>{text(move || moment(at))}</time> }
        .into_any()
}

/// When something was, as [`Moment`] shows it.
#[must_use]
pub fn moment(at: i64) -> String {
    if runs() { local(at) } else { absolute(at) }
}

/// From a moment to another: "2026-11-24 09:14:00 to 09:14:59", with the second date where that is another day.
#[must_use]
pub fn stretch(from: i64, to: i64) -> String {
    let (from, to) = (moment(from), moment(to));
    let rest = if from.get(..10) == to.get(..10) { to.get(11..).unwrap_or_default() } else { &to };
    format!("{} to {rest}", from.trim_end_matches(" UTC"))
}

/// How long ago something was, and when: "4 min ago, 09:14:03". The style sheet writes the comma, and keeps the room of a
/// time in UTC.
#[component]
pub fn When(at: i64, now: i64) -> impl IntoView {
    view! {
        <time class="time" datetime=instant(at) title=attribute(at)>
            {text(move || relative(at, Clock::now_or(now)))}
            <span class="when-at" class:when-day=at.div_euclid(DAY) != now.div_euclid(DAY)>{text(move || brief(at, Clock::now_or(now)))}</span>
        </time>
    }
    .into_any()
}

/// Whether the page runs in a browser by now: the first drawing is the server's, which knows no time zone.
fn runs() -> bool {
    use_context::<Clock>().is_some_and(|clock| clock.runs.get())
}

/// The whole moment, in the reader's time zone where the page runs.
fn attribute(at: i64) -> Box<dyn Fn() -> String + Send + Sync> {
    Box::new(move || if runs() { format!("{} · {}", local(at), absolute(at)) } else { absolute(at) })
}

/// The time of day, with the date where that is another day.
fn brief(at: i64, now: i64) -> String {
    let (whole, today) = if runs() { (local(at), local(now)) } else { (absolute(at), absolute(now)) };
    if whole.get(..10) == today.get(..10) { whole.get(11..).unwrap_or_default().to_owned() } else { whole }
}

/// The moment as `2026-11-24 10:14:03` in the browser's time zone.
fn local(at: i64) -> String {
    #[cfg(feature = "hydrate")]
    {
        let date = js_sys::Date::new(&leptos::wasm_bindgen::JsValue::from_f64(at as f64));
        // The zone's offset as minutes that have to be added to get to UTC.
        let offset = (date.get_timezone_offset() as i64) * MINUTE;
        absolute(at - offset).trim_end_matches(" UTC").to_owned()
    }
    #[cfg(not(feature = "hydrate"))]
    absolute(at)
}

/// How much time is left: "in 41 min".
#[component]
pub fn Due(at: i64, now: i64) -> impl IntoView {
    let left = move || at - Clock::now_or(now);
    view! {
        <time class="time due" class:soon=switch(move || left() < 15 * MINUTE) datetime=instant(at) title=attribute(at)>
            {text(move || if left() <= 0 { "time is up".to_owned() } else { format!("due in {}", duration(left(), false)) })}
            <span class="when-at" class:when-day=at.div_euclid(DAY) != now.div_euclid(DAY)>{text(move || brief(at, Clock::now_or(now)))}</span>
        </time>
    }
    .into_any()
}

/// How long something took, or has been taking.
#[component]
pub fn Lasted(from: i64, to: Option<i64>, now: i64) -> impl IntoView {
    view! { <span class="time">{text(move || duration(to.unwrap_or_else(|| Clock::now_or(now)) - from, to.is_some()))}</span> }.into_any()
}

/// A time of day to the millisecond, for lists of events.
#[component]
pub fn ClockTime(at: i64) -> impl IntoView {
    let short = move || format!("{}.{:03}", time_of_day(at), at.rem_euclid(SECOND));
    view! { <time class="time" datetime=instant(at) title=attribute(at)>{text(short)}</time> }.into_any()
}

/// A time of day, where there is no room for more: in the reader's time zone where the page runs.
#[must_use]
pub fn time_of_day(at: i64) -> String {
    let whole = if runs() { local(at) } else { absolute(at) };
    whole.get(11..19).unwrap_or_default().to_owned()
}

fn relative(at: i64, now: i64) -> String {
    match now - at {
        gone if gone < -SECOND => format!("in {}", rough(-gone)),
        gone if gone < 5 * SECOND => "just now".to_owned(),
        gone => format!("{} ago", rough(gone)),
    }
}

fn rough(ms: i64) -> String {
    match ms {
        ms if ms < MINUTE => format!("{} s", ms / SECOND),
        ms if ms < HOUR => format!("{} min", ms / MINUTE),
        ms if ms < 2 * DAY => format!("{} h", ms / HOUR),
        ms => format!("{} days", ms / DAY),
    }
}

/// A duration: `350 ms` (only where `exact`), `12 s`, `1 m 12 s`, `3 h 41 m`, `2 d 4 h`.
#[must_use]
pub fn duration(ms: i64, exact: bool) -> String {
    let two = |big: i64, big_word: &str, small: i64, small_word: &str| {
        if small == 0 { format!("{big} {big_word}") } else { format!("{big} {big_word} {small} {small_word}") }
    };
    match ms.max(0) {
        ms if exact && ms < SECOND => format!("{ms} ms"),
        ms if exact && ms < 10 * SECOND => format!("{}.{} s", ms / SECOND, ms % SECOND / 100),
        ms if ms < MINUTE => format!("{} s", ms / SECOND),
        ms if ms < HOUR => two(ms / MINUTE, "m", ms % MINUTE / SECOND, "s"),
        ms if ms < DAY => two(ms / HOUR, "h", ms % HOUR / MINUTE, "m"),
        ms => two(ms / DAY, "d", ms % DAY / HOUR, "h"),
    }
}

/// The moment as `2026-11-24 09:14:03 UTC`.
#[must_use]
pub fn absolute(ms: i64) -> String {
    let (date, time) = (civil(ms.div_euclid(DAY)), ms.rem_euclid(DAY));
    let (year, month, day) = date;
    format!(
        "{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC",
        time / HOUR,
        time % HOUR / MINUTE,
        time % MINUTE / SECOND
    )
}

/// The moment as `2026-11-24T09:14:03.000Z`.
#[must_use]
pub fn instant(ms: i64) -> String {
    let text = absolute(ms);
    format!("{}T{}.{:03}Z", &text[..10], &text[11..19], ms.rem_euclid(SECOND))
}

/// Year, month and day of a count of days since 1970-01-01, by counting from 1 March, so that leap days come last.
fn civil(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_like_speech() {
        for (ms, exact, expect) in [
            (0, false, "0 s"),
            (350, true, "350 ms"),
            (1_260, true, "1.2 s"),
            (72_000, true, "1 m 12 s"),
            (60_000, false, "1 m"),
            (13_260_000, false, "3 h 41 m"),
            (187_200_000, false, "2 d 4 h"),
            (-5, false, "0 s"),
        ] {
            assert_eq!(duration(ms, exact), expect);
        }
    }

    #[test]
    fn a_stretch_of_time_names_its_day_once() {
        let at = 1_795_482_830_123;
        assert_eq!(stretch(at, at + 59_000), "2026-11-24 01:13:50 to 01:14:49 UTC");
        assert_eq!(stretch(at, at + DAY), "2026-11-24 01:13:50 to 2026-11-25 01:13:50 UTC");
    }

    #[test]
    fn moments_are_told_from_now() {
        for (gone, expect) in [
            (0, "just now"),
            (12_000, "12 s ago"),
            (240_000, "4 min ago"),
            (7_300_000, "2 h ago"),
            (-120_000, "in 2 min"),
            (259_200_000, "3 days ago"),
        ] {
            assert_eq!(relative(1_000_000, 1_000_000 + gone), expect);
        }
    }

    #[test]
    fn dates_follow_the_calendar() {
        for (ms, expect) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_400_000, "2000-02-29 00:00:00 UTC"),
            (1_795_482_830_123, "2026-11-24 01:13:50 UTC"),
            (-1, "1969-12-31 23:59:59 UTC"),
        ] {
            assert_eq!(absolute(ms), expect);
        }
        assert_eq!(instant(1_795_482_830_123), "2026-11-24T01:13:50.123Z");
    }
}
