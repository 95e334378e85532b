//! `countersign.toml` beside the definitions: the workflows and their settings, the environments, the values of placeholders,
//! and the wording of approvals.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_asl::Switches;
use indexmap::IndexMap;
use serde::Deserialize;
use toml::de::{DeTable, DeValue};

use super::finding::FileProblem;
use super::mistakes::{Reading, meant_instead, read};
use super::places::{Places, line_and_column};
use super::settings::table_with_settings;
use super::substitution::{Substitution, exact};
use super::wrong_values::wrong_values;
use crate::approvals::Policy;
use crate::approvals::shown::version;
use crate::store::ApprovalRule;

/// The manifest's file name.
pub const FILE: &str = "countersign.toml";

/// The values of placeholders, by their names.
pub type Substitutions = BTreeMap<String, Substitution>;

table_with_settings! {
    /// The manifest as it is in the file. Its settings are the defaults of every workflow.
    pub struct Manifest {
        /// What the folder is called on the connection [default: the folder's own name].
        #[serde(default)]
        pub name: Option<String>,
        /// The value of each `${Placeholder}`.
        #[serde(default)]
        pub substitutions: Substitutions,
        /// Which rules are switched, for every workflow.
        #[serde(default)]
        pub lint: Switches,
        /// Whose approval a deployment needs; an environment may say otherwise.
        #[serde(default)]
        pub approval: Option<ApprovalRule>,
        /// In the order of the file: the first one is the default.
        #[serde(default)]
        pub environments: IndexMap<String, Environment>,
        #[serde(default)]
        pub workflows: BTreeMap<String, Workflow>,
    }
}

table_with_settings! {
    /// Where the workflows are deployed, and what is different there.
    pub struct Environment {
        /// The name of the connection; without one, every connection.
        #[serde(default)]
        pub connection: Option<String>,
        /// What the names of state machines get behind them, so that two environments can share an account: `-staging`.
        #[serde(default)]
        pub suffix: String,
        /// Whose approval a deployment to it needs.
        #[serde(default)]
        pub approval: Option<ApprovalRule>,
        #[serde(default)]
        pub substitutions: Substitutions,
        /// What is different for single workflows.
        #[serde(default)]
        pub workflows: BTreeMap<String, Override>,
    }
}

table_with_settings! {
    /// What is different for a workflow in an environment.
    pub struct Override {
        /// The definition there, relative to the manifest.
        #[serde(default)]
        pub file: Option<String>,
        /// `STANDARD` or `EXPRESS`; the check refuses anything else.
        #[serde(default, rename = "type")]
        pub kind: Option<String>,
        /// The name of the state machine there.
        #[serde(default)]
        pub name: Option<String>,
        #[serde(default)]
        pub substitutions: Substitutions,
    }
}

table_with_settings! {
    /// One workflow: the key in the manifest is its name.
    pub struct Workflow {
        /// The definition, relative to the manifest: JSON, or YAML by its extension.
        pub file: String,
        /// `STANDARD` or `EXPRESS`; the check refuses anything else.
        #[serde(default = "standard", rename = "type")]
        pub kind: String,
        /// The name of the state machine [default: the workflow's].
        #[serde(default)]
        pub name: Option<String>,
        #[serde(default)]
        pub substitutions: Substitutions,
        #[serde(default)]
        pub samples: Vec<SampleInput>,
        /// The fields that are hidden from whoever may not view payloads, such as `$.customer.iban`.
        #[serde(default)]
        pub hide: Vec<String>,
        /// Which rules are switched for this workflow.
        #[serde(default)]
        pub lint: Switches,
        /// The wording of approvals, by the name of their state.
        #[serde(default)]
        pub approvals: BTreeMap<String, Policy>,
    }
}

fn standard() -> String {
    "STANDARD".to_owned()
}

impl Manifest {
    /// The definitions that it names: those of its workflows, and those that these have in an environment instead.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        let instead = self.environments.values().flat_map(|environment| environment.workflows.values());
        let instead = instead.filter_map(|within| within.file.as_deref());
        self.workflows.values().map(|workflow| workflow.file.as_str()).chain(instead)
    }
}

