//! Expressions that may run away, counted: which of a step's were given up, so that a replay gives up the same ones.
//!
//! Whether an expression is given up depends on the machine and its load. It is therefore news from outside, as an
//! answer is: the host keeps it with the input, and [`crate::Execution::step_again`] takes it back.

use std::cell::{Cell, RefCell};
use std::sync::Arc;

use countersign_asl::expr::jsonata::JsonataError;
use countersign_asl::expr::sandbox::{Request, Sandbox};
use serde_json::Value;

/// A sandbox that every execution of a host shares.
pub type SharedSandbox = Arc<dyn Sandbox + Send + Sync>;

/// When so many of a step's expressions were given up, the others are given up unseen: a step may have thousands.
const MOST: usize = 8;
/// How much longer an expression may take that ended when it was evaluated first.
const AGAIN: u64 = 10;

/// One step's expressions.
#[derive(Debug, Clone)]
pub(crate) struct Meter {
    sandbox: SharedSandbox,
    count: Cell<u32>,
    stopped: RefCell<Vec<u32>>,
    /// What was given up when the step was made first.
    before: Option<Vec<u32>>,
}

impl Meter {
    pub fn new(sandbox: SharedSandbox) -> Meter {
        Meter { sandbox, count: Cell::new(0), stopped: RefCell::default(), before: None }
    }

    /// Begins a step. `before` is what was given up when it was made first, where this is not the first time.
    pub fn begin(&mut self, before: Option<Vec<u32>>) {
        self.count.set(0);
        self.stopped.get_mut().clear();
        self.before = before;
    }

    /// The numbers of the expressions that were given up in this step.
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
