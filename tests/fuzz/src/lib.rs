//! What the fuzz targets share: an environment for expressions, inputs of several lines, and a mutation of JSON.
//!
//! A target's input is a text of lines, so that a finding can be read and written by hand.

pub mod mutate;

use std::cell::Cell;
use std::time::Duration;

use countersign_asl::expr::Environment;
use countersign_asl::expr::jsonata::JsonataError;
use countersign_asl::expr::sandbox::{Request, Sandbox};
use rustix::time::{ClockId, clock_gettime};
use serde_json::{Map, Value, json};

/// How long anything may take that is done in place.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// Runs a part of a target that has to end soon.
///
/// # Panics
/// It took longer than [`PATIENCE`].
pub fn soon<T>(what: &str, work: impl FnOnce() -> T) -> T {
    within(PATIENCE, what, work)
}

/// Runs a part of a target that has to end in this time. It is the processor's time: the machine may have other work.
///
/// # Panics
/// It took longer.
pub fn within<T>(patience: Duration, what: &str, work: impl FnOnce() -> T) -> T {
    let begin = processor_time();
    let done = work();
    let took = processor_time().saturating_sub(begin);
    assert!(took < patience, "{what} took {took:?}");
    done
}

fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(u64::try_from(time.tv_sec).unwrap_or_default(), nanoseconds)
}

/// The first line of an input and the JSON of what follows.
pub fn line_and_json(data: &[u8]) -> Option<(&str, Value)> {
    let text = std::str::from_utf8(data).ok()?;
    let (line, rest) = text.split_once('\n').unwrap_or((text, ""));
    Some((line, serde_json::from_str(rest).unwrap_or_else(|_| sample())))
}

/// A value with something of every kind.
pub fn sample() -> Value {
    json!({
        "a": {"b": [1, -2.5, "x", null, true, {"c": "é"}]},
        "list": [{"id": 1, "name": "one", "price": 10}, {"id": 2, "name": "two", "price": 20.5}],
        "text": "some, text; with\nparts", "n": 3, "big": 9_007_199_254_740_993_i64, "empty": [], "nothing": {}
    })
}

/// What an expression sees.
pub struct World {
    input: Value,
    context: Value,
    variables: Map<String, Value>,
    count: Cell<u64>,
    refuse: Refuse,
}

/// Gives up every expression that may run away.
#[derive(Debug)]
pub struct Refuse;

impl Sandbox for Refuse {
    fn evaluate(&self, _: &Request) -> Result<Value, JsonataError> {
        Err(JsonataError::Stopped)
    }
}

impl World {
    /// A world around an input.
    pub fn new(input: Value) -> World {
        let mut variables = Map::new();
        variables.insert("v".to_owned(), input.clone());
        variables.insert("w".to_owned(), json!([1, "two", {"three": 3}]));
        World {
            input,
            context: json!({"Execution": {"Id": "arn:x"}, "Map": {"Item": {"Index": 1, "Value": "x"}}}),
            variables,
            count: Cell::new(0),
            refuse: Refuse,
        }
    }

    /// Every variable, for JSONata.
    pub fn variables(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.variables.iter().map(|(name, value)| (name.as_str(), value))
    }
}

impl Environment for World {
    fn input(&self) -> &Value {
        &self.input
    }
    fn context(&self) -> &Value {
        &self.context
    }
    fn variable(&self, name: &str) -> Option<&Value> {
        self.variables.get(name)
    }
    fn random(&self) -> u64 {
        self.count.set(self.count.get() + 1);
        self.count.get().wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
    fn now(&self) -> i64 {
        1_700_000_000_000
    }
    fn sandbox(&self) -> Option<&dyn Sandbox> {
        Some(&self.refuse)
    }
}
