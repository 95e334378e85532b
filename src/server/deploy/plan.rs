//! The plan: each definition with its values put in, checked, and compared to what the connection has.

use std::collections::BTreeMap;
use std::path::Path;

use countersign_asl::{MachineType, Severity, parse_created, placeholders, substitute};
use similar::{ChangeTag, TextDiff};

use super::manifest::{Folder, Manifest, Substitution, Workflow, file_problem};
use crate::dto::{Change, DeployItem, DiffLine, FileProblem};
use crate::json::{Json, pretty};
use crate::server::watch::{Machine, Snapshot};

/// Lines of unchanged text around a change.
const CONTEXT: usize = 3;

/// One definition that could be deployed.
#[derive(Clone, Debug)]
pub struct Item {
    pub name: String,
    pub file: String,
    pub kind: String,
    /// The definition with its values put in.
    pub text: String,
    /// The machine that is there under this name.
    pub deployed: Option<String>,
    pub change: Change,
    pub diff: Vec<DiffLine>,
    pub problems: Vec<FileProblem>,
    pub substitutions: Vec<(String, String)>,
    /// Topics that the definition names, which have to be there.
    pub topics: Vec<String>,
}

/// Plans every workflow of the folder, by name.
#[must_use]
pub fn plan(folder: &Folder, snapshot: &Snapshot, region: &str, account: &str) -> Vec<Item> {
    let place = Place { region, account };
    let workflows = folder.manifest.workflows.iter();
    workflows.map(|(name, workflow)| item(folder, name, workflow, snapshot.machine_named(name), place)).collect()
}

#[derive(Clone, Copy)]
struct Place<'a> {
    region: &'a str,
    account: &'a str,
}

fn item(folder: &Folder, name: &str, workflow: &Workflow, deployed: Option<&Machine>, place: Place) -> Item {
    let path = folder.path.join(&workflow.file);
    let mut item = Item {
        name: name.to_owned(),
        file: path.display().to_string(),
        kind: workflow.kind.clone(),
        text: String::new(),
        deployed: deployed.map(|machine| machine.arn.clone()),
        change: Change::Refused,
        diff: Vec::new(),
        problems: Vec::new(),
        substitutions: Vec::new(),
        topics: Vec::new(),
    };
    let source = match std::fs::read_to_string(&path) {
        Ok(source) => source,
        Err(error) => {
            let remedy =
                format!("Put the definition there, or correct `file` of [workflows.{name}] in countersign.toml.");
            item.problems.push(file_problem(&path, 1, 1, &format!("it cannot be read: {error}"), &remedy));
            return item;
        }
    };
    if !put_in_values(&mut item, &source, &path, &folder.manifest, place) {
        return item;
    }
    check(&mut item, &path);
    if item.problems.iter().any(|problem| problem.error) {
        return item;
    }
    item.change = match deployed {
        None => Change::New,
        Some(machine) if same(&machine.definition.text, &item.text) => Change::Unchanged,
        Some(_) => Change::Changed,
    };
    if let (Some(machine), Change::Changed) = (deployed, item.change) {
        item.diff = diff(&pretty(&machine.definition.text), &pretty(&item.text));
    }
    item
}

/// Puts the values in; false where one is missing.
fn put_in_values(item: &mut Item, source: &str, path: &Path, manifest: &Manifest, place: Place) -> bool {
    let mut values = BTreeMap::new();
    for placeholder in placeholders(source) {
        let Some(substitution) = manifest.substitutions.get(&placeholder.name) else { continue };
        let value = match substitution {
            Substitution::Value(value) => value.clone(),
            Substitution::Function(name) => {
                format!("arn:aws:lambda:{}:{}:function:{name}", place.region, place.account)
            }
            Substitution::Topic(name) => {
                item.topics.push(name.clone());
                format!("arn:aws:sns:{}:{}:{name}", place.region, place.account)
            }
        };
        values.insert(placeholder.name, value);
    }
    item.topics.sort();
    item.topics.dedup();
    item.substitutions = values.clone().into_iter().collect();
    match substitute(source, &values) {
        Ok(text) => {
            item.text = text;
            true
        }
        Err(missing) => {
            let problems = missing.into_iter().map(|placeholder| {
                file_problem(
                    path,
                    placeholder.line,
                    placeholder.column,
                    &format!("nothing is known for the placeholder ${{{}}}", placeholder.name),
                    &format!("Give it a value under [substitutions] in countersign.toml, such as {} = {{ value = \"...\" }}.", placeholder.name),
                )
            });
            item.problems.extend(problems);
            false
        }
    }
}

/// The diagnostics of the text with its values, as the service will judge it. Values stand on the same lines as their
/// placeholders.
fn check(item: &mut Item, path: &Path) {
    let kind = if item.kind == "EXPRESS" { MachineType::Express } else { MachineType::Standard };
    let (_, diagnostics) = parse_created(&item.text, kind);
    item.problems.extend(diagnostics.into_iter().map(|diagnostic| FileProblem {
        file: path.display().to_string(),
        line: diagnostic.line,
        column: diagnostic.column,
        error: diagnostic.severity == Severity::Error,
        message: match diagnostic.path.as_str() {
            "" => format!("{} ({})", diagnostic.message, diagnostic.code),
            path => format!("{} ({} at {path})", diagnostic.message, diagnostic.code),
        },
        remedy: diagnostic.remedy,
    }));
}

/// Whether two definitions mean the same: white space and the order of keys do not count.
fn same(deployed: &str, new: &str) -> bool {
    match (Json::read(deployed), Json::read(new)) {
        (Ok(deployed), Ok(new)) => deployed.says_the_same(&new),
        _ => deployed == new,
    }
}

fn diff(before: &str, after: &str) -> Vec<DiffLine> {
    let diff = TextDiff::from_lines(before, after);
    let mut lines = Vec::new();
    for (index, group) in diff.grouped_ops(CONTEXT).iter().enumerate() {
        if index > 0 {
            lines.push(DiffLine { sign: ' ', text: "…".to_owned() });
        }
        for change in group.iter().flat_map(|operation| diff.iter_changes(operation)) {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            lines.push(DiffLine { sign, text: change.value().trim_end_matches('\n').to_owned() });
        }
    }
    lines
}

impl Item {
    /// The item as it crosses the wire.
    #[must_use]
    pub fn into_dto(self) -> DeployItem {
        DeployItem {
            name: self.name,
            file: self.file,
            change: self.change,
            diff: self.diff,
            problems: self.problems,
            substitutions: self.substitutions,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_and_key_order_are_no_change() {
        assert!(same(r#"{"a":1,"b":[1,2]}"#, "{\n \"b\": [1, 2], \"a\": 1 }"));
        assert!(!same(r#"{"a":[1,2]}"#, r#"{"a":[2,1]}"#));
        assert!(!same(r#"{"Result":386.40}"#, r#"{"Result":386.4}"#), "a Pass would return other digits");
    }

    #[test]
    fn a_diff_shows_the_change_with_its_surroundings() {
        let before: String = (0..20).map(|n| format!("line {n}\n")).collect();
        let after = before.replace("line 10\n", "line ten\n");
        let lines = diff(&before, &after);
        let signs: String = lines.iter().map(|line| line.sign).collect();
        assert_eq!(signs, "   -+   ");
    }
}