impl Environment {
    /// Whether it can be deployed to a connection: it chooses that one, or none.
    #[must_use]
    pub fn may_lead_to(&self, connection: &str) -> bool {
        self.connection.as_deref().is_none_or(|name| name == connection)
    }
}

impl Workflow {
    /// A workflow of which no manifest says anything.
    #[must_use]
    pub fn of_file(file: String) -> Self {
        Self { file, kind: standard(), ..Self::default() }
    }
}

/// An input to start with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleInput {
    pub label: String,
    /// JSON.
    pub input: String,
}

/// Reads a manifest.
///
/// # Errors
/// Every mistake with its place, in the order of the file; of a text that is no TOML, the first one.
pub(super) fn parse(text: &str, file: &Path) -> Result<(Manifest, Places), Vec<FileProblem>> {
    let failed = |error: &toml::de::Error| problem_of(text, file, error);
    let not_toml = |error: toml::de::Error| vec![failed(&error)];
    let table = DeTable::parse(text).map_err(not_toml)?;
    let Reading { read, mistakes, more, gaps } = read::<Manifest>(&table);
    let mut problems: Vec<FileProblem> = mistakes.iter().map(failed).collect();
    if more > 0 {
        // The end of the file is behind all that is listed.
        let (line, column) = line_and_column(text, text.len());
        let message = format!("the manifest has at least {more} more mistakes, which are not listed");
        problems.push(file_problem(file, line, column, &message, "Correct those above first."));
    }
    let Some(mut manifest) = read else { return Err(problems) };
    let inexact = with_exact_values(&mut manifest, table.get_ref()).into_iter().map(|(offset, what)| {
        let (line, column) = line_and_column(text, offset);
        file_problem(file, line, column, &what, "Write another number, or quote it as a text.")
    });
    problems.extend(inexact);
    if !problems.is_empty() {
        if more == 0 {
            problems.extend(wrong_values(manifest, gaps, Places::of(text).map_err(not_toml)?, file));
        }
        problems.sort_by_key(|problem| (problem.line, problem.column));
        return Err(problems);
    }
    let manifest = versioned(manifest, text).map_err(not_toml)?;
    Ok((manifest, Places::of(text).map_err(not_toml)?))
}

/// A mistake as it is reported: where it is, and what was probably meant.
fn problem_of(text: &str, file: &Path, error: &toml::de::Error) -> FileProblem {
    let offset = error.span().map_or(0, |span| span.start);
    let (line, column) = line_and_column(text, offset);
    if let Some(first) = first_of(text, offset, error.message()) {
        let (first_line, first_column) = line_and_column(text, first);
        let message = format!("{}: it stands at {first_line}:{first_column} already", error.message());
        return file_problem(file, line, column, &message, "Keep one of the two, or give one of them another name.");
    }
    let near = meant_instead(error.message()).map_or_else(String::new, |near| format!("Did you mean `{near}`? "));
    let remedy = format!("{near}Correct the manifest; open pages update themselves.");
    file_problem(file, line, column, error.message(), &remedy)
}

/// Where a key that stands twice stood first, by the byte of the second. Up to the line of the second the text is TOML.
fn first_of(text: &str, second: usize, message: &str) -> Option<usize> {
    if !message.contains("duplicate") {
        return None;
    }
    let start = text.get(..second)?.rfind('\n').map_or(0, |end| end + 1);
    let before = DeTable::parse(&text[..start]).ok()?;
    let line = text[start..].lines().next()?;
    if line.trim_start().starts_with('[') {
        return header_in(before.get_ref(), DeTable::parse(line).ok()?.get_ref());
    }
    let key = line.split('=').next()?.trim().trim_matches(['"', '\'']);
    let mut found = Vec::new();
    keys_named(before.get_ref(), key, &mut found);
    // The table that a key stands in twice is the last one.
    found.into_iter().max()
}

