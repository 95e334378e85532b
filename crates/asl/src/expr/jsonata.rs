//! JSONata as Step Functions configures it: `{% %}` marks an expression, `$states` and the variables are bound,
//! `$partition`, `$range`, `$hash`, `$random`, `$uuid` and `$parse` are added, `$eval` is taken away.
//!
//! Evaluation is bounded in depth, in the length of sequences, in time, and in the size of its result. What these limits
//! cannot hold, an enormous value on the way, is held by a [`Sandbox`]: it gets every expression that is not
//! [tame](super::tame).

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Number, Value};

use super::jsonata_errors::worded;
use super::jsonata_reads::Reads;
use super::references::{self, Reference};
use super::sandbox::Request;
use super::{Environment, SPENT, jsonata_functions, jsonata_regex, jsonata_version, reading, tame};

/// Deepest evaluation; about 500 nested calls that are not tail calls.
const STACK: usize = 1_500;
/// Longest sequence that an expression may build where nothing holds its memory, and where a sandbox does: as long as the
/// language lets a range be.
const SEQUENCE: usize = 200_000;
const RANGE: usize = 10_000_000;
/// How long an expression may take, in milliseconds.
pub const PATIENCE: u64 = 800;
/// Largest result, roughly in bytes: far above what a state may hold, so that the state's own limit is what is met.
const RESULT: usize = 16 * 1024 * 1024;
/// Parsed expressions kept by each thread, in bytes of their text. Their trees take some fifty times as much.
const CACHE: usize = 256 * 1024;

/// Why an expression gave nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum JsonataError {
    /// The expression evaluated to nothing, which is no JSON value.
    #[error("returned nothing (undefined).")]
    Undefined,
    /// The result is a function or another value that JSON does not have.
    #[error("returned an unsupported result type.")]
    NotJson,
    /// The evaluator's error: a code such as `T2001`, and its text.
    #[error("threw an error during evaluation. {0}")]
    Failed(String),
    /// Its calls went too deep.
    #[error(
        "threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. Consider rewriting as tail-recursive."
    )]
    Overflow,
    /// It was given up.
    #[error(
        "was stopped during evaluation. It took longer than {PATIENCE} milliseconds, or more memory than there is for one expression."
    )]
    Stopped,
}

/// The expression within `{% %}`, where the whole text is one: spaces around it make it plain text.
pub fn template(text: &str) -> Option<&str> {
    Some(text.strip_prefix("{%")?.strip_suffix("%}")?.trim())
}

/// Checks an expression's syntax (without the `{% %}`), for the validation of definitions.
///
/// # Errors
/// What is wrong with it.
pub fn check(expression: &str) -> Result<(), String> {
    jsonata_version::check(&parsed(expression)?.node)
}

/// Checks an expression's syntax, and finds what it reads that a workflow does not have.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn references(expression: &str) -> Result<Vec<Reference>, String> {
    Ok(references::find(&parsed(expression)?.node))
}

/// An expression that was parsed.
struct Parsed {
    node: AstNode,
    /// What is evaluated, where it is not the same.
    evaluated: Option<AstNode>,
    /// Its work, where it is tame.
    work: Option<usize>,
    reads: Reads,
}

impl Parsed {
    fn evaluated(&self) -> &AstNode {
        self.evaluated.as_ref().unwrap_or(&self.node)
    }
}

/// What has been parsed, and how long its texts are together.
#[derive(Default)]
struct Cache {
    parsed: HashMap<String, Rc<Parsed>>,
    size: usize,
}

thread_local! {
    /// Parsing is the expensive step and gives the same tree each time. The tree is not `Send`.
    static CACHED: RefCell<Cache> = RefCell::default();
}

fn parsed(expression: &str) -> Result<Rc<Parsed>, String> {
    if let Some(found) = CACHED.with_borrow(|cache| cache.parsed.get(expression).cloned()) {
        return Ok(found);
    }
    let jsonata_regex::Parsed { node, evaluated } = jsonata_regex::parse(expression)?;
    let found = Rc::new(Parsed { work: tame::work(&node), reads: Reads::of(&node), node, evaluated });
    if expression.len() <= CACHE {
        CACHED.with_borrow_mut(|cache| {
            if cache.size + expression.len() > CACHE {
                *cache = Cache::default();
            }
            cache.size += expression.len();
            cache.parsed.insert(expression.to_owned(), Rc::clone(&found));
        });
    }
    Ok(found)
}

