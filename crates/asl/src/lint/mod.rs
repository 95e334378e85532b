//! The rules that a definition must keep, in AWS's codes and words where AWS has them.
//!
//! Adding a rule: find the file of its subject (fields, values, expressions, choices, flow) and report a [`Finding`]
//! there; its span in the text is looked up afterwards by its path. See [`Rule`] for the rest.

pub(crate) mod advice;
mod assign;
mod choices;
mod expressions;
mod fields;
mod flow;
mod handlers;
mod integrations;
mod maps;
mod services;
mod states;
mod syntax;
mod values;

use std::collections::HashSet;

use serde_json::{Map, Value};

use crate::diagnostic::Severity;
use crate::model::{MachineType, QueryLanguage};
use crate::rule::Rule;
use crate::substitute::has_placeholder;
use values::ValueType;

/// The most findings that are reported of each severity.
pub(crate) const MOST: usize = 1_000;

/// A diagnostic before its span in the text is looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Finding {
    pub severity: Severity,
    pub rule: Rule,
    pub message: String,
    pub path: String,
    /// The path whose span is marked, where AWS reports the path of something around it.
    pub anchor: Option<String>,
    pub remedy: String,
}

/// Collects findings, and knows the surroundings of the state that is checked.
#[derive(Default)]
struct Lint {
    findings: Vec<Finding>,
    errors: usize,
    warnings: usize,
    /// The definition creates a machine: what AWS refuses is an error, even where the language allows it.
    created: bool,
    /// The states that are checked run as Express: the machine does, or the children of a distributed Map.
    express: bool,
    /// The expressions that are checked belong to a catcher and can read `$states.errorOutput`.
    in_catcher: bool,
    /// The expressions that are checked can read `$states.result`.
    after_result: bool,
    /// The machine has a timeout, which also ends what waits in it.
    times_out: bool,
    /// The labels of Map states so far: labels are unique in a definition.
    labels: HashSet<String>,
}

impl Lint {
    fn error(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.report(Severity::Error, rule, path, message.into(), remedy.into());
    }

    /// Reports an error at `place` for which AWS reports `path`, that of something around it.
    fn error_within(
        &mut self,
        rule: Rule,
        path: &str,
        place: &str,
        message: impl Into<String>,
        remedy: impl Into<String>,
    ) {
        let before = self.findings.len();
        self.error(rule, path, message, remedy);
        if let Some(finding) = self.findings.get_mut(before) {
            finding.anchor = Some(place.to_owned());
        }
    }

    /// Reports what the language's specification allows and AWS refuses.
    fn refused_by_aws(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let severity = if self.created { Severity::Error } else { Severity::Warning };
        self.report(severity, rule, path, message.into(), remedy.into());
    }

    /// Reports what the language's specification forbids and AWS is not known to refuse: it can still create a machine.
    fn refused_by_language(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        let severity = if self.created { Severity::Warning } else { Severity::Error };
        self.report(severity, rule, path, message.into(), remedy.into());
    }

    fn warning(&mut self, rule: Rule, path: &str, message: impl Into<String>, remedy: impl Into<String>) {
        self.report(Severity::Warning, rule, path, message.into(), remedy.into());
    }

    /// Keeps a finding, unless [`MOST`] of its severity are kept already.
    fn report(&mut self, severity: Severity, rule: Rule, path: &str, message: String, remedy: String) {
        let reported = if severity == Severity::Error { &mut self.errors } else { &mut self.warnings };
        if *reported < MOST {
            *reported += 1;
            self.findings.push(Finding { severity, rule, message, path: path.to_owned(), anchor: None, remedy });
        }
    }

    /// Whether a text has a placeholder that a deployment will replace. In a deployed definition nothing is replaced.
    fn is_open(&self, text: &str) -> bool {
        !self.created && has_placeholder(text)
    }

