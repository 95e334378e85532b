//! The state types, one file each.
//!
//! # Adding a state type
//! Add a [`Tag`] with its events, a variant of [`Body`] with a `compile` function beside its code, and its arm in
//! [`run`]. A state answers with [`Run::Result`] where it has its result, or with [`Run::Wait`] after it has asked
//! for a task, a timer or children.

mod arguments;
mod choice;
pub(crate) mod distributed;
pub(crate) mod fail;
pub(crate) mod items;
pub(crate) mod map;
pub(crate) mod parallel;
pub(crate) mod pass;
pub(crate) mod rule;
pub(crate) mod task;
pub(crate) mod wait;

use std::sync::Arc;

use countersign_trace::EventKind;
use serde_json::Value;

use crate::context::View;
use crate::execution::Execution;
use crate::failure::Failure;
use crate::program::{CompileError, Compiler, Fields, Names};
use crate::template::{Reference, Template};
use crate::thread::{Ran, Run};

/// The type of a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tag {
    Pass,
    Task,
    Choice,
    Wait,
    Succeed,
    Fail,
    Parallel,
    Map,
}

impl Tag {
    pub fn named(name: &str) -> Option<Tag> {
        Some(match name {
            "Pass" => Tag::Pass,
            "Task" => Tag::Task,
            "Choice" => Tag::Choice,
            "Wait" => Tag::Wait,
            "Succeed" => Tag::Succeed,
            "Fail" => Tag::Fail,
            "Parallel" => Tag::Parallel,
            "Map" => Tag::Map,
            _ => return None,
        })
    }

    pub fn entered(self) -> EventKind {
        match self {
            Tag::Pass => EventKind::PassStateEntered,
            Tag::Task => EventKind::TaskStateEntered,
            Tag::Choice => EventKind::ChoiceStateEntered,
            Tag::Wait => EventKind::WaitStateEntered,
            Tag::Succeed => EventKind::SucceedStateEntered,
            Tag::Fail => EventKind::FailStateEntered,
            Tag::Parallel => EventKind::ParallelStateEntered,
            Tag::Map => EventKind::MapStateEntered,
        }
    }

    pub fn exited(self) -> EventKind {
        match self {
            Tag::Pass | Tag::Fail => EventKind::PassStateExited,
            Tag::Task => EventKind::TaskStateExited,
            Tag::Choice => EventKind::ChoiceStateExited,
            Tag::Wait => EventKind::WaitStateExited,
            Tag::Succeed => EventKind::SucceedStateExited,
            Tag::Parallel => EventKind::ParallelStateExited,
            Tag::Map => EventKind::MapStateExited,
        }
    }

    /// The event of a state that is given up while it runs, where there is one.
    pub fn aborted(self) -> Option<EventKind> {
        match self {
            Tag::Task => Some(EventKind::TaskStateAborted),
            Tag::Wait => Some(EventKind::WaitStateAborted),
            Tag::Parallel => Some(EventKind::ParallelStateAborted),
            Tag::Map => Some(EventKind::MapStateAborted),
            Tag::Pass | Tag::Choice | Tag::Succeed | Tag::Fail => None,
        }
    }

    /// Whether `Retry` is a field of this type.
    pub fn can_be_retried(self) -> bool {
        matches!(self, Tag::Task | Tag::Parallel | Tag::Map)
    }

    /// The event of a state whose children have all succeeded.
    pub fn succeeded(self) -> Option<EventKind> {
        match self {
            Tag::Parallel => Some(EventKind::ParallelStateSucceeded),
            Tag::Map => Some(EventKind::MapStateSucceeded),
            _ => None,
        }
    }

    /// The event of a state that fails after all its retries, where there is one.
    pub fn failed(self) -> Option<EventKind> {
        match self {
            Tag::Parallel => Some(EventKind::ParallelStateFailed),
            Tag::Map => Some(EventKind::MapStateFailed),
            _ => None,
        }
    }
}

/// What is special to a state type.
#[derive(Debug)]
pub(crate) enum Body {
    Pass { result: Option<Arc<Value>> },
    Task(Box<task::Task>),
    Choice(choice::Choice),
    Wait(wait::Wait),
    Succeed,
    Fail(fail::Fail),
    Parallel { branches: Vec<usize> },
    Map(Box<map::Map>),
}

