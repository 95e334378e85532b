//! What happened in an execution: AWS's history events, and the pure fold from events to visits, attempts and waits.
//!
//! ```
//! use countersign_trace::{EventKind, HistoryEvent};
//! let event: HistoryEvent = serde_json::from_str(
//!     r#"{"id":2,"previousEventId":0,"timestamp":1700000000.5,"type":"PassStateEntered",
//!         "stateEnteredEventDetails":{"name":"A","input":"{}","inputDetails":{"truncated":false}}}"#,
//! ).unwrap();
//! assert_eq!((event.kind, event.timestamp), (EventKind::PassStateEntered, 1_700_000_000_500));
//! ```
//!
//! The crate does no I/O and reads no clock. It builds for wasm32.

mod event;
mod fold;
mod tree;

pub use event::{Details, EventKind, HistoryEvent};
pub use fold::{
    Attempt, AttemptId, AttemptResult, Iteration, IterationId, Outcome, OutcomeStatus, Outlook, Owner, StateStatus,
    StateSummary, Trace, Visit, VisitId, Wait, fold, urgency,
};
pub use tree::{Row, RowKind, Tree};
