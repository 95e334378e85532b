//! `countersign.toml` beside the definitions: the workflows, the values of placeholders, and the wording of approvals.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use countersign_asl::Switches;
use serde::Deserialize;

use super::finding::{FileProblem, Sample};
use super::places::Places;
use crate::approvals::shown::version;
use crate::approvals::{Policies, Policy};
use crate::eyes::Hide;
use crate::nearest::meant;

/// The manifest's file name.
pub const FILE: &str = "countersign.toml";

/// The manifest as it is in the file.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The role that state machines run as.
    #[serde(default)]
    pub role_arn: Option<String>,
    /// The value of each `${Placeholder}`.
    #[serde(default)]
    pub substitutions: BTreeMap<String, Substitution>,
    /// Which rules are switched, for every workflow.
    #[serde(default)]
    pub lint: Switches,
    #[serde(default)]
    pub workflows: BTreeMap<String, Workflow>,
}

/// The value of a placeholder.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Substitution {
    /// A Lambda function by its name, in the connection's region and account.
    Function(String),
    /// An SNS topic by its name; it is created if it does not exist.
    Topic(String),
    /// The text itself.
    Value(String),
}

/// One workflow: the key in the manifest is its name.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Workflow {
    /// The definition, relative to the manifest.
    pub file: String,
    /// `STANDARD` or `EXPRESS`; the check refuses anything else.
    #[serde(default = "standard", rename = "type")]
    pub kind: String,
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

fn standard() -> String {
    "STANDARD".to_owned()
}

/// An input to start with.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SampleInput {
    pub label: String,
    /// JSON.
    pub input: String,
}

/// A folder of definitions, as read from the disk.
#[derive(Clone, Debug, Default)]
pub struct Folder {
    pub path: PathBuf,
    pub manifest: Manifest,
    /// The spans of the manifest's entries; `None` if there is no manifest.
    pub places: Option<Places>,
    /// Why the manifest on the disk cannot be used; then `manifest` is the last usable one, or empty.
    pub problem: Option<FileProblem>,
}

impl Folder {
    /// Reads the manifest in `path`. A folder without one deploys every `*.asl.json` under its own name.
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
                found(path).map(|manifest| (manifest, None)).map_err(|error| unreadable(path, &error))
            }
            Err(error) => Err(unreadable(&file, &error)),
        };
        match read {
            Ok((manifest, places)) => Self { path: path.to_owned(), manifest, places, problem: None },
            Err(problem) => Self { path: path.to_owned(), problem: Some(problem), ..Self::default() },
        }
    }

    /// The path of the manifest's file, which may not exist.
    #[must_use]
    pub fn manifest_file(&self) -> PathBuf {
        self.path.join(FILE)
    }

    /// The wording of approvals, by workflow and state.
    #[must_use]
    pub fn policies(&self) -> Policies {
        self.manifest.workflows.iter().map(|(name, workflow)| (name.clone(), workflow.approvals.clone())).collect()
    }

    /// What of a workflow's payloads is hidden from whoever may not view them.
    #[must_use]
    pub fn hidden(&self, workflow: &str) -> Hide {
        self.manifest.workflows.get(workflow).map(|workflow| Hide::of(&workflow.hide)).unwrap_or_default()
    }

    /// The sample inputs of a workflow.
    #[must_use]
    pub fn samples(&self, workflow: &str) -> Vec<Sample> {
        let samples = self.manifest.workflows.get(workflow).map_or(&[][..], |workflow| &workflow.samples);
        samples
            .iter()
            .map(|sample| Sample { label: sample.label.clone(), input: countersign_json::pretty(&sample.input) })
            .collect()
    }
}

fn parse(text: &str, file: &Path) -> Result<(Manifest, Places), FileProblem> {
    let manifest = toml::from_str(text).and_then(|manifest| Ok((versioned(manifest, text)?, Places::of(text)?)));
    manifest.map_err(|error| {
        let (line, column) = super::places::line_and_column(text, error.span().map_or(0, |span| span.start));
        let near = meant_instead(error.message()).map_or_else(String::new, |near| format!("Did you mean `{near}`? "));
        let remedy = format!("{near}Correct the manifest; open pages update themselves.");
        file_problem(file, line, column, error.message(), &remedy)
    })
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

/// The right word that is nearest to the unknown one of a message such as "unknown field `fil`, expected one of `file`".
fn meant_instead(message: &str) -> Option<&str> {
    let words: Vec<&str> = message.split('`').skip(1).step_by(2).collect();
    let (unknown, known) = words.split_first().filter(|_| message.starts_with("unknown "))?;
    meant(unknown, known)
}

fn unreadable(file: &Path, error: &std::io::Error) -> FileProblem {
    file_problem(
        file,
        1,
        1,
        &format!("it cannot be read: {error}"),
        "Make it readable for the user that runs countersign.",
    )
}

fn found(path: &Path) -> Result<Manifest, std::io::Error> {
    let mut workflows = BTreeMap::new();
    for entry in std::fs::read_dir(path)? {
        let Ok(file) = entry?.file_name().into_string() else { continue };
        let Some(name) = file.strip_suffix(".asl.json").map(str::to_owned) else { continue };
        workflows.insert(
            name,
            Workflow {
                file,
                kind: standard(),
                samples: Vec::new(),
                hide: Vec::new(),
                lint: Switches::default(),
                approvals: BTreeMap::new(),
            },
        );
    }
    Ok(Manifest { workflows, ..Manifest::default() })
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
    use super::*;

    #[test]
    fn every_entry_of_a_manifest_is_read() {
        let text = r#"
            role_arn = "arn:r"
            [substitutions]
            A = { function = "validate" }
            B = { topic = "failures" }
            C = { value = "7" }
            [workflows.order]
            file = "order.asl.json"
            samples = [{ label = "One", input = '{"a":1}' }]
            [workflows.order.approvals.Ask]
            title = "Really?"
        "#;
        let (manifest, _) = parse(text, Path::new("m")).unwrap();
        assert_eq!(manifest.substitutions["A"], Substitution::Function("validate".into()));
        assert_eq!(manifest.substitutions["C"], Substitution::Value("7".into()));
        assert_eq!(manifest.workflows["order"].kind, "STANDARD");
    }

    #[test]
    fn a_mistake_is_reported_with_its_position() {
        let problem = parse("[workflows.order]\nfil = \"x\"\n", Path::new("dir/countersign.toml")).unwrap_err();
        assert_eq!((problem.line, problem.column), (2, 1), "{}", problem.message);
        assert!(problem.message.contains("fil"), "{}", problem.message);
    }

    #[test]
    fn samples_keep_their_digits() {
        let text = "[workflows.a]\nfile = \"a\"\nsamples = [{ label = \"x\", input = '{\"a\":386.40,\"a\":1e400}' }]";
        let (manifest, _) = parse(text, Path::new("m")).unwrap();
        let folder = Folder { manifest, ..Folder::default() };
        assert_eq!(folder.samples("a")[0].input, "{\n  \"a\": 386.40,\n  \"a\": 1e400\n}");
    }
}
