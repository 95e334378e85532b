//! What became of the decisions. A delivery begins pending, with its decision, and is changed until it has ended.

use serde::{Deserialize, Serialize};

use super::{Decision, Kept};
use crate::approvals::ClosedBy;
use crate::connection::{CallError, ConnectionId};

/// What became of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeliveryRecord {
    Pending,
    Delivered {
        at: i64,
    },
    /// The task was closed before; by what.
    Late {
        by: ClosedBy,
    },
}

/// Why a decision could not be sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Trouble {
    /// A call failed.
    Call(CallError),
    /// What an earlier version of the program kept, or a fault of this one: a sentence.
    Sentence(String),
}

/// The deliveries, each by the number of its decision. Ended ones do not change any more.
pub trait Deliveries: Send + Sync + 'static {
    /// Decisions that are on record and not known to have arrived, oldest first.
    fn pending<'a>(&'a self, connection: &'a ConnectionId) -> Kept<'a, Vec<Decision>>;

    /// An attempt to send a decision begins.
    fn trying(&self, id: i64) -> Kept<'_, ()>;

    /// Step Functions took the decision at `at`.
    fn delivered(&self, id: i64, at: i64) -> Kept<'_, ()>;

    /// The task was closed before the decision came; `by` says by what, `at` when that was noticed.
    fn late<'a>(&'a self, id: i64, by: &'a ClosedBy, at: i64) -> Kept<'a, ()>;

    /// The decision could not be sent, and is tried again.
    fn trouble<'a>(&'a self, id: i64, why: &'a Trouble) -> Kept<'a, ()>;
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use serde::de::DeserializeOwned;

    use super::*;

    #[track_caller]
    fn stays<T: Serialize + DeserializeOwned>(texts: &[&str]) {
        for text in texts {
            let value: T = serde_json::from_str(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(serde_json::to_string(&value).unwrap(), *text);
        }
    }

    /// A store holds these texts: a type that no longer reads one needs a migration that rewrites it.
    #[test]
    fn what_was_kept_as_json_can_still_be_read() {
        stays::<ClosedBy>(&[
            r#"{"by":"execution_end","status":"running"}"#,
            r#"{"by":"execution_end","status":"succeeded"}"#,
            r#"{"by":"execution_end","status":"failed"}"#,
            r#"{"by":"execution_end","status":"timed_out"}"#,
            r#"{"by":"execution_end","status":"aborted"}"#,
            r#"{"by":"success"}"#,
            r#"{"by":"failure","error":"Refused"}"#,
            r#"{"by":"own_failure","error":"States.DataLimitExceeded"}"#,
            r#"{"by":"not_submitted","error":"Lambda.Unknown"}"#,
            r#"{"by":"timeout"}"#,
            r#"{"by":"no_token"}"#,
            r#"{"by":"unknown","message":"Task Timed Out"}"#,
            r#"{"by":"sentence","text":"It timed out."}"#,
        ]);
        stays::<Trouble>(&[
            r#"{"sentence":"No answer."}"#,
            r#"{"call":{"api":"SendTaskSuccess","subject":"arn","fault":"Unreachable"}}"#,
            r#"{"call":{"api":"SendTaskFailure","subject":"arn","fault":{"Throttled":{"code":"c","message":"m"}}}}"#,
            r#"{"call":{"api":"GetExecutionHistory","subject":"arn","fault":{"Denied":{"message":"m"}}}}"#,
            r#"{"call":{"api":"DescribeExecution","subject":"arn","fault":{"Credentials":{"code":"c","message":"m"}}}}"#,
            r#"{"call":{"api":"DescribeStateMachineForExecution","subject":"","fault":{"Missing":{"code":"c","message":"m"}}}}"#,
            r#"{"call":{"api":"SendTaskSuccess","subject":"","fault":{"TaskClosed":{"code":"c","message":"m"}}}}"#,
            r#"{"call":{"api":"SendTaskSuccess","subject":"","fault":{"Refused":{"code":"c","message":"m"}}}}"#,
            r#"{"call":{"api":"SendTaskSuccess","subject":"","fault":{"Unsent":"why"}}}"#,
        ]);
    }
}
