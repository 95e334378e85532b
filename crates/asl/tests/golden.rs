//! Every rule with an example: `golden/RULE.asl.json` is judged, and what is reported is `golden/RULE.txt`. A second
//! example of a rule has another word behind its id: `RULE.WORD.asl.json`.
//!
//! `UPDATE_GOLDEN=1 cargo test -p countersign-asl --test golden` writes the texts again.
#![allow(clippy::unwrap_used, reason = "a file that cannot be read is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use countersign_asl::{Diagnostic, MachineType, Rule, RuleScope, advise, parse, report};

const DEFINITION: &str = ".asl.json";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

/// The files of the folder with this ending, without it.
fn names(ending: &str) -> BTreeSet<String> {
    let files = std::fs::read_dir(folder()).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    names.filter_map(|name| name.strip_suffix(ending).map(str::to_owned)).collect()
}

fn rule(name: &str) -> Option<Rule> {
    let id = name.split('.').next()?;
    Rule::ALL.iter().copied().find(|rule| rule.id() == id)
}

/// What is found in the example of a rule. Where the language's own check does not report the rule, only its advice is
/// shown.
fn found(rule: Option<Rule>, text: &str) -> Vec<Diagnostic> {
    let found = parse(text).1;
    let Some(rule) = rule.filter(|rule| found.iter().all(|one| one.rule != *rule)) else { return found };
    let kind = if rule == Rule::MachineTypeUnfit { MachineType::Express } else { MachineType::Standard };
    let advice = advise(text, &BTreeMap::new(), Some(kind)).into_iter().filter(|one| one.rule == rule);
    found.into_iter().chain(advice).collect()
}

#[test]
fn reports_are_as_they_were() {
    let update = std::env::var_os("UPDATE_GOLDEN").is_some();
    let mut wrong = Vec::new();
    for name in names(DEFINITION) {
        let file = format!("{name}{DEFINITION}");
        let text = std::fs::read_to_string(folder().join(&file)).unwrap();
        let found = found(rule(&name), &text);
        let reports: Vec<String> = found.iter().map(|one| report(&file, Some(&text), one, &str::to_owned)).collect();
        if !rule(&name).is_some_and(|rule| found.iter().any(|one| one.rule == rule)) {
            wrong.push(format!("{file} does not break the rule that it is named after:\n{}", reports.join("\n")));
        }
        let golden = folder().join(format!("{name}.txt"));
        if update {
            std::fs::write(&golden, reports.join("\n")).unwrap();
        } else if std::fs::read_to_string(&golden).ok() != Some(reports.join("\n")) {
            wrong.push(format!("{} is to be:\n{}", golden.display(), reports.join("\n")));
        }
    }
    assert!(wrong.is_empty(), "{}\nUPDATE_GOLDEN=1 writes the texts again.", wrong.join("\n"));
}

#[test]
fn no_text_is_without_its_definition() {
    let orphans: Vec<String> = names(".txt").difference(&names(DEFINITION)).cloned().collect();
    assert!(orphans.is_empty(), "without a definition: {orphans:?}");
}

/// The rules of deployments are about a manifest and its folder, which this crate does not read: their golden file belongs
/// to `countersign validate`, in `tests/validate`.
#[test]
fn every_rule_of_definitions_has_an_example() {
    let shown: BTreeSet<Rule> = names(DEFINITION).iter().filter_map(|name| rule(name)).collect();
    let missing: Vec<&str> = Rule::ALL
        .iter()
        .filter(|rule| rule.scope() == RuleScope::Definition && !shown.contains(rule))
        .map(|rule| rule.id())
        .collect();
    assert!(missing.is_empty(), "without an example: {missing:?}");
}
