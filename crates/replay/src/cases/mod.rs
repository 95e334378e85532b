//! Test cases of a definition: the format of `NAME.test.toml` beside `NAME.asl.json`, and how they are run.
//!
//! ```
//! use countersign_replay::Definition;
//! use countersign_replay::cases::{CaseFile, Setting, run};
//!
//! let text = r#"{"StartAt": "Pay", "States": {
//!   "Pay": {"Type": "Task", "Resource": "arn:aws:lambda:eu-west-1:111122223333:function:pay", "End": true,
//!     "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 5}]}}}"#;
//! let cases = r#"
//! [[case]]
//! name = "A busy gateway is asked again"
//! input = { orderId = "A-1" }
//!
//! [[case.mocks.Pay]]
//! fails = { error = "Busy" }
//! [[case.mocks.Pay]]
//! returns = { paid = true }
//!
//! [case.expect]
//! path = ["Pay"]
//! output = { paid = true }
//! calls = { Pay = 2 }
//! takes = "5s"
//! "#;
//! let file = CaseFile::read(cases).map_err(|problems| format!("{problems:?}"))?;
//! let definition = Definition::read(text)?;
//! let result = run(&file, &file.cases[0], &definition, &Setting::named("payment"));
//! assert!(result.failures.is_empty(), "{:?}", result.failures);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod answering;
mod check;
mod coverage;
mod differ;
mod fit;
mod junit;
mod path;
mod problem;
mod read;
mod reader;
mod report;
mod run;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use countersign_asl::PlaceholderValue;
use countersign_engine::ExecutionKind;
use countersign_trace::OutcomeStatus;
use indexmap::IndexMap;
use serde_json::Value;

pub use coverage::{Coverage, CoverageItem, CoverageKind};
pub use differ::{Difference, differences, missing_from};
pub use junit::junit;
pub use problem::{At, Problem};
pub use report::{FileResult, coverage_text, report};
pub use run::{CaseResult, Failure, Setting, run};

pub(crate) use answering::key;
pub(crate) use check::status_word;
pub(crate) use reader::duration_text;
pub(crate) use run::drive_case;

/// The end of the name of a file of cases.
pub const SUFFIX: &str = ".test.toml";

/// A file of cases.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct CaseFile {
    /// The definition, relative to the file; without one it is the file's neighbour of the same name.
    pub definition: Option<At<String>>,
    /// `STANDARD` or `EXPRESS`; without one, what the manifest says.
    pub kind: Option<ExecutionKind>,
    /// When executions start, in milliseconds since the epoch.
    pub now: Option<i64>,
    /// The values of placeholders.
    pub values: BTreeMap<String, PlaceholderValue>,
    /// The mocks of every case that has none of its own for a state.
    pub mocks: Mocks,
    pub cases: Vec<Case>,
}

/// What tasks answer, by their states.
pub type Mocks = IndexMap<String, At<Mock>>;

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    pub name: At<String>,
    /// JSON text.
    pub input: String,
    pub now: Option<i64>,
    /// The name of the execution, which expressions may use.
    pub execution_name: Option<String>,
    pub values: BTreeMap<String, PlaceholderValue>,
    pub mocks: Mocks,
    pub expect: Expect,
}

/// What the task of a state answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Mock {
    /// One after the other; those that name an item are for its iteration alone.
    pub replies: Vec<At<MockReply>>,
    pub origin: MockOrigin,
}

/// Where a mock is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MockOrigin {
    /// In the file of cases.
    Cases,
    /// In the mocks of Step Functions Local: it has no place in the file of cases.
    StepFunctionsLocal,
}

/// One answer.
#[derive(Debug, Clone, PartialEq)]
pub struct MockReply {
    pub what: Answered,
    /// After how many milliseconds.
    pub after_ms: i64,
    /// How often the task sends a heartbeat.
    pub beats_ms: Option<i64>,
    /// For how many calls; `None` for every further one.
    pub times: Option<u64>,
    /// The indices of the items of the Maps around the state, the outermost first.
    pub item: Option<Vec<u64>>,
    /// What the call's parameters must have.
    pub called_with: Option<Value>,
}

/// How a call is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Answered {
    /// With JSON text; for the reader of a distributed Map, with the text of the object.
    Returns(String),
    /// By a function, whatever way it is called: the service wraps the value up.
    Payload(Value),
    /// As a service answers that is called by its API; a function that is named by its ARN returns the `Payload` alone.
    Response(Value),
    Fails {
        error: String,
        cause: String,
    },
    /// Nobody answers, and the time goes on until a deadline.
    TimesOut,
    /// Nobody answers, and the case ends there.
    Waits,
}

/// What a case expects. What is left out is not looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Expect {
    /// Whether any end is right that no other expectation forbids.
    pub any_end: bool,
    pub status: Option<At<OutcomeStatus>>,
    /// The states of the top scope, all of them, in order.
    pub path: Option<At<Vec<At<String>>>>,
    /// States that are entered in this order, others between them.
    pub passes: Option<At<Vec<At<String>>>>,
    pub avoids: Option<At<Vec<At<String>>>>,
    pub output: Option<At<Value>>,
    /// A part of the output.
    pub output_has: Option<At<Value>>,
    pub error: Option<At<String>>,
    pub cause: Option<At<String>>,
    pub cause_has: Option<At<String>>,
    /// The states whose calls are not answered when nothing moves any more.
    pub waits_in: Option<At<Vec<At<String>>>>,
    /// How long the execution takes, in milliseconds: at least and at most.
    pub takes: Option<At<(i64, i64)>>,
    /// How often states are entered, and how often they call their tasks.
    pub visits: IndexMap<String, At<u64>>,
    pub calls: IndexMap<String, At<u64>>,
}

impl CaseFile {
    /// The mock of a state in a case.
    #[must_use]
    pub fn mock<'f>(&'f self, case: &'f Case, state: &str) -> Option<&'f At<Mock>> {
        case.mocks.get(state).or_else(|| self.mocks.get(state))
    }

    /// The values of placeholders in a case.
    #[must_use]
    pub fn values_of(&self, case: &Case) -> BTreeMap<String, PlaceholderValue> {
        let mut values = self.values.clone();
        values.extend(case.values.clone());
        values
    }
}
