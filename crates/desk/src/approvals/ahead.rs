//! What follows an answer: the definition is continued from the waiting task, without any call.
//!
//! A person sees where each outcome leads, and is warned when a later state reads a field that the answer does not have.

use countersign_asl::Machine;
use countersign_engine::ahead::{Ahead, ahead};
use countersign_engine::{Moment, SharedSandbox};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::answer::{Answer, AnswerError, Decider, Words, default, worded};
use super::branches::{Consequence, STEPS, WayEnd, fails, is_part, last, of as static_branch};
use super::outcomes::{Chosen, Outcome, outcomes};
use super::policy::Policy;

/// Where one outcome leads, and warnings about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foresight {
    pub outcome: Chosen,
    pub way: Option<Consequence>,
    pub warnings: Vec<Warning>,
}

/// Why an answer will not do what it is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Warning {
    /// The answer cannot be made.
    NoAnswer { why: AnswerError },
    /// A later state fails.
    Fails { state: String, why: Mismatch },
}

/// Why a state fails after an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mismatch {
    /// It fails with this cause.
    Cause(String),
    /// It reads this path, which the answer does not have.
    Unread { path: String },
}

impl Foresight {
    /// Where an outcome leads according to the definition alone.
    #[must_use]
    pub fn of_definition(machine: Option<&Machine>, state: &str, outcome: &Outcome) -> Self {
        let way = machine.and_then(|machine| static_branch(machine, state, outcome.error()));
        Self { outcome: outcome.name.clone(), way, warnings: Vec::new() }
    }

    /// The same with each text of an execution changed by `rewrite`.
    #[must_use]
    pub fn rewritten(mut self, rewrite: impl Fn(&str) -> String) -> Self {
        let one = |warning| match warning {
            Warning::NoAnswer { why } => Warning::NoAnswer { why: why.rewritten(&rewrite) },
            Warning::Fails { state, why: Mismatch::Cause(text) } => {
                Warning::Fails { state, why: Mismatch::Cause(rewrite(&text)) }
            }
            Warning::Fails { state, why: Mismatch::Unread { path } } => {
                Warning::Fails { state, why: Mismatch::Unread { path: rewrite(&path) } }
            }
        };
        self.warnings = self.warnings.into_iter().map(one).collect();
        self.way = self.way.map(|way| way.rewritten(&rewrite));
        self
    }
}

/// Looks ahead from a task that waits, for one outcome. `words` are those of its decision.
#[must_use]
pub fn foresee(
    machine: &Machine,
    moment: &Moment,
    outcome: &Outcome,
    words: &Words,
    sandbox: Option<SharedSandbox>,
) -> Foresight {
    let mut foresight = Foresight::of_definition(Some(machine), &moment.state, outcome);
    let answer = match worded(outcome, words, sandbox) {
        Ok(answer) => answer.unwrap_or_else(|| default(words)),
        Err(why) => {
            foresight.warnings.push(Warning::NoAnswer { why });
            return foresight;
        }
    };
    let Some(outlook) = follow(machine, moment, &answer) else { return foresight };
    foresight.way = Some(way_of(&outlook, machine, moment));
    let faults = faults(machine, moment, &answer, &outlook).into_iter();
    foresight.warnings.extend(faults.map(|(state, why)| Warning::Fails { state, why }));
    foresight
}

fn follow(machine: &Machine, moment: &Moment, answer: &Answer) -> Option<Ahead> {
    let answer = match answer {
        Answer::Success(text) => Ok(text.clone()),
        Answer::Failure { error, cause } => Err((error.clone(), cause.clone())),
    };
    ahead(&machine.source, moment, &answer).ok().flatten()
}

/// The entered states, and how the way ends where they do not show it.
fn way_of(outlook: &Ahead, machine: &Machine, moment: &Moment) -> Consequence {
    if outlook.retries {
        return Consequence::Retry { state: moment.state.clone() };
    }
    let states: Vec<String> = outlook.entered.iter().take(STEPS).map(|(name, _)| name.clone()).collect();
    let part = is_part(machine, &moment.state);
    let end = match &outlook.failure {
        Some((error, _)) if !outlook.is_meant => Some(fails(error.clone(), part)),
        None if outlook.ends && states.is_empty() => Some(if part { WayEnd::PartSucceeds } else { WayEnd::Succeeds }),
        _ => None,
    };
    let more = outlook.entered.len() > STEPS;
    let named = states.last().filter(|_| !more && end.is_none());
    let last = named.and_then(|name| last(machine, name));
    Consequence::Way { states, more, end, last }
}