/// Where the table that a header opens stands already.
fn header_in(before: &DeTable, header: &DeTable) -> Option<usize> {
    let (key, value) = header.iter().next()?;
    let (known, table) = before.iter().find(|(known, _)| known.get_ref() == key.get_ref())?;
    match (value.get_ref(), table.get_ref()) {
        (DeValue::Table(inner), DeValue::Table(before)) if !inner.is_empty() => header_in(before, inner),
        _ => Some(known.span().start),
    }
}

fn keys_named(table: &DeTable, name: &str, found: &mut Vec<usize>) {
    for (key, value) in table {
        if key.get_ref() == name {
            found.push(key.span().start);
        }
        if let DeValue::Table(inner) = value.get_ref() {
            keys_named(inner, name, found);
        }
    }
}

/// The manifest with the version of each rule.
fn versioned(mut manifest: Manifest, text: &str) -> Result<Manifest, toml::de::Error> {
    let table: toml::Table = toml::from_str(text)?;
    for (name, workflow) in &mut manifest.workflows {
        for (state, policy) in &mut workflow.approvals {
            let rule = table.get("workflows").and_then(|workflows| workflows.get(name)?.get("approvals")?.get(state));
            policy.version = rule.map(|rule| version(&rule.to_string()));
        }
    }
    Ok(manifest)
}

/// Gives the manifest's values the digits that they have in the text. Returns the numbers that JSON does not have, each with its
/// place.
fn with_exact_values(manifest: &mut Manifest, table: &DeTable) -> Vec<(usize, String)> {
    let mut wrong = exact(&mut manifest.substitutions, inner(Some(table), "substitutions").as_ref());
    let workflows = inner(Some(table), "workflows");
    for (name, workflow) in &mut manifest.workflows {
        let of = inner(inner(workflows.as_ref(), name).as_ref(), "substitutions");
        wrong.extend(exact(&mut workflow.substitutions, of.as_ref()));
    }
    let environments = inner(Some(table), "environments");
    for (name, environment) in &mut manifest.environments {
        let of = inner(environments.as_ref(), name);
        wrong.extend(exact(&mut environment.substitutions, inner(of.as_ref(), "substitutions").as_ref()));
        let workflows = inner(of.as_ref(), "workflows");
        for (name, workflow) in &mut environment.workflows {
            let of = inner(inner(workflows.as_ref(), name).as_ref(), "substitutions");
            wrong.extend(exact(&mut workflow.substitutions, of.as_ref()));
        }
    }
    wrong
}

fn inner<'t>(table: Option<&DeTable<'t>>, key: &str) -> Option<DeTable<'t>> {
    Some(table?.get(key)?.get_ref().as_table()?.clone())
}

