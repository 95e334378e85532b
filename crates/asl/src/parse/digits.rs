//! How the numbers of a text are written.
//!
//! A [`Value`] holds a number as a double or a 64-bit integer: `386.40` becomes 386.4, and a number of 23 digits loses most
//! of them. What is shown must be what was written, so the reader keeps, beside the value, the text of each number that the
//! value would show otherwise. Most definitions have none.

use std::collections::HashMap;

use serde_json::Value;

/// The texts of the numbers within one value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Digits {
    /// The value shows every number as it was written.
    #[default]
    AsShown,
    /// The value is this number.
    Number(String),
    Members(HashMap<String, Digits>),
    Items(HashMap<usize, Digits>),
}

/// The digits of a value whose numbers are all shown as they were written.
pub(crate) static AS_SHOWN: Digits = Digits::AsShown;

impl Digits {
    /// The digits of a number that is written as `text`.
    pub fn of(number: &Value, text: &str) -> Digits {
        let shown = number.to_string();
        if number.is_number() && shown != text { Digits::Number(text.to_owned()) } else { Digits::AsShown }
    }

    /// Adds those of the member `key`, in place of an earlier member with this key.
    pub fn put_member(&mut self, key: &str, digits: Digits) {
        match (self, digits) {
            (Digits::Members(members), Digits::AsShown) => _ = members.remove(key),
            (Digits::Members(members), digits) => _ = members.insert(key.to_owned(), digits),
            (_, Digits::AsShown) => {}
            (own, digits) => *own = Digits::Members(HashMap::from([(key.to_owned(), digits)])),
        }
    }

    /// Adds those of the item at `index`.
    pub fn put_item(&mut self, index: usize, digits: Digits) {
        match (self, digits) {
            (_, Digits::AsShown) => {}
            (Digits::Items(items), digits) => _ = items.insert(index, digits),
            (own, digits) => *own = Digits::Items(HashMap::from([(index, digits)])),
        }
    }

    fn member(&self, key: &str) -> &Digits {
        match self {
            Digits::Members(members) => members.get(key).unwrap_or(&AS_SHOWN),
            _ => &AS_SHOWN,
        }
    }

    fn item(&self, index: usize) -> &Digits {
        match self {
            Digits::Items(items) => items.get(&index).unwrap_or(&AS_SHOWN),
            _ => &AS_SHOWN,
        }
    }
}

/// A value of a text, with its numbers as they were written.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Written<'a> {
    pub value: &'a Value,
    digits: &'a Digits,
}

impl<'a> Written<'a> {
    pub fn new(value: &'a Value, digits: &'a Digits) -> Self {
        Self { value, digits }
    }

    pub fn get(self, key: &str) -> Option<Written<'a>> {
        Some(Written { value: self.value.get(key)?, digits: self.digits.member(key) })
    }

    pub fn str(self, key: &str) -> Option<&'a str> {
        self.value.get(key)?.as_str()
    }

    /// The items of the list under `key`; empty where there is none.
    pub fn list(self, key: &str) -> impl Iterator<Item = Written<'a>> {
        self.get(key).into_iter().flat_map(Written::items)
    }

    pub fn items(self) -> impl Iterator<Item = Written<'a>> {
        let items = self.value.as_array().into_iter().flatten().enumerate();
        items.map(move |(index, value)| Written { value, digits: self.digits.item(index) })
    }

    /// The members of an object, in their order; empty for any other value.
    pub fn members(self) -> impl Iterator<Item = (&'a String, Written<'a>)> {
        let members = self.value.as_object().into_iter().flatten();
        members.map(move |(key, value)| (key, Written { value, digits: self.digits.member(key) }))
    }

    /// The value as JSON in one line, each number as it was written. Recurses no deeper than the value, which has at most
    /// [`super::MAX_DEPTH`] levels.
    pub fn json(self) -> String {
        match (self.digits, self.value) {
            (Digits::AsShown, value) => value.to_string(),
            (Digits::Number(text), _) => text.clone(),
            (_, Value::Array(_)) => format!("[{}]", self.items().map(Written::json).collect::<Vec<_>>().join(",")),
            (_, Value::Object(_)) => {
                let member =
                    |(key, value): (&String, Written)| format!("{}:{}", Value::from(key.as_str()), value.json());
                format!("{{{}}}", self.members().map(member).collect::<Vec<_>>().join(","))
            }
            (_, value) => value.to_string(),
        }
    }

    /// A text as it is, any other value as JSON.
    pub fn words(self) -> String {
        self.value.as_str().map_or_else(|| self.json(), str::to_owned)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a text that cannot be read is a failed test")]
    use super::super::reader::read;
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let document = read(text, false).unwrap();
        assert_eq!(Written::new(&document.value, &document.digits).json(), expected);
    }

    #[test]
    fn numbers_are_kept_as_they_were_written() {
        check("386.40", "386.40");
        check("98765432109876543210987", "98765432109876543210987");
        check(r#"{"a": [1, 1.0, {"b\n": -0, "c": 1e3}], "d": 5}"#, r#"{"a":[1,1.0,{"b\n":-0,"c":1e3}],"d":5}"#);
        // The last of two members counts, and so do its digits.
        check(r#"{"a": 1.50, "b": 2.50, "a": 7}"#, r#"{"a":7,"b":2.50}"#);
        check(r#"{"a": {"x": 1.50}, "a": [1.50]}"#, r#"{"a":[1.50]}"#);
    }

    #[test]
    fn a_text_without_such_numbers_costs_nothing() {
        let text = format!("{{\"{}\": [0{}]}}", "k".repeat(1_900), ",0".repeat(100_000));
        assert_eq!(read(&text, true).unwrap().digits, Digits::AsShown);
    }
}
