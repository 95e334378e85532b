//! What a JSONata expression reads of `$states`, so that only that is converted for it: the input of an execution may be
//! large, and a Map state evaluates the same expression for each of thousands of items.

use std::collections::BTreeSet;

use indexmap::IndexMap;
use jsonata_core::ast::{AstNode, PathStep};
use serde_json::Value;

use super::tree::{filters, parts};

/// The name of the variable `$states`.
const STATES: &str = "states";

/// What an expression reads.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Reads {
    /// The names of variables and functions.
    names: BTreeSet<String>,
    /// The paths into `$states`, each up to the first step that is not a name. An empty one: the whole of it.
    ways: BTreeSet<Vec<String>>,
}

impl Reads {
    /// Finds what the expression reads. No recursion: an expression may be deep.
    pub fn of(expression: &AstNode) -> Reads {
        let (mut reads, mut open, mut ancestors) = (Reads::default(), vec![expression], false);
        while let Some(node) = open.pop() {
            match node {
                AstNode::Path { steps } if is_states(&steps[..1.min(steps.len())]) => {
                    reads.ways.insert(way(steps));
                    open.extend(steps.iter().skip(1).map(|step| &step.node));
                    open.extend(steps.iter().flat_map(filters));
                    continue;
                }
                AstNode::Variable(name) if name == STATES => drop(reads.ways.insert(Vec::new())),
                AstNode::Variable(name) | AstNode::Function { name, .. } => drop(reads.names.insert(name.clone())),
                AstNode::Parent(_) => ancestors = true,
                _ => {}
            }
            open.extend(parts(node));
        }
        // `%` goes back up from any step.
        if ancestors && !reads.ways.is_empty() {
            reads.ways.insert(Vec::new());
        }
        reads
    }

    /// Whether a variable of this name is read.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// The parts of `$states` that are read; `None` where nothing is. `find` follows names and returns the value that it
    /// reached, and how many names it took.
    pub fn states<'a>(&self, find: impl Fn(&[&str]) -> Option<(&'a Value, usize)>) -> Option<PartialValue<'a>> {
        let mut whole = PartialValue::default();
        for way in &self.ways {
            let names: Vec<&str> = way.iter().map(String::as_str).collect();
            if names.is_empty() {
                PARTS.iter().for_each(|part| whole.put(&[part], &find));
            } else {
                whole.put(&names, &find);
            }
        }
        (!self.ways.is_empty()).then_some(whole)
    }
}

/// The fields of `$states`.
const PARTS: [&str; 4] = ["input", "result", "errorOutput", "context"];

fn is_states(steps: &[PathStep]) -> bool {
    matches!(steps, [first] if matches!(&first.node, AstNode::Variable(name) if name == STATES) && first.stages.is_empty())
}

/// The names that follow `$states`, up to and including the first step with a filter.
fn way(steps: &[PathStep]) -> Vec<String> {
    let mut names = Vec::new();
    for step in &steps[1..] {
        let (AstNode::Name(name), None, None) = (&step.node, &step.focus, &step.index_var) else { break };
        names.push(name.clone());
        if !step.stages.is_empty() {
            break;
        }
    }
    names
}

/// A value, or an object with only some of its fields.
#[derive(Debug, PartialEq)]
pub(super) enum PartialValue<'a> {
    Whole(&'a Value),
    Some(IndexMap<String, PartialValue<'a>>),
}

impl Default for PartialValue<'_> {
    fn default() -> Self {
        PartialValue::Some(IndexMap::new())
    }
}

