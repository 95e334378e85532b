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
        Some(Parameter {
            kind,
            default: self.default(path, node),
            allowed_values: self.allowed_values(path, node),
            allowed_pattern: self.text_of(path, node, "AllowedPattern"),
            min_length: self.number(path, node, "MinLength"),
            max_length: self.number(path, node, "MaxLength"),
            min_value: self.number(path, node, "MinValue"),
            max_value: self.number(path, node, "MaxValue"),
            no_echo: self.no_echo(path, node),
            description: self.text_of(path, node, "Description"),
            constraint_description: self.text_of(path, node, "ConstraintDescription"),
            span,
        })
    }

    /// A default: for a list, the texts with commas between them.
    fn default(&mut self, path: &str, node: Node) -> Option<String> {
        let value = Value::from(node.get("Default")?);
        if value.list().is_some() {
            return self.scalars(&format!("{path}.Default"), &value).map(|texts| texts.join(","));
        }
        let text = value.scalar();
        if text.is_none() {
            let what = What::Shape { expected: "a string or a number", found: value.kind() };
            self.error(&format!("{path}.Default"), value.span, what);
        }
        text
    }

    fn allowed_values(&mut self, path: &str, node: Node) -> Vec<String> {
        let Some(value) = node.get("AllowedValues").map(Value::from) else { return Vec::new() };
        self.scalars(&format!("{path}.AllowedValues"), &value).unwrap_or_default()
    }

    /// The texts of a list; what is none is an error.
    fn scalars(&mut self, path: &str, value: &Value) -> Option<Vec<String>> {
        let texts: Option<Vec<String>> = value.list().and_then(|items| items.iter().map(Value::scalar).collect());
        if texts.is_none() {
            let what = What::Shape { expected: "a list of strings or numbers", found: value.kind() };
            self.error(path, value.span, what);
        }
        texts
    }

    /// Whether the value is not to be shown: what cannot be read must not count as no.
    fn no_echo(&mut self, path: &str, node: Node) -> bool {
        let Some(value) = node.get("NoEcho").map(Value::from) else { return false };
        let bool = value.bool();
        if bool.is_none() {
            let what = What::Shape { expected: "true or false", found: value.kind() };
            self.error(&format!("{path}.NoEcho"), value.span, what);
        }
        bool.unwrap_or(true)
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
