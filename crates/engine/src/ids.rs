//! Ids: each names an entry of one list of a [`Program`](crate::Program) or an [`Execution`](crate::Execution). They
//! stay in memory: journals and histories hold none.

use std::ops::{Index, IndexMut};
use std::sync::Arc;

use countersign_trace::HistoryEvent;
use serde_json::Value;

use crate::map_run::{Child, MapRun};
use crate::program::{Scope, State};
use crate::thread::Thread;

macro_rules! ids {
    ($($(#[$doc:meta])* $visibility:vis $id:ident of $($entry:ty),+;)*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            $visibility struct $id(pub(crate) usize);

            $(impl Index<$id> for Vec<$entry> {
                type Output = $entry;

                fn index(&self, id: $id) -> &$entry {
                    &self[id.0]
                }
            }

            impl IndexMut<$id> for Vec<$entry> {
                fn index_mut(&mut self, id: $id) -> &mut $entry {
                    &mut self[id.0]
                }
            })+
        )*
    };
}

ids! {
    /// A thread of an execution. A new thread may get the id of one that has ended.
    pub(crate) ThreadId of Thread;
    /// A history that an execution keeps: its own, or that of a child of a distributed map.
    pub LogId of Vec<HistoryEvent>;
    /// The top level, a branch of a Parallel state, or the processor of a Map state.
    pub(crate) ScopeId of Scope;
    /// A state, within its scope.
    pub(crate) StateId of State;
    /// The run of a distributed map, within its execution.
    pub(crate) MapRunId of MapRun;
    /// A branch, an iteration or a child execution among those of its state.
    pub(crate) ChildIndex of Child, Arc<Value>, Option<Arc<Value>>;
}

impl ThreadId {
    /// The thread of the top level.
    pub(crate) const FIRST: ThreadId = ThreadId(0);
}

impl LogId {
    /// The execution's own history.
    pub(crate) const OWN: LogId = LogId(0);
}

impl ScopeId {
    /// The top level.
    pub(crate) const TOP: ScopeId = ScopeId(0);
}

impl ChildIndex {
    /// As events and the context object show it, from 0.
    pub fn number(self) -> u64 {
        self.0 as u64
    }
}
