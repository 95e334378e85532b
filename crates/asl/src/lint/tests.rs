#![allow(clippy::unwrap_used, reason = "a definition that cannot be read is a failed test")]

use crate::{Diagnostic, invalid_definition_message, parse};

/// The errors of a machine with these states, beginning with A, as the service would write them.
#[track_caller]
fn check(states: &str, expected: &[&str]) {
    let definition = format!(r#"{{"StartAt":"A","States":{{{states}}}}}"#);
    let errors: Vec<String> = parse(&definition)
        .1
        .into_iter()
        .filter(Diagnostic::is_error)
        .inspect(|error| assert!(!error.remedy.is_empty()))
        .map(|error| format!("{}: {} at {}", error.code, error.message, error.path))
        .collect();
    assert_eq!(errors, expected);
}

#[test]
fn the_service_s_words_for_transitions() {
    check(
        r#""A":{"Type":"Pass","Next":"C"},"B":{"Type":"Pass","End":true}"#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: C at /States/A/Next",
            "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B",
        ],
    );
    check(
        r#""A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"A"}"#,
        &["MISSING_END_STATE: Workflow has no terminal state at "],
    );
    check(
        r#""A":{"Type":"Map","End":true,"ItemProcessor":{"StartAt":"A","States":{"A":{"Type":"Succeed"}}}}"#,
        &["DUPLICATE_STATE_NAME: Duplicate State name: A at /States/A/ItemProcessor/States/A"],
    );
}

#[test]
fn the_service_s_words_for_fields() {
    check(
        r#""A":{"Type":"Pass","End":true,"TimeoutSeconds":3}"#,
        &["SCHEMA_VALIDATION_FAILED: Field 'TimeoutSeconds' is not supported at /States/A"],
    );
    check(
        r#""A":{"Type":"Task","End":true}"#,
        &["SCHEMA_VALIDATION_FAILED: These fields are required: [Resource] at /States/A"],
    );
    check(
        r#""A":{"Type":"Parallel","End":true,"Branches":[]}"#,
        &["SCHEMA_VALIDATION_FAILED: Value cannot be empty at /States/A/Branches"],
    );
    check(
        r#""A":{"Type":"Choice","Choices":[{"Variable":"$.a","StringMatches":"x"}],"Default":"B"},"B":{"Type":"Succeed"}"#,
        &["SCHEMA_VALIDATION_FAILED: These fields are required: [Next] at /States/A/Choices[0]"],
    );
    check(
        r#""A":{"Type":"Pass","End":true,"Parameters":{"m.$":"hello"}}"#,
        &[
            "SCHEMA_VALIDATION_FAILED: The value for the field 'm.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters/m.$",
        ],
    );
}

#[test]
fn a_finding_knows_its_line_and_column() {
    let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": { \"Type\": \"Pass\", \"Next\": \"B\" },\n    \"E\": { \"Type\": \"Succeed\" }\n  }\n}";
    let (machine, diagnostics) = parse(text);
    assert!(machine.is_none());
    assert_eq!((diagnostics[0].line, diagnostics[0].column), (4, 36));
    assert_eq!((diagnostics[1].line, diagnostics[1].column), (5, 10));
}

#[test]
fn the_message_of_a_refusal_lists_every_error() {
    let message = |text: &str| invalid_definition_message(&parse(text).1);
    assert_eq!(
        message(r#"{"StartAt":"A"}"#),
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: These fields are required: [States] at /'"
    );
    assert_eq!(
        message(r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"A"}}}"#),
        "Invalid State Machine Definition: 'MISSING_END_STATE: Workflow has no terminal state at null'"
    );
}

#[test]
fn a_callback_without_a_timeout_is_warned_about() {
    let text = r#"{"StartAt":"A","States":{"A":{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","End":true}}}"#;
    let (machine, diagnostics) = parse(text);
    assert!(machine.is_some());
    assert_eq!(diagnostics.iter().map(|found| found.code).collect::<Vec<_>>(), ["NO_TIMEOUT"]);
}
