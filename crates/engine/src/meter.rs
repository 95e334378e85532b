//! Counts the expressions that may not end, and remembers which of a step were stopped, so that a replay stops the same
//! ones.
//!
//! Whether an expression is stopped depends on the machine and its load. So it is an input, like a task's answer: the
//! host keeps it with the step, and [`crate::Execution::step_again`] takes it back.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use countersign_asl::expr::jsonata::JsonataError;
use countersign_asl::expr::sandbox::{Request, Sandbox};
use serde_json::Value;

/// A sandbox that every execution of a host shares.
pub type SharedSandbox = Arc<dyn Sandbox + Send + Sync>;

/// After so many stopped expressions in a step, the rest are stopped without a try: a step may have thousands.
const MOST: usize = 8;
/// How much longer an expression may take in a replay if it ended the first time.
const AGAIN: u64 = 10;

/// One step's expressions.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    sandbox: SharedSandbox,
    count: Cell<u32>,
    stopped: RefCell<Vec<u32>>,
    /// What was stopped when the step ran first.
    before: Option<Vec<u32>>,
}

impl Meter {
    pub fn new(sandbox: SharedSandbox) -> Meter {
        Meter { sandbox, count: Cell::new(0), stopped: RefCell::default(), before: None }
    }

    /// Begins a step. `before` holds what was stopped when the step ran first; `None` if this is the first time.
    pub fn begin(&mut self, before: Option<Vec<u32>>) {
        self.count.set(0);
        self.stopped.get_mut().clear();
        self.before = before;
    }

    /// The numbers of the expressions that this step stopped.
    pub fn stopped(&self) -> Vec<u32> {
        self.stopped.borrow().clone()
    }
}

impl Sandbox for Meter {
    fn evaluate(&self, request: &Request) -> Result<Value, JsonataError> {
        let number = self.count.get();
        self.count.set(number + 1);
        let answer = match &self.before {
            Some(before) if before.contains(&number) => Err(JsonataError::Stopped),
            Some(_) => {
                let patience = request.patience * AGAIN;
                self.sandbox.evaluate(&Request { patience, ..request.clone() })
            }
            None if self.stopped.borrow().len() >= MOST => Err(JsonataError::Stopped),
            None => self.sandbox.evaluate(request),
        };
        if answer == Err(JsonataError::Stopped) {
            self.stopped.borrow_mut().push(number);
        }
        answer
    }
}
