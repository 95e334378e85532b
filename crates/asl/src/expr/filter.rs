//! Filters of paths: `[?(@.price > 10 && @.kind == 'book')]`.

use std::cmp::Ordering;

use serde_json::Value;

use super::path::Segment;

#[derive(Debug, Clone, PartialEq)]
pub enum Filter {
    Or(Box<Filter>, Box<Filter>),
    And(Box<Filter>, Box<Filter>),
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
}

impl Filter {
    /// Whether `item` passes.
    pub fn accepts(&self, item: &Value, root: &Value) -> bool {
        match self {
            Filter::Or(a, b) => a.accepts(item, root) || b.accepts(item, root),
            Filter::And(a, b) => a.accepts(item, root) && b.accepts(item, root),
            Filter::Not(inner) => !inner.accepts(item, root),
            Filter::Exists(operand) => operand.value(item, root).is_some(),
            Filter::Compare(left, operator, right) => {
                compare(left.value(item, root), *operator, right.value(item, root))
            }
        }
    }
}

impl Operand {
    fn value<'a>(&'a self, item: &'a Value, root: &'a Value) -> Option<&'a Value> {
        let (start, segments) = match self {
            Operand::Literal(value) => return Some(value),
            Operand::Item(segments) => (item, segments),
            Operand::Root(segments) => (root, segments),
        };
        segments.iter().try_fold(start, |at, segment| match segment {
            Segment::Key(key) => at.as_object()?.get(key),
            Segment::Index(index) if *index >= 0 => at.as_array()?.get(*index as usize),
            _ => None,
        })
    }
}

fn compare(left: Option<&Value>, operator: Operator, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return operator == Operator::NotEqual && left != right;
    };
    let order = match (left, right) {
        (Value::Number(a), Value::Number(b)) => a.as_f64().partial_cmp(&b.as_f64()),
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        _ => (left == right).then_some(Ordering::Equal),
    };
    let among = || right.as_array().is_some_and(|items| items.contains(left));
    match operator {
        Operator::Equal => order == Some(Ordering::Equal),
        Operator::NotEqual => order != Some(Ordering::Equal),
        Operator::Less => order == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order == Some(Ordering::Greater),
        Operator::GreaterOrEqual => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        Operator::In => among(),
        Operator::NotIn => !among(),
    }
}
