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

use super::sandbox::Request;
use super::{Environment, jsonata_functions, tame};

/// Deepest evaluation; about 500 nested calls that are not tail calls.
const STACK: usize = 1_500;
/// Longest sequence that an expression may build.
const SEQUENCE: usize = 200_000;
/// How long an expression may take, in milliseconds.
pub const PATIENCE: u64 = 800;
/// Largest result, roughly in bytes: far above what a state may hold, so that the state's own limit is what is met.
const RESULT: usize = 16 * 1024 * 1024;
/// Parsed expressions kept by each thread.
const CACHE: usize = 4_096;

/// Why an expression gave nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error, Serialize, Deserialize)]
pub enum JsonataError {
    /// The expression evaluated to nothing, which is no JSON value.
    #[error("returned nothing (undefined).")]
    Undefined,
    /// The result is a function or another value that JSON does not have.
    #[error("returned an unexpected result type. Expected a JSON value, but was a function.")]
    NotJson,
    /// The evaluator's error: a code such as `T2001`, and its text.
    #[error("threw an error during evaluation. {0}")]
    Failed(String),
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
    parsed(expression).map(drop)
}

/// An expression that was parsed.
struct Parsed {
    node: AstNode,
    tame: bool,
}

thread_local! {
    /// Parsing is the expensive step and gives the same tree each time. The tree is not `Send`.
    static PARSED: RefCell<HashMap<String, Rc<Parsed>>> = RefCell::new(HashMap::new());
}

fn parsed(expression: &str) -> Result<Rc<Parsed>, String> {
    if let Some(found) = PARSED.with_borrow(|cache| cache.get(expression).cloned()) {
        return Ok(found);
    }
    let node = jsonata_core::parser::parse(expression).map_err(|error| error.to_string())?;
    let found = Rc::new(Parsed { tame: tame::is_tame(&node), node });
    PARSED.with_borrow_mut(|cache| {
        if cache.len() >= CACHE {
            cache.clear();
        }
        cache.insert(expression.to_owned(), Rc::clone(&found));
    });
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
    let whole = expression.contains("$states");
    let states = states.iter().copied().filter(|_| whole);
    let states = states.chain(whole.then(|| ("context", environment.context())));
    let variables = variables.filter(|(name, _)| expression.contains(name));
    let (now, seed) = (environment.now(), environment.random());
    if let (false, Some(sandbox)) = (parsed.tame, environment.sandbox()) {
        let mut bound: Map<_, _> = variables.map(|(name, value)| (name.to_owned(), value.clone())).collect();
        if whole {
            let states = states.map(|(name, value)| (name.to_owned(), value.clone())).collect();
            bound.insert("states".to_owned(), Value::Object(states));
        }
        let expression = expression.to_owned();
        return sandbox.evaluate(&Request { expression, bound, now, seed, patience: PATIENCE });
    }
    let mut context = Context::new();
    if whole {
        let states = states.map(|(name, value)| (name.to_owned(), from_json(value))).collect();
        context.bind("states".to_owned(), JValue::object(states));
    }
    for (name, value) in variables {
        context.bind(name.to_owned(), from_json(value));
    }
    run(&parsed.node, context, &JValue::Undefined, Moment { now, seed, patience: PATIENCE })
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
    run(&parsed.node, context, &JValue::Undefined, Moment { now, seed, patience })
}

/// What an evaluation gets of time and chance.
struct Moment {
    now: i64,
    seed: u64,
    patience: u64,
}

/// Evaluates with everything bound, within the limits.
fn run(node: &AstNode, context: Context, data: &JValue, moment: Moment) -> Result<Value, JsonataError> {
    let options = EvaluatorOptions {
        timeout_ms: Some(moment.patience),
        cancel: None,
        max_stack_depth: Some(STACK),
        max_sequence_length: Some(SEQUENCE),
    };
    let mut evaluator = Evaluator::with_options(context, options);
    jsonata_functions::register(&mut evaluator, moment.now, moment.seed);
    let result = evaluator.evaluate(node, data).map_err(|error| match error.message() {
        message if message.starts_with(OUT_OF_TIME) => JsonataError::Stopped,
        message => JsonataError::Failed(message.to_owned()),
    })?;
    if result.is_undefined() {
        return Err(JsonataError::Undefined);
    }
    to_json(&result, 0, &mut RESULT.clone())
}

