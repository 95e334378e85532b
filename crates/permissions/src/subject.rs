//! What a policy is for.

use serde_json::Value;

/// What is logged of a machine's executions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Logging {
    /// Its level is not OFF.
    pub on: bool,
}

/// A machine, and where it runs.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The definition, its placeholders replaced. A placeholder that is left counts as a computed value.
    pub definition: &'a Value,
    /// The machine's name. Distributed Map states and HTTP tasks need permissions on the machine itself.
    pub name: Option<&'a str>,
    pub express: bool,
    /// `aws`, `aws-cn`.
    pub partition: &'a str,
    /// Where it runs; any region if it is not known.
    pub region: Option<&'a str>,
    /// Its account; any account if it is not known.
    pub account: Option<&'a str>,
    pub logging: Logging,
    /// Whether X-Ray traces its executions.
    pub tracing: bool,
    /// The KMS key that encrypts its data: an ARN, or an id.
    pub key: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// A Standard machine without logs, traces or a key, in any account of the partition `aws`.
    #[must_use]
    pub fn of(definition: &'a Value) -> Self {
        Self {
            definition,
            name: None,
            express: false,
            partition: "aws",
            region: None,
            account: None,
            logging: Logging::default(),
            tracing: false,
            key: None,
        }
    }
}
