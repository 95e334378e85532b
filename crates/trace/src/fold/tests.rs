#![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
use serde_json::json;

use super::*;

mod causes;

/// A history from `(id, previous, type, details)`; event n happens at n seconds.
fn history(events: &[(u64, u64, &str, serde_json::Value)]) -> Trace {
    let events: Vec<HistoryEvent> = events
        .iter()
        .map(|(id, previous, kind, details)| {
            let key = crate::EventKind::from_name(kind).unwrap().details_key().unwrap_or("none");
            serde_json::from_value(
                json!({ "id": id, "previousEventId": previous, "timestamp": id, "type": kind, key: details }),
            )
            .unwrap()
        })
        .collect();
    fold(&events)
}

#[track_caller]
fn statuses(trace: &Trace, expected: &[(&str, StateStatus)]) {
    let found: Vec<(&str, StateStatus)> =
        trace.states.iter().map(|(name, state)| (name.as_str(), state.status)).collect();
    assert_eq!(found, expected);
}

#[test]
fn an_unanswered_callback_waits_for_an_approval() {
    let mut events = vec![
        (1, 0, "ExecutionStarted", json!({ "input": "{}" })),
        (2, 0, "TaskStateEntered", json!({ "name": "Ask", "input": "{}" })),
        (
            3,
            2,
            "TaskScheduled",
            json!({ "resource": "invoke.waitForTaskToken", "resourceType": "lambda", "parameters": "{}", "timeoutInSeconds": 60 }),
        ),
        (4, 3, "TaskStarted", json!({})),
        (5, 4, "TaskSubmitted", json!({ "output": "{}" })),
    ];
    let trace = history(&events);
    statuses(&trace, &[("Ask", StateStatus::WaitingApproval)]);
    assert_eq!(trace.waits.len(), 1);
    let wait = &trace.waits[0];
    assert_eq!((wait.scheduled_event, wait.since, wait.timeout_at, wait.submitted), (3, 3_000, Some(63_000), true));
    events.extend([
        (6, 5, "TaskFailed", json!({ "error": "Rejected", "cause": "no" })),
        (7, 6, "TaskStateExited", json!({ "name": "Ask", "output": "{}" })),
        (8, 7, "PassStateEntered", json!({ "name": "Sorry" })),
        (9, 8, "PassStateExited", json!({ "name": "Sorry" })),
        (10, 9, "ExecutionSucceeded", json!({ "output": "{}" })),
    ]);
    let trace = history(&events);
    statuses(&trace, &[("Ask", StateStatus::Caught), ("Sorry", StateStatus::Succeeded)]);
    assert!(trace.waits.is_empty());
    assert_eq!(trace.visits[0].error.as_deref(), Some("Rejected"));
    let edges: Vec<(&str, &str)> = trace.edges_taken.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    assert_eq!(edges, [("__start", "Ask"), ("Ask", "Sorry"), ("Sorry", "__end")]);
}

/// A worker need not give its name.
#[test]
fn an_activity_is_taken_once_it_has_started() {
    let events = [
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "TaskStateEntered", json!({ "name": "Ask" })),
        (3, 2, "ActivityScheduled", json!({ "resource": "arn", "input": "{}" })),
        (4, 3, "ActivityStarted", json!({})),
    ];
    assert!(!history(&events[..3]).waits[0].submitted);
    assert!(history(&events).waits[0].submitted);
}

#[test]
fn a_retry_is_a_further_attempt_and_its_back_off_waits() {
    let events = [
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "TaskStateEntered", json!({ "name": "Call" })),
        (3, 2, "LambdaFunctionScheduled", json!({ "resource": "arn", "input": "1" })),
        (4, 3, "LambdaFunctionStarted", json!({})),
        (5, 4, "LambdaFunctionFailed", json!({ "error": "E" })),
        (6, 5, "LambdaFunctionScheduled", json!({ "resource": "arn", "input": "1" })),
        (7, 6, "LambdaFunctionStarted", json!({})),
        (8, 7, "LambdaFunctionSucceeded", json!({ "output": "2" })),
        (9, 8, "TaskStateExited", json!({ "name": "Call", "output": "2" })),
    ];
    statuses(&history(&events[..4]), &[("Call", StateStatus::Running)]);
    statuses(&history(&events[..5]), &[("Call", StateStatus::Waiting)]);
    let trace = history(&events);
    statuses(&trace, &[("Call", StateStatus::Succeeded)]);
    let results: Vec<AttemptResult> = trace.visits[0].attempts.iter().map(|attempt| attempt.result).collect();
    assert_eq!(results, [AttemptResult::Failed, AttemptResult::Succeeded]);
    assert_eq!((trace.visits[0].exited_at, trace.visits[0].error.as_deref()), (Some(9_000), None));
}

