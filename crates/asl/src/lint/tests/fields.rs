//! Which fields there may be, and how many of them.

use serde_json::{Value, json};

use super::{check, state};

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
            "SCHEMA_VALIDATION_FAILED: The value for the field 'm.$' must be a valid JSONPath or a valid intrinsic function call at /States/A/Parameters",
        ],
    );
}

#[test]
fn a_wrong_field_of_a_template_has_the_path_of_the_template_and_its_own_span() {
    let message = |key: &str| {
        format!("The value for the field '{key}' must be a valid JSONPath or a valid intrinsic function call")
    };
    let deep = json!({"a": [{"b": {"c.$": "no path"}}]});
    for (field, more) in [("Parameters", json!({})), ("ResultSelector", json!({})), ("Assign", json!({}))] {
        let mut task = json!({"Type": "Task", "Resource": "arn:aws:lambda:::function:f", field: deep});
        task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        state(&task, &[&format!("{} at /{field}", message("c.$"))]);
    }
    let map = json!({"Type": "Map", "ItemSelector": {"x.$": 1}, "ItemProcessor":
        {"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}});
    state(&map, &[&format!("{} at /ItemSelector", message("x.$"))]);
    let text = "{\"StartAt\": \"A\", \"States\": {\"A\": {\"Type\": \"Pass\", \"End\": true, \"Parameters\": {\n  \"m.$\": \"x\"}}}}";
    let found = crate::parse(text).1;
    assert_eq!((found[0].path.as_str(), found[0].span.line, found[0].span.column), ("/States/A/Parameters", 2, 10));
}

#[test]
fn fields_of_the_other_language() {
    let json_path = |field| {
        format!(
            "The QueryLanguage is set to 'JSONata', but field '{field}' is only supported for the 'JSONPath' QueryLanguage at "
        )
    };
    let jsonata = |field| {
        format!(
            "The QueryLanguage is set to 'JSONPath', but field '{field}' is only supported for the 'JSONata' QueryLanguage at "
        )
    };
    state(&json!({"Type": "Pass", "Output": 1}), &[&jsonata("Output")]);
    state(&json!({"Type": "Pass", "QueryLanguage": "JSONata", "InputPath": "$"}), &[&json_path("InputPath")]);
    state(
        &json!({"Type": "Pass", "QueryLanguage": "jsonata", "Result": 1}),
        &["Value should be one of the following: [JSONPath, JSONata] at /QueryLanguage", &json_path("Result")],
    );
    state(
        &json!({"Type": "Choice", "Choices": [{"Condition": "{% true %}", "Next": "B"}]}),
        &[&format!("{}/Choices[0]", jsonata("Condition"))],
    );
    state(
        &json!({"Type": "Choice", "QueryLanguage": "JSONata",
            "Choices": [{"Variable": "$.a", "IsNull": true, "Condition": "{% true %}", "Next": "B"}]}),
        &[&format!("{}/Choices[0]", json_path("Variable")), &format!("{}/Choices[0]", json_path("IsNull"))],
    );
    state(
        &json!({"Type": "Parallel", "Branches": [{"StartAt": "C", "States": {"C": {"Type": "Succeed"}}}],
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "B", "Output": 1}]}),
        &[&format!("{}/Catch[0]", jsonata("Output"))],
    );
    let body = json!({"QueryLanguage": "JSONata", "StartAt": "C", "States": {"C": {"Type": "Succeed"}}});
    state(
        &json!({"Type": "Map", "ItemProcessor": body}),
        &["Field 'QueryLanguage' is not supported at /ItemProcessor"],
    );
}

#[test]
fn one_of_several_fields() {
    state(
        &json!({"Type": "Wait", "Seconds": 1, "SecondsPath": "$.s"}),
        &["There should only be one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp] at "],
    );
    state(
        &json!({"Type": "Pass", "Next": "B", "End": true}),
        &["There should only be one of the following fields: [Next, End] at "],
    );
    state(&json!({"Type": "Pass", "Next": "B", "End": false}), &[]);
    state(
        &json!({"Type": "Map"}),
        &["This object should have only one of the following fields: [ItemProcessor, Iterator] at "],
    );
    state(
        &json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}),
        &["There should only be one of the following fields: [Error, ErrorPath] at "],
    );
    let rule = |rule: Value| json!({"Type": "Choice", "Choices": [rule]});
    state(
        &rule(json!({"Variable": "$.a", "IsNull": true, "StringEquals": "x", "Next": "B"})),
        &["There should only be one of the following fields: [IsNull, StringEquals] at /Choices[0]"],
    );
    state(
        &rule(json!({"StringEquals": "x", "Next": "B"})),
        &["The object must have only one of the following fields, [And, Or, Not, Variable, Condition] at /Choices[0]"],
    );
    state(
        &rule(json!({"Not": {"Variable": "$.a", "IsNull": true, "Next": "B"}, "Next": "B"})),
        &["Field 'Next' is not supported at /Choices[0]/Not"],
    );
}
