//! Journals on disk outlive the program: those that an earlier version wrote give the same histories, byte for byte.
//!
//! Each file of `tests/journals` holds a definition, the parameters, the journal and the histories, as the version that
//! its name says wrote them. A file is never written again: an engine that cannot replay one breaks every execution
//! that runs during an upgrade.
#![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]

use std::sync::Arc;

use countersign_engine::{Execution, Input, Program, StartParams};
use countersign_trace::HistoryEvent;
use serde_json::Value;

/// A step of a journal.
#[derive(serde::Deserialize, serde::Serialize)]
struct Entry {
    at: i64,
    input: Input,
    stopped: Vec<u32>,
}

#[derive(serde::Deserialize)]
struct Written {
    definition: Value,
    params: StartParams,
    journal: Vec<Entry>,
    /// The JSON of each event: of the execution, and then of each child of a distributed map.
    histories: Vec<Vec<String>>,
}

fn lines(events: &[HistoryEvent]) -> Vec<String> {
    events.iter().map(|event| serde_json::to_string(event).unwrap()).collect()
}

fn histories(execution: &Execution) -> Vec<Vec<String>> {
    let children = execution.map_runs().iter().flat_map(|run| &run.children);
    let children = children.map(|child| lines(execution.child_history(child.log)));
    std::iter::once(lines(execution.history())).chain(children).collect()
}

#[test]
fn a_journal_of_an_earlier_version_gives_the_same_history() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/journals");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    assert!(!files.is_empty());
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let written: Written = serde_json::from_str(&text).unwrap();
        let program = Arc::new(Program::compile(&written.definition).unwrap());
        let mut execution = Execution::new(program, written.params);
        for entry in written.journal {
            execution.step_again(entry.at, entry.input, entry.stopped);
        }
        assert_eq!(histories(&execution), written.histories, "{}", file.display());
        assert!(written.histories.iter().flatten().count() > 20, "{}", file.display());
    }
}
