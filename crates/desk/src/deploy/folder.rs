//! A folder of definitions, as read from the disk.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use super::definition::is_yaml;
use super::environment::Chosen;
use super::finding::{FileProblem, Sample};
use super::manifest::{FILE, Manifest, Workflow, file_problem, parse};
use super::places::Places;
use crate::approvals::Policies;
use crate::eyes::Hide;

/// A folder of definitions.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    pub path: PathBuf,
    pub manifest: Manifest,
    /// The spans of the manifest's entries; `None` if there is no manifest.
    pub places: Option<Places>,
    /// Why the manifest on the disk cannot be used: every mistake. If there is one, `manifest` is the last usable one, or empty.
    pub problems: Vec<FileProblem>,
    /// The ways to the manifest's entries that were left out for their mistakes, or are missing, where the rest of it is looked
    /// at: what the manifest does not have may only be misspelt.
    pub(super) gaps: Vec<Vec<String>>,
    /// What [`Self::policies`] made of the manifest, for every page that asks.
    pub(super) policies: OnceLock<Arc<Policies>>,
}

impl Folder {
    /// Reads the manifest in `path`. A folder without one deploys every `*.asl.json`, `*.asl.yaml` and `*.asl.yml` under its
    /// own name.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        Self::of(path, std::fs::read_to_string(path.join(FILE)))
    }

    /// The folder in `path`, whose manifest is `text`, or was not read.
    pub(super) fn of(path: &Path, text: std::io::Result<String>) -> Self {
        let file = path.join(FILE);
        let read = match text {
            Ok(text) => parse(&text, &file).map(|(manifest, places)| (manifest, Some(places))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                found(path).map(|manifest| (manifest, None)).map_err(|problem| vec![problem])
            }
            Err(error) => Err(vec![unreadable(&file, &error)]),
        };
        match read {
            Ok((manifest, places)) => Self { path: path.to_owned(), manifest, places, ..Self::default() },
            Err(problems) => Self { path: path.to_owned(), problems, ..Self::default() },
        }
    }

    /// The path of the manifest's file, which may not exist.
    #[must_use]
    pub fn manifest_file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// What the folder is called on the connection: the manifest's `name`, or the folder's own.
    #[must_use]
    pub fn name(&self) -> String {
        let own = || {
            let path = std::fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone());
            path.file_name().map_or_else(|| "workflows".to_owned(), |name| name.to_string_lossy().into_owned())
        };
        self.manifest.name.clone().unwrap_or_else(own)
    }

    /// The names of a workflow's state machines: in each environment, and without one.
    fn machines_of(&self, workflow: &str) -> BTreeSet<String> {
        let manifest = &self.manifest;
        let in_environment = |name: &String| Chosen::of(manifest, Some(name)).ok();
        let environments = manifest.environments.keys().filter_map(in_environment);
        let all = environments.chain([Chosen { manifest, environment: None }]);
        all.map(|chosen| chosen.machine_name(workflow)).collect()
    }

    /// The entry of the workflow whose state machine has this name, in whatever environment.
    fn entry_of(&self, machine: &str) -> Option<&Workflow> {
        let workflows = &self.manifest.workflows;
        let named =
            || workflows.iter().find(|(name, _)| self.machines_of(name).contains(machine)).map(|(_, entry)| entry);
        workflows.get(machine).or_else(named)
    }

    /// The wording of approvals, by the name of the state machine and state. Made once, of the manifest as it is then.
    #[must_use]
    pub fn policies(&self) -> Arc<Policies> {
        Arc::clone(self.policies.get_or_init(|| Arc::new(self.worded())))
    }

    fn worded(&self) -> Policies {
        let workflows = self.manifest.workflows.iter().filter(|(_, workflow)| !workflow.approvals.is_empty());
        let named = |(name, workflow): (&String, &Workflow)| {
            let machines = self.machines_of(name).into_iter().chain([name.clone()]);
            machines.map(|machine| (machine, workflow.approvals.clone())).collect::<Vec<_>>()
        };
        workflows.flat_map(named).collect()
    }

    /// What of a state machine's payloads is hidden from whoever may not view them.
    #[must_use]
    pub fn hidden(&self, machine: &str) -> Hide {
        self.entry_of(machine).map(|workflow| Hide::of(&workflow.hide)).unwrap_or_default()
    }

    /// The sample inputs of a state machine.
    #[must_use]
    pub fn samples(&self, machine: &str) -> Vec<Sample> {
        let samples = self.entry_of(machine).map_or(&[][..], |workflow| &workflow.samples);
        samples
            .iter()
            .map(|sample| Sample { label: sample.label.clone(), input: countersign_json::pretty(&sample.input) })
            .collect()
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> FileProblem {
    let remedy = "Make it readable for the user that runs countersign.";
    file_problem(file, 1, 1, &format!("it cannot be read: {error}"), remedy)
}

/// The name of the workflow that a file is without a manifest.
#[must_use]
pub fn workflow_of(file: &str) -> Option<&str> {
    let (stem, _) = file.rsplit_once('.')?;
    let named = file.ends_with(".json") || is_yaml(Path::new(file));
    stem.strip_suffix(".asl").filter(|name| named && !name.is_empty())
}

fn found(path: &Path) -> Result<Manifest, FileProblem> {
    let failed = |error: &std::io::Error| unreadable(path, error);
    let mut files: Vec<String> = Vec::new();
    for entry in std::fs::read_dir(path).map_err(|error| failed(&error))? {
        match entry.map_err(|error| failed(&error))?.file_name().into_string() {
            Ok(name) => files.push(name),
            Err(name) if workflow_of(&name.to_string_lossy()).is_some() => {
                let what = "its name is not UTF-8, so no workflow can be called by it";
                return Err(file_problem(&path.join(name), 1, 1, what, "Give it another name."));
            }
            Err(_) => {}
        }
    }
    files.sort();
    let mut workflows: BTreeMap<String, Workflow> = BTreeMap::new();
    for file in files {
        let Some(name) = workflow_of(&file).map(str::to_owned) else { continue };
        if let Some(other) = workflows.get(&name) {
            let message =
                format!("the workflow {name:?} stands twice: {} is one, too", path.join(&other.file).display());
            return Err(file_problem(&path.join(&file), 1, 1, &message, "Keep one of the two, or rename one."));
        }
        workflows.insert(name, Workflow::of_file(file));
    }
    Ok(Manifest { workflows, ..Manifest::default() })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn samples_keep_their_digits() {
        let text = "[workflows.a]\nfile = \"a\"\nsamples = [{ label = \"x\", input = '{\"a\":386.40,\"a\":1e400}' }]";
        let folder = Folder::of(Path::new("no-such-folder"), Ok(text.to_owned()));
        assert_eq!(folder.samples("a")[0].input, "{\n  \"a\": 386.40,\n  \"a\": 1e400\n}");
    }

    #[test]
    fn without_a_manifest_each_definition_is_a_workflow() {
        let path = std::env::temp_dir().join(format!("countersign-folder-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        for file in ["order.asl.json", "pay.asl.yaml", "package.json", "notes.yaml", ".asl.json"] {
            std::fs::write(path.join(file), "{}").unwrap();
        }
        let folder = Folder::read(&path);
        assert_eq!(folder.manifest.workflows.keys().collect::<Vec<_>>(), ["order", "pay"]);
        assert!(folder.name().starts_with("countersign-folder-"));
        std::fs::write(path.join("pay.asl.json"), "{}").unwrap();
        let problem = Folder::read(&path).problems.remove(0);
        assert!(problem.file.ends_with("pay.asl.yaml") && problem.message.contains("pay.asl.json"), "{problem:?}");
        std::fs::remove_dir_all(&path).unwrap();
    }
}
