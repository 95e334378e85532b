//! The rules of histories that no recording shows: what failures leave behind, and which event follows which.
#![allow(clippy::unwrap_used)]

#[path = "recordings/host.rs"]
mod host;

use std::sync::Arc;

use countersign_engine::{Execution, Input, Program, StartParams};
use serde_json::{Value, json};

/// Plays a definition; a function `fail` fails, every other one gives its parameters back.
fn play(definition: &Value, input: &Value) -> Execution {
    let program = Arc::new(Program::compile(definition).unwrap());
    let params = StartParams { input: input.to_string(), seed: 1, ..StartParams::default() };
    let answer = &mut |request: &countersign_engine::TaskRequest| {
        let task = request.task;
        let end = match request.parameters["FunctionName"].as_str() {
            Some("fail") => Input::TaskFailed { task, error: "Boom".into(), cause: "it went".into() },
            _ => Input::TaskSucceeded { task, output: request.parameters.to_string() },
        };
        Some(vec![Input::TaskStarted { task }, end])
    };
    host::play(&program, params, answer).0
}

/// Every event as `Kind<previous`, and the error and cause of the whole.
#[track_caller]
fn check(definition: Value, input: Value, events: &str, error: &str, cause: &str) {
    let execution = play(&definition, &input);
    let shown: Vec<_> =
        execution.history().iter().map(|e| format!("{}<{}", e.kind.name(), e.previous_event_id)).collect();
    assert_eq!(shown.join(" "), events);
    let outcome = execution.outcome().unwrap();
    let told = |text: &Option<String>| text.clone().unwrap_or_default();
    assert_eq!((told(&outcome.error).as_str(), told(&outcome.cause).as_str()), (error, cause));
}

fn parallel(states: Value, more: Value) -> Value {
    let start = states.as_object().unwrap().keys().next().unwrap().clone();
    let mut state = json!({"Type": "Parallel", "Branches": [{"StartAt": start, "States": states}], "End": true});
    state.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"StartAt": "P", "States": {"P": state, "Done": {"Type": "Pass", "End": true}}})
}

fn map(state: Value) -> Value {
    json!({"StartAt": "M", "States": {"M": {"Type": "Map", "MaxConcurrency": 1, "End": true,
        "ItemProcessor": {"StartAt": "I", "States": {"I": state}}}}})
}

const MISSING: &str = "The JSONPath '$.no' specified for the field 'v.$' could not be found in the input";

#[test]
fn a_runtime_failure_ends_the_execution_without_a_word_of_the_states_around_it() {
    let parameters = json!({"v.$": "$.no"});
    let pass = json!({"Type": "Pass", "Parameters": parameters, "End": true});
    let task =
        json!({"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": parameters, "End": true});
    let caught = json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Done"}],
        "Retry": [{"ErrorEquals": ["States.ALL"]}]});
    let at = |state: &str, id: u64, input: &str| {
        format!(
            "An error occurred while executing the state '{state}' (entered at the event id #{id}). {MISSING} '{input}'"
        )
    };
    check(
        parallel(json!({"Fast": pass}), caught.clone()),
        json!({}),
        "ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 PassStateEntered<3 ExecutionFailed<4",
        "States.Runtime",
        &at("Fast", 4, "{}"),
    );
    check(
        parallel(json!({"Slow": task}), caught),
        json!({}),
        "ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 TaskStateEntered<3 ExecutionFailed<4",
        "States.Runtime",
        &at("Slow", 4, "{}"),
    );
    check(
        map(pass),
        json!([1, 2]),
        "ExecutionStarted<0 MapStateEntered<0 MapStateStarted<2 MapIterationStarted<3 PassStateEntered<4 ExecutionFailed<5",
        "States.Runtime",
        &at("I", 5, "1"),
    );
}

#[test]
fn a_failure_after_the_children_follows_their_success() {
    check(
        parallel(json!({"Ok": {"Type": "Pass", "End": true}}), json!({"ResultSelector": {"v.$": "$.no"}})),
        json!({}),
        "ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 PassStateEntered<3 PassStateExited<4 \
         ParallelStateSucceeded<5 ExecutionFailed<6",
        "States.Runtime",
        &format!("An error occurred while executing the state 'P' (entered at the event id #2). {MISSING} '[{{}}]'"),
    );
}

