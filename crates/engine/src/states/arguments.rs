//! What a service must be given. AWS looks at the fields before it begins the task, and the execution fails there.

use serde_json::Value;

use crate::Integration;
use crate::failure::Failure;
use crate::thread::Data;

/// The fields without which an optimised integration cannot be called.
const REQUIRED: [(&str, &str, &[&str]); 5] = [
    ("lambda", "invoke", &["FunctionName"]),
    ("sqs", "sendMessage", &["QueueUrl", "MessageBody"]),
    ("states", "startExecution", &["StateMachineArn"]),
    ("events", "putEvents", &["Entries"]),
    ("apigateway", "invoke", &["ApiEndpoint", "Method"]),
];

/// Refuses parameters that the service of `integration` could not take.
///
/// # Errors
/// `States.Runtime`, which no catcher takes, with every fault of the parameters.
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
    if faults.is_empty() {
        return Ok(());
    }
    let field = if jsonata { "Arguments" } else { "Parameters" };
    let (text, faults) = (&parameters.text, faults.join(", "));
    Err(Failure::runtime(format!("The {field} '{text}' could not be used to start the Task: [{faults}]")))
}

fn is_missing(parameters: &Data, field: &str) -> bool {
    parameters.value.get(field).is_none_or(Value::is_null)
}

/// API Gateway takes several values for a header, always in a list.
fn headers_are_lists(parameters: &Value) -> bool {
    match parameters.get("Headers") {
        None | Some(Value::Null) => true,
        Some(Value::Object(headers)) => headers.values().all(Value::is_array),
        Some(_) => false,
    }
}
