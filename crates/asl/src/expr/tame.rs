//! Which JSONata expressions end by their own shape: neither the time nor the memory that they take can grow faster
//! than their text times the values that they read. Most expressions of workflows are of this kind.
//!
//! The rule is on the safe side. Whatever may repeat (functions, binding, ranges, regular expressions, mapping within
//! mapping) counts as wild, and so does what makes a text or a list longer again and again, each time by a part of its
//! length.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};

/// Nodes, and readings of a value, that an expression may have.
const NODES: usize = 1_000;
const READINGS: usize = 64;
/// Nodes, and bytes of literal texts, of all parts that are evaluated for each item.
const NODES_EACH: usize = 60;
const TEXT_EACH: usize = 400;
/// How often a value may be made longer on its way through the expression; see [`growth`].
const GROWTH: usize = 3;

/// Functions whose result is at most as long as their arguments, and that look at each part of them once.
const FUNCTIONS: &[&str] = &[
    "abs",
    "append",
    "average",
    "base64decode",
    "boolean",
    "ceil",
    "contains",
    "count",
    "exists",
    "floor",
    "hash",
    "length",
    "lookup",
    "lowercase",
    "max",
    "merge",
    "millis",
    "min",
    "not",
    "number",
    "parse",
    "partition",
    "power",
    "random",
    "reverse",
    "round",
    "split",
    "sqrt",
    "substring",
    "substringAfter",
    "substringBefore",
    "sum",
    "trim",
    "type",
    "uppercase",
    "uuid",
];

/// The longest separator of a tame `$join`, which stands between all items.
const SEPARATOR: usize = 10;

/// Whether the expression needs no watching.
pub(super) fn is_tame(node: &AstNode) -> bool {
    let mut count = Count::default();
    count.tame(node, Place::Once)
        && count.nodes <= NODES
        && count.readings <= READINGS
        && count.nodes_each <= NODES_EACH
        && count.text_each <= TEXT_EACH
        && growth(node) <= GROWTH
}

/// How often a value is made longer by a part of its length, at most: once where a text is quoted, encoded or joined, and
/// twice where something is made of each item. What comes after one another adds up, what stands side by side does not.
fn growth(node: &AstNode) -> usize {
    let most = |nodes: &[AstNode]| nodes.iter().map(growth).max().unwrap_or(0);
    match node {
        AstNode::Path { steps } => steps.iter().map(growth_of_step).sum(),
        AstNode::Binary { lhs, rhs, .. } => growth(lhs).max(growth(rhs)),
        AstNode::Unary { operand, .. } | AstNode::FunctionApplication(operand) => growth(operand),
        AstNode::Function { name, args, .. } => most(args) + usize::from(GROWING.contains(&name.as_str())),
        AstNode::Array(items) | AstNode::ArrayGroup(items) | AstNode::Block(items) => most(items),
        AstNode::Object(members) => {
            members.iter().map(|(key, value)| growth(key).max(growth(value))).max().unwrap_or(0)
        }
        AstNode::Conditional { condition, then_branch, else_branch } => {
            let otherwise = else_branch.as_deref().map_or(0, growth);
            growth(condition).max(growth(then_branch)).max(otherwise)
        }
        _ => 0,
    }
}

fn growth_of_step(step: &PathStep) -> usize {
    let filters =
        step.stages.iter().map(|stage| if let Stage::Filter(condition) = stage { growth(condition) } else { 0 });
    growth(&step.node).max(filters.max().unwrap_or(0)) + if is_made(&step.node) { 2 } else { 0 }
}

/// Whether a step makes something of each item.
fn is_made(node: &AstNode) -> bool {
    matches!(node, AstNode::Object(_) | AstNode::Array(_) | AstNode::ArrayGroup(_) | AstNode::FunctionApplication(_))
}

/// Functions whose result may be longer than their arguments.
const GROWING: &[&str] = &["base64encode", "join", "string"];

/// How often a part of an expression is evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Once,
    /// For each item of a sequence: it may look at the item alone.
    Each,
}

#[derive(Default)]
struct Count {
    nodes: usize,
    readings: usize,
    nodes_each: usize,
    text_each: usize,
}

impl Count {
    fn tame(&mut self, node: &AstNode, place: Place) -> bool {
        self.nodes += 1;
        if self.nodes > NODES {
            return false;
        }
        if place == Place::Each {
            self.nodes_each += 1;
            self.text_each += if let AstNode::String(text) = node { text.len() } else { 0 };
        }
        match node {
            AstNode::String(_) | AstNode::Number(_) | AstNode::Boolean(_) | AstNode::Null | AstNode::Undefined => true,
            AstNode::Name(_) => {
                self.readings += 1;
                true
            }
            AstNode::Variable(name) => {
                self.readings += 1;
                place == Place::Once || name.is_empty()
            }
            AstNode::Path { steps } => self.path(steps, place),
            AstNode::Binary { op, lhs, rhs } => ends(*op) && self.tame(lhs, place) && self.tame(rhs, place),
            AstNode::Unary { operand, .. } => self.tame(operand, place),
            AstNode::Function { name, args, is_builtin } => {
                *is_builtin && is_frugal(name, args) && self.all(args, place)
            }
            AstNode::Array(items) | AstNode::Block(items) => self.all(items, place),
            AstNode::Object(members) => {
                members.iter().all(|(key, value)| self.tame(key, place) && self.tame(value, place))
            }
            AstNode::Conditional { condition, then_branch, else_branch } => {
                self.tame(condition, place)
                    && self.tame(then_branch, place)
                    && else_branch.as_ref().is_none_or(|branch| self.tame(branch, place))
            }
            _ => false,
        }
    }

