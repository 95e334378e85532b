//! Agreement with what AWS recorded, in-process: no server, no clock.
//!
//! The recordings stay outside the repository, so the tests are ignored; `make test` runs them where the recordings are.
//! `cargo test -p countersign-engine --test recordings -- --ignored --nocapture` prints the tables and the disagreements.
#![allow(clippy::unwrap_used)]

mod compare;
mod definitions;
mod executions;
mod host;
mod single_states;

use std::path::PathBuf;

use serde_json::Value;

/// Where the recordings are, beside the checkout.
pub fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings")
}

/// One kind of recording.
pub fn recordings(kind: &str) -> Vec<Value> {
    let file = folder().join(format!("{kind}.jsonl"));
    let text = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}
