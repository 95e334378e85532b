//! A policy document that is read: that of a role.

use serde_json::{Map, Value};

use crate::wildcard::{covers, overlap};

/// Why a text is no policy document.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    #[error("the policy is not JSON: {0}")]
    NotJson(String),
    /// The path of the part, and what it should be.
    #[error("{path} of the policy {expected}")]
    Unexpected { path: String, expected: &'static str },
}

/// A policy document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    pub(crate) rules: Vec<Rule>,
}

/// One statement.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rule {
    /// Its Sid, or its place: `Statement[2]`.
    pub name: String,
    pub allows: bool,
    actions: Which,
    resources: Which,
    pub condition: Option<Map<String, Value>>,
}

/// What a statement is about: what is listed, or everything else.
#[derive(Debug, Clone, PartialEq)]
enum Which {
    Listed(Vec<String>),
    AllBut(Vec<String>),
}

impl Document {
    /// Reads a document.
    ///
    /// # Errors
    /// The text is not JSON, or not a policy.
    pub fn read(text: &str) -> Result<Self, DocumentError> {
        let value: Value = serde_json::from_str(text).map_err(|error| DocumentError::NotJson(error.to_string()))?;
        let statements = match value.get("Statement") {
            Some(Value::Array(statements)) => statements.iter().collect(),
            Some(statement @ Value::Object(_)) => vec![statement],
            _ => return Err(unexpected("Statement", "is to be a list of statements")),
        };
        let rules = statements.into_iter().enumerate().map(|(index, statement)| rule(index, statement));
        Ok(Self { rules: rules.collect::<Result<_, _>>()? })
    }
}

fn unexpected(path: impl Into<String>, expected: &'static str) -> DocumentError {
    DocumentError::Unexpected { path: path.into(), expected }
}

fn rule(index: usize, statement: &Value) -> Result<Rule, DocumentError> {
    let place = format!("Statement[{index}]");
    let object = statement.as_object().ok_or_else(|| unexpected(&place, "is to be an object"))?;
    let allows = match object.get("Effect").and_then(Value::as_str) {
        Some("Allow") => true,
        Some("Deny") => false,
        _ => return Err(unexpected(format!("{place}.Effect"), "is to be Allow or Deny")),
    };
    let condition = match object.get("Condition") {
        None => None,
        Some(Value::Object(condition)) => Some(plain(condition)).filter(|condition| !condition.is_empty()),
        Some(_) => return Err(unexpected(format!("{place}.Condition"), "is to be an object")),
    };
    Ok(Rule {
        name: object
            .get("Sid")
            .and_then(Value::as_str)
            .filter(|sid| !sid.is_empty())
            .map_or_else(|| place.clone(), str::to_owned),
        allows,
        actions: which(object, &place, "Action", "NotAction")?,
        resources: which(object, &place, "Resource", "NotResource")?,
        condition,
    })
}

/// A condition in which a list of one value is that value: IAM takes both for the same.
pub(crate) fn plain(condition: &Map<String, Value>) -> Map<String, Value> {
    let of = |value: &Value| match value {
        Value::Array(values) if values.len() == 1 => values[0].clone(),
        other => other.clone(),
    };
    let test = |test: &Value| match test {
        Value::Object(keys) => Value::Object(keys.iter().map(|(key, value)| (key.clone(), of(value))).collect()),
        other => other.clone(),
    };
    condition.iter().map(|(name, keys)| (name.clone(), test(keys))).collect()
}

fn which(statement: &Map<String, Value>, place: &str, listed: &str, all_but: &str) -> Result<Which, DocumentError> {
    let read = |field: &str| {
        let value = statement.get(field)?;
        let one = |value: &Value| value.as_str().map(str::to_owned);
        let texts = match value {
            Value::Array(values) => values.iter().map(one).collect(),
            value => one(value).map(|text| vec![text]),
        };
        Some(texts.ok_or_else(|| unexpected(format!("{place}.{field}"), "is to be a text or a list of texts")))
    };
    match (read(listed), read(all_but)) {
        (Some(texts), None) => Ok(Which::Listed(texts?)),
        (None, Some(texts)) => Ok(Which::AllBut(texts?)),
        _ => Err(unexpected(format!("{place}.{listed}"), "or its negation is to stand once")),
    }
}

/// How a statement's resources relate to those that are needed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    All,
    Some,
    Nothing,
}

impl Rule {
    /// Whether it is about an action. Actions have no case.
    pub fn has_action(&self, action: &str) -> bool {
        let action = action.to_lowercase();
        let matches = |patterns: &[String]| patterns.iter().any(|pattern| covers(&pattern.to_lowercase(), &action));
        match &self.actions {
            Which::Listed(patterns) => matches(patterns),
            Which::AllBut(patterns) => !matches(patterns),
        }
    }

    /// How much of a resource, which may have wildcards, it is about.
    pub fn extent(&self, resource: &str) -> Extent {
        match &self.resources {
            Which::Listed(patterns) => {
                if patterns.iter().any(|pattern| !is_variable(pattern) && covers(pattern, resource)) {
                    Extent::All
                } else if patterns.iter().any(|pattern| overlap(&opened(pattern), resource)) {
                    Extent::Some
                } else {
                    Extent::Nothing
                }
            }
            Which::AllBut(patterns) => {
                if patterns.iter().any(|pattern| !is_variable(pattern) && covers(pattern, resource)) {
                    Extent::Nothing
                } else if patterns.iter().any(|pattern| overlap(&opened(pattern), resource)) {
                    Extent::Some
                } else {
                    Extent::All
                }
            }
        }
    }

    /// The names of what its condition tests, in order: `aws:SourceIp`.
    pub fn condition_keys(&self) -> Vec<String> {
        let tests = self.condition.iter().flatten().filter_map(|(_, test)| test.as_object());
        let mut keys: Vec<String> = tests.flat_map(|test| test.keys().cloned()).collect();
        keys.sort();
        keys.dedup();
        keys
    }
}

/// A policy variable is filled in for each request.
fn is_variable(pattern: &str) -> bool {
    pattern.contains("${")
}

/// A pattern with a wildcard for each policy variable.
fn opened(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some((before, variable)) = rest.split_once("${") {
        out += before;
        out.push('*');
        rest = variable.split_once('}').map_or("", |(_, after)| after);
    }
    out + rest
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn a_text_that_is_no_policy_is_refused_with_its_place() {
        for (text, expected) in [
            ("{", "the policy is not JSON"),
            ("{}", "Statement of the policy is to be a list of statements"),
            (r#"{"Statement": [1]}"#, "Statement[0] of the policy is to be an object"),
            (r#"{"Statement": {"Effect": "Permit"}}"#, "Statement[0].Effect of the policy is to be Allow or Deny"),
            (r#"{"Statement": [{"Effect": "Allow", "Resource": "*"}]}"#, "Statement[0].Action of the policy or its"),
            (
                r#"{"Statement": [{"Effect": "Allow", "Action": 1, "Resource": "*"}]}"#,
                "Statement[0].Action of the policy is",
            ),
        ] {
            let error = Document::read(text).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{error}");
        }
    }

    #[test]
    fn variables_stand_for_anything() {
        assert_eq!(opened("a/${aws:username}/b/${x"), "a/*/b/*");
    }
}
