//! The values that the placeholders of a definition get: each from the source that the manifest names.

use std::collections::{BTreeMap, BTreeSet};

use countersign_asl::{
    Diagnostic, Placeholder, PlaceholderProblem, PlaceholderValue, Rule, Severity, SourceSpan, placeholders,
};

use super::definition::Definition;
use super::environment::Chosen;
use super::folder::Folder;
use super::plan::{Found, PlanTarget};
use super::substitution::{Source, Substitution, ValueType};
use crate::connection::{Api, ParameterKind};
use crate::nearest::meant;

/// The most characters of a value that a finding shows.
const SHOWN: usize = 60;

/// What the placeholders of one definition become.
#[derive(Clone, Debug, Default)]
pub struct Values {
    pub values: BTreeMap<String, PlaceholderValue>,
    /// Topics that are named; they are created if they do not exist.
    pub topics: BTreeSet<String>,
    /// The state machines of the folder that are named.
    pub needs: BTreeSet<String>,
    pub found: Vec<Found>,
}

/// The values of a definition's placeholders. One without a value in the manifest is missing here; one whose value is not
/// there has a finding.
#[must_use]
pub fn values_of(folder: &Folder, chosen: &Chosen, workflow: &str, json: &str, target: PlanTarget) -> Values {
    let mut resolver = Resolver { folder, chosen, target, values: Values::default() };
    let names: BTreeSet<String> = placeholders(json).into_iter().map(|placeholder| placeholder.name).collect();
    for name in names {
        let Some((way, substitution)) = chosen.substitution(workflow, &name) else { continue };
        // What is not there has its finding: the placeholder stays, so that it is not reported again.
        let value = resolver.value(&name, &way, substitution).unwrap_or(PlaceholderValue::Unknown);
        resolver.values.values.insert(name, value);
    }
    resolver.values
}

/// The parameters that the placeholders of a definition name, each with whether the manifest has a value in its place.
#[must_use]
pub fn parameters_of(chosen: &Chosen, workflow: &str, json: &str) -> Vec<(String, bool)> {
    let names = placeholders(json).into_iter().map(|placeholder| placeholder.name);
    let named = names.filter_map(|name| {
        let (_, substitution) = chosen.substitution(workflow, &name)?;
        Some((substitution.parameter()?.to_owned(), substitution.value().is_some()))
    });
    named.collect()
}

struct Resolver<'a> {
    folder: &'a Folder,
    chosen: &'a Chosen<'a>,
    target: PlanTarget<'a>,
    values: Values,
}

