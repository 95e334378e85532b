//! Where a failure arose, and what went wrong first.

use super::*;

/// A call that failed once and then succeeded, before a nested Map whose second iteration ends in a Fail state.
#[test]
fn the_cause_is_where_the_failure_arose() {
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "TaskStateEntered", json!({ "name": "Call" })),
        (3, 2, "LambdaFunctionScheduled", json!({ "resource": "arn", "input": "1" })),
        (4, 3, "LambdaFunctionFailed", json!({ "error": "Once" })),
        (5, 4, "LambdaFunctionScheduled", json!({ "resource": "arn", "input": "1" })),
        (6, 5, "LambdaFunctionSucceeded", json!({ "output": "2" })),
        (7, 6, "TaskStateExited", json!({ "name": "Call", "output": "2" })),
        (8, 7, "MapStateEntered", json!({ "name": "Outer" })),
        (9, 8, "MapStateStarted", json!({ "length": 2 })),
        (10, 9, "MapIterationStarted", json!({ "name": "Outer", "index": 0 })),
        (11, 10, "TaskStateEntered", json!({ "name": "Again" })),
        (12, 11, "LambdaFunctionScheduled", json!({ "resource": "arn", "input": "1" })),
        (13, 12, "LambdaFunctionFailed", json!({ "error": "Retried" })),
        (14, 9, "MapIterationStarted", json!({ "name": "Outer", "index": 1 })),
        (15, 14, "MapStateEntered", json!({ "name": "Inner" })),
        (16, 15, "MapStateStarted", json!({ "length": 1 })),
        (17, 16, "MapIterationStarted", json!({ "name": "Inner", "index": 0 })),
        (18, 17, "FailStateEntered", json!({ "name": "No" })),
        (19, 18, "MapIterationFailed", json!({ "name": "Inner", "index": 0 })),
        (20, 18, "MapStateFailed", json!({})),
        (21, 18, "MapIterationAborted", json!({ "name": "Outer", "index": 0 })),
        (22, 18, "MapIterationFailed", json!({ "name": "Outer", "index": 1 })),
        (23, 18, "MapStateFailed", json!({})),
        (24, 23, "ExecutionFailed", json!({ "error": "Bad", "cause": "why" })),
    ]);
    let cause = &trace.visits[trace.cause.unwrap()];
    assert_eq!(
        (cause.state.as_str(), cause.error.as_deref(), cause.cause.as_deref()),
        ("No", Some("Bad"), Some("why"))
    );
    assert_eq!(trace.visits[0].status, StateStatus::Succeeded);
}

#[test]
fn a_choice_in_a_branch_is_a_cause_and_what_ran_beside_it_is_not() {
    let events = [
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "ParallelStateEntered", json!({ "name": "Both" })),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "TaskStateEntered", json!({ "name": "Slow" })),
        (5, 3, "ChoiceStateEntered", json!({ "name": "Which" })),
        (6, 4, "LambdaFunctionScheduled", json!({ "resource": "arn", "input": "1" })),
        (7, 5, "TaskStateAborted", json!({})),
        (8, 5, "ParallelStateFailed", json!({})),
        (9, 8, "ExecutionFailed", json!({ "error": "States.NoChoiceMatched" })),
    ];
    let trace = history(&events);
    let cause = &trace.visits[trace.cause.unwrap()];
    assert_eq!((cause.state.as_str(), cause.status), ("Which", StateStatus::Failed));
    assert_eq!(trace.states["Slow"].status, StateStatus::Aborted);
}

#[test]
fn what_is_stopped_or_runs_out_of_time_has_no_cause() {
    let begun = [
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "TaskStateEntered", json!({ "name": "Call" })),
        (3, 2, "LambdaFunctionScheduled", json!({ "resource": "arn", "input": "1" })),
        (4, 3, "LambdaFunctionFailed", json!({ "error": "Once" })),
    ];
    for (end, previous) in [("ExecutionAborted", 0), ("ExecutionTimedOut", 0), ("ExecutionTimedOut", 4)] {
        let mut events = begun.to_vec();
        events.push((5, previous, end, json!({ "error": "E" })));
        assert_eq!(history(&events).cause, None, "{end}");
    }
}

/// The state that failed first, where `ordinary` and `fallback` are the states that can succeed.
#[track_caller]
fn first_failure(events: &[(u64, u64, &str, serde_json::Value)], ordinary: &[&str], fallback: &[&str], expected: &str) {
    let trace = history(events);
    let outlook = |state: &str| match state {
        state if ordinary.contains(&state) => Outlook::Ordinary,
        state if fallback.contains(&state) => Outlook::Fallback,
        _ => Outlook::Doomed,
    };
    let first = trace.first_failure(outlook).unwrap();
    assert_eq!(trace.visits[first].state, expected);
}

