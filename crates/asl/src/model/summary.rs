//! A Choice rule's condition, written for people.

use serde_json::Value;

use super::template;

/// The condition of a Choice rule: `$.amount > 1000`, `not ($.a exists)`, or the JSONata expression itself.
pub(crate) fn summarise(rule: &Value) -> String {
    if let Some(condition) = rule.get("Condition") {
        let text = condition.as_str().map_or_else(|| condition.to_string(), str::to_owned);
        let inner = template(&text).map(str::to_owned).unwrap_or(text);
        return inner.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    comparison(rule, false)
}

fn comparison(rule: &Value, nested: bool) -> String {
    if let Some(rules) = rule.get("And").and_then(Value::as_array) {
        return joined(rules, " and ", nested);
    }
    if let Some(rules) = rule.get("Or").and_then(Value::as_array) {
        return joined(rules, " or ", nested);
    }
    if let Some(inner) = rule.get("Not") {
        return format!("not ({})", comparison(inner, false));
    }
    let variable = rule.get("Variable").and_then(Value::as_str).unwrap_or("?");
    let operator = rule
        .as_object()
        .into_iter()
        .flatten()
        .find(|(key, _)| !matches!(key.as_str(), "Variable" | "Next" | "Comment" | "Assign" | "Output"));
    match operator {
        Some((name, operand)) => test(variable, name, operand),
        None => variable.to_owned(),
    }
}

fn joined(rules: &[Value], word: &str, nested: bool) -> String {
    let text = rules.iter().map(|rule| comparison(rule, true)).collect::<Vec<_>>().join(word);
    if nested && rules.len() > 1 { format!("({text})") } else { text }
}

fn test(variable: &str, operator: &str, operand: &Value) -> String {
    let holds = operand.as_bool().unwrap_or(true);
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

fn operand_text(operator: &str, operand: &Value) -> String {
    match operand {
        // A path stands for a value; a text is a value and keeps its quotation marks.
        Value::String(path) if operator.ends_with("Path") => path.clone(),
        Value::String(text) if operator.starts_with("Timestamp") => text.clone(),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[track_caller]
    fn check(rule: &str, expected: &str) {
        assert_eq!(summarise(&serde_json::from_str(rule).unwrap()), expected);
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
}
