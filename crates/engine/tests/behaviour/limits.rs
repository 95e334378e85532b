//! What ends an execution that grows too large, too long or too deep.

use countersign_engine::{Action, Input, OutcomeStatus};
use serde_json::{Value, json};

use crate::{alone, begin, kinds, request, timer};

#[test]
fn a_history_ends_at_its_limit() {
    let definition =
        json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}});
    let (mut execution, _) = begin(definition, "{}");
    assert_eq!(execution.history().len(), 25_000);
    let outcome = execution.outcome().unwrap().clone();
    assert_eq!(outcome.error.as_deref(), Some("States.Runtime"));
    assert_eq!(outcome.cause.as_deref(), Some("The execution reached the maximum number of history events (25000)."));
    execution.step(1, Input::Redrive);
    assert_eq!(
        (execution.history().len(), execution.outcome()),
        (25_000, Some(&outcome)),
        "it has no room for a redrive"
    );
}

/// One step may make many events: none of them goes beyond the limit.
#[test]
fn no_kind_of_loop_makes_more_events_than_the_limit() {
    let body = json!({"StartAt": "In", "States": {"In": {"Type": "Pass", "Result": 1, "End": true}}});
    let loops = |mut state: Value| {
        state["Next"] = json!("A");
        json!({"StartAt": "A", "States": {"A": state, "Z": {"Type": "Succeed"}}})
    };
    let many: Vec<Value> = (0..7).map(|_| body.clone()).collect();
    let large = json!({"all": vec![0; 60_000]}).to_string();
    for definition in [
        loops(json!({"Type": "Map", "ItemsPath": "$.three", "ItemProcessor": body, "ResultPath": null})),
        loops(json!({"Type": "Map", "ItemsPath": "$.all", "ItemProcessor": body, "ResultPath": null})),
        loops(json!({"Type": "Parallel", "Branches": many, "ResultPath": null})),
        loops(json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "QueryLanguage": "JSONata",
            "Arguments": {"a": "{% $number('three') %}"},
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.input %}", "Next": "A"}]})),
    ] {
        let input = if definition.to_string().contains("$.all") { &large } else { r#"{"three": [1, 2, 3]}"# };
        let (execution, actions) = begin(definition.clone(), input);
        let last = execution.history().last().unwrap();
        assert_eq!((last.id, last.kind.name()), (25_000, "ExecutionFailed"), "{definition}");
        assert!(!actions.iter().any(|action| matches!(action, Action::StartTask(_))));
    }
}

/// Each event may hold 256 KiB, and a definition 1 MB: the size of a whole history is limited, too.
#[test]
fn large_payloads_do_not_take_all_memory() {
    let input =
        json!({"text": "x".repeat(200_000), "quotes": "\"".repeat(10_000), "list": vec![0; 10_000]}).to_string();
    let ends = |mut state: Value| {
        state["Type"] = json!("Pass");
        alone(state)
    };
    let many = |reference: &str| (0..5_000).map(|i| (format!("k{i}.$"), json!(reference))).collect::<Value>();
    let marks = format!("States.Format('{}'{})", "{}".repeat(2_000), ", $.text".repeat(2_000));
    // Each quotes the quotation marks of the one within it; ten calls nest at most.
    let quotes = (0..5).fold("$.quotes".to_owned(), |inner, _| format!("States.JsonToString(States.Array({inner}))"));
    let lengths = format!("States.Array({})", vec!["States.ArrayLength($.list)"; 40_000].join(", "));
    let body = json!({"StartAt": "In", "States": {"In": {"Type": "Pass", "Result": 1, "End": true}}});
    let rules: Vec<Value> =
        (0..40_000).map(|_| json!({"Variable": "$.text", "StringMatches": "*x*y", "Next": "A"})).collect();
    let looks: Vec<Value> = (0..10_000)
        .map(|_| json!({"Variable": "$.list[?(@ in $.list || @ == $.list)]", "IsPresent": false, "Next": "A"}))
        .collect();
    for (definition, error) in [
        (ends(json!({"Parameters": many("$"), "End": true})), "States.Runtime"),
        (
            ends(json!({"QueryLanguage": "JSONata", "End": true,
            "Output": vec!["{% $states.input %}"; 5_000]})),
            "States.Runtime",
        ),
        (ends(json!({"Parameters": {"a.$": marks}, "End": true})), "States.Runtime"),
        (ends(json!({"Parameters": {"a.$": quotes}, "End": true})), "States.DataLimitExceeded"),
        (ends(json!({"Parameters": {"a.$": lengths}, "End": true})), "States.Runtime"),
        (alone(json!({"Type": "Choice", "Choices": rules, "Default": "A"})), "States.Runtime"),
        (alone(json!({"Type": "Choice", "Choices": looks, "Default": "A"})), "States.Runtime"),
        (alone(json!({"Type": "Pass", "Next": "A"})), "States.Runtime"),
        (
            alone(json!({"Type": "Map", "ItemsPath": "$.list", "ItemSelector": {"a.$": "$.text", "b.$": "$.text"},
            "ItemProcessor": body, "End": true})),
            "States.DataLimitExceeded",
        ),
        (
            alone(json!({"Type": "Map", "ItemsPath": "$.list", "ItemSelector": {"a.$": "$.text"}, "End": true,
                "ToleratedFailurePercentage": 100, "ItemProcessor": {"StartAt": "In", "States": body["States"],
                    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}})),
            "States.Runtime",
        ),
    ] {
        let (execution, _) = begin(definition.clone(), &input);
        let outcome = execution.outcome().unwrap();
        let cause = outcome.cause.as_deref().unwrap_or_default();
        assert_eq!(outcome.error.as_deref(), Some(error), "{cause:.200} of {:.200}", definition.to_string());
    }
}

#[test]
fn a_payload_above_the_limit_fails_the_state() {
    let definition =
        alone(json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "End": true}));
    let (mut execution, actions) = begin(definition, "{}");
    let task = request(&actions).task;
    execution.step(1, Input::TaskSucceeded { task, output: format!("\"{}\"", "a".repeat(300_000)) });
    assert_eq!(execution.outcome().unwrap().error.as_deref(), Some("States.DataLimitExceeded"));
}

