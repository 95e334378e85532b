//! Executions: a definition on the first line, an input on the second, and bytes that decide what the outside answers.
#![no_main]

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use countersign_engine::{Action, Execution, Input, Program, StartParams, TaskId, TimerId};
use countersign_fuzz::{Refuse, mutate, within};
use countersign_trace::fold;
use libfuzzer_sys::{fuzz_mutator, fuzz_target, fuzzer_mutate};
use serde_json::Value;

/// The most inputs of one execution.
const INPUTS: usize = 300;
/// A step makes up to 25,000 events, each after an expression.
const LONGEST_STEP: Duration = Duration::from_secs(8);

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(3, |byte| *byte == b'\n');
    let Some(definition) = parts.next().and_then(|text| serde_json::from_slice::<Value>(text).ok()) else { return };
    let input = parts.next().and_then(|text| std::str::from_utf8(text).ok()).unwrap_or("{}").to_owned();
    let Ok(program) = Program::compile(&definition) else { return };
    run(Arc::new(program), input, parts.next().unwrap_or_default());
});

fn run(program: Arc<Program>, input: String, answers: &[u8]) {
    let arn = "arn:aws:states:us-east-1:000000000000:execution:m:r".to_owned();
    let params = StartParams { execution_arn: arn, input, seed: 7, ..StartParams::default() };
    let mut execution = Execution::new(Arc::clone(&program), params.clone()).with_sandbox(Some(Arc::new(Refuse)));
    let (mut outside, mut journal, mut now) = (Outside::default(), Vec::new(), 0);
    let mut chance = answers.iter().copied().cycle().take(INPUTS);
    let mut next = Some(Input::Start);
    while let Some(input) = next {
        let actions = within(LONGEST_STEP, "a step", || execution.step(now, input.clone()));
        journal.push((now, input, execution.stopped()));
        outside.take(actions);
        next = match execution.outcome() {
            None => outside.event(&execution, &mut chance, &mut now),
            Some(_) => {
                check(&execution);
                (chance.next().is_some_and(|pick| pick % 2 == 1)).then_some(Input::Redrive)
            }
        };
    }
    check(&execution);
    within(LONGEST_STEP, "the fold", || fold(execution.history()));
    let mut again = Execution::new(program, params).with_sandbox(Some(Arc::new(Refuse)));
    for (at, input, stopped) in journal {
        again.step_again(at, input, stopped);
    }
    assert_eq!(again.history(), execution.history(), "a replay differs");
}

fn check(execution: &Execution) {
    let history = execution.history();
    assert!(history.len() <= 25_000, "{} events", history.len());
    for (event, id) in history.iter().zip(1..) {
        assert!(event.id == id && event.previous_event_id < id, "event {id} is out of order");
    }
    if execution.outcome().is_some() {
        assert!(execution.outstanding().is_empty(), "something is left over at the end");
    }
}

/// What the host would have under way.
#[derive(Default)]
struct Outside {
    tasks: Vec<TaskId>,
    timers: BTreeMap<TimerId, i64>,
}

impl Outside {
    fn take(&mut self, actions: Vec<Action>) {
        for action in actions {
            match action {
                Action::StartTask(request) => self.tasks.push(request.task),
                Action::CancelTask { task } => self.tasks.retain(|other| *other != task),
                Action::SetTimer { timer, at } => drop(self.timers.insert(timer, at)),
                Action::CancelTimer { timer } => drop(self.timers.remove(&timer)),
            }
        }
    }

    fn event(&mut self, execution: &Execution, chance: &mut impl Iterator<Item = u8>, now: &mut i64) -> Option<Input> {
        let pick = chance.next()?;
        if self.tasks.is_empty() || pick % 8 == 7 {
            let (&timer, &at) = self.timers.iter().min_by_key(|(_, at)| **at)?;
            self.timers.remove(&timer);
            *now = at.max(*now);
            return Some(Input::TimerFired { timer });
        }
        let task = self.tasks[usize::from(pick) % self.tasks.len()];
        let text = |text: &str| text.to_owned();
        let failed = |error: &str| Input::TaskFailed { task, error: text(error), cause: text("by chance") };
        Some(match chance.next()? % 16 {
            0 => failed("States.TaskFailed"),
            1 => failed("Flaky"),
            2 => failed("Lambda.Unknown"),
            3 => Input::TaskStartFailed { task, error: text("E"), cause: text("") },
            4 => Input::TaskSubmitFailed { task, error: text("E"), cause: text("") },
            5 => Input::Heartbeat { task },
            6 => Input::ActivityStarted { task, worker_name: None },
            7 => Input::TaskSubmitted { task, output: text("{\"MessageId\":\"m\"}") },
            8 => Input::TaskStarted { task },
            9 => Input::TaskSucceeded { task, output: text("no JSON") },
            10 => Input::TaskSucceeded { task, output: text("[{\"a\":1},{\"b\":[2]}]") },
            11 => Input::TaskSucceeded { task, output: text("id,name\n1,x\n2,\"y\"\n") },
            12 => Input::TaskSucceeded {
                task,
                output: text("{\"Payload\":{\"n\":1},\"Body\":\"x\",\"Status\":\"SUCCEEDED\"}"),
            },
            13 => Input::Stop { error: None, cause: None },
            14 => {
                let mut children = execution.map_runs().iter().flat_map(|run| &run.children);
                let child = children.rfind(|child| child.status.is_none())?.arn.clone();
                Input::StopChild { child, error: None, cause: None }
            }
            _ => Input::TaskSucceeded { task, output: text("{\"done\":true}") },
        })
    }
}

fuzz_mutator!(|data: &mut [u8], size: usize, max_size: usize, seed: u32| {
    let words = mutate::words(include_str!("../dictionaries/definition.dict"));
    mutate::lines(data, size, max_size, seed, &words, fuzzer_mutate)
});
