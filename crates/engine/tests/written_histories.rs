//! Plays and draws the recordings that we wrote (`crates/trace/tests/histories`), in every clone.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

#[path = "../../trace/tests/histories/format.rs"]
mod format;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::sync::Arc;

use countersign_asl::graph::layout;
use countersign_asl::model::Machine;
use countersign_engine::{Action, Execution, ExecutionKind, Input, Integration, Program, StartParams, TaskId, TimerId};
use countersign_trace::{EventKind, HistoryEvent, fold};
use serde_json::Value;

use format::{Recording, all, folder, shown};

/// 2026-03-02, 09:00 in UTC.
const START: i64 = 1_772_442_000_000;

/// A task that has no answer yet.
struct Open {
    task: TaskId,
    state: String,
    is_activity: bool,
    started: bool,
}

/// The execution of a recording, and what it asked of the outside.
struct Play {
    execution: Execution,
    now: i64,
    open: Vec<Open>,
    timers: BTreeMap<(i64, TimerId), ()>,
    /// A step said that a task stays open: no further timer fires.
    stays: bool,
}

impl Play {
    fn of(recording: &Recording) -> Play {
        let program = Arc::new(Program::compile(&recording.definition).unwrap());
        let express = recording.r#type.as_deref() == Some("EXPRESS");
        let arn = |what: &str| format!("arn:aws:states:eu-west-1:111122223333:{what}");
        let params = StartParams {
            execution_arn: arn("execution:Bookshop:one"),
            name: "one".into(),
            state_machine_arn: arn("stateMachine:Bookshop"),
            state_machine_name: "Bookshop".into(),
            role_arn: "arn:aws:iam::111122223333:role/bookshop".into(),
            input: recording.input.to_string(),
            kind: if express { ExecutionKind::Express } else { ExecutionKind::Standard },
            start_at: START,
            seed: 1,
            region: "eu-west-1".into(),
            ..StartParams::default()
        };
        let execution = Execution::new(program, params);
        let mut play = Play { execution, now: START, open: Vec::new(), timers: BTreeMap::new(), stays: false };
        play.step(Input::Start);
        recording.outside.iter().for_each(|step| play.outside(step));
        if !play.stays {
            play.fire_until(i64::MAX);
        }
        assert_eq!(play.execution.outcome().is_none(), play.stays, "it has ended, or a task stays open");
        play
    }

    fn step(&mut self, input: Input) {
        for action in self.execution.step(self.now, input) {
            match action {
                Action::StartTask(request) => self.open.push(Open {
                    task: request.task,
                    is_activity: matches!(request.integration, Integration::Activity { .. }),
                    state: request.state,
                    started: false,
                }),
                Action::CancelTask { task } => self.open.retain(|open| open.task != task),
                Action::SetTimer { timer, at } => drop(self.timers.insert((at, timer), ())),
                Action::CancelTimer { timer } => self.timers.retain(|(_, set), ()| *set != timer),
            }
        }
    }

    fn fire_until(&mut self, end: i64) {
        while self.execution.outcome().is_none()
            && let Some((&(at, timer), ())) = self.timers.first_key_value().filter(|((at, _), ())| *at <= end)
        {
            self.timers.pop_first();
            self.now = self.now.max(at);
            self.step(Input::TimerFired { timer });
        }
    }

    /// The oldest task of a state that has started, or has not.
    #[track_caller]
    fn task(&mut self, state: &Value, started: bool) -> &mut Open {
        let found = self.open.iter_mut().find(|open| open.state == *state && open.started == started);
        found.unwrap_or_else(|| panic!("no task of {state} is open"))
    }

    /// One step of `outside`.
    fn outside(&mut self, step: &Value) {
        let at = START + (step["at"].as_f64().unwrap() * 1_000.0).round() as i64;
        self.fire_until(at);
        self.now = at;
        let text = |field: &str| step[field].as_str().map(str::to_owned);
        let output = step["output"].to_string();
        let verbs = ["starts", "submits", "beats", "succeeds", "fails", "stays", "stop", "redrive"];
        let verb = verbs.into_iter().find(|verb| step.get(verb).is_some()).unwrap_or_else(|| panic!("{step}"));
        if verb == "starts" {
            let worker_name = text("worker");
            let open = self.task(&step[verb], false);
            open.started = true;
            let (task, is_activity) = (open.task, open.is_activity);
            let started =
                if is_activity { Input::ActivityStarted { task, worker_name } } else { Input::TaskStarted { task } };
            return self.step(started);
        }
        let (error, cause) = (text("error"), text("cause"));
        match verb {
            "stop" => return self.step(Input::Stop { error, cause }),
            "redrive" => return self.step(Input::Redrive),
            _ => {}
        }
        let task = self.task(&step[verb], true).task;
        if matches!(verb, "succeeds" | "fails") {
            self.open.retain(|open| open.task != task);
        }
        match verb {
            "submits" => self.step(Input::TaskSubmitted { task, output }),
            "beats" => self.step(Input::Heartbeat { task }),
            "succeeds" => self.step(Input::TaskSucceeded { task, output }),
            "fails" => {
                self.step(Input::TaskFailed {
                    task,
                    error: error.unwrap_or_default(),
                    cause: cause.unwrap_or_default(),
                });
            }
            _ => self.stays = true,
        }
    }