/// The states that fail, and why, each once.
fn faults(machine: &Machine, moment: &Moment, answer: &Answer, outlook: &Ahead) -> Vec<(String, Mismatch)> {
    let mut found: Vec<(String, Mismatch)> =
        outlook.faults.iter().map(|(state, cause)| (state.clone(), Mismatch::Cause(plain(cause)))).collect();
    if let Answer::Success(text) = answer
        && let Ok(answer) = serde_json::from_str::<Value>(text)
    {
        found.extend(unread(machine, &moment.state, "$states.result", &answer, &answer));
        for (state, input) in &outlook.entered {
            if let Ok(input) = serde_json::from_str(input) {
                found.extend(unread(machine, state, "$states.input", &input, &answer));
            }
        }
    }
    let mut states = std::collections::BTreeSet::new();
    found.retain(|(state, _)| states.insert(state.clone()));
    found
}

/// The cause without the state and the event, which are named beside it.
fn plain(cause: &str) -> String {
    let outlook =
        cause.strip_prefix("An error occurred while executing the state").and_then(|rest| rest.split_once("). "));
    outlook.map_or(cause, |(_, rest)| rest).chars().take(400).collect()
}

/// A field of the answer that a state's JSONata reads and that does not exist. JSONata reports no error for it, so a Choice
/// would silently take another branch. `root` is the path at which expressions find `value`.
fn unread(machine: &Machine, state: &str, root: &str, value: &Value, answer: &Value) -> Option<(String, Mismatch)> {
    let (source, _) = countersign_engine::test_state::find(&machine.source, state, None)?;
    let mut texts = Vec::new();
    expressions(source, &mut texts);
    for text in texts.into_iter().filter(|text| !text.contains("$exists(")) {
        for (at, _) in text.match_indices(root) {
            let rest = &text[at + root.len()..];
            let names: Vec<&str> = names(rest);
            if let Some(missing) = missing(&names, value, answer) {
                let path = format!("{root}.{}", names[..=missing].join("."));
                return Some((state.to_owned(), Mismatch::Unread { path }));
            }
        }
    }
    None
}

/// The JSONata expressions of a state, without those of nested states.
fn expressions<'a>(value: &'a Value, found: &mut Vec<&'a str>) {
    match value {
        Value::String(text) if text.trim_start().starts_with("{%") => found.push(text),
        Value::Array(items) => items.iter().for_each(|item| expressions(item, found)),
        Value::Object(fields) => {
            let own = fields
                .iter()
                .filter(|(key, _)| !["Branches", "ItemProcessor", "Iterator", "Catch"].contains(&key.as_str()));
            own.for_each(|(_, value)| expressions(value, found));
        }
        _ => {}
    }
}

/// The names in a path such as `.a.b`.
fn names(rest: &str) -> Vec<&str> {
    let is_part = |letter: char| letter.is_alphanumeric() || letter == '_';
    let mut names = Vec::new();
    let mut rest = rest;
    while let Some(after) = rest.strip_prefix('.') {
        let end = after.find(|letter| !is_part(letter)).unwrap_or(after.len());
        if end == 0 || after[end..].starts_with('(') {
            break;
        }
        names.push(&after[..end]);
        rest = &after[end..];
    }
    names
}

/// The index of the first name that does not exist, if the path to it passes through the answer.
fn missing(names: &[&str], value: &Value, answer: &Value) -> Option<usize> {
    let mut at = value;
    let mut passed = holds(at, answer);
    for (index, name) in names.iter().enumerate() {
        match at {
            Value::Object(fields) => match fields.get(*name) {
                Some(next) => at = next,
                None => return passed.then_some(index),
            },
            // A name applies to each item of a list.
            Value::Array(_) => return None,
            _ => return passed.then_some(index),
        }
        passed |= holds(at, answer);
    }
    None
}

/// Whether a value is the answer, or contains all of it.
fn holds(value: &Value, answer: &Value) -> bool {
    match (value, answer) {
        (Value::Object(value), Value::Object(answer)) => answer.iter().all(|(key, part)| value.get(key) == Some(part)),
        _ => value == answer,
    }
}

