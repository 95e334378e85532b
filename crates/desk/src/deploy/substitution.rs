//! The value of a placeholder, as a manifest writes it: `{ value = 30 }`, `{ ssm = "/shop/payment-arn" }`.

use std::collections::BTreeMap;

use countersign_asl::PlaceholderValue;
use countersign_json::{Json, Kind, quoted};
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

/// What a placeholder's value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    String,
    Number,
    Boolean,
    /// Any JSON.
    Json,
}

impl ValueType {
    /// The manifest's word.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Json => "json",
        }
    }

    /// A text as a value of this type; `None` if it is not one.
    #[must_use]
    pub fn read(self, text: &str) -> Option<PlaceholderValue> {
        if self == Self::String {
            return Some(PlaceholderValue::Text(text.to_owned()));
        }
        let json = Json::read(text.trim()).ok()?;
        let root = json.root();
        match (self, root.kind()) {
            (Self::Json, Kind::String) => root.text().map(|text| PlaceholderValue::Text(text.into_owned())),
            (Self::Json, _) | (Self::Number, Kind::Number) | (Self::Boolean, Kind::Bool) => {
                // A line end in JSON stands between two values: a string has none.
                Some(PlaceholderValue::Json(root.raw().replace(['\n', '\r'], " ")))
            }
            _ => None,
        }
    }
}

/// Where a value comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// The value itself, with its type.
    Value(PlaceholderValue),
    /// An environment variable of the program that plans.
    Variable(String),
    /// A parameter of the Parameter Store, by its name.
    Parameter(String),
    /// Another workflow of the manifest: its state machine's ARN.
    Workflow(String),
    /// A Lambda function by its name, in the connection's region and account.
    Function(String),
    /// An SNS topic by its name; it is created if it does not exist.
    Topic(String),
}

/// The value of a placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Entry")]
pub struct Substitution {
    /// Where it comes from, the first source first: the next one counts where one has nothing. An environment variable is
    /// asked before the Parameter Store, and that before the value of the manifest. At least one.
    pub sources: Vec<Source>,
    /// The type that its text is read as; a value has its own, and other texts are strings.
    pub kind: Option<ValueType>,
}

impl Substitution {
    /// The Parameter Store's parameter among the sources.
    #[must_use]
    pub fn parameter(&self) -> Option<&str> {
        self.sources.iter().find_map(|source| match source {
            Source::Parameter(name) => Some(name.as_str()),
            _ => None,
        })
    }

    /// The manifest's own value among the sources.
    #[must_use]
    pub fn value(&self) -> Option<&PlaceholderValue> {
        self.sources.iter().find_map(|source| match source {
            Source::Value(value) => Some(value),
            _ => None,
        })
    }
}

/// A substitution as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    value: Option<toml::Value>,
    env: Option<String>,
    ssm: Option<String>,
    workflow: Option<String>,
    function: Option<String>,
    topic: Option<String>,
    #[serde(rename = "type")]
    kind: Option<ValueType>,
}

/// The sources that an entry can name.
const SOURCES: &str = "value, env, ssm, workflow, function or topic";

impl TryFrom<Entry> for Substitution {
    type Error = String;

    fn try_from(entry: Entry) -> Result<Self, String> {
        let kind = entry.kind;
        let texts = [
            entry.env.map(Source::Variable),
            entry.ssm.map(Source::Parameter),
            // A number's digits are put in from the text later: see `exact`.
            entry.value.as_ref().map(|value| Source::Value(placeholder_value(value))),
        ];
        let arns = [
            entry.workflow.map(Source::Workflow),
            entry.function.map(Source::Function),
            entry.topic.map(Source::Topic),
        ];
        let texts: Vec<Source> = texts.into_iter().flatten().collect();
        let arns: Vec<Source> = arns.into_iter().flatten().collect();
        match (texts.len(), arns.len()) {
            (0, 0) => Err(format!("nothing gives a value: write one of {SOURCES}")),
            (0, 1) if kind.is_some() => Err("an ARN is a string: `type` has no effect here".to_owned()),
            (0, 1) => Ok(Self { sources: arns, kind }),
            (_, 0) => Ok(Self { sources: texts, kind }),
            _ => Err("an ARN has one source: `workflow`, `function` and `topic` stand alone".to_owned()),
        }
    }
}

fn placeholder_value(value: &toml::Value) -> PlaceholderValue {
    match value {
        toml::Value::String(text) => PlaceholderValue::Text(text.clone()),
        toml::Value::Datetime(moment) => PlaceholderValue::Text(moment.to_string()),
        other => PlaceholderValue::Json(serde_json::to_string(other).unwrap_or_default()),
    }
}

/// Gives the values of a table of substitutions the digits that they have in the text. Returns the numbers that JSON does not have,
/// each with its place.
pub fn exact(substitutions: &mut BTreeMap<String, Substitution>, table: Option<&DeTable>) -> Vec<(usize, String)> {
    let mut wrong = Vec::new();
    for (name, substitution) in substitutions {
        let entry = table.and_then(|table| table.get(name.as_str())).and_then(|entry| entry.get_ref().as_table());
        let Some(value) = entry.and_then(|entry| entry.get("value")) else { continue };
        let mut text = String::new();
        if let Err(what) = write(value.get_ref(), &mut text) {
            wrong.push((value.span().start, what));
            continue;
        }
        for source in &mut substitution.sources {
            if let Source::Value(PlaceholderValue::Json(json)) = source {
                json.clone_from(&text);
            }
        }
    }
    wrong
}

