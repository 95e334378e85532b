//! The functions that Step Functions adds to JSONata, and the ones that read clock or chance, made deterministic.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::parser;
use jsonata_core::value::JValue;

use super::Environment;
use super::functions::{digest, mix};

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
    let _ = evaluator.register_fn("uuid", move |_: &[JValue]| -> Answer { Ok(JValue::from(super::uuid(&*uuid))) });
    let _ = evaluator.register_fn_override("random", move |args: &[JValue]| -> Answer {
        let bits = match args.first().and_then(JValue::as_f64) {
            Some(seed) => mix(seed.to_bits()),
            None => random.random(),
        };
        Ok(JValue::Number((bits >> 11) as f64 / (1u64 << 53) as f64))
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

fn number(args: &[JValue], i: usize, name: &str) -> Result<f64, EvaluatorError> {
    args.get(i)
        .and_then(JValue::as_f64)
        .ok_or_else(|| refused(&format!("T0410: Argument {} of function \"{name}\" must be a number", i + 1)))
}

fn string<'a>(args: &'a [JValue], i: usize, name: &str) -> Result<&'a str, EvaluatorError> {
    args.get(i)
        .and_then(JValue::as_str)
        .ok_or_else(|| refused(&format!("T0410: Argument {} of function \"{name}\" must be a string", i + 1)))
}

fn partition(args: &[JValue]) -> Answer {
    let size = number(args, 1, "partition")?;
    if size.is_nan() || size < 1.0 {
        return Err(refused("D3020: The second argument of function \"partition\" must be a positive number"));
    }
    match args.first() {
        None | Some(JValue::Undefined) => Ok(JValue::Undefined),
        Some(value) => {
            let single = vec![value.clone()];
            let items = value.as_array().unwrap_or(&single);
            let parts = items.chunks(size.floor() as usize).map(|part| JValue::array(part.to_vec()));
            Ok(JValue::array(parts.collect()))
        }
    }
}

fn range(args: &[JValue]) -> Answer {
    let (from, to, step) = (number(args, 0, "range")?, number(args, 1, "range")?, number(args, 2, "range")?);
    if step == 0.0 {
        return Err(refused("D3020: The third argument of function \"range\" must not be zero"));
    }
    let count = ((to - from) / step).floor() + 1.0;
    if count > RANGE {
        return Err(refused("D2014: The size of the sequence allocated by the function \"range\" is too large"));
    }
    let items = (0..count.max(0.0) as i64).map(|i| JValue::Number(from + i as f64 * step));
    // A sequence: a single number stands for itself.
    Ok(JValue::sequence(items.collect()))
}

fn hash(args: &[JValue]) -> Answer {
    let (data, algorithm) = (string(args, 0, "hash")?, string(args, 1, "hash")?);
    digest(data.as_bytes(), algorithm).map(JValue::from).ok_or_else(|| {
        refused("D3020: The second argument of function \"hash\" must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512")
    })
}

fn parse(args: &[JValue]) -> Answer {
    if matches!(args.first(), None | Some(JValue::Undefined)) {
        return Ok(JValue::Undefined);
    }
    let text = string(args, 0, "parse")?;
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