/// A mismatch between an answer and the states that follow it, found without an execution.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerFinding {
    /// The state that waits, and the answer.
    pub state: String,
    pub outcome: Chosen,
    /// The later state that fails, and why.
    pub fails: String,
    pub why: Mismatch,
}

/// Checks the answers to each waiting task of a definition against the states that follow. For Deploy and `validate`;
/// `policies` are those of the workflow.
#[must_use]
pub fn check(
    machine: &Machine,
    policies: &std::collections::BTreeMap<String, Policy>,
    sandbox: Option<SharedSandbox>,
) -> Vec<AnswerFinding> {
    let mut found = Vec::new();
    for state in machine.all_states() {
        let countersign_asl::StateKind::Task(task) = &state.kind else { continue };
        if task.resource.ends_with(".waitForTaskToken") {
            check_state(machine, &state.name, policies.get(&state.name), sandbox.clone(), &mut found);
        }
    }
    found
}

fn check_state(
    machine: &Machine,
    state: &str,
    policy: Option<&Policy>,
    sandbox: Option<SharedSandbox>,
    found: &mut Vec<AnswerFinding>,
) {
    let moment = Moment { state: state.to_owned(), input: "{}".into(), sandbox: sandbox.clone(), ..Moment::default() };
    for outcome in outcomes(policy) {
        let words = unknown(&outcome);
        // An answer that depends on a request cannot be evaluated without one.
        let Ok(answer) = worded(&outcome, &words, sandbox.clone()) else { continue };
        let answer = answer.unwrap_or_else(|| default(&words));
        let (Answer::Success(text), Some(outlook)) = (&answer, follow(machine, &moment, &answer)) else { continue };
        let Ok(value) = serde_json::from_str::<Value>(text) else { continue };
        let known = |state: &str, cause: &str| {
            let input = outlook.entered.iter().find(|(name, _)| name == state).map(|(_, input)| input);
            let input = input.map_or(Some(value.clone()), |input| serde_json::from_str(input).ok());
            let path = cause.split("'$.").nth(1).and_then(|rest| rest.split('\'').next());
            let names = path.map(|path| path.split(['.', '[']).collect::<Vec<_>>());
            names.zip(input).is_some_and(|(names, input)| missing(&names, &input, &value).is_some())
        };
        for (fault, why) in faults(machine, &moment, &answer, &outlook) {
            let cause = outlook.faults.iter().find(|(state, _)| *state == fault).map(|(_, cause)| cause);
            if cause.is_some_and(|cause| !known(&fault, cause)) {
                continue;
            }
            found.push(AnswerFinding { state: state.to_owned(), outcome: outcome.name.clone(), fails: fault, why });
        }
    }
}

