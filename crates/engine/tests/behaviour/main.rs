//! What the shipped workflows rely on: callbacks, timeouts, heartbeats, retries, stop, limits.
#![allow(clippy::unwrap_used)]

mod limits;

use std::sync::Arc;

use countersign_engine::{Action, Execution, Input, Integration, OutcomeStatus, Program, StartParams, TaskRequest};
use serde_json::{Value, json};

fn begin(definition: Value, input: &str) -> (Execution, Vec<Action>) {
    let program = Arc::new(Program::compile(&definition).unwrap());
    let params =
        StartParams { input: input.into(), execution_arn: "arn:run".into(), seed: 1, ..StartParams::default() };
    let mut execution = Execution::new(program, params);
    let actions = execution.step(0, Input::Start);
    (execution, actions)
}

fn alone(state: Value) -> Value {
    json!({"StartAt": "A", "States": {"A": state}})
}

#[track_caller]
fn request(actions: &[Action]) -> TaskRequest {
    let found = actions.iter().find_map(|a| if let Action::StartTask(r) = a { Some(r.as_ref().clone()) } else { None });
    found.unwrap_or_else(|| panic!("no task is asked for: {actions:?}"))
}

#[track_caller]
fn timer(actions: &[Action]) -> (Input, i64) {
    let found =
        actions.iter().find_map(|a| if let Action::SetTimer { timer, at } = a { Some((*timer, *at)) } else { None });
    let (timer, at) = found.unwrap_or_else(|| panic!("no timer is set: {actions:?}"));
    (Input::TimerFired { timer }, at)
}

fn kinds(execution: &Execution) -> Vec<&'static str> {
    execution.history().iter().map(|e| e.kind.name()).collect()
}

fn approval() -> Value {
    alone(json!({"Type": "Task", "Resource": "arn:aws:states:::lambda:invoke.waitForTaskToken", "TimeoutSeconds": 3600,
        "HeartbeatSeconds": 60, "End": true,
        "Parameters": {"FunctionName": "ask", "Payload": {"taskToken.$": "$$.Task.Token", "request.$": "$"}}}))
}