#[test]
fn interleaved_iterations_keep_to_themselves() {
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "MapStateEntered", json!({ "name": "Each" })),
        (3, 2, "MapStateStarted", json!({ "length": 2 })),
        (4, 3, "MapIterationStarted", json!({ "name": "Each", "index": 0 })),
        (5, 3, "MapIterationStarted", json!({ "name": "Each", "index": 1 })),
        (6, 5, "PassStateEntered", json!({ "name": "P" })),
        (7, 4, "PassStateEntered", json!({ "name": "P" })),
        (8, 6, "PassStateExited", json!({ "name": "P", "output": "1" })),
        (9, 8, "MapIterationSucceeded", json!({ "name": "Each", "index": 1 })),
    ]);
    let index = |visit: &Visit| visit.iteration.as_ref().map(|(_, index)| *index);
    let seen: Vec<_> = trace.visits.iter().map(|visit| (visit.state.as_str(), index(visit), visit.status)).collect();
    assert_eq!(
        seen,
        [
            ("Each", None, StateStatus::Running),
            ("P", Some(1), StateStatus::Succeeded),
            ("P", Some(0), StateStatus::Running)
        ]
    );
}

#[test]
fn a_failing_branch_aborts_its_siblings_and_is_caught_outside() {
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "ParallelStateEntered", json!({ "name": "Both" })),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "WaitStateEntered", json!({ "name": "Slow" })),
        (5, 3, "TaskStateEntered", json!({ "name": "Break" })),
        (6, 5, "TaskScheduled", json!({ "resource": "invoke" })),
        (7, 6, "TaskFailed", json!({ "error": "E", "cause": "c" })),
        (8, 7, "WaitStateAborted", json!({})),
        (9, 7, "ParallelStateFailed", json!({})),
        (10, 9, "ParallelStateExited", json!({ "name": "Both" })),
        (11, 10, "FailStateEntered", json!({ "name": "Over" })),
        (12, 11, "ExecutionFailed", json!({ "error": "X" })),
    ]);
    statuses(
        &trace,
        &[
            ("Both", StateStatus::Caught),
            ("Slow", StateStatus::Aborted),
            ("Break", StateStatus::Failed),
            ("Over", StateStatus::Failed),
        ],
    );
    let branch = |index: usize| trace.visits[index].branch.clone();
    assert_eq!((branch(1), branch(2)), (Some(("Both".into(), 0)), Some(("Both".into(), 1))));
    assert_eq!(trace.edges_taken.last(), Some(&("Over".to_owned(), "__end".to_owned())));
    assert_eq!(trace.visits[3].error.as_deref(), Some("X"));
}

#[test]
fn a_stop_aborts_and_a_redrive_goes_on() {
    let mut events = vec![
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "TaskStateEntered", json!({ "name": "A" })),
        (3, 2, "TaskScheduled", json!({ "resource": "invoke" })),
        (4, 3, "ExecutionAborted", json!({})),
    ];
    let trace = history(&events);
    statuses(&trace, &[("A", StateStatus::Aborted)]);
    assert_eq!(trace.outcome.unwrap().status, OutcomeStatus::Aborted);
    events.extend([
        (5, 4, "ExecutionRedriven", json!({ "redriveCount": 1 })),
        (6, 5, "TaskScheduled", json!({ "resource": "invoke" })),
    ]);
    let trace = history(&events);
    statuses(&trace, &[("A", StateStatus::Running)]);
    assert_eq!((trace.outcome, trace.redrives, trace.visits[0].attempts.len()), (None, 1, 2));
}