/// The input of a state is measured after `Parameters` or `Arguments`, whatever happens to it later.
#[test]
fn an_input_above_the_limit_fails_the_state() {
    let body = json!({"StartAt": "I", "States": {"I": {"Type": "Pass", "Result": 1, "End": true}}});
    let twice = json!({"a.$": "$", "b.$": "$"});
    for state in [
        json!({"Type": "Pass", "Parameters": twice, "ResultPath": null, "End": true}),
        json!({"Type": "Parallel", "Parameters": twice, "Branches": [body], "End": true}),
        json!({"Type": "Parallel", "QueryLanguage": "JSONata", "Branches": [body], "End": true,
            "Arguments": {"a": "{% $states.input %}", "b": "{% $states.input %}"}}),
        json!({"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": twice, "End": true}),
    ] {
        let (execution, _) = begin(alone(state.clone()), &json!("x".repeat(150_000)).to_string());
        let error = execution.outcome().and_then(|outcome| outcome.error.as_deref());
        assert_eq!(error, Some("States.DataLimitExceeded"), "{state}");
    }
}

#[test]
fn an_execution_ends_with_its_time() {
    let mut definition = alone(json!({"Type": "Wait", "Seconds": 60, "End": true}));
    definition["TimeoutSeconds"] = 5.into();
    let (mut execution, actions) = begin(definition, "{}");
    let due = actions.iter().find_map(|a| match a {
        Action::SetTimer { timer, at: 5_000 } => Some(Input::TimerFired { timer: *timer }),
        _ => None,
    });
    execution.step(5_000, due.unwrap());
    assert_eq!(execution.outcome().unwrap().status, OutcomeStatus::TimedOut);
    assert_eq!(kinds(&execution).last(), Some(&"ExecutionTimedOut"));
}

