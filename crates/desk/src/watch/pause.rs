//! Until when a Wait state waits.

use countersign_asl::StateKind;
use countersign_asl::model::{Amount, Pause};
use countersign_json::{Json, Kind, Value};
use countersign_trace::Visit;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Record;

impl Record {
    /// When the Wait state of a visit ends; `None` where the visit is of another state, or where that needs an expression
    /// to be evaluated.
    #[must_use]
    pub fn wait_ends(&self, visit: &Visit) -> Option<i64> {
        let state = self.definition.machine.as_ref()?.state(&visit.state)?;
        let StateKind::Wait(pause) = &state.kind else { return None };
        ends(pause, visit)
    }
}

fn ends(pause: &Pause, visit: &Visit) -> Option<i64> {
    match pause {
        Pause::Seconds(Amount::Number { value, .. }) => after(visit, *value),
        Pause::Seconds(Amount::Expression(path)) => {
            at(visit, path, |value| (value.kind() == Kind::Number).then(|| value.raw().parse().ok()).flatten())
                .and_then(|seconds| after(visit, seconds))
        }
        Pause::Until(text) if text.starts_with('$') => {
            at(visit, text, |value| value.text().and_then(|text| moment(&text)))
        }
        Pause::Until(text) => moment(text),
        Pause::Unknown => None,
    }
}

fn after(visit: &Visit, seconds: f64) -> Option<i64> {
    // A year is the longest that an execution runs.
    (0.0..=31_622_400.0).contains(&seconds).then(|| visit.entered_at + (seconds * 1_000.0) as i64)
}

fn moment(text: &str) -> Option<i64> {
    let nanos = OffsetDateTime::parse(text, &Rfc3339).ok()?.unix_timestamp_nanos();
    i64::try_from(nanos / 1_000_000).ok()
}

/// The value of a path that only names keys, in the visit's input.
fn at<T>(visit: &Visit, path: &str, read: impl FnOnce(Value<'_>) -> Option<T>) -> Option<T> {
    let keys = path.strip_prefix("$.")?;
    let json = Json::read(visit.input.as_deref()?).ok()?;
    let mut value = json.root();
    for key in keys.split('.') {
        let is_plain = key.chars().all(|letter| letter.is_alphanumeric() || letter == '_' || letter == '-');
        value = value.get(key).filter(|_| is_plain)?;
    }
    read(value)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use countersign_asl::Machine;
    use countersign_trace::StateStatus;

    fn visit(input: &str) -> Visit {
        Visit {
            state: "W".to_owned(),
            state_type: "Wait".to_owned(),
            entered_event: 2,
            entered_at: 1_000,
            exited_at: None,
            input: Some(input.to_owned()),
            output: None,
            attempts: Vec::new(),
            parent: None,
            came_from: None,
            arose_in: None,
            iteration: None,
            branch: None,
            status: StateStatus::Waiting,
            error: None,
            cause: None,
            restarts: 0,
        }
    }

    #[test]
    fn a_wait_ends_when_its_definition_or_its_input_says() {
        for (wait, input, expect) in [
            (r#""Seconds":60"#, "{}", Some(61_000)),
            (r#""SecondsPath":"$.a.pause""#, r#"{"a":{"pause":2.5}}"#, Some(3_500)),
            (r#""SecondsPath":"$.a.pause""#, r#"{"a":{"pause":"2"}}"#, None),
            (r#""Timestamp":"1970-01-01T00:01:00Z""#, "{}", Some(60_000)),
            (r#""TimestampPath":"$.at""#, r#"{"at":"1970-01-01T01:00:00+01:00"}"#, Some(0)),
            (r#""TimestampPath":"$.at[0]""#, r#"{"at":["1970-01-01T01:00:00+01:00"]}"#, None),
            (r#""TimestampPath":"$.at""#, "[", None),
        ] {
            let text = format!(r#"{{"StartAt":"W","States":{{"W":{{"Type":"Wait",{wait},"End":true}}}}}}"#);
            let machine = Machine::read(&text).unwrap();
            let StateKind::Wait(pause) = &machine.states["W"].kind else { panic!("a Wait state") };
            assert_eq!(ends(pause, &visit(input)), expect, "{wait}");
        }
    }
}
