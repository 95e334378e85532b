//! Walking through the tree of a JSONata expression.

use jsonata_core::ast::{AstNode, PathStep, Stage};

/// A node and everything below it. No recursion: an expression may be deep.
pub(super) fn nodes(node: &AstNode) -> impl Iterator<Item = &AstNode> {
    let mut open = vec![node];
    std::iter::from_fn(move || {
        let node = open.pop()?;
        open.extend(parts(node));
        Some(node)
    })
}

/// The conditions of a step's filters.
pub(super) fn filters(step: &PathStep) -> impl Iterator<Item = &AstNode> {
    step.stages.iter().filter_map(|stage| match stage {
        Stage::Filter(condition) => Some(&**condition),
        Stage::KeepArray | Stage::Index(_) => None,
    })
}

/// The nodes right below a node.
pub(in crate::expr) fn parts(node: &AstNode) -> Vec<&AstNode> {
    match node {
        AstNode::Path { steps } => steps.iter().map(|step| &step.node).chain(steps.iter().flat_map(filters)).collect(),
        AstNode::Binary { lhs, rhs, .. } => vec![lhs, rhs],
        AstNode::Unary { operand: inner, .. }
        | AstNode::Lambda { body: inner, .. }
        | AstNode::FunctionApplication(inner) => vec![inner],
        AstNode::Sort { input, terms } => terms.iter().map(|(term, _)| term).chain([&**input]).collect(),
        AstNode::ObjectTransform { input, pattern } => {
            pattern.iter().flat_map(|(key, value)| [key, value]).chain([&**input]).collect()
        }
        AstNode::Transform { location, update, delete } => {
            [location, update].into_iter().chain(delete).map(|part| &**part).collect()
        }
        AstNode::Call { procedure, args } => args.iter().chain([&**procedure]).collect(),
        AstNode::Function { args: items, .. }
        | AstNode::Array(items)
        | AstNode::ArrayGroup(items)
        | AstNode::Block(items) => items.iter().collect(),
        AstNode::Object(members) => members.iter().flat_map(|(key, value)| [key, value]).collect(),
        AstNode::Conditional { condition, then_branch, else_branch } => {
            [condition, then_branch].into_iter().chain(else_branch).map(|branch| &**branch).collect()
        }
        AstNode::String(_)
        | AstNode::Name(_)
        | AstNode::Number(_)
        | AstNode::Boolean(_)
        | AstNode::Null
        | AstNode::Undefined
        | AstNode::Placeholder
        | AstNode::Regex { .. }
        | AstNode::Variable(_)
        | AstNode::ParentVariable(_)
        | AstNode::Wildcard
        | AstNode::Descendant
        | AstNode::Parent(_) => Vec::new(),
    }
}