impl<'a> PartialValue<'a> {
    /// Adds the value that the names lead to, if any. The path ends at the first value that is not an object: a name after
    /// a list applies to each of its items.
    fn put(&mut self, names: &[&str], find: &impl Fn(&[&str]) -> Option<(&'a Value, usize)>) {
        let Some((mut value, mut taken)) = find(names) else { return };
        while let (Some(name), Value::Object(fields)) = (names.get(taken), value) {
            let Some(field) = fields.get(*name) else { return };
            (value, taken) = (field, taken + 1);
        }
        let mut at = self;
        for name in &names[..taken] {
            at = match at {
                // A value around this one has been added already.
                PartialValue::Whole(_) => return,
                PartialValue::Some(fields) => fields.entry((*name).to_owned()).or_default(),
            };
        }
        *at = PartialValue::Whole(value);
    }

    /// The sum of a count over the values that are there.
    pub fn sum(&self, count: fn(&Value) -> usize) -> usize {
        match self {
            PartialValue::Whole(value) => count(value),
            PartialValue::Some(fields) => fields.values().map(|part| part.sum(count)).sum(),
        }
    }

    /// The value in another form, built by `whole` and `object`.
    pub fn made<T>(&self, whole: &impl Fn(&Value) -> T, object: &impl Fn(IndexMap<String, T>) -> T) -> T {
        match self {
            PartialValue::Whole(value) => whole(value),
            PartialValue::Some(fields) => {
                object(fields.iter().map(|(name, part)| (name.clone(), part.made(whole, object))).collect())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "an expression that cannot be read is a failed test")]
    use super::*;
    use serde_json::json;

    fn reads(expression: &str) -> Reads {
        Reads::of(&jsonata_core::parser::parse(expression).unwrap())
    }

    #[track_caller]
    fn ways(expression: &str, expected: &[&str]) {
        let found: Vec<String> = reads(expression).ways.iter().map(|way| way.join(".")).collect();
        assert_eq!(found, expected, "{expression}");
    }

    #[test]
    fn the_ways_into_states_are_found_wherever_they_begin() {
        ways("1 + 1", &[]);
        ways("$states.input.order.id", &["input.order.id"]);
        ways("$states.context.Map.Item.Value * $states.input.n", &["context.Map.Item.Value", "input.n"]);
        ways("$a.b[c = $states.input.x].d", &["input.x"]);
        ways("$map($v, function($x) { $x & $states.result.y })", &["result.y"]);
        ways("$v.{'a': $states.input.a}", &["input.a"]);
        ways("$v{$states.input.k: $states.input.w}", &["input.k", "input.w"]);
        ways("$v^($states.input.k)", &["input.k"]);
        ways("$v ~> |a|{'b': $states.input.b}|", &["input.b"]);
        ways("$f := function() { $states.input.a }", &["input.a"]);
        ways("$states.input.items[id = $states.input.id].name", &["input.id", "input.items"]);
    }

    #[test]
    fn a_way_ends_where_more_than_a_name_follows() {
        ways("$states.input.list[0].a", &["input.list"]);
        ways("$states.input.*.a", &["input"]);
        ways("$states.input.a.(b.c)", &["input.a"]);
        ways("$states.input.a@$x.b", &["input"]);
        ways("$states.input.a#$i.b", &["input"]);
        ways("$states.**.a", &[""]);
        ways("$keys($states)", &[""]);
        ways("($s := $states; $s.input)", &[""]);
        ways("$states[0].input", &[""]);
        ways("$states.input.a.(%.b)", &["", "input.a"]);
        ways("$lookup($states, 'input')", &[""]);
    }

    #[test]
    fn variables_are_found_by_their_whole_name() {
        let found = reads("$total + $v.totals.($w)");
        assert!(found.has("total") && found.has("v") && found.has("w"));
        assert!(!found.has("tot") && !found.has("totals"));
    }

    #[test]
    fn only_what_is_read_is_there() {
        let input = json!({"a": {"b": 1, "big": [1, 2]}, "list": [{"n": 1}, {"n": 2}], "c": null});
        let made = |expression: &str| {
            reads(expression)
                .states(|names| (names[0] == "input").then_some((&input, 1)))
                .map(|part| part.made(&Value::clone, &|fields| Value::Object(fields.into_iter().collect())))
        };
        assert_eq!(made("1"), None);
        assert_eq!(made("$states.input.a.b"), Some(json!({"input": {"a": {"b": 1}}})));
        assert_eq!(made("$states.input.list.n"), Some(json!({"input": {"list": [{"n": 1}, {"n": 2}]}})));
        assert_eq!(made("$states.input.a.b + $states.input.a"), Some(json!({"input": {"a": {"b": 1, "big": [1, 2]}}})));
        assert_eq!(made("$states.input.c.d"), Some(json!({"input": {"c": null}})));
        assert_eq!(made("$states.input.none"), Some(json!({})));
        assert_eq!(made("$states.result.a"), Some(json!({})));
        assert_eq!(made("$states"), Some(json!({"input": input})));
    }
}