    fn children(&self) -> Vec<&[HistoryEvent]> {
        let children = self.execution.map_runs().iter().flat_map(|run| &run.children);
        children.map(|child| self.execution.child_history(child.log)).collect()
    }
}

fn wire(events: &[HistoryEvent]) -> Vec<Value> {
    events.iter().map(|event| serde_json::to_value(event).unwrap()).collect()
}

#[test]
fn the_engine_makes_each_history() {
    for (name, recording) in all() {
        let play = Play::of(&recording);
        let (events, children) = (play.execution.history(), play.children());
        if std::env::var_os("HISTORIES").is_some_and(|wish| wish == "write") {
            write(&name, &recording, events, &children);
            continue;
        }
        assert_eq!(wire(events), recording.events, "{name}: {}", recording.about);
        let children: Vec<_> = children.into_iter().map(wire).collect();
        assert_eq!(children, recording.children, "{name}: {}", recording.about);
    }
}

#[test]
fn every_state_of_a_history_is_on_the_drawing() {
    for (name, recording) in all() {
        let drawing = layout(&Machine::read(&recording.definition.to_string()).unwrap());
        let nodes: BTreeSet<&str> = drawing.nodes.iter().map(|node| node.id.as_str()).collect();
        let id = |index: usize| drawing.nodes[index].id.as_str();
        let edges: BTreeSet<_> = drawing.edges.iter().map(|edge| (id(edge.from), id(edge.to))).collect();
        let [own, children @ ..] = &recording.histories()[..] else { panic!("{name}: no history") };
        for (from, to) in &fold(own).edges_taken {
            let known = edges.contains(&(from.as_str(), to.as_str()));
            assert!(known, "{name}: the drawing has no line from {from} to {to}");
        }
        for visit in std::iter::once(own).chain(children).flat_map(|events| fold(events).visits) {
            assert!(nodes.contains(visit.state.as_str()), "{name}: {} is not on the drawing", visit.state);
        }
    }
}

/// What no recording shows yet: calls that the service could not begin, the timeouts of functions and activities, and
/// containers and runs that are stopped or redriven.
const NOT_SHOWN: [EventKind; 11] = [
    EventKind::ActivityScheduleFailed,
    EventKind::ActivityTimedOut,
    EventKind::LambdaFunctionScheduleFailed,
    EventKind::LambdaFunctionStartFailed,
    EventKind::LambdaFunctionTimedOut,
    EventKind::MapStateAborted,
    EventKind::ParallelStateAborted,
    EventKind::TaskStartFailed,
    EventKind::TaskSubmitFailed,
    EventKind::MapRunAborted,
    EventKind::MapRunRedriven,
];

#[test]
fn the_recordings_show_every_other_kind_of_event() {
    let histories = all().into_iter().flat_map(|(_, recording)| recording.histories());
    let seen: BTreeSet<EventKind> = histories.flatten().map(|event| event.kind).collect();
    let missing: Vec<_> = EventKind::ALL.into_iter().filter(|kind| !seen.contains(kind)).collect();
    assert_eq!(missing, NOT_SHOWN);
}

/// Writes a recording: one line an event.
fn write(name: &str, recording: &Recording, events: &[HistoryEvent], children: &[&[HistoryEvent]]) {
    let mut text = format!("{{\n  \"about\": {},\n", Value::from(recording.about.as_str()));
    if let Some(kind) = &recording.r#type {
        writeln!(text, "  \"type\": {},", Value::from(kind.as_str())).unwrap();
    }
    let definition = serde_json::to_string_pretty(&recording.definition).unwrap().replace('\n', "\n  ");
    writeln!(text, "  \"definition\": {definition},\n  \"input\": {},", recording.input).unwrap();
    let lines = |values: Vec<Value>, indent: &str| {
        let inner: Vec<String> = values.iter().map(|value| format!("\n{indent}  {value}")).collect();
        if inner.is_empty() { "[]".to_owned() } else { format!("[{}\n{indent}]", inner.join(",")) }
    };
    writeln!(text, "  \"outside\": {},", lines(recording.outside.clone(), "  ")).unwrap();
    writeln!(text, "  \"events\": {},", lines(wire(events), "  ")).unwrap();
    if !children.is_empty() {
        let children: Vec<String> =
            children.iter().map(|events| format!("\n    {}", lines(wire(events), "    "))).collect();
        writeln!(text, "  \"children\": [{}\n  ],", children.join(",")).unwrap();
    }
    let fold = shown(events).into_iter().map(Value::from).collect();
    writeln!(text, "  \"fold\": {}\n}}", lines(fold, "  ")).unwrap();
    std::fs::write(folder().join(format!("{name}.json")), text).unwrap();
}
