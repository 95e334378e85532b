//! The values of a request's content that policies name.

use std::collections::BTreeSet;

use serde_json::Value;

/// A longer text is no tag.
const LONGEST: usize = 1_024;

/// A value that a policy can compare.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tag {
    Number(i64),
    Text(String),
}

/// The names in `hasTag("name")` and `getTag("name")`. A policy can name a value in no other way.
pub fn names(policies: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, call) in policies.match_indices("Tag") {
        let before = &policies[..at];
        if !(before.ends_with("has") || before.ends_with("get")) {
            continue;
        }
        let behind = policies[at + call.len()..].trim_start();
        let Some(quoted) = behind.strip_prefix('(').map(str::trim_start).and_then(|text| text.strip_prefix('"')) else {
            continue;
        };
        names.extend(unquoted(quoted));
    }
    names
}

/// A text up to its closing quote.
fn unquoted(text: &str) -> Option<String> {
    let mut out = String::new();
    let mut letters = text.chars();
    loop {
        match letters.next()? {
            '"' => return Some(out),
            '\\' => match letters.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                other => out.push(other),
            },
            letter => out.push(letter),
        }
    }
}

/// The value at each of these paths, where there is one: keys and the places of items, separated by dots.
pub fn tags<'n>(names: &'n BTreeSet<String>, content: &str) -> Vec<(&'n str, Tag)> {
    if names.is_empty() {
        return Vec::new();
    }
    let Ok(content) = serde_json::from_str::<Value>(content) else { return Vec::new() };
    names.iter().filter_map(|name| Some((name.as_str(), tag(at(&content, name)?)?))).collect()
}

/// The value at a path. A key may have a dot itself: the longest key that is there goes first.
fn at<'v>(value: &'v Value, path: &str) -> Option<&'v Value> {
    let step = |key: &str| match value {
        Value::Object(fields) => fields.get(key),
        Value::Array(items) => items.get(key.parse::<usize>().ok()?),
        _ => None,
    };
    if let Some(found) = step(path) {
        return Some(found);
    }
    path.rmatch_indices('.').find_map(|(dot, _)| at(step(&path[..dot])?, &path[dot + 1..]))
}

fn tag(value: &Value) -> Option<Tag> {
    match value {
        Value::Number(number) => Some(Tag::Number(whole(number))),
        Value::String(text) if text.len() <= LONGEST => Some(Tag::Text(text.clone())),
        Value::Bool(on) => Some(Tag::Text(on.to_string())),
        _ => None,
    }
}

/// A number as policies see it: fractions are rounded up, so that 1,000.01 is above 1,000.
#[expect(clippy::cast_possible_truncation, reason = "a number beyond the largest one is the largest one")]
fn whole(number: &serde_json::Number) -> i64 {
    number.as_i64().unwrap_or_else(|| number.as_f64().unwrap_or(f64::MAX).ceil() as i64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_that_policies_ask_for() {
        let text = r#"when { resource.numbers.hasTag("amount") && resource.numbers . getTag ( "a.\"b" ) > 1 }
            // resource.texts.getTag("country") == "DE" and Tag("x"), hasTag(resource.state)"#;
        assert_eq!(names(text).into_iter().collect::<Vec<_>>(), ["a.\"b", "amount", "country"]);
    }

    #[test]
    fn a_value_is_found_by_its_path() {
        let content = r#"{"amount":1000.01,"o":{"p.q":{"r":true}},"lines":[{"n":3}],"big":1e300,"s":"x","no":null,
            "low":-2.5,"amount2":18446744073709551615}"#;
        let names: BTreeSet<String> =
            ["amount", "o.p.q.r", "lines.0.n", "big", "s", "no", "low", "amount2", "lines", "o.x", "lines.9.n"]
                .map(str::to_owned)
                .into();
        let found = tags(&names, content);
        let found: Vec<(&str, Tag)> = found.into_iter().collect();
        let number = |name, value| (name, Tag::Number(value));
        let expected = [
            number("amount", 1001),
            number("amount2", i64::MAX),
            number("big", i64::MAX),
            number("lines.0.n", 3),
            number("low", -2),
            ("o.p.q.r", Tag::Text("true".into())),
            ("s", Tag::Text("x".into())),
        ];
        assert_eq!(found, expected);
        assert!(tags(&names, "no JSON").is_empty());
    }
}
