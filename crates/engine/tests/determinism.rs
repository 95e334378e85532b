//! What a sandbox has stopped stays stopped: the replay of a journal gives the same history on any machine.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use countersign_asl::expr::jsonata::JsonataError;
use countersign_asl::expr::sandbox::{Request, Sandbox};
use countersign_engine::{Action, Execution, Input, Program, SharedSandbox, StartParams};
use serde_json::{Value, json};

fn params(seed: u64) -> StartParams {
    StartParams {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:m:r".into(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
        input: r#"{"items": [1, 2, 3, 4]}"#.into(),
        seed,
        ..StartParams::default()
    }
}

fn history(execution: &Execution) -> String {
    let children = execution.map_runs().iter().flat_map(|r| &r.children).map(|c| execution.child_history(c.log));
    let all: Vec<_> = std::iter::once(execution.history()).chain(children).collect();
    serde_json::to_string(&all).unwrap()
}

/// Stops the expressions that its rule names, and answers the others with their number.
#[derive(Debug)]
struct Moody(fn(u64) -> bool, std::sync::atomic::AtomicU64);

impl Sandbox for Moody {
    fn evaluate(&self, _: &Request) -> Result<Value, JsonataError> {
        let number = self.1.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        if self.0(number) { Err(JsonataError::Stopped) } else { Ok(json!("answered")) }
    }
}

fn moody(rule: fn(u64) -> bool) -> Option<SharedSandbox> {
    Some(Arc::new(Moody(rule, std::sync::atomic::AtomicU64::new(0))))
}

#[test]
fn what_was_given_up_stays_given_up_when_the_journal_is_replayed() {
    let wild =
        |next: &str| json!({"Type": "Pass", "Output": {"a": "{% [1..3] %}", "b": "{% $states.input %}"}, "Next": next});
    let mut branches = Vec::new();
    for _ in 0..4 {
        let mut first = wild("Tame");
        first["Type"] = json!("Task");
        first["Resource"] = json!("arn:aws:states:::sqs:sendMessage");
        first["Arguments"] = json!("{% [1..3] %}");
        first["Catch"] = json!([{"ErrorEquals": ["States.QueryEvaluationError"], "Next": "Tame"}]);
        branches.push(json!({"StartAt": "Wild", "States": {
            "Wild": first, "Tame": {"Type": "Wait", "Seconds": 1, "Next": "Again"}, "Again": wild("End"), "End": {"Type": "Succeed"}}}));
    }
    let definition = json!({"QueryLanguage": "JSONata", "StartAt": "All", "States": {
        "All": {"Type": "Parallel", "Branches": branches, "Next": "Pause",
            "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Pause"}]},
        "Pause": {"Type": "Wait", "Seconds": 1, "End": true}}});
    let program = Arc::new(Program::compile(&definition).unwrap());
    for rule in [(|n| n % 2 == 0) as fn(u64) -> bool, |n| n % 3 == 1, |n| n == 6, |_| true, |_| false] {
        let mut first = Execution::new(Arc::clone(&program), params(7)).with_sandbox(moody(rule));
        let mut journal = Vec::new();
        let mut next = vec![(0, Input::Start)];
        while let Some((at, input)) = next.pop() {
            let actions = first.step(at, input.clone());
            journal.push((at, input, first.stopped()));
            next.extend(actions.into_iter().filter_map(|action| match action {
                Action::SetTimer { timer, at } => Some((at, Input::TimerFired { timer })),
                Action::StartTask(task) => {
                    Some((at, Input::TaskFailed { task: task.task, error: "E".into(), cause: String::new() }))
                }
                _ => None,
            }));
        }
        assert!(first.outcome().is_some());
        // A faster machine would have answered everything.
        let mut again = Execution::new(Arc::clone(&program), params(7)).with_sandbox(moody(|_| false));
        for (at, input, stopped) in journal {
            again.step_again(at, input, stopped.clone());
            assert_eq!(again.stopped(), stopped);
        }
        assert_eq!(history(&again), history(&first));
    }
}
