//! The format of the recordings in this folder, which we wrote by hand: a definition, an input, what the outside does, and
//! the history that follows. `HISTORIES=write cargo test -p countersign-engine --test written_histories` writes the
//! history and its fold again; what changed is then to be read, line by line.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use countersign_trace::{HistoryEvent, Trace, Visit, fold};
use serde::Deserialize;
use serde_json::Value;

/// Every recording. A file without a name here fails the tests, and so does a name without a file.
pub const NAMES: [&str; 22] = [
    "aborted",
    "activity",
    "child_execution",
    "express",
    "fail_state",
    "jsonata",
    "map",
    "map_fails",
    "map_run",
    "map_run_fails",
    "parallel",
    "parallel_caught",
    "redrive",
    "retry",
    "retry_then_catch",
    "simple_states",
    "timed_out",
    "token_failure",
    "token_heartbeat",
    "token_open",
    "token_success",
    "token_timeout",
];

/// One file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(dead_code, reason = "the test of the fold reads no input, for one")]
pub struct Recording {
    /// What it shows.
    pub about: String,
    /// `EXPRESS`, where it is no Standard execution.
    #[serde(default)]
    pub r#type: Option<String>,
    pub definition: Value,
    pub input: Value,
    /// Answers to tasks and calls of the API, each `at` so many seconds after the start.
    pub outside: Vec<Value>,
    /// The history, as `GetExecutionHistory` returns it.
    pub events: Vec<Value>,
    /// The histories of the children of a distributed Map, in the order of the items.
    #[serde(default)]
    pub children: Vec<Vec<Value>>,
    /// What the history means: see [`shown`].
    pub fold: Vec<String>,
}

impl Recording {
    /// The history of the execution, and those of its children.
    pub fn histories(&self) -> Vec<Vec<HistoryEvent>> {
        let read = |events: &Vec<Value>| {
            events.iter().map(|event| serde_json::from_value(event.clone()).unwrap()).collect::<Vec<HistoryEvent>>()
        };
        std::iter::once(&self.events).chain(&self.children).map(read).collect()
    }
}

pub fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../trace/tests/histories")
}

/// Every recording with its name, in order.
#[track_caller]
pub fn all() -> Vec<(String, Recording)> {
    let files = std::fs::read_dir(folder()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
    let files: BTreeSet<String> = files.filter(|file| file != "format.rs" && file != "rules.rs").collect();
    let named: BTreeSet<String> = NAMES.iter().map(|name| format!("{name}.json")).collect();
    assert_eq!(files, named, "the files, and those that are named");
    let read = |name: &&str| {
        let text = std::fs::read_to_string(folder().join(format!("{name}.json"))).unwrap();
        ((*name).to_owned(), serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}")))
    };
    NAMES.iter().map(read).collect()
}

/// A fold in lines: each visit below the container that it runs in, the waits, the transitions, and the end.
pub fn shown(events: &[HistoryEvent]) -> Vec<String> {
    let trace = fold(events);
    let mut lines: Vec<String> = trace.visits.iter().map(|visit| visited(&trace, visit)).collect();
    lines.extend(trace.waits.iter().map(|wait| format!("waits for an answer: {}", wait.state)));
    lines.extend(trace.edges_taken.iter().map(|(from, to)| format!("{from} -> {to}")));
    lines.extend(trace.cause.map(|visit| format!("failed first: {}", trace.visits[visit].state)));
    let outcome = trace.outcome.as_ref().map(|outcome| format!("{:?}", outcome.status));
    lines.push(outcome.unwrap_or_else(|| "Running".to_owned()));
    lines
}

fn visited(trace: &Trace, visit: &Visit) -> String {
    let depth = std::iter::successors(visit.parent, |parent| trace.visits[*parent].parent).count();
    let mut line = format!("{}{} ({}): {:?}", "  ".repeat(depth), visit.state, visit.state_type, visit.status);
    for (kind, place) in [("iteration", &visit.iteration), ("branch", &visit.branch)] {
        line.extend(place.iter().map(|(state, number)| format!(", {kind} {number} of {state}")));
    }
    let attempts: Vec<String> = visit.attempts.iter().map(|attempt| format!("{:?}", attempt.result)).collect();
    if !attempts.is_empty() {
        line = format!("{line}, attempts: {}", attempts.join(" "));
    }
    line.extend(visit.error.iter().map(|error| format!(", {error}")));
    line
}
