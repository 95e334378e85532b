//! Ids of what a fold holds. In JSON they are plain numbers.

use std::ops::{Index, IndexMut};

use serde::{Deserialize, Serialize};

use super::{Attempt, Iteration, Trace, Visit};

macro_rules! ids {
    ($($(#[$doc:meta])* $id:ident of $entry:ty;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $id(pub usize);

            impl Index<$id> for Vec<$entry> {
                type Output = $entry;

                fn index(&self, id: $id) -> &$entry {
                    &self[id.0]
                }
            }

            impl IndexMut<$id> for Vec<$entry> {
                fn index_mut(&mut self, id: $id) -> &mut $entry {
                    &mut self[id.0]
                }
            }
        )*
    };
}

ids! {
    /// A visit: its position in [`Trace::visits`].
    VisitId of Visit;
    /// An attempt of a visit: its position in [`Visit::attempts`].
    AttemptId of Attempt;
    /// An iteration of a Map: its position in [`Trace::iterations`].
    IterationId of Iteration;
}

impl Trace {
    /// The visit of an id; `None` if the id belongs to another trace.
    #[must_use]
    pub fn visit(&self, id: VisitId) -> Option<&Visit> {
        self.visits.get(id.0)
    }

    /// The ids of all visits, in order.
    pub fn visit_ids(&self) -> impl DoubleEndedIterator<Item = VisitId> + use<> {
        (0..self.visits.len()).map(VisitId)
    }

    /// All visits with their ids, in order.
    pub fn numbered_visits(&self) -> impl DoubleEndedIterator<Item = (VisitId, &Visit)> {
        self.visits.iter().enumerate().map(|(position, visit)| (VisitId(position), visit))
    }
}

impl Visit {
    /// The attempt of an id; `None` if the id belongs to another visit.
    #[must_use]
    pub fn attempt(&self, id: AttemptId) -> Option<&Attempt> {
        self.attempts.get(id.0)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed call is a failed test")]
    use super::*;

    #[test]
    fn in_json_an_id_is_a_number() {
        assert_eq!(serde_json::to_string(&(VisitId(3), AttemptId(1))).unwrap(), "[3,1]");
        assert_eq!(serde_json::from_str::<Option<VisitId>>("7").unwrap(), Some(VisitId(7)));
    }
}
