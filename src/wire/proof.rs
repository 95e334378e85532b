//! What a session's forms prove themselves with.

use serde::{Deserialize, Serialize};

/// The proof that this session's forms carry; empty where the session has none.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Proof(pub String);
