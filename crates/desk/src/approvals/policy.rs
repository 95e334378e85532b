//! The wording of a request and of its answers: the manifest's, or a default.
//!
//! A template's only variable is `request`, the content of the request; see [`super::asked`].

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::Deserialize;

use super::asked::{Asked, words};
use super::changes::{Changes, changes};
use super::outcomes::OutcomeRule;
use super::render::{Escape, render};
use super::when::{BusinessHours, Due, Span};
use super::who::Approvers;

/// A longer title is cut: it has to fit a phone's screen.
const TITLE: usize = 140;

/// The policy of one approval state, from `countersign.toml`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// A template, such as `Refund {{ request.amount }} EUR?`.
    pub title: Option<String>,
    /// Markdown, a template as well.
    pub message: Option<String>,
    #[serde(default)]
    pub links: Vec<Link>,
    /// The paths of what a request would change, before and after, such as `$.old` and `$.new`.
    pub before: Option<String>,
    pub after: Option<String>,
    #[serde(default)]
    pub fields: Vec<Field>,
    /// The answer of an approval, as JSON with JSONata in `{% %}`; see [`super::answer`].
    pub approve: Option<serde_json::Value>,
    /// The answer of a rejection.
    pub reject: Option<Rejection>,
    /// Who may decide; see [`super::who`].
    #[serde(default)]
    pub approvers: Approvers,
    /// How many people have to choose an outcome that is not `bad`.
    pub quorum: Option<u32>,
    /// Groups of which one person each has to be among them.
    #[serde(default)]
    pub one_of_each: Vec<String>,
    /// Whether the requester may not decide.
    #[serde(default)]
    pub four_eyes: bool,
    /// Where the request or the execution's input names the requester, such as `$.requestedBy`.
    pub requester: Option<String>,
    /// When it is due, after it began to wait or at a time of day.
    pub due: Option<Due>,
    /// The hours in which people work: times are counted in them.
    pub business_hours: Option<BusinessHours>,
    /// How long before it is due the approvers are reminded.
    #[serde(default)]
    pub remind: Vec<Span>,
    /// Who may decide after a while, too.
    #[serde(default)]
    pub escalate: Vec<Escalation>,
    /// The outcome that is chosen once it is due.
    pub on_due: Option<String>,
    /// Whether the task gets heartbeats while it waits for a person.
    #[serde(default)]
    pub heartbeat: bool,
    /// What a person may choose, in the order of the buttons; approve and reject where there are none. See
    /// [`super::outcomes`].
    #[serde(default)]
    pub outcomes: IndexMap<String, OutcomeRule>,
    /// The hash of all of it as it is in the manifest; see [`super::shown`].
    #[serde(skip)]
    pub version: Option<String>,
}

/// Who may decide, too, once a request has waited so long.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Escalation {
    pub after: Span,
    #[serde(default)]
    pub people: Vec<String>,
    #[serde(default)]
    pub groups: Vec<String>,
}

/// The answer of a rejection: a result or an error.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rejection {
    pub success: Option<serde_json::Value>,
    pub error: Option<String>,
    pub cause: Option<String>,
}

impl Rejection {
    /// What is wrong with it: it must be a result or an error, not both.
    #[must_use]
    pub fn fault(&self) -> Option<&'static str> {
        match (&self.success, &self.error, &self.cause) {
            (Some(_), None, None) | (None, Some(_), _) => None,
            (None, None, _) => Some("a rejection needs `success` or `error`"),
            (Some(_), ..) => Some("a rejection is a `success` or an `error`, not both"),
        }
    }
}

/// A label and the template of its value.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    pub label: String,
    pub value: String,
}

/// A link of a request: a label and the template of its address.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Link {
    pub label: String,
    pub url: String,
}

/// Policies by workflow, then by state.
pub type Policies = BTreeMap<String, BTreeMap<String, Policy>>;

/// A request as a person reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    pub title: String,
    pub fields: Vec<(String, String)>,
    /// Markdown in which all of the request is escaped.
    pub message: Option<String>,
    /// Labels and addresses.
    pub links: Vec<(String, String)>,
    pub changes: Option<Changes>,
    /// When its rule says that it is due; known only of a request that waits.
    pub due: Option<i64>,
}

/// Reads a redacted request of `state` in `workflow`.
#[must_use]
pub fn read(policies: &Policies, workflow: &str, state: &str, request: &str) -> Reading {
    let asked = Asked::of(request);
    let policy = policies.get(workflow).and_then(|states| states.get(state));
    let rendered = |template: &str| render(template, asked.text(), Escape::Nothing);
    let title = policy
        .and_then(|policy| policy.title.as_deref())
        .map(|template| {
            rendered(template).unwrap_or_else(|why| format!("{state} (the title's template failed: {why})"))
        })
        .or_else(|| asked.title())
        .unwrap_or_else(|| words(state));
    let fields = match policy {
        Some(policy) if !policy.fields.is_empty() => policy
            .fields
            .iter()
            .map(|field| {
                (field.label.clone(), rendered(&field.value).unwrap_or_else(|why| format!("(template failed: {why})")))
            })
            .filter(|(_, value)| !value.trim().is_empty())
            .collect(),
        _ => asked.facts(),
    };
    Reading {
        title: shorten(&title),
        fields,
        message: policy.and_then(|policy| policy.message.as_deref()).map(|template| {
            render(template, asked.text(), Escape::Markdown)
                .unwrap_or_else(|why| format!("(the template failed: {why})"))
        }),
        links: links(policy, asked.text()),
        changes: policy
            .and_then(|policy| Some((policy.before.as_deref()?, policy.after.as_deref()?)))
            .and_then(|(before, after)| changes(asked.text(), before, after)),
        due: None,
    }
}

