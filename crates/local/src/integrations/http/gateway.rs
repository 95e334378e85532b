//! `apigateway:invoke` for an API on this machine: requests are not signed, and other APIs need a mock.

use axum::http::{Method, Uri};
use serde_json::Value;

use super::request::{Draft, is_here, set, several, with_query};
use super::{answered, trouble};
use crate::host::Host;
use crate::integrations::answer::TaskOutcome;

/// `apigateway:invoke`; `None` if the endpoint is not on this machine.
pub async fn invoke(host: &Host, parameters: &Value) -> Option<TaskOutcome> {
    let text = |name: &str| parameters[name].as_str().unwrap_or_default();
    let endpoint = text("ApiEndpoint");
    let endpoint = if endpoint.contains("://") { endpoint.to_owned() } else { format!("http://{endpoint}") };
    let uri: Uri = endpoint.parse().ok()?;
    if uri.scheme_str() != Some("http") || !uri.host().is_some_and(is_here) {
        return None;
    }
    let refused =
        |why: String| Some(TaskOutcome::failed("States.Runtime", format!("The API cannot be called: {why}.")));
    let Ok(method) = Method::from_bytes(text("Method").as_bytes()) else {
        return refused(format!("'{}' is no HTTP method", text("Method")));
    };
    let parts = [endpoint.as_str(), text("Stage"), text("Path")].map(|part| part.trim_matches('/'));
    let url: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
    let mut headers = Vec::new();
    set(&mut headers, "Content-Type", "application/json".to_owned());
    for (name, values) in parameters["Headers"].as_object().into_iter().flatten() {
        set(&mut headers, name, several(values));
    }
    let body = parameters.get("RequestBody").filter(|body| !body.is_null()).map(Value::to_string);
    let draft = Draft { method, url: with_query(&url.join("/"), parameters, &[]), headers, body };
    let request = match draft.request() {
        Ok(request) => request,
        Err(why) => return refused(why),
    };
    Some(match host.http.send(request).await {
        Ok(response) => answered(&response, "ApiGateway").unwrap_or_else(|failed| failed),
        Err(error) => trouble(error, "apigateway"),
    })
}
