//! Regular expressions of JSONata 2.0.6, which are JavaScript's.
//!
//! [`parse`] reads an expression by that version's rules, and translates the patterns for the two engines. The evaluator's
//! own engine runs in linear time. Patterns with lookaround or backreferences need a backtracking engine, which stops after
//! [`STEPS`]: such a regular expression becomes a function that returns a match and a function for the next one, as it is
//! in JSONata. `$match` and `$replace` accept such functions; `$split` and `$contains` are replaced by
//! [functions of the host](functions).

mod functions;
mod pattern;
mod scan;

use std::cell::RefCell;

use jsonata_core::ast::{AstNode, BinaryOp, PathStep, Stage};
use jsonata_core::parser;

use super::syntax;

pub(super) use functions::register;

/// Largest compiled expression, in bytes.
const COMPILED: usize = 1024 * 1024;
/// After how many steps the backtracking engine stops: about a tenth of a second.
const STEPS: usize = 1_000_000;
/// Compiled expressions kept by each thread, the latest first.
const KEPT: usize = 20;

/// The names of the host's functions. With a space in its name, no expression can call them.
const FIND: &str = "regex find";
const SPLIT: &str = "split by";
const CONTAINS: &str = "contains any";

/// The tree of an expression as it is written, and as it is evaluated.
pub(super) struct Parsed {
    pub node: AstNode,
    /// `None` where it is the same tree.
    pub evaluated: Option<AstNode>,
}

/// Parses an expression.
///
/// # Errors
/// What is wrong with it, with JSONata's code.
pub(super) fn parse(expression: &str) -> Result<Parsed, String> {
    let read = |text: &str| parser::parse(text).map_err(|error| syntax::worded(&error.to_string()));
    if !expression.contains('/') {
        return Ok(Parsed { node: read(expression)?, evaluated: None });
    }
    let node = read(&scan::normalised(expression)?)?;
    let mut evaluated = node.clone();
    let is_other = rewrite(&mut evaluated)?;
    Ok(Parsed { node, evaluated: is_other.then_some(evaluated) })
}

/// Replaces the patterns of a tree by their translations; false where it has none.
fn rewrite(tree: &mut AstNode) -> Result<bool, String> {
    let mut found = false;
    each(tree, &mut |node| {
        if let AstNode::Regex { pattern, flags } = node {
            found = true;
            *node = matcher(pattern, flags)?;
        }
        Ok(())
    })?;
    if found {
        each(tree, &mut |node| {
            reroute(node);
            Ok(())
        })?;
    }
    Ok(found)
}

/// The expression that a regular expression is evaluated as.
fn matcher(pattern: &str, flags: &str) -> Result<AstNode, String> {
    let wrong = |reason: &str| format!("Invalid regular expression: /{pattern}/{flags}g: {reason}");
    let translated = pattern::translated(pattern).map_err(wrong)?;
    // A pattern that is too large fails when it is used.
    if let Err(Misfit::Invalid(_)) = compiled(&translated.text, flags) {
        return Err(wrong("Invalid pattern"));
    }
    if !translated.looks {
        return Ok(AstNode::Regex { pattern: translated.text, flags: flags.to_owned() });
    }
    let (pattern, flags) = (literal(&translated.text), literal(flags));
    // A function that can call itself by its name.
    let source = format!(
        "($find := function($text, $from, $later) {{( \
           $found := $find_({pattern}, {flags}, $text, $from, $later); \
           $exists($found) ? $merge([$found, {{'next': function() {{ $find($text, $found.end, true) }}}}]) \
         )}}; $find)"
    );
    let mut tree = parser::parse(&source).map_err(|error| error.to_string())?;
    each(&mut tree, &mut |node| {
        match node {
            AstNode::Function { name, .. } if name == "find_" => FIND.clone_into(name),
            _ => {}
        }
        Ok(())
    })?;
    Ok(tree)
}