    /// The object's own query language. AWS reads any value other than exactly `JSONPath` as JSONata.
    fn language_of(&self, object: &Map<String, Value>) -> Option<QueryLanguage> {
        Some(match object.get("QueryLanguage")?.as_str() {
            Some("JSONPath") => QueryLanguage::JsonPath,
            Some(text) if self.is_open(text) => QueryLanguage::JsonPath,
            _ => QueryLanguage::Jsonata,
        })
    }

    /// Reports the listed fields that the object lacks, in one finding.
    fn require(&mut self, object: &Map<String, Value>, path: &str, names: &[&str]) {
        let missing: Vec<&str> = names.iter().copied().filter(|name| !object.contains_key(*name)).collect();
        if !missing.is_empty() {
            let list = missing.join(", ");
            let place = if path.is_empty() { "/" } else { path };
            self.error(
                Rule::MissingField,
                place,
                format!("These fields are required: [{list}]"),
                format!("Add {list} here."),
            );
        }
    }
}

/// All findings in a definition. `created`: the type of the machine that is created from it.
pub(crate) fn lint(definition: &Value, created: Option<MachineType>) -> Vec<Finding> {
    let express = created == Some(MachineType::Express);
    let mut lint = Lint { created: created.is_some(), express, ..Lint::default() };
    let Some(object) = definition.as_object() else {
        let remedy = "Begin with { \"StartAt\": ..., \"States\": { ... } }.";
        lint.error(Rule::WrongType, "/", "A definition is a JSON object", remedy);
        return lint.findings;
    };
    fields::check_scope_fields(&mut lint, object, "", fields::MACHINE);
    values::check_query_language(&mut lint, object, "");
    let language = lint.language_of(object).unwrap_or_default();
    if let Some(version) = object.get("Version") {
        values::check_one_of(&mut lint, version, "/Version", &["1.0"]);
    }
    // Outside a state, an expression has nothing to read.
    let plain = QueryLanguage::JsonPath;
    values::check_number(&mut lint, object, "", "TimeoutSeconds", (0.0, values::MOST), true, plain);
    lint.times_out = object.contains_key("TimeoutSeconds");
    check_scope(&mut lint, object, "", language);
    flow::check_names(&mut lint, definition);
    assign::check_scopes(&mut lint, definition);
    lint.findings
}

/// Checks the states of a scope: the machine, a branch, or the body of a Map.
fn check_scope(lint: &mut Lint, scope: &Map<String, Value>, path: &str, language: QueryLanguage) {
    lint.require(scope, path, &["StartAt", "States"]);
    values::check_types(lint, scope, path, &["Comment", "StartAt"], ValueType::String);
    let Some(states) = scope.get("States") else { return };
    let states_path = format!("{path}/States");
    match states.as_object() {
        Some(states) if states.is_empty() => {
            lint.error(Rule::EmptyValue, &states_path, "Value cannot be empty", "Add at least one state.");
        }
        Some(states) => {
            let before = lint.findings.len();
            for (name, state) in states {
                states::check(lint, name, state, &below(&states_path, name), language);
            }
            let transitions_known = lint.findings[before..].iter().all(|finding| !finding.message.contains("[Type]"));
            flow::check_scope(lint, scope, states, path, transitions_known);
        }
        None => {
            values::check_type(lint, states, &states_path, ValueType::Object);
        }
    }
}

/// The longest path in a finding, in bytes. A longer one is reported as the path of its parent, so that one long key cannot
/// make every path long.
const LONGEST_PLACE: usize = 2_000;

/// The path of a field.
fn below(place: &str, key: &str) -> String {
    if place.len() + key.len() > LONGEST_PLACE { place.to_owned() } else { format!("{place}/{key}") }
}

/// The path of an element.
fn element(place: &str, index: usize) -> String {
    if place.len() > LONGEST_PLACE { place.to_owned() } else { format!("{place}[{index}]") }
}

#[cfg(test)]
mod tests;