/// The code of the evaluator's error when the time was over.
const OUT_OF_TIME: &str = "D1012";

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
    Number::from_f64(n).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::test_environment::Fixed;
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn check(text: &str, expect: Value) {
        let mut env = Fixed::with_input(json!({"n": 5, "list": [1, 2, 3]}));
        env.variables.insert("v".into(), json!({"k": [1, 2]}));
        let input = env.input.clone();
        let mut variables = env.variables.iter().map(|(k, v)| (k.as_str(), v));
        let got = match evaluate(text, &[("input", &input)], &mut variables, &env) {
            Ok(value) => value,
            Err(error) => json!(format!("error: {error}")),
        };
        assert_eq!(got, expect, "{text}");
    }

    #[test]
    fn expressions_see_states_and_variables() {
        check("$states.input.n + 1", json!(6));
        check("$v.k[1]", json!(2));
        check("$states.context.Execution.Id", json!("arn:x"));
        check("$states.input.list[$ > 1]", json!([2, 3]));
        check("$states.input.none", json!("error: returned nothing (undefined)."));
    }

    #[test]
    fn the_services_own_functions_are_there() {
        check("$partition([1,2,3], 2)", json!([[1, 2], [3]]));
        check("$range(0, 6, 2)", json!([0, 2, 4, 6]));
        check("$hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7"));
        check("$parse('{\"a\": [1]}').a[0]", json!(1));
        check("$length($uuid())", json!(36));
        check("$random() < 1", json!(true));
        check("$random(7) = $random(7)", json!(true));
        check("$millis()", json!(1_700_000_000_000_i64));
        check("$now()", json!("2023-11-14T22:13:20.000Z"));
    }

    #[test]
    fn runaway_expressions_end() {
        for text in [
            "($f := function($x) { $f($x + 1) + 1 }; $f(0))",
            "[1..100000000]",
            "($f := function($x) { $f($x) }; $f(0))",
            // Forty pairs that share one memory: a tree of 2^40 leaves.
            "($f := function($x, $n) { $n = 0 ? $x : $f([[$x], [$x]], $n - 1) }; $f('x', 40))",
        ] {
            let env = Fixed::with_input(Value::Null);
            assert!(evaluate(text, &[], &mut std::iter::empty(), &env).is_err(), "{text}");
        }
    }

    /// The reference suite of the language, as the engine configures it; it stays outside the repository.
    #[test]
    fn the_reference_suite_passes() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/jsonata-suite");
        let Ok(groups) = std::fs::read_dir(folder.join("groups")) else {
            eprintln!("skipped: the reference suite of JSONata is not on this machine");
            return;
        };
        let (mut passed, mut failed) = (0, Vec::new());
        for group in groups.flatten() {
            for file in std::fs::read_dir(group.path()).unwrap().flatten().map(|f| f.path()) {
                let Ok(cases) = std::fs::read_to_string(&file)
                    .map_err(drop)
                    .and_then(|t| serde_json::from_str::<Value>(&t).map_err(drop))
                else {
                    continue;
                };
                let several = cases.as_array().cloned().unwrap_or_else(|| vec![cases.clone()]);
                for (i, case) in several.iter().enumerate() {
                    match suite_case(&folder, &group.path(), case) {
                        None => passed += 1,
                        Some(why) => failed.push(format!("{} {i}: {why}", file.display())),
                    }
                }
            }
        }
        println!("JSONata reference suite: {passed} pass, {} differ\n{}", failed.len(), failed.join("\n"));
        assert!(passed >= 1670, "{passed} pass\n{}", failed.join("\n"));
    }

    fn suite_case(folder: &std::path::Path, group: &std::path::Path, case: &Value) -> Option<String> {
        let expression = match case["expr"].as_str() {
            Some(text) => text.to_owned(),
            None => std::fs::read_to_string(group.join(case["expr-file"].as_str()?)).ok()?,
        };
        if expression.contains("$eval(") {
            return None;
        }
        let data = match case["dataset"].as_str() {
            Some(name) => {
                let text = std::fs::read_to_string(folder.join("datasets").join(format!("{name}.json"))).ok()?;
                from_json(&serde_json::from_str(&text).ok()?)
            }
            None => case.get("data").map_or(JValue::Undefined, from_json),
        };
        let mut context = Context::new();
        for (name, value) in case["bindings"].as_object().into_iter().flatten() {
            context.bind(name.clone(), from_json(value));
        }
        let got = parsed(&expression).map_err(JsonataError::Failed).and_then(|parsed| {
            run(&parsed.node, context, &data, Moment { now: 1_700_000_000_000, seed: 1, patience: PATIENCE })
        });
        let error = case.get("code").or_else(|| case.get("error"));
        match (got, error) {
            (Err(_), Some(_)) => None,
            (Err(JsonataError::Undefined), None) if case["undefinedResult"] == Value::Bool(true) => None,
            // A function is no JSON: the suite has none as a result, so it expects nothing.
            (Err(JsonataError::NotJson), None) => None,
            (Ok(value), None) if case.get("result").is_some_and(|r| close(r, &value)) => None,
            (got, _) => Some(format!("{:.80} gives {:.120?}", expression, got.map(|v| v.to_string()))),
        }
    }

    fn close(a: &Value, b: &Value) -> bool {
        match (a, b) {
            (Value::Number(a), Value::Number(b)) => {
                let (a, b) = (a.as_f64().unwrap(), b.as_f64().unwrap());
                (a - b).abs() <= 1e-9 * a.abs().max(1.0)
            }
            (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| close(a, b)),
            (Value::Object(a), Value::Object(b)) => {
                a.len() == b.len() && a.iter().all(|(k, v)| b.get(k).is_some_and(|other| close(v, other)))
            }
            _ => a == b,
        }
    }

    #[test]
    fn eval_is_not_there() {
        let env = Fixed::with_input(Value::Null);
        assert!(evaluate("$eval('1')", &[], &mut std::iter::empty(), &env).is_err());
    }
}
