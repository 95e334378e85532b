//! Whether a history agrees with a recording, by the rules that the recordings come with.

use std::collections::BTreeSet;

use serde_json::Value;

/// Recorded only since late 2023, so older recordings lack them.
const LATER: [&str; 4] = ["redriveCount", "redriveStatus", "redriveStatusReason", "ResponseMetadata"];
const PARALLEL_END: [&str; 4] =
    ["ParallelStateSucceeded", "ParallelStateAborted", "ParallelStateExited", "ParallelStateFailed"];

/// Takes strings that hold an object for that object, as the recordings were stored.
pub fn decode(value: Value) -> Value {
    match value {
        Value::Object(fields) => Value::Object(fields.into_iter().map(|(k, v)| (k, decode(v))).collect()),
        Value::Array(items) => Value::Array(items.into_iter().map(decode).collect()),
        Value::String(text) if text.starts_with('{') => match serde_json::from_str(&text) {
            Ok(inner) => decode(inner),
            Err(_) => Value::String(text),
        },
        other => other,
    }
}

pub struct Comparison {
    inside: BTreeSet<String>,
    whole: BTreeSet<String>,
    skipped: BTreeSet<String>,
}

impl Comparison {
    pub fn new(case: &Value) -> Comparison {
        let texts = |name: &str| -> Vec<String> {
            case[name].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let mut skipped: BTreeSet<String> = LATER.iter().map(|s| (*s).to_owned()).collect();
        let mut unverified = texts("unverified_paths");
        if unverified.is_empty() {
            unverified = texts("localstack_skips");
        }
        for path in unverified {
            let name = path.rsplit(['.', '[']).next().unwrap_or_default().trim_matches([']', '\'', '"']).to_owned();
            if !name.is_empty() && !["*", "output", "input", "cause", "error"].contains(&name.as_str()) {
                skipped.insert(name);
            }
        }
        Comparison {
            inside: texts("placeholders").into_iter().collect(),
            whole: texts("placeholders_whole").into_iter().collect(),
            skipped,
        }
    }

    /// The first difference, or `None` where they agree.
    pub fn difference(&self, expected: &Value, actual: &Value, path: &str) -> Option<String> {
        match (expected, actual) {
            (Value::String(text), _) => self.text(text, actual, path),
            (Value::Object(_), _) => self.object(expected, actual, path),
            (Value::Array(wanted), _) => {
                let parsed = actual.as_str().and_then(|text| serde_json::from_str(text).ok());
                let actual: Value = parsed.unwrap_or_else(|| actual.clone());
                let Some(got) = actual.as_array().filter(|got| got.len() == wanted.len()) else {
                    return Some(format!(
                        "{path}: {} items expected, got {:?}",
                        wanted.len(),
                        actual.as_array().map(Vec::len)
                    ));
                };
                let mut pairs = wanted.iter().zip(got).enumerate();
                pairs.find_map(|(i, (e, a))| self.difference(e, a, &format!("{path}[{i}]")))
            }
            (Value::Number(a), Value::Number(b)) if a.as_f64() == b.as_f64() => None,
            (a, b) if a == b => None,
            _ => Some(format!("{path}: {expected} expected, got {actual:.120}")),
        }
    }

    fn text(&self, expected: &str, actual: &Value, path: &str) -> Option<String> {
        if self.whole.contains(expected) || self.inside.contains(expected) {
            return None;
        }
        let text = actual.as_str().map_or_else(|| actual.to_string(), str::to_owned);
        if expected == text || self.matches(expected, &text) {
            return None;
        }
        let value: Option<Value> = serde_json::from_str(expected).ok();
        let got = if actual.is_string() { serde_json::from_str(&text).ok() } else { Some(actual.clone()) };
        if value.is_some() && value == got {
            return None;
        }
        Some(format!("{path}: {expected:?} expected, got {text:.200?}"))
    }

    /// Whether `text` is `pattern` with anything in the place of its placeholders.
    fn matches(&self, pattern: &str, text: &str) -> bool {
        let mut parts = vec![String::new()];
        let mut rest = pattern;
        'next: while !rest.is_empty() {
            let before = pattern[..pattern.len() - rest.len()].chars().next_back();
            let mut words: Vec<&String> = self.inside.iter().filter(|w| w.len() > 2).collect();
            words.sort_by_key(|w| std::cmp::Reverse(w.len()));
            for word in words {
                let plain = word.chars().all(|c| c.is_ascii_alphabetic() || c == '_');
                let alone = |c: Option<char>| !plain || !c.is_some_and(|c| c.is_ascii_alphabetic());
                if let Some(after) = rest.strip_prefix(word.as_str())
                    && alone(before)
                    && alone(after.chars().next())
                {
                    parts.push(String::new());
                    rest = after;
                    continue 'next;
                }
            }
            if let Some(length) = token(rest) {
                parts.push(String::new());
                rest = &rest[length..];
                continue;
            }
            let c = rest.chars().next().unwrap_or_default();
            if let Some(last) = parts.last_mut() {
                last.push(c);
            }
            rest = &rest[c.len_utf8()..];
        }
        glob(&parts, text)
    }

