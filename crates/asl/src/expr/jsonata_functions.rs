//! The functions that Step Functions adds to JSONata, and the ones that read clock or chance, made deterministic.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::parser;
use jsonata_core::value::JValue;

use super::functions::{digest, mix};
use super::{Environment, java};

type Answer = Result<JValue, EvaluatorError>;

/// Largest array that `$range` makes.
const RANGE: f64 = 100_000.0;

/// Registers every function on an evaluator. Registration fails only for names of compiled built-ins, which
/// none of these is.
pub(super) fn register(evaluator: &mut Evaluator, now: i64, seed: u64) {
    let chance = Rc::new(Chance(Cell::new(seed), now));
    let (random, uuid) = (Rc::clone(&chance), chance);
    let _ = evaluator.register_fn("partition", partition);
    let _ = evaluator.register_fn("range", range);
    let _ = evaluator.register_fn("hash", hash);
    let _ = evaluator.register_fn("parse", parse);
    let _ = evaluator.register_fn("uuid", move |args: &[JValue]| -> Answer {
        check("uuid", args, &[])?;
        Ok(JValue::from(super::uuid(|| uuid.random())))
    });
    let _ = evaluator.register_fn_override("random", move |args: &[JValue]| -> Answer {
        check("random", args, &[Kind::Number])?;
        let fraction = match whole(args, 0) {
            Some(seed) => java::seeded_fraction(seed as i64),
            None => (random.random() >> 11) as f64 / (1u64 << 53) as f64,
        };
        Ok(JValue::Number(fraction))
    });
    let _ = evaluator.register_fn_override("eval", |_: &[JValue]| -> Answer {
        Err(refused("T1006: Attempted to invoke a non-function"))
    });
    let _ = evaluator.register_fn_override("millis", move |_: &[JValue]| -> Answer { Ok(JValue::Number(now as f64)) });
    let _ = evaluator.register_fn_override("now", move |args: &[JValue]| -> Answer { now_as(now, args) });
}

/// Randomness for one expression.
struct Chance(Cell<u64>, i64);

impl Environment for Chance {
    fn input(&self) -> &serde_json::Value {
        &serde_json::Value::Null
    }
    fn context(&self) -> &serde_json::Value {
        &serde_json::Value::Null
    }
    fn variable(&self, _: &str) -> Option<&serde_json::Value> {
        None
    }
    fn random(&self) -> u64 {
        let next = mix(self.0.get());
        self.0.set(next);
        next
    }
    fn now(&self) -> i64 {
        self.1
    }
}

fn refused(text: &str) -> EvaluatorError {
    EvaluatorError::EvaluationError(text.to_owned())
}

/// What a function takes at one place.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Array,
    Number,
    Text,
}

/// Refuses arguments that do not match the function's signature, in the words of the language. What is undefined
/// matches everything: it makes the answer undefined.
fn check(function: &str, args: &[JValue], signature: &[Kind]) -> Result<(), EvaluatorError> {
    let fits = |(i, arg): (usize, &JValue)| match signature.get(i) {
        None => false,
        Some(_) if arg.is_undefined() => true,
        Some(Kind::Array) => arg.as_array().is_some(),
        Some(Kind::Number) => arg.as_f64().is_some(),
        Some(Kind::Text) => arg.as_str().is_some(),
    };
    match args.iter().enumerate().position(|arg| !fits(arg)) {
        None => Ok(()),
        Some(i) => Err(refused(&format!(
            "T0410: Argument {} of function \"{function}\" does not match function signature",
            i + 1
        ))),
    }
}

/// The whole part of a number, where it is given.
fn whole(args: &[JValue], i: usize) -> Option<f64> {
    args.get(i).and_then(JValue::as_f64).map(f64::trunc)
}

/// Without a size, one chunk; nothing of nothing, and nothing in chunks of no size.
fn partition(args: &[JValue]) -> Answer {
    check("partition", args, &[Kind::Array, Kind::Number])?;
    let items = args.first().and_then(JValue::as_array).map_or(&[][..], |items| items.as_slice());
    let size = whole(args, 1).unwrap_or(items.len() as f64);
    if items.is_empty() || size < 1.0 {
        return Ok(JValue::Undefined);
    }
    let parts = items.chunks(size as usize).map(|part| JValue::array(part.to_vec()));
    Ok(JValue::array(parts.collect()))
}

/// Nothing where a number is missing, or where the step leads away.
fn range(args: &[JValue]) -> Answer {
    check("range", args, &[Kind::Number; 3])?;
    let (Some(from), Some(to), Some(step)) = (whole(args, 0), whole(args, 1), whole(args, 2)) else {
        return Ok(JValue::Undefined);
    };
    let count = if step == 0.0 { 0.0 } else { ((to - from) / step).floor() + 1.0 };
    if count > RANGE {
        return Err(refused("D2014: The size of the sequence allocated by the function \"range\" is too large"));
    }
    let items = (0..count.max(0.0) as i64).map(|i| JValue::Number(from + i as f64 * step));
    // A sequence: a single number stands for itself.
    Ok(JValue::sequence(items.collect()))
}

fn hash(args: &[JValue]) -> Answer {
    check("hash", args, &[Kind::Text; 2])?;
    let text = |i: usize| args.get(i).and_then(JValue::as_str);
    let (Some(data), Some(algorithm)) = (text(0), text(1)) else {
        return Ok(JValue::Undefined);
    };
    digest(data.as_bytes(), algorithm).map(JValue::from).ok_or_else(|| {
        refused("D3020: The second argument of function \"hash\" must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512")
    })
}

fn parse(args: &[JValue]) -> Answer {
    check("parse", args, &[Kind::Text])?;
    let Some(text) = args.first().and_then(JValue::as_str) else {
        return Ok(JValue::Undefined);
    };
    serde_json::from_str(text)
        .map(|value| super::jsonata::from_json(&value))
        .map_err(|error| refused(&format!("D3121: The argument of function \"parse\" is not valid JSON: {error}")))
}

/// `$now(picture, timezone)` of an injected clock, through the built-in `$fromMillis`.
fn now_as(now: i64, args: &[JValue]) -> Answer {
    let quoted = args.iter().filter_map(JValue::as_str).map(|a| format!(", {}", serde_json::Value::from(a)));
    let source = format!("$fromMillis({now}{})", quoted.collect::<String>());
    let node = parser::parse(&source).map_err(|error| refused(&error.to_string()))?;
    Evaluator::new().evaluate(&node, &JValue::Undefined)
}
