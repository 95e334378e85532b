//! Filters of paths: `[?(@.price > 10 && @.kind == 'book')]`.

use std::borrow::Cow;
#[cfg(feature = "jsonata")]
use std::cell::RefCell;
use std::cmp::Ordering;

use serde_json::Value;

use super::path::{self, Segment, Work};

#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    Or(Vec<Filter>),
    And(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Operand),
    Compare(Operand, Operator, Operand),
}

#[derive(Debug, Clone, PartialEq)]
pub enum Operand {
    /// `@...`: from the item under test.
    Item(Vec<Segment>),
    /// `$...`: from the root.
    Root(Vec<Segment>),
    Literal(Value),
    /// `/expression/`, for `=~` alone.
    Pattern(Pattern),
}

/// A regular expression, which has to match the whole of a text.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern(String);

/// Largest compiled expression, in bytes.
#[cfg(feature = "jsonata")]
const COMPILED: usize = 512 * 1024;
/// Compiled expressions kept by each thread, the latest first: as many as a path may have, and more.
#[cfg(feature = "jsonata")]
const KEPT: usize = 20;

#[cfg(feature = "jsonata")]
thread_local! {
    /// A definition may hold thousands, each a few characters long. So they are compiled where they are needed.
    static PATTERNS: RefCell<Vec<(String, regex::Regex)>> = const { RefCell::new(Vec::new()) };
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
    /// A part of a text, or an item of a list.
    Contains,
    /// Every item of a list.
    All,
    Matches,
    SubsetOf,
    AnyOf,
    NoneOf,
    /// As many characters or items.
    Size,
    /// Whether the value is empty.
    Empty,
}

impl Pattern {
    /// Checks an expression with its flags, such as `i`. Without the server's features it is only kept.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn new(expression: &str, flags: &str) -> Result<Pattern, String> {
        let flags = if flags.is_empty() { String::new() } else { format!("(?{flags})") };
        let pattern = Pattern(format!("{flags}^(?:{})$", with_small_classes(expression)));
        #[cfg(feature = "jsonata")]
        pattern.compiled().map_err(|error| error.to_string())?;
        Ok(pattern)
    }

    #[cfg(feature = "jsonata")]
    fn compiled(&self) -> Result<regex::Regex, regex::Error> {
        let kept = PATTERNS.with_borrow(|kept| kept.iter().find(|kept| kept.0 == self.0).map(|kept| kept.1.clone()));
        if let Some(regex) = kept {
            return Ok(regex);
        }
        let regex = regex::RegexBuilder::new(&self.0).size_limit(COMPILED).dfa_size_limit(COMPILED).build()?;
        PATTERNS.with_borrow_mut(|kept| {
            kept.truncate(KEPT - 1);
            kept.insert(0, (self.0.clone(), regex.clone()));
        });
        Ok(regex)
    }

    #[cfg(feature = "jsonata")]
    fn matches(&self, text: &str) -> bool {
        self.compiled().is_ok_and(|regex| regex.is_match(text))
    }

    #[cfg(not(feature = "jsonata"))]
    fn matches(&self, _: &str) -> bool {
        false
    }
}

/// The expression with Java's meaning of `\w`, `\d` and `\s`: the letters, digits and spaces of ASCII alone.
fn with_small_classes(expression: &str) -> String {
    let (mut written, mut letters) = (String::with_capacity(expression.len()), expression.chars());
    while let Some(letter) = letters.next() {
        let escaped = if letter == '\\' { letters.next() } else { None };
        match escaped {
            Some('w') => written.push_str("[0-9A-Za-z_]"),
            Some('W') => written.push_str("[^0-9A-Za-z_]"),
            Some('d') => written.push_str("[0-9]"),
            Some('D') => written.push_str("[^0-9]"),
            Some('s') => written.push_str("[\\t-\\r ]"),
            Some('S') => written.push_str("[^\\t-\\r ]"),
            _ => written.extend([letter].into_iter().chain(escaped)),
        }
    }
    written
}

impl Filter {
    /// Whether `item` passes.
    pub fn accepts(&self, item: &Value, root: &Value, work: &mut Work) -> bool {
        match self {
            Filter::Or(terms) => terms.iter().any(|term| term.accepts(item, root, work)),
            Filter::And(terms) => terms.iter().all(|term| term.accepts(item, root, work)),
            Filter::Not(inner) => !inner.accepts(item, root, work),
            Filter::Exists(operand) => operand.value(item, root, work).is_some(),
            Filter::Compare(left, _, Operand::Pattern(pattern)) => matches(pattern, left.value(item, root, work), work),
            Filter::Compare(left, operator, right) => {
                let (left, right) = (left.value(item, root, work), right.value(item, root, work));
                compare(left, *operator, right, work)
            }
        }
    }
}

