//! The resource types that are supported, with what CloudFormation's reference says about each.
//!
//! Facts are from the AWS CloudFormation Template Reference: "Return values" for `Ref` and `Fn::GetAtt`, "Update requires"
//! for replacement, and from the registry's schemas of the types for their properties (`createOnlyProperties`,
//! `required`). A type that is not in [`table::TYPES`] is refused by its name before anything is made.

mod names;
mod table;

use crate::environment::Environment;
use crate::value::{Map, Value};

pub use names::{NameRule, physical_name};

/// A supported resource type.
#[derive(Clone, Copy, Debug)]
pub struct ResourceType {
    /// Such as `AWS::SQS::Queue`.
    pub name: &'static str,
    /// Its properties, separated by spaces: `!` marks one whose change needs a replacement, `*` a required one.
    properties: &'static str,
    /// What `Ref` says.
    pub reference: Form,
    /// What `Fn::GetAtt` says, by attribute.
    pub attributes: &'static [(&'static str, Form)],
    /// The property that names the resource, and how a name is made where it is not given.
    pub naming: Option<(&'static str, NameRule)>,
    /// Its ARN, with `{partition}`, `{region}`, `{account}` and `{name}`.
    arn: &'static str,
}

/// What a reference to a resource says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Its physical name.
    Name,
    /// Its ARN.
    Arn,
    /// A text with `{partition}`, `{region}`, `{account}`, `{suffix}` and `{name}` in it.
    Pattern(&'static str),
    /// The value of a property.
    Property(&'static str),
    /// What only whoever makes the resource knows, such as a generated id or a version's number.
    Later,
}

/// A property of a type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Property {
    pub name: &'static str,
    pub required: bool,
    /// Whether its change needs a replacement.
    pub replaces: bool,
}

/// The supported type of this name.
#[must_use]
pub fn resource_type(name: &str) -> Option<&'static ResourceType> {
    table::TYPES.iter().find(|kind| kind.name == name)
}

/// The names of all supported types.
pub fn supported() -> impl Iterator<Item = &'static str> {
    table::TYPES.iter().map(|kind| kind.name)
}

impl ResourceType {
    /// Its properties.
    pub fn properties(&self) -> impl Iterator<Item = Property> {
        self.properties.split_whitespace().map(|word| Property {
            name: word.trim_end_matches(['!', '*']),
            required: word.contains('*'),
            replaces: word.contains('!'),
        })
    }

    /// The property of this name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Property> {
        self.properties().find(|property| property.name == name)
    }

    /// What `Fn::GetAtt` of this attribute says; `None` for one that the type does not have.
    #[must_use]
    pub fn attribute(&self, name: &str) -> Option<Form> {
        self.attributes.iter().find(|(attribute, _)| *attribute == name).map(|(_, form)| *form)
    }

    /// The name that its properties give it, resolved.
    #[must_use]
    pub fn given_name(&self, properties: &Map) -> Option<String> {
        properties.get(self.naming?.0)?.scalar().filter(|name| !name.is_empty())
    }

    /// The ARN of one with this name and these resolved properties.
    #[must_use]
    pub fn arn(&self, name: &str, properties: &Map, environment: &Environment) -> String {
        // IAM: the path, which begins and ends with a slash, is part of the ARN. Parameter Store: the slash with which a
        // name may begin is the one that is in the ARN anyway.
        let path = properties.get("Path").and_then(Value::text).unwrap_or_default();
        let name = format!("{path}{name}");
        let name = if self.arn.ends_with("/{name}") { name.trim_start_matches('/') } else { name.as_str() };
        filled(self.arn, name, environment)
    }
}

impl Form {
    /// What it says for a resource of this name and these resolved properties. `None` where only its maker knows.
    #[must_use]
    pub fn value(self, kind: &ResourceType, name: &str, properties: &Map, environment: &Environment) -> Option<Value> {
        match self {
            Self::Name => Some(name.into()),
            Self::Arn => Some(kind.arn(name, properties, environment).into()),
            Self::Pattern(pattern) => Some(filled(pattern, name, environment).into()),
            Self::Property(property) => properties.get(property).cloned(),
            Self::Later => None,
        }
    }
}

fn filled(pattern: &str, name: &str, environment: &Environment) -> String {
    pattern
        .replace("{partition}", &environment.partition)
        .replace("{region}", &environment.region)
        .replace("{account}", &environment.account)
        .replace("{suffix}", environment.url_suffix())
        .replace("{name}", name)
}

#[cfg(test)]
mod tests;
