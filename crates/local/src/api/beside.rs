//! What the engine tells about its functions beside AWS's APIs: which there are, and what they printed for a task. The
//! dashboard asks for it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Query, State};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::host::Host;
use crate::lambda::{Origin, Record, Trouble};

/// `GET /_countersign/functions`: `{"names": [...], "trouble": {"file", "line", "column", "what", "remedy"}}`. The names are
/// null where mocks may stand for any function. The trouble is why the functions' file, as it is now, cannot be used, or null.
pub async fn functions(State(host): State<Arc<Host>>) -> Json<Value> {
    let names = (!host.mocks.mock_some()).then(|| host.functions.names());
    let trouble = host.functions.trouble().map(|trouble| {
        let Trouble { file, line, column, what, remedy, .. } = trouble;
        json!({ "file": file, "line": line, "column": column, "what": what, "remedy": remedy })
    });
    Json(json!({ "names": names, "trouble": trouble }))
}

/// One attempt of a task.
#[derive(Deserialize)]
pub struct Attempt {
    execution: String,
    /// The event that scheduled it.
    event: u64,
}

/// `GET /_countersign/output?execution=ARN&event=NUMBER`: `{"calls": [{"id", "function", "beganAt", "text", "leftOut"}]}`,
/// the oldest call first; the time in milliseconds since the epoch, and the bytes before the text that were not kept.
/// Secrets of connections are hidden.
pub async fn output(State(host): State<Arc<Host>>, Query(attempt): Query<Attempt>) -> Json<Value> {
    let Attempt { execution, event } = attempt;
    let calls = host.functions.printed(&Origin { execution, event });
    let call = |record: &Arc<Record>| {
        let (text, left_out) = record.text();
        json!({
            "id": record.id,
            "function": record.function,
            "beganAt": record.began_at,
            "text": host.masks.text(&text),
            "leftOut": left_out,
        })
    };
    Json(json!({ "calls": calls.iter().map(call).collect::<Vec<_>>() }))
}