impl Body {
    /// The activity that the state asks, by its ARN.
    pub fn activity(&self) -> Option<&str> {
        match self {
            Body::Task(task) => task.activity(),
            _ => None,
        }
    }

    pub fn compile(
        compiler: &mut Compiler,
        tag: Tag,
        fields: &Fields<'_>,
        names: &Names,
    ) -> Result<Body, CompileError> {
        Ok(match tag {
            Tag::Pass => Body::Pass { result: fields.get("Result").cloned().map(Arc::new) },
            Tag::Task => Body::Task(Box::new(task::Task::compile(fields)?)),
            Tag::Choice => Body::Choice(choice::Choice::compile(fields, names)?),
            Tag::Wait => Body::Wait(wait::Wait::compile(fields)?),
            Tag::Succeed => Body::Succeed,
            Tag::Fail => Body::Fail(fail::Fail::compile(fields)?),
            Tag::Parallel => Body::Parallel { branches: parallel::compile(compiler, fields)? },
            Tag::Map => Body::Map(Box::new(map::Map::compile(compiler, fields)?)),
        })
    }
}

/// Runs the current state of a thread once.
pub(crate) fn run(execution: &mut Execution, thread: usize) -> Ran {
    let program = Arc::clone(&execution.program);
    let at = &execution.threads[thread];
    let state = &program.scopes[at.scope].states[at.state];
    match &state.body {
        Body::Pass { result } => pass::run(execution, thread, state, result.as_ref()),
        Body::Task(task) => task::run(execution, thread, state, task),
        Body::Choice(choice) => choice::run(execution, thread, state, choice),
        Body::Wait(wait) => wait::run(execution, thread, state, wait),
        Body::Succeed => Ok(Run::Result(execution.effective_input(thread, state)?)),
        Body::Fail(fail) => fail::run(execution, thread, state, fail),
        Body::Parallel { branches } => parallel::run(execution, thread, state, branches),
        Body::Map(map) => map::run(execution, thread, state, map),
    }
}

/// A number of a definition: a literal, `...Path` or a JSONata expression.
#[derive(Debug)]
pub(crate) enum Amount {
    Path { field: String, reference: Reference },
    Given(Template),
}

impl Amount {
    /// The field, or the same with `Path` behind its name.
    pub fn compile(fields: &Fields<'_>, name: &str) -> Result<Option<Amount>, CompileError> {
        let field = format!("{name}Path");
        if let Some(reference) = fields.reference(&field)? {
            return Ok(Some(Amount::Path { field, reference }));
        }
        Ok(fields.template(name)?.map(Amount::Given))
    }

    /// The whole number.
    ///
    /// # Errors
    /// The path leads nowhere, or the value is no whole number; both in the service's words.
    pub fn value(&self, view: &View<'_>) -> Result<i64, Failure> {
        match self {
            Amount::Given(template) => {
                let value = template.typed(view, "number", Value::is_number)?;
                value
                    .as_i64()
                    .or_else(|| value.as_f64().map(|f| f as i64))
                    .ok_or_else(|| Failure::runtime(format!("A whole number is needed, but the value is {value}")))
            }
            Amount::Path { field, reference } => {
                let value = select(reference, view)?;
                // The service takes a number in a text, too.
                let number = value.as_i64().or_else(|| value.as_str().and_then(|text| text.parse().ok()));
                number.ok_or_else(|| {
                    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    Failure::runtime(format!(
                        "The {field} field refers to value \"{shown}\" which is not a valid integer: {}",
                        reference.text()
                    ))
                })
            }
        }
    }
}

/// The value at a reference, with the service's words for fields such as `InputPath` and `ItemsPath`.
pub(crate) fn select(reference: &Reference, view: &View<'_>) -> Result<Value, Failure> {
    use countersign_asl::expr::path::PathError;
    match reference {
        Reference::Path(path) => path.evaluate(view).map(std::borrow::Cow::into_owned).map_err(|error| match error {
            PathError::NotFound(_) => Failure::runtime(format!("Invalid path '{path}' : {error}")),
            PathError::UnknownVariable(_) => Failure::runtime(format!("Invalid path '{path}' : {error}")),
        }),
        Reference::Call(_) => reference.value("", view).map(std::borrow::Cow::into_owned),
    }
}
