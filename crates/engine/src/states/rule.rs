//! The rules of JSONPath Choice states.

use std::cmp::Ordering;

use countersign_asl::expr::Environment;
use serde_json::Value;

use crate::context::View;
use crate::failure::Failure;
use crate::program::CompileError;
use crate::states::select;
use crate::template::Reference;
use crate::timestamp;

#[derive(Debug)]
pub(crate) enum Rule {
    And(Vec<Rule>),
    Or(Vec<Rule>),
    Not(Box<Rule>),
    Test { variable: Reference, test: Test },
}

#[derive(Debug)]
pub(crate) enum Test {
    Compare(ComparisonKind, Relation, Operand),
    /// The texts between the wildcards.
    Matches(Vec<String>),
    Is(Type, bool),
    IsPresent(bool),
}

#[derive(Debug)]
pub(crate) enum Operand {
    Literal(Value),
    Path(Reference),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum ComparisonKind {
    String,
    Numeric,
    Boolean,
    Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Relation {
    Equals,
    Less,
    Greater,
    LessOrEqual,
    GreaterOrEqual,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Type {
    Null,
    String,
    Numeric,
    Boolean,
    Timestamp,
}

impl Rule {
    pub fn compile(value: &Value, at: &str) -> Result<Rule, CompileError> {
        let several = |name: &str| -> Option<Result<Vec<Rule>, CompileError>> {
            let rules = value.get(name)?.as_array()?;
            Some(rules.iter().enumerate().map(|(i, r)| Rule::compile(r, &format!("{at}/{name}[{i}]"))).collect())
        };
        if let Some(rules) = several("And") {
            return rules.map(Rule::And);
        }
        if let Some(rules) = several("Or") {
            return rules.map(Rule::Or);
        }
        if let Some(inner) = value.get("Not") {
            return Rule::compile(inner, &format!("{at}/Not")).map(|r| Rule::Not(Box::new(r)));
        }
        let variable = value
            .get("Variable")
            .and_then(Value::as_str)
            .ok_or_else(|| CompileError::new(at, "a rule needs Variable, And, Or, Not or Condition"))?;
        let test = value.as_object().into_iter().flatten().find_map(|(name, operand)| test(name, operand, at));
        Ok(Rule::Test {
            variable: Reference::compile(variable, &format!("{at}/Variable"))?,
            test: test.ok_or_else(|| CompileError::new(at, "a rule needs a comparison"))??,
        })
    }

    pub fn holds(&self, view: &View<'_>) -> Result<bool, Failure> {
        match self {
            Rule::And(rules) => all(rules, view),
            Rule::Or(rules) => Ok(!all_fail(rules, view)?),
            Rule::Not(rule) => rule.holds(view).map(|b| !b),
            Rule::Test { variable, test: Test::IsPresent(wanted) } => {
                let there = present(variable, view);
                // With no room left, the comparison has not been made.
                view.pay(1)?;
                Ok(there == *wanted)
            }
            Rule::Test { variable, test } => passes(test, &value(variable, view)?, view),
        }
    }
}

fn all(rules: &[Rule], view: &View<'_>) -> Result<bool, Failure> {
    for rule in rules {
        if !rule.holds(view)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn all_fail(rules: &[Rule], view: &View<'_>) -> Result<bool, Failure> {
    for rule in rules {
        if rule.holds(view)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn present(variable: &Reference, view: &View<'_>) -> bool {
    match variable {
        Reference::Path(path) => match path.evaluate(view as &dyn Environment) {
            Ok(value) => path.is_definite() || value.as_array().is_none_or(|found| !found.is_empty()),
            Err(_) => false,
        },
        Reference::Call(_) => true,
    }
}

/// What `Variable` or a `...Path` names.
fn value(reference: &Reference, view: &View<'_>) -> Result<Value, Failure> {
    match reference {
        Reference::Path(path) if !present(reference, view) => Err(Failure::runtime(format!(
            "Invalid path '{path}': The choice state's condition path references an invalid value."
        ))),
        _ => select(reference, view),
    }
}

/// The test of a rule's field; `None` for fields that are none.
fn test(name: &str, operand: &Value, at: &str) -> Option<Result<Test, CompileError>> {
    let flag = || operand.as_bool().unwrap_or(true);
    let is = match name {
        "IsNull" => Some(Type::Null),
        "IsString" => Some(Type::String),
        "IsNumeric" => Some(Type::Numeric),
        "IsBoolean" => Some(Type::Boolean),
        "IsTimestamp" => Some(Type::Timestamp),
        _ => None,
    };
    if let Some(kind) = is {
        return Some(Ok(Test::Is(kind, flag())));
    }
    match name {
        "IsPresent" => return Some(Ok(Test::IsPresent(flag()))),
        "StringMatches" => return Some(Ok(Test::Matches(pattern(operand.as_str().unwrap_or_default())))),
        _ => {}
    }
    let (kind, rest) = [
        ("String", ComparisonKind::String),
        ("Numeric", ComparisonKind::Numeric),
        ("Boolean", ComparisonKind::Boolean),
        ("Timestamp", ComparisonKind::Timestamp),
    ]
    .into_iter()
    .find_map(|(prefix, kind)| Some((kind, name.strip_prefix(prefix)?)))?;
    let by_path = rest.strip_suffix("Path");
    let relation = match by_path.unwrap_or(rest) {
        "Equals" => Relation::Equals,
        "LessThan" => Relation::Less,
        "GreaterThan" => Relation::Greater,
        "LessThanEquals" => Relation::LessOrEqual,
        "GreaterThanEquals" => Relation::GreaterOrEqual,
        _ => return None,
    };
    let operand = match (by_path, operand.as_str()) {
        (Some(_), Some(path)) => Reference::compile(path, &format!("{at}/{name}")).map(Operand::Path),
        _ => Ok(Operand::Literal(operand.clone())),
    };
    Some(operand.map(|operand| Test::Compare(kind, relation, operand)))
}

fn passes(test: &Test, value: &Value, view: &View<'_>) -> Result<bool, Failure> {
    Ok(match test {
        Test::Compare(kind, relation, Operand::Literal(other)) => compare(*kind, *relation, value, other),
        Test::Compare(kind, relation, Operand::Path(path)) => {
            compare(*kind, *relation, value, &self::value(path, view)?)
        }
        Test::Matches(pattern) => value.as_str().is_some_and(|text| matches(pattern, text)),
        Test::Is(kind, wanted) => is(*kind, value) == *wanted,
        Test::IsPresent(wanted) => *wanted,
    })
}

fn is(kind: Type, value: &Value) -> bool {
    match kind {
        Type::Null => value.is_null(),
        Type::String => value.is_string(),
        Type::Numeric => value.is_number(),
        Type::Boolean => value.is_boolean(),
        Type::Timestamp => value.as_str().is_some_and(|text| timestamp::parse(text).is_some()),
    }
}

fn compare(kind: ComparisonKind, relation: Relation, left: &Value, right: &Value) -> bool {
    let order = match (kind, left, right) {
        (ComparisonKind::String, Value::String(a), Value::String(b)) => Some(a.encode_utf16().cmp(b.encode_utf16())),
        (ComparisonKind::Numeric, Value::Number(a), Value::Number(b)) => match (a.as_i64(), b.as_i64()) {
            (Some(a), Some(b)) => Some(a.cmp(&b)),
            _ => a.as_f64().partial_cmp(&b.as_f64()),
        },
        (ComparisonKind::Boolean, Value::Bool(a), Value::Bool(b)) => Some(a.cmp(b)),
        (ComparisonKind::Timestamp, Value::String(a), Value::String(b)) => {
            timestamp::parse(a).zip(timestamp::parse(b)).map(|(a, b)| a.cmp(&b))
        }
        _ => None,
    };
    order.is_some_and(|order| match relation {
        Relation::Equals => order == Ordering::Equal,
        Relation::Less => order == Ordering::Less,
        Relation::Greater => order == Ordering::Greater,
        Relation::LessOrEqual => order != Ordering::Greater,
        Relation::GreaterOrEqual => order != Ordering::Less,
    })
}

/// `*` matches any text, `\*` a star and `\\` a backslash. Returns the texts between the wildcards.
fn pattern(text: &str) -> Vec<String> {
    let (mut pieces, mut piece) = (Vec::new(), String::new());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        match c {
            '*' => pieces.push(std::mem::take(&mut piece)),
            '\\' => piece.push(chars.next().unwrap_or('\\')),
            other => piece.push(other),
        }
    }
    pieces.push(piece);
    pieces
}

/// Takes each piece at its first occurrence: that leaves the most for the pieces after it, and reads the text once.
fn matches(pieces: &[String], text: &str) -> bool {
    let [first, middle @ .., last] = pieces else {
        return pieces.first().is_some_and(|only| only == text);
    };
    let Some(mut rest) = text.strip_prefix(first.as_str()).and_then(|rest| rest.strip_suffix(last.as_str())) else {
        return false;
    };
    for piece in middle {
        match rest.find(piece.as_str()) {
            Some(at) => rest = &rest[at + piece.len()..],
            None => return false,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(glob: &str, text: &str, expect: bool) {
        assert_eq!(matches(&pattern(glob), text), expect, "{glob:.40} on {text:.40}");
    }

    #[test]
    fn patterns_match_as_the_language_says() {
        check("log-*.txt", "log-2024.txt", true);
        check("log-*.txt", "log-2024.csv", false);
        check("*", "", true);
        check("a\\*b", "a*b", true);
        check("a\\*b", "axb", false);
        check("*a*b*", "xxaxxbxx", true);
        check("ab*ba", "aba", false);
        check("*a*a", "ba", false);
        check("a**a", "aa", true);
        check("é*é", "é-é", true);
        check("", "", true);
        check("", "x", false);
    }

    #[test]
    fn a_pattern_that_almost_matches_everywhere_ends() {
        let text = "a".repeat(200_000);
        check(&format!("*{}b", "a".repeat(100_000)), &text, false);
        check(&format!("*{}b*", "a".repeat(100_000)), &text, false);
        check(&"*a".repeat(100_000), &text, true);
    }
}
