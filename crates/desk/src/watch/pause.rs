//! Until when a Wait state waits, and a task that is tried again.

use countersign_asl::StateKind;
use countersign_asl::model::{Amount, Pause, Retrier};
use countersign_engine::{Backoff, covers};
use countersign_json::{Json, Kind, Value};
use countersign_trace::{Attempt, AttemptResult, Visit};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::Record;

/// A year is the longest that an execution runs: in seconds.
const LONGEST: f64 = 31_622_400.0;

impl Record {
    /// When the Wait state of a visit ends; `None` where the visit is of another state, or where that needs an expression
    /// to be evaluated.
    #[must_use]
    pub fn wait_ends(&self, visit: &Visit) -> Option<i64> {
        let state = self.definition.machine.as_ref()?.state(&visit.state)?;
        let StateKind::Wait(pause) = &state.kind else { return None };
        ends(pause, visit)
    }

    /// When a visit whose last attempt failed makes the next one; `None` where it makes none, where the delay is drawn by
    /// lot, and after a redrive, which counts the attempts anew.
    #[must_use]
    pub fn next_attempt(&self, visit: &Visit) -> Option<i64> {
        let machine = self.definition.machine.as_ref().filter(|_| self.trace.redrives == 0)?;
        next_attempt(&machine.state(&visit.state)?.retry, &visit.attempts)
    }
}

/// Each retrier counts the attempts that it made itself.
fn next_attempt(retriers: &[Retrier], attempts: &[Attempt]) -> Option<i64> {
    let of = |attempt: &Attempt| {
        let timed_out = (attempt.result == AttemptResult::TimedOut).then_some("States.Timeout");
        let error = attempt.error.as_deref().or(timed_out)?;
        retriers.iter().position(|one| one.errors.iter().any(|name| covers(name, error)))
    };
    let (last, before) = attempts.split_last()?;
    let (ended, place) = (last.ended_at?, of(last)?);
    let retrier = retriers.get(place).filter(|retrier| !retrier.has_jitter)?;
    let made = u32::try_from(before.iter().filter(|attempt| of(attempt) == Some(place)).count()).ok()?;
    Some(ended + Backoff::from(retrier).delay(made)?)
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
    (0.0..=LONGEST).contains(&seconds).then(|| visit.entered_at + (seconds * 1_000.0) as i64)
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

    fn failed(error: &str, ended_at: i64) -> Attempt {
        Attempt {
            scheduled_event: Some(3),
            scheduled_at: ended_at - 10,
            started_at: None,
            submitted_at: None,
            ended_at: Some(ended_at),
            parameters: None,
            resource: None,
            resource_type: None,
            output: None,
            error: Some(error.to_owned()),
            cause: None,
            timeout_in_seconds: None,
            heartbeat_in_seconds: None,
            worker_name: None,
            result: AttemptResult::Failed,
        }
    }

    #[test]
    fn the_next_attempt_comes_when_its_retrier_says() {
        let next = |retry: &str, attempts: &[Attempt]| {
            let state = r#""Type":"Task","Resource":"arn:aws:states:::sns:publish","End":true"#;
            let text = format!(r#"{{"StartAt":"T","States":{{"T":{{{state},"Retry":[{retry}]}}}}}}"#);
            next_attempt(&Machine::read(&text).unwrap().states["T"].retry, attempts)
        };
        let all = r#"{"ErrorEquals":["States.ALL"],"IntervalSeconds":60,"MaxAttempts":2}"#;
        assert_eq!(next(all, &[failed("A", 1_000)]), Some(61_000));
        assert_eq!(next(all, &[failed("A", 1_000), failed("B", 62_000)]), Some(182_000), "twice as long");
        assert_eq!(next(all, &[failed("A", 1), failed("A", 2), failed("A", 3)]), None, "no attempt is left");
        assert_eq!(next(all, &[failed("States.Runtime", 1)]), None);
        assert_eq!(next(all, &[Attempt { ended_at: None, ..failed("A", 1) }]), None, "it goes on");
        let own = format!(r#"{{"ErrorEquals":["A"],"IntervalSeconds":5,"BackoffRate":10,"MaxDelaySeconds":7}},{all}"#);
        assert_eq!(next(&own, &[failed("B", 1), failed("A", 1_000)]), Some(6_000), "each counts its own");
        assert_eq!(next(&own, &[failed("A", 1), failed("A", 1_000)]), Some(8_000), "and not longer than that");
        assert_eq!(next(r#"{"ErrorEquals":["A"],"JitterStrategy":"FULL"}"#, &[failed("A", 1)]), None, "nobody knows");
        assert_eq!(next("", &[failed("A", 1)]), None);
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
