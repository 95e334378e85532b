//! Answers the calls of a case from its mocks.

use std::collections::HashMap;

use countersign_engine::{Integration, Pattern};
use serde_json::Value;

use super::differ::missing_from;
use super::read::invoked;
use super::run::Failure;
use super::{Answered, At, Case, CaseFile, MockReply};
use crate::drive::{Call, Iterations, Outside, Reply, Unknown};

/// The mocks of a case while it runs.
pub(super) struct Answering<'f> {
    file: &'f CaseFile,
    case: &'f Case,
    /// How many calls each state has made in each iteration.
    made: HashMap<(String, Iterations), u64>,
    /// How many calls each state has made altogether.
    pub calls: HashMap<String, u64>,
    pub failures: Vec<Failure>,
}

impl<'f> Answering<'f> {
    pub fn of(file: &'f CaseFile, case: &'f Case) -> Self {
        Self { file, case, made: HashMap::new(), calls: HashMap::new(), failures: Vec::new() }
    }

    /// The reply to the call `made` (from 0) of a state in its iterations. Replies for this very iteration come before
    /// those for any.
    fn find(&self, state: &str, iterations: &Iterations, made: u64) -> Option<&'f At<MockReply>> {
        let replies = &self.file.mock(self.case, state)?.value.replies;
        let here: Vec<u64> = iterations.iter().map(|(_, index)| *index).collect();
        // Of Maps in Maps, the innermost index alone is enough.
        let is_meant = |item: &[u64]| here.ends_with(item);
        let own = replies.iter().any(|reply| reply.value.item.as_deref().is_some_and(is_meant));
        let mut left = made;
        replies
            .iter()
            .filter(|reply| match reply.value.item.as_deref() {
                Some(item) => own && is_meant(item),
                None => !own,
            })
            .find(|reply| match reply.value.times {
                Some(times) if left >= times => {
                    left -= times;
                    false
                }
                _ => true,
            })
    }

    fn missing(&mut self, call: &Call<'_>, made: u64) {
        let state = &call.request.state;
        let place = in_iteration(call.iterations);
        let times = self.made.get(&(state.clone(), call.iterations.clone())).copied().unwrap_or(1);
        let shown = super::differ::shown(&without_token(call));
        let mock = self.file.mock(self.case, state);
        let (what, line) = match mock {
            None => (format!("{state} was called{place}, and the case has no mock of it"), self.case.name.line),
            Some(mock) => (
                format!("{state} was called{place} for the {} time, and its mock answers {made}", ordinal(times)),
                mock.line,
            ),
        };
        let remedy = format!("Add: [[case.mocks.{}]] with {}", key(state), suggestion(call));
        self.failures.push(Failure::at(line, format!("{what}\n  called with {shown}\n  {remedy}")));
    }

    fn check_call(&mut self, call: &Call<'_>, reply: &At<MockReply>) {
        let Some(expected) = &reply.value.called_with else { return };
        let found = missing_from(expected, &call.request.parameters);
        if !found.is_empty() {
            let place = in_iteration(call.iterations);
            let mut message = format!("{}{place} was called with something else", call.request.state);
            found.iter().for_each(|one| message += &format!("\n  {one}"));
            self.failures.push(Failure::at(reply.line, message));
        }
    }
}

impl Outside for Answering<'_> {
    fn answer(&mut self, call: &Call<'_>) -> Reply {
        // The results of a distributed Map are written without a mock.
        if matches!(call.request.integration, Integration::ResultWriter { .. }) {
            return Reply::Answer { after_ms: 0, beats_ms: None, answer: Ok("{}".to_owned()) };
        }
        let state = &call.request.state;
        *self.calls.entry(state.clone()).or_default() += 1;
        let made = self.made.entry((state.clone(), call.iterations.clone())).or_default();
        let before = *made;
        *made += 1;
        let Some(reply) = self.find(state, call.iterations, before) else {
            self.missing(call, before);
            return Reply::Unknown(Unknown::NoAnswer);
        };
        self.check_call(call, reply);
        let MockReply { what, after_ms, beats_ms, .. } = &reply.value;
        let answer = match what {
            Answered::Waits => return Reply::Wait,
            Answered::TimesOut => return Reply::Silence { known_for_ms: None, beats_ms: *beats_ms },
            Answered::Fails { error, cause } => Err((error.clone(), cause.clone())),
            Answered::Returns(text) => Ok(text.clone()),
            Answered::Payload(payload) => Ok(of_function(&call.request.integration, payload)),
            Answered::Response(response) => Ok(of_service(&call.request.integration, response)),
        };
        Reply::Answer { after_ms: *after_ms, beats_ms: *beats_ms, answer }
    }
}

/// What the task gets where a function returns `payload`: the service's answer, or the payload alone where the function is
/// named by its ARN, or answers with a task token.
fn of_function(integration: &Integration, payload: &Value) -> String {
    match integration {
        Integration::Service { pattern: Pattern::RequestResponse, .. } => invoked(payload).to_string(),
        _ => payload.to_string(),
    }
}

fn of_service(integration: &Integration, response: &Value) -> String {
    match (integration, response.get("Payload")) {
        (Integration::Lambda { .. }, Some(payload)) => payload.to_string(),
        _ => response.to_string(),
    }
}

/// The parameters of a call without its task token, which says nothing.
fn without_token(call: &Call<'_>) -> Value {
    let text = call.request.parameters.to_string();
    let text = call.request.token.as_ref().map_or(text.clone(), |token| text.replace(token, "[task token]"));
    serde_json::from_str(&text).unwrap_or(Value::Null)
}

/// What an answer of this call could look like.
fn suggestion(call: &Call<'_>) -> &'static str {
    match &call.request.integration {
        Integration::Service { pattern: Pattern::WaitForTaskToken, .. } | Integration::Activity { .. } => {
            "returns = { ... }, fails = { error = \"...\" }, times_out = true, or waits = true."
        }
        Integration::Service { service, pattern: Pattern::RequestResponse, .. } if service == "lambda" => {
            "payload = { ... }, or fails = { error = \"...\" }."
        }
        Integration::ItemReader { .. } | Integration::ItemObjects => "returns = '''...''', the text of the object.",
        _ => "returns = { ... }, or fails = { error = \"...\" }.",
    }
}

/// ` in iteration 2 of Each`.
pub(super) fn in_iteration(iterations: &Iterations) -> String {
    iterations.iter().rev().map(|(map, index)| format!(" in iteration {index} of {map}")).collect()
}

/// A key of TOML.
pub(crate) fn key(name: &str) -> String {
    let is_bare = |letter: char| letter.is_ascii_alphanumeric() || letter == '-' || letter == '_';
    if !name.is_empty() && name.chars().all(is_bare) { name.to_owned() } else { crate::toml_text::quoted(name) }
}

fn ordinal(number: u64) -> String {
    let end = match (number % 10, number % 100) {
        (_, 11..=13) => "th",
        (1, _) => "st",
        (2, _) => "nd",
        (3, _) => "rd",
        _ => "th",
    };
    format!("{number}{end}")
}