/// Evaluates an expression (without the `{% %}`). `states` is what `$states` gives besides the context:
/// `input`, `result`, `errorOutput`. `variables` names those that the expression may see.
///
/// # Errors
/// See [`JsonataError`].
pub fn evaluate(
    expression: &str,
    states: &[(&str, &Value)],
    variables: &mut dyn Iterator<Item = (&str, &Value)>,
    environment: &dyn Environment,
) -> Result<Value, JsonataError> {
    let parsed = parsed(expression).map_err(JsonataError::Failed)?;
    let (now, seed) = (environment.now(), environment.random());
    if let Some(value) = named(expression, states, environment) {
        return Ok(value.clone());
    }
    let states = parsed.reads.states(|names| given(names, states, environment));
    let variables: Vec<_> = variables.filter(|(name, _)| parsed.reads.has(name)).collect();
    let all = |count: fn(&Value) -> usize| {
        states.as_ref().map_or(0, |states| states.sum(count))
            + variables.iter().map(|(_, value)| count(value)).sum::<usize>()
    };
    if !environment.spend(all(reading)) {
        return Err(JsonataError::Failed(SPENT.to_owned()));
    }
    let is_tame = parsed.work.is_some_and(|work| tame::fits(work, all(tame::parts)));
    if let (false, Some(sandbox)) = (is_tame, environment.sandbox()) {
        let states =
            states.map(|states| states.made(&Value::clone, &|fields| Value::Object(fields.into_iter().collect())));
        let variables = variables.into_iter().map(|(name, value)| (name.to_owned(), value.clone()));
        let bound = variables.chain(states.map(|states| ("states".to_owned(), states))).collect();
        let expression = expression.to_owned();
        return sandbox.evaluate(&Request { expression, bound, now, seed, patience: PATIENCE });
    }
    let mut context = Context::new();
    if let Some(states) = states {
        context.bind("states".to_owned(), states.made(&from_json, &JValue::object));
    }
    for (name, value) in variables {
        context.bind(name.to_owned(), from_json(value));
    }
    // A tame one ends soon; where the machine is busy, it must not end otherwise than in a replay.
    let patience = if is_tame { PATIENCE * 10 } else { PATIENCE };
    let moment = Moment { now, seed, patience, depth: STACK, sequence: SEQUENCE };
    run(parsed.evaluated(), context, &JValue::Undefined, moment)
}

/// What `$states` leads to along names, as far as it is led to without looking into it.
fn given<'a>(
    names: &[&str],
    states: &[(&str, &'a Value)],
    environment: &'a dyn Environment,
) -> Option<(&'a Value, usize)> {
    let (first, rest) = names.split_first()?;
    if *first == "context" {
        let (value, taken) = environment.context_at(rest);
        return Some((value, taken + 1));
    }
    states.iter().find(|(name, _)| name == first).map(|(_, value)| (*value, 1))
}

/// What an expression names that is no more than a way through objects: `$states.input.order.id`. The value is taken as
/// it is, so that long integers keep all their digits.
fn named<'a>(expression: &str, states: &[(&str, &'a Value)], environment: &'a dyn Environment) -> Option<&'a Value> {
    let mut names = expression.strip_prefix('$')?.split('.');
    let (variable, names) = (names.next()?, names.collect::<Vec<_>>());
    let (mut at, taken) = match variable {
        "states" => given(&names, states, environment)?,
        _ => (environment.variable(variable)?, 0),
    };
    for name in &names[taken..] {
        let plain = name.bytes().all(|b| b.is_ascii_alphabetic() || b == b'_');
        at = at.as_object()?.get(*name).filter(|_| plain && !matches!(*name, "true" | "false" | "null"))?;
    }
    Some(at)
}

/// Evaluates what a sandbox was asked, here and now, within every limit but that of memory.
///
/// # Errors
/// See [`JsonataError`].
pub fn evaluate_here(request: &Request) -> Result<Value, JsonataError> {
    let parsed = parsed(&request.expression).map_err(JsonataError::Failed)?;
    let mut context = Context::new();
    for (name, value) in &request.bound {
        context.bind(name.clone(), from_json(value));
    }
    let Request { now, seed, patience, .. } = *request;
    run(parsed.evaluated(), context, &JValue::Undefined, Moment { now, seed, patience, depth: STACK, sequence: RANGE })
}

