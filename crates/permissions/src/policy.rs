//! A policy document that is written.

use std::fmt::Write as _;

use serde::ser::SerializeMap as _;
use serde::{Serialize, Serializer};
use serde_json::Value;

/// IAM's version of the policy language.
pub const VERSION: &str = "2012-10-17";

/// A policy: what is allowed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Policy {
    /// Ordered by their Sids.
    pub statements: Vec<Statement>,
}

/// One statement that allows.
#[derive(Debug, Clone, PartialEq)]
pub struct Statement {
    /// Unique in the policy; letters and digits.
    pub sid: String,
    /// Ordered: `sns:Publish`.
    pub actions: Vec<String>,
    /// Ordered ARNs, with wildcards.
    pub resources: Vec<String>,
    /// The condition as IAM writes it.
    pub condition: Option<Value>,
}

impl Serialize for Policy {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("Version", VERSION)?;
        map.serialize_entry("Statement", &self.statements)?;
        map.end()
    }
}

impl Serialize for Statement {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("Sid", &self.sid)?;
        map.serialize_entry("Effect", "Allow")?;
        map.serialize_entry("Action", &self.actions)?;
        map.serialize_entry("Resource", &self.resources)?;
        if let Some(condition) = &self.condition {
            map.serialize_entry("Condition", condition)?;
        }
        map.end()
    }
}

impl Policy {
    /// The policy as a data source of Terraform's AWS provider.
    #[must_use]
    pub fn terraform(&self, name: &str) -> String {
        let mut out = format!("data \"aws_iam_policy_document\" {} {{\n", quoted(name));
        for statement in &self.statements {
            // Writing to a text does not fail.
            let _ = writeln!(out, "  statement {{\n    sid       = {}", quoted(&statement.sid));
            let _ = writeln!(out, "    actions   = {}", list(&statement.actions));
            let _ = writeln!(out, "    resources = {}", list(&statement.resources));
            conditions(&mut out, statement.condition.as_ref());
            out += "  }\n";
        }
        out + "}\n"
    }
}

/// The blocks of a condition as IAM writes it.
pub(crate) fn conditions(out: &mut String, condition: Option<&Value>) {
    for (test, variables) in condition.and_then(Value::as_object).into_iter().flatten() {
        for (variable, values) in variables.as_object().into_iter().flatten() {
            let values: Vec<String> = match values {
                Value::Array(values) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
                other => other.as_str().map(str::to_owned).into_iter().collect(),
            };
            let _ = writeln!(out, "    condition {{\n      test     = {}", quoted(test));
            let _ = writeln!(out, "      variable = {}\n      values   = {}\n    }}", quoted(variable), list(&values));
        }
    }
}

fn list(values: &[String]) -> String {
    let values: Vec<String> = values.iter().map(|value| quoted(value)).collect();
    format!("[{}]", values.join(", "))
}

/// A text as Terraform quotes it: `${` would begin an expression.
pub(crate) fn quoted(text: &str) -> String {
    Value::from(text).to_string().replace("${", "$${").replace("%{", "%%{")
}