impl Resolver<'_> {
    /// The value of the first source that has one.
    fn value(&mut self, name: &str, way: &[String], substitution: &Substitution) -> Option<PlaceholderValue> {
        let mut tried: Vec<String> = Vec::new();
        for source in &substitution.sources {
            match self.of_source(name, way, substitution.kind, source) {
                Ok(value) => return value,
                Err(without) => tried.push(without),
            }
        }
        let message = format!("${{{name}}} has no value: {}", tried.join(", and "));
        let remedy = match &substitution.sources[..] {
            [.., Source::Parameter(parameter)] if self.target.unread.is_some() => format!(
                "Allow {} on {parameter} to whoever plans, or give {name} a `value` for where it is missing.",
                Api::GetParameters.iam_action()
            ),
            [.., Source::Parameter(parameter)] => format!(
                "Make it, as with `aws ssm put-parameter --name {parameter} --type String --value ...`, or give {name} a `value` for where it is missing."
            ),
            [.., Source::Variable(variable)] => {
                format!("Set {variable} where countersign runs, or give {name} a `value` for where it is missing.")
            }
            _ => format!("Write another source for {name}."),
        };
        self.add(Rule::ValueNotFound, way, message, remedy);
        None
    }

    /// The value of one source; `Ok(None)` where what it has cannot be used, which has its finding.
    ///
    /// # Errors
    /// Why it has nothing.
    fn of_source(
        &mut self,
        name: &str,
        way: &[String],
        kind: Option<ValueType>,
        source: &Source,
    ) -> Result<Option<PlaceholderValue>, String> {
        let PlanTarget { partition, region, account, .. } = self.target;
        let text = |text: String| Ok(Some(PlaceholderValue::Text(text)));
        match source {
            Source::Value(PlaceholderValue::Text(text)) => {
                Ok(self.typed(name, way, kind.unwrap_or(ValueType::String), text, "the value"))
            }
            Source::Value(value) => Ok(self.as_given(name, way, kind, value)),
            Source::Variable(variable) => {
                let Some(variables) = self.target.variables else { return Ok(Some(PlaceholderValue::Unknown)) };
                let found = variables(variable);
                let found = found.ok_or_else(|| format!("the environment variable {variable} is not set"))?;
                let what = format!("the environment variable {variable}");
                Ok(self.typed(name, way, kind.unwrap_or(ValueType::String), &found, &what))
            }
            Source::Parameter(parameter) => self.parameter(name, way, kind, parameter),
            Source::Workflow(workflow) => {
                let machine = self.machine(workflow)?;
                self.values.needs.insert(machine.clone());
                text(format!("arn:{partition}:states:{region}:{account}:stateMachine:{machine}"))
            }
            Source::Function(function) => {
                text(format!("arn:{partition}:lambda:{region}:{account}:function:{function}"))
            }
            Source::Topic(topic) => {
                self.values.topics.insert(topic.clone());
                text(format!("arn:{partition}:sns:{region}:{account}:{topic}"))
            }
        }
    }

    fn parameter(
        &mut self,
        name: &str,
        way: &[String],
        kind: Option<ValueType>,
        parameter: &str,
    ) -> Result<Option<PlaceholderValue>, String> {
        let Some(parameters) = self.target.parameters else { return Ok(Some(PlaceholderValue::Unknown)) };
        let PlanTarget { region, account, .. } = self.target;
        let found = parameters.get(parameter);
        let found = found.ok_or_else(|| match self.target.unread {
            None => format!("the Parameter Store of {region} in {account} has no {parameter}"),
            Some(error) => {
                format!(
                    "the Parameter Store of {region} in {account} could not be read for {parameter} ({})",
                    error.fault
                )
            }
        })?;
        let what = format!("the parameter {parameter}");
        Ok(match (found.kind, kind) {
            (ParameterKind::Secret, _) => {
                let message = format!(
                    "{what} is a secret (a SecureString), and whoever may describe a state machine reads its definition"
                );
                let remedy =
                    "Read it where it is used, as in the Lambda function, or keep it as a String if it is none.";
                self.add(Rule::SecretParameter, way, message, remedy.to_owned());
                None
            }
            (ParameterKind::List, None) => {
                let items: Vec<&str> = found.value.split(',').collect();
                Some(PlaceholderValue::Json(serde_json::to_string(&items).unwrap_or_default()))
            }
            (_, kind) => self.typed(name, way, kind.unwrap_or(ValueType::String), &found.value, &what),
        })
    }

    /// A value of the manifest that is no text: `type` may only say what it is.
    fn as_given(
        &mut self,
        name: &str,
        way: &[String],
        kind: Option<ValueType>,
        value: &PlaceholderValue,
    ) -> Option<PlaceholderValue> {
        let (Some(kind), PlaceholderValue::Json(json)) = (kind, value) else { return Some(value.clone()) };
        if kind == ValueType::String {
            return Some(PlaceholderValue::Text(json.clone()));
        }
        self.typed(name, way, kind, json, "the value")
    }

    fn typed(
        &mut self,
        name: &str,
        way: &[String],
        kind: ValueType,
        text: &str,
        what: &str,
    ) -> Option<PlaceholderValue> {
        let value = kind.read(text);
        if value.is_none() {
            let message = format!("{what} is no {}: {:?}", kind.as_str(), shown(text));
            let remedy = format!("Correct it, or write another `type` for ${{{name}}}.");
            self.add(Rule::PlaceholderOfWrongType, way, message, remedy);
        }
        value
    }

    /// The name of another workflow's state machine.
    fn machine(&self, workflow: &str) -> Result<String, String> {
        let workflows = &self.folder.manifest.workflows;
        if workflows.contains_key(workflow) {
            return Ok(self.chosen.machine_name(workflow));
        }
        let known: Vec<&str> = workflows.keys().map(String::as_str).collect();
        let near = meant(workflow, &known).map_or_else(String::new, |near| format!(" (did you mean {near:?}?)"));
        Err(format!("the manifest has no workflow {workflow:?}{near}"))
    }

    fn add(&mut self, rule: Rule, way: &[String], message: String, remedy: String) {
        let steps: Vec<&str> = way.iter().map(String::as_str).collect();
        let span = self.folder.places.as_ref().map_or(SourceSpan::WHOLE_FILE, |places| places.value(&steps));
        let diagnostic = Diagnostic { severity: Severity::Error, rule, message, path: way.join("."), span, remedy };
        self.values.found.push((self.folder.manifest_file(), diagnostic));
    }
}

