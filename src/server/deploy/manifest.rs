//! `countersign.toml` beside the definitions: what is deployed, with which values, and how approvals read.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::dto::{FileProblem, Sample};
use crate::server::approvals::{Policies, Policy};

/// The manifest's file name.
pub const FILE: &str = "countersign.toml";

/// The manifest as it is written.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The role that state machines run as.
    #[serde(default)]
    pub role_arn: Option<String>,
    /// What each `${Placeholder}` stands for.
    #[serde(default)]
    pub substitutions: BTreeMap<String, Substitution>,
    #[serde(default)]
    pub workflows: BTreeMap<String, Workflow>,
}

/// What a placeholder stands for: one of the three.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Substitution {
    /// A Lambda function by its name, in the connection's region and account.
    Function(String),
    /// An SNS topic by its name; it is made where it is not there.
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
    /// `STANDARD` or `EXPRESS`.
    #[serde(default = "standard", rename = "type")]
    pub kind: String,
    #[serde(default)]
    pub samples: Vec<SampleInput>,
    /// How the approvals of a state read, by the state's name.
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
    /// Why the manifest cannot be used, if it cannot.
    pub problem: Option<FileProblem>,
}

impl Folder {
    /// Reads the manifest in `path`. A folder without one deploys every `*.asl.json` under its own name.
    #[must_use]
    pub fn read(path: &Path) -> Self {
        let file = path.join(FILE);
        let read = match std::fs::read_to_string(&file) {
            Ok(text) => parse(&text, &file),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(found(path)),
            Err(error) => {
                Err(file_problem(&file, 1, 1, &format!("it cannot be read: {error}"), "Make the file readable."))
            }
        };
        match read {
            Ok(manifest) => Self { path: path.to_owned(), manifest, problem: None },
            Err(problem) => Self { path: path.to_owned(), manifest: Manifest::default(), problem: Some(problem) },
        }
    }

    /// How approvals read, by workflow and state.
    #[must_use]
    pub fn policies(&self) -> Policies {
        self.manifest.workflows.iter().map(|(name, workflow)| (name.clone(), workflow.approvals.clone())).collect()
    }

    /// Inputs to start a workflow with.
    #[must_use]
    pub fn samples(&self, workflow: &str) -> Vec<Sample> {
        let samples = self.manifest.workflows.get(workflow).map_or(&[][..], |workflow| &workflow.samples);
        samples
            .iter()
            .map(|sample| Sample { label: sample.label.clone(), input: crate::json::pretty(&sample.input) })
            .collect()
    }
}

fn parse(text: &str, file: &Path) -> Result<Manifest, FileProblem> {
    toml::from_str(text).map_err(|error| {
        let before = &text[..error.span().map_or(0, |span| span.start).min(text.len())];
        let line = before.bytes().filter(|byte| *byte == b'\n').count() + 1;
        let column = before.chars().rev().take_while(|letter| *letter != '\n').count() + 1;
        let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
        file_problem(
            file,
            number(line),
            number(column),
            error.message(),
            "Correct the manifest; the page reads it again by itself.",
        )
    })
}

fn found(path: &Path) -> Manifest {
    let files = std::fs::read_dir(path).into_iter().flatten().flatten();
    let workflows = files.filter_map(|entry| {
        let file = entry.file_name().into_string().ok()?;
        let name = file.strip_suffix(".asl.json")?.to_owned();
        Some((name, Workflow { file, kind: standard(), samples: Vec::new(), approvals: BTreeMap::new() }))
    });
    Manifest { workflows: workflows.collect(), ..Manifest::default() }
}

/// A problem at a place in a file.
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
    fn a_manifest_is_read_whole() {
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
        let manifest = parse(text, Path::new("m")).unwrap();
        assert_eq!(manifest.substitutions["A"], Substitution::Function("validate".into()));
        assert_eq!(manifest.substitutions["C"], Substitution::Value("7".into()));
        assert_eq!(manifest.workflows["order"].kind, "STANDARD");
    }

    #[test]
    fn a_mistake_is_told_with_its_place() {
        let problem = parse("[workflows.order]\nfil = \"x\"\n", Path::new("dir/countersign.toml")).unwrap_err();
        assert_eq!((problem.line, problem.column), (2, 1), "{}", problem.message);
        assert!(problem.message.contains("fil"), "{}", problem.message);
    }
}
