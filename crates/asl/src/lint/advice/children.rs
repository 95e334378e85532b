//! Distributed Maps whose items become Standard executions, although Express ones would do.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::super::flow::inner_scopes;
use super::walk::{StateAt, body};
use super::{Advice, EXPRESS_SECONDS, number, time};
use crate::resource::{Pattern, Resource};
use crate::rule::Rule;

/// Scopes with more states are not reported.
const MOST_STATES: usize = 100;

/// Nor tasks that are tried again more often.
const MOST_RETRIES: u64 = 100;

/// A distributed Map over what is in S3, which may be any number of items.
pub(super) fn check(advice: &mut Advice, at: &StateAt) {
    if !at.is_distributed_map() || !at.state.contains_key("ItemReader") {
        return;
    }
    let Some(body) = body(at.state) else { return };
    if body.pointer("/ProcessorConfig/ExecutionType").is_none_or(|kind| kind != "STANDARD") {
        return;
    }
    let Some(seconds) = longest(body).filter(|seconds| *seconds < EXPRESS_SECONDS) else { return };
    let field = if at.state.contains_key("ItemProcessor") { "ItemProcessor" } else { "Iterator" };
    advice.advise(
        Rule::StandardUnfit,
        &format!("{}/{field}/ProcessorConfig/ExecutionType", at.path),
        format!(
            "Each item becomes a Standard execution, although its states end within {} at most",
            time(seconds.ceil().max(1.0))
        ),
        "Write \"EXPRESS\", if running a task of an item twice does no harm, and nobody needs the history of each item.",
    );
}

/// How long the states of a scope take at most, in seconds: all of them, whichever a course visits. `None` where that is not
/// known, and where a loop may visit them again.
fn longest(scope: &Value) -> Option<f64> {
    let states = scope.get("States")?.as_object()?;
    if states.len() > MOST_STATES || has_loop(states) {
        return None;
    }
    states.values().map(longest_state).sum()
}

fn longest_state(state: &Value) -> Option<f64> {
    let object = state.as_object()?;
    match object.get("Type")?.as_str()? {
        "Pass" | "Choice" | "Succeed" | "Fail" => Some(0.0),
        "Wait" => number(object, "Seconds"),
        "Task" => longest_task(object),
        "Parallel" if !object.contains_key("Retry") => {
            inner_scopes(state, "").into_iter().map(|(branch, _)| longest(branch)).sum()
        }
        _ => None,
    }
}

/// A task whose service answers at once, and that has a timeout for each attempt.
fn longest_task(task: &Map<String, Value>) -> Option<f64> {
    let resource = Resource::read(task.get("Resource")?.as_str()?)?;
    if !matches!(resource, Resource::Function(_)) && resource.pattern() != Some(Pattern::Response) {
        return None;
    }
    let timeout = number(task, "TimeoutSeconds")?;
    let retriers = task.get("Retry").and_then(Value::as_array).into_iter().flatten();
    let retries: Option<f64> = retriers.map(|retrier| longest_retries(retrier, timeout)).sum();
    Some(timeout + retries?)
}

/// The attempts that a retrier adds, each with the pause before it.
fn longest_retries(retrier: &Value, timeout: f64) -> Option<f64> {
    let field = |name: &str, default: f64| retrier.get(name).map_or(Some(default), Value::as_f64);
    let attempts = retrier.get("MaxAttempts").map_or(Some(3), Value::as_u64)?;
    let (mut pause, rate) = (field("IntervalSeconds", 1.0)?, field("BackoffRate", 2.0)?);
    let longest_pause = field("MaxDelaySeconds", f64::INFINITY)?;
    if attempts > MOST_RETRIES {
        return None;
    }
    let mut seconds = 0.0;
    for _ in 0..attempts {
        seconds += pause.min(longest_pause) + timeout;
        pause *= rate;
    }
    Some(seconds)
}

/// Whether a state can follow itself: the states that nothing follows are taken away until there are none.
fn has_loop(states: &Map<String, Value>) -> bool {
    let mut left: BTreeSet<&str> = states.keys().map(String::as_str).collect();
    loop {
        let is_last =
            |name: &str| states.get(name).is_none_or(|state| !following(state).any(|next| left.contains(next)));
        let last: Vec<&str> = left.iter().copied().filter(|name| is_last(name)).collect();
        if last.is_empty() {
            return !left.is_empty();
        }
        for name in last {
            left.remove(name);
        }
    }
}

/// The states that may follow, also after a failure.
fn following(state: &Value) -> impl Iterator<Item = &str> {
    let own = ["Next", "Default"].into_iter().filter_map(|field| state.get(field)?.as_str());
    let entries = ["Choices", "Catch"].into_iter().filter_map(|field| state.get(field)?.as_array()).flatten();
    own.chain(entries.filter_map(|entry| entry.get("Next")?.as_str()))
}