#[test]
fn an_execution_that_times_out_says_so_of_its_open_state() {
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "WaitStateEntered", json!({ "name": "W" })),
        (3, 2, "ExecutionTimedOut", json!({})),
    ]);
    statuses(&trace, &[("W", StateStatus::TimedOut)]);
    assert_eq!(trace.visits[0].exited_at, Some(3_000));
}

#[test]
#[expect(clippy::disallowed_methods, reason = "it prints how long it took")]
fn a_long_history_folds() {
    let mut events = vec![(1, 0, "ExecutionStarted", json!({}))];
    for visit in 0..12_000 {
        let id = 2 + visit * 2;
        events.push((
            id,
            if visit == 0 { 0 } else { id - 1 },
            "PassStateEntered",
            json!({ "name": format!("S{}", visit % 7) }),
        ));
        events.push((id + 1, id, "PassStateExited", json!({ "name": format!("S{}", visit % 7), "output": "1" })));
    }
    let started = std::time::Instant::now();
    let trace = history(&events);
    eprintln!("24,001 events made and folded in {:?}", started.elapsed());
    assert_eq!((trace.visits.len(), trace.states["S0"].visits, trace.edges_taken.len()), (12_000, 1_715, 8));
}

/// A failed iteration also aborts its own state: that event is not about the state in the branch beside the Map.
#[test]
fn what_runs_outside_the_failed_container_goes_on() {
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "ParallelStateEntered", json!({ "name": "Both" })),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "TaskStateEntered", json!({ "name": "Beside" })),
        (5, 4, "TaskScheduled", json!({ "resource": "invoke" })),
        (6, 3, "MapStateEntered", json!({ "name": "Each" })),
        (7, 6, "MapStateStarted", json!({ "length": 1 })),
        (8, 7, "MapIterationStarted", json!({ "name": "Each", "index": 0 })),
        (9, 8, "TaskStateEntered", json!({ "name": "Break" })),
        (10, 9, "TaskScheduled", json!({ "resource": "invoke" })),
        (11, 10, "TaskFailed", json!({ "error": "E" })),
        (12, 11, "MapIterationFailed", json!({ "name": "Each", "index": 0 })),
        (13, 11, "TaskStateAborted", json!({})),
        (14, 11, "MapStateFailed", json!({})),
        (15, 14, "MapStateExited", json!({ "name": "Each" })),
        (16, 5, "TaskSucceeded", json!({ "output": "1" })),
        (17, 16, "TaskStateExited", json!({ "name": "Beside", "output": "1" })),
        (18, 17, "ParallelStateSucceeded", json!({})),
        (19, 17, "ParallelStateExited", json!({ "name": "Both" })),
        (20, 19, "ExecutionSucceeded", json!({})),
    ]);
    statuses(
        &trace,
        &[
            ("Both", StateStatus::Succeeded),
            ("Beside", StateStatus::Succeeded),
            ("Each", StateStatus::Caught),
            ("Break", StateStatus::Failed),
        ],
    );
}

/// The aborted container is a sibling of the failure, not around it.
#[test]
fn a_container_beside_the_failure_is_given_up() {
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "ParallelStateEntered", json!({ "name": "Outer" })),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "TaskStateEntered", json!({ "name": "Break" })),
        (5, 4, "TaskScheduled", json!({ "resource": "invoke" })),
        (6, 3, "ParallelStateEntered", json!({ "name": "Inner" })),
        (7, 6, "ParallelStateStarted", json!({})),
        (8, 7, "WaitStateEntered", json!({ "name": "Slow" })),
        (9, 5, "TaskFailed", json!({ "error": "E" })),
        (10, 9, "TaskStateAborted", json!({})),
        (11, 9, "WaitStateAborted", json!({})),
        (12, 9, "ParallelStateAborted", json!({})),
        (13, 9, "ParallelStateFailed", json!({})),
        (14, 13, "ParallelStateExited", json!({ "name": "Outer" })),
        (15, 14, "ExecutionSucceeded", json!({})),
    ]);
    statuses(
        &trace,
        &[
            ("Outer", StateStatus::Caught),
            ("Break", StateStatus::Failed),
            ("Inner", StateStatus::Aborted),
            ("Slow", StateStatus::Aborted),
        ],
    );
}

