//! Advice about the definitions of a folder, and the switches of its rules.

use std::collections::BTreeMap;

use countersign_asl::{Diagnostic, MachineType, PlaceholderValue, Rule, Switches, advise};

use super::folder::Folder;
use super::manifest::{Manifest, Workflow};
use super::plan::Found;

/// What works in a workflow's definition and could be better. `source` is its text, with placeholders that have `values`.
#[must_use]
pub fn advice(
    workflow: Option<&Workflow>,
    source: &str,
    values: &BTreeMap<String, PlaceholderValue>,
    kind: MachineType,
) -> Vec<Diagnostic> {
    let mut found = advise(source, values, Some(kind));
    found.retain(|one| !(one.rule == Rule::NoHeartbeat && is_approval(workflow, one)));
    found
}

/// Whether a person answers the state of a finding: people send no heartbeat.
fn is_approval(workflow: Option<&Workflow>, finding: &Diagnostic) -> bool {
    let state = finding.path.rsplit_once("/States/").map(|(_, state)| state);
    workflow.zip(state).is_some_and(|(workflow, state)| workflow.approvals.contains_key(state))
}

/// The findings as the switches have them: those of the folder, and those of the workflow.
#[must_use]
pub fn switched(folder: &Folder, workflow: Option<&Workflow>, found: Vec<Found>) -> Vec<Found> {
    let switches = workflow.map_or_else(|| folder.manifest.lint.clone(), |one| folder.manifest.lint.with(&one.lint));
    found.into_iter().filter_map(|(file, one)| Some((file, switches.apply(one)?))).collect()
}

impl Manifest {
    /// Puts the switches of a command in the place of the manifest's own.
    pub fn switch(&mut self, command: &Switches) {
        self.lint = self.lint.with(command);
        for workflow in self.workflows.values_mut() {
            workflow.lint = workflow.lint.with(command);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use std::path::{Path, PathBuf};

    use countersign_asl::Severity;

    use super::*;

    fn folder(manifest: &str) -> Folder {
        let folder = Folder::of(Path::new("."), Ok(manifest.to_owned()));
        assert_eq!(folder.problems, []);
        folder
    }

    const WAITS: &str = r#"{"StartAt": "Ask", "States": {"Ask": {"Type": "Task", "TimeoutSeconds": 86400, "End": true,
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "Parameters": {"QueueUrl": "${Queue}", "MessageBody.$": "$$.Task.Token"}}}}"#;

    #[test]
    fn a_state_that_a_person_answers_needs_no_heartbeat() {
        let folder = folder("[workflows.a]\nfile = \"a\"\n[workflows.b]\nfile = \"b\"\napprovals.Ask = {}\n");
        let rules = |name: &str| -> Vec<Rule> {
            let workflow = folder.manifest.workflows.get(name);
            let found = advice(workflow, WAITS, &BTreeMap::new(), MachineType::Standard);
            found.into_iter().map(|one| one.rule).collect()
        };
        assert_eq!(rules("a"), [Rule::NoHeartbeat]);
        assert_eq!(rules("b"), []);
    }

    #[test]
    fn the_innermost_switch_holds() {
        let mut folder = folder(
            "[lint]\nno-heartbeat = \"error\"\n[workflows.a]\nfile = \"a\"\n[workflows.b]\nfile = \"b\"\nlint.no-heartbeat = \"off\"\n",
        );
        let severity = |folder: &Folder, name: &str| {
            let workflow = folder.manifest.workflows.get(name);
            let found = advice(workflow, WAITS, &BTreeMap::new(), MachineType::Standard);
            let found = found.into_iter().map(|one| (PathBuf::from("a"), one)).collect();
            switched(folder, workflow, found).first().map(|(_, one)| one.severity)
        };
        assert_eq!(severity(&folder, "a"), Some(Severity::Error));
        assert_eq!(severity(&folder, "b"), None);
        folder.manifest.switch(&["no-heartbeat=warn".parse().unwrap()].into_iter().collect());
        assert_eq!(severity(&folder, "a"), Some(Severity::Warning));
        assert_eq!(severity(&folder, "b"), Some(Severity::Warning));
    }

    #[test]
    fn a_wrong_id_is_refused_with_the_nearest() {
        let folder = Folder::of(Path::new("."), Ok("[lint]\nno-timeot = \"off\"\n".to_owned()));
        let [problem] = &folder.problems[..] else { panic!("{:?}", folder.problems) };
        assert_eq!((problem.line, problem.column), (2, 1), "{problem:?}");
        assert!(problem.message.starts_with("unknown rule `no-timeot`"), "{}", problem.message);
        assert!(problem.remedy.starts_with("Did you mean `no-timeout`?"), "{}", problem.remedy);
    }
}
