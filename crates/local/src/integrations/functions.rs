//! Lambda: by ARN, and `lambda:invoke`.

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use countersign_asl::{json_error, read_json};
use serde_json::{Map, Value, json};

use super::answer::TaskOutcome;
use crate::api::wire::http_date;
use crate::host::{AccountRegion, Host};
use crate::lambda::{Failure, Origin, version_of};
use crate::random;

/// Step Functions' limit of a payload, in bytes.
const PAYLOAD: usize = 262_144;

/// A function as the task's resource: its payload is the answer.
pub async fn by_arn(host: &Host, function_arn: &str, input: &Value, origin: Origin) -> TaskOutcome {
    let key = host.functions.key(&host.place, function_arn).unwrap_or_default();
    match host.functions.invoke_for(origin, &key, &input.to_string(), false).await {
        Ok((output, _)) => {
            taken_in(&output, function_arn).map_or_else(|refused| refused, |value| TaskOutcome::Done(value.to_string()))
        }
        Err(failure) => failed(&host.place, function_arn, failure),
    }
}

/// `lambda:invoke`: the payload is wrapped, as AWS does.
pub async fn invoke(host: &Host, caller: &AccountRegion, parameters: &Value, origin: Origin) -> TaskOutcome {
    let Some(function) = parameters.get("FunctionName").and_then(Value::as_str) else {
        return TaskOutcome::failed("States.Runtime", "The task's parameters have no FunctionName.");
    };
    // A text is sent unchanged: it has to be JSON already.
    let payload = match parameters.get("Payload") {
        None | Some(Value::Null) => "{}".to_owned(),
        Some(Value::String(text)) => match checked_payload(text) {
            Ok(payload) => payload.to_owned(),
            Err(why) => {
                let code = "InvalidRequestContentException";
                let error = format!("Lambda.{code}");
                return TaskOutcome::service_failed(&error, &not_an_event(&why), "AWSLambda", 400, code);
            }
        },
        Some(value) => value.to_string(),
    };
    let logged = parameters.get("LogType").and_then(Value::as_str) == Some("Tail");
    let key = host.functions.key(caller, &qualified(function, parameters)).unwrap_or_default();
    let (payload, log) = match host.functions.invoke_for(origin, &key, &payload, logged).await {
        Ok((output, log)) => match taken_in(&output, "lambda") {
            Ok(payload) => (payload, log),
            Err(refused) => return refused,
        },
        Err(failure) => return failed(caller, function, failure),
    };
    let length = payload.to_string().len();
    let mut result = Map::new();
    result.insert("ExecutedVersion".to_owned(), json!(version_of(&key)));
    if logged {
        result.insert("LogResult".to_owned(), json!(BASE64_STANDARD.encode(log)));
    }
    result.insert("Payload".to_owned(), payload);
    result.insert("StatusCode".to_owned(), json!(200));
    let id = random::uuid().to_string();
    let headers = [
        ("X-Amz-Executed-Version", "$LATEST".to_owned()),
        ("x-amzn-Remapped-Content-Length", "0".to_owned()),
        ("Connection", "keep-alive".to_owned()),
        ("Date", http_date(host.clock.now())),
        ("X-Amzn-Trace-Id", format!("Root=1-{};Sampled=0", random::uuid().simple())),
        ("Content-Length", length.to_string()),
        ("Content-Type", "application/json".to_owned()),
    ];
    TaskOutcome::with_metadata(result, &headers, &id)
}

/// The event that a payload is. Without one it is an empty object.
///
/// # Errors
/// Why the payload cannot be read.
pub fn checked_payload(text: &str) -> Result<&str, String> {
    match text {
        "" => Ok("{}"),
        text => json_error(text).map_or(Ok(text), Err),
    }
}

/// Lambda's words for a payload that cannot be read.
pub fn not_an_event(why: &str) -> String {
    format!("Could not parse request body into json: Could not parse payload into json: {why}")
}

/// The function with the qualifier that a parameter of its own gives.
fn qualified(function: &str, parameters: &Value) -> String {
    match parameters.get("Qualifier").and_then(Value::as_str) {
        Some(qualifier) => format!("{function}:{qualifier}"),
        None => function.to_owned(),
    }
}

/// Checks a function's answer for Step Functions. The size comes first: an answer that is too large is never parsed.
fn taken_in(text: &str, what: &str) -> Result<Value, TaskOutcome> {
    if text.len() > PAYLOAD {
        return Err(TaskOutcome::failed(
            "States.DataLimitExceeded",
            format!(
                "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service limit."
            ),
        ));
    }
    read_json(text).map_err(|why| {
        TaskOutcome::failed("Runtime.InvalidResponse", format!("The function's answer is not JSON: {why}."))
    })
}

fn failed(caller: &AccountRegion, function: &str, failure: Failure) -> TaskOutcome {
    match failure {
        Failure::Function { error, cause } => TaskOutcome::Failed { error, cause },
        Failure::Unknown => {
            let arn = match function.starts_with("arn:") {
                true => function.to_owned(),
                false => caller.arn("lambda", &format!("function:{function}")),
            };
            let qualified = if arn.split(':').count() > 7 { arn } else { format!("{arn}:$LATEST") };
            TaskOutcome::service_failed(
                "Lambda.ResourceNotFoundException",
                &format!("Function not found: {qualified}"),
                "AWSLambda",
                404,
                "ResourceNotFoundException",
            )
        }
    }
}