    fn all(&mut self, nodes: &[AstNode], place: Place) -> bool {
        nodes.iter().all(|node| self.tame(node, place))
    }

    /// Names lead into a value and never make it longer. A filter keeps some of it. The last step may make something of
    /// each item, once.
    fn path(&mut self, steps: &[PathStep], place: Place) -> bool {
        let last = steps.len().saturating_sub(1);
        steps.iter().enumerate().all(|(index, step)| {
            let plain =
                step.focus.is_none() && step.index_var.is_none() && step.ancestor_label.is_none() && !step.is_tuple;
            let node = match &step.node {
                node if index == 0 => self.tame(node, place),
                AstNode::Name(_) | AstNode::String(_) => true,
                made if is_made(made) => index == last && place == Place::Once && self.made(made),
                _ => false,
            };
            plain && node && step.stages.iter().all(|stage| self.stage(stage))
        })
    }

    fn made(&mut self, node: &AstNode) -> bool {
        match node {
            AstNode::FunctionApplication(inner) => self.tame(inner, Place::Each),
            AstNode::ArrayGroup(items) => self.all(items, Place::Each),
            other => self.tame(other, Place::Each),
        }
    }

    fn stage(&mut self, stage: &Stage) -> bool {
        match stage {
            Stage::Filter(condition) => self.tame(condition, Place::Each),
            Stage::KeepArray => true,
            Stage::Index(_) => false,
        }
    }
}

/// Whether a function makes nothing that is longer than what it is given.
fn is_frugal(name: &str, args: &[AstNode]) -> bool {
    match (name, args) {
        // A picture may ask for any width, and so may an indented text.
        ("now", []) | ("fromMillis" | "toMillis" | "string", [_]) | ("join", [_]) => true,
        ("join", [_, AstNode::String(separator)]) => separator.len() <= SEPARATOR,
        ("base64encode", _) => true,
        _ => FUNCTIONS.contains(&name),
    }
}

fn ends(op: BinaryOp) -> bool {
    use BinaryOp as B;
    match op {
        B::Add | B::Subtract | B::Multiply | B::Divide | B::Modulo => true,
        B::Equal | B::NotEqual | B::LessThan | B::LessThanOrEqual | B::GreaterThan | B::GreaterThanOrEqual => true,
        B::And | B::Or | B::Concatenate => true,
        // `in` looks through the whole of its right side for each item of a filter.
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn judged(expression: &str) -> bool {
        let parsed = jsonata_core::parser::parse(expression);
        assert!(parsed.is_ok(), "{expression}: {parsed:?}");
        parsed.is_ok_and(|node| is_tame(&node))
    }

    #[test]
    fn what_workflows_write_every_day_is_tame() {
        for expression in [
            "$states.input.order.total * 1.19",
            "$states.input.items[price > 10 and stock = 0].sku",
            "$states.input.items[0]",
            "$states.input.items.{'sku': sku, 'total': price * quantity}",
            "{'id': $states.context.Execution.Id, 'who': $uppercase($states.input.name) & '!'}",
            "$states.input.retry ? $v + 1 : 0",
            "$sum($states.input.items.price)",
            "[$states.input.a, $states.result.Payload]",
            "$exists($states.input.x) and $count($states.input.list) <= 3",
            "$merge([$states.input, {'seen': true}])",
            "$uuid()",
            "$join($states.input.list.name, ', ')",
            "$base64encode($string($states.input))",
            "'Order ' & $string($states.input.id) & ': ' & $string($states.input.total)",
            "$string($states.input.items.{'sku': sku, 'total': $round(price * quantity, 2)})",
            "$states.input.items.('Item ' & sku & ': ' & $string(price))",
        ] {
            assert!(judged(expression), "{expression}");
        }
    }

    #[test]
    fn what_may_repeat_is_wild() {
        for expression in [
            "($f := function($x) { $f($x) }; $f(0))",
            "[1..1000000]",
            "$pad('', 1000000000)",
            "$map($states.input.list, function($x) { $x })",
            "$states.input.list.($states.input.list)",
            "$states.input.list[$count($states.input.list) > 1]",
            "$.{'a': $, 'b': $}.{'a': $, 'b': $}",
            "$replace($states.input.text, /a+/, 'b')",
            "$states.input.**",
            "($a := $states.input.s; $a & $a)",
            "$states.input.list ~> $map($string)",
            "$states.input.list^(name)",
            "$shuffle($states.input.list)",
            "$range(1, 100000, 1)",
            "$now('[Y,99999999]')",
            "$join($states.input.list, $states.input.text)",
        ] {
            assert!(!judged(expression), "{expression}");
        }
        let again = |times: usize, begin: &str, before: &str, after: &str| {
            format!("{}{begin}{}", before.repeat(times), after.repeat(times))
        };
        for expression in [
            // Each quotes the quotation marks of the one within it.
            again(4, "$states.input.text", "$string([", "])"),
            again(4, "$states.input.text", "$base64encode(", ")"),
            again(2, "$states.input.text", "$join($split(", ", ''), '--------------------')"),
            // A tree of 2^n leaves that share their memory, until it is written down.
            again(2, "$states.input", "(", ".{'a': $, 'b': $})"),
            format!("$states.input.list.('{}')", "x".repeat(1_000)),
            format!("$states.input.list.[{}]", vec!["0"; 100].join(", ")),
        ] {
            assert!(!judged(&expression), "{expression}");
        }
        assert!(!judged(&vec!["$states.input"; 65].join(" & ")), "many readings");
    }
}
