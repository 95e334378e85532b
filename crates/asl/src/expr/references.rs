//! What a JSONata expression reads besides `$states` and the variables. A workflow's expression has no input of its own,
//! so AWS refuses a definition whose expressions read one.

/// Something that an expression reads and that a workflow does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(not(feature = "jsonata"), expect(dead_code, reason = "without the evaluator no expression is looked at"))]
pub(crate) enum Reference {
    /// A field of the input, or `$`, the input itself.
    Name(String),
    /// `$$`.
    Root,
    /// `$states.errorOutput`, which only a catcher has.
    ErrorOutput,
    /// `$states.result`, which a Task, Map or Parallel state has after it ran.
    Result,
}

#[cfg(feature = "jsonata")]
pub(super) use walk::find;

#[cfg(feature = "jsonata")]
mod walk {
    use jsonata_core::ast::{AstNode, BinaryOp, PathStep};

    use super::super::jsonata::tree;
    use super::Reference;

    /// What the expression reads, each once, in the order of the text. No recursion: an expression may be deep.
    pub(crate) fn find(node: &AstNode) -> Vec<Reference> {
        let (mut found, mut open) = (Vec::new(), vec![node]);
        while let Some(node) = open.pop() {
            if let Some(reference) = reference(node).filter(|reference| !found.contains(reference)) {
                found.push(reference);
            }
            open.extend(parts(node).into_iter().rev());
        }
        found
    }

    fn reference(node: &AstNode) -> Option<Reference> {
        match node {
            AstNode::Name(name) => Some(Reference::Name(name.clone())),
            AstNode::Function { name, is_builtin: false, .. } => Some(Reference::Name(name.clone())),
            AstNode::Variable(name) if name.is_empty() => Some(Reference::Name("$".to_owned())),
            AstNode::Variable(name) if name == "$" => Some(Reference::Root),
            AstNode::ParentVariable(_) => Some(Reference::Root),
            AstNode::Path { steps } => field_of_states(steps),
            _ => None,
        }
    }

    fn field_of_states(steps: &[PathStep]) -> Option<Reference> {
        let [first, second, ..] = steps else { return None };
        let AstNode::Name(field) = &second.node else { return None };
        let is_states = matches!(&first.node, AstNode::Variable(name) if name == "states");
        match field.as_str() {
            "errorOutput" if is_states => Some(Reference::ErrorOutput),
            "result" if is_states => Some(Reference::Result),
            _ => None,
        }
    }

    /// The parts that are evaluated against the expression's own input: the later steps of a path, its filters and its
    /// sorting see the value of the step before. A function's body sees the input of its definition.
    fn parts(node: &AstNode) -> Vec<&AstNode> {
        match node {
            AstNode::Path { steps } => steps.first().map(|step| &step.node).into_iter().collect(),
            AstNode::Binary { op: BinaryOp::ColonEqual, rhs, .. } => vec![rhs],
            AstNode::Sort { input, .. } | AstNode::ObjectTransform { input, .. } => vec![input],
            AstNode::FunctionApplication(_) | AstNode::Transform { .. } => Vec::new(),
            _ => tree::parts(node),
        }
    }

    #[cfg(test)]
    mod tests {
        #![allow(clippy::unwrap_used, reason = "an expression that cannot be read is a failed test")]
        use super::*;

        #[track_caller]
        fn check(expression: &str, expected: &[&str]) {
            let found = find(&jsonata_core::parser::parse(expression).unwrap());
            let names: Vec<&str> = found
                .iter()
                .map(|reference| match reference {
                    Reference::Name(name) => name.as_str(),
                    Reference::Root => "$$",
                    Reference::ErrorOutput => "$states.errorOutput",
                    Reference::Result => "$states.result",
                })
                .collect();
            assert_eq!(names, expected, "{expression}");
        }

        #[test]
        fn what_is_read_from_the_input_is_found() {
            check("phone", &["phone"]);
            check("a.b + c.d[e > f]", &["a", "c"]);
            check("{aaa: 1, 'b': bbb}", &["aaa", "bbb"]);
            check("$map($states.input.a, function($x) { b + $x })", &["b"]);
            check("$ ~> $f", &["$"]);
            check("$sum($.a)", &["$"]);
            check("$$.a", &["$$"]);
            check("(x := 1; $y := z; $y)", &["z"]);
            check("$states.errorOutput.Cause", &["$states.errorOutput"]);
            check("$sum($states.result[0].a) + $x.result", &["$states.result"]);
        }

        #[test]
        fn steps_filters_and_sorting_see_the_value_before_them() {
            check("$states.input.a[b = 'c'].d^(e).{f: $sum(g)}", &[]);
            check("$x.(a; b) & $count($y[z])", &[]);
            check("($x := $states.context.Execution.Id; $x)", &[]);
            check("$states.input.items ~> $map(function($v) { $v.price })", &[]);
        }
    }
}
