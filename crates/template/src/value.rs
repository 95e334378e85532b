//! Values of a template: JSON whose numbers keep their digits and whose parts know their place in the file.

use countersign_json::{Kind, quoted};
use countersign_yaml::{Node, Span};
use indexmap::IndexMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The members of an object, in their order.
pub type Map = IndexMap<String, Value>;

/// A value and its place. Two values are equal when they say the same, wherever they stand.
#[derive(Clone, Debug)]
pub struct Value {
    pub data: Data,
    /// Where it stands in the file; all zero for what stands in none.
    pub span: Span,
}

/// What a value says.
#[derive(Clone, Debug, PartialEq)]
pub enum Data {
    Null,
    Bool(bool),
    /// As JSON writes it, with the digits of the file.
    Number(String),
    Text(String),
    List(Vec<Value>),
    Map(Map),
}

impl PartialEq for Value {
    fn eq(&self, other: &Self) -> bool {
        self.data == other.data
    }
}

impl Data {
    /// It, at a place.
    #[must_use]
    pub const fn at(self, span: Span) -> Value {
        Value { data: self, span }
    }
}

impl From<Data> for Value {
    fn from(data: Data) -> Self {
        data.at(Span::default())
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Data::Text(text.to_owned()).into()
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Data::Text(text).into()
    }
}

impl From<Map> for Value {
    fn from(map: Map) -> Self {
        Data::Map(map).into()
    }
}

impl From<Vec<Value>> for Value {
    fn from(list: Vec<Value>) -> Self {
        Data::List(list).into()
    }
}

impl From<bool> for Value {
    fn from(bool: bool) -> Self {
        Data::Bool(bool).into()
    }
}

impl From<Node<'_>> for Value {
    fn from(node: Node) -> Self {
        let data = match node.kind() {
            Kind::Object => {
                Data::Map(node.members().map(|(key, _, value)| (key.to_owned(), Value::from(value))).collect())
            }
            Kind::Array => Data::List(node.items().map(Value::from).collect()),
            Kind::String => Data::Text(node.text().unwrap_or_default().to_owned()),
            Kind::Null => Data::Null,
            Kind::Bool => Data::Bool(node.raw() == Some("true")),
            Kind::Number => Data::Number(node.raw().unwrap_or_default().to_owned()),
        };
        data.at(node.span())
    }
}

impl Value {
    /// What a string says.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Text(text) => Some(text),
            _ => None,
        }
    }

    /// A string, number or boolean as text, as CloudFormation passes it on: it converts these into each other.
    #[must_use]
    pub fn scalar(&self) -> Option<String> {
        match &self.data {
            Data::Text(text) | Data::Number(text) => Some(text.clone()),
            Data::Bool(bool) => Some(bool.to_string()),
            Data::Null | Data::List(_) | Data::Map(_) => None,
        }
    }

    /// A boolean, or a string that says `true` or `false`.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match &self.data {
            Data::Bool(bool) => Some(*bool),
            Data::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// An integer, or a string of digits.
    #[must_use]
    pub fn integer(&self) -> Option<i64> {
        match &self.data {
            Data::Number(text) | Data::Text(text) => text.parse().ok(),
            _ => None,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn list(&self) -> Option<&[Value]> {
        match &self.data {
            Data::List(list) => Some(list),
            _ => None,
        }
    }

    /// The members of an object.
    #[must_use]
    pub fn map(&self) -> Option<&Map> {
        match &self.data {
            Data::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The member of an object with this key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.map()?.get(key)
    }

    /// What it is, in a word for messages.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self.data {
            Data::Null => "null",
            Data::Bool(_) => "a boolean",
            Data::Number(_) => "a number",
            Data::Text(_) => "a string",
            Data::List(_) => "a list",
            Data::Map(_) => "an object",
        }
    }

    /// It as JSON in one line.
    #[must_use]
    pub fn json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// It as JSON with two spaces a level.
    #[must_use]
    pub fn pretty(&self) -> String {
        countersign_json::pretty(&self.json())
    }

    fn write(&self, out: &mut String) {
        match &self.data {
            Data::Null => out.push_str("null"),
            Data::Bool(bool) => out.push_str(if *bool { "true" } else { "false" }),
            Data::Number(digits) => out.push_str(digits),
            Data::Text(text) => out.push_str(&quoted(text)),
            Data::List(list) => {
                out.push('[');
                for (index, item) in list.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Data::Map(map) => {
                out.push('{');
                for (index, (key, value)) in map.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    out.push_str(&quoted(key));
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }

    /// It for `serde_json`, which keeps no digits beyond those of its numbers.
    #[must_use]
    pub fn to_serde(&self) -> serde_json::Value {
        serde_json::from_str(&self.json()).unwrap_or(serde_json::Value::Null)
    }
}

impl std::str::FromStr for Value {
    type Err = countersign_yaml::ReadError;

    /// Reads JSON.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        countersign_yaml::Document::read_json(text).map(|document| Value::from(document.root()))
    }
}

/// As its JSON text, so that digits survive.
impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.json())
    }
}

impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
