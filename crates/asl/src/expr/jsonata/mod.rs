//! JSONata as Step Functions configures it: `{% %}` marks an expression, `$states` and the variables are bound,
//! `$partition`, `$range`, `$hash`, `$random`, `$uuid` and `$parse` are added, and `$eval` is removed.
//!
//! Evaluation has limits of depth, of the length of sequences, of time, and of the size of the result. These limits cannot
//! bound an enormous intermediate value, so every expression that is not tame (bounded by its shape) is evaluated in a
//! [`Sandbox`](sandbox::Sandbox).

mod cache;
mod errors;
mod functions;
mod reads;
mod regex;
pub mod sandbox;
mod syntax;
mod tame;
pub(super) mod tree;
mod value;
mod version;

use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorOptions};
use jsonata_core::value::JValue;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::references::{self, Reference};
use super::{Environment, SPENT, reading};
use cache::parsed;
use errors::worded;
use sandbox::Request;
use value::from_json;

/// Deepest evaluation; about 500 nested calls that are not tail calls.
const STACK: usize = 1_500;
/// The longest sequence that an expression may build without a sandbox, and in one, where it is the longest range of the
/// language.
const SEQUENCE: usize = 200_000;
const RANGE: usize = 10_000_000;
/// How long an expression may take, in milliseconds.
pub const PATIENCE: u64 = 800;

/// Why an expression has no value.
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
    /// It exceeded its time or its memory and was stopped.
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
    version::check(&parsed(expression)?.node)
}

/// Checks an expression's syntax, and returns what it reads that a workflow does not have.
///
/// # Errors
/// What is wrong with it.
pub(crate) fn references(expression: &str) -> Result<Vec<Reference>, String> {
    Ok(references::find(&parsed(expression)?.node))
}

/// Evaluates an expression (without the `{% %}`). `states` are the fields of `$states` besides the context:
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
    // A tame expression ends soon. On a busy machine it must not time out where a replay would not.
    let patience = if is_tame { PATIENCE * 10 } else { PATIENCE };
    let settings = EvaluationSettings { now, seed, patience, depth: STACK, sequence: SEQUENCE };
    run(parsed.evaluated(), context, &JValue::Undefined, settings)
}

/// The value of `$states` at the first of the names, and how many names lead to it.
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

/// The value of an expression that is only a path through objects: `$states.input.order.id`. The value is used as it is,
/// so that long integers keep all their digits.
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

/// Evaluates a sandbox's request in this process, within every limit except that of memory.
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
    run(
        parsed.evaluated(),
        context,
        &JValue::Undefined,
        EvaluationSettings { now, seed, patience, depth: STACK, sequence: RANGE },
    )
}

/// The clock, the seed and the limits of one evaluation.
struct EvaluationSettings {
    now: i64,
    seed: u64,
    patience: u64,
    depth: usize,
    sequence: usize,
}

/// Evaluates an expression whose variables are bound.
fn run(node: &AstNode, context: Context, data: &JValue, settings: EvaluationSettings) -> Result<Value, JsonataError> {
    let options = EvaluatorOptions {
        timeout_ms: Some(settings.patience),
        cancel: None,
        max_stack_depth: Some(settings.depth),
        max_sequence_length: Some(settings.sequence),
    };
    let mut evaluator = Evaluator::with_options(context, options);
    functions::register(&mut evaluator, settings.now, settings.seed);
    regex::register(&mut evaluator);
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
    value::to_json(&result)
}

/// The codes of the evaluator's errors when the time was over, and when the calls went too deep.
const OUT_OF_TIME: &str = "D1012";
const TOO_DEEP: [&str; 2] = ["D1011", "U1001"];

#[cfg(test)]
mod tests;
