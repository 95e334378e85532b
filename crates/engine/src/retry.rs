//! `Retry`: which failures are retried, and after how long.

use countersign_asl::model;
use serde_json::Value;

use crate::failure::{DATA_LIMIT, Failure, RUNTIME};
use crate::program::CompileError;
use crate::states::whole;

/// A year is the longest that an execution runs: in seconds.
const LONGEST: f64 = 31_622_400.0;

/// One entry of `Retry`.
#[derive(Debug)]
pub(crate) struct Retrier {
    errors: Vec<String>,
    backoff: Backoff,
    jitter: bool,
}

/// How the delays of an entry grow, and how many there are.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    interval_seconds: f64,
    rate: f64,
    max_delay_seconds: Option<f64>,
    max_attempts: u32,
}

impl From<&model::Retrier> for Backoff {
    fn from(retrier: &model::Retrier) -> Self {
        Self {
            interval_seconds: retrier.interval_seconds,
            rate: retrier.backoff_rate,
            max_delay_seconds: retrier.max_delay_seconds,
            max_attempts: retrier.max_attempts,
        }
    }
}

impl Backoff {
    /// Milliseconds until the next attempt after `made` retries; `None` if there were enough. Where the delay is drawn by
    /// lot, this is the longest.
    #[must_use]
    pub fn delay(&self, made: u32) -> Option<i64> {
        if made >= self.max_attempts {
            return None;
        }
        let exponent = i32::try_from(made).unwrap_or(i32::MAX);
        let seconds = self.interval_seconds * self.rate.powi(exponent);
        let seconds = self.max_delay_seconds.map_or(seconds, |most| seconds.min(most)).min(LONGEST);
        Some((seconds * 1000.0) as i64)
    }
}

impl Retrier {
    pub fn compile(value: Option<&Value>, at: &str) -> Result<Vec<Retrier>, CompileError> {
        let entries = value.and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        entries.iter().enumerate().map(|(i, entry)| Self::entry(entry, &format!("{at}[{i}]"))).collect()
    }

    fn entry(entry: &Value, at: &str) -> Result<Retrier, CompileError> {
        let number = |name: &str| entry.get(name).and_then(whole);
        Ok(Retrier {
            errors: error_names(entry, at)?,
            backoff: Backoff {
                interval_seconds: number("IntervalSeconds").unwrap_or(1) as f64,
                rate: entry.get("BackoffRate").and_then(Value::as_f64).unwrap_or(2.0),
                max_delay_seconds: number("MaxDelaySeconds").map(|most| most as f64),
                max_attempts: number("MaxAttempts").map_or(3, |n| u32::try_from(n).unwrap_or(0)),
            },
            jitter: entry.get("JitterStrategy").and_then(Value::as_str) == Some("FULL"),
        })
    }

    /// Whether this entry covers the failure.
    pub fn matches(&self, failure: &Failure) -> bool {
        matches(&self.errors, failure)
    }

    /// Milliseconds until the next attempt after `made` retries; `None` if there were enough. `chance` returns random
    /// bits for the jitter.
    pub fn delay(&self, made: u32, chance: impl FnOnce() -> u64) -> Option<i64> {
        let millis = self.backoff.delay(made)?;
        if self.jitter && millis > 0 {
            return Some((chance() % (millis as u64 + 1)) as i64);
        }
        Some(millis)
    }
}

/// `ErrorEquals`.
pub(crate) fn error_names(entry: &Value, at: &str) -> Result<Vec<String>, CompileError> {
    let names = entry
        .get("ErrorEquals")
        .and_then(Value::as_array)
        .ok_or_else(|| CompileError::new(format!("{at}/ErrorEquals"), "a list of error names is needed"))?;
    Ok(names.iter().filter_map(Value::as_str).map(str::to_owned).collect())
}

/// Whether one of the names covers the failure.
pub(crate) fn matches(names: &[String], failure: &Failure) -> bool {
    let error = failure.error.as_deref().unwrap_or_default();
    let is_late = |name: &String| failure.heartbeat && name == "States.HeartbeatTimeout";
    failure.catchable && names.iter().any(|name| covers(name, error) || is_late(name))
}

/// Whether a name of `ErrorEquals` stands for an error that can be caught.
#[must_use]
pub fn covers(name: &str, error: &str) -> bool {
    match name {
        "States.ALL" => error != RUNTIME,
        "States.TaskFailed" => error != "States.Timeout" && error != RUNTIME && error != DATA_LIMIT,
        "States.Timeout" => matches!(error, "States.Timeout" | "States.HeartbeatTimeout"),
        name => name == error,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(entry: Value, expect: &[Option<i64>]) {
        let retrier = &Retrier::compile(Some(&json!([entry])), "").unwrap()[0];
        let got: Vec<_> = (0..expect.len() as u32).map(|made| retrier.delay(made, || 7)).collect();
        assert_eq!(got, expect);
        // Whoever shows the delay reads the entry from the model of its definition.
        let task = json!({"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true, "Retry": [entry]});
        let definition = json!({"StartAt": "T", "States": {"T": task}}).to_string();
        let model = &model::Machine::read(&definition).unwrap().states["T"].retry[0];
        if !model.has_jitter {
            let shown: Vec<_> = (0..expect.len() as u32).map(|made| Backoff::from(model).delay(made)).collect();
            assert_eq!(shown, expect);
        }
    }

    #[test]
    fn delays_grow_to_their_limit() {
        check(json!({"ErrorEquals": ["A"]}), &[Some(1000), Some(2000), Some(4000), None]);
        check(
            json!({"ErrorEquals": ["A"], "IntervalSeconds": 3, "BackoffRate": 1.5, "MaxDelaySeconds": 5}),
            &[Some(3000), Some(4500), Some(5000), None],
        );
        check(json!({"ErrorEquals": ["A"], "MaxAttempts": 0}), &[None]);
        check(json!({"ErrorEquals": ["A"], "MaxAttempts": 1.0, "IntervalSeconds": 5.0}), &[Some(5000), None]);
        check(json!({"ErrorEquals": ["A"], "JitterStrategy": "FULL"}), &[Some(7)]);
    }
}