#[test]
fn a_payload_that_wraps_itself_ends_before_the_stack_does() {
    let definition = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Parameters": {"a.$": "$"}, "Assign": {"x.$": "$"}, "Next": "B"}, "B": {"Type": "Pass", "Next": "A"}}});
    let (execution, _) = begin(definition, "{}");
    let outcome = execution.outcome().unwrap();
    assert_eq!(outcome.error.as_deref(), Some("States.Runtime"));
    assert!(outcome.cause.as_deref().unwrap().contains("nests deeper"), "{outcome:?}");
}

/// The output of a catcher is limited like any other output.
#[test]
fn a_caught_failure_keeps_the_limits_of_an_output() {
    let catches = |catcher: Value| {
        json!({"QueryLanguage": "JSONata", "StartAt": "A", "States": {"Z": {"Type": "Succeed"}, "A": {"Type": "Task",
            "Resource": "arn:aws:lambda:us-east-1:000000000000:function:f", "Next": "Z", "Catch": [catcher]}}})
    };
    let large = "{% $join([1..100000].('xyz')) %}";
    for catcher in [
        json!({"ErrorEquals": ["States.ALL"], "Next": "Z", "Output": large}),
        json!({"ErrorEquals": ["States.ALL"], "Next": "Z", "Assign": {"v": large}}),
    ] {
        let (mut execution, actions) = begin(catches(catcher), "{}");
        let task = request(&actions).task;
        execution.step(1, Input::TaskFailed { task, error: "E".into(), cause: String::new() });
        let outcome = execution.outcome().unwrap();
        assert_eq!(outcome.error.as_deref(), Some("States.DataLimitExceeded"));
        assert_eq!(kinds(&execution)[3..], ["LambdaFunctionFailed", "ExecutionFailed"]);
    }
    let wraps = json!({"ErrorEquals": ["States.ALL"], "Next": "A", "Output": {"in": "{% $states.input %}"}});
    let (mut execution, mut actions) = begin(catches(wraps), "{}");
    for now in 0..1_000 {
        if execution.outcome().is_none() {
            let task = request(&actions).task;
            actions = execution.step(now, Input::TaskFailed { task, error: "E".into(), cause: String::new() });
        }
    }
    let outcome = execution.outcome().unwrap();
    assert!(outcome.cause.as_deref().unwrap().contains("nests deeper"), "{outcome:?}");
}

/// As many variables of each size as fit into 10 MiB. Those of a scope count only while it runs.
#[test]
fn the_variables_of_an_execution_have_a_limit_together() {
    let text = "x".repeat(250 * 1024);
    let assigns = |count: usize, name: fn(usize) -> String| -> Value {
        let state =
            |i| (format!("S{i}"), json!({"Type": "Pass", "Next": format!("S{}", i + 1), "Assign": {name(i): text}}));
        let mut states: serde_json::Map<String, Value> = (0..count).map(state).collect();
        states.insert(format!("S{count}"), json!({"Type": "Wait", "Seconds": 1, "End": true}));
        json!({"StartAt": "S0", "States": states})
    };
    let own = |i: usize| format!("v{i}");
    let error = |definition: Value| {
        let (mut execution, _) = begin(definition, "[1, 2, 3]");
        while execution.outcome().is_none() {
            let (fired, at) = timer(&execution.outstanding());
            execution.step(at, fired);
        }
        execution.outcome().unwrap().error.clone()
    };
    let limit = Some("States.DataLimitExceeded".to_owned());
    assert_eq!(error(assigns(40, own)), None);
    assert_eq!(error(assigns(41, own)), limit);
    assert_eq!(error(assigns(60, |_| "same".to_owned())), None);
    let within = |mut state: Value| {
        state["End"] = true.into();
        alone(state)
    };
    let map = |most: usize| within(json!({"Type": "Map", "MaxConcurrency": most, "ItemProcessor": assigns(30, own)}));
    assert_eq!(error(map(1)), None);
    assert_eq!(error(map(0)), limit);
    assert_eq!(error(within(json!({"Type": "Parallel", "Branches": [assigns(20, own), assigns(21, own)]}))), limit);
    let mut outer = assigns(39, own);
    let inner = assigns(1, |_| "inner".to_owned());
    outer["States"]["S39"] = json!({"Type": "Parallel", "Branches": [inner], "End": true});
    assert_eq!(error(outer), None);
}
