//! The service has JSONata 2.0.6; the evaluator also knows operators of later versions.

use jsonata_core::ast::{AstNode, BinaryOp};

use super::tree::nodes;

/// Refuses the operators that came after 2.0.6, in that version's words.
pub(super) fn check(node: &AstNode) -> Result<(), String> {
    let later = |node: &AstNode| match node {
        AstNode::Binary { op: BinaryOp::Coalesce, .. } => Some('?'),
        AstNode::Binary { op: BinaryOp::Default, .. } => Some(':'),
        _ => None,
    };
    nodes(node)
        .find_map(later)
        .map_or(Ok(()), |symbol| Err(format!("S0211: The symbol \"{symbol}\" cannot be used as a unary operator")))
}

#[cfg(test)]
mod tests {
    use super::super::check;

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
