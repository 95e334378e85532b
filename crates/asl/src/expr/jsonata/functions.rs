//! The functions that Step Functions adds to JSONata, and deterministic versions of those that read the clock or random
//! numbers.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::parser;
use jsonata_core::value::JValue;

use super::super::functions::{digest, mix};
use super::super::{Environment, java};

type FunctionResult = Result<JValue, EvaluatorError>;

/// Largest array that `$range` makes.
const RANGE: f64 = 100_000.0;

/// Registers every function on an evaluator. Registration fails only for names of compiled built-ins, which
/// none of these is.
pub(super) fn register(evaluator: &mut Evaluator, now: i64, seed: u64) {
    let chance = Rc::new(Chance(Cell::new(seed), now));
    let (random, uuid, order) = (Rc::clone(&chance), Rc::clone(&chance), chance);
    let _ = evaluator.register_fn("partition", partition);
    let _ = evaluator.register_fn("range", range);
    let _ = evaluator.register_fn("hash", hash);
    let _ = evaluator.register_fn("parse", parse);
    let _ = evaluator.register_fn("uuid", move |args: &[JValue]| -> FunctionResult {
        check("uuid", args, &[])?;
        Ok(JValue::from(super::super::uuid(|| uuid.random())))
    });
    let _ = evaluator.register_fn_override("random", move |args: &[JValue]| -> FunctionResult {
        check("random", args, &[ArgumentType::Number])?;
        let fraction = match whole(args, 0) {
            Some(seed) => java::seeded_fraction(seed as i64),
            None => (random.random() >> 11) as f64 / (1u64 << 53) as f64,
        };
        Ok(JValue::Number(fraction))
    });
    let _ = evaluator.register_fn_override("eval", |_: &[JValue]| -> FunctionResult {
        Err(refused("T1006: Attempted to invoke a non-function"))
    });
    let _ = evaluator
        .register_fn_override("millis", move |_: &[JValue]| -> FunctionResult { Ok(JValue::Number(now as f64)) });
    let _ = evaluator.register_fn_override("now", move |args: &[JValue]| -> FunctionResult { now_as(now, args) });
    let _ =
        evaluator.register_fn_override("toMillis", move |args: &[JValue]| -> FunctionResult { to_millis(now, args) });
    let _ =
        evaluator.register_fn_override("shuffle", move |args: &[JValue]| -> FunctionResult { shuffle(&order, args) });
}

/// The random numbers of one expression.
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

/// The type of a parameter.
#[derive(Clone, Copy, PartialEq)]
enum ArgumentType {
    Array,
    Number,
    Text,
}

/// Refuses arguments that do not match the function's signature, in JSONata's words. An undefined argument matches every
/// type and makes the result undefined.
fn check(function: &str, args: &[JValue], signature: &[ArgumentType]) -> Result<(), EvaluatorError> {
    let fits = |(i, arg): (usize, &JValue)| match signature.get(i) {
        None => false,
        Some(_) if arg.is_undefined() => true,
        Some(ArgumentType::Array) => arg.as_array().is_some(),
        Some(ArgumentType::Number) => arg.as_f64().is_some(),
        Some(ArgumentType::Text) => arg.as_str().is_some(),
    };
    match args.iter().enumerate().position(|arg| !fits(arg)) {
        None => Ok(()),
        Some(i) => Err(refused(&format!(
            "T0410: Argument {} of function \"{function}\" does not match function signature",
            i + 1
        ))),
    }
}

/// The whole part of a number; `None` where the argument is missing.
fn whole(args: &[JValue], i: usize) -> Option<f64> {
    args.get(i).and_then(JValue::as_f64).map(f64::trunc)
}

/// Without a size, one chunk. Undefined for an empty array or a size of zero.
fn partition(args: &[JValue]) -> FunctionResult {
    check("partition", args, &[ArgumentType::Array, ArgumentType::Number])?;
    let items = args.first().and_then(JValue::as_array).map_or(&[][..], |items| items.as_slice());
    let size = whole(args, 1).unwrap_or(items.len() as f64);
    // NaN is not a size.
    if items.is_empty() || size.is_nan() || size < 1.0 {
        return Ok(JValue::Undefined);
    }
    let parts = items.chunks(size as usize).map(|part| JValue::array(part.to_vec()));
    Ok(JValue::array(parts.collect()))
}

/// Undefined where a number is missing, or where the step leads away from the end.
fn range(args: &[JValue]) -> FunctionResult {
    check("range", args, &[ArgumentType::Number; 3])?;
    let (Some(from), Some(to), Some(step)) = (whole(args, 0), whole(args, 1), whole(args, 2)) else {
        return Ok(JValue::Undefined);
    };
    let count = if step == 0.0 { 0.0 } else { ((to - from) / step).floor() + 1.0 };
    if count > RANGE {
        return Err(refused("D2014: The size of the sequence allocated by the function \"range\" is too large"));
    }
    let items = (0..count.max(0.0) as i64).map(|i| JValue::Number(from + i as f64 * step));
    // In a sequence, a single number is not wrapped in an array.
    Ok(JValue::sequence(items.collect()))
}

