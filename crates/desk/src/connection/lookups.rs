//! Calls beside those to state machines and executions: parameters of the Parameter Store, and what the service says of a
//! definition.

use std::collections::BTreeMap;

use super::port::{Call, MachineKind};

/// The most parameters that one call asks for. From the API reference of GetParameters.
pub const MOST_PARAMETERS: usize = 10;

/// The type of a parameter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    Text,
    /// A list, separated by commas.
    List,
    /// A secret: its value is not asked for in the clear.
    Secret,
}

/// A parameter of the Parameter Store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    pub kind: ParameterKind,
    pub value: String,
}

/// What the service says about a definition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Whether the service refuses the definition for it.
    pub is_error: bool,
    /// The service's code, such as `SCHEMA_VALIDATION_FAILED`.
    pub code: String,
    pub message: String,
    /// The path as AWS writes it, such as `/States/Ship/Next`; empty for the whole.
    pub path: String,
}

/// Calls about what a definition is made of. Every call may fail with a [`CallError`](super::CallError).
pub trait Lookups: Send + Sync + 'static {
    /// The parameters with these names, at most [`MOST_PARAMETERS`]. One that does not exist is not in the answer.
    fn parameters(&self, names: Vec<String>) -> Call<'_, BTreeMap<String, Parameter>>;
    /// Makes a parameter of the type String, unless there is one of this name.
    fn make_parameter(&self, name: &str, value: &str) -> Call<'_, ()>;
    /// What the service says about a definition, warnings included.
    fn validate_definition(&self, definition: &str, kind: MachineKind) -> Call<'_, Vec<Verdict>>;
}
