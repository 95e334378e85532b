//! The text of an execution's definition: it is long, and only asked for where it is shown.

use serde::{Deserialize, Serialize};

/// The definition that an execution was started with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Definition {
    /// Laid out; empty where it could not be read.
    pub text: String,
}
