//! Isolated evaluation of expressions that may take too much time or memory.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::JsonataError;

/// A JSONata expression with everything that it reads, for evaluation in another process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Without the `{% %}`.
    pub expression: String,
    /// `states` and the variables, by name without the dollar sign.
    pub bound: Map<String, Value>,
    /// Milliseconds since the epoch.
    pub now: i64,
    /// The seed of the expression's random numbers.
    pub seed: u64,
    /// How long it may take, in milliseconds.
    pub patience: u64,
}

/// Evaluates expressions where they can be stopped without harm to anything else.
pub trait Sandbox: std::fmt::Debug {
    /// Evaluates an expression, and stops it after `patience` or when it takes too much memory.
    ///
    /// # Errors
    /// [`JsonataError::Stopped`] where it was stopped, and every other error of an evaluation.
    fn evaluate(&self, request: &Request) -> Result<Value, JsonataError>;
}
