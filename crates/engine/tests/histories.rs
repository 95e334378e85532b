//! The rules of histories that no recording shows: what a failure leaves open, and which event follows which.
#![allow(clippy::unwrap_used)]

#[path = "recordings/host.rs"]
mod host;

use std::sync::Arc;

use countersign_engine::{Execution, Input, Program, StartParams};
use serde_json::{Value, json};

/// Plays a definition; the function `fail` fails, every other one returns its parameters.
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
    let expected = |text: &Option<String>| text.clone().unwrap_or_default();
    assert_eq!((expected(&outcome.error).as_str(), expected(&outcome.cause).as_str()), (error, cause));
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
        let expected =
            format!("@ Invalid path '{path}': The choice state's condition path references an invalid value.");
        fails(choice(rule), json!({"left": 1}), "States.Runtime", &expected);
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
    let expected = "@ Unable to apply Path transformation to null or empty input.";
    for state in [
        json!({"Type": "Pass", "Parameters": {"v.$": "$"}, "End": true}),
        json!({"Type": "Pass", "InputPath": "$.a", "End": true}),
        json!({"Type": "Pass", "OutputPath": "$.a", "End": true}),
    ] {
        fails(state, Value::Null, "States.Runtime", expected);
    }
}

#[test]
fn waits_say_what_is_wrong_with_their_time() {
    let wait = |field: &str, value: &str| json!({"Type": "Wait", field: value, "End": true});
    for field in ["SecondsPath", "TimestampPath"] {
        let expected = format!("@ The {field} parameter does not reference an input value: $.no");
        fails(wait(field, "$.no"), json!({}), "States.Runtime", &expected);
    }
    let mut jsonata = wait("Timestamp", "{% 'soon' %}");
    jsonata["QueryLanguage"] = "JSONata".into();
    let expected =
        "@ The Timestamp field cannot be parsed as an ISO-8601 extended offset date-time format string: soon";
    fails(jsonata, json!({}), "States.QueryEvaluationError", expected);
    for soon in ["2026-13-01T00:00:00Z", "2026-01-01T25:00:00Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00"] {
        let mut jsonata = wait("Timestamp", "{% $states.input.at %}");
        jsonata["QueryLanguage"] = "JSONata".into();
        let expected = "ISO-8601 extended offset date-time format string";
        let words = format!("@ The Timestamp field cannot be parsed as an {expected}: {soon}");
        fails(jsonata, json!({"at": soon}), "States.QueryEvaluationError", &words);
        let words = format!("@ The TimestampPath parameter does not reference a valid {expected}: $.at == {soon}");
        fails(wait("TimestampPath", "$.at"), json!({"at": soon}), "States.Runtime", &words);
    }
    for (value, expected) in [
        (json!(-1), "references a negative value: $.in.n == -1"),
        (json!(1.5), "cannot be parsed as a long value: $.in.n == 1.5"),
        (json!(-1.5), "cannot be parsed as a long value: $.in.n == -1.5"),
        (json!("soon"), "cannot be parsed as a long value: $.in.n == soon"),
        (json!("-2"), "references a negative value: $.in.n == -2"),
        (json!([1]), "cannot be parsed as a long value: $.in.n == [1]"),
    ] {
        let expected = format!("@ The SecondsPath parameter {expected}");
        fails(wait("SecondsPath", "$.in.n"), json!({"in": {"n": value}}), "States.Runtime", &expected);
    }
}

#[test]
fn a_wait_is_not_too_long() {
    let expected = "@ Wait state delay is too long.";
    let wait = |field: &str, value: Value| json!({"Type": "Wait", field: value, "End": true});
    let jsonata = |field: &str| {
        let mut wait = wait(field, json!("{% $states.input.n %}"));
        wait["QueryLanguage"] = "JSONata".into();
        wait
    };
    for (state, n) in [
        (wait("SecondsPath", json!("$.n")), json!(100_000_000)),
        (jsonata("Seconds"), json!(100_000_000)),
        (wait("TimestampPath", json!("$.n")), json!("9999-01-01T00:00:00Z")),
        (jsonata("Timestamp"), json!("9999-01-01T00:00:00Z")),
    ] {
        fails(state, json!({"n": n}), "States.Runtime", expected);
    }
    for state in [wait("SecondsPath", json!("$.n")), jsonata("Seconds")] {
        let execution = play(&json!({"StartAt": "S", "States": {"S": state}}), &json!({"n": 99_999_999}));
        assert!(execution.outcome().unwrap().output.is_some());
    }
}

