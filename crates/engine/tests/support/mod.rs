//! What the engine's tests share: the recordings, their comparison rules, and a host without a clock.

pub mod compare;
pub mod host;

use std::path::PathBuf;

use serde_json::Value;

/// One kind of recording, or `None` where the folder is absent.
pub fn recordings(kind: &str) -> Option<Vec<Value>> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/recordings");
    let text = std::fs::read_to_string(folder.join(format!("{kind}.jsonl"))).ok()?;
    Some(text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect())
}
