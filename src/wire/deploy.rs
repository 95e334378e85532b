//! The plan: `statemachine/` beside what the connection has.

use serde::{Deserialize, Serialize};

use super::refused::Refused;

/// The plan, as the server has drawn it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Deploy {
    /// The folder that the definitions come from.
    pub folder: String,
    /// HTML: the button that deploys everything, or that there is nothing to deploy.
    pub button: String,
    /// HTML: what belongs to no single workflow, and what runs where.
    pub head: String,
    pub items: Vec<DeployRow>,
    /// HTML: the newest deployments.
    pub below: String,
    /// What whoever looks may not do here.
    pub refused: Refused,
}

/// What would become of one workflow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeployRow {
    /// Another one wherever the row says something else.
    pub key: String,
    pub html: String,
}

/// One line of a diff.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiffLine {
    /// '+', '-' or ' '.
    pub sign: char,
    pub text: String,
}