fn shown(text: &str) -> String {
    let mut shown: String = text.chars().take(SHOWN).collect();
    if text.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    shown
}

/// The finding about a placeholder that was not replaced.
#[must_use]
pub fn problem_finding(
    chosen: &Chosen,
    workflow: &str,
    definition: &Definition,
    (placeholder, problem): (Placeholder, PlaceholderProblem),
) -> Found {
    let name = &placeholder.name;
    let (rule, message, remedy) = match problem {
        PlaceholderProblem::NoValue => {
            let tables = chosen.tables(workflow).into_iter().filter(|(way, table)| way.len() == 1 || !table.is_empty());
            let looked: Vec<String> = tables.map(|(way, _)| format!("[{}]", way.join("."))).collect();
            let remedy = format!(
                "Give it a value under [substitutions] in countersign.toml, such as {name} = {{ value = \"...\" }}. It was looked for in {}.",
                looked.join(", ")
            );
            (Rule::PlaceholderWithoutValue, format!("the placeholder ${{{name}}} has no value"), remedy)
        }
        PlaceholderProblem::NotJson => (
            Rule::PlaceholderOfWrongType,
            format!("the placeholder ${{{name}}} stands for a JSON value, and its text is none"),
            format!("Write \"${{{name}}}\" for a text, or give it a number, a boolean or a table."),
        ),
        PlaceholderProblem::NotText => (
            Rule::PlaceholderOfWrongType,
            format!("the placeholder ${{{name}}} stands within a text, and its value is a list or an object"),
            "Make the placeholder the whole of a string, which becomes the value, or give it a text.".to_owned(),
        ),
    };
    let span = definition.span(placeholder.span());
    let (severity, path) = (Severity::Error, String::new());
    (definition.path.clone(), Diagnostic { severity, rule, message, path, span, remedy })
}

/// The findings about values that no placeholder uses. `used` has the placeholders of each workflow's definition; `None` for one
/// that cannot be read, whose values are not judged.
#[must_use]
pub fn unused(folder: &Folder, used: &BTreeMap<&str, Option<BTreeSet<String>>>) -> Vec<Found> {
    let Some(places) = &folder.places else { return Vec::new() };
    let manifest = &folder.manifest;
    let by_one = |workflow: &str, name: &str| {
        used.get(workflow).is_none_or(|names| names.as_ref().is_none_or(|names| names.contains(name)))
    };
    let by_any = |name: &str| used.keys().any(|workflow| by_one(workflow, name));
    let mut found = Vec::new();
    let mut judge = |way: &[&str], name: &str, is_used: bool| {
        if is_used {
            return;
        }
        let way: Vec<&str> = way.iter().copied().chain([name]).collect();
        let message = format!("no definition has the placeholder ${{{name}}}, so its value is not used");
        let near = used.values().flatten().flatten().map(String::as_str).collect::<Vec<_>>();
        let near = meant(name, &near).map_or_else(String::new, |near| format!("Did you mean {near}? "));
        let remedy = format!("{near}Remove the value, or correct its name.");
        let (severity, rule, span) = (Severity::Error, Rule::UnusedSubstitution, places.key(&way));
        let diagnostic = Diagnostic { severity, rule, message, path: way.join("."), span, remedy };
        found.push((folder.manifest_file(), diagnostic));
    };
    for name in manifest.substitutions.keys() {
        judge(&["substitutions"], name, by_any(name));
    }
    for (workflow, entry) in &manifest.workflows {
        for name in entry.substitutions.keys() {
            judge(&["workflows", workflow, "substitutions"], name, by_one(workflow, name));
        }
    }
    for (environment, entry) in &manifest.environments {
        for name in entry.substitutions.keys() {
            judge(&["environments", environment, "substitutions"], name, by_any(name));
        }
        for (workflow, inner) in &entry.workflows {
            for name in inner.substitutions.keys() {
                let way = ["environments", environment, "workflows", workflow, "substitutions"];
                judge(&way, name, by_one(workflow, name));
            }
        }
    }
    found
}
