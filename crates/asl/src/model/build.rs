//! From JSON to the model. Lenient: a field of the wrong type counts as absent, a state without a known type is left out.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::summary::summarise;
use super::{
    Amount, Catcher, Choice, ChoiceRule, Failure, Machine, Map, MapMode, Pause, QueryLanguage, Retrier, Scope, State,
    StateKind, Task, Transition,
};

impl Machine {
    /// The model of a definition. `None` when it is not an object with `StartAt` and `States`.
    ///
    /// This does not judge the definition: [`crate::parse`] does.
    pub fn from_value(source: Value) -> Option<Machine> {
        let language = query_language(&source).unwrap_or_default();
        let scope = scope(&source, language)?;
        Some(Machine {
            comment: text(&source, "Comment"),
            start_at: scope.start_at,
            query_language: language,
            timeout_seconds: source.get("TimeoutSeconds").and_then(Value::as_u64),
            states: scope.states,
            source: Arc::new(source),
        })
    }
}

fn text(value: &Value, key: &str) -> Option<String> {
    value.get(key).and_then(Value::as_str).map(str::to_owned)
}

/// The first of the keys that is there, as text: literal texts as they are, other values as JSON.
fn first_text(value: &Value, keys: &[&str]) -> Option<String> {
    let found = keys.iter().find_map(|key| value.get(*key))?;
    Some(found.as_str().map_or_else(|| found.to_string(), str::to_owned))
}

fn amount(value: &Value, keys: &[&str]) -> Option<Amount> {
    match keys.iter().find_map(|key| value.get(*key))? {
        Value::Number(number) => number.as_f64().map(Amount::Number),
        Value::String(expression) => Some(Amount::Expression(expression.clone())),
        _ => None,
    }
}

fn query_language(value: &Value) -> Option<QueryLanguage> {
    match value.get("QueryLanguage")?.as_str()? {
        "JSONata" => Some(QueryLanguage::Jsonata),
        "JSONPath" => Some(QueryLanguage::JsonPath),
        _ => None,
    }
}

fn scope(value: &Value, language: QueryLanguage) -> Option<Scope> {
    let start_at = text(value, "StartAt")?;
    let states = value.get("States")?.as_object()?;
    let states: IndexMap<String, State> =
        states.iter().filter_map(|(name, value)| Some((name.clone(), state(name, value, language)?))).collect();
    Some(Scope { start_at, states })
}

fn state(name: &str, value: &Value, machine_language: QueryLanguage) -> Option<State> {
    let language = query_language(value).unwrap_or(machine_language);
    let kind = match value.get("Type")?.as_str()? {
        "Task" => StateKind::Task(task(value)),
        "Pass" => StateKind::Pass,
        "Choice" => StateKind::Choice(choice(value)),
        "Wait" => StateKind::Wait(pause(value)),
        "Succeed" => StateKind::Succeed,
        "Fail" => StateKind::Fail(Failure {
            error: first_text(value, &["Error", "ErrorPath"]),
            cause: first_text(value, &["Cause", "CausePath"]),
        }),
        "Parallel" => StateKind::Parallel(
            list(value, "Branches").iter().filter_map(|branch| scope(branch, machine_language)).collect(),
        ),
        "Map" => StateKind::Map(map(value, machine_language)),
        _ => return None,
    };
    let transition = match text(value, "Next") {
        Some(next) => Some(Transition::Next(next)),
        None => value.get("End").and_then(Value::as_bool).filter(|end| *end).map(|_| Transition::End),
    };
    Some(State {
        name: name.to_owned(),
        comment: text(value, "Comment"),
        query_language: language,
        kind,
        transition,
        retry: list(value, "Retry").iter().map(retrier).collect(),
        catch: list(value, "Catch").iter().filter_map(catcher).collect(),
    })
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn task(value: &Value) -> Task {
    Task {
        resource: text(value, "Resource").unwrap_or_default(),
        parameters: value.get("Arguments").or_else(|| value.get("Parameters")).cloned(),
        timeout: amount(value, &["TimeoutSeconds", "TimeoutSecondsPath"]),
        heartbeat: amount(value, &["HeartbeatSeconds", "HeartbeatSecondsPath"]),
        credentials: value.get("Credentials").cloned(),
    }
}

fn choice(value: &Value) -> Choice {
    let rules = list(value, "Choices")
        .iter()
        .filter_map(|rule| Some(ChoiceRule { summary: summarise(rule), next: text(rule, "Next")? }))
        .collect();
    Choice { rules, default: text(value, "Default") }
}

fn pause(value: &Value) -> Pause {
    match amount(value, &["Seconds", "SecondsPath"]) {
        Some(seconds) => Pause::Seconds(seconds),
        None => first_text(value, &["Timestamp", "TimestampPath"]).map_or(Pause::Unknown, Pause::Until),
    }
}

fn map(value: &Value, language: QueryLanguage) -> Map {
    let body = value.get("ItemProcessor").or_else(|| value.get("Iterator"));
    let mode = body.and_then(|body| body.pointer("/ProcessorConfig/Mode")).and_then(Value::as_str);
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

fn error_names(value: &Value) -> Vec<String> {
    list(value, "ErrorEquals").iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

fn retrier(value: &Value) -> Retrier {
    let number = |key: &str| value.get(key).and_then(Value::as_f64);
    let attempts = value.get("MaxAttempts").and_then(Value::as_u64).unwrap_or(3);
    Retrier {
        errors: error_names(value),
        interval_seconds: number("IntervalSeconds").unwrap_or(1.0),
        max_attempts: u32::try_from(attempts).unwrap_or(u32::MAX),
        backoff_rate: number("BackoffRate").unwrap_or(2.0),
        max_delay_seconds: number("MaxDelaySeconds"),
    }
}

fn catcher(value: &Value) -> Option<Catcher> {
    Some(Catcher { errors: error_names(value), next: text(value, "Next")? })
}
