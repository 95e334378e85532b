//! Mocked services, from a file in the format of Step Functions Local: `StartExecution` of `MACHINE_ARN#TEST_CASE` takes
//! the answers of that test case's states from it, and calls nothing for them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use countersign_engine::{Input, Integration, Pattern, TaskRequest};
use countersign_replay::mock_config::{MockConfig, MockConfigError, Mocked, UsedUp};
use serde_json::{Value, json};

use super::answer::TaskOutcome;
use crate::api::wire::md5;
use crate::host::{Host, lock};
use crate::random;

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MocksError {
    #[error("The mock file {} cannot be read: {source}.\nSFN_MOCK_CONFIG names it.", .file.display())]
    Read { file: PathBuf, source: std::io::Error },
    #[error("The mock file {}: {source}", .file.display())]
    Config { file: PathBuf, source: MockConfigError },
}

/// The mocked responses, and how often each state has asked for its own.
#[derive(Debug, Default)]
pub struct Mocks {
    config: MockConfig,
    asked: Mutex<HashMap<(String, String), u64>>,
}

impl Mocks {
    /// Whether tasks of some workflow are mocked: their functions need not exist.
    #[must_use]
    pub fn mock_some(&self) -> bool {
        !self.config.state_machines.is_empty()
    }

    /// Reads the file; without a file nothing is mocked.
    ///
    /// # Errors
    /// The file cannot be read, is in another format, or names a response that it does not have.
    pub fn load(file: Option<&Path>) -> Result<Self, MocksError> {
        let Some(file) = file else { return Ok(Self::default()) };
        let text =
            std::fs::read_to_string(file).map_err(|source| MocksError::Read { file: file.to_owned(), source })?;
        let config = MockConfig::read(&text).map_err(|source| MocksError::Config { file: file.to_owned(), source })?;
        Ok(Self { config, asked: Mutex::default() })
    }

    /// Whether a machine has such a test case.
    #[must_use]
    pub fn has(&self, machine: &str, case: &str) -> bool {
        self.config.has(machine, case)
    }

    /// The next response for a state; `None` if it is not mocked, an error if the responses are used up.
    fn next(&self, execution: &str, machine: &str, case: &str, state: &str) -> Option<Result<Mocked, UsedUp>> {
        // A state that is not mocked is not counted.
        let _ = self.config.answer(machine, case, state, 0)?;
        let asked = {
            let mut counts = lock(&self.asked);
            let count = counts.entry((execution.to_owned(), state.to_owned())).or_default();
            *count += 1;
            *count - 1
        };
        Some(self.config.answer(machine, case, state, asked)?.cloned())
    }

    /// Forgets the counts of an execution that has ended.
    pub fn forget(&self, execution: &str) {
        lock(&self.asked).retain(|(known, _), _| known != execution);
    }
}

/// The mocked answer of a task; `None` if it is not mocked.
pub async fn answer(host: &std::sync::Arc<Host>, execution: &str, request: &TaskRequest) -> Option<TaskOutcome> {
    let (machine, case) = {
        let registry = lock(&host.registry);
        let row = registry.execution(execution)?;
        (row.params.state_machine_name.clone(), row.mock.clone()?)
    };
    let response = host.mocks.next(execution, &machine, &case, &request.state)?;
    host.notify(execution, Input::TaskStarted { task: request.task }).await;
    let waits =
        matches!(&request.integration, Integration::Service { pattern, .. } if *pattern != Pattern::RequestResponse);
    Some(match response {
        Err(used_up) => TaskOutcome::failed("States.Runtime", used_up.to_string()),
        Ok(response) => {
            if waits {
                // The service accepted the request: a mock describes only how the job or the callback ended.
                let output = accepted(request, &response).to_string();
                host.notify(execution, Input::TaskSubmitted { task: request.task, output }).await;
            }
            match response {
                Mocked::Throw { error, cause } => TaskOutcome::Failed { error, cause },
                // A function named by its ARN answers with its payload alone.
                Mocked::Return(value) => TaskOutcome::Done(match (&request.integration, value.get("Payload")) {
                    (Integration::Lambda { .. }, Some(payload)) => payload.to_string(),
                    _ => value.to_string(),
                }),
            }
        }
    })
}

/// The service's answer when it accepts the request, as far as the request and the mock determine it.
fn accepted(request: &TaskRequest, response: &Mocked) -> Value {
    let Integration::Service { service, .. } = &request.integration else { return json!({}) };
    match service.as_str() {
        "sqs" => {
            let body = match request.parameters.get("MessageBody") {
                Some(Value::String(text)) => text.clone(),
                Some(value) => value.to_string(),
                None => String::new(),
            };
            json!({ "MD5OfMessageBody": md5(body), "MessageId": random::uuid().to_string() })
        }
        "sns" => json!({ "MessageId": random::uuid().to_string() }),
        "states" => {
            let Mocked::Return(Value::Object(child)) = response else { return json!({}) };
            let fields = child.iter().filter(|(name, _)| ["ExecutionArn", "StartDate"].contains(&name.as_str()));
            fields.map(|(name, value)| (name.clone(), value.clone())).collect()
        }
        _ => json!({}),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    fn load(text: &str) -> Result<Mocks, MocksError> {
        let file = std::env::temp_dir().join(format!("countersign-mocks-{}-{}", std::process::id(), text.len()));
        std::fs::write(&file, text).unwrap();
        let mocks = Mocks::load(Some(&file));
        std::fs::remove_file(file).unwrap();
        mocks
    }

    #[test]
    fn calls_take_the_responses_in_turn() {
        let mocks = load(
            r#"{"StateMachines": {"M": {"TestCases": {"Retried": {"S": "twice"}}}},
                "MockedResponses": {"twice": {"0-1": {"Throw": {"Error": "E", "Cause": "c"}}, "2": {"Return": {"a": 1}}}}}"#,
        )
        .unwrap();
        assert!(mocks.has("M", "Retried") && !mocks.has("M", "Other"));
        assert!(mocks.next("x", "M", "Retried", "Other").is_none(), "a state without a response is called for real");
        for _ in 0..2 {
            assert!(matches!(mocks.next("x", "M", "Retried", "S"), Some(Ok(Mocked::Throw { .. }))));
        }
        assert!(matches!(mocks.next("x", "M", "Retried", "S"), Some(Ok(Mocked::Return(_)))));
        assert!(
            mocks.next("x", "M", "Retried", "S").unwrap().unwrap_err().to_string().contains("no answer for call 3")
        );
        assert!(matches!(mocks.next("y", "M", "Retried", "S"), Some(Ok(Mocked::Throw { .. }))), "each counts alone");
    }

    #[test]
    fn a_wrong_file_is_refused_with_the_place() {
        let missing = r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "none"}}}}}"#;
        assert!(load(missing).unwrap_err().to_string().contains(r#"M#C gives the state "S" the response "none""#));
        let range = r#"{"MockedResponses": {"r": {"2-1": {"Return": 1}}}}"#;
        assert!(load(range).unwrap_err().to_string().contains(r#""2-1""#));
    }
}
