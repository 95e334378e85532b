//! Mocked services, from a file in the format of Step Functions Local: `StartExecution` of `MACHINE_ARN#TEST_CASE` takes
//! the answers of that test case's states from it, and calls nothing for them.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use countersign_engine::{Input, Integration, Pattern, TaskRequest};
use serde::Deserialize;
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
    #[error("The mock file {} is not in the format of Step Functions Local: {source}.", .file.display())]
    Format { file: PathBuf, source: serde_json::Error },
    #[error("The mock file {}: the response {response:?} has {key:?}, which is neither a number nor a range such as \"1-2\".", .file.display())]
    Range { file: PathBuf, response: String, key: String },
    #[error("The mock file {}: {machine}#{case} gives the state {state:?} the response {response:?}, which does not exist.", .file.display())]
    Response { file: PathBuf, machine: String, case: String, state: String, response: String },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Config {
    #[serde(default)]
    state_machines: HashMap<String, Machine>,
    #[serde(default)]
    mocked_responses: HashMap<String, HashMap<String, Response>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Machine {
    test_cases: HashMap<String, HashMap<String, String>>,
}

#[derive(Clone, Debug, Deserialize)]
enum Response {
    Return(Value),
    Throw {
        #[serde(rename = "Error")]
        error: String,
        #[serde(rename = "Cause", default)]
        cause: String,
    },
}

/// The mocked responses, and how often each state has asked for its own.
#[derive(Debug, Default)]
pub struct Mocks {
    config: Config,
    asked: Mutex<HashMap<(String, String), u64>>,
}

/// `3` or `1-2`, as first and last.
fn range(key: &str) -> Option<(u64, u64)> {
    let (first, last) = key.split_once('-').unwrap_or((key, key));
    Some((first.parse().ok()?, last.parse().ok()?)).filter(|(first, last)| first <= last)
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
        let config: Config =
            serde_json::from_str(&text).map_err(|source| MocksError::Format { file: file.to_owned(), source })?;
        for (response, answers) in &config.mocked_responses {
            if let Some(key) = answers.keys().find(|key| range(key).is_none()) {
                let (response, key) = (response.clone(), key.clone());
                return Err(MocksError::Range { file: file.to_owned(), response, key });
            }
        }
        for (machine, cases) in &config.state_machines {
            for (case, states) in &cases.test_cases {
                for (state, response) in states {
                    if !config.mocked_responses.contains_key(response) {
                        return Err(MocksError::Response {
                            file: file.to_owned(),
                            machine: machine.clone(),
                            case: case.clone(),
                            state: state.clone(),
                            response: response.clone(),
                        });
                    }
                }
            }
        }
        Ok(Self { config, asked: Mutex::default() })
    }

    /// Whether a machine has such a test case.
    #[must_use]
    pub fn has(&self, machine: &str, case: &str) -> bool {
        self.config.state_machines.get(machine).is_some_and(|machine| machine.test_cases.contains_key(case))
    }

    /// The next response for a state; `None` if it is not mocked, an error if the responses are used up.
    fn next(&self, execution: &str, machine: &str, case: &str, state: &str) -> Option<Result<Response, String>> {
        let name = self.config.state_machines.get(machine)?.test_cases.get(case)?.get(state)?;
        let asked = {
            let mut counts = lock(&self.asked);
            let count = counts.entry((execution.to_owned(), state.to_owned())).or_default();
            *count += 1;
            *count - 1
        };
        let answers = self.config.mocked_responses.get(name)?;
        // If ranges overlap, the narrowest one applies.
        let holding = answers.iter().filter_map(|(key, response)| {
            let (first, last) = range(key)?;
            (first..=last).contains(&asked).then_some(((last - first, first), response))
        });
        let found = holding.min_by_key(|(range, _)| *range).map(|(_, response)| response.clone());
        Some(found.ok_or_else(|| {
            format!(
                "The mocked response '{name}' has no answer for call {asked} of the state '{state}' (the first is 0)."
            )
        }))
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
        Err(cause) => TaskOutcome::failed("States.Runtime", cause),
        Ok(response) => {
            if waits {
                // The service accepted the request: a mock describes only how the job or the callback ended.
                let output = accepted(request, &response).to_string();
                host.notify(execution, Input::TaskSubmitted { task: request.task, output }).await;
            }
            match response {
                Response::Throw { error, cause } => TaskOutcome::Failed { error, cause },
                // A function named by its ARN answers with its payload alone.
                Response::Return(value) => TaskOutcome::Done(match (&request.integration, value.get("Payload")) {
                    (Integration::Lambda { .. }, Some(payload)) => payload.to_string(),
                    _ => value.to_string(),
                }),
            }
        }
    })
}

/// The service's answer when it accepts the request, as far as the request and the mock determine it.
fn accepted(request: &TaskRequest, response: &Response) -> Value {
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
            let Response::Return(Value::Object(child)) = response else { return json!({}) };
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
            assert!(matches!(mocks.next("x", "M", "Retried", "S"), Some(Ok(Response::Throw { .. }))));
        }
        assert!(matches!(mocks.next("x", "M", "Retried", "S"), Some(Ok(Response::Return(_)))));
        assert!(mocks.next("x", "M", "Retried", "S").unwrap().unwrap_err().contains("no answer for call 3"));
        assert!(matches!(mocks.next("y", "M", "Retried", "S"), Some(Ok(Response::Throw { .. }))), "each counts alone");
    }

    #[test]
    fn of_ranges_that_overlap_the_narrowest_answers() {
        let mut text =
            r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "many"}}}}, "MockedResponses": {"many": {"#.to_owned();
        for last in 1..9 {
            text += &format!(r#""0-{last}": {{"Return": "wide"}}, "#);
        }
        let mocks = load(&(text + r#""0": {"Return": "narrow"}}}}"#)).unwrap();
        assert!(matches!(mocks.next("x", "M", "C", "S"), Some(Ok(Response::Return(value))) if value == "narrow"));
        assert!(matches!(mocks.next("x", "M", "C", "S"), Some(Ok(Response::Return(value))) if value == "wide"));
    }

    #[test]
    fn a_wrong_file_is_refused_with_the_place() {
        let missing = r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "none"}}}}}"#;
        assert!(load(missing).unwrap_err().to_string().contains(r#"M#C gives the state "S" the response "none""#));
        let range = r#"{"MockedResponses": {"r": {"2-1": {"Return": 1}}}}"#;
        assert!(load(range).unwrap_err().to_string().contains(r#""2-1""#));
    }
}
