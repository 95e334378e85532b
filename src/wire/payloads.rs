//! The input and output of an execution: they may be long, and are only asked for where they are shown.

use serde::{Deserialize, Serialize};

use super::value::Value;

/// What an execution was given and gave; nothing where that is not recorded.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Payloads {
    pub input: Option<Value>,
    pub output: Option<Value>,
}
