//! The typed model of a definition: what the drawings, the diagnostics and the inbox need to know about it.
//!
//! The model is lenient: it holds whatever of a definition can be understood, so that a definition with a mistake can
//! still be drawn. [`crate::parse()`] decides whether a definition may run. The interpreter compiles its own
//! program from [`Machine::source`].

mod build;
mod flow;
mod summary;

pub use flow::Course;

use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// The language of a state's expressions.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueryLanguage {
    #[default]
    #[serde(rename = "JSONPath")]
    JsonPath,
    #[serde(rename = "JSONata")]
    Jsonata,
}

/// The types of machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MachineType {
    Standard,
    Express,
}

/// A whole definition.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// The definition as JSON, with the order of its keys.
    pub source: Arc<Value>,
    pub comment: Option<String>,
    pub start_at: String,
    pub query_language: QueryLanguage,
    /// Seconds after which the whole execution times out.
    pub timeout_seconds: Option<u64>,
    /// The states of the top scope, in the order of the definition.
    pub states: IndexMap<String, State>,
}

/// States that transition among themselves: the body of a Map or one branch of a Parallel.
#[derive(Debug, Clone, PartialEq)]
pub struct Scope {
    pub start_at: String,
    pub states: IndexMap<String, State>,
}

/// One state.
#[derive(Debug, Clone, PartialEq)]
pub struct State {
    pub name: String,
    pub comment: Option<String>,
    /// The state's own language or, without one, the machine's.
    pub query_language: QueryLanguage,
    pub kind: StateKind,
    /// The transition. `None` for Choice, Succeed and Fail, which have no `Next` or `End`.
    pub transition: Option<Transition>,
    pub retry: Vec<Retrier>,
    pub catch: Vec<Catcher>,
}

/// What follows a state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Transition {
    Next(String),
    End,
}

/// The eight types of state.
#[derive(Debug, Clone, PartialEq)]
pub enum StateKind {
    Task(Task),
    Pass,
    Choice(Choice),
    Wait(Pause),
    Succeed,
    Fail(Failure),
    Parallel(Vec<Scope>),
    Map(Map),
}

/// A Task state.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub resource: String,
    /// `Parameters` (JSONPath) or `Arguments` (JSONata).
    pub parameters: Option<Value>,
    pub timeout: Option<Amount>,
    pub heartbeat: Option<Amount>,
    pub credentials: Option<Value>,
}

/// A Choice state.
#[derive(Debug, Clone, PartialEq)]
pub struct Choice {
    pub rules: Vec<ChoiceRule>,
    pub default: Option<String>,
}

/// One rule of a Choice state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChoiceRule {
    /// The condition for people: `$.amount > 1000`.
    pub summary: String,
    pub next: String,
}

/// What a Wait state waits for.
#[derive(Debug, Clone, PartialEq)]
pub enum Pause {
    /// `Seconds` or `SecondsPath`.
    Seconds(Amount),
    /// `Timestamp` or `TimestampPath`: a fixed moment or an expression.
    Until(String),
    /// The definition has neither.
    Unknown,
}

/// A Fail state, with its error and cause as the definition has them (a text, a path or an expression).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Failure {
    pub error: Option<String>,
    pub cause: Option<String>,
}

/// A Map state.
#[derive(Debug, Clone, PartialEq)]
pub struct Map {
    pub processor: Scope,
    pub mode: MapMode,
    pub max_concurrency: Option<Amount>,
    /// `ItemsPath` or `Items`, as text.
    pub items: Option<String>,
    pub label: Option<String>,
}

/// How a Map state runs its iterations.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum MapMode {
    /// Within the execution.
    #[default]
    Inline,
    /// As child executions of a Map Run.
    Distributed,
}

/// A number, or the path or expression that yields it.
#[derive(Debug, Clone, PartialEq)]
pub enum Amount {
    /// The number, and the digits that the definition has for it.
    Number {
        value: f64,
        text: String,
    },
    Expression(String),
}

/// One entry of `Retry`.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrier {
    pub errors: Vec<String>,
    pub interval_seconds: f64,
    pub max_attempts: u32,
    pub backoff_rate: f64,
    pub max_delay_seconds: Option<f64>,
    /// Whether the delay is drawn by lot, up to the one computed.
    pub has_jitter: bool,
}

/// One entry of `Catch`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catcher {
    pub errors: Vec<String>,
    pub next: String,
}

impl Machine {
    /// The state of this name, at whatever depth. Names are unique in a whole definition.
    pub fn state(&self, name: &str) -> Option<&State> {
        self.states.get(name).or_else(|| self.all_states().into_iter().find(|state| state.name == name))
    }

    /// Every state, each before those inside it, in the order of the definition.
    pub fn all_states(&self) -> Vec<&State> {
        let mut found = Vec::new();
        collect(&self.states, &mut found);
        found
    }
}

impl State {
    /// The scopes inside this state: the branches of a Parallel, the body of a Map.
    pub fn scopes(&self) -> &[Scope] {
        match &self.kind {
            StateKind::Parallel(branches) => branches,
            StateKind::Map(map) => std::slice::from_ref(&map.processor),
            _ => &[],
        }
    }

    /// Every state inside this one, at whatever depth, each before those inside it.
    pub fn inside(&self) -> Vec<&State> {
        let mut found = Vec::new();
        for scope in self.scopes() {
            collect(&scope.states, &mut found);
        }
        found
    }

    /// The name of the state's type as the language writes it.
    pub fn type_name(&self) -> &'static str {
        match self.kind {
            StateKind::Task(_) => "Task",
            StateKind::Pass => "Pass",
            StateKind::Choice(_) => "Choice",
            StateKind::Wait(_) => "Wait",
            StateKind::Succeed => "Succeed",
            StateKind::Fail(_) => "Fail",
            StateKind::Parallel(_) => "Parallel",
            StateKind::Map(_) => "Map",
        }
    }
}

/// The expression within `{% %}`, where the whole text is one.
pub(crate) fn template(text: &str) -> Option<&str> {
    Some(text.trim().strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

fn collect<'a>(states: &'a IndexMap<String, State>, found: &mut Vec<&'a State>) {
    for state in states.values() {
        found.push(state);
        for scope in state.scopes() {
            collect(&scope.states, found);
        }
    }
}
