//! The content of a request: a task's parameters without its token and without the integration's wrapper (`Payload` of
//! Lambda, `MessageBody` of SQS, `Message` of SNS, `Input` of a nested execution).
//!
//! Nothing is lost: fields beside the wrapped request are kept, digits stay as they were written, and duplicate keys are
//! shown twice.

use std::borrow::Cow;

use crate::redact::MARK;
use countersign_json::{Json, JsonError, Kind, Value, quoted};

/// The most facts shown when no policy names any; the whole request has the rest.
const FACTS: usize = 20;
/// A longer fact is cut; the whole request has it.
const FACT: usize = 500;
/// Levels of nesting that become facts; a deeper value is one fact.
const LEVELS: usize = 12;

/// Keys that wrap the request.
const WRAPPERS: [&str; 4] = ["Payload", "MessageBody", "Message", "Input"];
/// Keys beside them that only address the message.
const ROUTING: [&str; 16] = [
    "FunctionName",
    "InvocationType",
    "Qualifier",
    "LogType",
    "ClientContext",
    "QueueUrl",
    "DelaySeconds",
    "MessageGroupId",
    "MessageDeduplicationId",
    "MessageStructure",
    "TopicArn",
    "TargetArn",
    "StateMachineArn",
    "Name",
    "TraceHeader",
    "MessageSystemAttributes",
];

/// The content of a request, as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    text: String,
}

impl Asked {
    /// The content of a redacted request; `null` if it is not JSON.
    #[must_use]
    pub fn of(request: &str) -> Self {
        Self::read(request).unwrap_or_else(|_| Self { text: "null".to_owned() })
    }

    /// The content of a redacted request.
    ///
    /// # Errors
    /// It is not JSON.
    pub fn read(request: &str) -> Result<Self, JsonError> {
        Ok(Self { text: unwrapped(Json::read(request)?.root()) })
    }

    /// JSON text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The request's own title, if it has one.
    pub fn title(&self) -> Option<String> {
        let json = Json::read(self.text.as_str()).ok()?;
        let text = |key: &str| json.root().get(key)?.text().map(Cow::into_owned);
        ["title", "subject", "message", "question"]
            .into_iter()
            .find_map(|key| text(key).filter(|text| !text.trim().is_empty()))
    }

    /// The label and value of each of its fields. The label of a nested value is its path.
    pub fn facts(&self) -> Vec<(String, String)> {
        let Ok(json) = Json::read(self.text.as_str()) else { return Vec::new() };
        let mut facts = Vec::new();
        collect(json.root(), "", 0, &mut facts);
        let more = facts.len().saturating_sub(FACTS);
        facts.truncate(FACTS);
        if more > 0 {
            facts.push(("And".to_owned(), format!("{more} more: see the whole request.")));
        }
        facts
    }
}

fn collect(value: Value, path: &str, level: usize, facts: &mut Vec<(String, String)>) {
    let label = || if path.is_empty() { "request".to_owned() } else { path.to_owned() };
    match value.kind() {
        Kind::Object | Kind::Array if level == LEVELS => facts.push((label(), cut(value.raw()))),
        Kind::Object => {
            for (key, value) in value.members() {
                let at = match (path.is_empty(), value.kind()) {
                    (true, Kind::Object | Kind::Array) => key.into_owned(),
                    (true, _) => words(&key),
                    (false, _) => format!("{path}.{key}"),
                };
                collect(value, &at, level + 1, facts);
            }
        }
        Kind::Array => {
            for (index, item) in value.items().enumerate() {
                collect(item, &format!("{path}[{index}]"), level + 1, facts);
            }
        }
        Kind::String => facts.push((label(), cut(&value.text().unwrap_or_default()))),
        Kind::Number => facts.push((label(), cut(value.raw()))),
        Kind::Bool => facts.push((label(), if value.bool() == Some(true) { "yes" } else { "no" }.to_owned())),
        Kind::Null => {}
    }
}

fn cut(text: &str) -> String {
    if text.chars().count() <= FACT { text.to_owned() } else { text.chars().take(FACT - 1).chain(['…']).collect() }
}

/// The text without the integration's wrapper and without the token's field.
fn unwrapped(root: Value) -> String {
    let wrapper = WRAPPERS.into_iter().find(|key| root.get(key).is_some());
    let Some(wrapper) = wrapper else { return opened(root, &[]) };
    let beside: Vec<(String, String)> = root
        .members()
        .filter(|(key, value)| {
            key != wrapper && !ROUTING.contains(&key.as_ref()) && value.text().as_deref() != Some(MARK)
        })
        .map(|(key, value)| (key.into_owned(), value.raw().to_owned()))
        .collect();
    let Some(inner) = root.get(wrapper) else { return opened(root, &[]) };
    let text = inner.text().and_then(|text| Json::read(text.into_owned()).ok());
    match &text {
        Some(json) if json.root().kind() == Kind::Object => opened(json.root(), &beside),
        _ if inner.kind() == Kind::Object || beside.is_empty() => opened(inner, &beside),
        _ => {
            let own = (wrapper.to_ascii_lowercase(), inner.raw().to_owned());
            object(std::iter::once(own).chain(beside))
        }
    }
}

