//! Transitions, and what they lead to.

use super::{check, written};
use crate::parse;

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

/// Otherwise only the compiler of programs would refuse them.
#[test]
fn a_transition_leads_to_a_name() {
    let text = |place: &str| format!("SCHEMA_VALIDATION_FAILED: Expected value of type [STRING] at {place}");
    check(
        r#""A":{"Type":"Task","Resource":"arn:aws:lambda:us-east-1:1:function:f","Next":"B","Catch":[{"ErrorEquals":["States.ALL"],"Next":{"Next":"B"}}]},
            "B":{"Type":"Choice","Default":7,"Choices":[{"Variable":"$.a","IsNull":true,"Next":null}]},"C":{"Type":"Parallel",
            "End":true,"Branches":[{"StartAt":["D"],"States":{"D":{"Type":"Succeed"}}}]}"#,
        &[
            &text("/States/A/Catch[0]/Next"),
            &text("/States/B/Default"),
            &text("/States/B/Choices[0]/Next"),
            &text("/States/C/Branches[0]/StartAt"),
            "MISSING_TRANSITION_TARGET: State \"C\" is not reachable. at /States/C",
        ],
    );
}

#[test]
fn transitions_that_lead_nowhere() {
    // AWS calls StartAt a 'Next' as well. A state behind an unreachable one is not reported.
    let definition = r#"{"StartAt":"X","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Succeed"}}}"#;
    assert_eq!(
        written(parse(definition).1),
        [
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /StartAt",
            "MISSING_TRANSITION_TARGET: State \"A\" is not reachable. at /States/A",
        ]
    );
    assert_eq!(
        written(parse(r#"{"StartAt":"","States":{"A":{"Type":"Succeed"}}}"#).1),
        [
            "MISSING_TRANSITION_TARGET: Missing 'Next' target:  at /StartAt",
            "MISSING_TRANSITION_TARGET: State \"A\" is not reachable. at /States/A",
        ]
    );
    check(
        r#""A":{"Type":"Succeed"},"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Pass","Next":"B"}"#,
        &["MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B"],
    );
    check(
        r#""A":{"Type":"Pass","Next":"X"}"#,
        &[
            "MISSING_TRANSITION_TARGET: Missing 'Next' target: X at /States/A/Next",
            "MISSING_END_STATE: Workflow has no terminal state at ",
        ],
    );
}
