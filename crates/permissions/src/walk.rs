//! The tasks and the distributed Map states of a definition.

use countersign_asl::QueryLanguage;
use serde_json::{Map, Value};

use crate::given::{Given, of};

/// A state that needs permissions.
pub(crate) struct StateAt<'a> {
    pub name: &'a str,
    pub state: &'a Map<String, Value>,
    pub language: QueryLanguage,
}

impl<'a> StateAt<'a> {
    /// Its parameters as a whole.
    pub fn parameters(&self) -> Given<'a> {
        self.parameters_of(self.state)
    }

    /// The parameters of a call that is part of the state, such as an `ItemReader`.
    pub fn parameters_of(&self, call: &'a Map<String, Value>) -> Given<'a> {
        let field = match self.language {
            QueryLanguage::JsonPath => "Parameters",
            QueryLanguage::Jsonata => "Arguments",
        };
        match call.get(field) {
            Some(value) => of(value, self.language),
            // Without parameters a state passes its input on, whatever it is.
            None if self.language == QueryLanguage::JsonPath => Given::Computed,
            None => Given::Absent,
        }
    }

    /// One of its parameters.
    pub fn parameter(&self, name: &str) -> Given<'a> {
        self.parameters().get(name, self.language)
    }
}

/// The Task states, in the order of the definition.
pub(crate) fn tasks(definition: &Value) -> Vec<StateAt<'_>> {
    let is_task = |state: &Map<String, Value>| state.get("Type").is_some_and(|kind| kind == "Task");
    states(definition).into_iter().filter(|at| is_task(at.state)).collect()
}

/// The distributed Map states.
pub(crate) fn maps(definition: &Value) -> Vec<StateAt<'_>> {
    let is_distributed = |state: &Map<String, Value>| {
        let body = state.get("ItemProcessor").or_else(|| state.get("Iterator"));
        body.and_then(|body| body.pointer("/ProcessorConfig/Mode")).is_some_and(|mode| mode == "DISTRIBUTED")
    };
    states(definition).into_iter().filter(|at| is_distributed(at.state)).collect()
}

fn states(definition: &Value) -> Vec<StateAt<'_>> {
    let mut found = Vec::new();
    scope(definition, language(definition).unwrap_or_default(), &mut found);
    found
}

fn language(of: &Value) -> Option<QueryLanguage> {
    match of.get("QueryLanguage")?.as_str()? {
        "JSONata" => Some(QueryLanguage::Jsonata),
        "JSONPath" => Some(QueryLanguage::JsonPath),
        _ => None,
    }
}

fn scope<'a>(of: &'a Value, around: QueryLanguage, found: &mut Vec<StateAt<'a>>) {
    for (name, state) in of.get("States").and_then(Value::as_object).into_iter().flatten() {
        let Some(object) = state.as_object() else { continue };
        found.push(StateAt { name, state: object, language: language(state).unwrap_or(around) });
        for branch in state.get("Branches").and_then(Value::as_array).into_iter().flatten() {
            scope(branch, around, found);
        }
        for body in ["ItemProcessor", "Iterator"].into_iter().filter_map(|field| state.get(field)) {
            scope(body, around, found);
        }
    }
}
