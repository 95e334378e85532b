//! The functions that Step Functions adds to JSONata, and the ones that read clock or chance, made deterministic.

use std::cell::Cell;
use std::rc::Rc;

use jsonata_core::evaluator::{Evaluator, EvaluatorError};
use jsonata_core::parser;
use jsonata_core::value::JValue;

use super::super::functions::{digest, mix};
use super::super::{Environment, java};

type Answer = Result<JValue, EvaluatorError>;

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
    let _ = evaluator.register_fn("uuid", move |args: &[JValue]| -> Answer {
        check("uuid", args, &[])?;
        Ok(JValue::from(super::super::uuid(|| uuid.random())))
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
    let _ = evaluator.register_fn_override("toMillis", move |args: &[JValue]| -> Answer { to_millis(now, args) });
    let _ = evaluator.register_fn_override("shuffle", move |args: &[JValue]| -> Answer { shuffle(&order, args) });
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
    // What is no number is no size.
    if items.is_empty() || size.is_nan() || size < 1.0 {
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
    crate::read_json(text)
        .map(|value| super::value::from_json(&value))
        .map_err(|error| refused(&format!("D3121: The argument of function \"parse\" is not valid JSON: {error}")))
}

/// `$now(picture, timezone)` of an injected clock, through the built-in `$fromMillis`.
fn now_as(now: i64, args: &[JValue]) -> Answer {
    check("now", args, &[Kind::Text; 2])?;
    let now = now.to_string();
    built_in("fromMillis", std::iter::once(now).chain(quoted(args)))
}

/// Texts as an expression writes them. What is undefined keeps its place.
fn quoted(args: &[JValue]) -> impl Iterator<Item = String> {
    args.iter()
        .map(|arg| arg.as_str().map_or_else(|| "()".to_owned(), |text| serde_json::Value::from(text).to_string()))
}

/// Calls a function of the language as it is built in, with arguments as an expression writes them.
fn built_in(function: &str, args: impl Iterator<Item = String>) -> Answer {
    let source = format!("${function}({})", args.collect::<Vec<_>>().join(","));
    let node = parser::parse(&source).map_err(|error| refused(&error.to_string()))?;
    Evaluator::new().evaluate(&node, &JValue::Undefined)
}

/// The built-in `$toMillis` takes what a picture leaves out in front (the year, or the year and the month) from the
/// clock. Here it is put in front of both, from the injected one.
fn to_millis(now: i64, args: &[JValue]) -> Answer {
    check("toMillis", args, &[Kind::Text; 2])?;
    let text = |i: usize| args.get(i).and_then(JValue::as_str);
    let Some(timestamp) = text(0) else { return Ok(JValue::Undefined) };
    let Some(picture) = text(1) else { return built_in("toMillis", quoted(&args[..1])) };
    let given = components(picture);
    let has = |letters: &str| given.iter().any(|letter| letters.contains(*letter));
    let mut missing = String::new();
    // Years of weeks are a calendar of their own, which the built-in refuses without one.
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

/// The letters of a picture's markers, such as `Y` of `[Y0001]`. Two opening brackets are one that is written.
fn components(picture: &str) -> Vec<char> {
    let mut rest = picture.replace("[[", "");
    let mut found = Vec::new();
    while let Some(at) = rest.find('[') {
        rest.drain(..=at);
        found.extend(rest.chars().find(|c| !c.is_whitespace()));
    }
    found
}

/// The items in an order that chance gives.
fn shuffle(chance: &Chance, args: &[JValue]) -> Answer {
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
