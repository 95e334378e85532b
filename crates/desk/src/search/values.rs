//! The values of a search: numbers, durations, times and statuses.

use time::{Date, Month, PrimitiveDateTime, Time};

use super::fault::Fault;
use super::read::Sign;
use super::{Bound, Bounds};
use crate::connection::ExecutionStatus;
use crate::index::Shown;

const SECOND: i64 = 1_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// A decimal number.
pub fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    text.parse::<f64>().ok().filter(|number| plain && number.is_finite())
}

/// A duration in milliseconds: `250ms`, `30s`, `1.5m`, `2h`, `3d`, and sums such as `1h30m`. A number alone is seconds.
pub fn duration(text: &str) -> Option<i64> {
    if let Some(seconds) = number(text) {
        return millis(seconds, SECOND);
    }
    let (mut rest, mut sum) = (text, 0_i64);
    while !rest.is_empty() {
        let digits = rest.find(|one: char| !one.is_ascii_digit() && one != '.')?;
        let (amount, behind) = rest.split_at(digits);
        let unit = behind.find(|one: char| one.is_ascii_digit()).map_or(behind, |end| &behind[..end]);
        let unit_ms = match unit {
            "ms" => 1,
            "s" => SECOND,
            "m" | "min" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            _ => return None,
        };
        sum = sum.checked_add(millis(number(amount)?, unit_ms)?)?;
        rest = &behind[unit.len()..];
    }
    (!text.is_empty()).then_some(sum)
}

fn millis(amount: f64, unit: i64) -> Option<i64> {
    let ms = amount * unit as f64;
    // A hundred years; beyond it a number of milliseconds is none that an execution can have.
    (0.0..=3.2e12).contains(&ms).then_some(ms.round() as i64)
}

/// The ends of a range, each of which may be missing.
type Ends<'a> = (Option<&'a str>, Option<&'a str>);

/// The two ends of a range such as `10..20`; one of them may be left out, not both. `None` where it is no range.
pub fn ends(text: &str) -> Result<Option<Ends<'_>>, Fault> {
    let some = |end| Some(end).filter(|end: &&str| !end.is_empty());
    match text.split_once("..") {
        Some(("", "")) => Err(Fault::Nothing(text.to_owned())),
        Some((from, to)) => Ok(Some((some(from), some(to)))),
        None => Ok(None),
    }
}

/// A range whose first end lies behind its last.
pub fn backwards(from: Option<&str>, to: Option<&str>) -> Fault {
    Fault::Backwards { from: from.unwrap_or_default().to_owned(), to: to.unwrap_or_default().to_owned() }
}

/// What `started` is compared with. `started>2h` means "within the last two hours"; a day alone means all of it.
pub fn started(text: &str, sign: Sign, now: i64) -> Result<Bounds<i64>, Fault> {
    let whole = |text: &str| span(text, now).ok_or_else(|| Fault::NotATime(text.to_owned()));
    let from = |at| Some(Bound { at, within: true });
    let before = |at| Some(Bound { at, within: false });
    if sign == Sign::Is
        && let Some((first, last)) = ends(text)?
    {
        let begin = first.map(whole).transpose()?.map(|(begin, _)| begin);
        let end = last.map(whole).transpose()?.map(|(_, end)| end);
        if begin.zip(end).is_some_and(|(begin, end)| begin >= end) {
            return Err(backwards(first, last));
        }
        return Ok(Bounds { from: begin.and_then(from), to: end.and_then(before) });
    }
    let (begin, end) = whole(text)?;
    Ok(match sign {
        Sign::Is if begin == now - duration(text).unwrap_or(i64::MAX) => Bounds { from: from(begin), to: None },
        Sign::Is => Bounds { from: from(begin), to: before(end) },
        Sign::Less => Bounds { from: None, to: before(begin) },
        Sign::AtMost => Bounds { from: None, to: before(end) },
        Sign::More | Sign::AtLeast => Bounds { from: from(begin), to: None },
    })
}

/// The first millisecond of a time, and the one behind its last: of a day, a minute or a second; or of an age.
pub fn span(text: &str, now: i64) -> Option<(i64, i64)> {
    if let Some(age) = duration(text).filter(|_| !text.bytes().all(|byte| byte.is_ascii_digit())) {
        return Some((now - age, now - age + 1));
    }
    let (day, clock) = text.split_once(['T', ' ']).map_or((text, None), |(day, clock)| (day, Some(clock)));
    let mut parts = day.split('-');
    let year: i32 = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
    let month: u8 = parts.next()?.parse().ok()?;
    let of_month: u8 = parts.next()?.parse().ok()?;
    if parts.next().is_some() || year < 1_970 {
        return None;
    }
    let date = Date::from_calendar_date(year, Month::try_from(month).ok()?, of_month).ok()?;
    let (time, length) = match clock {
        None => (Time::MIDNIGHT, DAY),
        Some(clock) => of_day(clock.strip_suffix('Z').unwrap_or(clock))?,
    };
    let begin =
        i64::try_from(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp_nanos() / 1_000_000).ok()?;
    Some((begin, begin + length))
}

/// `14:30`, `14:30:05` or `14:30:05.250`, and how long that is.
fn of_day(clock: &str) -> Option<(Time, i64)> {
    let (clock, ms) = clock.split_once('.').map_or((clock, None), |(clock, ms)| (clock, Some(ms)));
    let parts: Vec<u8> = clock.split(':').map(|part| part.parse().ok()).collect::<Option<_>>()?;
    match (parts.as_slice(), ms) {
        ([hour, minute], None) => Some((Time::from_hms(*hour, *minute, 0).ok()?, MINUTE)),
        ([hour, minute, second], None) => Some((Time::from_hms(*hour, *minute, *second).ok()?, SECOND)),
        ([hour, minute, second], Some(ms)) if ms.len() == 3 => {
            Some((Time::from_hms_milli(*hour, *minute, *second, ms.parse().ok()?).ok()?, 1))
        }
        _ => None,
    }
}

/// A status by its word in addresses, or on the screen.
pub fn status(word: &str) -> Option<Shown> {
    let status = match word.to_ascii_lowercase().as_str() {
        "running" => ExecutionStatus::Running,
        "succeeded" => ExecutionStatus::Succeeded,
        "failed" => ExecutionStatus::Failed,
        "timed_out" | "timedout" => ExecutionStatus::TimedOut,
        "stopped" | "aborted" => ExecutionStatus::Aborted,
        "waiting" => return Some(Shown::Waiting),
        _ => return None,
    };
    Some(Shown::Status(status))
}
