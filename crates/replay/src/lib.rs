//! Executions run in the pure engine: what recorded histories do under a new definition, and the test cases of definitions.
//!
//! ```
//! use countersign_engine::StartParams;
//! use countersign_replay::{Bounds, Call, Definition, Reply, drive};
//!
//! let text = r#"{"StartAt": "Pause", "States": {"Pause": {"Type": "Wait", "Seconds": 60, "Next": "Pay"},
//!   "Pay": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:pay", "End": true}}}"#;
//! let definition = Definition::read(text)?;
//! let params = StartParams { input: "{}".into(), ..StartParams::default() };
//! let mut answer =
//!     |_: &Call<'_>| Reply::Answer { after_ms: 250, beats_ms: None, answer: Ok(r#"{"paid": true}"#.into()) };
//! let run = drive(&definition.program, params, &Bounds::default(), &mut answer);
//! assert_eq!(run.execution.outcome().and_then(|end| end.output.as_deref()), Some(r#"{"paid":true}"#));
//! assert_eq!(run.took_ms(), 60_250);
//! # Ok::<(), countersign_replay::DefinitionError>(())
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`drive()`] | a definition under a time of its own, its tasks answered by a trait |
//! | [`course`] | the visits of an execution, in an order that can be compared |
//! | [`evidence`] | an execution that has happened, under another definition |
//! | [`cases`] | test cases: their files, how they run, coverage, reports |
//! | [`mock_config`] | the mocked answers of Step Functions Local |
//! | [`record()`] | the case of an execution that has happened |
//!
//! The crate does no I/O, reads no clock and draws no random numbers.

pub mod cases;
pub mod course;
mod definition;
mod drive;
pub mod evidence;
mod history_file;
pub mod mock_config;
mod record;
mod toml_text;

pub use countersign_engine::{ExecutionKind, StartParams};
pub use course::Course;
pub use definition::{Definition, DefinitionError};
pub use drive::{Bounds, Call, Driven, Ending, Iterations, OpenCall, Outside, Reply, Unknown, drive};
pub use history_file::{HistoryFileError, read_history};
pub use record::{RecordError, Recorded, record};
