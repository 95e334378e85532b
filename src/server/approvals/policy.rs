//! How a request for approval reads: its title and fields, from the manifest's templates or by a plain rule.
//!
//! A template sees `request`: what the task was asked, without its token and without what the integration wraps around
//! it (`Payload` of Lambda, `MessageBody` of SQS, `Message` of SNS, `Input` of a nested execution).

use std::collections::BTreeMap;

use minijinja::{Environment, UndefinedBehavior};
use serde::Deserialize;
use serde_json::Value;

use crate::server::redact::MARK;

/// Fields shown where no policy names any.
const PLAIN_FIELDS: usize = 12;
/// A title longer than this is cut: it has to fit a phone's screen.
const TITLE: usize = 140;
/// What a template may cost: far more than any sensible one needs.
const FUEL: u64 = 20_000;

/// The policy of one approval state, from `countersign.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// A template, such as `Refund {{ request.amount }} EUR?`.
    pub title: Option<String>,
    #[serde(default)]
    pub fields: Vec<Field>,
}

/// A label and the template of its value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub label: String,
    pub value: String,
}

/// Policies by workflow, then by state.
pub type Policies = BTreeMap<String, BTreeMap<String, Policy>>;

/// A request as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub title: String,
    pub fields: Vec<(String, String)>,
}

/// Reads a redacted request of `state` in `workflow`.
#[must_use]
pub fn read(policies: &Policies, workflow: &str, state: &str, request: &str) -> Reading {
    let asked = unwrap(serde_json::from_str(request).unwrap_or(Value::Null));
    let policy = policies.get(workflow).and_then(|states| states.get(state));
    let rendered = |template: &str| render(template, &asked);
    let title = policy
        .and_then(|policy| policy.title.as_deref())
        .map(|template| {
            rendered(template).unwrap_or_else(|why| format!("{state} (the title's template failed: {why})"))
        })
        .unwrap_or_else(|| plain_title(state, &asked));
    let fields = match policy {
        Some(policy) if !policy.fields.is_empty() => policy
            .fields
            .iter()
            .map(|field| {
                (field.label.clone(), rendered(&field.value).unwrap_or_else(|why| format!("(template failed: {why})")))
            })
            .filter(|(_, value)| !value.trim().is_empty())
            .collect(),
        _ => plain_fields(&asked),
    };
    Reading { title: shorten(&title), fields }
}

fn render(template: &str, request: &Value) -> Result<String, String> {
    let mut environment = Environment::new();
    environment.set_fuel(Some(FUEL));
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment
        .render_str(template, minijinja::context! { request => request })
        .map_err(|error| error.kind().to_string())
}

/// Takes the integration's wrapping and the token's place away.
fn unwrap(mut value: Value) -> Value {
    for key in ["Payload", "MessageBody", "Message", "Input"] {
        if let Some(inner) = value.get_mut(key) {
            value = inner.take();
            break;
        }
    }
    if let Value::String(text) = &value
        && let Ok(inner @ Value::Object(_)) = serde_json::from_str(text)
    {
        value = inner;
    }
    if let Value::Object(map) = &mut value {
        map.retain(|_, value| value.as_str() != Some(MARK));
        if let Some(request @ Value::Object(_)) = map.get_mut("request") {
            value = request.take();
        }
    }
    value
}

fn plain_title(state: &str, asked: &Value) -> String {
    ["title", "subject", "message", "question"]
        .into_iter()
        .find_map(|key| asked.get(key)?.as_str().filter(|text| !text.trim().is_empty()))
        .map_or_else(|| words(state), str::to_owned)
}

/// `WaitForApproval` as "Wait for approval".
fn words(name: &str) -> String {
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

fn plain_fields(asked: &Value) -> Vec<(String, String)> {
    let Value::Object(map) = asked else { return Vec::new() };
    map.iter()
        .filter_map(|(key, value)| match value {
            Value::String(text) => Some((words(key), text.clone())),
            Value::Number(number) => Some((words(key), number.to_string())),
            Value::Bool(yes) => Some((words(key), if *yes { "yes" } else { "no" }.to_owned())),
            _ => None,
        })
        .take(PLAIN_FIELDS)
        .collect()
}

fn shorten(title: &str) -> String {
    let line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TITLE { line } else { line.chars().take(TITLE - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policies(title: &str) -> Policies {
        let field = Field { label: "Amount".into(), value: "{{ request.amount }} EUR".into() };
        let policy = Policy { title: Some(title.into()), fields: vec![field] };
        BTreeMap::from([("refund".to_owned(), BTreeMap::from([("Ask".to_owned(), policy)]))])
    }

    const REQUEST: &str =
        r#"{"FunctionName":"f","Payload":{"taskToken":"[task token]","request":{"amount":12.5,"orderId":"4711"}}}"#;

    #[test]
    fn a_policy_words_the_request() {
        let reading =
            read(&policies("Refund {{ request.amount }} for {{ request.orderId }}?"), "refund", "Ask", REQUEST);
        assert_eq!(
            reading,
            Reading { title: "Refund 12.5 for 4711?".into(), fields: vec![("Amount".into(), "12.5 EUR".into())] }
        );
    }

    #[test]
    fn without_a_policy_the_request_speaks_for_itself() {
        let reading = read(&Policies::new(), "refund", "WaitForApproval", REQUEST);
        assert_eq!(reading.title, "Wait for approval");
        assert_eq!(
            reading.fields,
            [("amount".to_owned(), "12.5".to_owned()), ("order id".to_owned(), "4711".to_owned())]
        );
        let body = r#"{"QueueUrl":"q","MessageBody":"{\"title\":\"Ship it?\",\"token\":\"[task token]\"}"}"#;
        let reading = read(&Policies::new(), "x", "Y", body);
        assert_eq!((reading.title.as_str(), reading.fields.len()), ("Ship it?", 1));
    }

    #[test]
    fn a_template_that_fails_or_never_ends_says_so() {
        for bad in
            ["{{ request.", "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}"]
        {
            let reading = read(&policies(bad), "refund", "Ask", REQUEST);
            assert!(reading.title.starts_with("Ask (the title's template failed"), "{}", reading.title);
        }
        assert_eq!(
            read(&policies("{{ request.a.b.c }}x"), "refund", "Ask", REQUEST).title,
            "x",
            "a missing value is empty"
        );
    }
}
