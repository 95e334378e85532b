//! The same inputs give the same history, byte for byte, whatever happens outside: definitions from a seed, random
//! answers, random orders of timers, crashes and restores between any two steps.
#![allow(clippy::unwrap_used)]

mod chance;
mod definitions;
mod world;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chance::Chance;
use countersign_asl::{Diagnostic, MachineType, parse_created};
use countersign_engine::{Action, Execution, Input, OutcomeStatus, Program, StartParams, TaskId};
use countersign_trace::{AttemptResult, HistoryEvent, StateStatus, Trace, Visit, fold};
use world::{World, kind};

/// Runs in all; the threads share them. Each has a definition of its own.
const RUNS: u64 = if cfg!(debug_assertions) { 600 } else { 6_000 };
/// Inputs after which a run is stopped.
const LONGEST: usize = 1_500;

/// One execution and the outside, with every input that it took.
struct Run {
    seed: u64,
    program: Arc<Program>,
    execution: Execution,
    /// The same execution, which never crashes.
    undisturbed: Execution,
    world: World,
    journal: Vec<(i64, Input)>,
    answered: BTreeSet<TaskId>,
    tokens: BTreeSet<String>,
    seen: Seen,
}

/// What happened in the runs: the test has to know that it tested something.
#[derive(Debug, Default)]
struct Seen {
    ends: BTreeMap<String, usize>,
    inputs: BTreeSet<&'static str>,
    /// Kinds of input after which a crash happened.
    crashes: BTreeSet<&'static str>,
    events: BTreeSet<&'static str>,
}

fn params(seed: u64) -> StartParams {
    StartParams {
        execution_arn: "arn:aws:states:us-east-1:000000000000:execution:m:r".into(),
        state_machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:m".into(),
        state_machine_name: "m".into(),
        input: r#"{"items": [1, 2, 3], "n": 2}"#.into(),
        seed,
        ..StartParams::default()
    }
}

/// The history, and those of the children of its distributed maps.
fn histories(execution: &Execution) -> Vec<&[HistoryEvent]> {
    let children = execution.map_runs().iter().flat_map(|run| &run.children);
    std::iter::once(execution.history()).chain(children.map(|child| execution.child_history(child.log))).collect()
}

fn bytes(execution: &Execution) -> String {
    serde_json::to_string(&histories(execution)).unwrap()
}

impl Run {
    fn new(seed: u64) -> Run {
        let definition = definitions::definition(&mut Chance(seed)).to_string();
        let (machine, mut found) = parse_created(&definition, MachineType::Standard);
        found.retain(Diagnostic::is_error);
        let machine = machine.unwrap_or_else(|| panic!("seed {seed}: {found:#?}\n{definition}"));
        let program = Arc::new(Program::compile(&machine.source).unwrap());
        let execution = Execution::new(Arc::clone(&program), params(seed));
        Run {
            seed,
            execution,
            undisturbed: Execution::new(Arc::clone(&program), params(seed)),
            program,
            world: World::default(),
            journal: Vec::new(),
            answered: BTreeSet::new(),
            tokens: BTreeSet::new(),
            seen: Seen::default(),
        }
    }

    fn step(&mut self, now: i64, input: Input) {
        let seed = self.seed;
        self.seen.inputs.insert(kind(&input));
        self.journal.push((now, input.clone()));
        let actions = self.execution.step(now, input.clone());
        assert_eq!(actions, self.undisturbed.step(now, input.clone()), "seed {seed}: {input:?} is answered otherwise");
        for action in &actions {
            if let Action::StartTask(request) = action
                && let Some(token) = &request.token
            {
                assert!(self.tokens.insert(token.clone()), "seed {seed}: two tasks have one token");
            }
        }
        self.world.take(actions);
        if let Input::TaskSucceeded { task, .. } | Input::TaskFailed { task, .. } = input {
            assert!(self.answered.insert(task), "seed {seed}: {task:?} is answered twice");
            assert!(!self.execution.task_is_open(task), "seed {seed}: a task stays open after its answer");
            self.ignores(now, input);
        }
    }

