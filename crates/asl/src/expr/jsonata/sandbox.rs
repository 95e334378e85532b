//! Evaluating an expression that may run away in a place of its own, which can be given up.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::JsonataError;

/// A JSONata expression with everything that it reads, to be evaluated anywhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Request {
    /// Without the `{% %}`.
    pub expression: String,
    /// `states` and the variables, by name without the dollar sign.
    pub bound: Map<String, Value>,
    /// Milliseconds since the epoch.
    pub now: i64,
    /// What the expression's chance is drawn from.
    pub seed: u64,
    /// How long it may take, in milliseconds.
    pub patience: u64,
}

/// A place where an expression can be given up without harm to anything else.
pub trait Sandbox: std::fmt::Debug {
    /// Evaluates an expression; gives it up after `patience`, or when it takes too much memory.
    ///
    /// # Errors
    /// [`JsonataError::Stopped`] where it was given up, and every other error of an evaluation.
    fn evaluate(&self, request: &Request) -> Result<Value, JsonataError>;
}