/// Writes a TOML value as JSON in one line.
fn write(value: &DeValue, out: &mut String) -> Result<(), String> {
    match value {
        DeValue::String(text) => out.push_str(&quoted(text)),
        DeValue::Integer(number) => {
            let decimal = i128::from_str_radix(number.as_str(), number.radix());
            let decimal = decimal.map_err(|_| format!("{} is too large a number", number.as_str()))?;
            // Digits that are decimal already stay as they are.
            if number.radix() == 10 {
                out.push_str(number.as_str().trim_start_matches('+'));
            } else {
                out.push_str(&decimal.to_string());
            }
        }
        DeValue::Float(number) => {
            let digits = number.as_str().trim_start_matches('+');
            if digits.contains("inf") || digits.contains("nan") {
                return Err(format!("{digits} is a number that JSON does not have"));
            }
            out.push_str(digits);
        }
        DeValue::Boolean(on) => out.push_str(if *on { "true" } else { "false" }),
        DeValue::Datetime(moment) => out.push_str(&quoted(&moment.to_string())),
        DeValue::Array(items) => {
            out.push('[');
            for (index, item) in items.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                write(item.get_ref(), out)?;
            }
            out.push(']');
        }
        DeValue::Table(members) => {
            out.push('{');
            for (index, (name, member)) in members.iter().enumerate() {
                out.push_str(if index == 0 { "" } else { "," });
                out.push_str(&quoted(name.get_ref()));
                out.push(':');
                write(member.get_ref(), out)?;
            }
            out.push('}');
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    fn read(text: &str) -> Result<Substitution, String> {
        let mut all: BTreeMap<String, Substitution> =
            toml::from_str(text).map_err(|error: toml::de::Error| error.message().to_owned())?;
        let table = DeTable::parse(text).unwrap();
        match exact(&mut all, Some(table.get_ref())).pop() {
            Some((_, what)) => Err(what),
            None => Ok(all.remove("A").unwrap()),
        }
    }

    fn json(text: &str) -> Result<Source, String> {
        Ok(Source::Value(PlaceholderValue::Json(text.to_owned())))
    }

    #[test]
    fn a_value_keeps_its_type_and_its_digits() {
        let source = |text: &str| read(text).map(|one| one.sources[0].clone());
        assert_eq!(source("A = { value = \"7\" }"), Ok(Source::Value(PlaceholderValue::Text("7".into()))));
        assert_eq!(source("A = { value = 7 }"), json("7"));
        assert_eq!(source("A = { value = 1_000.50 }"), json("1000.50"));
        assert_eq!(source("A = { value = 0x1F }"), json("31"));
        assert_eq!(source("A = { value = true }"), json("true"));
        assert_eq!(source("[A.value]\nb = [1.10, \"x\\ny\"]\na = {}"), json("{\"b\":[1.10,\"x\\ny\"],\"a\":{}}"));
        assert_eq!(source("A = { value = nan }"), Err("nan is a number that JSON does not have".into()));
    }

    #[test]
    fn an_entry_names_its_sources_in_the_order_in_which_they_count() {
        let all = read("A = { value = 1, ssm = \"/a\", env = \"A\" }").unwrap();
        let expected = [
            Source::Variable("A".into()),
            Source::Parameter("/a".into()),
            Source::Value(PlaceholderValue::Json("1".into())),
        ];
        assert_eq!(all.sources, expected);
        assert_eq!(read("A = { env = \"B\", type = \"number\" }").unwrap().kind, Some(ValueType::Number));
        for (text, expected) in [
            ("A = { env = \"B\", topic = \"c\" }", "an ARN has one source"),
            ("A = { function = \"B\", topic = \"c\" }", "an ARN has one source"),
            ("A = { type = \"number\" }", "nothing gives a value"),
            ("A = { topic = \"t\", type = \"number\" }", "an ARN is a string"),
            ("A = { vaule = 1 }", "unknown field `vaule`"),
            ("A = { env = \"B\", type = \"int\" }", "unknown variant `int`"),
        ] {
            assert!(read(text).unwrap_err().contains(expected), "{text}: {:?}", read(text));
        }
    }

    #[test]
    fn a_text_is_read_as_the_type_that_is_asked_for() {
        let json = |text: &str| Some(PlaceholderValue::Json(text.to_owned()));
        let text = |text: &str| Some(PlaceholderValue::Text(text.to_owned()));
        assert_eq!(ValueType::String.read("30"), text("30"));
        assert_eq!(ValueType::Number.read(" 1.50\n"), json("1.50"));
        assert_eq!(ValueType::Number.read("\"30\""), None);
        assert_eq!(ValueType::Number.read("thirty"), None);
        assert_eq!(ValueType::Boolean.read("true"), json("true"));
        assert_eq!(ValueType::Boolean.read("yes"), None);
        assert_eq!(ValueType::Json.read("{\n\"a\": 1}"), json("{ \"a\": 1}"));
        assert_eq!(ValueType::Json.read("\"a\""), text("a"));
    }
}