/// A problem at a position in a file.
#[must_use]
pub fn file_problem(file: &Path, line: u32, column: u32, message: &str, remedy: &str) -> FileProblem {
    FileProblem {
        file: file.display().to_string(),
        line,
        column,
        error: true,
        message: message.to_owned(),
        remedy: remedy.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use countersign_asl::PlaceholderValue;

    use super::super::desired::LogLevel;
    use super::super::substitution::Source;
    use super::*;

    #[test]
    fn every_entry_of_a_manifest_is_read() {
        let text = r#"
            name = "shop"
            role_arn = "arn:r"
            logging = { destination = "/shop" }
            [substitutions]
            A = { function = "validate" }
            B = { topic = "failures" }
            C = { value = "7" }
            D = { value = 1.50 }
            [workflows.order]
            file = "order.asl.json"
            logging.level = "ALL"
            samples = [{ label = "One", input = '{"a":1}' }]
            [workflows.order.approvals.Ask]
            title = "Really?"
            [environments.live]
            connection = "prod"
            substitutions.D = { value = 2.50 }
            [environments.live.workflows.order]
            alias = "live"
            rollout = { canary = { percent = 10, minutes = 5 } }
            [environments.dev]
            suffix = "-dev"
        "#;
        let (manifest, _) = parse(text, Path::new("m")).unwrap();
        assert_eq!(manifest.substitutions["A"].sources, [Source::Function("validate".into())]);
        assert_eq!(manifest.substitutions["C"].sources, [Source::Value(PlaceholderValue::Text("7".into()))]);
        assert_eq!(manifest.substitutions["D"].sources, [Source::Value(PlaceholderValue::Json("1.50".into()))]);
        let order = &manifest.workflows["order"];
        assert_eq!((order.kind.as_str(), order.logging.as_ref().unwrap().level), ("STANDARD", Some(LogLevel::All)));
        assert_eq!(manifest.environments.keys().collect::<Vec<_>>(), ["live", "dev"], "in the order of the file");
        let live = &manifest.environments["live"];
        assert_eq!(live.substitutions["D"].sources, [Source::Value(PlaceholderValue::Json("2.50".into()))]);
        assert_eq!(live.workflows["order"].alias.as_deref(), Some("live"));
    }

    #[track_caller]
    fn check(text: &str, place: (u32, u32), message: &str, remedy: &str) {
        let problems = parse(text, Path::new("dir/countersign.toml")).unwrap_err();
        let [problem] = &problems[..] else { panic!("{text}: {problems:?}") };
        assert_eq!((problem.line, problem.column), place, "{text}: {}", problem.message);
        assert!(problem.message.contains(message), "{text}: {}", problem.message);
        assert!(problem.remedy.contains(remedy), "{text}: {}", problem.remedy);
    }

    #[test]
    fn a_mistake_is_reported_with_its_position_at_every_level() {
        check("[workflows.order]\nfil = \"x\"\n", (2, 1), "fil", "Did you mean `file`?");
        check("enviroments = {}\n", (1, 1), "enviroments", "Did you mean `environments`?");
        check("[environments.dev]\nconection = \"x\"\n", (2, 1), "conection", "Did you mean `connection`?");
        let within = "[workflows.order]\nfile = \"a\"\n[environments.dev.workflows.order]\nalais = \"x\"\n";
        check(within, (4, 1), "alais", "Did you mean `alias`?");
        check("[logging]\nlevle = \"ALL\"\n", (2, 1), "levle", "Did you mean `level`?");
        check("logging.level = \"AL\"\n", (1, 17), "AL", "Did you mean `ALL`?");
        check("[substitutions]\nA = { smm = \"/a\" }\n", (2, 7), "smm", "Did you mean `ssm`?");
        check("[substitutions]\nA = { env = \"A\", topic = \"a\" }\n", (2, 5), "an ARN has one source", "");
        check("[substitutions]\nA = { value = inf }\n", (2, 15), "inf", "");
        check("rollout = { canary = { percent = 1, minuets = 2 } }\n", (1, 37), "minuets", "Did you mean `minutes`?");
        check("[workflows.order]\nfile = \"a\"\ntags = { a = 1 }\n", (3, 14), "expected a string", "");
    }

    #[test]
    fn every_mistake_is_reported_in_the_order_of_the_file() {
        let text = "nmae = \"shop\"\n[substitutions]\nA = { value = inf }\nB = { smm = \"/b\" }\n[workflows.order]\nfil = \"a\"\n\
                    lint.no-timeot = \"off\"\n[workflows.order.approvals.Ask]\ntitel = \"Really?\"\n[environments.dev]\nsufix = \"-dev\"\n";
        let problems = parse(text, Path::new("m")).unwrap_err();
        let found: Vec<(u32, bool)> =
            problems.iter().map(|one| (one.line, one.remedy.contains("Did you mean"))).collect();
        let expected = [(1, true), (3, false), (4, true), (6, true), (7, true), (9, true), (11, true)];
        assert_eq!(found, expected, "{problems:?}");
        for (problem, near) in
            problems.iter().filter(|one| one.line != 3).zip(["name", "ssm", "file", "no-timeout", "title", "suffix"])
        {
            assert!(problem.remedy.contains(&format!("Did you mean `{near}`?")), "{problem:?}");
        }
    }

    #[test]
    fn what_stands_twice_is_reported_with_both_places() {
        let text = "[workflows.order]\nfile = \"a\"\n\n[workflows.order]\nfile = \"b\"\n";
        check(text, (4, 12), "it stands at 1:12 already", "Keep one of the two");
        check("[workflows.order]\nfile = \"a\"\nfile = \"b\"\n", (3, 1), "it stands at 2:1 already", "Keep one");
    }
}
