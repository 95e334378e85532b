//! The service has JSONata 2.0.6; the evaluator also knows operators of later versions.

use jsonata_core::ast::{AstNode, BinaryOp, Stage};

/// Refuses the operators that came after 2.0.6, in that version's words.
pub(super) fn check(node: &AstNode) -> Result<(), String> {
    let unknown = |symbol: char| Err(format!("S0211: The symbol \"{symbol}\" cannot be used as a unary operator"));
    match node {
        AstNode::Binary { op: BinaryOp::Coalesce, .. } => unknown('?'),
        AstNode::Binary { op: BinaryOp::Default, .. } => unknown(':'),
        _ => parts(node).into_iter().try_for_each(check),
    }
}

/// Every part of a node.
fn parts(node: &AstNode) -> Vec<&AstNode> {
    match node {
        AstNode::Path { steps } => steps
            .iter()
            .flat_map(|step| {
                let filters = step.stages.iter().filter_map(|stage| match stage {
                    Stage::Filter(condition) => Some(&**condition),
                    Stage::KeepArray | Stage::Index(_) => None,
                });
                std::iter::once(&step.node).chain(filters)
            })
            .collect(),
        AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        AstNode::Unary { operand, .. } => vec![operand],
        AstNode::Function { args, .. } | AstNode::Array(args) | AstNode::Block(args) | AstNode::ArrayGroup(args) => {
            args.iter().collect()
        }
        AstNode::Call { procedure, args } => std::iter::once(&**procedure).chain(args).collect(),
        AstNode::Lambda { body, .. } => vec![body],
        AstNode::Object(members) => pairs(members).collect(),
        AstNode::ObjectTransform { input, pattern } => std::iter::once(&**input).chain(pairs(pattern)).collect(),
        AstNode::Conditional { condition, then_branch, else_branch } => {
            [Some(condition), Some(then_branch), else_branch.as_ref()].into_iter().flatten().map(|b| &**b).collect()
        }
        AstNode::FunctionApplication(inner) => vec![inner],
        AstNode::Sort { input, terms } => std::iter::once(&**input).chain(terms.iter().map(|term| &term.0)).collect(),
        AstNode::Transform { location, update, delete } => {
            [Some(location), Some(update), delete.as_ref()].into_iter().flatten().map(|b| &**b).collect()
        }
        _ => Vec::new(),
    }
}

fn pairs(members: &[(AstNode, AstNode)]) -> impl Iterator<Item = &AstNode> {
    members.iter().flat_map(|(name, value)| [name, value])
}

#[cfg(test)]
mod tests {
    use super::super::jsonata::check;

    #[test]
    fn operators_of_later_versions_are_refused_wherever_they_are() {
        for operator in ["?:", "??"] {
            for place in [
                "1 # 2",
                "[{'a': $x # 2}]",
                "$map([1], function($v) { $v # 2 })",
                "$states.input.list[a # b].c",
                "($x := 1; $f($x # 2))",
                "true ? 1 : (2 # 3)",
                "$states.input.list^(a # b)",
                "$states.input ~> |list|{'a': a # b}|",
                "$states.input.list{a: b # c}",
            ] {
                let expression = place.replace('#', operator);
                assert!(check(&expression).is_err_and(|error| error.starts_with("S0211: ")), "{expression}");
                assert_eq!(check(&place.replace('#', "&")), Ok(()), "{place}");
            }
        }
    }
}
