//! What is wrong with a definition: where, why, and what to do about it.

use serde::ser::SerializeStruct as _;
use serde::{Deserialize, Serialize, Serializer};

use crate::rule::Rule;

/// Whether a definition may run in spite of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Severity {
    /// AWS refuses the definition.
    Error,
    /// It is probably a mistake, or the language allows it and AWS refuses it.
    Warning,
    /// It works, and there is a better way. It never makes a command fail, `--strict` included.
    Advice,
}

impl Severity {
    /// The word for it in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Advice => "advice",
        }
    }
}

/// A part of a text. Lines and columns count from 1, and columns count characters. The end is the place right after the
/// last character: a span whose end is its beginning marks a place between two characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct SourceSpan {
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl SourceSpan {
    /// A file as a whole: the place before its first character.
    pub const WHOLE_FILE: SourceSpan = SourceSpan::of_line(1, 1, 0);

    /// So many characters of one line.
    pub const fn of_line(line: u32, column: u32, characters: u32) -> SourceSpan {
        SourceSpan { line, column, end_line: line, end_column: column.saturating_add(characters) }
    }
}

/// One finding in a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    pub severity: Severity,
    pub rule: Rule,
    pub message: String,
    /// The path as AWS writes it: `/States/Ship/Next`.
    pub path: String,
    /// Where it is in the text.
    pub span: SourceSpan,
    /// What to do about it, in a sentence.
    pub remedy: String,
}

impl Diagnostic {
    /// True when AWS would refuse the definition for this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

/// One object: `severity`, `rule`, `code` (AWS's, where AWS has one), `message`, `path`, the four numbers of the span,
/// `remedy`.
impl Serialize for Diagnostic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let code = self.rule.aws_code();
        let mut object = serializer.serialize_struct("Diagnostic", 9 + usize::from(code.is_some()))?;
        object.serialize_field("severity", &self.severity)?;
        object.serialize_field("rule", &self.rule)?;
        match code {
            Some(code) => object.serialize_field("code", code)?,
            None => object.skip_field("code")?,
        }
        object.serialize_field("message", &self.message)?;
        object.serialize_field("path", &self.path)?;
        object.serialize_field("line", &self.span.line)?;
        object.serialize_field("column", &self.span.column)?;
        object.serialize_field("endLine", &self.span.end_line)?;
        object.serialize_field("endColumn", &self.span.end_column)?;
        object.serialize_field("remedy", &self.remedy)?;
        object.end()
    }
}

/// The message with which AWS refuses a definition (`InvalidDefinition`), from its error-level diagnostics.
pub fn invalid_definition_message(diagnostics: &[Diagnostic]) -> String {
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|Diagnostic { rule, message, path, .. }| match path.as_str() {
            // AWS's own words for a finding about the whole.
            "" => format!("{}: {message} at null", rule.code()),
            path => format!("{}: {message} at {path}", rule.code()),
        })
        .collect();
    format!("Invalid State Machine Definition: '{}'", errors.join(", "))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_diagnostic_in_json_has_its_rule_and_its_span() {
        let (_, found) = crate::parse("{\"StartAt\": \"B\",\n \"States\": {\"A\": {\"Type\": \"Succeed\"}}}");
        assert_eq!(
            json!(found[0]),
            json!({
                "severity": "ERROR", "rule": "missing-target", "code": "MISSING_TRANSITION_TARGET",
                "message": "Missing 'Next' target: B", "path": "/StartAt", "line": 1, "column": 13, "endLine": 1,
                "endColumn": 16, "remedy": "Write the name of a state: A."
            })
        );
        let own = Diagnostic { rule: Rule::NoTimeout, ..found[0].clone() };
        assert_eq!(json!(own).get("code"), None);
    }
}
