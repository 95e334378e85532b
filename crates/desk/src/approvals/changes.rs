//! What a request would change: two parts of it, side by side, field by field.

use std::collections::BTreeMap;

use countersign_json::{Json, Kind, Value};

/// The most fields of the table; the whole request has the rest.
pub const ROWS: usize = 100;
/// A longer value is cut.
const VALUE: usize = 300;
/// Levels of nesting that become fields; a deeper value is one field.
const LEVELS: usize = 8;

/// One field before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path, such as `address.city`.
    pub path: String,
    /// `None` where there is none.
    pub before: Option<String>,
    pub after: Option<String>,
}

impl Change {
    /// Whether the field changes.
    #[must_use]
    pub fn is_change(&self) -> bool {
        self.before != self.after
    }
}

/// The fields, those that change first, and how many are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    pub rows: Vec<Change>,
    pub left_out: usize,
}

/// The fields of two parts of a request's content; `None` where it has neither.
#[must_use]
pub fn changes(content: &str, before: &str, after: &str) -> Option<Changes> {
    let json = Json::read(content).ok()?;
    let (before, after) = (at(json.root(), before), at(json.root(), after));
    if before.is_none() && after.is_none() {
        return None;
    }
    let (before, after) = (fields(before), fields(after));
    let old: BTreeMap<&str, &str> = before.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
    let new: BTreeMap<&str, &str> = after.iter().map(|(path, value)| (path.as_str(), value.as_str())).collect();
    let gone = before.iter().filter(|(path, _)| !new.contains_key(path.as_str()));
    let row = |(path, _): &(String, String)| Change {
        path: path.clone(),
        before: old.get(path.as_str()).map(|value| cut(value)),
        after: new.get(path.as_str()).map(|value| cut(value)),
    };
    // Compared before anything is cut.
    let differs = |path: &str| old.get(path) != new.get(path);
    let all: Vec<(bool, Change)> = after.iter().chain(gone).map(|field| (differs(&field.0), row(field))).collect();
    let (changed, same): (Vec<_>, Vec<_>) = all.into_iter().partition(|(differs, _)| *differs);
    let mut rows: Vec<Change> = changed.into_iter().chain(same).map(|(_, row)| row).collect();
    let left_out = rows.len().saturating_sub(ROWS);
    rows.truncate(ROWS);
    Some(Changes { rows, left_out })
}

/// The steps of a path such as `$.order.lines[0]['a b']`; `None` where it is another kind of path.
fn steps(path: &str) -> Option<Vec<String>> {
    let mut rest = path.trim().strip_prefix('$')?;
    let mut steps = Vec::new();
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix('.') {
            let end = after.find(['.', '[']).unwrap_or(after.len());
            let name = after.get(..end).filter(|name| !name.is_empty())?;
            steps.push(name.to_owned());
            rest = &after[end..];
        } else {
            let (step, after) = rest.strip_prefix('[')?.split_once(']')?;
            let is_number = !step.is_empty() && step.bytes().all(|byte| byte.is_ascii_digit());
            let quoted = || step.strip_prefix('\'')?.strip_suffix('\'');
            steps.push(if is_number { step.to_owned() } else { quoted()?.to_owned() });
            rest = after;
        }
    }
    Some(steps)
}

/// Whether a path can be followed.
#[must_use]
pub fn is_path(path: &str) -> bool {
    steps(path).is_some()
}

fn at<'j>(root: Value<'j>, path: &str) -> Option<Value<'j>> {
    steps(path)?.iter().try_fold(root, |value, step| match value.kind() {
        Kind::Object => value.get(step),
        Kind::Array => value.items().nth(step.parse().ok()?),
        _ => None,
    })
}

fn fields(value: Option<Value>) -> Vec<(String, String)> {
    let mut found = Vec::new();
    if let Some(value) = value {
        collect(value, "", 0, &mut found);
    }
    found
}

fn collect(value: Value, path: &str, level: usize, found: &mut Vec<(String, String)>) {
    let label = || if path.is_empty() { "value".to_owned() } else { path.to_owned() };
    match value.kind() {
        Kind::Object if level < LEVELS && value.members().next().is_some() => {
            for (key, value) in value.members() {
                let at = if path.is_empty() { key.into_owned() } else { format!("{path}.{key}") };
                collect(value, &at, level + 1, found);
            }
        }
        Kind::Array if level < LEVELS && value.items().next().is_some() => {
            for (index, item) in value.items().enumerate() {
                collect(item, &format!("{path}[{index}]"), level + 1, found);
            }
        }
        Kind::String => found.push((label(), value.text().unwrap_or_default().into_owned())),
        _ => found.push((label(), value.raw().to_owned())),
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= VALUE { text.to_owned() } else { text.chars().take(VALUE - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    #[test]
    fn fields_are_compared_by_path() {
        let content = r#"{"old":{"city":"Oslo","price":1.50,"tags":["a"],"gone":1},"new":{"price":1.5,"city":"Oslo","tags":["a","b"]}}"#;
        let found = changes(content, "$.old", "$.new").unwrap();
        let rows: Vec<String> = found
            .rows
            .iter()
            .map(|row| format!("{} {:?} {:?} {}", row.path, row.before, row.after, row.is_change()))
            .collect();
        let expect = [
            r#"price Some("1.50") Some("1.5") true"#,
            r#"tags[1] None Some("b") true"#,
            r#"gone Some("1") None true"#,
            r#"city Some("Oslo") Some("Oslo") false"#,
            r#"tags[0] Some("a") Some("a") false"#,
        ];
        assert_eq!(rows, expect);
        assert_eq!(changes(content, "$.none", "$.other"), None);
        assert_eq!(changes(content, "$.none", "$.new.tags[0]").unwrap().rows[0].path, "value");
    }

    #[test]
    fn a_long_table_says_what_it_leaves_out() {
        let many: Vec<String> = (0..150).map(|at| format!("\"k{at}\":{at}")).collect();
        let content = format!("{{\"a\":{{}},\"b\":{{{}}}}}", many.join(","));
        let found = changes(&content, "$.a", "$.b").unwrap();
        // An empty object is a field of its own.
        assert_eq!((found.rows.len(), found.left_out), (ROWS, 51));
    }

    #[test]
    fn paths_are_plain() {
        for (path, expect) in [
            ("$", true),
            ("$.a.b[0]['c d']", true),
            ("a", false),
            ("$..a", false),
            ("$.a[*]", false),
            ("$.a[?(@.b)]", false),
        ] {
            assert_eq!(is_path(path), expect, "{path}");
        }
    }
}
