//! The kinds and ranges of plain values.

use serde_json::{Value, json};

use super::{state, state_in_file, written};
use crate::parse;

#[test]
fn kinds_and_ranges_of_values() {
    let task =
        |field: &str, value: Value| json!({"Type": "Task", "Resource": "arn:aws:lambda:::function:f", field: value});
    state(&task("TimeoutSeconds", json!(0)), &["Minimum value is 1 at /TimeoutSeconds"]);
    state(&task("HeartbeatSeconds", json!(100_000_000)), &["Maximum value is 99999999 at /HeartbeatSeconds"]);
    state(&task("TimeoutSeconds", json!("9")), &["Expected value of type Integer at /TimeoutSeconds"]);
    state(&task("TimeoutSeconds", json!(1.5)), &["Expected value of type Integer at /TimeoutSeconds"]);
    state(&task("Comment", json!(1)), &["Expected value of type [STRING] at /Comment"]);
    state(&task("InputPath", json!("order")), &["Value must be a valid JSONPath. at /InputPath"]);
    state(
        &task("ResultPath", json!("order")),
        &["Value is not a Reference Path: Reference path didn't start with '$' at /ResultPath"],
    );
    state(&task("ResultPath", json!("$.a[*]")), &["Value is not a Reference Path at /ResultPath"]);
    let retry = |field: &str, value: Value| task("Retry", json!([{"ErrorEquals": ["E"], field: value}]));
    state(&retry("IntervalSeconds", json!(0)), &[]);
    state(&retry("MaxDelaySeconds", json!(31_622_401)), &["Maximum value is 31622400 at /Retry[0]/MaxDelaySeconds"]);
    state(
        &retry("JitterStrategy", json!("HALF")),
        &["Value should be one of the following: [NONE, FULL] at /Retry[0]/JitterStrategy"],
    );
    state(&retry("BackoffRate", json!(0.5)), &["Minimum value is 1 at /Retry[0]/BackoffRate"]);
    state(
        &task("Retry", json!([{"ErrorEquals": ["E", "States.ALL"]}])),
        &["States.ALL must appear alone and at end of list at /Retry[0]/ErrorEquals[1]"],
    );
    state(
        &task("Catch", json!([{"ErrorEquals": ["States.ALL"], "Next": "B"}, {"ErrorEquals": [], "Next": "B"}])),
        &[
            "States.ALL must appear alone and at end of list at /Catch[0]/ErrorEquals[0]",
            "Value cannot be empty at /Catch[1]/ErrorEquals",
        ],
    );
    let wait = |timestamp: &str| json!({"Type": "Wait", "Timestamp": timestamp});
    for right in ["2030-01-31T09:00:00Z", "2030-01-31T09:00:00.125+02:00"] {
        state(&wait(right), &[]);
    }
    for wrong in
        ["2030-01-31", "2030-01-31T09:00:00", "2030-01-31t09:00:00Z", "2030-13-31T09:00:00Z", "2030-01-31T09:00:00.Z"]
    {
        state(&wait(wrong), &["String does not match RFC3339 timestamp at /Timestamp"]);
    }
}

#[test]
fn a_heartbeat_is_due_before_the_timeout() {
    let task = |timeout: Value, heartbeat: Value| {
        json!({"Type": "Task", "Resource": "arn:aws:lambda:::function:f", "TimeoutSeconds": timeout,
            "HeartbeatSeconds": heartbeat})
    };
    state(&task(json!(60), json!(59)), &[]);
    let mut expression = task(json!(60), json!("{% 90 %}"));
    expression["QueryLanguage"] = json!("JSONata");
    state(&expression, &[]);
    let message = "'HeartbeatSeconds' must be smaller than 'TimeoutSeconds' at /HeartbeatSeconds";
    state_in_file(&task(json!(60), json!(60)), &[message]);
    state_in_file(&task(json!(60), json!(90)), &[message]);
}

#[test]
fn retriers_and_the_whole_machine_have_no_expressions() {
    let retrier = json!({"ErrorEquals": ["E"], "IntervalSeconds": "{% 2 %}", "BackoffRate": "{% 1.5 %}"});
    let task = json!({"Type": "Task", "QueryLanguage": "JSONata", "Resource": "arn:aws:lambda:::function:f",
        "TimeoutSeconds": "{% 9 %}", "Retry": [retrier]});
    state(
        &task,
        &[
            "Expected value of type Integer at /Retry[0]/IntervalSeconds",
            "Expected value of type Number at /Retry[0]/BackoffRate",
        ],
    );
    let machine = json!({"QueryLanguage": "JSONata", "TimeoutSeconds": "{% 9 %}", "StartAt": "A",
        "States": {"A": {"Type": "Succeed"}}});
    assert_eq!(
        written(parse(&machine.to_string()).1),
        ["SCHEMA_VALIDATION_FAILED: Expected value of type Integer at /TimeoutSeconds"]
    );
}

#[test]
fn a_timestamp_is_a_day_of_its_month_and_an_offset_of_a_clock() {
    let wait = |timestamp: &str| json!({"Type": "Wait", "Timestamp": timestamp});
    for right in ["2028-02-29T09:00:00Z", "2000-02-29T09:00:00Z", "2030-04-30T09:00:00.5-23:59"] {
        state(&wait(right), &[]);
    }
    for wrong in [
        "2030-02-29T09:00:00Z",
        "2100-02-29T09:00:00Z",
        "2030-04-31T09:00:00Z",
        "2030-00-01T09:00:00Z",
        "2030-04-30T09:00:00+24:00",
        "2030-04-30T09:00:00.5+02:60",
    ] {
        state(&wait(wrong), &["String does not match RFC3339 timestamp at /Timestamp"]);
    }
}
