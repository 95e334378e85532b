//! Runs one case.

use std::collections::BTreeSet;

use countersign_engine::{ExecutionKind, StartParams, Taken};
use countersign_trace::Outcome;

use super::answering::Answering;
use super::{Case, CaseFile, check};
use crate::course::Course;
use crate::definition::Definition;
use crate::drive::{Bounds, Driven, Ending, drive};

/// 2026-03-02, 09:00 in UTC: a Monday, when a case does not say when it starts.
const NOW: i64 = 1_772_442_000_000;
/// The same in every run, so that a case has the same task tokens, random numbers and jitter each time.
const SEED: u64 = 1;

/// What a case runs in, besides what its file says.
#[derive(Clone)]
pub struct Setting {
    /// The name of the state machine.
    pub workflow: String,
    pub kind: ExecutionKind,
    pub role_arn: String,
    pub region: String,
    pub account: String,
    pub bounds: Bounds,
}

impl Setting {
    /// The setting of a Standard workflow.
    #[must_use]
    pub fn named(workflow: &str) -> Self {
        Self {
            workflow: workflow.to_owned(),
            kind: ExecutionKind::Standard,
            role_arn: "arn:aws:iam::000000000000:role/test".to_owned(),
            region: "us-east-1".to_owned(),
            account: "000000000000".to_owned(),
            bounds: Bounds::default(),
        }
    }
}

/// What became of a case.
#[derive(Debug, Clone)]
pub struct CaseResult {
    pub name: String,
    /// Where the case begins.
    pub line: u32,
    /// Why it has not passed; empty if it has.
    pub failures: Vec<Failure>,
    pub course: Course,
    /// How it ended; `None` if it waits, or could not go on.
    pub outcome: Option<Outcome>,
    /// The states whose calls have no answer.
    pub waits: Vec<String>,
    /// In the execution's own time.
    pub took_ms: i64,
    pub taken: BTreeSet<Taken>,
}

/// An expectation that was not met, or a call that has no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// The line of what was expected.
    pub line: u32,
    /// One line, and below it the details, each indented.
    pub message: String,
}

impl Failure {
    pub(super) fn at(line: u32, message: impl Into<String>) -> Self {
        Self { line, message: message.into() }
    }
}

impl CaseResult {
    #[must_use]
    pub fn has_passed(&self) -> bool {
        self.failures.is_empty()
    }
}

/// Runs a case of a file under a definition, whose placeholders have the case's values.
#[must_use]
pub fn run(file: &CaseFile, case: &Case, definition: &Definition, setting: &Setting) -> CaseResult {
    let mut answering = Answering::of(file, case);
    let params = params_of(file, case, setting);
    let driven = drive(&definition.program, params, &setting.bounds, &mut answering);
    let Answering { calls, mut failures, .. } = answering;
    let course = Course::of_execution(&driven.execution);
    let waits = match &driven.ending {
        Ending::Waits(open) => open.iter().map(|call| call.state.clone()).collect(),
        _ => Vec::new(),
    };
    let taken = driven.execution.taken().cloned().collect();
    let ran = check::Ran { driven: &driven, course: &course, calls: &calls, waits: &waits };
    // A call without an answer ends the run: what would have come after it is not missing.
    if !matches!(driven.ending, Ending::Unknown(..)) {
        failures.extend(check::failures(case, &ran));
    }
    CaseResult {
        name: case.name.value.clone(),
        line: case.name.line,
        failures,
        outcome: driven.execution.outcome().cloned(),
        took_ms: driven.took_ms(),
        course,
        waits,
        taken,
    }
}

/// Runs a case whatever it expects: for [`crate::record`].
pub(crate) fn drive_case(file: &CaseFile, case: &Case, definition: &Definition, setting: &Setting) -> Driven {
    drive(&definition.program, params_of(file, case, setting), &setting.bounds, &mut Answering::of(file, case))
}

fn params_of(file: &CaseFile, case: &Case, setting: &Setting) -> StartParams {
    let Setting { workflow, region, account, .. } = setting;
    let name = case.execution_name.clone().unwrap_or_else(|| "test".to_owned());
    StartParams {
        execution_arn: format!("arn:aws:states:{region}:{account}:execution:{workflow}:{name}"),
        name,
        state_machine_arn: format!("arn:aws:states:{region}:{account}:stateMachine:{workflow}"),
        state_machine_name: workflow.clone(),
        role_arn: setting.role_arn.clone(),
        input: case.input.clone(),
        kind: file.kind.unwrap_or(setting.kind),
        start_at: case.now.or(file.now).unwrap_or(NOW),
        seed: SEED,
        region: region.clone(),
        ..StartParams::default()
    }
}
