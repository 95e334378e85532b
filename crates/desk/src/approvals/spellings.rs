//! The parts of a request and a form as they were written: an expression hands on `386.40` as `386.4`, and an answer has
//! `386.40` again.

use std::collections::HashMap;
use std::collections::hash_map::Entry;

use countersign_json::{Json, Kind, Value as Written, quoted};
use serde_json::Value;

/// Levels down to which objects and lists are known as a whole; numbers are known at any.
const LEVELS: usize = 8;

/// Numbers, objects and lists by their values; `None` where two spellings have the same value.
#[derive(Default)]
pub struct Spellings {
    known: HashMap<String, Option<String>>,
}

impl Spellings {
    /// Adds all parts of a JSON text.
    pub fn learn(&mut self, text: &str) {
        if let Ok(json) = Json::read(text) {
            self.add(json.root(), 0);
        }
    }

    fn add(&mut self, value: Written, level: usize) {
        match value.kind() {
            Kind::Object => value.members().for_each(|(_, value)| self.add(value, level + 1)),
            Kind::Array => value.items().for_each(|value| self.add(value, level + 1)),
            Kind::Number => {}
            _ => return,
        }
        if value.kind() != Kind::Number && level > LEVELS {
            return;
        }
        let Ok(read) = serde_json::from_str::<Value>(value.raw()) else { return };
        match self.known.entry(key(&read)) {
            Entry::Vacant(free) => {
                free.insert(Some(value.raw().to_owned()));
            }
            Entry::Occupied(mut taken) => {
                if taken.get().as_deref() != Some(value.raw()) {
                    taken.insert(None);
                }
            }
        }
    }

    /// A value as JSON text, with the parts that are known as they were written.
    #[must_use]
    pub fn write(&self, value: &Value) -> String {
        if matches!(value, Value::Number(_) | Value::Object(_) | Value::Array(_))
            && let Some(Some(written)) = self.known.get(&key(value))
        {
            return written.clone();
        }
        match value {
            Value::Array(items) => {
                format!("[{}]", items.iter().map(|item| self.write(item)).collect::<Vec<_>>().join(","))
            }
            Value::Object(fields) => {
                let member = |(key, value): (&String, &Value)| format!("{}:{}", quoted(key), self.write(value));
                format!("{{{}}}", fields.iter().map(member).collect::<Vec<_>>().join(","))
            }
            other => other.to_string(),
        }
    }
}

/// A text that two values share if an expression cannot tell them apart: its numbers are doubles.
fn key(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| format!("{number:e}")),
        Value::Array(items) => format!("[{}]", items.iter().map(key).collect::<Vec<_>>().join(",")),
        Value::Object(fields) => {
            let member = |(name, value): (&String, &Value)| format!("{}:{}", quoted(name), key(value));
            format!("{{{}}}", fields.iter().map(member).collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    }
}

/// The value at a path such as `$request.order.lines`, as it was written; `None` where only evaluation can tell.
#[must_use]
pub fn at_path<'j>(expression: &str, name: &str, json: &'j Json<'_>) -> Option<&'j str> {
    let rest = expression.strip_prefix('$')?.strip_prefix(name)?;
    let mut value = json.root();
    if !rest.is_empty() {
        for step in rest.strip_prefix('.')?.split('.') {
            let is_name = step.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
                && step.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name || value.kind() != Kind::Object {
                return None;
            }
            value = value.get(step)?;
        }
    }
    Some(value.raw())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn parts_come_back_as_they_were_written() {
        let mut spellings = Spellings::default();
        spellings.learn(r#"{"a":386.40,"b":{"z":1,"y":9007199254740993},"c":[1.5,1.50],"d":12345678901234567890123}"#);
        for (value, expect) in [
            ("386.4", "386.40"),
            (r#"{"z":1,"y":9007199254740992}"#, r#"{"z":1,"y":9007199254740993}"#),
            (r#"{"n":{"x":386.4}}"#, r#"{"n":{"x":386.40}}"#),
            ("1.5", "1.5"),
            ("1.2345678901234568e22", "12345678901234567890123"),
            (r#""386.4""#, r#""386.4""#),
        ] {
            assert_eq!(spellings.write(&serde_json::from_str(value).unwrap()), expect, "{value}");
        }
    }

    #[test]
    fn a_path_is_read_where_it_is_plain() {
        let json = Json::read(r#"{"a":{"b":1.50},"l":[{"c":1}]}"#).unwrap();
        assert_eq!(at_path("$request.a", "request", &json), Some(r#"{"b":1.50}"#));
        assert_eq!(at_path("$request.a.b", "request", &json), Some("1.50"));
        assert_eq!(at_path("$request", "request", &json), Some(json.text()));
        for other in ["$request.l.c", "$request.a.b + 1", "$request.none", "$requests", "$request.a[0]"] {
            assert_eq!(at_path(other, "request", &json), None, "{other}");
        }
    }
}
