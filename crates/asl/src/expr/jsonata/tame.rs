//! Which JSONata expressions are tame: by their shape, their time and memory are bounded by the length of their text times
//! the size of the values that they read. Most expressions of workflows are tame. An expression also has to fit: over
//! large values that product may be too large; see [`fits`].
//!
//! The rule is conservative. Everything that may repeat (functions, binding, ranges, regular expressions, nested mapping)
//! counts as wild, and so does everything that may grow a text or a list exponentially.

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use serde_json::Value;

/// The most nodes, and the most reads of a value, of a tame expression.
const NODES: usize = 1_000;
const READINGS: usize = 64;
/// The most nodes, and bytes of literal texts, that are evaluated for each item.
const NODES_EACH: usize = 60;
const TEXT_EACH: usize = 400;
/// How often the expression may grow a value; see [`growth`].
const GROWTH: usize = 3;

/// Functions whose result is at most as long as their arguments, and which read each argument once.
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

/// The longest separator of a tame `$join`, which is repeated between all items.
const SEPARATOR: usize = 10;

/// Whether the expression is tame.
pub(super) fn is_tame(node: &AstNode) -> bool {
    let mut count = Count::default();
    count.tame(node, Repetition::Once)
        && count.nodes <= NODES
        && count.readings <= READINGS
        && count.nodes_each <= NODES_EACH
        && count.text_each <= TEXT_EACH
        && growth(node) <= GROWTH
}

/// The most work of a tame expression for each part of the values that it reads, where building a part costs [`MAKING`].
/// `None` for a wild expression.
pub(super) fn work(node: &AstNode) -> Option<usize> {
    is_tame(node).then(|| load(node).work)
}

/// Whether an expression of this work over values of so many parts stays well within a second and a hundred megabytes.
pub(super) fn fits(work: usize, parts: usize) -> bool {
    work.max(MAKING).saturating_mul(parts) <= MAKING * PARTS
}

/// The number of parts of a value, each about a hundred bytes in the evaluator's form. A text may be split or parsed into
/// half as many parts as it has characters.
pub(super) fn parts(value: &Value) -> usize {
    match value {
        Value::String(text) => 1 + text.len() / 2,
        Value::Array(items) => 1 + items.iter().map(parts).sum::<usize>(),
        Value::Object(fields) => 2 + fields.values().map(|field| 1 + parts(field)).sum::<usize>(),
        _ => 1,
    }
}

/// The work of building each part of a value anew. Reading a part costs a sixteenth of that. A list copies its items, and
/// of the nodes that are evaluated for each item about half build something.
const MAKING: usize = 16;
const LOOKING: usize = 1;
const LISTING: usize = MAKING / 2;
const EVALUATING: usize = MAKING / 2;
/// How many parts an expression may build. Each takes up to a hundred bytes and half a microsecond.
const PARTS: usize = 300_000;
/// A longer literal text counts as a value that is read.
const LONG_TEXT: usize = 256;
/// The bytes of text that count as one part: slightly fewer than a part takes.
const PART: usize = 64;

/// How often a part of an expression reads a value, and its work.
#[derive(Clone, Copy, Default)]
struct Load {
    readings: usize,
    work: usize,
}

impl Load {
    fn of<'n>(nodes: impl IntoIterator<Item = &'n AstNode>) -> Load {
        nodes.into_iter().map(load).fold(Load::default(), |sum, next| Load {
            readings: sum.readings + next.readings,
            work: sum.work + next.work,
        })
    }

    /// Adds work that is done once for each read.
    fn and(self, work: usize) -> Load {
        Load { work: self.work + self.readings * work, ..self }
    }
}