#[test]
fn an_approval_waits_for_its_token() {
    let (mut execution, actions) = begin(approval(), "{\"amount\": 5}");
    let asked = request(&actions);
    let token = asked.token.clone().unwrap();
    assert_eq!(asked.parameters["Payload"], json!({"taskToken": token, "request": {"amount": 5}}));
    assert!(matches!(&asked.integration, Integration::Service { service, resource, .. }
        if service == "lambda" && resource == "invoke.waitForTaskToken"));
    let task = asked.task;
    execution.step(10, Input::TaskStarted { task });
    execution.step(20, Input::TaskSubmitted { task, output: "{}".into() });
    assert!(execution.task_is_open(task));
    let Some(Action::StartTask(kept)) = execution.outstanding().into_iter().next() else {
        panic!("the task is outstanding");
    };
    assert!(kept.started);
    assert_eq!(kept.submitted.as_deref(), Some("{}"));
    execution.step(25, Input::TaskStarted { task });
    execution.step(26, Input::TaskSubmitted { task, output: "{}".into() });
    execution.step(30, Input::TaskSucceeded { task, output: "{\"approved\": true}".into() });
    assert_eq!(execution.outcome().unwrap().output.as_deref(), Some("{\"approved\":true}"));
    assert_eq!(
        kinds(&execution),
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    assert!(execution.outstanding().is_empty());
}

#[test]
fn a_heartbeat_puts_its_timer_back() {
    let (mut execution, actions) = begin(approval(), "{}");
    let task = request(&actions).task;
    let actions = execution.step(50_000, Input::Heartbeat { task });
    let (fired, at) = timer(&actions);
    assert_eq!(at, 110_000);
    execution.step(at, fired);
    let outcome = execution.outcome().unwrap();
    assert_eq!((outcome.status, outcome.error.as_deref()), (OutcomeStatus::Failed, Some("States.Timeout")));
    assert!(kinds(&execution).contains(&"TaskTimedOut"));
    assert!(!execution.task_is_open(task));
}

/// A missing heartbeat alone has a name of its own, and the general name covers it, too. A late answer is ignored.
#[test]
fn a_missing_heartbeat_is_caught_by_either_name() {
    for (late, name, caught) in [
        (60_000, "States.HeartbeatTimeout", true),
        (60_000, "States.Timeout", true),
        (60_000, "States.TaskFailed", false),
        (3_600_000, "States.HeartbeatTimeout", false),
    ] {
        let mut definition = approval();
        definition["States"]["Z"] = json!({"Type": "Succeed"});
        definition["States"]["A"]["Catch"] = json!([{"ErrorEquals": [name], "Next": "Z"}]);
        let (mut execution, actions) = begin(definition, "{}");
        let task = request(&actions).task;
        let due = actions.iter().find_map(|action| match action {
            Action::SetTimer { timer, at } if *at == late => Some(Input::TimerFired { timer: *timer }),
            _ => None,
        });
        execution.step(late, due.unwrap());
        assert_eq!(execution.history()[3].details.error.as_deref(), Some("States.Timeout"));
        assert_eq!(execution.outcome().unwrap().status == OutcomeStatus::Succeeded, caught, "{name} at {late}");
        let events = execution.history().len();
        assert!(execution.step(late + 1, Input::TaskSucceeded { task, output: "1".into() }).is_empty());
        assert_eq!(execution.history().len(), events);
    }
}

#[test]
fn retries_wait_longer_each_time_and_tokens_are_new() {
    let mut definition = approval();
    definition["States"]["A"]["Retry"] = json!([{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 2}]);
    let (mut execution, actions) = begin(definition, "{}");
    let mut asked = request(&actions);
    for (now, delay) in [(1_000, 2_000), (5_000, 4_000)] {
        let failed = Input::TaskFailed { task: asked.task, error: "Busy".into(), cause: String::new() };
        let (fired, at) = timer(&execution.step(now, failed));
        assert_eq!(at - now, delay);
        let again = request(&execution.step(at, fired));
        assert_ne!(again.token, asked.token);
        asked = again;
    }
    execution.step(20_000, Input::TaskFailed { task: asked.task, error: "Busy".into(), cause: "still".into() });
    let outcome = execution.outcome().unwrap();
    assert_eq!((outcome.error.as_deref(), outcome.cause.as_deref()), (Some("Busy"), Some("still")));
}

#[test]
fn a_stopped_execution_wants_nothing_more_and_can_be_redriven() {
    let (mut execution, actions) = begin(approval(), "{}");
    let task = request(&actions).task;
    let actions = execution.step(5, Input::Stop { error: Some("Enough".into()), cause: None });
    assert!(actions.contains(&Action::CancelTask { task }));
    assert_eq!(execution.outcome().unwrap().status, OutcomeStatus::Aborted);
    assert!(execution.step(6, Input::TaskSucceeded { task, output: "1".into() }).is_empty());
    let again = request(&execution.step(7, Input::Redrive));
    execution.step(8, Input::TaskSucceeded { task: again.task, output: "1".into() });
    assert_eq!(execution.outcome().unwrap().status, OutcomeStatus::Succeeded);
    assert_eq!(execution.redrive_count(), 1);
}

#[test]
fn a_redrive_enters_a_fail_state_again() {
    let fail = json!({"StartAt": "F", "States": {"F": {"Type": "Fail", "Error": "X"}}});
    for (definition, after) in [
        (fail.clone(), vec!["ExecutionRedriven", "FailStateEntered", "ExecutionFailed"]),
        (
            alone(json!({"Type": "Parallel", "Branches": [fail], "End": true})),
            vec!["ExecutionRedriven", "FailStateEntered", "ParallelStateFailed", "ExecutionFailed"],
        ),
    ] {
        let (mut execution, _) = begin(definition, "{}");
        let before = execution.history().len();
        execution.step(1, Input::Redrive);
        assert_eq!(kinds(&execution)[before..], after);
        assert_eq!(execution.outcome().unwrap().error.as_deref(), Some("X"));
    }
}

/// The input of the third iteration fails while the second one runs: a redrive begins the third one again.
#[test]
fn a_redrive_leaves_out_no_iteration() {
    let wait = json!({"StartAt": "W", "States": {"W": {"Type": "Wait", "Seconds": 1, "End": true}}});
    let mut definition = alone(json!({"Type": "Map", "MaxConcurrency": 2, "ItemProcessor": wait, "End": true,
        "ItemSelector": "{% {'n': $number($states.context.Map.Item.Value)} %}"}));
    definition["QueryLanguage"] = "JSONata".into();
    let (mut execution, _) = begin(definition, r#"["1", "2", "x"]"#);
    let mut failures = 0;
    while failures < 2 {
        let (fired, at) = timer(&execution.outstanding());
        execution.step(at, fired);
        if let Some(outcome) = execution.outcome() {
            assert_eq!(outcome.error.as_deref(), Some("States.QueryEvaluationError"));
            failures += 1;
            execution.step(at, Input::Redrive);
        }
    }
}

#[test]
fn a_compensation_runs_after_a_caught_error() {
    let definition = json!({"StartAt": "Charge", "States": {
        "Charge": {"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:000000000000:function:charge", "Next": "Done",
            "Catch": [{"ErrorEquals": ["CardDeclined"], "ResultPath": "$.problem", "Next": "Release"}]},
        "Release": {"Type": "Pass", "End": true}, "Done": {"Type": "Succeed"}}});
    let (mut execution, actions) = begin(definition, "{\"order\": 7}");
    let task = request(&actions).task;
    execution.step(1, Input::TaskStarted { task });
    execution.step(2, Input::TaskFailed { task, error: "CardDeclined".into(), cause: "no funds".into() });
    let output: Value = serde_json::from_str(execution.outcome().unwrap().output.as_ref().unwrap()).unwrap();
    assert_eq!(output, json!({"order": 7, "problem": {"Error": "CardDeclined", "Cause": "no funds"}}));
}

#[test]
fn an_absent_activity_fails_the_state_until_it_comes_back() {
    let arn = "arn:aws:states:us-east-1:000000000000:activity:desk";
    let (mut execution, _) = begin(
        json!({"StartAt": "Pause", "States": {
            "Pause": {"Type": "Wait", "Seconds": 1, "Next": "Ask"},
            "Ask": {"Type": "Task", "Resource": arn, "End": true,
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Pause"}]}}}),
        "{}",
    );
    assert_eq!(execution.activities().collect::<Vec<_>>(), [(arn, true)]);
    let known = |exists| Input::ActivityKnown { arn: arn.to_owned(), exists };
    execution.step(1, known(false));
    let Some(Action::SetTimer { timer, .. }) = execution.outstanding().pop() else { panic!("no timer") };
    execution.step(1_000, Input::TimerFired { timer });
    let outcome = execution.outcome().unwrap();
    let cause = "An error occurred while executing the state 'Ask' (entered at the event id #4). \
                 The activity arn:aws:states:us-east-1:000000000000:activity:desk does not exist.";
    assert_eq!((outcome.error.as_deref(), outcome.cause.as_deref()), (Some("States.Runtime"), Some(cause)));
    assert!(!kinds(&execution).contains(&"ActivityScheduled"));
    execution.step(1_001, known(true));
    let task = request(&execution.step(1_002, Input::Redrive)).task;
    execution.step(1_003, Input::TaskSucceeded { task, output: "1".into() });
    assert_eq!(execution.outcome().unwrap().status, OutcomeStatus::Succeeded);
}

#[test]
fn parameters_that_a_service_cannot_take_fail_the_execution_before_the_task() {
    let task = |resource: &str, parameters: Value| {
        alone(json!({"Type": "Task", "Resource": format!("arn:aws:states:::{resource}"), "Parameters": parameters,
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "A"}], "End": true}))
    };
    for (resource, parameters, expected) in [
        (
            "sqs:sendMessage",
            json!({"QueueUrl.$": "$.none"}),
            "[The field 'QueueUrl' is required but was missing, The field 'MessageBody' is required but was missing]",
        ),
        (
            "lambda:invoke",
            json!({"Payload": {}}),
            "The Parameters '{\"Payload\":{}}' could not be used to start the Task: [The field 'FunctionName' is required but was missing]",
        ),
        (
            "lambda:invoke",
            json!({"FunctionName": "f", "Payload": 1}),
            "[The value for the field 'Payload' must be a STRING]",
        ),
        (
            "dynamodb:putItem",
            json!({"TableName": "t", "Item": {"N": {"S": "1"}, "l": {"L": [{"N": 1}]}}}),
            "[The value for the field 'N' must be a STRING]",
        ),
        (
            "apigateway:invoke",
            json!({"ApiEndpoint": "a", "Method": "GET", "Headers": {"h": "one"}}),
            "[The value of the field 'Headers' has an invalid format]",
        ),
        (
            "lambda:invoke",
            json!({"FunctionName": "f", "Payload": {"all": [{"token.$.$": "$$.Execution.Name"}]}}),
            "[The value for the field 'token.$' must be a valid JSONPath or a valid intrinsic function call]",
        ),
        (
            "apigateway:invoke",
            json!({"ApiEndpoint": "a", "Method": "GET", "QueryParameters": "?a=b"}),
            "[The value of the field 'QueryParameters' has an invalid format]",
        ),
    ] {
        let (execution, actions) = begin(task(resource, parameters), "{\"none\": null}");
        assert!(actions.is_empty(), "{actions:?}");
        let outcome = execution.outcome().unwrap();
        assert_eq!(outcome.error.as_deref(), Some("States.Runtime"));
        assert!(outcome.cause.as_deref().unwrap().contains(expected), "{outcome:?}");
    }
    let (_, actions) =
        begin(task("apigateway:invoke", json!({"ApiEndpoint": "a", "Method": "GET", "Headers": {"h": ["one"]}})), "{}");
    request(&actions);
}
