//! `variableReferences`: which variables each state of a definition uses.

use std::collections::{BTreeMap, BTreeSet};

use countersign_asl::expr::intrinsics::{self, Call};
use serde_json::{Map, Value};

/// The variables that each state uses, by the state's name; states that use none are left out.
pub fn references(definition: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = BTreeMap::new();
    scope(definition, false, &mut found);
    found.retain(|_, names| !names.is_empty());
    found
}

fn is_jsonata(object: &Map<String, Value>, inherited: bool) -> bool {
    object.get("QueryLanguage").and_then(Value::as_str).map_or(inherited, |language| language == "JSONata")
}

fn scope(definition: &Value, jsonata: bool, found: &mut BTreeMap<String, BTreeSet<String>>) {
    let Some(object) = definition.as_object() else { return };
    let jsonata = is_jsonata(object, jsonata);
    for (name, state) in object.get("States").and_then(Value::as_object).into_iter().flatten() {
        let Some(fields) = state.as_object() else { continue };
        let jsonata_here = is_jsonata(fields, jsonata);
        let names: &mut BTreeSet<String> = found.entry(name.clone()).or_default();
        let mut inner = Vec::new();
        for (field, value) in fields {
            match field.as_str() {
                "ItemProcessor" | "Iterator" => inner.push(value),
                "Branches" => inner.extend(value.as_array().into_iter().flatten()),
                "Comment" | "Result" | "Resource" | "Next" | "Default" => {}
                _ => used(field, value, jsonata_here, names),
            }
        }
        inner.into_iter().for_each(|definition| scope(definition, jsonata, found));
    }
}

/// The variables in a field's value, however deep.
fn used(field: &str, value: &Value, jsonata: bool, names: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(field, value)| used(field, value, jsonata, names)),
        Value::Array(items) => items.iter().for_each(|value| used(field, value, jsonata, names)),
        Value::String(text) if jsonata => {
            if let Some(expression) = countersign_asl::expr::jsonata::template(text) {
                in_expression(expression, names);
            }
        }
        // Only some fields hold paths: elsewhere a text may begin with `$`.
        Value::String(text) if (field.ends_with(".$") || field.ends_with("Path")) && intrinsics::is_call(text) => {
            let call = Call::parse(text);
            call.iter().flat_map(Call::paths).for_each(|path| names.extend(at_root(path.text())));
        }
        Value::String(text) if field.ends_with(".$") || field.ends_with("Path") || field == "Variable" => {
            names.extend(at_root(text));
        }
        _ => {}
    }
}

/// The variable at the beginning of a path.
fn at_root(path: &str) -> Option<String> {
    let rest = path.strip_prefix('$')?;
    let name: String = rest.chars().take_while(|letter| letter.is_alphanumeric() || *letter == '_').collect();
    // `$`, `$.a` and `$$.a` begin with no name.
    (!name.is_empty()).then_some(name)
}

/// The variables that an expression uses and does not bind.
fn in_expression(expression: &str, names: &mut BTreeSet<String>) {
    let (mut used, mut bound) = (BTreeSet::new(), BTreeSet::from(["states".to_owned()]));
    let letters: Vec<char> = expression.chars().collect();
    let mut at = 0;
    while at < letters.len() {
        match letters[at] {
            quote @ ('"' | '\'' | '`') => at = after_text(&letters, at, quote),
            '/' if letters.get(at + 1) == Some(&'*') => at = after_comment(&letters, at),
            '$' => {
                let name: String =
                    letters[at + 1..].iter().take_while(|letter| letter.is_alphanumeric() || **letter == '_').collect();
                let before = letters[..at].iter().rev().find(|letter| !letter.is_whitespace());
                at += 1 + name.chars().count();
                let mut after = letters[at..].iter().filter(|letter| !letter.is_whitespace());
                let (next, second) = (after.next(), after.next());
                let binds = next == Some(&':') && second == Some(&'=') || matches!(before, Some('@' | '#'));
                if name.is_empty() {
                    at += usize::from(letters.get(at) == Some(&'$'));
                } else if binds {
                    bound.insert(name);
                } else if next != Some(&'(') {
                    used.insert(name);
                }
            }
            _ => at += 1,
        }
    }
    bound.extend(parameters(expression));
    names.extend(used.into_iter().filter(|name| !bound.contains(name)));
}

/// The parameters of an expression's own functions. Their lists contain no parentheses: an open one ends what is no
/// list.
fn parameters(expression: &str) -> BTreeSet<String> {
    let lists = expression.match_indices("function").chain(expression.match_indices('λ'));
    let lists = lists.filter_map(|(at, word)| {
        expression[at + word.len()..].trim_start().strip_prefix('(')?.split(['(', ')']).next()
    });
    lists.flat_map(|list| list.split(',')).filter_map(|parameter| at_root(parameter.trim())).collect()
}

fn after_text(letters: &[char], start: usize, quote: char) -> usize {
    let mut at = start + 1;
    while at < letters.len() && letters[at] != quote {
        at += if letters[at] == '\\' { 2 } else { 1 };
    }
    at + 1
}

fn after_comment(letters: &[char], start: usize) -> usize {
    let rest = &letters[start + 2..];
    rest.windows(2).position(|pair| pair == ['*', '/']).map_or(letters.len(), |end| start + 2 + end + 2)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(state: &Value, expected: &[&str]) {
        let found = references(&json!({ "StartAt": "S", "States": { "S": state } }));
        let names: Vec<&str> = found.get("S").into_iter().flatten().map(String::as_str).collect();
        assert_eq!(names, expected, "{state}");
    }

    #[test]
    fn paths_and_calls_name_variables() {
        check(&json!({ "Type": "Pass", "InputPath": "$b.c", "OutputPath": "$a[0]" }), &["a", "b"]);
        check(
            &json!({ "Type": "Pass", "Parameters": { "x": "$a", "y.$": "$b", "z.$": "$.c", "w.$": "$$.d" } }),
            &["b"],
        );
        check(
            &json!({ "Type": "Pass", "Assign": { "x.$": "States.MathAdd(States.MathAdd($a, $b), $.c)" } }),
            &["a", "b"],
        );
        check(
            &json!({ "Type": "Fail", "ErrorPath": "$e", "CausePath": "States.Format('{} {}', $c.text, $.d)" }),
            &["c", "e"],
        );
        check(
            &json!({ "Type": "Choice", "Choices": [{ "Not": { "Variable": "$a", "StringEqualsPath": "$b" } }] }),
            &["a", "b"],
        );
    }

    #[test]
    fn expressions_use_what_they_do_not_bind() {
        let output = |text: &str| json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": text });
        check(&output("{% $a + $states.input.b + $sum($c) %}"), &["a", "c"]);
        check(&output("{% ($x := 1; $map($list, function($v, $i) { $v + $x })) %}"), &["list"]);
        check(&output("{% '$no' & \"$no\" /* $no */ & $yes.$ & $$.z %}"), &["yes"]);
        check(&output("$plain"), &[]);
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "a bound on the growth of the work, far above what it takes")]
    fn a_definition_full_of_functions_is_read_once() {
        let begun = std::time::Instant::now();
        let text = format!("{{% $a & '{}' %}}", "function(".repeat(100_000));
        check(&json!({ "Type": "Pass", "QueryLanguage": "JSONata", "Output": text }), &["a"]);
        assert!(begun.elapsed().as_secs() < 3, "{:?}", begun.elapsed());
    }
}
