//! By when a request should be decided: durations and times of day, counted in business hours where the rule has any.

use std::fmt;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::Deserialize;
use serde::de::{Deserializer, Error as _};

/// The most days that are looked through for business hours.
const DAYS: usize = 1_500;
/// The longest duration, in milliseconds: a request waits for a year at most.
const LONGEST: i64 = 366 * 24 * 3_600_000;

/// A duration such as `90m`, `4h` or `2d12h`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// Milliseconds.
    pub ms: i64,
}

/// When something is due: so long after the request began to wait, or at the next such time of day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    After(Span),
    At(Time),
}

/// The hours in which people work.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BusinessHours {
    /// Such as `09:00-17:00`.
    hours: Hours,
    /// Such as `["mon", "tue"]`.
    #[serde(default = "work_days")]
    days: Vec<Day>,
    /// A name of the time zone database, such as `Europe/Berlin`.
    time_zone: Zone,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Hours {
    from: Time,
    to: Time,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Zone(TimeZone);

fn work_days() -> Vec<Day> {
    vec![Day::Mon, Day::Tue, Day::Wed, Day::Thu, Day::Fri]
}

impl Day {
    const fn weekday(self) -> Weekday {
        match self {
            Self::Mon => Weekday::Monday,
            Self::Tue => Weekday::Tuesday,
            Self::Wed => Weekday::Wednesday,
            Self::Thu => Weekday::Thursday,
            Self::Fri => Weekday::Friday,
            Self::Sat => Weekday::Saturday,
            Self::Sun => Weekday::Sunday,
        }
    }
}

impl Span {
    /// Reads `90m`, `4h` or `2d12h`; the units are d, h, m and s.
    fn read(text: &str) -> Option<Self> {
        let mut ms: i64 = 0;
        let mut rest = text;
        if rest.is_empty() {
            return None;
        }
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let amount: i64 = rest.get(..digits)?.parse().ok()?;
            let unit = match rest.as_bytes().get(digits)? {
                b'd' => 24 * 3_600_000,
                b'h' => 3_600_000,
                b'm' => 60_000,
                b's' => 1_000,
                _ => return None,
            };
            ms = ms.checked_add(amount.checked_mul(unit)?)?;
            rest = &rest[digits + 1..];
        }
        (1..=LONGEST).contains(&ms).then_some(Self { ms })
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !(two(hour) && two(minute)) {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

impl<'de> Deserialize<'de> for Span {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        Self::read(&text)
            .ok_or_else(|| D::Error::custom(format!("{text:?} is no duration: write 90m, 4h or 2d12h, at most a year")))
    }
}

impl<'de> Deserialize<'de> for Due {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let due = Span::read(&text).map(Self::After).or_else(|| time_of_day(&text).map(Self::At));
        due.ok_or_else(|| {
            D::Error::custom(format!("{text:?} is neither a duration such as 4h nor a time of day such as 17:00"))
        })
    }
}

impl<'de> Deserialize<'de> for Hours {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let read = || {
            let (from, to) = text.split_once('-')?;
            let hours = Self { from: time_of_day(from.trim())?, to: time_of_day(to.trim())? };
            (hours.from < hours.to).then_some(hours)
        };
        read().ok_or_else(|| D::Error::custom(format!("{text:?} are no hours of a day: write 09:00-17:00")))
    }
}

impl<'de> Deserialize<'de> for Zone {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        TimeZone::get(&text).map(Self).map_err(|_| {
            D::Error::custom(format!("there is no time zone {text:?}: write a name such as Europe/Berlin or UTC"))
        })
    }
}

impl fmt::Display for Due {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::After(span) => write!(to, "{} ms", span.ms),
            Self::At(time) => write!(to, "{time}"),
        }
    }
}

impl BusinessHours {
    fn is_work_day(&self, day: Weekday) -> bool {
        self.days.iter().any(|one| one.weekday() == day)
    }

    /// The work time of each day from `from` on: its beginning and its end, in milliseconds since the epoch.
    fn days_from(&self, from: i64) -> Option<Vec<(i64, i64)>> {
        let begin = zoned(from, &self.time_zone.0)?;
        let mut date = begin.date();
        let mut found = Vec::new();
        for _ in 0..DAYS {
            if self.is_work_day(date.weekday()) {
                let at = |time: Time| {
                    Some(date.to_datetime(time).to_zoned(self.time_zone.0.clone()).ok()?.timestamp().as_millisecond())
                };
                found.push((at(self.hours.from)?, at(self.hours.to)?));
            }
            date = date.tomorrow().ok()?;
        }
        Some(found)
    }

    /// So much work time after `from`.
    fn after(&self, from: i64, span: Span) -> Option<i64> {
        let mut left = span.ms;
        for (begin, end) in self.days_from(from)? {
            let begin = begin.max(from);
            let room = end - begin;
            if room <= 0 {
                continue;
            }
            if left <= room {
                return Some(begin + left);
            }
            left -= room;
        }
        None
    }

    /// So much work time before `until`, not before `from`.
    fn before(&self, until: i64, span: Span, from: i64) -> Option<i64> {
        let mut left = span.ms;
        let days = self.days_from(from)?;
        for (begin, end) in days.into_iter().rev().filter(|(begin, _)| *begin < until) {
            let end = end.min(until);
            let room = end - begin.max(from);
            if room <= 0 {
                continue;
            }
            if left <= room {
                return Some(end - left);
            }
            left -= room;
        }
        None
    }
}

