//! `http:invoke`: a call to any HTTPS API, authorised with a connection; `apigateway:invoke` on this machine.

mod client;
mod form;
mod gateway;
mod guard;
mod request;

use std::borrow::Cow;
use std::sync::Arc;

use serde_json::{Map, Value, json};

pub use client::HttpClient;
use client::{Response, Trouble};
pub use gateway::invoke as invoke_gateway;
use request::Draft;

use super::answer::TaskOutcome;
use crate::connections::{Authorization, Connection, Secret};
use crate::host::Host;
use crate::masks::{HIDDEN, Masks};

/// The request and the response, as `TestState` shows them.
#[derive(Debug, Default)]
pub struct Exchange {
    pub request: Option<Value>,
    pub response: Option<Value>,
}

/// `http:invoke`, from the region of the execution.
pub async fn invoke(host: &Host, region: &str, parameters: &Value) -> TaskOutcome {
    traced(host, region, parameters, false).await.0
}

/// The same, with the request and the response; `reveal` shows the secrets in them.
pub async fn traced(host: &Host, region: &str, parameters: &Value, reveal: bool) -> (TaskOutcome, Exchange) {
    let mut exchange = Exchange::default();
    let answer = call(host, region, parameters, reveal, &mut exchange).await.unwrap_or_else(|failed| failed);
    (answer, exchange)
}

async fn call(
    host: &Host,
    region: &str,
    parameters: &Value,
    reveal: bool,
    exchange: &mut Exchange,
) -> Result<TaskOutcome, TaskOutcome> {
    let connection = connection(host, parameters)?;
    let token = token(host, &connection).await?;
    let draft = |secret: request::Writing<'_>| {
        Draft::of(parameters, &connection, token.as_ref(), region, secret)
            .map_err(|why| TaskOutcome::failed("States.Runtime", format!("The HTTP task cannot call: {why}.")))
    };
    let (plain, hidden) = (draft(&|secret| secret.reveal().to_owned())?, draft(&hidden)?);
    exchange.request = Some(shown_request(if reveal { &plain } else { &hidden }));
    let request =
        plain.request().map_err(|why| TaskOutcome::failed("States.Runtime", format!("In the HTTP task, {why}.")))?;
    let masks = Masks::of_call(&connection, token.as_ref());
    let response = host.http.send(request).await.map_err(|error| masks.answer(trouble(error, "http")))?;
    let shown = shown_response(&plain, &response);
    exchange.response = Some(if reveal { shown } else { masked(&masks, &shown) });
    // The server may have returned what it received.
    answered(&response, "States.Http.StatusCode").map(|done| masks.answer(done)).map_err(|failed| masks.answer(failed))
}

/// Shows or hides a secret.
fn hidden(secret: &Secret) -> String {
    if secret.is_public() { secret.reveal().to_owned() } else { HIDDEN.to_owned() }
}

/// A server's response, without the secrets that it received.
fn masked(masks: &Masks, shown: &Value) -> Value {
    serde_json::from_str(&masks.json(shown.to_string())).unwrap_or_else(|_| json!(HIDDEN))
}

/// The connection that the parameters name, which the functions' file declares.
fn connection(host: &Host, parameters: &Value) -> Result<Arc<Connection>, TaskOutcome> {
    let places = ["InvocationConfig", "Authentication"];
    let arn = places.iter().find_map(|place| parameters[place]["ConnectionArn"].as_str()).unwrap_or_default();
    // `arn:aws:events:REGION:ACCOUNT:connection/NAME/ID`
    let name = arn.split_once(":connection/").map_or(arn, |(_, rest)| rest).split('/').next().unwrap_or_default();
    host.functions.connection(name).ok_or_else(|| {
        let cause = format!(
            "The connection '{arn}' is not declared. Write [connections.{name}] into the file of the functions \
             (--functions), or mock the task (SFN_MOCK_CONFIG)."
        );
        TaskOutcome::failed("Events.ConnectionResource.ResourceNotFound", cause)
    })
}

