//! Definitions whose judgement is known, where the folder with them lies beside the checkout.
#![allow(clippy::unwrap_used, reason = "a recording that cannot be read is a failed test")]

use std::path::{Path, PathBuf};

use countersign_asl::{Diagnostic, MachineType, parse, parse_created};
use serde_json::Value;

/// Judged otherwise than their label says, each with the reason.
const OTHERWISE: &[(&str, &str)] = &[(
    "valid-map-with-item-batcher-jsonata.json",
    "a state with JSONPath in a machine with JSONata: the service refuses it, as a recording of its validation shows",
)];

fn recordings() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    assert!(folder.is_dir(), "{} is not there", folder.display());
    folder
}

fn errors(text: &str) -> Vec<String> {
    let describe = |found: Diagnostic| {
        format!(
            "{} {} at {} ({}:{}) - {}",
            found.rule.id(),
            found.message,
            found.path,
            found.span.line,
            found.span.column,
            found.remedy
        )
    };
    parse(text).1.into_iter().filter(Diagnostic::is_error).map(describe).collect()
}

fn lines(file: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(file).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn definition(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn labelled_definitions_are_judged_as_labelled() {
    let folder = recordings();
    let mut wrong = Vec::new();
    for case in lines(&folder.join("definitions_labelled.jsonl")) {
        let (name, valid) = (case["name"].as_str().unwrap(), case["expect_valid"].as_bool().unwrap());
        let errors = errors(&definition(&case["definition"]));
        if errors.is_empty() != valid && !OTHERWISE.iter().any(|(known, _)| *known == name) {
            wrong.push(format!("{name}: expected {}, found {errors:#?}", if valid { "valid" } else { "invalid" }));
        }
    }
    assert!(wrong.is_empty(), "{} judged wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn definitions_that_the_service_ran_have_no_errors() {
    let folder = recordings();
    let mut wrong = Vec::new();
    for file in ["execution.jsonl", "execution_output.jsonl", "express_sync.jsonl", "express_async.jsonl"] {
        for case in lines(&folder.join(file)) {
            let (_, mut found) = parse_created(&definition(&case["definition"]), MachineType::Standard);
            found.retain(Diagnostic::is_error);
            if !found.is_empty() {
                wrong.push(format!("{file} {}: {found:#?}", case["id"]));
            }
        }
    }
    assert!(wrong.is_empty(), "{} judged wrong:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn real_definitions_have_no_false_errors() {
    let folder = recordings();
    let mut wrong = Vec::new();
    for group in ["examples", "workflows"] {
        for file in std::fs::read_dir(folder.join("definitions").join(group)).unwrap() {
            let path = file.unwrap().path();
            let errors = errors(&std::fs::read_to_string(&path).unwrap());
            if !errors.is_empty() {
                wrong.push(format!("{}: {errors:#?}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{} judged wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// The definitions of recorded API calls: refused where the service refused them, in its words.
#[test]
#[ignore = "needs the recordings of AWS beside the checkout; `make test` runs it where they are"]
fn recorded_calls_are_answered_in_the_service_s_words() {
    let folder = recordings();
    let (mut wrong, mut count) = (Vec::new(), 0);
    for script in lines(&folder.join("api_scripts.jsonl")) {
        for step in script["steps"].as_array().into_iter().flatten() {
            let parameters = &step["params"];
            let (Some(text), Some(operation)) = (parameters["definition"].as_str(), step["op"].as_str()) else {
                continue;
            };
            if !["CreateStateMachine", "UpdateStateMachine", "ValidateStateMachineDefinition"].contains(&operation) {
                continue;
            }
            count += 1;
            // A script names what an earlier step answered.
            let text = text.replace("${s0.activityArn}", "arn:aws:states:us-east-1:000000000000:activity:a");
            let express = parameters["type"] == "EXPRESS";
            let kind = if express { MachineType::Express } else { MachineType::Standard };
            let (_, mut found) = parse_created(&text, kind);
            found.retain(Diagnostic::is_error);
            let expected = step["expect"].to_string();
            let refused = expected.contains("InvalidDefinition") || expected.contains("\"result\":\"FAIL\"");
            let escaped = |one: &Diagnostic| Value::from(one.message.as_str()).to_string().trim_matches('"').to_owned();
            let words = found.iter().all(|one| expected.contains(&escaped(one)));
            if refused == found.is_empty() || refused && !words {
                wrong.push(format!("{} {operation}: {found:#?}\n  {expected}", script["id"]));
            }
        }
    }
    assert!(count > 30, "only {count} calls were looked at");
    assert!(wrong.is_empty(), "{} judged wrong:\n{}", wrong.len(), wrong.join("\n"));
}