/// The words of a decision on a request that nobody knows yet.
fn unknown(outcome: &Outcome) -> Words {
    Words {
        request: "{}".into(),
        form: outcome.form.as_ref().map_or_else(|_| "{}".to_owned(), super::form::Form::at_first),
        outcome: outcome.name.clone(),
        person: Decider { id: "person".into(), name: "A Person".into(), groups: Vec::new() },
        comment: String::new(),
        decided_at: 0,
        id: 1,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::super::branches::Last;
    use super::*;

    fn machine(next: &str, language: &str, more: &str) -> Machine {
        let text = format!(
            r#"{{"StartAt":"Ask","QueryLanguage":"{language}","States":{{
                "Ask":{{"Type":"Task","Resource":"arn:aws:states:::sqs:sendMessage.waitForTaskToken","Next":"Which"{more}}},
                "Which":{next},"Pay":{{"Type":"Succeed"}},"No":{{"Type":"Fail","Error":"No"}}}}}}"#
        );
        Machine::from_value(serde_json::from_str(&text).unwrap()).unwrap()
    }

    fn policy(toml: &str) -> Policy {
        toml::from_str(toml).unwrap()
    }

    /// Where the outcomes `approve` and `reject` lead.
    fn look(machine: &Machine, policy: Option<&Policy>) -> (Foresight, Foresight) {
        let moment = Moment { state: "Ask".into(), input: r#"{"order":1}"#.into(), ..Moment::default() };
        let of = |id: &str| {
            let outcome = crate::approvals::outcomes::find(policy, id).unwrap();
            foresee(machine, &moment, &outcome, &unknown(&outcome), None)
        };
        (of("approve"), of("reject"))
    }

    fn way(states: &[&str], end: Option<WayEnd>, last: Option<Last>) -> Consequence {
        Consequence::Way { states: states.iter().map(|&state| state.to_owned()).collect(), more: false, end, last }
    }

    const SUCCEEDS: Option<Last> = Some(Last::Succeeds { part: false });
    const FAILS: Option<Last> = Some(Last::Fails { part: false });

    const STATUS: &str =
        r#"{"Type":"Choice","Choices":[{"Variable":"$.Status","StringEquals":"ok","Next":"Pay"}],"Default":"No"}"#;
    const JSONATA: &str = r#"{"Type":"Choice","Choices":[{"Condition":"{% $states.input.approved = true %}","Next":"Pay"}],"Default":"No"}"#;

    #[test]
    fn a_state_that_reads_a_field_the_default_answer_lacks_is_reported() {
        let machine = machine(STATUS, "JSONPath", "");
        let (approve, _) = look(&machine, None);
        assert_eq!(approve.warnings.len(), 1, "{approve:?}");
        let Warning::Fails { state, why: Mismatch::Cause(cause) } = &approve.warnings[0] else {
            panic!("{approve:?}");
        };
        assert!(state == "Which" && cause.contains("$.Status"), "{cause}");
        let (approve, reject) = look(&machine, Some(&policy(r#"approve = { Status = "ok" }"#)));
        assert!(approve.warnings.is_empty() && reject.warnings.is_empty());
        assert_eq!(approve.way, Some(way(&["Which", "Pay"], None, SUCCEEDS)));
        let fails = WayEnd::Fails { error: "ApprovalRejected".to_owned() };
        assert_eq!(reject.way, Some(way(&[], Some(fails), None)));
    }

    #[test]
    fn jsonata_that_finds_nothing_is_reported_too() {
        let machine = machine(JSONATA, "JSONata", "");
        let (approve, _) = look(&machine, None);
        assert_eq!(approve.way, Some(way(&["Which", "No"], None, FAILS)), "the path is shown as it is");
        let why = Mismatch::Unread { path: "$states.input.approved".to_owned() };
        assert_eq!(approve.warnings[0], Warning::Fails { state: "Which".to_owned(), why });
        let both = policy("approve = { approved = true }\nreject = { success = { approved = false } }");
        let (approve, reject) = look(&machine, Some(&both));
        assert!(approve.warnings.is_empty() && reject.warnings.is_empty());
        assert_eq!(approve.way, Some(way(&["Which", "Pay"], None, SUCCEEDS)));
        assert_eq!(reject.way, Some(way(&["Which", "No"], None, FAILS)));
    }

    #[test]
    fn what_was_filled_in_decides_where_an_answer_leads() {
        let machine = machine(STATUS, "JSONPath", "");
        let toml = r#"
            [outcomes.choose]
            form.properties.status = { type = "string", default = "ok" }
            success = { Status = "{% $form.status %}" }
        "#;
        let outcome = crate::approvals::outcomes::find(Some(&policy(toml)), "choose").unwrap();
        let moment = Moment { state: "Ask".into(), input: "{}".into(), ..Moment::default() };
        let as_it_is = unknown(&outcome);
        let changed = Words { form: r#"{"status":"no"}"#.into(), ..as_it_is.clone() };
        let of = |words: &Words| foresee(&machine, &moment, &outcome, words, None).way;
        assert_eq!(of(&as_it_is), Some(way(&["Which", "Pay"], None, SUCCEEDS)));
        assert_eq!(of(&changed), Some(way(&["Which", "No"], None, FAILS)));
    }

    #[test]
    fn definitions_are_checked_before_there_is_an_execution() {
        let of = |machine: &Machine, toml: &str| {
            check(machine, &std::collections::BTreeMap::from([("Ask".to_owned(), policy(toml))]), None)
        };
        let found = of(&machine(STATUS, "JSONPath", ""), "");
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(of(&machine(STATUS, "JSONPath", ""), r#"approve = { Status = "ok" }"#).is_empty());
        assert_eq!(of(&machine(JSONATA, "JSONata", ""), "").len(), 1);
        let beside = r#","ResultPath":"$.approval""#;
        assert!(of(&machine(STATUS, "JSONPath", beside), "").is_empty(), "it reads its input, which is unknown");
        let within = STATUS.replace("$.Status", "$.approval.Status");
        assert_eq!(of(&machine(&within, "JSONPath", beside), "").len(), 1);
    }
}
