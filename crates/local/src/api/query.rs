//! The query protocol: a form with the name of the action, answered with XML. SNS, STS, IAM and CloudFormation
//! speak it.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::wire::decoded;
use super::{callers, cloudformation, iam, messaging, sts, xml};
use crate::host::{AccountRegion, Host};

/// The fields of a form.
#[derive(Clone, Debug)]
pub struct Form(BTreeMap<String, String>);

impl Form {
    fn of(text: &str) -> Self {
        let pairs = text.split('&').filter_map(|pair| pair.split_once('='));
        Self(pairs.map(|(key, value)| (decoded(key), decoded(value))).collect())
    }

    /// A field, if it is given.
    pub fn given(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(String::as_str)
    }

    /// A field; empty if it is not given.
    pub fn field(&self, key: &str) -> &str {
        self.given(key).unwrap_or_default()
    }

    /// The attributes of a message: `MessageAttributes.entry.1.Name`, `.Value.DataType`, `.Value.StringValue`.
    pub fn message_attributes(&self) -> Map<String, Value> {
        let names = self.0.iter().filter_map(|(key, name)| {
            let entry = key.strip_prefix("MessageAttributes.entry.")?.strip_suffix(".Name")?;
            let values = ["DataType", "StringValue", "BinaryValue"].into_iter().filter_map(|part| {
                let value = self.given(&format!("MessageAttributes.entry.{entry}.Value.{part}"))?;
                Some((part.to_owned(), json!(value)))
            });
            Some((name.clone(), Value::Object(values.collect())))
        });
        names.collect()
    }

    /// The members of a list, in order: `TagKeys.member.1`, `TagKeys.member.2`.
    pub fn list(&self, name: &str) -> Vec<&str> {
        let mut members: Vec<(u32, &str)> = self
            .0
            .iter()
            .filter_map(|(key, value)| {
                let at = key.strip_prefix(name)?.strip_prefix(".member.")?;
                Some((at.parse().ok()?, value.as_str()))
            })
            .collect();
        members.sort_by_key(|(at, _)| *at);
        members.into_iter().map(|(_, value)| value).collect()
    }

    /// The members of a list of structures, in order: `Tags.member.1.Key`, `Tags.member.1.Value`.
    pub fn structures(&self, name: &str) -> Vec<BTreeMap<&str, &str>> {
        let mut members: BTreeMap<u32, BTreeMap<&str, &str>> = BTreeMap::new();
        for (key, value) in &self.0 {
            let member = key.strip_prefix(name).and_then(|rest| rest.strip_prefix(".member."));
            let Some((at, field)) = member.and_then(|rest| rest.split_once('.')) else { continue };
            if let Ok(at) = at.parse() {
                members.entry(at).or_default().insert(field, value);
            }
        }
        members.into_values().collect()
    }

    /// The attributes of a topic or queue: `Attributes.entry.1.key`, `.value`.
    pub fn attributes(&self) -> BTreeMap<&str, &str> {
        let entries = self.0.iter().filter_map(|(key, name)| {
            let entry = key.strip_prefix("Attributes.entry.")?.strip_suffix(".key")?;
            Some((name.as_str(), self.field(&format!("Attributes.entry.{entry}.value"))))
        });
        entries.collect()
    }
}

/// The version of each service's interface, which identifies the service of an unsigned request.
const VERSIONS: [(&str, &str); 5] = [
    ("2010-03-31", "sns"),
    ("2010-05-08", "iam"),
    ("2010-05-15", "cloudformation"),
    ("2011-06-15", "sts"),
    ("2012-11-05", "sqs"),
];

/// One operation.
pub async fn operation(host: &Arc<Host>, caller: &AccountRegion, headers: &HeaderMap, body: &[u8]) -> Response {
    let form = Form::of(&String::from_utf8_lossy(body));
    let action = form.field("Action");
    let versioned = || VERSIONS.iter().find(|(version, _)| *version == form.field("Version"));
    let service = match callers::service(headers) {
        "" => versioned().map_or("sns", |(_, service)| service),
        service => service,
    };
    let answer = match service {
        "sns" => messaging::sns(host, caller, &form, action).await,
        "cloudformation" => cloudformation::call(host, caller, &form, action).await,
        "iam" => iam::call(host, caller, &form, action).await,
        "sts" => sts::call(caller, &form, action, host.clock.now()),
        _ => None,
    };
    answer.unwrap_or_else(|| {
        let why =
            callers::why_not_served(callers::titled(service), if action.is_empty() { "this call" } else { action });
        xml::error("", StatusCode::BAD_REQUEST, "InvalidAction", &why)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_decoded() {
        let form = Form::of("Action=Publish&Message=a%20b%2Bc+d%C3%BC&Bad=%zz");
        assert_eq!(form.field("Message"), "a b+c dü");
        assert_eq!(form.field("Bad"), "?");
    }

    #[test]
    fn lists_are_in_the_order_of_their_numbers() {
        let form = Form::of(
            "TagKeys.member.10=c&TagKeys.member.2=b&TagKeys.member.1=a&Tags.member.1.Key=k&Tags.member.1.Value=v\
             &Tags.member.2.Key=l",
        );
        assert_eq!(form.list("TagKeys"), ["a", "b", "c"]);
        let expect = [BTreeMap::from([("Key", "k"), ("Value", "v")]), BTreeMap::from([("Key", "l")])];
        assert_eq!(form.structures("Tags"), expect);
    }

    #[test]
    fn attributes_are_gathered_from_their_parts() {
        let form = Form::of(
            "MessageAttributes.entry.1.Name=a&MessageAttributes.entry.1.Value.DataType=String\
             &MessageAttributes.entry.1.Value.StringValue=x&Attributes.entry.1.key=FifoTopic&Attributes.entry.1.value=true",
        );
        let expect = json!({ "a": { "DataType": "String", "StringValue": "x" } });
        assert_eq!(Value::Object(form.message_attributes()), expect);
        assert_eq!(form.attributes(), BTreeMap::from([("FifoTopic", "true")]));
    }
}
