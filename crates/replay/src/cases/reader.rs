//! Reads the fields of TOML tables, and collects every mistake with its place.

use std::ops::Range;

use countersign_asl::read_json;
use countersign_engine::timestamp;
use serde_json::{Map, Number, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{At, Lines, Problem, nearest};

/// A value with its span.
pub(super) type Entry<'i> = Spanned<DeValue<'i>>;

/// The text of a file, and what is wrong with it so far.
pub(super) struct Reader<'t> {
    pub lines: Lines<'t>,
    pub problems: Vec<Problem>,
}

impl<'t> Reader<'t> {
    pub fn of(text: &'t str) -> Self {
        Self { lines: Lines::of(text), problems: Vec::new() }
    }

    pub fn refuse(&mut self, span: &Range<usize>, message: impl Into<String>, remedy: impl Into<String>) {
        let (line, column) = self.lines.place(span.start);
        self.problems.push(Problem { line, column, message: message.into(), remedy: remedy.into() });
    }

    pub fn at<T>(&self, span: &Range<usize>, value: T) -> At<T> {
        let (line, column) = self.lines.place(span.start);
        At { value, line, column }
    }

    /// Refuses the keys of a table that are not known.
    pub fn only(&mut self, table: &DeTable<'_>, what: &str, known: &[&str]) {
        for key in table.keys().filter(|key| !known.contains(&key.get_ref().as_ref())) {
            let remedy = match nearest(key.get_ref(), known.iter().copied()) {
                Some(near) => format!("Did you mean `{near}`?"),
                None => format!("{what} has these keys: {}.", known.join(", ")),
            };
            self.refuse(&key.span(), format!("{what} has no key `{}`", key.get_ref()), remedy);
        }
    }

    fn wrong(&mut self, entry: &Entry<'_>, key: &str, expected: &str, remedy: &str) {
        let message = format!("`{key}` is {}, not {expected}", described(entry.get_ref()));
        self.refuse(&entry.span(), message, remedy);
    }

    pub fn table<'a, 'i>(&mut self, table: &'a DeTable<'i>, key: &str) -> Option<&'a DeTable<'i>> {
        let entry = table.get(key)?;
        let found = entry.get_ref().as_table();
        if found.is_none() {
            self.wrong(entry, key, "a table", &format!("Write it as a table: [{key}], or {key} = {{ ... }}."));
        }
        found
    }

    pub fn text(&mut self, table: &DeTable<'_>, key: &str) -> Option<At<String>> {
        let entry = table.get(key)?;
        match entry.get_ref() {
            DeValue::String(text) => Some(self.at(&entry.span(), text.to_string())),
            _ => {
                self.wrong(entry, key, "a text", &format!("Write it as {key} = \"...\"."));
                None
            }
        }
    }

    /// Whether a key is there with the value `true`, which is the only one that says something.
    pub fn set(&mut self, table: &DeTable<'_>, key: &str) -> bool {
        let Some(entry) = table.get(key) else { return false };
        let is_true = matches!(entry.get_ref(), DeValue::Boolean(true));
        if !is_true {
            self.refuse(
                &entry.span(),
                format!("`{key}` is always true"),
                format!("Write {key} = true, or leave it out."),
            );
        }
        is_true
    }

    /// A whole number from 0.
    pub fn count(&mut self, entry: &Entry<'_>, key: &str) -> Option<u64> {
        let number = match entry.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        if number.is_none() {
            self.wrong(entry, key, "a whole number", &format!("Write a number from 0: {key} = 2."));
        }
        number
    }

    /// A list of texts.
    pub fn names(&mut self, table: &DeTable<'_>, key: &str) -> Option<At<Vec<At<String>>>> {
        let entry = table.get(key)?;
        let DeValue::Array(items) = entry.get_ref() else {
            self.wrong(entry, key, "a list of names", &format!("Write it as {key} = [\"...\", \"...\"]."));
            return None;
        };
        let mut names = Vec::new();
        for item in items.iter() {
            match item.get_ref() {
                DeValue::String(name) => names.push(self.at(&item.span(), name.to_string())),
                _ => self.wrong(item, key, "a name", "Write the names of states, in quotation marks."),
            }
        }
        Some(self.at(&entry.span(), names))
    }

