//! The parameters that a service requires. AWS checks them before it begins the task, and the execution fails there.

use serde_json::Value;

use crate::Integration;
use crate::failure::Failure;
use crate::template::Reference;
use crate::thread::Data;

/// The fields that an optimised integration requires.
const REQUIRED: [(&str, &str, &[&str]); 6] = [
    ("lambda", "invoke", &["FunctionName"]),
    ("sqs", "sendMessage", &["QueueUrl", "MessageBody"]),
    ("states", "startExecution", &["StateMachineArn"]),
    ("events", "putEvents", &["Entries"]),
    ("apigateway", "invoke", &["ApiEndpoint", "Method"]),
    ("http", "invoke", &["ApiEndpoint", "Method"]),
];

/// Refuses parameters that the service of `integration` cannot accept.
///
/// # Errors
/// `States.Runtime`, which no catcher handles, with every fault of the parameters.
pub(crate) fn check(integration: &Integration, parameters: &Data, jsonata: bool) -> Result<(), Failure> {
    let Integration::Service { service, action, .. } = integration else { return Ok(()) };
    let required = REQUIRED.iter().find(|(of, name, _)| of == service && name == action);
    let missing =
        required.iter().flat_map(|(_, _, fields)| fields.iter()).filter(|field| is_missing(parameters, field));
    let mut faults: Vec<String> =
        missing.map(|field| format!("The field '{field}' is required but was missing")).collect();
    if service == "apigateway" && !headers_are_lists(&parameters.value) {
        faults.push("The value of the field 'Headers' has an invalid format".to_owned());
    }
    if service == "apigateway" && !fits(&parameters.value, "QueryParameters", Value::is_object) {
        faults.push("The value of the field 'QueryParameters' has an invalid format".to_owned());
    }
    if service == "events" && !fits(&parameters.value, "Entries", Value::is_array) {
        faults.push("The value of the field 'Entries' has an invalid format".to_owned());
    }
    if service == "http" {
        faults.extend(http(&parameters.value));
    }
    if service == "lambda" {
        faults.extend(parameters.value.get("Payload").and_then(|payload| no_text("Payload", payload)));
    }
    if service == "dynamodb" || service == "aws-sdk:dynamodb" {
        attributes(&parameters.value, &mut faults);
    }
    if !jsonata {
        unresolved(&parameters.value, &mut faults);
    }
    if faults.is_empty() {
        return Ok(());
    }
    let field = if jsonata { "Arguments" } else { "Parameters" };
    let (text, faults) = (&parameters.text, faults.join(", "));
    Err(Failure::runtime(format!("The {field} '{text}' could not be used to start the Task: [{faults}]")))
}

/// The faults of names that end in `.$` after every path has been evaluated, at any depth: AWS takes their values as
/// paths still.
fn unresolved(value: &Value, faults: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            let is_path = || value.as_str().is_some_and(|text| Reference::compile(text, name).is_ok());
            if name.ends_with(".$") && !is_path() {
                let what = "must be a valid JSONPath or a valid intrinsic function call";
                faults.push(format!("The value for the field '{name}' {what}"));
            }
            unresolved(value, faults);
        }),
        Value::Array(items) => items.iter().for_each(|item| unresolved(item, faults)),
        _ => {}
    }
}

/// The methods of HTTP tasks.
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];

/// Headers that an HTTP task cannot set, and prefixes of such headers.
const REFUSED: [&str; 32] = [
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];
const REFUSED_BEGINNINGS: [&str; 2] = ["x-forwarded", "x-amz"];

/// The faults of an HTTP task's parameters.
fn http(parameters: &Value) -> Vec<String> {
    let mut faults = Vec::new();
    if let Some(method) = parameters.get("Method").filter(|method| !method.is_null())
        && !method.as_str().is_some_and(|method| METHODS.contains(&method))
    {
        faults.push(format!("The value of the field 'Method' must be one of {METHODS:?}"));
    }
    let connection = |place: &str| parameters.get(place).and_then(|p| p.get("ConnectionArn")).is_some();
    if !connection("Authentication") && !connection("InvocationConfig") {
        faults.push("The field 'ConnectionArn' is required but was missing".to_owned());
    }
    for name in parameters.get("Headers").and_then(Value::as_object).into_iter().flat_map(|headers| headers.keys()) {
        let lower = name.to_ascii_lowercase();
        if REFUSED.contains(&lower.as_str()) || REFUSED_BEGINNINGS.iter().any(|begin| lower.starts_with(begin)) {
            faults.push(format!("The header '{name}' cannot be set by an HTTP Task"));
        }
    }
    faults
}

/// The fault of a field that has to be a text. A list or a map is written as JSON there; a number is refused.
fn no_text(field: &str, value: &Value) -> Option<String> {
    (value.is_number() || value.is_boolean()).then(|| format!("The value for the field '{field}' must be a STRING"))
}

/// The faults of DynamoDB's attribute values, at any depth: numbers have to be written as texts.
fn attributes(value: &Value, faults: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| {
            if let "S" | "N" | "B" = name.as_str() {
                faults.extend(no_text(name, value));
            }
            attributes(value, faults);
        }),
        Value::Array(items) => items.iter().for_each(|item| attributes(item, faults)),
        _ => {}
    }
}

/// A null field counts as missing, except a message's body: SQS itself refuses that.
fn is_missing(parameters: &Data, field: &str) -> bool {
    parameters.value.get(field).is_none_or(|value| value.is_null() && field != "MessageBody")
}

/// Whether a field, if it is given, holds what it has to.
fn fits(parameters: &Value, field: &str, right: fn(&Value) -> bool) -> bool {
    parameters.get(field).is_none_or(|value| value.is_null() || right(value))
}

/// API Gateway accepts several values for a header, always as a list.
fn headers_are_lists(parameters: &Value) -> bool {
    match parameters.get("Headers") {
        None | Some(Value::Null) => true,
        Some(Value::Object(headers)) => headers.values().all(Value::is_array),
        Some(_) => false,
    }
}