fn load(node: &AstNode) -> Load {
    match node {
        AstNode::Name(_) | AstNode::Variable(_) => Load { readings: 1, work: 0 },
        AstNode::String(text) => Load { readings: usize::from(text.len() > LONG_TEXT), work: 0 },
        AstNode::Path { steps } => {
            let begin = Load::of(steps.first().map(|step| &step.node));
            begin.and(steps.iter().enumerate().map(|(index, step)| work_of_step(step, index)).sum())
        }
        AstNode::Binary { op: BinaryOp::Concatenate, lhs, rhs } => {
            // The texts that are joined already are copied, which is far quicker than formatting a value.
            let written = |side: &AstNode| {
                let copied = matches!(side, AstNode::Binary { op: BinaryOp::Concatenate, .. });
                load(side).and(if copied { 0 } else { MAKING })
            };
            let (left, right) = (written(lhs), written(rhs));
            Load { readings: left.readings + right.readings, work: left.work + right.work }
        }
        AstNode::Binary { op: BinaryOp::Equal | BinaryOp::NotEqual, lhs, rhs } => Load::of([&**lhs, rhs]).and(LOOKING),
        AstNode::Binary { lhs, rhs, .. } => Load::of([&**lhs, rhs]),
        AstNode::Unary { operand, .. } => load(operand),
        AstNode::Function { name, args, .. } => {
            Load::of(args).and(if LOOKERS.contains(&name.as_str()) { LOOKING } else { MAKING })
        }
        AstNode::Array(items) => Load::of(items).and(LISTING),
        AstNode::Block(items) => Load::of(items),
        AstNode::Object(members) => Load::of(members.iter().flat_map(|(key, value)| [key, value])),
        AstNode::Conditional { condition, then_branch, else_branch } => {
            Load::of([&**condition, then_branch].into_iter().chain(else_branch.as_deref()))
        }
        _ => Load::default(),
    }
}

/// The work of a step for each item: it looks up a name, or evaluates its nodes.
fn work_of_step(step: &PathStep, index: usize) -> usize {
    let own = if index > 0 && is_made(&step.node) { work_each(&step.node) } else { LOOKING };
    let filters = step.stages.iter().map(|stage| match stage {
        Stage::Filter(condition) => work_each(condition),
        Stage::KeepArray | Stage::Index(_) => LOOKING,
    });
    own + filters.sum::<usize>()
}

/// The work of evaluating a node for each item.
fn work_each(node: &AstNode) -> usize {
    match node {
        AstNode::Number(_) => LOOKING,
        _ => {
            let mut count = Count::default();
            // The caller has checked that the node is tame.
            let _ = count.made(node);
            EVALUATING * count.nodes_each + MAKING * (count.text_each / PART)
        }
    }
}

/// Functions that read their arguments and return something small.
const LOOKERS: &[&str] = &[
    "abs", "average", "boolean", "ceil", "contains", "count", "exists", "floor", "hash", "length", "max", "min", "not",
    "number", "power", "round", "sqrt", "sum", "type",
];

/// How often an expression grows a value by a factor, at most: once where a text is quoted, encoded or joined, twice where
/// something is built of each item. Consecutive operations add up; parallel ones do not.
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

/// Whether a step builds something of each item.
fn is_made(node: &AstNode) -> bool {
    matches!(node, AstNode::Object(_) | AstNode::Array(_) | AstNode::ArrayGroup(_) | AstNode::FunctionApplication(_))
}

/// Functions whose result may be longer than their arguments.
const GROWING: &[&str] = &["base64encode", "join", "string"];

/// How often a part of an expression is evaluated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Repetition {
    Once,
    /// For each item of a sequence: it may read the item alone.
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
    fn tame(&mut self, node: &AstNode, repetition: Repetition) -> bool {
        self.nodes += 1;
        if self.nodes > NODES {
            return false;
        }
        if repetition == Repetition::Each {
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
                repetition == Repetition::Once || name.is_empty()
            }
            AstNode::Path { steps } => self.path(steps, repetition),
            AstNode::Binary { op, lhs, rhs } => ends(*op) && self.tame(lhs, repetition) && self.tame(rhs, repetition),
            AstNode::Unary { operand, .. } => self.tame(operand, repetition),
            AstNode::Function { name, args, is_builtin } => {
                *is_builtin && is_frugal(name, args) && self.all(args, repetition)
            }
            AstNode::Array(items) | AstNode::Block(items) => self.all(items, repetition),
            AstNode::Object(members) => {
                members.iter().all(|(key, value)| self.tame(key, repetition) && self.tame(value, repetition))
            }
            AstNode::Conditional { condition, then_branch, else_branch } => {
                self.tame(condition, repetition)
                    && self.tame(then_branch, repetition)
                    && else_branch.as_ref().is_none_or(|branch| self.tame(branch, repetition))
            }
            _ => false,
        }
    }

    fn all(&mut self, nodes: &[AstNode], repetition: Repetition) -> bool {
        nodes.iter().all(|node| self.tame(node, repetition))
    }

    /// A name selects a part of a value, and a filter keeps some of its items: neither grows it. Only the last step may
    /// build something of each item.
    fn path(&mut self, steps: &[PathStep], repetition: Repetition) -> bool {
        let last = steps.len().saturating_sub(1);
        steps.iter().enumerate().all(|(index, step)| {
            let plain =
                step.focus.is_none() && step.index_var.is_none() && step.ancestor_label.is_none() && !step.is_tuple;
            let node = match &step.node {
                node if index == 0 => self.tame(node, repetition),
                AstNode::Name(_) | AstNode::String(_) => true,
                made if is_made(made) => index == last && repetition == Repetition::Once && self.made(made),
                _ => false,
            };
            plain && node && step.stages.iter().all(|stage| self.stage(stage))
        })
    }

    fn made(&mut self, node: &AstNode) -> bool {
        match node {
            AstNode::FunctionApplication(inner) => self.tame(inner, Repetition::Each),
            AstNode::ArrayGroup(items) => self.all(items, Repetition::Each),
            other => self.tame(other, Repetition::Each),
        }
    }

    fn stage(&mut self, stage: &Stage) -> bool {
        match stage {
            Stage::Filter(condition) => self.tame(condition, Repetition::Each),
            Stage::KeepArray => true,
            Stage::Index(_) => false,
        }
    }
}

