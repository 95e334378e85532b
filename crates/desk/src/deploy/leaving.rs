//! What a source has deployed and no longer has: of a folder what carries its tags, of another tool what it is about to delete.

use std::collections::{BTreeMap, BTreeSet};

use super::desired::Stamp;
use super::generated::{LOGICAL_ID, STACK};
use crate::connection::Tags;

/// How the state machines are known that a source has deployed and no longer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Leaving {
    /// Countersign deployed them from this folder and environment.
    Folder(Stamp),
    /// Another tool made them, and deletes them with what it deploys next.
    Tool {
        /// The stacks of the source, each with the logical IDs of the state machines that stay in it.
        stacks: BTreeMap<String, BTreeSet<String>>,
        /// The names of those that Terraform destroys.
        destroyed: BTreeSet<String>,
    },
}

impl Leaving {
    /// Whether a state machine of this name can be one of them, so that its tags are worth a call.
    pub(super) fn may_be(&self, name: &str) -> bool {
        match self {
            Self::Folder(_) => true,
            Self::Tool { stacks, destroyed } => !stacks.is_empty() || destroyed.contains(name),
        }
    }

    /// Whether a state machine of this name with these tags is one of them.
    pub(super) fn is(&self, name: &str, tags: &Tags) -> bool {
        match self {
            Self::Folder(stamp) => Stamp::of_tags(tags).as_ref() == Some(stamp),
            Self::Tool { stacks, destroyed } => {
                let stay = tags.get(STACK).and_then(|stack| stacks.get(stack));
                let is_left = stay.zip(tags.get(LOGICAL_ID)).is_some_and(|(stay, id)| !stay.contains(id));
                is_left || destroyed.contains(name)
            }
        }
    }

    /// Whether it is another tool's source that has this stack.
    pub(super) fn has_stack(&self, name: &str) -> bool {
        matches!(self, Self::Tool { stacks, .. } if stacks.contains_key(name))
    }
}
