//! The parameters of a task, as far as the definition tells them.

use countersign_asl::QueryLanguage;
use serde_json::Value;

/// A parameter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Given<'a> {
    /// It is written in the definition.
    Fixed(&'a Value),
    /// It is computed when the state runs, or comes from a placeholder.
    Computed,
    Absent,
}

impl<'a> Given<'a> {
    /// The text of a parameter that is written in the definition.
    pub fn text(self) -> Option<&'a str> {
        match self {
            Self::Fixed(value) => value.as_str(),
            Self::Computed | Self::Absent => None,
        }
    }

    /// A member of this parameter, which is an object.
    pub fn get(self, name: &str, language: QueryLanguage) -> Self {
        let object = match self {
            Self::Fixed(value) => value,
            other => return other,
        };
        match object.get(name) {
            Some(value) => of(value, language),
            None if language == QueryLanguage::JsonPath && object.get(format!("{name}.$")).is_some() => Self::Computed,
            None => Self::Absent,
        }
    }

    /// The elements of this parameter, which is a list.
    pub fn items(self, language: QueryLanguage) -> Vec<Self> {
        match self {
            Self::Fixed(Value::Array(items)) => items.iter().map(|item| of(item, language)).collect(),
            Self::Fixed(_) | Self::Absent => Vec::new(),
            Self::Computed => vec![Self::Computed],
        }
    }
}

/// A value of a template.
pub(crate) fn of(value: &Value, language: QueryLanguage) -> Given<'_> {
    match value.as_str() {
        Some(text) if text.contains("${") => Given::Computed,
        Some(text) if language == QueryLanguage::Jsonata && text.starts_with("{%") => Given::Computed,
        _ => Given::Fixed(value),
    }
}
