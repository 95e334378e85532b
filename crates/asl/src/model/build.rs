//! From JSON to the model. Lenient: a field of the wrong type counts as absent, a state without a known type is left out.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::parse::{self, AS_SHOWN, Digits, Written};

use super::summary::summarise;
use super::{
    Amount, Catcher, Choice, ChoiceRule, Failure, Machine, Map, MapMode, Pause, QueryLanguage, Retrier, Scope, State,
    StateKind, Task, Transition,
};

impl Machine {
    /// The model of a definition that was read elsewhere. `None` when it is not an object with `StartAt` and `States`.
    ///
    /// This does not judge the definition: [`crate::parse()`] does. Its numbers are shown as `source` shows them; those of a
    /// text are shown as they are written there by [`Machine::read`].
    pub fn from_value(source: Value) -> Option<Machine> {
        Machine::of(source, &AS_SHOWN)
    }

    /// The model of a definition's text, without judging it. `None` when it is not JSON, or not an object with `StartAt` and
    /// `States`.
    ///
    /// ```
    /// let text = r#"{"StartAt": "Which", "States": {"Which": {"Type": "Choice", "Default": "Done", "Choices": [
    ///   {"Variable": "$.amount", "NumericEquals": 386.40, "Next": "Done"}]}, "Done": {"Type": "Succeed"}}}"#;
    /// let machine = countersign_asl::Machine::read(text).unwrap();
    /// let countersign_asl::StateKind::Choice(choice) = &machine.states["Which"].kind else { panic!() };
    /// assert_eq!(choice.rules[0].summary, "$.amount = 386.40");
    /// ```
    pub fn read(text: &str) -> Option<Machine> {
        parse::understood(text)
    }

    /// The model of a definition whose numbers are written as `digits` says.
    pub(crate) fn of(source: Value, digits: &Digits) -> Option<Machine> {
        let whole = Written::new(&source, digits);
        let language = query_language(whole).unwrap_or_default();
        let scope = scope(whole, language)?;
        Some(Machine {
            comment: text(whole, "Comment"),
            start_at: scope.start_at,
            query_language: language,
            timeout_seconds: source.get("TimeoutSeconds").and_then(Value::as_u64),
            states: scope.states,
            source: Arc::new(source),
        })
    }
}

fn text(value: Written, key: &str) -> Option<String> {
    value.str(key).map(str::to_owned)
}

/// The value of the first of the keys that is present: a string as it is, another value as JSON.
fn first_text(value: Written, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| value.get(key)).map(Written::words)
}

fn amount(value: Written, keys: &[&str]) -> Option<Amount> {
    let found = keys.iter().find_map(|key| value.get(key))?;
    match found.value {
        Value::Number(number) => Some(Amount::Number { value: number.as_f64()?, text: found.json() }),
        Value::String(expression) => Some(Amount::Expression(expression.clone())),
        _ => None,
    }
}

fn query_language(value: Written) -> Option<QueryLanguage> {
    match value.str("QueryLanguage")? {
        "JSONata" => Some(QueryLanguage::Jsonata),
        "JSONPath" => Some(QueryLanguage::JsonPath),
        _ => None,
    }
}

fn scope(value: Written, language: QueryLanguage) -> Option<Scope> {
    let start_at = text(value, "StartAt")?;
    let states = value.get("States").filter(|states| states.value.is_object())?;
    let states: IndexMap<String, State> =
        states.members().filter_map(|(name, value)| Some((name.clone(), state(name, value, language)?))).collect();
    Some(Scope { start_at, states })
}

fn state(name: &str, value: Written, machine_language: QueryLanguage) -> Option<State> {
    let language = query_language(value).unwrap_or(machine_language);
    let kind = match value.str("Type")? {
        "Task" => StateKind::Task(task(value)),
        "Pass" => StateKind::Pass,
        "Choice" => StateKind::Choice(choice(value)),
        "Wait" => StateKind::Wait(pause(value)),
        "Succeed" => StateKind::Succeed,
        "Fail" => StateKind::Fail(Failure {
            error: first_text(value, &["Error", "ErrorPath"]),
            cause: first_text(value, &["Cause", "CausePath"]),
        }),
        "Parallel" => {
            StateKind::Parallel(value.list("Branches").filter_map(|branch| scope(branch, machine_language)).collect())
        }
        "Map" => StateKind::Map(map(value, machine_language)),
        _ => return None,
    };
    let transition = match text(value, "Next") {
        Some(next) => Some(Transition::Next(next)),
        None => value.value.get("End").and_then(Value::as_bool).filter(|end| *end).map(|_| Transition::End),
    };
    Some(State {
        name: name.to_owned(),
        comment: text(value, "Comment"),
        query_language: language,
        kind,
        transition,
        retry: value.list("Retry").map(retrier).collect(),
        catch: value.list("Catch").filter_map(catcher).collect(),
    })
}

fn task(value: Written) -> Task {
    Task {
        resource: text(value, "Resource").unwrap_or_default(),
        parameters: value.get("Arguments").or_else(|| value.get("Parameters")).map(|found| found.value.clone()),
        timeout: amount(value, &["TimeoutSeconds", "TimeoutSecondsPath"]),
        heartbeat: amount(value, &["HeartbeatSeconds", "HeartbeatSecondsPath"]),
        credentials: value.value.get("Credentials").cloned(),
    }
}

fn choice(value: Written) -> Choice {
    let rules = value
        .list("Choices")
        .filter_map(|rule| Some(ChoiceRule { summary: summarise(rule), next: text(rule, "Next")? }))
        .collect();
    Choice { rules, default: text(value, "Default") }
}

fn pause(value: Written) -> Pause {
    match amount(value, &["Seconds", "SecondsPath"]) {
        Some(seconds) => Pause::Seconds(seconds),
        None => first_text(value, &["Timestamp", "TimestampPath"]).map_or(Pause::Unknown, Pause::Until),
    }
}

fn map(value: Written, language: QueryLanguage) -> Map {
    let body = value.get("ItemProcessor").or_else(|| value.get("Iterator"));
    let mode = body.and_then(|body| body.value.pointer("/ProcessorConfig/Mode")).and_then(Value::as_str);
    Map {
        processor: body
            .and_then(|body| scope(body, language))
            .unwrap_or_else(|| Scope { start_at: String::new(), states: IndexMap::new() }),
        mode: if mode == Some("DISTRIBUTED") { MapMode::Distributed } else { MapMode::Inline },
        max_concurrency: amount(value, &["MaxConcurrency", "MaxConcurrencyPath"]),
        items: first_text(value, &["Items", "ItemsPath"]),
        label: text(value, "Label"),
    }
}

fn error_names(value: Written) -> Vec<String> {
    value.list("ErrorEquals").filter_map(|name| name.value.as_str()).map(str::to_owned).collect()
}

fn retrier(value: Written) -> Retrier {
    let number = |key: &str| value.value.get(key).and_then(Value::as_f64);
    // A whole number, however it is written: `5.0` is one.
    let attempts =
        number("MaxAttempts").filter(|attempts| attempts.fract() == 0.0).map_or(3, |attempts| attempts as u64);
    Retrier {
        errors: error_names(value),
        interval_seconds: number("IntervalSeconds").unwrap_or(1.0),
        max_attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        backoff_rate: number("BackoffRate").unwrap_or(2.0),
        max_delay_seconds: number("MaxDelaySeconds"),
        has_jitter: value.value.get("JitterStrategy").and_then(Value::as_str) == Some("FULL"),
    }
}

fn catcher(value: Written) -> Option<Catcher> {
    Some(Catcher { errors: error_names(value), next: text(value, "Next")? })
}
