//! One execution: the whole state of a run, moved on by inputs.

use std::sync::Arc;

use countersign_trace::HistoryEvent;

use crate::{Action, Input, Outcome, Program, StartParams, TaskId};

/// A running (or finished) execution. It does no I/O and reads no clock: [`Execution::step`] takes the time.
#[derive(Debug, Clone)]
pub struct Execution {
    program: Arc<Program>,
    params: Arc<StartParams>,
    history: Vec<HistoryEvent>,
    outcome: Option<Outcome>,
}

impl Execution {
    /// An execution that has not begun: its first input is [`Input::Start`].
    pub fn new(program: Arc<Program>, params: StartParams) -> Execution {
        Execution {
            program,
            params: Arc::new(params),
            history: Vec::new(),
            outcome: None,
        }
    }

    /// Takes one input at `at` (milliseconds since the epoch) and runs until nothing more can happen without
    /// the outside. Inputs for unknown or closed tasks and timers are ignored.
    pub fn step(&mut self, at: i64, input: Input) -> Vec<Action> {
        let _ = (at, input, &self.program, &self.params);
        Vec::new()
    }

    /// Every event so far, in order.
    pub fn history(&self) -> &[HistoryEvent] {
        &self.history
    }

    /// How it ended; `None` while it runs.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// What the host must do (again) after a replay: tasks without an answer, timers that have not fired.
    pub fn outstanding(&self) -> Vec<Action> {
        Vec::new()
    }

    /// Whether an answer for `task` would still be taken.
    pub fn task_is_open(&self, task: TaskId) -> bool {
        let _ = task;
        false
    }
}