/// The links whose addresses can be made.
fn links(policy: Option<&Policy>, content: &str) -> Vec<(String, String)> {
    let links = policy.map_or(&[][..], |policy| &policy.links);
    let one = |link: &Link| {
        // An address that the request has as a whole stays as it is: whoever shows it checks where it leads.
        let escape = if link.url.trim_start().starts_with("{{") { Escape::Nothing } else { Escape::Address };
        render(&link.url, content, escape).ok().map(|url| (link.label.clone(), url.trim().to_owned()))
    };
    links.iter().filter_map(one).filter(|(_, url)| !url.is_empty()).collect()
}

fn shorten(title: &str) -> String {
    let line = title.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= TITLE { line } else { line.chars().take(TITLE - 1).chain(['…']).collect() }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    fn policies(title: &str) -> Policies {
        let field = Field { label: "Amount".into(), value: "{{ request.amount }} EUR".into() };
        let policy = Policy { title: Some(title.into()), fields: vec![field], ..Policy::default() };
        BTreeMap::from([("refund".to_owned(), BTreeMap::from([("Ask".to_owned(), policy)]))])
    }

    const REQUEST: &str =
        r#"{"FunctionName":"f","Payload":{"taskToken":"[task token]","request":{"amount":12.5,"orderId":"4711"}}}"#;

    #[test]
    fn a_policy_sets_the_wording() {
        let reading =
            read(&policies("Refund {{ request.amount }} for {{ request.orderId }}?"), "refund", "Ask", REQUEST);
        assert_eq!(reading.title, "Refund 12.5 for 4711?");
        assert_eq!(reading.fields, [("Amount".to_owned(), "12.5 EUR".to_owned())]);
    }

    #[test]
    fn numbers_are_shown_digit_for_digit() {
        for (amount, template, expect) in [
            ("386.40", "{{ request.amount }}", "386.40"),
            ("98765432109876543210987", "{{ request.amount }}", "98765432109876543210987"),
            ("0.1234567890123456789012", "{{ request.amount }}", "0.1234567890123456789012"),
            ("1e999999", "{{ request.amount }}", "1e999999"),
            ("1.50e3", "{{ request.amount }}", "1.50e3"),
            ("386.40", "{{ request.amount * 2 }}", "772.8"),
            ("386.40", "{{ '%.2f'|format(request.amount) if request.amount is number else 'no' }}", "386.40"),
            ("-0.50", "{{ request.amount }}", "-0.50"),
        ] {
            let request = format!(r#"{{"Payload":{{"request":{{"amount":{amount}}}}}}}"#);
            assert_eq!(read(&policies(template), "refund", "Ask", &request).title, expect, "{amount} {template}");
        }
        let two = r#"{"a":1.5,"b":1.50}"#;
        assert_eq!(read(&policies("{{ request.a }} {{ request.b }}"), "refund", "Ask", two).title, "1.5 1.50");
    }

    #[test]
    fn a_template_that_fails_or_never_ends_is_reported() {
        for bad in
            ["{{ request.", "{% for a in range(9999) %}{% for b in range(9999) %}{{ a }}{% endfor %}{% endfor %}"]
        {
            let reading = read(&policies(bad), "refund", "Ask", REQUEST);
            assert!(reading.title.starts_with("Ask (the title's template failed"), "{}", reading.title);
        }
        let doubled = format!("{{% set a = request.orderId %}}{}{{{{ a }}}}", "{% set a = a ~ a %}".repeat(24));
        let reading = read(&policies(&doubled), "refund", "Ask", REQUEST);
        assert_eq!(reading.title, "Ask (the title's template failed: it could make a text of many megabytes)");
        let long = "{{ 'x' * 100000 }}".repeat(6);
        let reading = read(&policies(&long), "refund", "Ask", REQUEST);
        assert_eq!(reading.title, "Ask (the title's template failed: it wrote more than 512 KB)");
        assert_eq!(
            read(&policies("{{ request.a.b.c }}x"), "refund", "Ask", REQUEST).title,
            "x",
            "a missing value is empty"
        );
    }

    #[test]
    fn nothing_of_a_request_is_markdown_or_leads_elsewhere() {
        let request = r#"{"Payload":{"request":{"note":"**now** [x](https://evil.example)","id":"../a?b","page":"https://shop.example/1"}}}"#;
        let policy: Policy = toml::from_str(
            r#"
            message = "Note: *{{ request.note }}*"
            links = [
                { label = "Order", url = "https://shop.example/orders/{{ request.id }}" },
                { label = "Page", url = "{{ request.page }}" },
                { label = "None", url = "{{ request.none }}" },
            ]
            "#,
        )
        .unwrap();
        let policies = BTreeMap::from([("refund".to_owned(), BTreeMap::from([("Ask".to_owned(), policy)]))]);
        let reading = read(&policies, "refund", "Ask", request);
        let expect = r"Note: *\*\*now\*\* \[x\]\(https\:\/\/evil\.example\)*";
        assert_eq!(reading.message.as_deref(), Some(expect));
        let links: Vec<&str> = reading.links.iter().map(|(_, url)| url.as_str()).collect();
        assert_eq!(links, ["https://shop.example/orders/%2E%2E%2Fa%3Fb", "https://shop.example/1"]);
    }
}
