//! The definitions that are drawn: those of this repository, those of AWS's examples where `RECORDINGS` is, and generated ones.

use std::path::{Path, PathBuf};

use countersign_asl::Machine;
use serde_json::Value;

use crate::generated;

/// Definitions that are counted together.
pub struct Class {
    pub name: &'static str,
    pub machines: Vec<(String, Machine)>,
    /// Whether Graphviz takes minutes for one of them.
    pub large: bool,
}

pub fn classes() -> Vec<Class> {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let recordings = std::env::var_os("RECORDINGS").map_or_else(|| root.join("../shared/recordings"), PathBuf::from);
    let own = ["statemachine", "crates/trace/tests/histories"].map(|folder| root.join(folder));
    let sized = |sizes: &[usize], seeds: u64| {
        let each = sizes.iter().flat_map(|&size| (0..seeds).map(move |seed| (size, seed)));
        each.map(|(size, seed)| (format!("{size} states, seed {seed}"), drawn_by_lot(size, seed))).collect()
    };
    let class = |name, machines| Class { name, machines, large: false };
    vec![
        class("this repository", own.iter().flat_map(|folder| within(folder)).collect()),
        class("AWS's examples", within(&recordings.join("definitions"))),
        class("generated, 10 to 50 states", sized(&[10, 20, 50], 20)),
        class("generated, 100 and 200 states", sized(&[100, 200], 2)),
        Class { large: true, ..class("generated, 500 and 1,000 states", sized(&[500, 1_000], 2)) },
    ]
}

/// Definitions with a thousand states, with a name for each.
pub fn large() -> Vec<(&'static str, Machine)> {
    let row = |target: fn(usize) -> usize| {
        let state = |index: usize| {
            let (next, caught) = ((index + 1).min(999), target(index));
            let text = format!(
                r#""S{index}":{{"Type":"Task","Resource":"arn:x","Next":"S{next}","Catch":[{{"ErrorEquals":["E"],"Next":"S{caught}"}}]}}"#
            );
            text
        };
        let states: Vec<String> = (0..999).map(state).collect();
        let text = format!(r#"{{"StartAt":"S0","States":{{{},"S999":{{"Type":"Succeed"}}}}}}"#, states.join(","));
        Machine::read(&text).expect("the text is a definition")
    };
    vec![
        ("as generated", drawn_by_lot(1_000, 1)),
        ("in a row, with one handler", row(|_| 999)),
        ("in a row, each with a handler far away", row(|index| (index * 7 + 451) % 999)),
    ]
}

/// A generated definition.
pub fn drawn_by_lot(size: usize, seed: u64) -> Machine {
    Machine::read(&generated::definition(size, seed)).expect("the generator writes definitions")
}

/// The definitions of a folder and those below it, in the order of their names.
fn within(folder: &Path) -> Vec<(String, Machine)> {
    let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    let mut found = Vec::new();
    for path in paths {
        if path.is_dir() {
            found.extend(within(&path));
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let Ok(mut value) = serde_json::from_str::<Value>(&text) else { continue };
        // A history of the trace's tests holds its definition.
        if let Some(definition) = value.get_mut("definition") {
            value = definition.take();
        }
        let is_definition = value.get("States").is_some();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        found.extend(is_definition.then(|| Machine::from_value(value)).flatten().map(|machine| (name, machine)));
    }
    found
}