#[test]
fn iterations_within_iterations_are_distinct() {
    let mut events = vec![
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "MapStateEntered", json!({ "name": "M" })),
        (3, 2, "MapStateStarted", json!({ "length": 2 })),
    ];
    for outer in 0..2 {
        let id = 4 + outer * 10;
        events.extend([
            (id, 3, "MapIterationStarted", json!({ "name": "M", "index": outer })),
            (id + 1, id, "MapStateEntered", json!({ "name": "N" })),
            (id + 2, id + 1, "MapStateStarted", json!({ "length": 1 })),
            (id + 3, id + 2, "MapIterationStarted", json!({ "name": "N", "index": 0 })),
            (id + 4, id + 3, "WaitStateEntered", json!({ "name": "W" })),
        ]);
    }
    events.push((30, 18, "WaitStateExited", json!({ "name": "W" })));
    statuses(
        &history(&events),
        &[("M", StateStatus::Running), ("N", StateStatus::Running), ("W", StateStatus::Waiting)],
    );
}

/// The events after a redrive follow it, whatever their branch.
#[test]
fn a_redrive_goes_on_in_every_branch() {
    let call = |function: &str| json!({ "resource": "invoke", "resourceType": "lambda", "parameters": function });
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "ParallelStateEntered", json!({ "name": "Both" })),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "TaskStateEntered", json!({ "name": "A" })),
        (5, 4, "TaskScheduled", call("\"a\"")),
        (6, 3, "TaskStateEntered", json!({ "name": "B" })),
        (7, 6, "TaskScheduled", call("\"b\"")),
        (8, 3, "WaitStateEntered", json!({ "name": "W" })),
        (9, 5, "TaskFailed", json!({ "error": "E" })),
        (10, 9, "TaskStateAborted", json!({})),
        (11, 9, "WaitStateAborted", json!({})),
        (12, 9, "ParallelStateFailed", json!({})),
        (13, 12, "ExecutionFailed", json!({ "error": "E" })),
        (14, 13, "ExecutionRedriven", json!({ "redriveCount": 1 })),
        (15, 14, "TaskScheduled", call("\"b\"")),
        (16, 14, "TaskScheduled", call("\"a\"")),
        (17, 16, "TaskSucceeded", json!({ "output": "1" })),
        (18, 17, "TaskStateExited", json!({ "name": "A", "output": "1" })),
        (19, 14, "WaitStateExited", json!({ "name": "W" })),
        (20, 15, "TaskSucceeded", json!({ "output": "2" })),
        (21, 20, "TaskStateExited", json!({ "name": "B", "output": "2" })),
        (22, 21, "ParallelStateSucceeded", json!({})),
        (23, 21, "ParallelStateExited", json!({ "name": "Both" })),
        (24, 23, "ExecutionSucceeded", json!({})),
    ]);
    let all = ["Both", "A", "B", "W"].map(|name| (name, StateStatus::Succeeded));
    statuses(&trace, &all);
    let attempts: Vec<usize> = trace.visits.iter().map(|visit| visit.attempts.len()).collect();
    assert_eq!(attempts, [0, 2, 2, 0]);
    assert_eq!(trace.visits[1].error, None);
}

/// A Fail state is entered again in its old scope.
#[test]
fn a_fail_state_that_is_redriven_stays_in_its_branch() {
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "ParallelStateEntered", json!({ "name": "P" })),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "FailStateEntered", json!({ "name": "F" })),
        (5, 4, "ParallelStateFailed", json!({})),
        (6, 5, "ExecutionFailed", json!({ "error": "X" })),
        (7, 6, "ExecutionRedriven", json!({ "redriveCount": 1 })),
        (8, 7, "FailStateEntered", json!({ "name": "F" })),
        (9, 8, "ParallelStateFailed", json!({})),
        (10, 9, "ExecutionFailed", json!({ "error": "X" })),
    ]);
    statuses(&trace, &[("P", StateStatus::Failed), ("F", StateStatus::Failed)]);
    assert_eq!(trace.visits[2].parent, Some(VisitId(0)));
    assert_eq!(trace.edges_taken, [("__start".to_owned(), "P".to_owned())]);
}