/// What an evaluation gets of time and chance, and its limits.
struct Moment {
    now: i64,
    seed: u64,
    patience: u64,
    depth: usize,
    sequence: usize,
}

/// Evaluates with everything bound, within the limits.
fn run(node: &AstNode, context: Context, data: &JValue, moment: Moment) -> Result<Value, JsonataError> {
    let options = EvaluatorOptions {
        timeout_ms: Some(moment.patience),
        cancel: None,
        max_stack_depth: Some(moment.depth),
        max_sequence_length: Some(moment.sequence),
    };
    let mut evaluator = Evaluator::with_options(context, options);
    jsonata_functions::register(&mut evaluator, moment.now, moment.seed);
    jsonata_regex::register(&mut evaluator);
    let result = evaluator.evaluate(node, data).map_err(|error| match error.message() {
        message if message.starts_with(OUT_OF_TIME) => JsonataError::Stopped,
        message if TOO_DEEP.iter().any(|code| message.starts_with(code)) => JsonataError::Overflow,
        message => JsonataError::Failed(worded(message, node, &mut |part| {
            evaluator.evaluate(part, data).map_err(|error| error.message().to_owned())
        })),
    })?;
    if result.is_undefined() {
        return Err(JsonataError::Undefined);
    }
    to_json(&result, 0, &mut RESULT.clone())
}

/// The codes of the evaluator's errors when the time was over, and when the calls went too deep.
const OUT_OF_TIME: &str = "D1012";
const TOO_DEEP: [&str; 2] = ["D1011", "U1001"];

pub(super) fn from_json(value: &Value) -> JValue {
    match value {
        Value::Null => JValue::Null,
        Value::Bool(b) => JValue::Bool(*b),
        Value::Number(n) => JValue::Number(n.as_f64().unwrap_or(0.0)),
        Value::String(s) => JValue::string(s.as_str()),
        Value::Array(items) => JValue::array(items.iter().map(from_json).collect()),
        Value::Object(object) => JValue::object(object.iter().map(|(k, v)| (k.clone(), from_json(v))).collect()),
    }
}

/// Deepest result that is taken: deeper ones would not survive JSON parsers either.
const DEPTH: usize = 120;

/// The result as JSON. Values that share their memory do not any more: `room` bounds the whole.
fn to_json(value: &JValue, depth: usize, room: &mut usize) -> Result<Value, JsonataError> {
    if depth > DEPTH {
        return Err(JsonataError::Failed(format!("The result nests deeper than {DEPTH} levels.")));
    }
    take(room, size_of::<Value>())?;
    if let Some(items) = value.as_array() {
        return items
            .iter()
            .filter(|item| !item.is_undefined())
            .map(|item| to_json(item, depth + 1, room))
            .collect::<Result<Vec<_>, _>>()
            .map(Value::Array);
    }
    if let Some(fields) = value.as_object() {
        let mut object = Map::new();
        for (name, value) in fields.iter().filter(|(_, value)| !value.is_undefined()) {
            take(room, name.len())?;
            object.insert(name.clone(), to_json(value, depth + 1, room)?);
        }
        return Ok(Value::Object(object));
    }
    match value {
        JValue::Null => Ok(Value::Null),
        JValue::Bool(b) => Ok(Value::Bool(*b)),
        JValue::Number(n) => Ok(number(*n)),
        JValue::String(s) => {
            take(room, s.len())?;
            Ok(Value::String(s.to_string()))
        }
        _ => Err(JsonataError::NotJson),
    }
}

fn take(room: &mut usize, bytes: usize) -> Result<(), JsonataError> {
    *room = room
        .checked_sub(bytes)
        .ok_or_else(|| JsonataError::Failed(format!("The result is larger than {RESULT} bytes.")))?;
    Ok(())
}

fn number(n: f64) -> Value {
    // Whole numbers print without a fraction as long as they are exact.
    if n.fract() == 0.0 && n.abs() <= 9_007_199_254_740_992.0 {
        return Value::from(n as i64);
    }
    // JSON has no other numbers: the service writes their names.
    Number::from_f64(n).map_or_else(|| Value::from(unbounded(n)), Value::Number)
}

fn unbounded(n: f64) -> &'static str {
    match n {
        f64::INFINITY => "Infinity",
        f64::NEG_INFINITY => "-Infinity",
        _ => "NaN",
    }
}

#[cfg(test)]
mod tests;
