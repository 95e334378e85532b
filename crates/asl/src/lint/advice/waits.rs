//! Tasks that can wait for ever, and what outlasts an Express execution.

use serde_json::{Map, Value};

use super::walk::StateAt;
use super::{Advice, EXPRESS_SECONDS, has_any, number, time};
use crate::resource::{Pattern, Resource};
use crate::rule::Rule;

const TIMEOUTS: &[&str] = &["TimeoutSeconds", "TimeoutSecondsPath"];
const HEARTBEATS: &[&str] = &["HeartbeatSeconds", "HeartbeatSecondsPath"];

/// So long may a wait for a worker last without a heartbeat, in seconds: an hour.
const SHORT: f64 = 3_600.0;

pub(super) fn check(advice: &mut Advice, at: &StateAt, machine: &Map<String, Value>) {
    if at.express {
        check_express(advice, at);
        return;
    }
    let Some(resource) = at.resource() else { return };
    let ends = has_any(at.state, TIMEOUTS) || machine.contains_key("TimeoutSeconds");
    if matches!(resource, Resource::Activity(_)) && !ends && !has_any(at.state, HEARTBEATS) {
        advice.warn(
            Rule::NoTimeout,
            &at.path,
            "This state waits for the worker of an activity without a timeout: it can wait for a year unnoticed",
            "Add TimeoutSeconds, and a Catch for States.Timeout.",
        );
    } else if resource.waits_for_job() && !ends {
        advice.advise(
            Rule::NoTimeout,
            &at.path,
            "This state waits for the end of a job without a timeout: a job that hangs keeps it for up to a year",
            "Add TimeoutSeconds, longer than the longest job.",
        );
    } else if resource.waits_for_answer() && ends && !has_any(at.state, HEARTBEATS) {
        check_heartbeat(advice, at, resource, machine);
    }
}

/// Whether a machine answers, rather than a person: containers and activities are programs.
fn is_program(resource: Resource) -> bool {
    match resource {
        Resource::Activity(_) => true,
        Resource::Call { service, .. } => matches!(service, "ecs" | "eks" | "bedrock" | "states"),
        Resource::Sdk { .. } | Resource::Function(_) => false,
    }
}

/// A worker that is gone is noticed when the timeout is over, unless there is a heartbeat.
fn check_heartbeat(advice: &mut Advice, at: &StateAt, resource: Resource, machine: &Map<String, Value>) {
    let own = has_any(at.state, TIMEOUTS);
    let seconds = if own { number(at.state, "TimeoutSeconds") } else { number(machine, "TimeoutSeconds") };
    let shortest = if is_program(resource) { SHORT / 12.0 } else { SHORT };
    let Some(seconds) = seconds.filter(|seconds| *seconds > shortest) else { return };
    advice.advise(
        Rule::NoHeartbeat,
        &at.path,
        format!("A worker that has died is noticed only when the timeout is over, after {}", time(seconds)),
        "Add HeartbeatSeconds, and have the worker call SendTaskHeartbeat. Where a person answers, it needs none: name the \
         state in the approvals of countersign.toml, or switch the rule off.",
    );
}

/// What waits longer than an Express execution can run.
fn check_express(advice: &mut Advice, at: &StateAt) {
    let too_long =
        |object: &Map<String, Value>, field: &str| number(object, field).filter(|seconds| *seconds >= EXPRESS_SECONDS);
    let remedy = "Make it a STANDARD machine, or wait for less than 300 seconds in all.";
    if at.kind() == "Wait"
        && let Some(seconds) = too_long(at.state, "Seconds")
    {
        let message = format!("An Express execution ends after 5 minutes, and this state waits for {}", time(seconds));
        advice.warn(Rule::MachineTypeUnfit, &format!("{}/Seconds", at.path), message, remedy);
    }
    for (index, retrier) in at.entries("Retry").iter().enumerate() {
        let Some(seconds) = retrier.as_object().and_then(|retrier| too_long(retrier, "IntervalSeconds")) else {
            continue;
        };
        let message =
            format!("An Express execution ends after 5 minutes, and this retrier begins after {}", time(seconds));
        let place = format!("{}/Retry[{index}]/IntervalSeconds", at.path);
        advice.warn(Rule::MachineTypeUnfit, &place, message, remedy);
    }
    let answered = at.resource().and_then(Resource::pattern) == Some(Pattern::Response);
    if answered && let Some(seconds) = number(at.state, "TimeoutSeconds").filter(|seconds| *seconds > EXPRESS_SECONDS) {
        let message =
            format!("An Express execution ends after 5 minutes: this timeout, {}, is never reached", time(seconds));
        let remedy = "Write less than 300 seconds, or make it a STANDARD machine if the call takes longer.";
        advice.advise(Rule::MachineTypeUnfit, &format!("{}/TimeoutSeconds", at.path), message, remedy);
    }
}