#[test]
fn a_catcher_that_fails_fails_the_state_again() {
    let mut definition = parallel(
        json!({"Boom": {"Type": "Fail", "Error": "E", "Cause": "c"}}),
        json!({"Catch": [
            {"ErrorEquals": ["Other"], "Next": "Done"},
            {"ErrorEquals": ["States.ALL"], "Output": {"v": "{% $states.input.no %}"}, "Next": "Done"}]}),
    );
    definition["QueryLanguage"] = "JSONata".into();
    check(
        definition,
        json!({}),
        "ExecutionStarted<0 ParallelStateEntered<0 ParallelStateStarted<2 FailStateEntered<3 ParallelStateFailed<4 \
         EvaluationFailed<4 ParallelStateFailed<6 ExecutionFailed<7",
        "States.QueryEvaluationError",
        "An error occurred while executing the state 'P' (entered at the event id #2). The JSONata expression \
         '$states.input.no' specified for the field 'Catch[1]/Output/v' returned nothing (undefined).",
    );
}

#[test]
fn a_choice_without_a_match_is_a_runtime_failure() {
    check(
        json!({"StartAt": "C", "States": {"D": {"Type": "Succeed"},
            "C": {"Type": "Choice", "Choices": [{"Variable": "$.x", "StringEquals": "never", "Next": "D"}]}}}),
        json!({"x": "a"}),
        "ExecutionStarted<0 ChoiceStateEntered<0 ExecutionFailed<2",
        "States.Runtime",
        "An error occurred while executing the state 'C' (entered at the event id #2). Failed to transition out of the \
         state. The state does not point to a next state.",
    );
}

#[test]
fn both_paths_of_a_choice_lead_somewhere() {
    let choice = |rule: Value| json!({"Type": "Choice", "Choices": [rule], "Default": "S"});
    for (path, rule) in [
        ("$.no", json!({"Variable": "$.no", "IsNull": true, "Next": "S"})),
        ("$.no[0]", json!({"Variable": "$.no[0]", "NumericEquals": 1, "Next": "S"})),
        ("$.right", json!({"Variable": "$.left", "NumericEqualsPath": "$.right", "Next": "S"})),
    ] {
        let told = format!("@ Invalid path '{path}': The choice state's condition path references an invalid value.");
        fails(choice(rule), json!({"left": 1}), "States.Runtime", &told);
    }
}

#[test]
fn the_words_of_a_fail_state_stay_as_they_are() {
    check(
        json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "States.Runtime", "Cause": "mine"}}}),
        json!({}),
        "ExecutionStarted<0 FailStateEntered<0 ExecutionFailed<2",
        "States.Runtime",
        "mine",
    );
}

#[test]
fn states_within_another_have_the_language_of_the_whole() {
    let mut definition = map(json!({"Type": "Pass", "Parameters": {"v.$": "$.a"}, "End": true}));
    definition["States"]["M"]["QueryLanguage"] = "JSONata".into();
    definition["States"]["M"]["Items"] = "{% [{'a': 1}] %}".into();
    let execution = play(&definition, &json!({}));
    assert_eq!(execution.outcome().unwrap().output.as_deref(), Some("[{\"v\":1}]"));
}

/// A single state that fails: its error and cause, where `@` stands for the words before the service's own causes.
#[track_caller]
fn fails(state: Value, input: Value, error: &str, cause: &str) {
    let jsonata = state.get("QueryLanguage").cloned().unwrap_or(Value::Null);
    let execution = play(&json!({"StartAt": "S", "States": {"S": state}, "QueryLanguage": jsonata}), &input);
    let outcome = execution.outcome().unwrap();
    let cause = cause.replace('@', "An error occurred while executing the state 'S' (entered at the event id #2).");
    assert_eq!((outcome.error.as_deref(), outcome.cause.as_deref()), (Some(error), Some(cause.as_str())));
}

