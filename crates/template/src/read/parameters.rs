//! The section `Parameters`.

use countersign_yaml::{Node, Span};

use super::Reader;
use crate::error::What;
use crate::template::{Parameter, ParameterType};
use crate::value::Value;

const KEYS: &[&str] = &[
    "Type",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "NoEcho",
    "Description",
    "ConstraintDescription",
];

impl Reader {
    pub(super) fn parameter(&mut self, path: &str, span: Span, node: Node) -> Option<Parameter> {
        if !self.is_object(path, node) {
            return None;
        }
        for (key, span, _) in node.members().filter(|(key, ..)| !KEYS.contains(key)) {
            let near = crate::near::nearest(key, KEYS.iter().copied());
            self.error(&format!("{path}.{key}"), span, What::UnknownKey { key: key.to_owned(), near });
        }
        let Some(kind) = self.text_of(path, node, "Type") else {
            if node.get("Type").is_none() {
                self.error(path, span, What::Missing("Type"));
            }
            return None;
        };
        let Some(kind) = parameter_type(&kind) else {
            self.error(&format!("{path}.Type"), span, What::ParameterType(kind));
            return None;
        };
        let allowed = node.get("AllowedValues").map(Value::from);
        let allowed = allowed.as_ref().and_then(Value::list).unwrap_or_default();
        Some(Parameter {
            kind,
            default: self.default(path, node),
            allowed_values: allowed.iter().filter_map(Value::scalar).collect(),
            allowed_pattern: self.text_of(path, node, "AllowedPattern"),
            min_length: self.number(path, node, "MinLength"),
            max_length: self.number(path, node, "MaxLength"),
            min_value: self.number(path, node, "MinValue"),
            max_value: self.number(path, node, "MaxValue"),
            no_echo: node.get("NoEcho").and_then(|value| Value::from(value).bool()).unwrap_or(false),
            description: self.text_of(path, node, "Description"),
            constraint_description: self.text_of(path, node, "ConstraintDescription"),
            span,
        })
    }

    /// A default: for a list, the texts with commas between them.
    fn default(&mut self, path: &str, node: Node) -> Option<String> {
        let value = Value::from(node.get("Default")?);
        if let Some(items) = value.list() {
            return Some(items.iter().filter_map(Value::scalar).collect::<Vec<_>>().join(","));
        }
        let text = value.scalar();
        if text.is_none() {
            let what = What::Shape { expected: "a string or a number", found: value.kind() };
            self.error(&format!("{path}.Default"), value.span, what);
        }
        text
    }

    fn number<T: std::str::FromStr>(&mut self, path: &str, node: Node, key: &str) -> Option<T> {
        let value = Value::from(node.get(key)?);
        let number = value.scalar().and_then(|text| text.parse().ok());
        if number.is_none() {
            let what = What::Shape { expected: "a number", found: value.kind() };
            self.error(&format!("{path}.{key}"), value.span, what);
        }
        number
    }
}

/// "CloudFormation template Parameters syntax" and "AWS-specific parameter types", "Systems Manager parameter types".
fn parameter_type(name: &str) -> Option<ParameterType> {
    let kind = match name {
        "String" => ParameterType::String,
        "Number" => ParameterType::Number,
        "List<Number>" => ParameterType::Numbers,
        "CommaDelimitedList" | "List<String>" => ParameterType::Strings,
        "AWS::SSM::Parameter::Name" => ParameterType::SsmName,
        _ => match inside(name, "AWS::SSM::Parameter::Value<") {
            Some(of) => {
                let list = of == "CommaDelimitedList" || of.starts_with("List<");
                ParameterType::SsmValue { list }
            }
            None if inside(name, "List<AWS::").is_some() => ParameterType::Strings,
            None if name.starts_with("AWS::") && !name.contains('<') => ParameterType::Aws(name.to_owned()),
            None => return None,
        },
    };
    Some(kind)
}

fn inside<'n>(name: &'n str, begin: &str) -> Option<&'n str> {
    name.strip_prefix(begin)?.strip_suffix('>')
}