/// What begins again after a failed container is the container around it.
#[test]
fn a_retry_around_a_failed_container_begins_the_outer_one_again() {
    let mut events = vec![
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "ParallelStateEntered", json!({ "name": "Outer" })),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "ParallelStateEntered", json!({ "name": "Inner" })),
        (5, 4, "ParallelStateStarted", json!({})),
        (6, 5, "TaskStateEntered", json!({ "name": "Call" })),
        (7, 6, "TaskScheduled", json!({ "resource": "invoke" })),
        (8, 7, "TaskFailed", json!({ "error": "E" })),
        (9, 8, "TaskStateAborted", json!({})),
        (10, 8, "ParallelStateFailed", json!({})),
        (11, 10, "ParallelStateStarted", json!({})),
        (12, 11, "ParallelStateEntered", json!({ "name": "Inner" })),
        (13, 12, "ParallelStateStarted", json!({})),
        (14, 13, "TaskStateEntered", json!({ "name": "Call" })),
    ];
    let trace = history(&events);
    let parents: Vec<_> = trace.visits.iter().map(|visit| (visit.parent, visit.restarts)).collect();
    assert_eq!(
        parents,
        [(None, 1), (Some(VisitId(0)), 0), (Some(VisitId(1)), 0), (Some(VisitId(0)), 0), (Some(VisitId(3)), 0)]
    );
    assert_eq!(trace.visits[1].status, StateStatus::Failed);
    // Stopped while the outer one waits for its retry, and redriven: it begins again.
    events.truncate(10);
    events.extend([
        (11, 0, "ExecutionAborted", json!({})),
        (12, 11, "ExecutionRedriven", json!({ "redriveCount": 1 })),
        (13, 12, "ParallelStateStarted", json!({})),
        (14, 13, "ParallelStateEntered", json!({ "name": "Inner" })),
    ]);
    let trace = history(&events);
    let seen: Vec<_> = trace.visits.iter().map(|visit| (visit.parent, visit.status)).collect();
    assert_eq!(seen[0], (None, StateStatus::Running));
    assert_eq!(seen[3], (Some(VisitId(0)), StateStatus::Running));
}

/// A call with a task token differs each time, and iterations continue in their order.
#[test]
fn a_redriven_call_is_known_by_its_resource() {
    let call =
        |resource: &str, token: &str| json!({ "resource": resource, "resourceType": "lambda", "parameters": token });
    let trace = history(&[
        (1, 0, "ExecutionStarted", json!({})),
        (2, 0, "ParallelStateEntered", json!({ "name": "Both" })),
        (3, 2, "ParallelStateStarted", json!({})),
        (4, 3, "TaskStateEntered", json!({ "name": "Call" })),
        (5, 4, "TaskScheduled", call("invoke", "1")),
        (6, 3, "TaskStateEntered", json!({ "name": "Ask" })),
        (7, 6, "TaskScheduled", call("invoke.waitForTaskToken", "2")),
        (8, 0, "ExecutionAborted", json!({})),
        (9, 8, "ExecutionRedriven", json!({ "redriveCount": 1 })),
        (10, 9, "TaskScheduled", call("invoke.waitForTaskToken", "3")),
        (11, 9, "TaskScheduled", call("invoke", "1")),
    ]);
    let attempts =
        |visit: &Visit| visit.attempts.iter().filter_map(|attempt| attempt.scheduled_event).collect::<Vec<_>>();
    let seen: Vec<_> = trace.visits.iter().map(attempts).collect();
    assert_eq!(seen, [vec![], vec![5, 11], vec![7, 10]]);
    assert_eq!(trace.waits.len(), 1);
    assert_eq!((trace.waits[0].visit, trace.waits[0].scheduled_event), (VisitId(2), 10));
}
