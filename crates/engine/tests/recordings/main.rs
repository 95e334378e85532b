//! Agreement with what AWS recorded, in-process: no server, no clock.
//!
//! The recordings stay outside the repository; the tests say so and pass where they are absent.
//! `cargo test -p countersign-engine --test recordings -- --nocapture` prints the tables and the disagreements.
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

/// One kind of recording, or `None` where the folder is absent.
pub fn recordings(kind: &str) -> Option<Vec<Value>> {
    let text = std::fs::read_to_string(folder().join(format!("{kind}.jsonl"))).ok()?;
    Some(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}
