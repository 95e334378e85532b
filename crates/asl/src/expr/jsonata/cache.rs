//! Parsed expressions, kept from one evaluation to the next.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use jsonata_core::ast::AstNode;

use super::reads::Reads;
use super::{regex, tame};

/// Parsed expressions kept by each thread, in bytes of their text. Their trees take some fifty times as much.
const CACHE: usize = 256 * 1024;

/// An expression that was parsed.
pub(super) struct Parsed {
    pub(super) node: AstNode,
    /// The tree that is evaluated, where it differs.
    evaluated: Option<AstNode>,
    /// Its work, where it is tame.
    pub(super) work: Option<usize>,
    pub(super) reads: Reads,
}

impl Parsed {
    pub(super) fn evaluated(&self) -> &AstNode {
        self.evaluated.as_ref().unwrap_or(&self.node)
    }
}

/// The parsed expressions, and the length of their texts together.
#[derive(Default)]
struct Cache {
    parsed: HashMap<String, Rc<Parsed>>,
    size: usize,
}

thread_local! {
    /// Parsing is the expensive step. The tree is not `Send`, so each thread has a cache.
    static CACHED: RefCell<Cache> = RefCell::default();
}

/// The expression's tree, from the cache or parsed.
///
/// # Errors
/// What is wrong with its syntax.
pub(super) fn parsed(expression: &str) -> Result<Rc<Parsed>, String> {
    if let Some(found) = CACHED.with_borrow(|cache| cache.parsed.get(expression).cloned()) {
        return Ok(found);
    }
    let regex::Parsed { node, evaluated } = regex::parse(expression)?;
    let found = Rc::new(Parsed { work: tame::work(&node), reads: Reads::of(&node), node, evaluated });
    if expression.len() <= CACHE {
        CACHED.with_borrow_mut(|cache| {
            if cache.size + expression.len() > CACHE {
                *cache = Cache::default();
            }
            cache.size += expression.len();
            cache.parsed.insert(expression.to_owned(), Rc::clone(&found));
        });
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A client may send any number of different expressions.
    #[test]
    fn expressions_that_were_parsed_do_not_take_all_memory() {
        for i in 0..100 {
            assert!(parsed(&format!("{i}{}", " ".repeat(10_000))).is_ok());
            let (size, count) = CACHED.with_borrow(|cache| (cache.size, cache.parsed.len()));
            assert!(size <= CACHE && count > 0, "{size} bytes of {count} expressions");
        }
    }
}
