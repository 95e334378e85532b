//! One line of control: the top level, a branch, an iteration, or a child of a distributed map.

use std::collections::BTreeMap;
use std::sync::Arc;

use countersign_asl::read_json;
use serde_json::Value;

use crate::context::{Situation, Variables};
use crate::failure::Failure;
use crate::ids::{ChildIndex, LogId, ScopeId, StateId, ThreadId};
use crate::states::map::Iterations;
use crate::states::parallel::Branches;
use crate::{TaskId, TimerId};

/// A JSON value with its text: the text goes into events, the value into expressions. Both are shared.
#[derive(Debug, Clone)]
pub(crate) struct Data {
    pub value: Arc<Value>,
    pub text: Arc<str>,
}

impl Data {
    pub fn new(value: Value) -> Data {
        Data { text: Arc::from(value.to_string()), value: Arc::new(value) }
    }

    /// Reads a text and keeps it as it is written.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn read(text: &str) -> Result<Data, String> {
        let value = read_json(text)?;
        Ok(Data { value: Arc::new(value), text: Arc::from(text) })
    }
}

/// What a thread does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Enter the current state.
    Enter,
    /// Run the current state (again).
    Attempt,
    /// Wait for a task, a timer or children.
    Wait,
    /// Ended while it ran; a redrive continues it.
    Halted,
    /// Its scope has ended; its parent holds the output.
    Done,
}

/// The state that a thread belongs to, and which of its children it is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Parent {
    pub thread: ThreadId,
    pub index: ChildIndex,
}

#[derive(Debug, Clone)]
pub(crate) struct Thread {
    /// The history that its events go to; 0 is the execution's own.
    pub log: LogId,
    pub scope: ScopeId,
    pub state: StateId,
    /// The input of the current state.
    pub input: Data,
    /// The event that the next one follows.
    pub previous: u64,
    /// The event that entered the current state.
    pub entered: u64,
    pub situation: Situation,
    pub variables: Variables,
    /// The bytes of the variables that this scope has assigned, without those of the scopes around it.
    pub stored: BTreeMap<String, usize>,
    pub parent: Option<Parent>,
    /// Retries made, for each entry of `Retry`.
    pub retries: Vec<u32>,
    pub step: Step,
    pub task: Option<TaskId>,
    pub timer: Option<TimerId>,
    pub children: Children,
}

/// The threads that a state has started.
#[derive(Debug, Clone, Default)]
pub(crate) enum Children {
    #[default]
    None,
    Parallel(Box<Branches>),
    Map(Box<Iterations>),
}

/// The outcome of running a state.
pub(crate) enum Run {
    /// The result, before `ResultSelector`, `ResultPath` and `Output`.
    Result(Data),
    /// The thread waits.
    Wait,
    /// The state has been left already; the thread continues.
    Left,
}

pub(crate) type Ran = Result<Run, Failure>;
