//! What expressions see of an execution: input, variables and the context object (`$$`, `$states.context`).

use std::cell::{Cell, OnceCell};
use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_asl::expr::Environment;
use countersign_asl::expr::sandbox::Sandbox;
use serde_json::{Value, json};

use crate::StartParams;
use crate::failure::Failure;
use crate::ids::ChildIndex;
use crate::meter::Meter;
use crate::timestamp;

/// Variables by name. An inner scope gets a copy of the handle, so its assignments stay inside.
pub(crate) type Variables = Arc<BTreeMap<String, Arc<Value>>>;

/// What the context object says of the current state and item.
#[derive(Debug, Clone, Default)]
pub(crate) struct Situation {
    pub state: Arc<str>,
    /// Milliseconds since the epoch.
    pub entered_at: i64,
    pub retry_count: u32,
    /// Whether this type of state can be retried: only then does the context object have `RetryCount`.
    pub retries: bool,
    pub token: Option<String>,
    /// `$$.Map.Item`, inside an item processor and its selector.
    pub item: Option<Item>,
    pub redrives: u64,
    /// Milliseconds since the epoch, once it was redriven.
    pub redriven_at: Option<i64>,
    /// Set in a child of a distributed map, which is an execution of its own.
    pub child: Option<Arc<ChildIdentity>>,
}

/// An item of a Map state.
#[derive(Debug, Clone)]
pub(crate) struct Item {
    pub index: ChildIndex,
    pub value: Arc<Value>,
    /// The URI of the object that holds the item; `None` if the item comes from the state's input.
    pub source: Option<Arc<str>>,
}

/// The identity of a child execution.
#[derive(Debug)]
pub(crate) struct ChildIdentity {
    pub arn: String,
    pub name: String,
    pub input: Arc<Value>,
    pub started_at: i64,
}

/// How many bytes the expressions of one moment may produce: far more than a payload, so that the payload's own limit
/// is reached first.
pub(crate) const ROOM: usize = 64 * 1024 * 1024;

/// One moment of a state: implements [`Environment`] for the expression languages.
pub(crate) struct View<'a> {
    pub params: &'a StartParams,
    pub execution_input: &'a Value,
    /// `$` of JSONPath.
    pub input: &'a Value,
    /// `$states.input`.
    pub state_input: &'a Value,
    /// `$states.result`.
    pub result: Option<&'a Value>,
    /// `$states.errorOutput`.
    pub error_output: Option<&'a Value>,
    pub assigned: &'a Variables,
    pub situation: &'a Situation,
    pub chance: &'a Cell<u64>,
    pub now: i64,
    /// A test of one state has no redrives.
    pub testing: bool,
    pub meter: Option<&'a Meter>,
    /// What remains of [`ROOM`].
    pub room: Cell<usize>,
    /// The whole context object, built on first use.
    pub context: OnceCell<Value>,
    /// The context object without the execution's input and the item.
    pub outline: OnceCell<Value>,
}

impl<'a> View<'a> {
    /// `$states` besides the context.
    pub fn states(&self) -> Vec<(&'static str, &Value)> {
        let mut bound = vec![("input", self.state_input)];
        bound.extend(self.result.map(|v| ("result", v)));
        bound.extend(self.error_output.map(|v| ("errorOutput", v)));
        bound
    }

    /// Every variable in scope.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.assigned.iter().map(|(name, value)| (name.as_str(), value.as_ref()))
    }

    /// Takes the size of a produced value from [`ROOM`].
    ///
    /// # Errors
    /// Not enough is left.
    pub fn pay(&self, bytes: usize) -> Result<(), Failure> {
        let cause = || format!("The expressions of the state make more than {ROOM} bytes.");
        if self.spend(bytes) { Ok(()) } else { Err(Failure::runtime(cause())) }
    }

    /// `$$.Execution.Input`.
    fn execution_input(&self) -> &Value {
        self.situation.child.as_ref().map_or(self.execution_input, |child| &child.input)
    }

    fn build(&self, whole: bool) -> Value {
        let large = |value: &Value| if whole { value.clone() } else { Value::Null };
        let (params, situation) = (self.params, self.situation);
        let (id, name, started_at) = match &situation.child {
            Some(child) => (&child.arn, &child.name, child.started_at),
            None => (&params.execution_arn, &params.name, params.start_at),
        };
        let mut context = json!({
            "Execution": {
                "Id": id,
                "Input": large(self.execution_input()),
                "Name": name,
                "RoleArn": params.role_arn,
                "StartTime": timestamp::format(started_at),
            },
            "StateMachine": { "Id": params.state_machine_arn, "Name": params.state_machine_name },
        });
        if !self.testing {
            context["Execution"]["RedriveCount"] = situation.redrives.into();
        }
        if let Some(at) = situation.redriven_at {
            context["Execution"]["RedriveTime"] = timestamp::format(at).into();
        }
        if !situation.state.is_empty() {
            context["State"] = json!({
                "EnteredTime": timestamp::format(situation.entered_at),
                "Name": situation.state.as_ref(),
            });
            if situation.retries {
                context["State"]["RetryCount"] = situation.retry_count.into();
            }
        }
        if let Some(item) = &situation.item {
            let source = item.source.as_deref().unwrap_or("STATE_DATA");
            context["Map"] =
                json!({ "Item": { "Index": item.index.number(), "Value": large(&item.value), "Source": source } });
        }
        if let Some(token) = &situation.token {
            context["Task"] = json!({ "Token": token });
        }
        context
    }
}

impl Environment for View<'_> {
    fn input(&self) -> &Value {
        self.input
    }
    fn context(&self) -> &Value {
        self.context.get_or_init(|| self.build(true))
    }
    fn context_at(&self, names: &[&str]) -> (&Value, usize) {
        let small = || self.outline.get_or_init(|| self.build(false));
        match (self.context.get(), names, &self.situation.item) {
            (Some(whole), ..) => (whole, 0),
            (None, ["Execution", "Input", ..], _) => (self.execution_input(), 2),
            (None, ["Map", "Item", "Value", ..], Some(item)) => (&item.value, 3),
            (None, ["Execution", _, ..] | ["Map", "Item", _, ..] | ["StateMachine" | "State" | "Task", ..], _) => {
                (small(), 0)
            }
            _ => (self.context(), 0),
        }
    }
    fn variable(&self, name: &str) -> Option<&Value> {
        self.assigned.get(name).map(AsRef::as_ref)
    }
    fn random(&self) -> u64 {
        next_random(self.chance)
    }
    fn now(&self) -> i64 {
        self.now
    }
    fn spend(&self, bytes: usize) -> bool {
        let left = self.room.get().checked_sub(bytes);
        self.room.set(left.unwrap_or(0));
        left.is_some()
    }
    fn sandbox(&self) -> Option<&dyn Sandbox> {
        self.meter.map(|meter| meter as &dyn Sandbox)
    }
}

/// SplitMix64 over the execution's seed: the only source of chance.
pub(crate) fn next_random(state: &Cell<u64>) -> u64 {
    state.set(state.get().wrapping_add(0x9e37_79b9_7f4a_7c15));
    let mut z = state.get();
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
