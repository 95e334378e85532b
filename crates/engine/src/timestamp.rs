//! RFC 3339 times, as `Timestamp` fields and comparisons take them.

/// `2024-01-31T12:00:00.000Z`, of milliseconds since the epoch.
pub fn format(millis: i64) -> String {
    let (days, rest) = (millis.div_euclid(86_400_000), millis.rem_euclid(86_400_000));
    let (year, month, day) = civil(days);
    let (seconds, milli) = (rest / 1000, rest % 1000);
    format!(
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{milli:03}Z",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    )
}

/// A moment, to the billionth of a second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Instant {
    /// Since the epoch.
    pub seconds: i64,
    nanos: i64,
}

impl Instant {
    /// Milliseconds since the epoch.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.seconds.saturating_mul(1_000).saturating_add(self.nanos / 1_000_000)
    }
}

/// A time in the profile that the language allows: a capital `T`, and a capital `Z` or an offset.
pub fn parse(text: &str) -> Option<Instant> {
    let bytes = text.as_bytes();
    let number = |from: usize, to: usize| -> Option<i64> {
        let part = bytes.get(from..to)?;
        part.iter().try_fold(0i64, |n, b| b.is_ascii_digit().then(|| n * 10 + i64::from(b - b'0')))
    };
    let at = |i: usize, c: u8| (bytes.get(i) == Some(&c)).then_some(());
    let (year, month, day) = (number(0, 4)?, number(5, 7)?, number(8, 10)?);
    let (hour, minute, second) = (number(11, 13)?, number(14, 16)?, number(17, 19)?);
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':')];
    marks.into_iter().try_for_each(|(i, c)| at(i, c))?;
    let month_length = [31, if leap(year) { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let days_of_month = *month_length.get(usize::try_from(month - 1).ok()?)?;
    if !(1..=days_of_month).contains(&day) || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut end = 19;
    let mut nanos = 0;
    if at(19, b'.').is_some() {
        let digits = bytes[20..].iter().take_while(|b| b.is_ascii_digit()).count();
        if digits == 0 || digits > 9 {
            return None;
        }
        nanos = number(20, 20 + digits)? * 10i64.pow(9 - digits as u32);
        end = 20 + digits;
    }
    let offset = match bytes.get(end)? {
        b'Z' if bytes.len() == end + 1 => 0,
        sign @ (b'+' | b'-') if bytes.len() == end + 6 => {
            at(end + 3, b':')?;
            let minutes = number(end + 1, end + 3)? * 60 + number(end + 4, end + 6)?;
            if *sign == b'-' { -minutes } else { minutes }
        }
        _ => return None,
    };
    let seconds = days_of(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset * 60;
    Some(Instant { seconds, nanos })
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days since the epoch of a date, after Howard Hinnant's `days_from_civil`.
fn days_of(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The date of a number of days since the epoch, after Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let m = (5 * of_year + 2) / 153;
    let month = if m < 10 { m + 3 } else { m - 9 };
    let year = year + era * 400 + i64::from(month <= 2);
    (year, month, of_year - (153 * m + 2) / 5 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<i64>) {
        assert_eq!(parse(text).map(|i| i.millis()), expect, "{text}");
    }

    #[test]
    fn times_of_the_profile_are_read() {
        check("2023-11-14T22:13:20Z", Some(1_700_000_000_000));
        check("2023-11-14T22:13:20.123456789Z", Some(1_700_000_000_123));
        check("2023-11-15T00:13:20+02:00", Some(1_700_000_000_000));
        check("1969-12-31T23:59:59Z", Some(-1000));
        for wrong in ["2016-12-05 21:29:29Z", "2016-12-05T21:29:29", "2016-13-05T21:29:29Z", "2016-02-30T21:29:29Z", ""]
        {
            check(wrong, None);
        }
    }

    #[test]
    fn times_are_compared_to_the_last_digit() {
        let before = |a, b| assert!(parse(a) < parse(b), "{a} {b}");
        before("2023-11-14T22:13:20.123456788Z", "2023-11-14T22:13:20.123456789Z");
        before("1969-12-31T23:59:59.9Z", "1970-01-01T00:00:00Z");
        before("2023-11-14T22:13:20.1+01:00", "2023-11-14T22:13:20Z");
        assert_eq!(parse("2023-11-14T22:13:20.10Z"), parse("2023-11-14T23:13:20.1+01:00"));
    }

    #[test]
    fn times_come_back_as_they_went() {
        for text in ["2023-11-14T22:13:20.000Z", "2000-02-29T00:00:00.001Z", "1970-01-01T00:00:00.000Z"] {
            let millis = parse(text).map(|i| i.millis());
            assert_eq!(millis.map(format).as_deref(), Some(text));
        }
    }
}