    /// A JSON value: a text is JSON itself, anything else of TOML is what it is.
    pub fn json(&mut self, table: &DeTable<'_>, key: &str) -> Option<At<Value>> {
        let (text, at) = self.json_text(table, key)?;
        // It was read before.
        let value = read_json(&text).unwrap_or(Value::Null);
        Some(At { value, line: at.line, column: at.column })
    }

    /// The same as its text: what is written as JSON keeps its digits and the order of its keys.
    pub fn json_text(&mut self, table: &DeTable<'_>, key: &str) -> Option<(String, At<()>)> {
        let entry = table.get(key)?;
        let at = self.at(&entry.span(), ());
        let DeValue::String(text) = entry.get_ref() else {
            let value = self.value(entry)?;
            return Some((value.to_string(), at));
        };
        match read_json(text) {
            Ok(_) => Some((text.to_string(), at)),
            Err(why) => {
                let (line, column) = place_in_json(text);
                let (line, column) = self.lines.within(&entry.span(), line, column);
                let remedy = format!(
                    "A text here is JSON. Correct it, or write a plain text in two kinds of quotation marks: {key} = '\"...\"'."
                );
                self.problems.push(Problem { line, column, message: format!("`{key}` is not JSON: {why}"), remedy });
                None
            }
        }
    }

    /// Any value, as JSON.
    pub fn value(&mut self, entry: &Entry<'_>) -> Option<Value> {
        Some(match entry.get_ref() {
            DeValue::String(text) => Value::from(text.as_ref()),
            DeValue::Boolean(value) => Value::from(*value),
            DeValue::Datetime(time) => Value::from(time.to_string()),
            DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
                Ok(number) => Value::from(number),
                Err(_) => return self.no_number(entry),
            },
            DeValue::Float(number) => match number.as_str().parse::<f64>().ok().and_then(Number::from_f64) {
                Some(number) => Value::Number(number),
                None => return self.no_number(entry),
            },
            DeValue::Array(items) => {
                Value::Array(items.iter().map(|item| self.value(item)).collect::<Option<Vec<Value>>>()?)
            }
            DeValue::Table(table) => {
                let mut object = Map::new();
                for (key, value) in table {
                    object.insert(key.get_ref().to_string(), self.value(value)?);
                }
                Value::Object(object)
            }
        })
    }

    fn no_number(&mut self, entry: &Entry<'_>) -> Option<Value> {
        self.refuse(&entry.span(), "JSON has no such number", "Write a finite number, or the value as JSON text.");
        None
    }

    /// A point in time, in milliseconds since the epoch.
    pub fn time(&mut self, table: &DeTable<'_>, key: &str) -> Option<i64> {
        let entry = table.get(key)?;
        let text = match entry.get_ref() {
            DeValue::String(text) => text.to_string(),
            DeValue::Datetime(time) => time.to_string(),
            _ => String::new(),
        };
        let found = timestamp::parse(&text).map(timestamp::Instant::millis);
        if found.is_none() {
            self.wrong(
                entry,
                key,
                "a point in time",
                &format!("Write date, time and zone: {key} = \"2026-03-02T09:00:00Z\"."),
            );
        }
        found
    }

    /// A duration in milliseconds: a number of seconds, or a text such as `1h 30m`.
    pub fn duration(&mut self, table: &DeTable<'_>, key: &str) -> Option<At<i64>> {
        let entry = table.get(key)?;
        let found = match entry.get_ref() {
            DeValue::Integer(number) => {
                let seconds = i64::from_str_radix(number.as_str(), number.radix()).ok();
                seconds.and_then(|seconds| seconds.checked_mul(1_000))
            }
            DeValue::Float(number) => number.as_str().parse::<f64>().ok().and_then(milliseconds_of),
            DeValue::String(text) => milliseconds(text),
            _ => None,
        };
        let found = found.filter(|found| *found >= 0);
        if found.is_none() {
            let remedy = format!("Write a number of seconds, or units: {key} = \"1h 30m\" (d, h, m, s, ms).");
            self.wrong(entry, key, "a duration", &remedy);
        }
        found.map(|found| self.at(&entry.span(), found))
    }
}