/// A string literal.
fn literal(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// Replaces calls of `$split` and `$contains` by those of the host. Without its first argument a call takes the context.
fn reroute(node: &mut AstNode) {
    let (call, is_piped) = match node {
        AstNode::Binary { op: BinaryOp::ChainPipe, rhs, .. } => (&mut **rhs, true),
        call => (call, false),
    };
    let AstNode::Function { name, args, is_builtin: true } = call else { return };
    let own = match name.as_str() {
        "split" => SPLIT,
        "contains" => CONTAINS,
        _ => return,
    };
    if !is_piped && args.len() == 1 {
        args.insert(0, AstNode::Variable(String::new()));
    }
    own.clone_into(name);
}

/// Visits every node before its children. No recursion: an expression may be deep.
fn each(tree: &mut AstNode, visit: &mut dyn FnMut(&mut AstNode) -> Result<(), String>) -> Result<(), String> {
    let mut open = vec![tree];
    while let Some(node) = open.pop() {
        let is_regex = matches!(node, AstNode::Regex { .. });
        visit(node)?;
        // The replacement of a regular expression needs no visit.
        if !is_regex {
            below(node, &mut open);
        }
    }
    Ok(())
}

fn below<'n>(node: &'n mut AstNode, open: &mut Vec<&'n mut AstNode>) {
    match node {
        AstNode::Path { steps } => {
            for PathStep { node, stages, .. } in steps {
                open.push(node);
                open.extend(stages.iter_mut().filter_map(|stage| match stage {
                    Stage::Filter(condition) => Some(&mut **condition),
                    Stage::KeepArray | Stage::Index(_) => None,
                }));
            }
        }
        AstNode::Binary { lhs, rhs, .. } => open.extend([&mut **lhs, &mut **rhs]),
        AstNode::Unary { operand: inner, .. }
        | AstNode::Lambda { body: inner, .. }
        | AstNode::FunctionApplication(inner) => open.push(inner),
        AstNode::Sort { input, terms } => {
            open.push(input);
            open.extend(terms.iter_mut().map(|(term, _)| term));
        }
        AstNode::ObjectTransform { input, pattern } => {
            open.push(input);
            open.extend(pattern.iter_mut().flat_map(|(key, value)| [key, value]));
        }
        AstNode::Transform { location, update, delete } => {
            open.extend([&mut **location, &mut **update]);
            open.extend(delete.iter_mut().map(|delete| &mut **delete));
        }
        AstNode::Call { procedure, args } => {
            open.push(procedure);
            open.extend(args);
        }
        AstNode::Function { args: items, .. }
        | AstNode::Array(items)
        | AstNode::ArrayGroup(items)
        | AstNode::Block(items) => open.extend(items),
        AstNode::Object(members) => open.extend(members.iter_mut().flat_map(|(key, value)| [key, value])),
        AstNode::Conditional { condition, then_branch, else_branch } => {
            open.extend([&mut **condition, &mut **then_branch]);
            open.extend(else_branch.iter_mut().map(|branch| &mut **branch));
        }
        _ => {}
    }
}

/// A compiled pattern with the engine that it needs.
#[derive(Clone)]
enum Engine {
    /// Linear time.
    Plain(regex::Regex),
    /// Backtracking, for lookaround and backreferences.
    Looking(fancy_regex::Regex),
}

thread_local! {
    static COMPILED_ONES: RefCell<Vec<(String, Engine)>> = const { RefCell::new(Vec::new()) };
}

/// Why a pattern cannot be compiled.
#[derive(Debug, thiserror::Error)]
enum Misfit {
    #[error("it is larger than {COMPILED} bytes when it is compiled")]
    TooLarge,
    #[error("{0}")]
    Invalid(String),
}

fn misfit(error: fancy_regex::Error) -> Misfit {
    use fancy_regex::CompileError;
    let fancy_regex::Error::CompileError(reason) = &error else { return Misfit::Invalid(error.to_string()) };
    match &**reason {
        CompileError::PatternTooComplex => Misfit::TooLarge,
        CompileError::InnerError(inner) if inner.size_limit().is_some() => Misfit::TooLarge,
        reason => Misfit::Invalid(reason.to_string()),
    }
}

/// A translated pattern, compiled.
fn compiled(pattern: &str, flags: &str) -> Result<Engine, Misfit> {
    let whole = if flags.is_empty() { pattern.to_owned() } else { format!("(?{flags}){pattern}") };
    let kept = COMPILED_ONES.with_borrow(|kept| kept.iter().find(|kept| kept.0 == whole).map(|kept| kept.1.clone()));
    if let Some(regex) = kept {
        return Ok(regex);
    }
    let plain = regex::RegexBuilder::new(&whole).size_limit(COMPILED).dfa_size_limit(COMPILED).build();
    let regex = match plain {
        Ok(regex) => Engine::Plain(regex),
        Err(regex::Error::CompiledTooBig(_)) => return Err(Misfit::TooLarge),
        Err(_) => Engine::Looking(
            fancy_regex::RegexBuilder::new(&whole)
                .backtrack_limit(STEPS)
                .delegate_size_limit(COMPILED)
                .delegate_dfa_size_limit(COMPILED)
                .build()
                .map_err(misfit)?,
        ),
    };
    COMPILED_ONES.with_borrow_mut(|kept| {
        kept.truncate(KEPT - 1);
        kept.insert(0, (whole, regex.clone()));
    });
    Ok(regex)
}

#[cfg(test)]
mod tests;