impl Operand {
    fn value<'a>(&'a self, item: &'a Value, root: &'a Value, work: &mut Work) -> Option<&'a Value> {
        let (start, segments) = match self {
            Operand::Literal(value) => return Some(value),
            Operand::Pattern(_) => return None,
            Operand::Item(segments) => (item, segments),
            Operand::Root(segments) => (root, segments),
        };
        work.spend(1 + segments.len())?;
        segments.iter().try_fold(start, |at, segment| match segment {
            Segment::Key(key) => at.as_object()?.get(key),
            Segment::Index(index) => path::item(at.as_array()?, *index),
            _ => None,
        })
    }
}

/// Numbers and booleans are matched as they are written, lists by any of their items, anything else as an empty text.
fn matches(pattern: &Pattern, value: Option<&Value>, work: &mut Work) -> bool {
    let mut is_match = |value: Option<&Value>| {
        let text = match value {
            Some(Value::String(text)) => Cow::Borrowed(text.as_str()),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => Cow::Owned(value.to_string()),
            _ => Cow::Borrowed(""),
        };
        work.spend(1 + text.len() / TEXT).is_some() && pattern.matches(&text)
    };
    match value {
        Some(Value::Array(items)) => items.iter().any(|item| is_match(Some(item))),
        value => is_match(value),
    }
}

fn compare(left: Option<&Value>, operator: Operator, right: Option<&Value>, work: &mut Work) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return operator == Operator::NotEqual && left != right;
    };
    let order = order(left, right, work);
    let is = |wanted: &[Ordering]| order.is_some_and(|order| wanted.contains(&order));
    let items = left.as_array().map_or(&[][..], Vec::as_slice);
    let length = match left {
        Value::Array(items) => Some(items.len()),
        Value::String(text) => work.spend(text.len() / TEXT).map(|()| text.chars().count()),
        _ => None,
    };
    match operator {
        Operator::Equal => is(&[Ordering::Equal]),
        Operator::NotEqual => !is(&[Ordering::Equal]),
        Operator::Less => is(&[Ordering::Less]),
        Operator::LessOrEqual => is(&[Ordering::Less, Ordering::Equal]),
        Operator::Greater => is(&[Ordering::Greater]),
        Operator::GreaterOrEqual => is(&[Ordering::Greater, Ordering::Equal]),
        Operator::In => among(left, right, work),
        Operator::NotIn => !among(left, right, work),
        Operator::Contains => match (left, right) {
            (Value::String(text), Value::String(part)) => {
                work.spend(text.len() / TEXT).is_some() && text.contains(part)
            }
            _ => among(right, left, work),
        },
        Operator::All => {
            let wanted = right.as_array().map_or(&[][..], Vec::as_slice);
            left.is_array() && wanted.iter().all(|item| among(item, left, work))
        }
        Operator::Matches => false,
        Operator::SubsetOf => left.is_array() && items.iter().all(|item| among(item, right, work)),
        Operator::AnyOf => items.iter().any(|item| among(item, right, work)),
        Operator::NoneOf => left.is_array() && !items.iter().any(|item| among(item, right, work)),
        Operator::Size => length.is_some_and(|n| right.as_u64() == Some(n as u64)),
        Operator::Empty => length.is_some_and(|n| right.as_bool() == Some(n == 0)),
    }
}

/// The order of two values, where they can be compared. Beside a number, a text of digits is a number.
fn order(left: &Value, right: &Value, work: &mut Work) -> Option<Ordering> {
    let mut number = |text: &str| work.spend(text.len() / TEXT).and_then(|()| text.parse::<f64>().ok());
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => work.spend(a.len().min(b.len()) / TEXT).map(|()| a.cmp(b)),
        (Value::Number(a), Value::String(b)) => a.as_f64()?.partial_cmp(&number(b)?),
        (Value::String(a), Value::Number(b)) => number(a)?.partial_cmp(&b.as_f64()?),
        _ => same(left, right, work).then_some(Ordering::Equal),
    }
}

/// Whether a value is an item of a list.
fn among(value: &Value, items: &Value, work: &mut Work) -> bool {
    items.as_array().is_some_and(|items| items.iter().any(|item| same(item, value, work)))
}

/// Bytes of a text that are compared in one step.
const TEXT: usize = 64;

/// Whether two values are equal; false where no steps are left.
fn same(left: &Value, right: &Value, work: &mut Work) -> bool {
    if work.spend(1).is_none() {
        return false;
    }
    match (left, right) {
        (Value::String(a), Value::String(b)) => work.spend(a.len().min(b.len()) / TEXT).is_some() && a == b,
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b, work)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(key, a)| b.get(key).is_some_and(|b| same(a, b, work)))
        }
        _ => left == right,
    }
}

#[cfg(all(test, feature = "jsonata"))]
mod tests {
    use super::*;

    #[test]
    fn compiled_expressions_do_not_take_all_memory() {
        for i in 0..100 {
            assert!(Pattern::new(&format!("a{i}"), "i").is_ok_and(|pattern| pattern.matches(&format!("A{i}"))));
        }
        assert_eq!(PATTERNS.with_borrow(Vec::len), KEPT);
    }
}
