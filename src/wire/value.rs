//! A payload of an execution, as far as a page carries it.

use serde::{Deserialize, Serialize};

/// A text that is JSON as a rule, redacted. A long one arrives cut.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Value {
    pub text: String,
    pub rest: Option<Rest>,
}

/// Where the whole of a cut text is.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rest {
    /// Bytes of the whole.
    pub bytes: u64,
    pub href: String,
}