/// Requests the token of an OAuth connection.
async fn token(host: &Host, connection: &Connection) -> Result<Option<Secret>, TaskOutcome> {
    let Authorization::OAuth { token_url, client_id, client_secret, scope } = &connection.authorization else {
        return Ok(None);
    };
    let refused = |why: String| TaskOutcome::failed("Events.ConnectionResource.InvalidConnectionState", why);
    let draft = request::token(token_url, client_id, client_secret, scope.as_deref())
        .and_then(|draft| draft.request())
        .map_err(|why| refused(format!("The token cannot be asked for: {why}.")))?;
    let response = host.http.send(draft).await.map_err(|trouble| match trouble {
        Trouble::Refused(why) => refused(format!("The token cannot be asked for: {why}.")),
        _ => refused(format!("{token_url} gave no token.")),
    })?;
    let body: Value = serde_json::from_slice(&response.body).unwrap_or_default();
    match body["access_token"].as_str().filter(|_| response.status.is_success()) {
        Some(token) => {
            let token = Secret::new(token);
            host.masks.remember(&token);
            Ok(Some(token))
        }
        None => Err(refused(format!("{token_url} answered {} without a token.", response.status))),
    }
}

/// The failure of a call without a complete response; `service` is `http` or `apigateway`.
fn trouble(trouble: Trouble, service: &str) -> TaskOutcome {
    match trouble {
        Trouble::Socket(why) => TaskOutcome::failed("States.Http.Socket", why),
        Trouble::Refused(why) => {
            TaskOutcome::failed("States.Runtime", format!("The {service} task cannot call: {why}."))
        }
        Trouble::TooLarge => TaskOutcome::failed(
            "States.DataLimitExceeded",
            format!(
                "The state/task '{service}' returned a result with a size exceeding the maximum number of bytes service \
                 limit."
            ),
        ),
    }
}

/// The task's result, or its failure if the status is not a success: `errors` and the status.
fn answered(response: &Response, errors: &str) -> Result<TaskOutcome, TaskOutcome> {
    let find = |wanted: &str| response.headers.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str());
    let media = find("content-type").and_then(|value| value.split(';').next()).unwrap_or_default().trim();
    let media = media.to_ascii_lowercase();
    let binary = ["image/", "video/", "audio/", "application/octet-stream"];
    if binary.iter().any(|prefix| media.starts_with(prefix)) {
        let cause = format!("The response has the content type {media}, which an HTTP task cannot take.");
        return Err(TaskOutcome::failed("States.Runtime", cause));
    }
    let text = String::from_utf8_lossy(&response.body);
    let reason = response.status.canonical_reason().unwrap_or_default();
    if !response.status.is_success() {
        let cause = if text.is_empty() { reason.into() } else { text };
        return Err(TaskOutcome::failed(&format!("{errors}.{}", response.status.as_u16()), cause));
    }
    if matches!(text, Cow::Owned(_)) {
        let cause = "The response cannot be read as a text: it is not UTF-8.";
        return Err(TaskOutcome::failed("States.Runtime", cause));
    }
    let is_json = media == "application/json" || media.ends_with("+json");
    let body = serde_json::from_str(&text).ok().filter(|_| is_json).unwrap_or_else(|| json!(text));
    let mut headers = Map::new();
    for (name, value) in &response.headers {
        let values = headers.entry(name.clone()).or_insert_with(|| json!([]));
        values.as_array_mut().into_iter().for_each(|values| values.push(json!(value)));
    }
    let result = json!({
        "Headers": headers, "ResponseBody": body, "StatusCode": response.status.as_u16(), "StatusText": reason,
    });
    Ok(TaskOutcome::Done(result.to_string()))
}

fn shown_request(draft: &Draft) -> Value {
    let mut shown = json!({
        "protocol": protocol(draft), "method": draft.method.as_str(), "url": draft.url, "headers": list(&draft.headers),
    });
    if let Some(body) = &draft.body {
        shown["body"] = json!(body);
    }
    shown
}

fn shown_response(draft: &Draft, response: &Response) -> Value {
    json!({
        "protocol": protocol(draft), "statusCode": response.status.as_str(),
        "statusMessage": response.status.canonical_reason().unwrap_or_default(), "headers": list(&response.headers),
        "body": String::from_utf8_lossy(&response.body),
    })
}

fn protocol(draft: &Draft) -> &str {
    draft.url.split("://").next().unwrap_or_default()
}

/// Headers in one text, as AWS writes them.
fn list(headers: &[(String, String)]) -> String {
    let headers: Vec<String> = headers.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    format!("[{}]", headers.join(", "))
}
