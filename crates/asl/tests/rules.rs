//! `docs/rules.md` is made of the rules and their examples. `UPDATE_GOLDEN=1 cargo test -p countersign-asl --test rules`
//! writes it again.
#![allow(clippy::unwrap_used, reason = "a file that cannot be read is a failed test")]

use std::path::Path;

use countersign_asl::{Rule, RuleScope};

const HEAD: &str = "\
# Rules

What `countersign validate` and the page Deploy check, rule by rule. Text, JSON, SARIF and the commands for GitHub
(`--format`) name a rule by its id. The engine's API answers with AWS's code; AWS has one code for many rules. Where AWS has
none, the API writes the id as a code: `NO_TIMEOUT`. It does not report advice, nor the warnings of rules that AWS does not
have, except for that one.

A finding marks a part of the text, from `line` and `column` to `endLine` and `endColumn`. They count from 1, and columns
count characters; the end is right after the last character.

A rule with a switch finds what can be deployed all the same. Its findings are warnings or advice; `--strict` refuses
warnings, and nothing refuses advice. The switch leaves the findings out, makes them warnings, or makes them errors:

```toml
# countersign.toml: for every workflow of the folder
[lint]
no-timeout = \"error\"

# for one of them
[workflows.order.lint]
deprecated-resource = \"off\"
```

`countersign validate --rule no-timeout=off` does the same for one run, and may stand several times. The innermost switch
holds: the command's, then the workflow's, then the folder's. A rule without a switch cannot be left out: what breaks it is
refused, by AWS or by the deployment.

This file is generated from `crates/asl/src/rule.rs` and `crates/asl/src/reason.rs`, and from the golden files in
`crates/asl/tests/golden` and `tests/validate`.
";

fn document() -> String {
    let mut out = HEAD.to_owned();
    for (title, scope) in [("Definitions", RuleScope::Definition), ("Deployments", RuleScope::Deployment)] {
        let rules = || Rule::ALL.iter().copied().filter(move |rule| rule.scope() == scope);
        out += &format!("\n## {title}\n\n| rule | AWS's code | switch | |\n|---|---|---|---|\n");
        for rule in rules() {
            let code = rule.aws_code().map(|code| format!("`{code}`")).unwrap_or_default();
            let switch = if rule.has_switch() { "yes" } else { "" };
            out += &format!("| [{0}](#{0}) | {code} | {switch} | {1} |\n", rule.id(), rule.doc());
        }
        rules().for_each(|rule| out += &section(rule));
    }
    out
}

fn section(rule: Rule) -> String {
    let example = example(rule).map(|example| format!("\n```text\n{example}\n```\n")).unwrap_or_default();
    let reason = rule.reason().map(|reason| format!("\n{}\n", wrapped(reason))).unwrap_or_default();
    format!("\n### {}\n\n{}\n{reason}{example}", rule.id(), rule.doc())
}

/// A text in lines of at most 120 characters.
fn wrapped(text: &str) -> String {
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let line = lines.last_mut().unwrap();
        if line.is_empty() {
            line.push_str(word);
        } else if line.len() + word.len() < 120 {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines.join("\n")
}

/// The rule's report in a golden file: in its own, or in that of the deployments.
fn example(rule: Rule) -> Option<String> {
    let golden = match rule.scope() {
        RuleScope::Definition => format!("tests/golden/{}.txt", rule.id()),
        RuleScope::Deployment => "../../tests/validate/report.txt".to_owned(),
    };
    let reports = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(golden)).ok()?;
    let named = format!("[{}]\n", rule.id());
    reports.split("\n\n").find(|report| report.contains(&named)).map(|report| report.trim_end().to_owned())
}

#[test]
fn the_document_is_in_step_with_the_rules() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        std::fs::write(&file, document()).unwrap();
    }
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(written == document(), "docs/rules.md is out of step: UPDATE_GOLDEN=1 writes it again");
}

#[test]
fn every_rule_of_definitions_is_shown_with_an_example() {
    for rule in Rule::ALL.iter().copied().filter(|rule| rule.scope() == RuleScope::Definition) {
        assert!(example(rule).is_some(), "{}", rule.id());
    }
}
