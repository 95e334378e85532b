//! Every state of a definition with its surroundings.

use serde_json::{Map, Value};

use super::super::flow::{inner_scopes, state_place};
use crate::model::{MachineType, QueryLanguage};
use crate::resource::Resource;

/// A state with what is around it.
pub(super) struct StateAt<'a> {
    pub state: &'a Map<String, Value>,
    pub name: &'a str,
    /// Its path: `/States/Ship`.
    pub path: String,
    /// The states of its scope.
    pub siblings: &'a Map<String, Value>,
    pub language: QueryLanguage,
    /// It runs in an Express execution: the machine is one, or the children of a distributed Map are.
    pub express: bool,
    /// The retriers of the states around it: they repeat it too.
    pub retried_around: Vec<&'a Value>,
}

impl<'a> StateAt<'a> {
    /// Its type; empty where it has none.
    pub fn kind(&self) -> &'a str {
        self.state.get("Type").and_then(Value::as_str).unwrap_or_default()
    }

    /// What a Task calls.
    pub fn resource(&self) -> Option<Resource<'a>> {
        if self.kind() != "Task" {
            return None;
        }
        self.state.get("Resource").and_then(Value::as_str).and_then(Resource::read)
    }

    /// The entries of `Retry` or `Catch`.
    pub fn entries(&self, field: &str) -> &'a [Value] {
        self.state.get(field).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default()
    }

    /// A Map state whose iterations are executions of their own.
    pub fn is_distributed_map(&self) -> bool {
        self.kind() == "Map" && body(self.state).is_some_and(is_distributed)
    }
}

/// The body of a Map.
pub(super) fn body(map: &Map<String, Value>) -> Option<&Value> {
    map.get("ItemProcessor").or_else(|| map.get("Iterator"))
}

fn is_distributed(body: &Value) -> bool {
    body.pointer("/ProcessorConfig/Mode").is_some_and(|mode| mode == "DISTRIBUTED")
}

/// The errors that a retrier or catcher names.
pub(super) fn errors(entry: &Value) -> Vec<&str> {
    let names = entry.get("ErrorEquals").and_then(Value::as_array).into_iter().flatten();
    names.filter_map(Value::as_str).collect()
}

/// Every state of a definition, each before those inside it.
pub(super) fn states(definition: &Value, kind: Option<MachineType>) -> Vec<StateAt<'_>> {
    let around = Around {
        language: language(definition).unwrap_or_default(),
        express: kind == Some(MachineType::Express),
        retried: Vec::new(),
    };
    let mut found = Vec::new();
    scope(definition, "", &around, &mut found);
    found
}

struct Around<'a> {
    language: QueryLanguage,
    express: bool,
    retried: Vec<&'a Value>,
}

fn language(of: &Value) -> Option<QueryLanguage> {
    match of.get("QueryLanguage")?.as_str()? {
        "JSONata" => Some(QueryLanguage::Jsonata),
        "JSONPath" => Some(QueryLanguage::JsonPath),
        _ => None,
    }
}

fn scope<'a>(of: &'a Value, path: &str, around: &Around<'a>, found: &mut Vec<StateAt<'a>>) {
    let Some(states) = of.get("States").and_then(Value::as_object) else { return };
    for (name, state) in states {
        let Some(object) = state.as_object() else { continue };
        let at = StateAt {
            state: object,
            name,
            path: state_place(path, name),
            siblings: states,
            language: language(state).unwrap_or(around.language),
            express: around.express,
            retried_around: around.retried.clone(),
        };
        let retried = around.retried.iter().copied().chain(at.entries("Retry")).collect::<Vec<_>>();
        let inner = inner_scopes(state, &at.path);
        found.push(at);
        for (body, place) in inner {
            let express = if is_distributed(body) {
                body.pointer("/ProcessorConfig/ExecutionType").is_some_and(|kind| kind == "EXPRESS")
            } else {
                around.express
            };
            scope(body, &place, &Around { language: around.language, express, retried: retried.clone() }, found);
        }
    }
}
