//! The interpreter of the Amazon States Language: `(state, event) -> (state, actions)`.
//!
//! It does no I/O, reads no clock and no random source. The host feeds [`Input`]s with their times to
//! [`Execution::step`] and performs the [`Action`]s that come back; [`Execution::history`] is the history as
//! AWS would have recorded it. The same definition, parameters and inputs give the same history, byte for byte,
//! so recovery is: a new `Execution`, the journal replayed, then [`Execution::outstanding`].

mod execution;
mod params;
mod program;
mod protocol;

pub use execution::Execution;
pub use params::{ExecutionKind, Outcome, OutcomeStatus, StartParams};
pub use program::Program;
pub use protocol::{Action, Input, Integration, Pattern, TaskId, TaskRequest, TimerId};