    /// A late or repeated input has no effect.
    fn ignores(&mut self, now: i64, input: Input) {
        let before: usize = histories(&self.execution).iter().map(|events| events.len()).sum();
        assert!(self.execution.step(now, input.clone()).is_empty(), "seed {}: {input:?} has effects", self.seed);
        let after: usize = histories(&self.execution).iter().map(|events| events.len()).sum();
        assert_eq!(after, before, "seed {}: {input:?} makes events", self.seed);
    }

    /// The process ends, and another one replays the journal. The engine then asks for what was open before.
    fn crash(&mut self) {
        let mut restored = Execution::new(Arc::clone(&self.program), params(self.seed));
        for (at, input) in &self.journal {
            restored.step(*at, input.clone());
        }
        let seed = self.seed;
        assert_eq!(histories(&restored), histories(&self.undisturbed), "seed {seed}: a restored execution differs");
        let world = World::after_crash(restored.outstanding());
        assert_eq!(world, self.world, "seed {seed}: the restored engine asks for something else");
        self.seen.crashes.extend(self.journal.last().map(|(_, input)| kind(input)));
        (self.execution, self.world) = (restored, world);
    }

    /// Inputs that answer no task: a stop, a change of a run, an activity that is deleted and created again.
    fn intervention(&self, chance: &mut Chance) -> Option<Input> {
        match chance.next(60) {
            0 if chance.one_in(6) => Some(Input::Stop { error: Some("Stopped".into()), cause: None }),
            1 => {
                let running: Vec<_> = self.execution.map_runs().iter().filter(|run| run.status.is_none()).collect();
                (!running.is_empty()).then(|| Input::UpdateMapRun {
                    run: chance.of(&running).arn.clone(),
                    max_concurrency: Some(chance.next(4) as i64),
                    tolerated_failure_count: Some(chance.next(3) as i64),
                    tolerated_failure_percentage: None,
                })
            }
            4 => {
                let children = self.execution.map_runs().iter().flat_map(|run| &run.children);
                let running: Vec<_> = children.filter(|child| child.status.is_none()).collect();
                (!running.is_empty()).then(|| Input::StopChild {
                    child: chance.of(&running).arn.clone(),
                    error: Some("Stopped".into()),
                    cause: None,
                })
            }
            2 | 3 => {
                let known: Vec<(String, bool)> =
                    self.execution.activities().map(|(arn, there)| (arn.to_owned(), there)).collect();
                let (arn, there) = known.first().cloned()?;
                Some(Input::ActivityKnown { arn, exists: !there })
            }
            _ => None,
        }
    }

    fn play(mut self) -> Seen {
        let seed = self.seed;
        let mut chance = Chance(seed ^ 0x5bd1_e995);
        let (mut now, mut redriven) = (0, false);
        let mut next = Some(Input::Start);
        while let Some(input) = next {
            self.step(now, input);
            // A restore costs as much as the run so far: often at its beginning, more seldom later.
            if chance.next(10 + self.journal.len()) < 10 {
                self.crash();
            }
            next = match self.execution.outcome() {
                None if self.journal.len() >= LONGEST => Some(Input::Stop { error: None, cause: None }),
                None => match self.intervention(&mut chance) {
                    Some(input) => Some(input),
                    None => self.world.event(&mut chance, &mut now),
                },
                Some(outcome) => {
                    let again = outcome.status != OutcomeStatus::Succeeded && !redriven;
                    assert!(self.execution.outstanding().is_empty(), "seed {seed}: something is left over at the end");
                    assert_eq!(self.world, World::default(), "seed {seed}: the outside was not asked to stop");
                    redriven = true;
                    again.then_some(Input::Redrive)
                }
            };
        }
        self.end()
    }

    fn end(mut self) -> Seen {
        let seed = self.seed;
        self.crash();
        assert_eq!(bytes(&self.execution), bytes(&self.undisturbed), "seed {seed}");
        for events in histories(&self.execution) {
            assert!(events.iter().map(|event| event.id).eq(1..=events.len() as u64), "seed {seed}: ids have gaps");
            for event in events {
                assert!(event.previous_event_id < event.id, "seed {seed}: an event before its cause: {event:?}");
            }
            assert!(events.is_sorted_by_key(|event| event.timestamp), "seed {seed}: time goes back");
            one_answer_each(seed, events);
            it_folds(seed, events);
            self.seen.events.extend(events.iter().map(|event| event.kind.name()));
        }
        let outcome = self.execution.outcome().unwrap_or_else(|| panic!("seed {seed}: it hangs"));
        *self.seen.ends.entry(format!("{:?}", outcome.status)).or_default() += 1;
        self.seen
    }
}

