//! Retriers and catchers: what is not tried again, and what handles nothing.

use serde_json::Value;

use super::walk::{StateAt, errors};
use super::{Advice, has_any};
use crate::resource::Resource;
use crate::rule::Rule;

/// The errors of a Lambda service that is briefly out of order or too busy, as AWS's best practices list them.
const TRANSIENT: [&str; 4] = [
    "Lambda.ServiceException",
    "Lambda.AWSLambdaException",
    "Lambda.SdkClientException",
    "Lambda.TooManyRequestsException",
];

pub(super) fn check(advice: &mut Advice, at: &StateAt) {
    if at.resource().is_some_and(Resource::calls_function) {
        check_lambda_retry(advice, at);
    }
    for field in ["Retry", "Catch"] {
        check_order(advice, at, field);
    }
    check_raised(advice, at);
}

/// Reports the errors of the Lambda service that nothing tries again.
fn check_lambda_retry(advice: &mut Advice, at: &StateAt) {
    let missing: Vec<&str> = TRANSIENT
        .into_iter()
        .filter(|error| !is_retried(at.entries("Retry").iter(), error))
        .filter(|error| !is_retried(at.retried_around.iter().copied(), error))
        .collect();
    if missing.is_empty() || is_guarded(at) {
        return;
    }
    let message = if missing.len() == TRANSIENT.len() {
        "A brief fault of the Lambda service fails this state: it is not tried again".to_owned()
    } else {
        format!("It is not tried again after {}", missing.join(", "))
    };
    let remedy =
        format!("Add a retrier for {}, with IntervalSeconds 1, MaxAttempts 3 and BackoffRate 2.", missing.join(", "));
    advice.advise(Rule::NoLambdaRetry, &at.path, message, remedy);
}

/// Whether an error is tried again. The first entry that names it counts; zero attempts leave it to the catchers.
fn is_retried<'a>(mut entries: impl Iterator<Item = &'a Value>, error: &str) -> bool {
    let names =
        |entry: &&Value| errors(entry).iter().any(|name| [error, "States.ALL", "States.TaskFailed"].contains(name));
    entries.find(names).is_some_and(|entry| entry.get("MaxAttempts").and_then(Value::as_u64) != Some(0))
}

/// A retrier with a placeholder may name any error.
fn is_guarded(at: &StateAt) -> bool {
    at.entries("Retry").iter().flat_map(errors).any(|name| name.contains("${"))
}

/// Whether `name` in an earlier entry takes the error `later` too.
fn takes(name: &str, later: &str) -> bool {
    match name {
        "States.ALL" => true,
        // It stands for every error except a timeout, as AWS documents it.
        "States.TaskFailed" => !matches!(later, "States.Timeout" | "States.HeartbeatTimeout" | "States.ALL"),
        "States.Timeout" => matches!(later, "States.Timeout" | "States.HeartbeatTimeout"),
        name => name == later,
    }
}

/// Reports the entries whose errors are all taken by entries before them.
fn check_order(advice: &mut Advice, at: &StateAt, field: &str) {
    let entries = at.entries(field);
    for (index, entry) in entries.iter().enumerate().skip(1) {
        let own = errors(entry);
        let earlier = |error: &str| {
            entries[..index].iter().position(|before| errors(before).iter().any(|name| takes(name, error)))
        };
        let taken: Option<Vec<usize>> = own.iter().map(|error| earlier(error)).collect();
        // After States.ALL nothing may follow, which is a finding of its own.
        let Some(first) = taken.and_then(|taken| taken.first().copied()) else { continue };
        if entries[..index].iter().any(|before| errors(before).contains(&"States.ALL")) {
            continue;
        }
        let word = if field == "Retry" { "retrier" } else { "catcher" };
        let path = format!("{}/{field}[{index}]/ErrorEquals", at.path);
        advice.warn(
            Rule::UnreachableHandler,
            &path,
            format!("This {word} is never used: {field}[{first}] takes {} before it", own.join(", ")),
            format!("Remove it, or put it before {field}[{first}]."),
        );
    }
}

/// Reports names of errors that a Task cannot raise.
fn check_raised(advice: &mut Advice, at: &StateAt) {
    let Some(resource) = at.resource() else { return };
    for field in ["Retry", "Catch"] {
        for (index, entry) in at.entries(field).iter().enumerate() {
            for (number, error) in errors(entry).into_iter().enumerate() {
                let Some((why, remedy)) = cannot_raise(at, resource, error) else { continue };
                let path = format!("{}/{field}[{index}]/ErrorEquals[{number}]", at.path);
                advice.warn(Rule::UnreachableHandler, &path, format!("This state never raises {error}: {why}"), remedy);
            }
        }
    }
}

/// Why a task cannot raise an error, and what to do; `None` where it can, or where it is not known.
fn cannot_raise(at: &StateAt, resource: Resource, error: &str) -> Option<(&'static str, &'static str)> {
    let remove = "Remove the name.";
    match error {
        // Whoever answers a task chooses the error's name, and so does the code of a function.
        _ if resource.waits_for_answer() => None,
        "States.HeartbeatTimeout" if !has_any(at.state, &["HeartbeatSeconds", "HeartbeatSecondsPath"]) => {
            Some(("it has no heartbeat", "Add HeartbeatSeconds, or remove the name."))
        }
        "States.BranchFailed" => Some(("only a Parallel state does", remove)),
        "States.NoChoiceMatched" => Some(("only a Choice state does", remove)),
        "States.ExceedToleratedFailureThreshold" | "States.ItemReaderFailed" | "States.ResultWriterFailed" => {
            Some(("only a Map state does", remove))
        }
        _ if resource.calls_function() => None,
        _ if error.starts_with("Lambda.") => Some(("it calls no Lambda function", remove)),
        _ if error.starts_with("States.Http.") && !matches!(resource, Resource::Call { service: "http", .. }) => {
            Some(("it calls no HTTP endpoint", remove))
        }
        _ => None,
    }
}
