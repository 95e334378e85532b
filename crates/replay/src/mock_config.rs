//! The format in which Step Functions Local has its mocked answers (`MockConfigFile.json`): state machines, their test cases,
//! and for each state of a case the name of a response, which has an answer for each call.
//!
//! ```
//! use countersign_replay::mock_config::{MockConfig, Mocked};
//!
//! let config = MockConfig::read(r#"{
//!   "StateMachines": {"Shop": {"TestCases": {"Busy": {"Pay": "BusyOnce"}}}},
//!   "MockedResponses": {"BusyOnce": {"0": {"Throw": {"Error": "Busy", "Cause": "later"}}, "1-2": {"Return": {"ok": true}}}}
//! }"#)?;
//! assert!(matches!(config.answer("Shop", "Busy", "Pay", 0), Some(Ok(Mocked::Throw { .. }))));
//! assert!(matches!(config.answer("Shop", "Busy", "Pay", 2), Some(Ok(Mocked::Return(_)))));
//! assert!(config.answer("Shop", "Busy", "Pay", 3).is_some_and(|answer| answer.is_err()));
//! # Ok::<(), countersign_replay::mock_config::MockConfigError>(())
//! ```
//!
//! Source of the format: AWS's developer guide of Step Functions, "Mocked service integrations".

use std::collections::HashMap;

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use crate::cases::{Answered, At, Case, Expect, Mock, MockOrigin, MockReply, Mocks};