/// In a history, too, each task ends at most once.
fn one_answer_each(seed: u64, events: &[HistoryEvent]) {
    let is_task = |name: &str| ["Task", "Activity", "LambdaFunction"].iter().any(|family| name.starts_with(family));
    let mut ended = BTreeSet::new();
    for event in events {
        let name = event.kind.name();
        let ends = ["Succeeded", "Failed", "TimedOut"].iter().any(|end| name.ends_with(end));
        if !is_task(name) || !ends || name.starts_with("TaskState") {
            continue;
        }
        let mut at = event;
        while !at.kind.name().ends_with("Scheduled") {
            let before = usize::try_from(at.previous_event_id - 1).unwrap();
            at = &events[before];
        }
        assert!(ended.insert(at.id), "seed {seed}: the task of event {} ends twice", at.id);
    }
}

/// In the fold of a history that has ended, everything has ended.
fn it_folds(seed: u64, events: &[HistoryEvent]) {
    let trace = fold(events);
    assert!(trace.outcome.is_some(), "seed {seed}: no end");
    assert!(trace.waits.is_empty(), "seed {seed}: {:?} wait after the end", trace.waits);
    let open: Vec<_> =
        trace.visits.iter().filter(|visit| visit.exited_at.is_none()).map(|visit| &visit.state).collect();
    assert!(open.is_empty(), "seed {seed}: still open after the end: {open:?}");
    // An event after a redrive names no state: the fold may take one of several equal iterations for another.
    if trace.redrives == 0 {
        every_event_has_its_visit(seed, events, &trace);
    }
}

fn every_event_has_its_visit(seed: u64, events: &[HistoryEvent], trace: &Trace) {
    let left = events.iter().filter(|event| event.kind.is_state_exited()).count();
    let gone_on = |visit: &&Visit| matches!(visit.status, StateStatus::Succeeded | StateStatus::Caught);
    assert_eq!(trace.visits.iter().filter(gone_on).count(), left, "seed {seed}: visits that went on");
    let calls = |end: &str| {
        let is_call = |name: &str| {
            let family = ["Task", "Activity", "LambdaFunction"].iter().any(|family| name.starts_with(family));
            family && name.ends_with(end) && !name.starts_with("TaskState")
        };
        events.iter().filter(|event| is_call(event.kind.name())).count()
    };
    let attempts: Vec<_> = trace.visits.iter().flat_map(|visit| &visit.attempts).collect();
    assert_eq!(attempts.len(), calls("Scheduled"), "seed {seed}: attempts");
    let succeeded = attempts.iter().filter(|attempt| attempt.result == AttemptResult::Succeeded).count();
    assert_eq!(succeeded, calls("Succeeded"), "seed {seed}: attempts that succeeded");
}

#[test]
fn thousands_of_disturbed_runs_equal_undisturbed_ones() {
    let threads = std::thread::available_parallelism().map_or(1, |count| count.get() as u64);
    let workers: Vec<_> = (0..threads)
        .map(|worker| {
            std::thread::spawn(move || {
                (0..RUNS).filter(|seed| seed % threads == worker).map(|seed| Run::new(seed).play()).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut all = Seen::default();
    for seen in
        workers.into_iter().flat_map(|worker| worker.join().unwrap_or_else(|cause| std::panic::resume_unwind(cause)))
    {
        seen.ends.into_iter().for_each(|(end, count)| *all.ends.entry(end).or_default() += count);
        all.inputs.extend(seen.inputs);
        all.crashes.extend(seen.crashes);
        all.events.extend(seen.events);
    }
    assert_eq!(all.ends.len(), 4, "the runs are too alike: {:?}", all.ends);
    assert_eq!(all.inputs.len(), 15, "not every kind of input was taken: {:?}", all.inputs);
    assert_eq!(all.crashes, all.inputs, "there was not a crash after every kind of input");
    assert!(all.events.len() >= 45, "few kinds of events: {:?}", all.events);
}