/// Where the parser stopped in a text that is no JSON: line and column, from 1.
fn place_in_json(text: &str) -> (u32, u32) {
    let number = |count: usize| u32::try_from(count.max(1)).unwrap_or(u32::MAX);
    let error = serde_json::from_str::<serde::de::IgnoredAny>(text).err();
    error.map_or((1, 1), |error| (number(error.line()), number(error.column())))
}

/// A number of seconds in milliseconds; `None` for what is no such number, or more than can be counted.
fn milliseconds_of(seconds: f64) -> Option<i64> {
    // Beyond 2^53 milliseconds, which are 285,000 years, not every one has a number.
    let milliseconds = seconds * 1_000.0;
    (0.0..=9_007_199_254_740_992.0).contains(&milliseconds).then_some(milliseconds as i64)
}

/// `1h 30m`, `2s`, `250ms`.
fn milliseconds(text: &str) -> Option<i64> {
    let mut rest = text.trim();
    let mut total = 0_i64;
    while !rest.is_empty() {
        let digits = rest.find(|letter: char| !letter.is_ascii_digit()).filter(|digits| *digits > 0)?;
        let number: i64 = rest[..digits].parse().ok()?;
        let behind = rest[digits..].trim_start();
        let unit = behind.find(|letter: char| !letter.is_ascii_alphabetic()).unwrap_or(behind.len());
        let factor = match &behind[..unit] {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return None,
        };
        total = total.checked_add(number.checked_mul(factor)?)?;
        rest = behind[unit..].trim_start();
    }
    (!text.trim().is_empty()).then_some(total)
}

/// A duration as people write it: `1h 30m`.
pub(crate) fn duration_text(ms: i64) -> String {
    let mut left = ms.max(0);
    let mut parts = Vec::new();
    for (unit, factor) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)] {
        if left >= factor {
            parts.push(format!("{}{unit}", left / factor));
            left %= factor;
        }
    }
    if parts.is_empty() { "0s".to_owned() } else { parts.join(" ") }
}

/// What a value of TOML is, for a sentence.
fn described(value: &DeValue<'_>) -> String {
    match value {
        DeValue::String(text) => format!("the text {text:?}"),
        DeValue::Integer(number) => number.to_string(),
        DeValue::Float(number) => number.to_string(),
        DeValue::Boolean(value) => value.to_string(),
        DeValue::Datetime(time) => time.to_string(),
        DeValue::Array(_) => "a list".to_owned(),
        DeValue::Table(_) => "a table".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_units() {
        for (text, ms) in [("1h 30m", 5_400_000), ("2s", 2_000), ("1s250ms", 1_250), ("1 d", 86_400_000), ("0s", 0)] {
            assert_eq!(milliseconds(text), Some(ms), "{text}");
        }
        for wrong in ["", "h", "5", "5 weeks", "-3s", "1.5s"] {
            assert_eq!(milliseconds(wrong), None, "{wrong}");
        }
        assert_eq!([5_400_000, 0, 1_250].map(duration_text), ["1h 30m", "0s", "1s 250ms"]);
        assert_eq!((milliseconds_of(1.25), milliseconds_of(0.0)), (Some(1_250), Some(0)));
        for wrong in [f64::NAN, f64::INFINITY, -1.0, 1e300] {
            assert_eq!(milliseconds_of(wrong), None, "{wrong}");
        }
    }
}
