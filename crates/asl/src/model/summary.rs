//! A Choice rule's condition, written for people.

use serde_json::Value;

use super::template;
use crate::parse::Written;

/// The condition of a Choice rule: `$.amount > 1000`, `not ($.a exists)`, or the JSONata expression itself.
pub(crate) fn summarise(rule: Written) -> String {
    if let Some(condition) = rule.get("Condition") {
        let text = condition.words();
        let inner = template(&text).map(str::to_owned).unwrap_or(text);
        return inner.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    comparison(rule, false)
}

fn comparison(rule: Written, nested: bool) -> String {
    for (key, word) in [("And", " and "), ("Or", " or ")] {
        if let Some(rules) = rule.get(key).filter(|rules| rules.value.is_array()) {
            return joined(rules, word, nested);
        }
    }
    if let Some(inner) = rule.get("Not") {
        return format!("not ({})", comparison(inner, false));
    }
    let variable = rule.str("Variable").unwrap_or("?");
    let operator =
        rule.members().find(|(key, _)| !matches!(key.as_str(), "Variable" | "Next" | "Comment" | "Assign" | "Output"));
    match operator {
        Some((name, operand)) => test(variable, name, operand),
        None => variable.to_owned(),
    }
}

fn joined(rules: Written, word: &str, nested: bool) -> String {
    let rules: Vec<String> = rules.items().map(|rule| comparison(rule, true)).collect();
    let text = rules.join(word);
    if nested && rules.len() > 1 { format!("({text})") } else { text }
}

fn test(variable: &str, operator: &str, operand: Written) -> String {
    let holds = operand.value.as_bool().unwrap_or(true);
    let adjective = match operator {
        "IsPresent" => return if holds { format!("{variable} is present") } else { format!("{variable} is absent") },
        "IsNull" => "null",
        "IsString" => "a string",
        "IsNumeric" => "a number",
        "IsBoolean" => "a boolean",
        "IsTimestamp" => "a timestamp",
        _ => return format!("{variable} {} {}", symbol(operator), operand_text(operator, operand)),
    };
    if holds { format!("{variable} is {adjective}") } else { format!("{variable} is not {adjective}") }
}

fn symbol(operator: &str) -> &str {
    let operator = operator.strip_suffix("Path").unwrap_or(operator);
    match operator {
        "StringMatches" => "matches",
        _ if operator.ends_with("GreaterThanEquals") => "≥",
        _ if operator.ends_with("LessThanEquals") => "≤",
        _ if operator.ends_with("GreaterThan") => ">",
        _ if operator.ends_with("LessThan") => "<",
        _ if operator.ends_with("Equals") => "=",
        _ => operator,
    }
}

fn operand_text(operator: &str, operand: Written) -> String {
    match operand.value {
        // A path stands for a value; a text is a value and keeps its quotation marks.
        Value::String(path) if operator.ends_with("Path") => path.clone(),
        Value::String(text) if operator.starts_with("Timestamp") => text.clone(),
        _ => operand.json(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use crate::model::{Machine, StateKind};

    #[track_caller]
    fn check(rule: &str, expected: &str) {
        let definition = format!(r#"{{"StartAt":"C","States":{{"C":{{"Type":"Choice","Choices":[{rule}]}}}}}}"#);
        let machine = Machine::read(&definition).unwrap();
        let StateKind::Choice(choice) = &machine.states["C"].kind else { panic!("{definition}") };
        assert_eq!(choice.rules[0].summary, expected);
    }

    #[test]
    fn conditions_read_like_sentences() {
        check(r#"{"Variable":"$.amount","NumericGreaterThan":1000,"Next":"A"}"#, "$.amount > 1000");
        check(r#"{"Variable":"$.a","StringEquals":"x","Next":"A"}"#, "$.a = \"x\"");
        check(r#"{"Variable":"$.a","NumericLessThanEqualsPath":"$.b","Next":"A"}"#, "$.a ≤ $.b");
        check(r#"{"Variable":"$.a","IsPresent":false,"Next":"A"}"#, "$.a is absent");
        check(r#"{"Not":{"Variable":"$.a","IsNull":true},"Next":"A"}"#, "not ($.a is null)");
        check(
            r#"{"Or":[{"Variable":"$.a","BooleanEquals":true},{"And":[{"Variable":"$.b","StringMatches":"x*"},{"Variable":"$.c","IsString":false}]}],"Next":"A"}"#,
            "$.a = true or ($.b matches \"x*\" and $.c is not a string)",
        );
        check(r#"{"Condition":"{% $states.input.n  > 3 %}","Next":"A"}"#, "$states.input.n > 3");
    }

    #[test]
    fn numbers_are_shown_as_they_are_written() {
        for number in ["98765432109876543210987", "386.40", "1e3", "-0", "0.10", "1.0E+2", "9007199254740993"] {
            check(&format!(r#"{{"Variable":"$.a","NumericEquals":{number},"Next":"A"}}"#), &format!("$.a = {number}"));
        }
        check(
            r#"{"Not":{"And":[{"Variable":"$.a","NumericGreaterThan":1.50},{"Variable":"$.b","NumericLessThan":2.00}]},"Next":"A"}"#,
            "not ($.a > 1.50 and $.b < 2.00)",
        );
    }
}
