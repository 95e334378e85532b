#![allow(clippy::unwrap_used, reason = "an expression that cannot be read is a failed test")]
use serde_json::{Value, json};

use super::super::sandbox::Request;
use super::super::{JsonataError, check as judge, evaluate_here};

fn evaluate(expression: &str, input: &Value) -> Result<Value, JsonataError> {
    let bound = json!({ "states": { "input": input } }).as_object().unwrap().clone();
    evaluate_here(&Request { expression: expression.to_owned(), bound, now: 0, seed: 1, patience: 5_000 })
}

#[track_caller]
fn check(expression: &str, expect: Value) {
    assert_eq!(evaluate(expression, &json!({"s": "a/b"})), Ok(expect), "{expression}");
}

#[test]
fn a_slash_within_brackets_is_one_of_the_class() {
    check("$split('a/b.c-d', /[/.-]/)", json!(["a", "b", "c", "d"]));
    check("$contains($states.input.s, /[/]/)", json!(true));
    check("$states.input.s.$split(/[/]/)", json!(["a", "b"]));
    check("12 / 3 / 2", json!(2));
}

#[test]
fn what_looks_around_and_back_is_matched() {
    check("$replace('aXbX', /(?<=a)X/, '-')", json!("a-bX"));
    check("$match('abab xyxy', /(..)\\1/).match", json!(["abab", "xyxy"]));
    check("$contains('foobaz', /foo(?!baz)/)", json!(false));
    check("$split('aXbXc', /(?<=a)X/)", json!(["a", "bXc"]));
    check("$split('a,b,c', /,(?=.)/, 2)", json!(["a", "b"]));
    check("$replace('abab', /(a)(b)\\1/, function($m) { $uppercase($m.match) })", json!("ABAb"));
    check("($find := /a(?=b)/; $find('xab').start)", json!(1));
    check("$match('b', /(a)?b\\1/).match", json!("b"));
    check("$replace('aaX bX', /(?<=a+)X/, '-')", json!("aa- bX"));
    check("$match('abba', /(?<x>a)(b)\\2\\k<x>/).match", json!("abba"));
    check("$filter(['ab', 'ac'], function($s) { $contains($s, /a(?!b)/) })", json!("ac"));
    check("$match('\u{1f600}abab', /(ab)(?=\\1)/).index", json!(2));
}

#[test]
fn classes_are_those_of_javascript() {
    check("$match('\u{e9}a', /\\w/).match", json!("a"));
    check("$split('a\u{a0}b', /\\s/)", json!(["a", "b"]));
    check("$contains('x\u{663}', /\\d/)", json!(false));
    check("$match('a{,b}', /a{,b}/).match", json!("a{,b}"));
    check("$match('foo bar', /\\bbar/).index", json!(4));
    check("$contains('x', /[]/)", json!(false));
}

#[test]
fn what_is_none_is_refused_before_it_runs() {
    for (expression, why) in [
        ("$contains('a', //)", "S0301: Empty regular expressions are not allowed"),
        ("$match('a', /abc", "S0302: No terminating / in regular expression"),
        ("$match('a', /a**/)", "Invalid regular expression: /a**/g: Nothing to repeat"),
        ("$match('a', /[b-a]/i)", "Invalid regular expression: /[b-a]/ig: Range out of order in character class"),
    ] {
        assert_eq!(judge(expression), Err(why.to_owned()), "{expression}");
    }
}

#[test]
fn one_that_tries_too_many_ways_is_given_up() {
    let text = json!({"s": format!("{}b", "a".repeat(40))});
    for call in ["$match($states.input.s, #).match", "$contains($states.input.s, #)", "$split($states.input.s, #)"] {
        let slow = call.replace('#', "/^((a+)(?=[ab]))+$/");
        let result = evaluate(&slow, &text);
        assert!(matches!(&result, Err(JsonataError::Failed(why)) if why.contains("took more than")), "{result:?}");
    }
    // Without lookaround the engine runs in linear time.
    assert_eq!(evaluate("$contains($states.input.s, /^(a+)+$/)", &text), Ok(json!(false)));
}

#[test]
fn one_that_is_too_large_fails_when_it_is_used() {
    for pattern in ["(((a{99}){99}){99}){99}", "(?=a)(((a{99}){99}){99}){99}"] {
        for call in ["$match('a', #)", "$contains('a', #)", "$split('a', #)", "$replace('a', #, 'b')"] {
            let expression = call.replace('#', &format!("/{pattern}/"));
            assert_eq!(judge(&expression), Ok(()), "{expression}");
            let result = evaluate(&expression, &Value::Null);
            assert!(matches!(result, Err(JsonataError::Failed(_))), "{expression}: {result:?}");
        }
    }
}