/// Whether the function's result is no longer than its arguments.
fn is_frugal(name: &str, args: &[AstNode]) -> bool {
    match (name, args) {
        // A picture may ask for any width, and an indented text grows with its depth.
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
        // In a filter, `in` searches its whole right side for each item.
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

    #[track_caller]
    fn most_parts(expression: &str) -> usize {
        let node = jsonata_core::parser::parse(expression);
        let work = node.ok().as_ref().and_then(work);
        work.map_or(0, |work| MAKING * PARTS / work.max(MAKING))
    }

    #[test]
    fn what_makes_much_of_large_values_is_wild() {
        let often = |times: usize, part: &str, between: &str| vec![part; times].join(between);
        for (expression, least, most) in [
            ("$states.input.order.id", 250_000, 400_000),
            ("$uppercase($states.input.name) & '!'", 100_000, 200_000),
            ("$states.input.items[price > 10 and stock = 0].sku", 50_000, 100_000),
            ("$states.input.items.{'sku': sku, 'total': price * quantity}", 40_000, 100_000),
            // The parts are read, not built.
            (&often(12, "$sum($states.input.list)", " + "), 100_000, 100_000),
            (&often(60, "$split($v, '')", ", "), 0, 0),
            (&format!("[{}]", often(60, "$split($v, '')", ", ")), 0, 6_000),
            (&format!("[{}]", often(60, "$v.{}", ", ")), 0, 6_000),
            (&format!("[{}]", often(60, "$v", ", ")), 0, 10_000),
            (&format!("{}$v{}", "$partition(".repeat(60), ", 1)".repeat(60)), 0, 6_000),
            (&format!("$v.{{{}}}", often(25, "'k': $", ", ")), 0, 15_000),
            (&format!("$v.('{}')", "x".repeat(380)), 0, 60_000),
            (&often(60, "$v", " & "), 0, 6_000),
            (&format!("{}'{}'{}", "$partition(".repeat(9), "x".repeat(8_000), ", 1)".repeat(9)), 0, 40_000),
        ] {
            let parts = most_parts(expression);
            assert!((least..=most).contains(&parts), "{parts} parts: {expression:.60}");
        }
    }

    #[test]
    fn values_are_as_large_as_they_take_memory() {
        for (value, expect) in [
            (serde_json::json!(["", "", ""]), 4),
            (serde_json::json!("x".repeat(1_000)), 501),
            (serde_json::json!([[], {}, null, 1.5]), 6),
            (serde_json::json!({"a": 1, "b": {"c": true}}), 9),
        ] {
            assert_eq!(parts(&value), expect, "{value}");
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
            // A tree of 2^n leaves that share their memory until it is formatted.
            again(2, "$states.input", "(", ".{'a': $, 'b': $})"),
            format!("$states.input.list.('{}')", "x".repeat(1_000)),
            format!("$states.input.list.[{}]", vec!["0"; 100].join(", ")),
        ] {
            assert!(!judged(&expression), "{expression}");
        }
        assert!(!judged(&vec!["$states.input"; 65].join(" & ")), "many readings");
    }
}