    fn object(&self, expected: &Value, actual: &Value, path: &str) -> Option<String> {
        let (Some(wanted), Some(got)) = (expected.as_object(), actual.as_object()) else {
            return Some(format!("{path}: object expected, got {actual:.120}"));
        };
        let is_open = |k: &String| k.contains('<') || self.inside.contains(k);
        let open = wanted.keys().any(is_open);
        for (key, value) in wanted.iter().filter(|(k, _)| !self.skipped.contains(*k)) {
            match got.get(key) {
                None if is_open(key) => {}
                None => return Some(format!("{path}.{key}: missing")),
                Some(actual) => {
                    if let Some(found) = self.difference(value, actual, &format!("{path}.{key}")) {
                        return Some(found);
                    }
                }
            }
        }
        let extra = got.keys().find(|k| !wanted.contains_key(*k) && !self.skipped.contains(*k) && !open);
        extra.map(|k| format!("{path}.{k}: not in the recording"))
    }
}

/// The length of a `<name>` or `<name:7>` at the beginning of a text.
fn token(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('<')?;
    let end = inner.find('>')?;
    let name = inner[..end].trim_start_matches('<');
    let good =
        name.chars().next().is_some_and(|c| c.is_ascii_alphabetic() || c == '_' || c == '-') && !name.contains('<');
    (good && name.len() <= 81).then_some(end + 2)
}

fn glob(parts: &[String], text: &str) -> bool {
    let Some((first, rest)) = parts.split_first() else {
        return text.is_empty();
    };
    let Some(mut text) = text.strip_prefix(first.as_str()) else {
        return false;
    };
    let Some((last, middle)) = rest.split_last() else {
        return text.is_empty();
    };
    for part in middle {
        match text.find(part.as_str()) {
            Some(at) => text = &text[at + part.len()..],
            None => return false,
        }
    }
    text.ends_with(last.as_str())
}

/// A recorded history as AWS would write it today: since November 2024 the exit of a distributed map follows
/// `MapRunStarted`, and before it followed `MapRunSucceeded`.
pub fn up_to_date(case: &Value, recorded: &[Value]) -> Vec<Value> {
    // `21-09-2023, 14:07:46`
    let date: Vec<u32> = case["recorded_date"]
        .as_str()
        .and_then(|date| date.split(',').next())
        .map(|date| date.split('-').filter_map(|part| part.parse().ok()).collect())
        .unwrap_or_default();
    let is_old = matches!(date[..], [_, month, year] if (year, month) < (2024, 11));
    let mut events = recorded.to_vec();
    for event in events.iter_mut().filter(|event| is_old && event["type"] == "MapStateExited") {
        let before = recorded.iter().find(|before| before["id"] == event["previousEventId"]);
        if let Some(before) = before.filter(|before| before["type"] == "MapRunSucceeded") {
            event["previousEventId"] = before["previousEventId"].clone();
        }
    }
    events
}

/// Inside a Parallel state branches interleave freely: ids are dropped and the events sorted. The recordings lost
/// every `ParallelStateSucceeded` and `ParallelStateFailed` when they were sorted (their ids have the gap), so
/// these are left out of what is compared.
pub fn unordered_parallel(events: &[Value]) -> Vec<Value> {
    let lost =
        |e: &Value| ["ParallelStateSucceeded", "ParallelStateFailed"].contains(&e["type"].as_str().unwrap_or_default());
    let mut events: Vec<Value> = events.iter().filter(|e| !lost(e)).cloned().collect();
    let mut start = None;
    for i in 0..events.len() {
        let kind = events[i]["type"].as_str().unwrap_or_default().to_owned();
        if PARALLEL_END.contains(&kind.as_str()) || (kind == "ParallelStateStarted" && start.is_some()) {
            if let Some(start) = start {
                events[start..i].sort_by_key(|e| {
                    let mut e = e.clone();
                    e.as_object_mut().map(|o| o.remove("timestamp"));
                    sorted_text(&e)
                });
            }
            start = None;
        }
        if kind == "ParallelStateStarted" {
            start = Some(i + 1);
        } else if start.is_some() {
            events[i]["id"] = 0.into();
            events[i]["previousEventId"] = 0.into();
        }
    }
    events
}

fn sorted_text(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let mut entries: Vec<String> = fields.iter().map(|(k, v)| format!("{k}:{}", sorted_text(v))).collect();
            entries.sort();
            entries.join(",")
        }
        other => other.to_string(),
    }
}
