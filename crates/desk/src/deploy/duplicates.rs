//! Workflows that share what only one of them can have: a definition, or the name of a state machine.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};

use countersign_asl::{Diagnostic, Rule, Severity, SourceSpan};

use super::environment::Chosen;
use super::folder::Folder;
use super::plan::Found;

/// The findings, each with the workflow that it refuses: every one of those that share something.
#[must_use]
pub fn duplicates(folder: &Folder, chosen: &Chosen) -> Vec<(String, Found)> {
    let mut files: BTreeMap<PathBuf, Vec<&str>> = BTreeMap::new();
    let mut machines: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for name in folder.manifest.workflows.keys() {
        files.entry(plain(Path::new(chosen.file(name)))).or_default().push(name);
        machines.entry(chosen.machine_name(name)).or_default().push(name);
    }
    let mut found = Vec::new();
    for (file, names) in files.into_iter().filter(|(_, names)| names.len() > 1) {
        for name in &names {
            let way = |name: &str| chosen.way_to_file(name);
            let others = others(folder, &names, name, way);
            let message = format!("{} is the definition of another workflow, too: {others}", file.display());
            let remedy = "Give each workflow a definition of its own, or remove one.";
            found.push(((*name).to_owned(), finding(folder, &way(name), message, remedy)));
        }
    }
    for (machine, names) in machines.into_iter().filter(|(_, names)| names.len() > 1) {
        for name in &names {
            let others = others(folder, &names, name, |name| chosen.way_to_name(name));
            let message = format!("the state machine {machine:?} has another workflow, too: {others}");
            let remedy = "Give one of them another name.";
            found.push(((*name).to_owned(), finding(folder, &chosen.way_to_name(name), message, remedy)));
        }
    }
    found
}

/// The other workflows with their places: `pay at 12:8`.
fn others(folder: &Folder, names: &[&str], except: &str, way: impl Fn(&str) -> Vec<String>) -> String {
    let others = names.iter().filter(|name| **name != except).map(|name| {
        let span = span(folder, &way(name));
        format!("{name} at {}:{}", span.line, span.column)
    });
    others.collect::<Vec<_>>().join(", ")
}

fn span(folder: &Folder, way: &[String]) -> SourceSpan {
    let steps: Vec<&str> = way.iter().map(String::as_str).collect();
    let is_table = steps.len() == 2;
    folder.places.as_ref().map_or(SourceSpan::WHOLE_FILE, |places| {
        // A table has no value of its own to show.
        if is_table { places.key(&steps) } else { places.value(&steps) }
    })
}

fn finding(folder: &Folder, way: &[String], message: String, remedy: &str) -> Found {
    let (severity, rule, span) = (Severity::Error, Rule::DuplicateWorkflow, span(folder, way));
    let diagnostic = Diagnostic { severity, rule, message, path: way.join("."), span, remedy: remedy.to_owned() };
    (folder.manifest_file(), diagnostic)
}

/// A path without `.` and `..`, as far as that can be told from its text.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(plain.components().next_back(), Some(Component::Normal(_))) => {
                plain.pop();
            }
            part => plain.push(part),
        }
    }
    plain
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn what_two_workflows_share_is_refused_with_both_places() {
        let text = "[workflows.a]\nfile = \"a.json\"\n[workflows.b]\nfile = \"x/.././a.json\"\n[workflows.c]\nfile = \"c.json\"\nname = \"b\"\n\
                    [environments.dev.workflows.a]\nname = \"c\"\n[environments.dev.workflows.c]\nname = \"c\"\n";
        let folder = Folder::of(Path::new("dir"), Ok(text.to_owned()));
        assert!(folder.problems.is_empty(), "{:?}", folder.problems);
        let chosen = Chosen { manifest: &folder.manifest, environment: None };
        let found: Vec<String> = duplicates(&folder, &chosen)
            .into_iter()
            .map(|(name, (_, one))| format!("{name} {}:{} {}", one.span.line, one.span.column, one.message))
            .collect();
        assert_eq!(
            found,
            [
                "a 2:8 a.json is the definition of another workflow, too: b at 4:8",
                "b 4:8 a.json is the definition of another workflow, too: a at 2:8",
                "b 3:12 the state machine \"b\" has another workflow, too: c at 7:8",
                "c 7:8 the state machine \"b\" has another workflow, too: b at 3:12",
            ]
        );
        let chosen = Chosen::of(&folder.manifest, Some("dev")).unwrap();
        let names: Vec<String> = duplicates(&folder, &chosen).into_iter().skip(2).map(|(name, _)| name).collect();
        assert_eq!(names, ["a", "c"]);
    }
}
