//! The same inputs give the same history, byte for byte, whatever the world does: random answers, random orders,
//! crashes and restores between any two steps.
#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use countersign_asl::expr::jsonata::JsonataError;
use countersign_asl::expr::sandbox::{Request, Sandbox};
use countersign_engine::{
    Action, Execution, Input, OutcomeStatus, Program, SharedSandbox, StartParams, TaskId, TimerId,
};
use serde_json::{Value, json};

/// A small generator, so that a failing run is named by its seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self, below: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % below as u64) as usize
    }
}

/// A saga with everything in it that waits, fails, retries and runs side by side.
fn definition() -> Value {
    let lambda = |name: &str| format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
    json!({
        "StartAt": "Both", "TimeoutSeconds": 900,
        "States": {
            "Both": {"Type": "Parallel", "Branches": [
                {"StartAt": "Each", "States": {"Each": {"Type": "Map", "ItemsPath": "$.items", "MaxConcurrency": 2,
                    "ItemProcessor": {"StartAt": "Work", "States": {
                        "Work": {"Type": "Task", "Resource": lambda("work"), "TimeoutSeconds": 30,
                            "Parameters": {"item.$": "$", "id.$": "States.UUID()"},
                            "Retry": [{"ErrorEquals": ["Flaky"], "IntervalSeconds": 2, "JitterStrategy": "FULL"}],
                            "Catch": [{"ErrorEquals": ["Bad"], "Next": "Skip"}], "End": true},
                        "Skip": {"Type": "Pass", "Result": "skipped", "End": true}}}, "End": true}}},
                {"StartAt": "Approve", "States": {
                    "Approve": {"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
                        "HeartbeatSeconds": 60, "Next": "Pause",
                        "Parameters": {"QueueUrl": "http://localhost/1/q", "MessageBody": {"token.$": "$$.Task.Token"}}},
                    "Pause": {"Type": "Wait", "Seconds": 5, "End": true}}}],
                "Retry": [{"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}],
                "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Undo"}], "Next": "Many"},
            "Many": {"Type": "Map", "ItemsPath": "$[0]", "ToleratedFailureCount": 1,
                "ItemProcessor": {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "Ship",
                    "States": {"Ship": {"Type": "Task", "Resource": lambda("ship"), "End": true}}}, "End": true},
            "Undo": {"Type": "Task", "Resource": lambda("undo"),
                "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 5}], "End": true}
        }
    })
}

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

fn replay(program: &Arc<Program>, seed: u64, journal: &[(i64, Input)]) -> Execution {
    let mut execution = Execution::new(Arc::clone(program), params(seed));
    for (at, input) in journal {
        execution.step(*at, input.clone());
    }
    execution
}

/// What the host knows of the outside: it forgets all of it in a crash and asks the engine again.
#[derive(Default)]
struct Outside {
    tasks: Vec<(TaskId, bool)>,
    timers: Vec<(i64, TimerId)>,
}

impl Outside {
    fn take(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::StartTask(request) => self.tasks.push((request.task, false)),
                Action::CancelTask { task } => self.tasks.retain(|(t, _)| *t != task),
                Action::SetTimer { timer, at } => self.timers.push((at, timer)),
                Action::CancelTimer { timer } => self.timers.retain(|(_, t)| *t != timer),
            }
        }
    }

    /// Something that could happen next.
    fn event(&mut self, chance: &mut Chance, now: &mut i64) -> Option<Input> {
        let choices = self.tasks.len() + usize::from(!self.timers.is_empty());
        if choices == 0 {
            return None;
        }
        let pick = chance.next(choices);
        let Some((task, started)) = self.tasks.get_mut(pick) else {
            self.timers.sort_unstable();
            let (at, timer) = self.timers.remove(0);
            *now = (*now).max(at);
            return Some(Input::TimerFired { timer });
        };
        let task = *task;
        *now += chance.next(3000) as i64;
        if !*started {
            *started = true;
            return Some(Input::TaskStarted { task });
        }
        let failed = |error: &str| Input::TaskFailed { task, error: error.into(), cause: "by chance".into() };
        let input = match chance.next(10) {
            0 => failed("Flaky"),
            1 => failed("Bad"),
            2 => failed("Worse"),
            3 => return Some(Input::Heartbeat { task }),
            _ => Input::TaskSucceeded { task, output: "{\"done\": true}".into() },
        };
        self.tasks.remove(pick);
        Some(input)
    }
}

#[track_caller]
fn simulate(program: &Arc<Program>, seed: u64) -> OutcomeStatus {
    let mut chance = Chance(seed);
    let mut execution = Execution::new(Arc::clone(program), params(seed));
    let (mut outside, mut journal, mut now) = (Outside::default(), Vec::new(), 0);
    let mut next = Some(Input::Start);
    let mut redriven = false;
    while let Some(input) = next {
        journal.push((now, input.clone()));
        let answered = match &input {
            Input::TaskSucceeded { task, .. } | Input::TaskFailed { task, .. } => Some(*task),
            _ => None,
        };
        let actions = execution.step(now, input.clone());
        outside.take(actions);
        if let Some(task) = answered {
            assert!(!execution.task_is_open(task), "seed {seed}: a task stays open after its answer");
            let before = execution.history().len();
            assert!(execution.step(now, input).is_empty(), "seed {seed}: a second answer has effects");
            assert_eq!(execution.history().len(), before, "seed {seed}: a second answer makes events");
        }
        if chance.next(4) == 0 {
            let restored = replay(program, seed, &journal);
            assert_eq!(history(&restored), history(&execution), "seed {seed}: a restored execution differs");
            execution = restored;
            outside = Outside::default();
            outside.take(execution.outstanding());
        }
        next = match execution.outcome() {
            None => outside.event(&mut chance, &mut now),
            Some(outcome) if outcome.status != OutcomeStatus::Succeeded && !redriven => {
                assert!(execution.outstanding().is_empty(), "seed {seed}: something is left over at the end");
                outside = Outside::default();
                redriven = true;
                Some(Input::Redrive)
            }
            Some(_) => None,
        };
    }
    let restored = replay(program, seed, &journal);
    assert_eq!(history(&restored), history(&execution), "seed {seed}");
    let ids: Vec<u64> = execution.history().iter().map(|e| e.id).collect();
    assert!(ids.iter().copied().eq(1..=ids.len() as u64), "seed {seed}: ids have gaps");
    assert!(execution.history().iter().all(|e| e.previous_event_id < e.id), "seed {seed}");
    execution.outcome().map(|o| o.status).unwrap_or_else(|| panic!("seed {seed}: it hangs"))
}

#[test]
fn a_thousand_disturbed_runs_equal_undisturbed_ones() {
    let program = Arc::new(Program::compile(&definition()).unwrap());
    let mut ends = std::collections::BTreeMap::new();
    for seed in 0..1000 {
        *ends.entry(format!("{:?}", simulate(&program, seed))).or_insert(0) += 1;
    }
    assert!(ends.len() >= 2, "the runs are too alike: {ends:?}");
}

/// Gives up what its rule says, and answers the rest with their number.
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
