//! Whether a task is asked what it was asked then.

use countersign_engine::{Integration, TaskRequest};
use countersign_trace::Attempt;
use serde_json::Value;

/// Whether a request asks the same of the same service as the recorded one. The task token is another one each time.
pub(super) fn is_same_request(recorded: &Attempt, request: &TaskRequest) -> bool {
    let (resource_type, resource) = match &request.integration {
        Integration::Lambda { function_arn } => ("lambda", function_arn.as_str()),
        Integration::Activity { arn } => ("activity", arn.as_str()),
        Integration::Service { service, resource, .. } => (service.as_str(), resource.as_str()),
        Integration::ItemReader { .. } | Integration::ItemObjects | Integration::ResultWriter { .. } => return true,
    };
    let same = |recorded: &Option<String>, now: &str| recorded.as_deref().is_none_or(|recorded| recorded == now);
    if !same(&recorded.resource_type, resource_type) || !same(&recorded.resource, resource) {
        return false;
    }
    // What was withheld cannot be compared.
    let Some(then) = recorded.parameters.as_deref().and_then(|text| serde_json::from_str(text).ok()) else {
        return true;
    };
    is_same(&then, &request.parameters, request.token.as_deref())
}

fn is_same(then: &Value, now: &Value, token: Option<&str>) -> bool {
    match (then, now) {
        (Value::Object(then), Value::Object(now)) => {
            then.len() == now.len()
                && now.iter().all(|(key, value)| then.get(key).is_some_and(|then| is_same(then, value, token)))
        }
        (Value::Array(then), Value::Array(now)) => {
            then.len() == now.len() && then.iter().zip(now).all(|(then, now)| is_same(then, now, token))
        }
        (Value::String(then), Value::String(now)) => then == now || differs_by_token(then, now, token),
        (Value::Number(then), Value::Number(now)) => then == now || then.as_f64() == now.as_f64(),
        _ => then == now,
    }
}

/// Whether a text is another one only where the token stands.
fn differs_by_token(then: &str, now: &str, token: Option<&str>) -> bool {
    let Some((before, after)) = token.and_then(|token| now.split_once(token)) else { return false };
    then.len() >= before.len() + after.len() && then.starts_with(before) && then.ends_with(after)
}
