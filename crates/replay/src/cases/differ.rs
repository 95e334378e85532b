//! Two JSON values: where they differ.

use std::fmt;

use serde_json::Value;

use super::path::{Step, path_text};

/// The most differences that are listed: of two values that have little in common, more say nothing.
const MOST: usize = 20;
/// The most characters of a value in a difference.
const SHOWN: usize = 120;

/// A place in which two values differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// `$.lines[0].price`
    pub path: String,
    /// `None` if nothing is expected there.
    pub expected: Option<Value>,
    /// `None` if there is nothing.
    pub actual: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, expected, actual } = self;
        match (expected, actual) {
            (Some(expected), Some(actual)) => {
                write!(formatter, "{path}: expected {}, got {}", shown(expected), shown(actual))
            }
            (Some(expected), None) => write!(formatter, "{path}: expected {}, and it is missing", shown(expected)),
            (None, Some(actual)) => write!(formatter, "{path}: not expected, got {}", shown(actual)),
            (None, None) => write!(formatter, "{path}"),
        }
    }
}

/// A value in one line.
pub(super) fn shown(value: &Value) -> String {
    let text = value.to_string();
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

/// Where `actual` is not `expected`. Numbers are compared by their values: 48 is 48.0.
#[must_use]
pub fn differences(expected: &Value, actual: &Value) -> Vec<Difference> {
    found(expected, actual, true)
}

/// Where `actual` does not have what `expected` has. Objects may have more fields; lists have as many items.
#[must_use]
pub fn missing_from(expected: &Value, actual: &Value) -> Vec<Difference> {
    found(expected, actual, false)
}

fn found(expected: &Value, actual: &Value, whole: bool) -> Vec<Difference> {
    let mut search = Search { whole, found: Vec::new(), steps: Vec::new() };
    search.compare(expected, actual);
    search.found
}

struct Search<'a> {
    whole: bool,
    found: Vec<Difference>,
    steps: Vec<Step<'a>>,
}

impl<'a> Search<'a> {
    fn compare(&mut self, expected: &'a Value, actual: &'a Value) {
        if self.found.len() >= MOST {
            return;
        }
        match (expected, actual) {
            (Value::Object(expected), Value::Object(actual)) => {
                for (name, value) in expected {
                    self.within(Step::Field(name), Some(value), actual.get(name));
                }
                let more = actual.iter().filter(|(name, _)| self.whole && !expected.contains_key(*name));
                for (name, value) in more.collect::<Vec<_>>() {
                    self.within(Step::Field(name), None, Some(value));
                }
            }
            (Value::Array(expected), Value::Array(actual)) => {
                for index in 0..expected.len().max(actual.len()) {
                    self.within(Step::Index(index), expected.get(index), actual.get(index));
                }
            }
            _ if is_same(expected, actual) => {}
            _ => self.note(Some(expected), Some(actual)),
        }
    }

    fn within(&mut self, step: Step<'a>, expected: Option<&'a Value>, actual: Option<&'a Value>) {
        self.steps.push(step);
        match (expected, actual) {
            (Some(expected), Some(actual)) => self.compare(expected, actual),
            _ => self.note(expected, actual),
        }
        self.steps.pop();
    }

    fn note(&mut self, expected: Option<&Value>, actual: Option<&Value>) {
        if self.found.len() < MOST {
            let path = path_text(&self.steps);
            self.found.push(Difference { path, expected: expected.cloned(), actual: actual.cloned() });
        }
    }
}

fn is_same(expected: &Value, actual: &Value) -> bool {
    match (expected, actual) {
        (Value::Number(expected), Value::Number(actual)) => {
            expected == actual || expected.as_f64() == actual.as_f64() && !(expected.is_i64() && actual.is_i64())
        }
        _ => expected == actual,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(found: Vec<Difference>, expect: &[&str]) {
        assert_eq!(found.iter().map(ToString::to_string).collect::<Vec<_>>(), expect);
    }

    #[test]
    fn every_difference_has_its_path() {
        let (expected, actual) =
            (json!({"a": 1, "b": [1, {"c d": "x"}], "e": null}), json!({"a": 2, "b": [1, {"c d": "y"}, 3], "f": 0}));
        check(
            differences(&expected, &actual),
            &[
                "$.a: expected 1, got 2",
                "$.b[1]['c d']: expected \"x\", got \"y\"",
                "$.b[2]: not expected, got 3",
                "$.e: expected null, and it is missing",
                "$.f: not expected, got 0",
            ],
        );
        check(differences(&json!([1, 48]), &json!([1.0, 48.0])), &[]);
        check(
            differences(&json!(9_007_199_254_740_993_i64), &json!(9_007_199_254_740_992_i64)),
            &["$: expected 9007199254740993, got 9007199254740992"],
        );
        check(differences(&json!({}), &json!([])), &["$: expected {}, got []"]);
    }

    #[test]
    fn a_part_may_have_more_around_it() {
        let actual = json!({"a": {"b": 1, "c": 2}, "list": [{"x": 1, "y": 2}]});
        check(missing_from(&json!({"a": {"c": 2}, "list": [{"y": 2}]}), &actual), &[]);
        check(missing_from(&json!({"list": []}), &actual), &["$.list[0]: not expected, got {\"x\":1,\"y\":2}"]);
        check(missing_from(&json!({"a": {"d": 1}}), &actual), &["$.a.d: expected 1, and it is missing"]);
    }

    #[test]
    fn not_every_difference_of_two_strangers_is_listed() {
        let values: Vec<u32> = (0..1_000).collect();
        assert_eq!(differences(&json!(values), &json!([])).len(), MOST);
    }
}
