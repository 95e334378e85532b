//! The wrong values of a manifest that cannot be used for its other mistakes, such as unknown keys. They are reported beside those,
//! so that all is corrected in one go, as far as what is left of the manifest says.
//!
//! What was left out may be what another entry needs, so nothing is said of what is missing there.

use std::path::Path;

use super::check::{folder_findings, workflow_findings};
use super::environment::Chosen;
use super::finding::FileProblem;
use super::folder::Folder;
use super::lint::switched;
use super::manifest::Manifest;
use super::places::Places;
use super::plan::{Found, PlanTarget, file_problem};
use super::settings_check::settings_of;
use crate::connection::MachineKind;

/// The wrong values of what is left of a manifest. `gaps` are the ways to what was left out of it, or is missing.
pub(super) fn wrong_values(
    mut manifest: Manifest,
    gaps: Vec<Vec<String>>,
    places: Places,
    file: &Path,
) -> Vec<FileProblem> {
    leave_out_what_is_unsure(&mut manifest, &gaps);
    let path = file.parent().map(Path::to_owned).unwrap_or_default();
    let folder = Folder { path, manifest, places: Some(places), gaps, ..Folder::default() };
    let errors = found(&folder).into_iter().map(|(_, one)| file_problem((file.to_owned(), one)));
    let mut errors: Vec<FileProblem> = errors.filter(|problem| problem.error).collect();
    // One that stands outside of the environments is found in each of them.
    errors.sort_by(|one, other| place(one).cmp(&place(other)));
    errors.dedup();
    errors
}

fn place(problem: &FileProblem) -> (u32, u32, &str) {
    (problem.line, problem.column, &problem.message)
}

/// Whether a way leads to something within another one, or to that itself.
fn is_within(way: &[String], outer: &[&str]) -> bool {
    way.len() >= outer.len() && way.iter().zip(outer).all(|(step, one)| step == one)
}

/// Leaves out the lists whose items may have another number by now, and the approvals whose parts may need what is missing.
fn leave_out_what_is_unsure(manifest: &mut Manifest, gaps: &[Vec<String>]) {
    let has_gap = |way: &[&str]| gaps.iter().any(|gap| is_within(gap, way));
    for (name, workflow) in &mut manifest.workflows {
        if has_gap(&["workflows", name, "samples"]) {
            workflow.samples.clear();
        }
        if has_gap(&["workflows", name, "hide"]) {
            workflow.hide.clear();
        }
        workflow.approvals.retain(|state, _| !has_gap(&["workflows", name, "approvals", state]));
    }
}

fn found(folder: &Folder) -> Vec<Found> {
    let manifest = &folder.manifest;
    let chosen: Vec<Chosen<'_>> = match manifest.environments.is_empty() {
        true => vec![Chosen { manifest, environment: None }],
        false => manifest.environments.keys().filter_map(|name| Chosen::of(manifest, Some(name)).ok()).collect(),
    };
    let mut all = Vec::new();
    for (name, workflow) in &manifest.workflows {
        let entry = workflow_findings(folder, name, workflow, None);
        let mut found: Vec<Found> = entry.into_iter().map(|one| (folder.manifest_file(), one)).collect();
        for chosen in &chosen {
            let kind = if chosen.kind(name) == "EXPRESS" { MachineKind::Express } else { MachineKind::Standard };
            found.extend(settings_of(folder, chosen, name, kind, PlanTarget::unknown(None)).1);
        }
        all.extend(switched(folder, Some(workflow), found));
    }
    // Where a workflow was left out, what an environment changes of it has a workflow all the same.
    let is_workflow = |gap: &Vec<String>| gap.len() <= 2 && is_within(gap, &["workflows"]);
    if !folder.gaps.iter().any(is_workflow) {
        all.extend(switched(folder, None, folder_findings(folder, None)));
    }
    all
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::super::manifest::parse;

    /// The lines of a manifest that have mistakes, each with the beginning of what is wrong.
    #[track_caller]
    fn check(text: &str, expected: &[(u32, &str)]) {
        let problems = parse(text, Path::new("dir/countersign.toml")).err().unwrap_or_default();
        let found: Vec<(u32, &str)> = problems.iter().map(|one| (one.line, one.message.as_str())).collect();
        assert_eq!(found.len(), expected.len(), "{found:#?}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.0 == expected.0 && found.1.starts_with(expected.1), "{found:?}, not {expected:?}");
        }
        assert!(problems.iter().all(|one| one.file == "dir/countersign.toml"), "{problems:?}");
    }

    #[test]
    fn unknown_keys_and_wrong_values_are_reported_together() {
        let text = r#"nmae = "shop"
[workflows.order]
fil = "order.asl.json"
type = "EXPRES"
alias = "7"
rollout = { linear = { percent = 200, minutes = 0 } }
hide = ["customer"]
[workflows.order.approvals.Ask]
quorum = 0
[environments.live]
sufix = "-live"
tags = { "aws:cost" = "1" }
[environments.live.workflows.ordr]
alias = "8"
[environments.trial]
"#;
        check(
            text,
            &[
                (1, "unknown field `nmae`"),
                (3, "unknown field `fil`"),
                (4, "\"EXPRES\" is not a type"),
                (5, "\"7\" cannot be the name of an alias"),
                (6, "a step moves 1 to 99 percent, not 200"),
                (6, "a step takes 1 to"),
                (7, "\"customer\" is no path"),
                (9, "nobody cannot decide"),
                (11, "unknown field `sufix`"),
                (12, "AWS takes no tag"),
                (13, "the manifest has no workflow \"ordr\""),
            ],
        );
    }

    #[test]
    fn nothing_is_said_of_what_may_only_be_misspelt() {
        let text = r#"[workflows."a b"]
file = "a"
alais = "live"
rollout = { canary = { percent = 10, minutes = 5 } }
logging = { level = "ALL", destinatoin = "/x" }
encryption = { kye = "a" }
samples = [{ label = "x", inptu = "{}" }, { label = "y", input = "{" }]
[workflows."a b".approvals.Ask]
du = "4h"
remind = ["1h"]
"#;
        let keys = ["alais", "destinatoin", "kye", "inptu", "du"].map(|key| format!("unknown field `{key}`"));
        let expected: Vec<(u32, &str)> = [3, 5, 6, 7, 9].into_iter().zip(keys.iter().map(String::as_str)).collect();
        check(text, &expected);
    }

    #[test]
    fn a_rollout_that_is_both_is_checked_as_each() {
        let both = "rollout = { canary = { percent = 0, minutes = 5 }, linear = { percent = 10, minutes = 0 } }";
        let text = format!("nmae = \"a\"\n[workflows.order]\nfile = \"a\"\nalias = \"live\"\n{both}\n");
        let expected = ["a step moves", "a rollout is a canary or linear", "a step takes"].map(|said| (5, said));
        check(&text, &[&[(1, "unknown field")][..], &expected[..]].concat());
    }
}