#[test]
fn reference_paths_fail_by_a_name_of_their_own() {
    let name = "States.ReferencePathConflict";
    let pass = |path: &str| json!({"Type": "Pass", "Result": 1, "ResultPath": path, "End": true});
    fails(pass("$.a"), json!("x"), name, "Unable to apply ReferencePath $.a to input \"x\"");
    fails(pass("$.a.b"), json!({"a": 1}), name, "Unable to apply step \"a\" to input {\"a\":1}");
    let map = json!({"Type": "Map", "ItemsPath": "$.a.items", "End": true,
        "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}});
    fails(map, json!({"a": {"b": 1}}), name, "Unable to apply step \"items\" to input {\"a\":{\"b\":1}}");
}

#[test]
fn no_path_leads_into_null() {
    let told = "@ Unable to apply Path transformation to null or empty input.";
    for state in [
        json!({"Type": "Pass", "Parameters": {"v.$": "$"}, "End": true}),
        json!({"Type": "Pass", "InputPath": "$.a", "End": true}),
        json!({"Type": "Pass", "OutputPath": "$.a", "End": true}),
    ] {
        fails(state, Value::Null, "States.Runtime", told);
    }
}

#[test]
fn waits_say_what_is_wrong_with_their_time() {
    let wait = |field: &str, value: &str| json!({"Type": "Wait", field: value, "End": true});
    for field in ["SecondsPath", "TimestampPath"] {
        let told = format!("@ The {field} parameter does not reference an input value: $.no");
        fails(wait(field, "$.no"), json!({}), "States.Runtime", &told);
    }
    let mut jsonata = wait("Timestamp", "{% 'soon' %}");
    jsonata["QueryLanguage"] = "JSONata".into();
    let told =
        "The Timestamp parameter does not reference a valid ISO-8601 extended offset date-time format string: soon";
    fails(jsonata, json!({}), "States.QueryEvaluationError", &format!("@ {told}"));
    fails(wait("Timestamp", "soon"), json!({}), "States.Runtime", &format!("@ {told}"));
}

#[test]
fn numbers_of_a_map_are_whole_but_its_percentage() {
    let map = |field: &str, value: Value| {
        let mut state = json!({"Type": "Map", "ItemsPath": "$.items", "End": true,
            "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}});
        state[field] = value;
        state
    };
    let input = |value: Value| json!({"items": [1, 2, 3], "n": value});
    let told = |field: &str, value: &str, kind: &str| {
        format!("@ The {field} field refers to value \"{value}\" which is not a valid {kind}: $.n")
    };
    for (field, value, shown, kind) in [
        ("MaxConcurrencyPath", json!(1.5), "1.5", "integer"),
        ("ToleratedFailureCountPath", json!([]), "[]", "integer"),
        ("ToleratedFailurePercentagePath", json!("many"), "many", "float"),
    ] {
        fails(map(field, json!("$.n")), input(value), "States.Runtime", &told(field, shown, kind));
    }
    for value in [json!(-0.1), json!(100.1)] {
        let told = "@ ToleratedFailurePercentage must be between 0 and 100.";
        fails(map("ToleratedFailurePercentagePath", json!("$.n")), input(value), "States.Runtime", told);
    }
    for value in [json!(0), json!(33.4), json!("1.5")] {
        let definition = map("ToleratedFailurePercentagePath", json!("$.n"));
        let execution = play(&json!({"StartAt": "S", "States": {"S": definition}}), &input(value));
        assert_eq!(execution.outcome().unwrap().output.as_deref(), Some("[1,2,3]"));
    }
}

#[test]
fn numbers_of_expressions_are_whole() {
    let state = json!({"QueryLanguage": "JSONata", "Type": "Wait", "Seconds": "{% 1.5 %}", "End": true});
    fails(state, json!({}), "States.QueryEvaluationError", "@ The Seconds field cannot be parsed as an integer: 1.5");
    let task = json!({"QueryLanguage": "JSONata", "Type": "Task", "Resource": "arn:aws:states:::sns:publish",
        "TimeoutSeconds": "{% -1 %}", "End": true});
    let told = "@ TimeoutSeconds must be between 0 and 99999999 but was: -1";
    fails(task, json!({}), "States.QueryEvaluationError", told);
}

#[test]
fn an_index_beyond_the_end_is_null_but_for_functions() {
    let state = |value: &str| json!({"Type": "Pass", "Parameters": {"v.$": value}, "End": true});
    let input = json!({"items": [1, 2]});
    let execution = play(&json!({"StartAt": "S", "States": {"S": state("$.items[5]")}}), &input);
    assert_eq!(execution.outcome().unwrap().output.as_deref(), Some("{\"v\":null}"));
    let told = "@ The function 'States.Format('{}', $.items[5])' had the following error: The JsonPath argument for the \
                field '$.items[5]' could not be found in the input '{\"items\":[1,2]}'";
    fails(state("States.Format('{}', $.items[5])"), input, "States.Runtime", told);
}
