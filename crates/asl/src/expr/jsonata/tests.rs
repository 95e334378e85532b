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
    check("$partition([1,2,3], 2.6)", json!([[1, 2], [3]]));
    check("$partition([1,2,3])", json!([[1, 2, 3]]));
    check("$range(0, 6, 2)", json!([0, 2, 4, 6]));
    check("$range(-1.7, 2, 1)", json!([-1, 0, 1, 2]));
    check("$range(3, 3, 1)", json!(3));
    check("$hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7"));
    check("$parse('{\"a\": [1]}').a[0]", json!(1));
    check("$length($uuid())", json!(36));
    check("$random() < 1", json!(true));
    check("$random(42)", json!(0.727_563_680_032_868_1));
    check("$millis()", json!(1_700_000_000_000_i64));
    check("$now()", json!("2023-11-14T22:13:20.000Z"));
    check("$toMillis('2023-11-14T00:00:00Z')", json!(1_699_920_000_000_i64));
    check("$now('[Y]')", json!("2023"));
    check("$now((), '+0100')", json!("2023-11-14T23:13:20.000+01:00"));
    check("$now($states.input.none, '+0100')", json!("2023-11-14T23:13:20.000+01:00"));
    check("$fromMillis($toMillis('13:45', '[H]:[m]'))", json!("2023-11-14T13:45:00.000Z"));
    check("$fromMillis($toMillis('03-02', '[M]-[D]'))", json!("2023-03-02T00:00:00.000Z"));
    check("$shuffle([1..5]) = $shuffle([1..5])", json!(false));
    check("$sort($shuffle([1..5]))", json!([1, 2, 3, 4, 5]));
}

#[test]
fn what_the_functions_refuse_is_reported_in_the_service_s_words() {
    for text in [
        "$partition([], 2)",
        "$partition([1], 0)",
        "$partition([1], 0/0)",
        "$range(1, 5)",
        "$range(5, 1, 1)",
        "$range(1, 5, 0.9)",
        "$hash('a')",
        "$parse()",
    ] {
        check(text, json!("error: returned nothing (undefined)."));
    }
    let signature = "does not match function signature";
    for (text, argument, function) in [
        ("$partition('a', 2)", 1, "partition"),
        ("$partition([1], '2')", 2, "partition"),
        ("$partition([1], 2, 3)", 3, "partition"),
        ("$range(1, null, 1)", 2, "range"),
        ("$range(0, 4, 1, 2)", 4, "range"),
        ("$hash(1, 'MD5')", 1, "hash"),
        ("$parse(null)", 1, "parse"),
        ("$uuid('x')", 1, "uuid"),
        ("$random('x')", 1, "random"),
        ("$now(1)", 1, "now"),
    ] {
        let message = format!("T0410: Argument {argument} of function \"{function}\" {signature}");
        check(text, json!(format!("error: threw an error during evaluation. {message}")));
    }
}

#[test]
fn long_integers_keep_their_digits_where_they_are_only_named() {
    let mut env = Fixed::with_input(json!({"order": {"id": 9_007_199_254_740_993_i64}, "list": [{"id": 1}]}));
    env.variables.insert("v".into(), json!({"id": i64::MAX}));
    let input = env.input.clone();
    for (text, expect) in [
        ("$states.input.order.id", json!(9_007_199_254_740_993_i64)),
        ("$states.input.order", json!({"id": 9_007_199_254_740_993_i64})),
        ("$v.id", json!(i64::MAX)),
        ("$states.input.list.id", json!(1)),
        ("$states.context.Execution.Id", json!("arn:x")),
    ] {
        let mut variables = env.variables.iter().map(|(k, v)| (k.as_str(), v));
        assert_eq!(evaluate(text, &[("input", &input)], &mut variables, &env), Ok(expect), "{text}");
    }
}

#[test]
fn numbers_that_json_does_not_have_are_named() {
    check("1/0", json!("Infinity"));
    check("[-1/0, 0/0]", json!(["-Infinity", "NaN"]));
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
    let env = Fixed::with_input(Value::Null);
    let deep = evaluate("($f := function($x) { $f($x + 1) + 1 }; $f(0))", &[], &mut std::iter::empty(), &env);
    let message = "threw an error during evaluation: Stack overflow error: Check for non-terminating recursive function. \
                Consider rewriting as tail-recursive.";
    assert_eq!(deep.map_err(|error| error.to_string()), Err(message.to_owned()));
}

/// A sandbox that stops every expression.
#[derive(Debug)]
struct Refuse;

impl crate::expr::sandbox::Sandbox for Refuse {
    fn evaluate(&self, _: &Request) -> Result<Value, JsonataError> {
        Err(JsonataError::Stopped)
    }
}

struct Watched(Value);

impl Environment for Watched {
    fn input(&self) -> &Value {
        &self.0
    }
    fn context(&self) -> &Value {
        &Value::Null
    }
    fn variable(&self, _: &str) -> Option<&Value> {
        None
    }
    fn random(&self) -> u64 {
        1
    }
    fn now(&self) -> i64 {
        0
    }
    fn sandbox(&self) -> Option<&dyn crate::expr::sandbox::Sandbox> {
        Some(&Refuse)
    }
}

#[test]
fn large_values_are_taken_apart_in_the_sandbox_alone() {
    let split = format!("$count([{}])", vec!["$split($states.input, '')"; 20].join(", "));
    for (length, expect) in [(100, Ok(json!(2_000))), (200_000, Err(JsonataError::Stopped))] {
        let world = Watched(json!("x".repeat(length)));
        assert_eq!(evaluate(&split, &[("input", &world.0)], &mut std::iter::empty(), &world), expect, "{length}");
    }
}

/// The reference suite of the language, as the engine configures it; it stays outside the repository.
#[test]
#[ignore = "needs the reference suite beside the checkout; `make test` runs it where it is"]
fn the_reference_suite_passes() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/jsonata-suite");
    let groups =
        std::fs::read_dir(folder.join("groups")).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
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
    assert!(passed > 1_600 && failed.is_empty(), "{passed} pass, {} differ", failed.len());
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
        // The limits of a sandbox, except for the time, because tests run in parallel; some cases have limits of their own.
        let depth = case["depth"].as_u64().map_or(STACK, |depth| depth as usize);
        let settings = EvaluationSettings { now: 1_700_000_000_000, seed: 1, patience: 20_000, depth, sequence: RANGE };
        run(&parsed.node, context, &data, settings)
    });
    let error = case.get("code").or_else(|| case.get("error"));
    match (got, error) {
        (Err(_), Some(_)) => None,
        (Err(JsonataError::Undefined), None) if case["undefinedResult"] == Value::Bool(true) => None,
        // A function is not JSON: the suite expects undefined for it.
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
