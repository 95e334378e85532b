//! The rules that a definition must keep, in AWS's codes and words where AWS has them.
//!
//! Adding a rule: find the file of its subject (fields, values, expressions, choices, flow) and report a [`Finding`]
//! there; the place in the text is looked up afterwards by the finding's path.

mod choices;
mod expressions;
mod fields;
mod flow;
mod states;
mod values;

use serde_json::{Map, Value};

use crate::diagnostic::Severity;
use crate::model::QueryLanguage;

pub(crate) const SCHEMA: &str = "SCHEMA_VALIDATION_FAILED";

/// A diagnostic whose place in the text is not yet known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub severity: Severity,
    pub code: &'static str,
    pub message: String,
    pub path: String,
    pub remedy: String,
}

/// Where the rules report to.
#[derive(Default)]
struct Lint {
    findings: Vec<Finding>,
}

impl Lint {
    fn error(&mut self, code: &'static str, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let (message, path, remedy) = (message.into(), path.to_owned(), remedy.into());
        self.findings.push(Finding { severity: Severity::Error, code, message, path, remedy });
    }

    fn schema(&mut self, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.error(SCHEMA, path, message, remedy);
    }

    fn warning(&mut self, code: &'static str, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let (message, path, remedy) = (message.into(), path.to_owned(), remedy.into());
        self.findings.push(Finding { severity: Severity::Warning, code, message, path, remedy });
    }

    /// Reports the fields of the list that the object lacks, as one finding.
    fn require(&mut self, object: &Map<String, Value>, path: &str, names: &[&str]) {
        let missing: Vec<&str> = names.iter().copied().filter(|name| !object.contains_key(*name)).collect();
        if !missing.is_empty() {
            let list = missing.join(", ");
            let place = if path.is_empty() { "/" } else { path };
            self.schema(place, format!("These fields are required: [{list}]"), format!("Add {list} here."));
        }
    }
}

/// All findings in a definition.
pub(crate) fn lint(definition: &Value) -> Vec<Finding> {
    let mut lint = Lint::default();
    let Some(object) = definition.as_object() else {
        lint.schema("/", "A definition is a JSON object", "Begin with { \"StartAt\": ..., \"States\": { ... } }.");
        return lint.findings;
    };
    fields::check_scope_fields(&mut lint, object, "", fields::MACHINE);
    let language = match object.get("QueryLanguage").and_then(Value::as_str) {
        Some("JSONata") => QueryLanguage::Jsonata,
        _ => QueryLanguage::JsonPath,
    };
    values::check_query_language(&mut lint, object, "");
    values::check_positive(&mut lint, object, "", "TimeoutSeconds", language);
    check_scope(&mut lint, object, "", language);
    flow::check_names(&mut lint, definition);
    lint.findings
}

/// Checks the states of a scope: of the machine, a branch, or the body of a Map.
fn check_scope(lint: &mut Lint, scope: &Map<String, Value>, path: &str, language: QueryLanguage) {
    lint.require(scope, path, &["StartAt", "States"]);
    let Some(states) = scope.get("States") else { return };
    let states_path = format!("{path}/States");
    match states.as_object() {
        Some(states) if states.is_empty() => {
            lint.schema(&states_path, "Value cannot be empty", "Add at least one state.");
        }
        Some(states) => {
            let before = lint.findings.len();
            for (name, state) in states {
                states::check(lint, name, state, &format!("{states_path}/{name}"), language);
            }
            let transitions_known = lint.findings[before..].iter().all(|finding| !finding.message.contains("[Type]"));
            flow::check_scope(lint, scope, states, path, transitions_known);
        }
        None => lint.schema(
            &states_path,
            "The value for the field 'States' must be an object",
            "Write { \"Name\": { ... } }.",
        ),
    }
}

/// Places deeper than this are told by what is around them, so that one long key cannot make every place long.
const LONGEST_PLACE: usize = 2_000;

/// The place of a field.
fn below(place: &str, key: &str) -> String {
    if place.len() + key.len() > LONGEST_PLACE { place.to_owned() } else { format!("{place}/{key}") }
}

/// The place of an element.
fn element(place: &str, index: usize) -> String {
    if place.len() > LONGEST_PLACE { place.to_owned() } else { format!("{place}[{index}]") }
}

/// Whether a deployment has yet to put a value in.
fn has_placeholder(text: &str) -> bool {
    text.contains("${")
}

#[cfg(test)]
mod tests;
