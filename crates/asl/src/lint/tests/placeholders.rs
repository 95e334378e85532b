//! Placeholders, before a deployment and after it.

use serde_json::{Value, json};

use super::{state, written};
use crate::{MachineType, parse, parse_created};

#[test]
fn what_only_begins_as_a_placeholder_is_none() {
    let judged = |next: &str| {
        let states = format!(r#"{{"A":{{"Type":"Pass","Next":"{next}"}},"B":{{"Type":"Succeed"}}}}"#);
        written(parse(&format!(r#"{{"StartAt":"A","States":{states}}}"#)).1)
    };
    let missing = |text: &str| format!("MISSING_TRANSITION_TARGET: Missing 'Next' target: {text} at /States/A/Next");
    for text in ["${B", "${B C}", "$B", "${}"] {
        let unreachable = "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B".to_owned();
        assert_eq!(judged(text), [missing(text), unreachable], "{text}");
    }
    assert_eq!(judged("${B}"), Vec::<String>::new());
}

/// The JSON pointers of every value within a value.
fn places(value: &Value, at: &str, found: &mut Vec<String>) {
    found.push(at.to_owned());
    let escaped = |key: &str| key.replace('~', "~0").replace('/', "~1");
    match value {
        Value::Object(fields) => {
            fields.iter().for_each(|(key, value)| places(value, &format!("{at}/{}", escaped(key)), found));
        }
        Value::Array(items) => {
            items.iter().enumerate().for_each(|(index, value)| places(value, &format!("{at}/{index}"), found));
        }
        _ => {}
    }
}

#[test]
fn a_placeholder_is_valid_wherever_a_deployment_may_put_a_value() {
    let lambda = "arn:aws:states:::lambda:invoke";
    let definition = json!({
        "Comment": "c", "StartAt": "T", "Version": "1.0", "TimeoutSeconds": 9, "QueryLanguage": "JSONPath",
        "States": {
            "T": {"Type": "Task", "Resource": lambda, "TimeoutSeconds": 9, "HeartbeatSeconds": 3, "Next": "W",
                "InputPath": "$.a", "ResultPath": "$.b", "OutputPath": "$", "Assign": {"v": 1, "w.$": "$.x"},
                "Credentials": {"RoleArn": "r"}, "Parameters": {"FunctionName": "f", "Payload.$": "$"},
                "Retry": [{"ErrorEquals": ["E"], "IntervalSeconds": 1, "MaxAttempts": 2, "BackoffRate": 1.5,
                    "MaxDelaySeconds": 9, "JitterStrategy": "FULL"}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "W", "ResultPath": "$.e"}]},
            "W": {"Type": "Wait", "Timestamp": "2030-01-31T09:00:00Z", "Next": "C"},
            "C": {"Type": "Choice", "Default": "M", "Choices": [
                {"And": [{"Variable": "$.a", "NumericGreaterThan": 1}, {"Not": {"Variable": "$.b", "IsNull": true}}], "Next": "M"},
                {"Variable": "$.t", "TimestampEquals": "2030-01-31T09:00:00Z", "Next": "M"}]},
            "M": {"Type": "Map", "Label": "L", "MaxConcurrency": 2, "ToleratedFailurePercentage": 5, "Next": "J",
                "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b"},
                    "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["h"], "MaxItems": 9}},
                "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"x": 1}}, "ItemSelector": {"i.$": "$$.Map.Item.Value"},
                "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "b"},
                    "WriterConfig": {"OutputType": "JSON", "Transformation": "NONE"}},
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
                    "StartAt": "I", "States": {"I": {"Type": "Pass", "Result": 1, "End": true}}}},
            "J": {"Type": "Task", "QueryLanguage": "JSONata", "Resource": lambda, "Arguments": {"FunctionName": "{% $v %}"},
                "TimeoutSeconds": "{% 9 %}", "Output": "{% $states.result %}", "Next": "F"},
            "F": {"Type": "Fail", "Error": "E", "CausePath": "$.c"}
        }
    });
    assert!(written(parse_created(&definition.to_string(), MachineType::Standard).1).is_empty());
    let mut all = Vec::new();
    places(&definition, "", &mut all);
    for place in all {
        let field = place.rsplit('/').next().unwrap_or_default();
        // A placeholder cannot replace the structure, or what decides how it is read.
        let parent = place.rsplit('/').nth(1).unwrap_or_default();
        if place.is_empty() || ["Type", "States", "QueryLanguage"].contains(&field) || parent == "States" {
            continue;
        }
        let mut changed = definition.clone();
        *changed.pointer_mut(&place).unwrap() = json!("${Placeholder}");
        let errors = written(parse(&changed.to_string()).1);
        assert!(errors.is_empty(), "{place}: {errors:?}");
    }
}

#[test]
fn of_what_is_deployed_every_text_is_what_it_says() {
    let task = |resource: &str| json!({"Type": "Task", "Resource": resource, "TimeoutSeconds": "${Seconds}"});
    state(
        &task("${Function}"),
        &["Value is not a valid resource ARN at /Resource", "Expected value of type Integer at /TimeoutSeconds"],
    );
    state(
        &json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% '${' & amount %}"}),
        &["UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'amount' at the top level is not supported. at /Output"],
    );
    state(&json!({"Type": "Pass", "Parameters": {"text": "${any}"}}), &[]);
}
