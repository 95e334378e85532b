//! `aws-sdk:ssm`: Parameter Store, as a task calls it.

use std::sync::Arc;

use serde_json::Value;

use super::answer::TaskOutcome;
use super::{with_first, with_times};
use crate::api::ssm;
use crate::host::{AccountRegion, Host};
use crate::random;

/// One call; `None` for an operation without a local form.
pub async fn call(host: &Arc<Host>, caller: &AccountRegion, action: &str, parameters: &Value) -> Option<TaskOutcome> {
    let operation = with_first(action, char::to_ascii_uppercase);
    Some(match ssm::call(host, caller, &operation, parameters.clone()).await? {
        Ok(answer) => TaskOutcome::Done(with_times(answer).to_string()),
        Err(error) => {
            // An SDK's exceptions end so; some codes do already.
            let name = format!("Ssm.{}Exception", error.code.trim_end_matches("Exception"));
            let id = random::uuid();
            let cause = format!("{} (Service: Ssm, Status Code: 400, Request ID: {id})", error.message);
            TaskOutcome::failed(&name, cause)
        }
    })
}