/// The most calls of a state that a case has answers for, when it becomes a case of ours.
const MOST_CALLS: u64 = 10_000;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MockConfigError {
    #[error("it is not in the format of Step Functions Local: {0}.")]
    Format(#[from] serde_json::Error),
    #[error("the response {response:?} has {key:?}, which is neither a number nor a range such as \"1-2\".")]
    Range { response: String, key: String },
    #[error("{machine}#{case} gives the state {state:?} the response {response:?}, which does not exist.")]
    Response { machine: String, case: String, state: String, response: String },
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct File {
    #[serde(default)]
    state_machines: IndexMap<String, Machine>,
    #[serde(default)]
    mocked_responses: HashMap<String, IndexMap<String, Mocked>>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Machine {
    test_cases: IndexMap<String, IndexMap<String, String>>,
}

/// One answer.
#[derive(Clone, Debug, Deserialize)]
pub enum Mocked {
    /// What the service returns.
    Return(Value),
    Throw {
        #[serde(rename = "Error")]
        error: String,
        #[serde(rename = "Cause", default)]
        cause: String,
    },
}

/// A response has no answer for a call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("The mocked response '{response}' has no answer for call {call} of the state '{state}' (the first is 0).")]
pub struct UsedUp {
    pub response: String,
    pub state: String,
    pub call: u64,
}

/// A file of mocked answers.
#[derive(Debug, Default)]
pub struct MockConfig {
    file: File,
}

/// `3` or `1-2`, as first and last.
fn range(key: &str) -> Option<(u64, u64)> {
    let (first, last) = key.split_once('-').unwrap_or((key, key));
    Some((first.parse().ok()?, last.parse().ok()?)).filter(|(first, last)| first <= last)
}

impl MockConfig {
    /// Reads a file.
    ///
    /// # Errors
    /// It is in another format, or names a response that it does not have.
    pub fn read(text: &str) -> Result<Self, MockConfigError> {
        let file: File = serde_json::from_str(text)?;
        for (response, answers) in &file.mocked_responses {
            if let Some(key) = answers.keys().find(|key| range(key).is_none()) {
                return Err(MockConfigError::Range { response: response.clone(), key: key.clone() });
            }
        }
        for (machine, cases) in &file.state_machines {
            for (case, states) in &cases.test_cases {
                let unknown = states.iter().find(|(_, response)| !file.mocked_responses.contains_key(*response));
                if let Some((state, response)) = unknown {
                    return Err(MockConfigError::Response {
                        machine: machine.clone(),
                        case: case.clone(),
                        state: state.clone(),
                        response: response.clone(),
                    });
                }
            }
        }
        Ok(Self { file })
    }

    /// Whether a machine has such a test case.
    #[must_use]
    pub fn has(&self, machine: &str, case: &str) -> bool {
        self.file.state_machines.get(machine).is_some_and(|machine| machine.test_cases.contains_key(case))
    }

    /// The machines that have test cases.
    pub fn machines(&self) -> impl Iterator<Item = &str> {
        self.file.state_machines.keys().map(String::as_str)
    }

    /// The answer to a call of a state, counted from 0; `None` if the case does not mock the state.
    ///
    /// # Errors
    /// The state is mocked, and there is no answer for that call.
    #[must_use]
    pub fn answer(&self, machine: &str, case: &str, state: &str, call: u64) -> Option<Result<&Mocked, UsedUp>> {
        let response = self.file.state_machines.get(machine)?.test_cases.get(case)?.get(state)?;
        let found = self.of_response(response, call);
        Some(found.ok_or_else(|| UsedUp { response: response.clone(), state: state.to_owned(), call }))
    }

    /// If ranges overlap, the narrowest one applies.
    fn of_response(&self, response: &str, call: u64) -> Option<&Mocked> {
        let holding = self.file.mocked_responses.get(response)?.iter().filter_map(|(key, answer)| {
            let (first, last) = range(key)?;
            (first..=last).contains(&call).then_some(((last - first, first), answer))
        });
        holding.min_by_key(|(range, _)| *range).map(|(_, answer)| answer)
    }

    /// The test cases of a machine as cases that expect no particular end: the file says nothing of it, and nothing of the
    /// input.
    #[must_use]
    pub fn cases(&self, machine: &str) -> Vec<Case> {
        let Some(machine) = self.file.state_machines.get(machine) else { return Vec::new() };
        let of = |(name, states): (&String, &IndexMap<String, String>)| Case {
            name: at(name.clone()),
            input: "{}".to_owned(),
            now: None,
            execution_name: None,
            values: std::collections::BTreeMap::new(),
            mocks: self.mocks(states),
            expect: Expect { any_end: true, ..Expect::default() },
        };
        machine.test_cases.iter().map(of).collect()
    }

    fn mocks(&self, states: &IndexMap<String, String>) -> Mocks {
        let of = |response: &String| Mock { replies: self.replies(response), origin: MockOrigin::StepFunctionsLocal };
        states.iter().map(|(state, response)| (state.clone(), at(of(response)))).collect()
    }

    /// The answers in the order of the calls, up to the first call that has none.
    fn replies(&self, response: &str) -> Vec<At<MockReply>> {
        let mut replies: Vec<(*const Mocked, MockReply)> = Vec::new();
        for call in 0..MOST_CALLS {
            let Some(answer) = self.of_response(response, call) else { break };
            match replies.last_mut().filter(|(last, _)| std::ptr::eq(*last, answer)) {
                Some((_, reply)) => reply.times = reply.times.map(|times| times + 1),
                None => replies.push((answer, reply(answer))),
            }
        }
        replies.into_iter().map(|(_, reply)| at(reply)).collect()
    }
}

fn reply(answer: &Mocked) -> MockReply {
    let what = match answer {
        Mocked::Return(value) => Answered::Response(value.clone()),
        Mocked::Throw { error, cause } => Answered::Fails { error: error.clone(), cause: cause.clone() },
    };
    MockReply { what, after_ms: 0, beats_ms: None, times: Some(1), item: None, called_with: None }
}

/// The file has no places: its JSON was read without them.
const fn at<T>(value: T) -> At<T> {
    At { value, line: 1, column: 1 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn of_ranges_that_overlap_the_narrowest_answers() {
        let mut text =
            r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "many"}}}}, "MockedResponses": {"many": {"#.to_owned();
        for last in 1..9 {
            text += &format!(r#""0-{last}": {{"Return": "wide"}}, "#);
        }
        let config = MockConfig::read(&(text + r#""0": {"Return": "narrow"}}}}"#)).unwrap();
        let returned = |call| match config.answer("M", "C", "S", call) {
            Some(Ok(Mocked::Return(value))) => value.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((returned(0), returned(1)), ("narrow".into(), "wide".into()));
    }

    #[test]
    fn a_wrong_file_is_refused_with_the_place() {
        let missing = r#"{"StateMachines": {"M": {"TestCases": {"C": {"S": "none"}}}}}"#;
        let error = MockConfig::read(missing).unwrap_err().to_string();
        assert!(error.contains(r#"M#C gives the state "S" the response "none""#), "{error}");
        let range = r#"{"MockedResponses": {"r": {"2-1": {"Return": 1}}}}"#;
        assert!(MockConfig::read(range).unwrap_err().to_string().contains(r#""2-1""#));
    }

    #[test]
    fn test_cases_become_cases() {
        let config = MockConfig::read(
            r#"{"StateMachines": {"M": {"TestCases": {"Busy": {"Pay": "twice"}, "Other": {}}}},
                "MockedResponses": {"twice": {"0-1": {"Throw": {"Error": "Busy"}}, "2": {"Return": {"Payload": 7}}}}}"#,
        )
        .unwrap();
        let cases = config.cases("M");
        assert_eq!(cases.iter().map(|case| case.name.value.as_str()).collect::<Vec<_>>(), ["Busy", "Other"]);
        let times: Vec<Option<u64>> =
            cases[0].mocks["Pay"].value.replies.iter().map(|reply| reply.value.times).collect();
        assert_eq!(times, [Some(2), Some(1)]);
        assert!(config.cases("N").is_empty());
    }
}