/// The members of an object, those of its `request` first, then those in `beside`. Any other value stays as it is.
fn opened(value: Value, beside: &[(String, String)]) -> String {
    if value.kind() != Kind::Object {
        return value.raw().to_owned();
    }
    let is_token = |value: &Value| value.text().as_deref() == Some(MARK);
    let request = value.get("request").filter(|request| request.kind() == Kind::Object);
    let mut members: Vec<(String, String)> = Vec::new();
    for (key, value) in request.into_iter().flat_map(Value::members).filter(|(_, value)| !is_token(value)) {
        members.push((key.into_owned(), value.raw().to_owned()));
    }
    let own = value.members().filter(|(key, value)| !is_token(value) && (request.is_none() || key != "request"));
    let own: Vec<(String, String)> = own.map(|(key, value)| (key.into_owned(), value.raw().to_owned())).collect();
    let inner = members.len();
    for (key, raw) in own.into_iter().chain(beside.iter().cloned()) {
        // The request's own fields come first and keep their names.
        let is_taken = members[..inner].iter().any(|(known, _)| *known == key);
        members.push((if is_taken { format!("Payload.{key}") } else { key }, raw));
    }
    object(members)
}

fn object(members: impl IntoIterator<Item = (String, String)>) -> String {
    let members: Vec<String> = members.into_iter().map(|(key, raw)| format!("{}:{raw}", quoted(&key))).collect();
    format!("{{{}}}", members.join(","))
}

/// `WaitForApproval` as "Wait for approval".
pub fn words(name: &str) -> String {
    let mut out = String::with_capacity(name.len() + 4);
    let mut previous = ' ';
    for letter in name.chars() {
        if letter.is_uppercase() && previous.is_lowercase() {
            out.push(' ');
            out.extend(letter.to_lowercase());
        } else {
            out.push(letter);
        }
        previous = letter;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(request: &str, facts: &[(&str, &str)]) {
        let found = Asked::of(request).facts();
        let found: Vec<(&str, &str)> = found.iter().map(|(label, value)| (label.as_str(), value.as_str())).collect();
        assert_eq!(found, facts);
    }

    #[test]
    fn the_fields_of_a_request_are_its_facts() {
        check(
            r#"{"FunctionName":"f","Payload":{"taskToken":"[task token]","request":{"amount":12.50,"orderId":"4711"}}}"#,
            &[("amount", "12.50"), ("order id", "4711")],
        );
        let body = r#"{"QueueUrl":"q","MessageBody":"{\"title\":\"Ship it?\",\"token\":\"[task token]\"}"}"#;
        check(body, &[("title", "Ship it?")]);
        assert_eq!(Asked::of(body).title().as_deref(), Some("Ship it?"));
        check(
            r#"{"TopicArn":"t","Message":"Pay 5 EUR?","Subject":"Pay"}"#,
            &[("message", "Pay 5 EUR?"), ("Subject", "Pay")],
        );
    }

    #[test]
    fn nested_values_are_labelled_by_their_paths() {
        check(
            r#"{"Payload":{"t":"[task token]","order":{"customer":{"name":"Ada"},"lines":[{"sku":"a","n":2},{"sku":"b"}]},"ok":true}}"#,
            &[
                ("order.customer.name", "Ada"),
                ("order.lines[0].sku", "a"),
                ("order.lines[0].n", "2"),
                ("order.lines[1].sku", "b"),
                ("ok", "yes"),
            ],
        );
        let wide: String = (0..30).map(|n| format!(",\"k{n}\":{n}")).collect();
        let facts = Asked::of(&format!("{{\"a\":1{wide}}}")).facts();
        assert_eq!(facts.last().map(|(_, value)| value.as_str()), Some("11 more: see the whole request."));
    }

    #[test]
    fn fields_beside_a_request_are_part_of_it() {
        check(
            r#"{"Payload":{"taskToken":"[task token]","request":{"reason":"lost","amount":1},"amount":98765432109876543210987,"amount2":2}}"#,
            &[("reason", "lost"), ("amount", "1"), ("Payload.amount", "98765432109876543210987"), ("amount2", "2")],
        );
        check(r#"{"a":1,"a":2}"#, &[("a", "1"), ("a", "2")]);
    }

    #[test]
    fn a_request_without_fields_has_no_facts() {
        for request in ["{}", "null", r#"{"Payload":{"t":"[task token]"}}"#, "no JSON", r#"{"Payload":{"request":{}}}"#]
        {
            check(request, &[]);
        }
        assert!(Asked::of(&format!("{}1{}", "[".repeat(2_000), "]".repeat(2_000))).facts().is_empty());
    }
}
