//! The interpreter of the Amazon States Language: `(state, event) -> (state, actions)`.
//!
//! It does no I/O, reads no clock and no random source. The host feeds [`Input`]s with their times to
//! [`Execution::step`] and performs the [`Action`]s that come back; [`Execution::history`] is the history as
//! AWS would have recorded it. The same definition, parameters and inputs give the same history, byte for byte,
//! so recovery is: a new `Execution`, the journal replayed, then [`Execution::outstanding`].
//!
//! ```
//! use std::sync::Arc;
//! use countersign_engine::{Execution, Input, Program, StartParams};
//!
//! let definition = serde_json::json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": 42, "End": true}}});
//! let program = Arc::new(Program::compile(&definition).expect("it is a valid definition"));
//! let mut execution = Execution::new(program, StartParams { input: "{}".into(), ..StartParams::default() });
//! assert!(execution.step(0, Input::Start).is_empty());
//! assert_eq!(execution.outcome().and_then(|o| o.output.as_deref()), Some("42"));
//! assert_eq!(execution.history().len(), 4);
//! ```

pub mod ahead;
mod catch;
mod context;
mod ending;
mod execution;
mod failure;
mod ids;
pub mod map_run;
mod meter;
mod moment;
mod outside;
mod params;
mod program;
mod protocol;
mod retry;
mod run;
pub mod stages;
mod states;
mod template;
pub mod test_state;
mod thread;
pub mod timestamp;
pub mod token;

pub use countersign_trace::{Outcome, OutcomeStatus};
pub use execution::Execution;
pub use ids::LogId;
pub use meter::SharedSandbox;
pub use moment::{Moment, items};
pub use outside::{Taken, TaskPlace, TimerUse, Way};
pub use params::{ExecutionKind, StartParams};
pub use program::{CompileError, Program};
pub use protocol::{Action, Input, Integration, Pattern, TaskId, TaskRequest, TimerId};
pub use retry::{Backoff, covers};
