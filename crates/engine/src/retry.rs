//! `Retry`: which failures are retried, and after how long.

use serde_json::Value;

use crate::failure::{DATA_LIMIT, Failure, RUNTIME};
use crate::program::CompileError;
use crate::states::whole;

/// One entry of `Retry`.
#[derive(Debug)]
pub(crate) struct Retrier {
    errors: Vec<String>,
    interval: i64,
    attempts: u32,
    backoff: f64,
    max_delay: Option<i64>,
    jitter: bool,
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
            interval: number("IntervalSeconds").unwrap_or(1),
            attempts: number("MaxAttempts").map_or(3, |n| u32::try_from(n).unwrap_or(0)),
            backoff: entry.get("BackoffRate").and_then(Value::as_f64).unwrap_or(2.0),
            max_delay: number("MaxDelaySeconds"),
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
        if made >= self.attempts {
            return None;
        }
        let exponent = i32::try_from(made).unwrap_or(i32::MAX);
        let seconds = self.interval as f64 * self.backoff.powi(exponent);
        let seconds = self.max_delay.map_or(seconds, |most| seconds.min(most as f64)).min(31_622_400.0);
        let millis = (seconds * 1000.0) as i64;
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
