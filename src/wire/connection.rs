//! One connection: what it reaches, what is wrong with it, and what its calls came to.

use serde::{Deserialize, Serialize};

use super::Problem;
use super::frame::ConnectionCard;

/// What there is to know about a connection.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Connection {
    pub card: ConnectionCard,
    pub profile: Option<String>,
    pub role_arn: Option<String>,
    /// The account and the ARN of the caller, or why they are unknown; `None` where nobody was asked.
    pub caller: Option<Result<Caller, Problem>>,
    /// What is wrong, and what to do about it.
    pub problems: Vec<Problem>,
    pub operations: Vec<Operation>,
    pub now: i64,
}

/// As whom calls are made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Caller {
    pub account: Option<String>,
    pub arn: Option<String>,
}

/// What became of the calls of one operation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its name in a policy of IAM, such as `states:ListExecutions`.
    pub action: String,
    /// Calls within the last minute.
    pub last_minute: usize,
    /// Calls a minute that AWS grants in the long run; `None` where no quota is known.
    pub quota: Option<u32>,
    pub succeeded_at: Option<i64>,
    pub failed_at: Option<i64>,
    /// How it last failed, where it has not succeeded since.
    pub problem: Option<Problem>,
}
