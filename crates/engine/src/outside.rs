//! What a host asks that moves the time itself and answers tasks from a table, instead of doing the work: which call of
//! which state a task is, what each timer is for, and which of their alternatives the states took.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::execution::{Execution, Purpose};
use crate::ids::LogId;
use crate::states::Tag;
use crate::{TaskId, TimerId};

/// Where in an execution an open task is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskPlace {
    /// The iterations around it, the outermost first: the name of the Map state and the index of the item. A child of a
    /// distributed map is an iteration, too.
    pub course: Vec<(String, u64)>,
    /// The history that holds its events.
    pub log: LogId,
    /// The event that entered its state. With the history, it tells one visit of the state from another.
    pub entered: u64,
    /// How often the state has been retried in this visit.
    pub retries: u32,
}

/// What a timer that has not fired is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimerUse {
    /// The end of a Wait state.
    Wake,
    /// The next attempt of a state.
    Retry,
    /// The timeout or the heartbeat of a task.
    Task(TaskId),
    /// The timeout of the whole execution.
    Execution,
    /// The timeout of an Express child of a distributed map.
    Child,
}

/// One of the alternatives of a state, which it took.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Taken {
    pub state: Arc<str>,
    pub way: Way,
}

/// How a state was left or begun again. Numbers are positions in the definition's list, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// By `Next`, after it had succeeded.
    Next,
    /// By this rule of a Choice.
    Rule(usize),
    /// By the `Default` of a Choice.
    Default,
    /// By this entry of `Catch`.
    Catch(usize),
    /// This entry of `Retry` began it again.
    Retry(usize),
}

impl Execution {
    /// The same execution, which keeps what its states took for [`Execution::taken`].
    #[must_use]
    pub fn with_taken(mut self) -> Execution {
        self.taken = Some(BTreeSet::new());
        self
    }

    /// The alternatives that states took; none without [`Execution::with_taken`].
    pub fn taken(&self) -> impl Iterator<Item = &Taken> {
        self.taken.iter().flatten()
    }

    /// Where an open task is; `None` once it is answered or cancelled.
    pub fn place_of(&self, task: TaskId) -> Option<TaskPlace> {
        let open = self.tasks.get(&task)?;
        let at = &self.threads[open.thread];
        let mut course = Vec::new();
        let mut around = at.parent;
        while let Some(parent) = around {
            let outer = &self.threads[parent.thread];
            let state = &self.program.scopes[outer.scope].states[outer.state];
            if state.tag == Tag::Map {
                course.push((state.name.to_string(), parent.index.number()));
            }
            around = outer.parent;
        }
        course.reverse();
        Some(TaskPlace { course, log: at.log, entered: at.entered, retries: at.situation.retry_count })
    }

    /// What a timer is for; `None` once it has fired or was cancelled.
    pub fn timer_use(&self, timer: TimerId) -> Option<TimerUse> {
        self.timers.get(&timer).map(|timer| match timer.purpose {
            Purpose::Wake => TimerUse::Wake,
            Purpose::Retry => TimerUse::Retry,
            Purpose::TaskTimeout(task) | Purpose::Heartbeat(task) => TimerUse::Task(task),
            Purpose::ExecutionTimeout => TimerUse::Execution,
            Purpose::ChildTimeout(_) => TimerUse::Child,
        })
    }

    /// Keeps what a state took, if somebody wants to know.
    pub(crate) fn took(&mut self, state: &Arc<str>, way: Way) {
        if let Some(taken) = &mut self.taken {
            taken.insert(Taken { state: Arc::clone(state), way });
        }
    }
}
