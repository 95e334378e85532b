//! Tasks that call a service: the patterns that the service supports, and the parameters that it requires.

use serde_json::{Map, Value};

use super::{Lint, services};
use crate::model::QueryLanguage;
use crate::rule::Rule;

/// The required parameters of actions.
const REQUIRED: &[(&str, &[&str])] = &[
    ("lambda:invoke", &["FunctionName"]),
    ("sqs:sendMessage", &["QueueUrl", "MessageBody"]),
    ("sns:publish", &["Message"]),
    ("dynamodb:putItem", &["TableName", "Item"]),
    ("dynamodb:getItem", &["TableName", "Key"]),
    ("dynamodb:deleteItem", &["TableName", "Key"]),
    ("dynamodb:updateItem", &["TableName", "Key"]),
    ("states:startExecution", &["StateMachineArn"]),
    ("events:putEvents", &["Entries"]),
    ("ecs:runTask", &["TaskDefinition"]),
    ("glue:startJobRun", &["JobName"]),
];

/// Checks a Task state's resource and its parameters.
pub(super) fn check(lint: &mut Lint, state: &Map<String, Value>, path: &str, language: QueryLanguage) {
    let Some(resource) = state.get("Resource").and_then(Value::as_str).filter(|text| !lint.is_open(text)) else {
        return;
    };
    let place = format!("{path}/Resource");
    check_express(lint, resource, &place);
    let call = match named(resource) {
        Named::Worker => return,
        Named::Call(call) if services::has(call) => call,
        Named::Call(_) | Named::Nothing => {
            let message = format!(
                "The resource provided {resource} is not recognized. The value is not a valid resource ARN, or the \
                 resource is not available in this region."
            );
            let remedy = "Name an action of the service, with a pattern that the action supports: none, .sync or .waitForTaskToken. \
                          Other actions are called as aws-sdk:service:action.";
            lint.refused_by_aws(Rule::UnknownResource, &place, message, remedy);
            return;
        }
    };
    let field = match language {
        QueryLanguage::JsonPath => "Parameters",
        QueryLanguage::Jsonata => "Arguments",
    };
    match state.get(field) {
        None => {
            let message = format!("{field} field is required for resource ARN: {resource}");
            let remedy = format!("Add {field} with the parameters of the call.");
            lint.refused_by_aws(Rule::MissingParameter, &place, message, remedy);
        }
        Some(given) => check_given(lint, call, given, &format!("{path}/{field}")),
    }
}

/// What a task's resource names.
enum Named<'a> {
    /// A function or an activity.
    Worker,
    /// An action of a service, `service:action.pattern`.
    Call(&'a str),
    /// The ARN of something that no task can call.
    Nothing,
}

/// Reads the ARN of a resource. That of a call may have a region and an account. A text that is no ARN has a
/// finding of its own, and names nothing here.
fn named(resource: &str) -> Named<'_> {
    let parts: Vec<&str> = resource.splitn(6, ':').collect();
    match parts[..] {
        ["arn", _, "lambda", ..] => Named::Worker,
        ["arn", _, "states", _, _, worker] if worker.starts_with("activity:") => Named::Worker,
        ["arn", _, "states", _, _, call] => Named::Call(call),
        ["arn", ..] => Named::Nothing,
        _ => Named::Worker,
    }
}

fn check_given(lint: &mut Lint, call: &str, given: &Value, place: &str) {
    let action = ["waitForTaskToken", "sync:2", "sync"]
        .iter()
        .find_map(|pattern| call.strip_suffix(pattern)?.strip_suffix('.'))
        .unwrap_or(call);
    let Some((_, required)) = REQUIRED.iter().find(|(known, _)| *known == action) else { return };
    let Some(given) = given.as_object() else { return };
    for field in *required {
        if !given.contains_key(*field) && !given.contains_key(&format!("{field}.$")) {
            let message = format!("The field '{field}' is required but was missing");
            lint.refused_by_aws(Rule::MissingParameter, place, message, format!("Add {field}."));
        }
    }
}

/// Reports what an Express machine cannot wait for.
fn check_express(lint: &mut Lint, resource: &str, place: &str) {
    if !lint.express {
        return;
    }
    let message = if resource.contains(":activity:") {
        "Express state machine does not support Activity ARN"
    } else if resource.ends_with(".waitForTaskToken") {
        // The trailing space is AWS's.
        "Express state machine does not support '.waitForTaskToken' service integration "
    } else if resource.ends_with(".sync") || resource.ends_with(".sync:2") {
        "Express state machine does not support '.sync' service integration"
    } else {
        return;
    };
    lint.error(
        Rule::UnsupportedInExpress,
        place,
        message,
        "Make it a STANDARD machine, or call the service without waiting for it.",
    );
}
