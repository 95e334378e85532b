//! Which items of Map states a visit is about.

use serde::{Deserialize, Serialize};

/// The items of nested Map states, the outermost one first; never empty.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemPath(pub Vec<ItemAt>);

/// An item of a Map state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemAt {
    /// The Map state.
    pub map: String,
    /// From 0.
    pub index: u64,
    /// The number of its items, where it is known.
    pub of: Option<usize>,
    /// What the item or one of its fields calls it.
    pub key: Option<String>,
}

impl ItemPath {
    /// The same with each text of an item changed by `rewrite`.
    #[must_use]
    pub fn rewritten(&self, rewrite: impl Fn(&str) -> String) -> Self {
        let item = |item: &ItemAt| ItemAt { key: item.key.as_deref().map(&rewrite), ..item.clone() };
        Self(self.0.iter().map(item).collect())
    }
}