fn hash(args: &[JValue]) -> FunctionResult {
    check("hash", args, &[ArgumentType::Text; 2])?;
    let text = |i: usize| args.get(i).and_then(JValue::as_str);
    let (Some(data), Some(algorithm)) = (text(0), text(1)) else {
        return Ok(JValue::Undefined);
    };
    digest(data.as_bytes(), algorithm).map(JValue::from).ok_or_else(|| {
        refused("D3020: The second argument of function \"hash\" must be MD5, SHA-1, SHA-256, SHA-384 or SHA-512")
    })
}

fn parse(args: &[JValue]) -> FunctionResult {
    check("parse", args, &[ArgumentType::Text])?;
    let Some(text) = args.first().and_then(JValue::as_str) else {
        return Ok(JValue::Undefined);
    };
    crate::read_json(text)
        .map(|value| super::value::from_json(&value))
        .map_err(|error| refused(&format!("D3121: The argument of function \"parse\" is not valid JSON: {error}")))
}

/// `$now(picture, timezone)` with an injected clock, by the built-in `$fromMillis`.
fn now_as(now: i64, args: &[JValue]) -> FunctionResult {
    check("now", args, &[ArgumentType::Text; 2])?;
    let now = now.to_string();
    built_in("fromMillis", std::iter::once(now).chain(quoted(args)))
}

/// String literals of an expression. An undefined argument keeps its position.
fn quoted(args: &[JValue]) -> impl Iterator<Item = String> {
    args.iter()
        .map(|arg| arg.as_str().map_or_else(|| "()".to_owned(), |text| serde_json::Value::from(text).to_string()))
}

/// Calls a built-in function with literal arguments.
fn built_in(function: &str, args: impl Iterator<Item = String>) -> FunctionResult {
    let source = format!("${function}({})", args.collect::<Vec<_>>().join(","));
    let node = parser::parse(&source).map_err(|error| refused(&error.to_string()))?;
    Evaluator::new().evaluate(&node, &JValue::Undefined)
}

/// The built-in `$toMillis` reads the system clock for what a picture leaves out at its start (the year, or the year and
/// the month). This version takes it from the injected clock and puts it in front of the picture and the text.
fn to_millis(now: i64, args: &[JValue]) -> FunctionResult {
    check("toMillis", args, &[ArgumentType::Text; 2])?;
    let text = |i: usize| args.get(i).and_then(JValue::as_str);
    let Some(timestamp) = text(0) else { return Ok(JValue::Undefined) };
    let Some(picture) = text(1) else { return built_in("toMillis", quoted(&args[..1])) };
    let given = components(picture);
    let has = |letters: &str| given.iter().any(|letter| letters.contains(*letter));
    let mut missing = String::new();
    // Week-based years are a calendar of their own; the built-in refuses a picture without its year.
    if !given.is_empty() && !has("YXxWw") {
        missing.push_str("[Y0001]-");
        if !has("Md") {
            missing.push_str("[M01]-");
            if !has("D") {
                missing.push_str("[D01]-");
            }
        }
    }
    if missing.is_empty() {
        return built_in("toMillis", quoted(args));
    }
    let today = now_as(now, &[JValue::from(missing.as_str())])?;
    let today = today.as_str().unwrap_or_default();
    let whole = [JValue::from(format!("{today}{timestamp}")), JValue::from(missing + picture)];
    built_in("toMillis", quoted(&whole))
}

/// The letters of a picture's markers, such as `Y` of `[Y0001]`. Two opening brackets are an escaped bracket.
fn components(picture: &str) -> Vec<char> {
    let mut rest = picture.replace("[[", "");
    let mut found = Vec::new();
    while let Some(at) = rest.find('[') {
        rest.drain(..=at);
        found.extend(rest.chars().find(|c| !c.is_whitespace()));
    }
    found
}

/// The items in random order.
fn shuffle(chance: &Chance, args: &[JValue]) -> FunctionResult {
    if args.is_empty() {
        return Err(refused("T0410: Argument 1 of function \"shuffle\" does not match function signature"));
    }
    let Some(items) = args.first().filter(|value| !value.is_undefined()) else { return Ok(JValue::Undefined) };
    let mut items = items.as_array().map_or_else(|| vec![items.clone()], |items| items.to_vec());
    for last in (1..items.len()).rev() {
        items.swap(last, (chance.random() % (last as u64 + 1)) as usize);
    }
    Ok(JValue::array(items))
}
