//! Differences between definitions.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
use super::*;

const BEFORE: &str = r#"{"StartAt":"Price","States":{
    "Price":{"Type":"Task","Resource":"arn:aws:states:::lambda:invoke","Parameters":{"FunctionName":"price","Payload":{"a.$":"$.a"}},"TimeoutSeconds":30,"Retry":[{"ErrorEquals":["States.ALL"],"MaxAttempts":2}],"Next":"Large?"},
    "Large?":{"Type":"Choice","Choices":[{"Variable":"$.total","NumericGreaterThan":1000,"Next":"Ask"}],"Default":"Done"},
    "Ask":{"Type":"Pass","Next":"Done"},
    "Done":{"Type":"Succeed"}}}"#;

#[test]
fn the_order_of_keys_and_white_space_make_no_difference() {
    let other = BEFORE
        .replace("\"StartAt\":\"Price\",", "")
        .replace("\"Done\":{\"Type\":\"Succeed\"}}", "\"Done\":{ \"Type\": \"Succeed\" } }, \"StartAt\": \"Price\"");
    let difference = Difference::between(BEFORE, &other);
    assert!(difference.is_empty(), "{difference:?}");
    assert!(difference.drawing.is_some());
}

#[test]
fn a_change_is_named_field_by_field() {
    let after = BEFORE
        .replace("\"TimeoutSeconds\":30", "\"TimeoutSeconds\":30.0,\"Comment\":\"x\"")
        .replace("\"MaxAttempts\":2", "\"MaxAttempts\":3")
        .replace("\"a.$\":\"$.a\"", "\"a.$\":\"$.b\"")
        .replace("NumericGreaterThan\":1000", "NumericGreaterThan\":500");
    let difference = Difference::between(BEFORE, &after);
    let fields: Vec<(&str, &str, Option<&str>, Option<&str>)> = difference
        .states
        .iter()
        .flat_map(|state| {
            state
                .fields
                .iter()
                .map(|one| (state.name.as_str(), one.path.as_str(), one.old.as_deref(), one.new.as_deref()))
        })
        .collect();
    assert_eq!(
        fields,
        [
            ("Price", "Parameters.Payload.a.$", Some("\"$.a\""), Some("\"$.b\"")),
            ("Price", "TimeoutSeconds", Some("30"), Some("30.0")),
            ("Price", "Retry[0].MaxAttempts", Some("2"), Some("3")),
            ("Price", "Comment", None, Some("\"x\"")),
            ("Large?", "Choices[0].NumericGreaterThan", Some("1000"), Some("500")),
        ]
    );
    let labels: Vec<(bool, Option<&str>)> =
        difference.transitions.iter().map(|one| (one.is_new, one.label.as_deref())).collect();
    assert_eq!(labels, [(true, Some("$.total > 500")), (false, Some("$.total > 1000"))]);
}

#[test]
fn states_are_added_removed_and_moved() {
    let before = r#"{"StartAt":"A","States":{"A":{"Type":"Pass","Next":"B"},"B":{"Type":"Pass","Next":"C"},"C":{"Type":"Succeed"}}}"#;
    let after = r#"{"StartAt":"Both","States":{"Both":{"Type":"Parallel","Branches":[{"StartAt":"A","States":{"A":{"Type":"Pass","End":true}}},
        {"StartAt":"D","States":{"D":{"Type":"Pass","End":true}}}],"Next":"C"},"C":{"Type":"Succeed"}}}"#;
    let difference = Difference::between(before, after);
    let changes: Vec<(&str, StateChangeKind)> =
        difference.states.iter().map(|state| (state.name.as_str(), state.change.clone())).collect();
    let moved = StateChangeKind::Moved { from: String::new(), to: "Both, branch 1".to_owned() };
    assert_eq!(
        changes,
        [
            ("Both", StateChangeKind::Added),
            ("A", moved),
            ("D", StateChangeKind::Added),
            ("B", StateChangeKind::Removed)
        ]
    );
    assert_eq!(difference.counts(), (2, 1, 1));
    assert_eq!(
        difference.fields,
        [FieldChange { path: "StartAt".to_owned(), old: Some("\"A\"".to_owned()), new: Some("\"Both\"".to_owned()) }]
    );
}

#[test]
fn what_is_within_a_map_is_compared_with_its_processor() {
    let with = |mode: &str, start: &str| {
        format!(
            r#"{{"StartAt":"M","States":{{"M":{{"Type":"Map","ItemProcessor":{{"ProcessorConfig":{{"Mode":"{mode}"}},"StartAt":"{start}","States":{{"X":{{"Type":"Pass","Next":"Y"}},"Y":{{"Type":"Pass","End":true}}}}}},"End":true}}}}}}"#
        )
    };
    let difference = Difference::between(&with("INLINE", "X"), &with("DISTRIBUTED", "Y"));
    let paths: Vec<&str> = difference.states[0].fields.iter().map(|one| one.path.as_str()).collect();
    assert_eq!(paths, ["ItemProcessor.ProcessorConfig.Mode", "ItemProcessor.StartAt"]);
    assert_eq!(difference.states.len(), 1);
}

#[test]
fn a_definition_that_cannot_be_read_has_no_drawing() {
    let difference = Difference::between("{", BEFORE);
    assert!(difference.drawing.is_none() && difference.states.len() == 4);
}