fn zoned(at: i64, zone: &TimeZone) -> Option<Zoned> {
    Some(Timestamp::from_millisecond(at).ok()?.to_zoned(zone.clone()))
}

/// When something is due that began at `from`, in milliseconds since the epoch; `None` where no such time comes.
#[must_use]
pub fn due_at(due: Due, hours: Option<&BusinessHours>, from: i64) -> Option<i64> {
    match (due, hours) {
        (Due::After(span), hours) => after(span, hours, from),
        (Due::At(time), hours) => {
            let zone = hours.map_or(TimeZone::UTC, |hours| hours.time_zone.0.clone());
            let mut date = zoned(from, &zone)?.date();
            for _ in 0..DAYS {
                let at = date.to_datetime(time).to_zoned(zone.clone()).ok()?.timestamp().as_millisecond();
                if at > from && hours.is_none_or(|hours| hours.is_work_day(date.weekday())) {
                    return Some(at);
                }
                date = date.tomorrow().ok()?;
            }
            None
        }
    }
}

/// So long after `from`.
#[must_use]
pub fn after(span: Span, hours: Option<&BusinessHours>, from: i64) -> Option<i64> {
    match hours {
        Some(hours) => hours.after(from, span),
        None => from.checked_add(span.ms),
    }
}

/// So long before `until`; `None` where that is before `from`.
#[must_use]
pub fn before(until: i64, span: Span, hours: Option<&BusinessHours>, from: i64) -> Option<i64> {
    let at = match hours {
        Some(hours) => hours.before(until, span, from),
        None => until.checked_sub(span.ms),
    };
    at.filter(|at| *at > from)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[derive(Deserialize)]
    struct Rule {
        due: Due,
        hours: Option<BusinessHours>,
    }

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_millisecond()
    }

    #[track_caller]
    fn check(toml: &str, from: &str, expect: &str) {
        let rule: Rule = toml::from_str(toml).unwrap();
        let due = due_at(rule.due, rule.hours.as_ref(), at(from)).unwrap();
        assert_eq!(Timestamp::from_millisecond(due).unwrap(), expect.parse::<Timestamp>().unwrap(), "{toml}");
    }

    const BERLIN: &str = "hours = { hours = \"09:00-17:00\", time_zone = \"Europe/Berlin\" }";

    #[test]
    fn a_duration_counts_from_the_request() {
        check("due = \"1h30m\"", "2024-03-01T10:00:00Z", "2024-03-01T11:30:00Z");
        check("due = \"2d\"", "2024-02-28T10:00:00Z", "2024-03-01T10:00:00Z");
    }

    #[test]
    fn business_hours_leave_out_nights_and_weekends() {
        // A Friday in winter: two hours on Friday, two on Monday.
        check(&format!("due = \"4h\"\n{BERLIN}"), "2024-03-01T14:00:00Z", "2024-03-04T10:00:00Z");
        // Before the hours of the day begin.
        check(&format!("due = \"30m\"\n{BERLIN}"), "2024-03-01T02:00:00Z", "2024-03-01T08:30:00Z");
        // Over the night in which summer begins: 17:00 is an hour earlier by UTC.
        check(&format!("due = \"8h\"\n{BERLIN}"), "2024-03-29T15:00:00Z", "2024-04-01T14:00:00Z");
    }

    #[test]
    fn a_time_of_day_is_the_next_one() {
        check("due = \"17:00\"", "2024-03-01T10:00:00Z", "2024-03-01T17:00:00Z");
        check("due = \"17:00\"", "2024-03-01T17:00:00Z", "2024-03-02T17:00:00Z");
        check(&format!("due = \"17:00\"\n{BERLIN}"), "2024-03-01T17:00:00Z", "2024-03-04T16:00:00Z");
    }

    #[test]
    fn a_reminder_counts_back() {
        let rule: Rule = toml::from_str(&format!("due = \"4h\"\n{BERLIN}")).unwrap();
        let (from, due) = (at("2024-03-01T14:00:00Z"), at("2024-03-04T10:00:00Z"));
        let hours = |amount: i64| Span { ms: amount * 3_600_000 };
        assert_eq!(before(due, hours(3), rule.hours.as_ref(), from), Some(at("2024-03-01T15:00:00Z")));
        assert_eq!(before(due, hours(5), rule.hours.as_ref(), from), None, "it waits for less than that");
        assert_eq!(before(due, hours(1), None, from), Some(due - 3_600_000));
    }

    #[test]
    fn mistakes_say_what_is_right() {
        for (toml, expect) in [
            ("due = \"4 hours\"", "neither a duration such as 4h nor a time of day"),
            ("due = \"24:00\"", "neither a duration"),
            ("due = \"0s\"", "neither a duration"),
            ("due = \"1h\"\nhours = { hours = \"17:00-09:00\", time_zone = \"UTC\" }", "are no hours of a day"),
            (
                "due = \"1h\"\nhours = { hours = \"09:00-17:00\", time_zone = \"Europe/Atlantis\" }",
                "there is no time zone",
            ),
            (
                "due = \"1h\"\nhours = { hours = \"09:00-17:00\", time_zone = \"UTC\", days = [\"moon\"] }",
                "unknown variant `moon`",
            ),
        ] {
            let error = toml::from_str::<Rule>(toml).err().map(|error| error.message().to_owned()).unwrap_or_default();
            assert!(error.contains(expect), "{toml}: {error}");
        }
    }
}