#[test]
fn an_expression_that_yields_a_function_yields_nothing_that_a_state_can_hold() {
    for expression in ["function($x) { $x }", "$sum", "[1, $sum]", "/a/"] {
        let state =
            json!({"QueryLanguage": "JSONata", "Type": "Pass", "Output": format!("{{% {expression} %}}"), "End": true});
        let expected = format!(
            "@ The JSONata expression '{expression}' specified for the field 'Output' returned an unsupported result type."
        );
        fails(state, json!({}), "States.QueryEvaluationError", &expected);
    }
}

#[test]
fn a_task_stays_in_the_partition_of_its_execution() {
    let run = |resource: &str, arn: &str| {
        let state = json!({"Type": "Task", "Resource": resource, "Parameters": {}, "End": true});
        let program = Arc::new(Program::compile(&json!({"StartAt": "S", "States": {"S": state}})).unwrap());
        let params = StartParams { execution_arn: arn.into(), input: "{}".into(), ..StartParams::default() };
        let answer = &mut |request: &countersign_engine::TaskRequest| {
            Some(vec![Input::TaskSucceeded { task: request.task, output: "1".into() }])
        };
        host::play(&program, params, answer).0.outcome().unwrap().cause.clone().unwrap_or_default()
    };
    let (here, there) =
        ("arn:aws:states:us-east-1:1:execution:m:e", "arn:aws-us-gov:states:us-gov-west-1:1:execution:m:e");
    for resource in ["states:::sns:publish", "lambda:us-gov-west-1:1:function:f", "states:us-gov-west-1:1:activity:a"] {
        let expected = "The resource belongs to a different partition from the running execution. Expected 'aws', was 'aws-us-gov'.";
        assert!(run(&format!("arn:aws-us-gov:{resource}"), here).ends_with(expected), "{resource}");
        assert_eq!(run(&format!("arn:aws-us-gov:{resource}"), there), "");
        assert_eq!(run(&format!("arn:aws:{resource}"), here), "");
    }
    assert!(run("arn:aws:states:::sns:publish", there).ends_with("Expected 'aws-us-gov', was 'aws'."));
}

/// The details of an event from which AWS leaves something out.
fn details(execution: &Execution, kind: &str) -> Value {
    let event = execution.history().iter().find(|event| event.kind.name() == kind).unwrap();
    let event = serde_json::to_value(event).unwrap();
    event.as_object().unwrap().iter().find(|(key, _)| key.ends_with("Details")).map_or(Value::Null, |(_, d)| d.clone())
}