/// A Task that fails and is caught: its events from `id` on, after the event `previous`.
fn caught(id: u64, previous: u64, name: &str) -> Vec<(u64, u64, &'static str, serde_json::Value)> {
    vec![
        (id, previous, "TaskStateEntered", json!({ "name": name })),
        (id + 1, id, "LambdaFunctionScheduled", json!({ "resource": "arn", "input": "1" })),
        (id + 2, id + 1, "LambdaFunctionFailed", json!({ "error": "E" })),
        (id + 3, id + 2, "TaskStateExited", json!({ "name": name, "output": "{}" })),
    ]
}

#[test]
fn the_step_that_was_compensated_went_wrong_first() {
    let mut events = vec![(1, 0, "ExecutionStarted", json!({}))];
    events.extend(caught(2, 0, "Look up"));
    events.extend(caught(6, 5, "Charge"));
    events.extend(caught(10, 9, "Refund"));
    events.extend([
        (14, 13, "FailStateEntered", json!({ "name": "Failed" })),
        (15, 14, "ExecutionFailed", json!({ "error": "OrderFailed" })),
    ]);
    assert_eq!(history(&events).visits[history(&events).cause.unwrap()].state, "Failed");
    // The failure of Look up was made up for: Charge is on the ordinary way, and could have succeeded.
    first_failure(&events, &["Look up", "Charge"], &[], "Charge");
    // Only the failure of Look up led there, and it could have succeeded.
    first_failure(&events, &["Look up"], &["Charge"], "Charge");
    // Charge and Refund both undid the work of the time before Look up failed.
    first_failure(&events, &["Look up"], &[], "Look up");
}

#[test]
fn a_fail_state_fails_by_itself_where_nothing_had_failed() {
    let passed = |id, previous, name| {
        [
            (id, previous, "PassStateEntered", json!({ "name": name })),
            (id + 1, id, "PassStateExited", json!({ "name": name })),
        ]
    };
    let mut events = vec![(1, 0, "ExecutionStarted", json!({}))];
    events.extend(caught(2, 0, "Look up"));
    events.extend(passed(6, 5, "Which"));
    events.extend(passed(8, 7, "Undo"));
    events.extend([
        (10, 9, "FailStateEntered", json!({ "name": "Failed" })),
        (11, 10, "ExecutionFailed", json!({ "error": "OrderFailed" })),
    ]);
    first_failure(&events, &["Look up", "Which"], &[], "Failed");
    // It sorts the errors, and may let the execution begin again.
    first_failure(&events, &["Look up"], &["Which"], "Look up");
}

#[test]
fn a_failure_is_followed_into_containers_and_out_of_them() {
    let mut events = vec![
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "MapStateEntered", json!({ "name": "Each" })),
        (3, 2, "MapStateStarted", json!({ "length": 1 })),
        (4, 3, "MapIterationStarted", json!({ "name": "Each", "index": 0 })),
    ];
    events.extend(caught(5, 4, "Pack"));
    events.extend([
        (9, 8, "FailStateEntered", json!({ "name": "Not packed" })),
        (10, 9, "MapIterationFailed", json!({ "name": "Each", "index": 0 })),
        (11, 10, "MapStateFailed", json!({})),
        (12, 11, "MapStateExited", json!({ "name": "Each", "output": "{}" })),
        (13, 12, "ParallelStateEntered", json!({ "name": "Undo" })),
        (14, 13, "ParallelStateStarted", json!({})),
        (15, 14, "FailStateEntered", json!({ "name": "Failed" })),
        (16, 15, "ParallelStateFailed", json!({})),
        (17, 16, "ExecutionFailed", json!({ "error": "OrderFailed" })),
    ]);
    let trace = history(&events);
    assert_eq!(trace.visits[trace.cause.unwrap()].state, "Failed");
    let arose = trace.visits[0].arose_in.map(|visit| trace.visits[visit].state.as_str());
    assert_eq!(arose, Some("Not packed"));
    first_failure(&events, &["Each", "Pack"], &[], "Pack");
    first_failure(&events, &["Each"], &[], "Pack");
    // The container could have succeeded.
    first_failure(&events, &["Each", "Pack"], &["Undo"], "Failed");
}