#[test]
fn a_timeout_has_a_name_and_no_cause() {
    let program = |definition: Value| Arc::new(Program::compile(&definition).unwrap());
    let wait = json!({"Type": "Wait", "Seconds": 9, "End": true});
    let whole = program(json!({"StartAt": "S", "TimeoutSeconds": 1, "States": {"S": wait}}));
    let params = StartParams { input: "{}".into(), ..StartParams::default() };
    let execution = host::play(&whole, params.clone(), &mut |_| None).0;
    assert_eq!(details(&execution, "ExecutionTimedOut"), json!({"error": "States.Timeout"}));
    let outcome = execution.outcome().unwrap();
    assert_eq!((&outcome.error, &outcome.cause), (&None, &None));
    for limit in ["TimeoutSeconds", "HeartbeatSeconds"] {
        for (language, read) in [("JSONPath", json!({})), ("JSONata", json!({"Output": "{% $states.errorOutput %}"}))] {
            let mut catcher = json!({"ErrorEquals": ["States.ALL"], "Next": "Done"});
            catcher.as_object_mut().unwrap().extend(read.as_object().unwrap().clone());
            let task = json!({"Type": "Task", "QueryLanguage": language, "Resource": "arn:aws:states:::sns:publish",
                limit: 1, "Catch": [catcher], "End": true});
            let done = json!({"Type": "Pass", "End": true});
            let caught = program(json!({"StartAt": "S", "States": {"S": task, "Done": done}}));
            let execution = host::play(&caught, params.clone(), &mut |_| None).0;
            let output = execution.outcome().unwrap().output.clone().unwrap();
            assert_eq!(output, r#"{"Error":"States.Timeout","Cause":""}"#, "{limit} {language}");
            assert_eq!(details(&execution, "TaskTimedOut")["cause"], Value::Null);
        }
    }
}

#[test]
fn the_exit_of_a_distributed_map_follows_the_start_of_its_run() {
    let mut definition = map(json!({"Type": "Pass", "End": true}));
    definition["States"]["M"]["ItemProcessor"]["ProcessorConfig"] =
        json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    let execution = play(&definition, &json!([1]));
    let chain: Vec<_> = execution.history().iter().map(|e| (e.kind.name(), e.previous_event_id)).collect();
    let expected = [
        ("ExecutionStarted", 0),
        ("MapStateEntered", 0),
        ("MapStateStarted", 2),
        ("MapRunStarted", 3),
        ("MapRunSucceeded", 4),
        ("MapStateSucceeded", 5),
        ("MapStateExited", 4),
        ("ExecutionSucceeded", 7),
    ];
    assert_eq!(chain, expected);
}

#[test]
fn an_empty_assign_assigns_nothing() {
    for language in ["JSONPath", "JSONata"] {
        let exited = |assign: Value| {
            let state = json!({"Type": "Pass", "QueryLanguage": language, "Assign": assign, "End": true});
            let execution = play(&json!({"StartAt": "S", "States": {"S": state}}), &json!({}));
            details(&execution, "PassStateExited").get("assignedVariables").cloned()
        };
        assert_eq!(exited(json!({})), None);
        assert_eq!(exited(json!({"x": 1})), Some(json!({"x": "1"})));
    }
}

#[test]
fn an_input_that_cannot_be_read_is_no_empty_one() {
    let program = Arc::new(Program::compile(&json!({"StartAt": "S", "States": {"S": {"Type": "Succeed"}}})).unwrap());
    for input in ["{\"a\":\"\\ud83d\"}", "{\"a\":1e400}", &"[".repeat(128), "\u{feff}{}", ""] {
        let params = StartParams { input: input.into(), ..StartParams::default() };
        let execution = host::play(&program, params, &mut |_| None).0;
        let outcome = execution.outcome().unwrap();
        assert_eq!((outcome.output.as_deref(), outcome.error.as_deref()), (None, Some("States.Runtime")), "{input}");
        assert_eq!(execution.history().len(), 2);
    }
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
    let expected = |field: &str, value: &str, kind: &str| {
        format!("@ The {field} field refers to value \"{value}\" which is not a valid {kind}: $.n")
    };
    for (field, value, shown, kind) in [
        ("MaxConcurrencyPath", json!(1.5), "1.5", "integer"),
        ("ToleratedFailureCountPath", json!([]), "[]", "integer"),
        ("ToleratedFailurePercentagePath", json!("many"), "many", "float"),
    ] {
        fails(map(field, json!("$.n")), input(value), "States.Runtime", &expected(field, shown, kind));
    }
    for field in ["MaxConcurrency", "ToleratedFailureCount"] {
        let expected = format!("@ {field} cannot be negative.");
        fails(map(&format!("{field}Path"), json!("$.n")), input(json!(-1)), "States.Runtime", &expected);
    }
    for value in [json!(-0.1), json!(100.1)] {
        let expected = "@ ToleratedFailurePercentage must be between 0 and 100.";
        fails(map("ToleratedFailurePercentagePath", json!("$.n")), input(value), "States.Runtime", expected);
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
    let expected = "@ TimeoutSeconds must be between 0 and 99999999 but was: -1";
    fails(task, json!({}), "States.QueryEvaluationError", expected);
    for (field, value, expected) in [
        ("MaxConcurrency", "-1", "MaxConcurrency cannot be negative."),
        ("MaxConcurrency", "1.5", "The MaxConcurrency field cannot be parsed as an integer: 1.5"),
        ("ToleratedFailureCount", "-1", "ToleratedFailureCount cannot be negative."),
        ("ToleratedFailurePercentage", "100.5", "ToleratedFailurePercentage must be between 0 and 100."),
    ] {
        let mut map = json!({"QueryLanguage": "JSONata", "Type": "Map", "Items": [1], "End": true,
            "ItemProcessor": {"StartAt": "I", "States": {"I": {"Type": "Pass", "End": true}}}});
        map[field] = format!("{{% {value} %}}").into();
        fails(map, json!({}), "States.QueryEvaluationError", &format!("@ {expected}"));
    }
}

#[test]
fn an_index_beyond_the_end_is_null_but_for_functions() {
    let state = |value: &str| json!({"Type": "Pass", "Parameters": {"v.$": value}, "End": true});
    let input = json!({"items": [1, 2]});
    let execution = play(&json!({"StartAt": "S", "States": {"S": state("$.items[5]")}}), &input);
    assert_eq!(execution.outcome().unwrap().output.as_deref(), Some("{\"v\":null}"));
    let expected = "@ The function 'States.Format('{}', $.items[5])' had the following error: The JsonPath argument for the \
                field '$.items[5]' could not be found in the input '{\"items\":[1,2]}'";
    fails(state("States.Format('{}', $.items[5])"), input, "States.Runtime", expected);
}
