//! The state types, one file each.
//!
//! # Adding a state type
//! 1. Before the engine: a `StateKind` and the lists of fields in `countersign_asl` (`model`, `lint/states.rs`,
//!    `lint/fields.rs`), a `NodeKind` for its drawing, and its events in `countersign_trace::EventKind`.
//! 2. Add a [`Tag`], its name in [`Tag::named`] (the compiler asks for the events, and not for the name), and its field
//!    `Retry` in [`Tag::can_be_retried`].
//! 3. Write its file, with a `compile` function and a `run` function, and add a variant of [`Body`] and its arm in
//!    [`run`]. A state returns [`Run::Result`] when it has its result, or [`Run::Wait`] after it has asked for a task, a
//!    timer or children.
//! 4. Add a recording of it to `crates/trace/tests/histories`.

mod arguments;
mod choice;
pub(crate) mod distributed;
pub(crate) mod fail;
pub(crate) mod map;
pub(crate) mod parallel;
pub(crate) mod pass;
pub(crate) mod rule;
pub(crate) mod task;
pub(crate) mod wait;

use std::sync::Arc;

use countersign_asl::expr::path::{Path, PathError, Root};
use countersign_asl::expr::{Environment, reading};
use countersign_trace::EventKind;
use serde_json::Value;

use crate::context::View;
use crate::execution::Execution;
use crate::failure::Failure;
use crate::ids::{ScopeId, ThreadId};
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

    /// The event of an aborted state of this type, if there is one.
    pub fn aborted(self) -> Option<EventKind> {
        match self {
            Tag::Task => Some(EventKind::TaskStateAborted),
            Tag::Wait => Some(EventKind::WaitStateAborted),
            Tag::Parallel => Some(EventKind::ParallelStateAborted),
            Tag::Map => Some(EventKind::MapStateAborted),
            Tag::Pass | Tag::Choice | Tag::Succeed | Tag::Fail => None,
        }
    }

    /// Whether this type has the field `Retry`.
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

    /// The event of a state that fails after all its retries, if there is one.
    pub fn failed(self) -> Option<EventKind> {
        match self {
            Tag::Parallel => Some(EventKind::ParallelStateFailed),
            Tag::Map => Some(EventKind::MapStateFailed),
            _ => None,
        }
    }
}

/// The part of a state that only its type has.
#[derive(Debug)]
pub(crate) enum Body {
    Pass { result: Option<Arc<Value>> },
    Task(Box<task::Task>),
    Choice(choice::Choice),
    Wait(wait::Wait),
    Succeed,
    Fail(fail::Fail),
    Parallel { branches: Vec<ScopeId> },
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
pub(crate) fn run(execution: &mut Execution, thread: ThreadId) -> Ran {
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

/// The most seconds of a task or a Wait state.
pub(crate) const SECONDS: i64 = 99_999_999;

/// A number of a definition: a literal, `...Path` or a JSONata expression.
#[derive(Debug)]
pub(crate) enum Amount {
    Path { field: String, reference: Reference },
    Given { field: String, template: Template },
}

/// A whole number, however it is written: `5.0` is one.
pub(crate) fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_f64().filter(|number| number.fract() == 0.0).map(|number| number as i64))
}

impl Amount {
    /// The field, or the same with `Path` behind its name.
    pub fn compile(fields: &Fields<'_>, name: &str) -> Result<Option<Amount>, CompileError> {
        let field = format!("{name}Path");
        if let Some(reference) = fields.reference(&field)? {
            return Ok(Some(Amount::Path { field, reference }));
        }
        let field = name.to_owned();
        Ok(fields.template(name)?.map(|template| Amount::Given { field, template }))
    }

    /// The whole number.
    ///
    /// # Errors
    /// The path leads nowhere, or the value is not a whole number; both in AWS's words.
    pub fn value(&self, view: &View<'_>) -> Result<i64, Failure> {
        self.number(view, "integer", whole, |text| text.parse().ok())
    }

    /// The timeout of a task in seconds.
    ///
    /// # Errors
    /// As for [`Amount::value`]; or the number is outside the range that AWS allows.
    pub fn seconds(&self, view: &View<'_>) -> Result<i64, Failure> {
        let seconds = self.value(view)?;
        if (0..=SECONDS).contains(&seconds) {
            return Ok(seconds);
        }
        Err(self.out_of_range(|field| format!("{field} must be between 0 and {SECONDS} but was: {seconds}")))
    }

    /// The failure of a number outside its range, which is one of the evaluation where an expression gave it. `cause`
    /// gets the name of the field.
    pub fn out_of_range(&self, cause: impl Fn(&str) -> String) -> Failure {
        match self {
            Amount::Given { field, template } => template.failure(cause(field), field),
            Amount::Path { field, .. } => Failure::runtime(cause(field.strip_suffix("Path").unwrap_or(field))),
        }
    }

    /// The whole number, from 0.
    ///
    /// # Errors
    /// As for [`Amount::value`]; or the number is negative.
    pub fn count(&self, view: &View<'_>) -> Result<i64, Failure> {
        let value = self.value(view)?;
        if value < 0 { Err(self.out_of_range(|field| format!("{field} cannot be negative."))) } else { Ok(value) }
    }

    /// The percentage.
    ///
    /// # Errors
    /// As for [`Amount::share`]; or the number is not between 0 and 100.
    pub fn percentage(&self, view: &View<'_>) -> Result<f64, Failure> {
        let value = self.share(view)?;
        if (0.0..=100.0).contains(&value) {
            return Ok(value);
        }
        Err(self.out_of_range(|field| format!("{field} must be between 0 and 100.")))
    }

    /// The number, which may have a fraction.
    ///
    /// # Errors
    /// The path leads nowhere, or the value is no number.
    pub fn share(&self, view: &View<'_>) -> Result<f64, Failure> {
        self.number(view, "float", Value::as_f64, |text| text.parse().ok())
    }

    fn number<N>(
        &self,
        view: &View<'_>,
        kind: &str,
        of_value: impl Fn(&Value) -> Option<N>,
        of_text: impl Fn(&str) -> Option<N>,
    ) -> Result<N, Failure> {
        match self {
            Amount::Given { field, template } => {
                let value = template.typed(view, "number", Value::is_number)?;
                of_value(&value).ok_or_else(|| {
                    let cause = format!("The {field} field cannot be parsed as an {kind}: {value}");
                    template.failure(cause, field)
                })
            }
            Amount::Path { field, reference } => {
                let value = select(reference, view)?;
                // AWS also takes a number in a text.
                let number = value.as_str().map_or_else(|| of_value(&value), &of_text);
                number.ok_or_else(|| {
                    let shown = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    Failure::runtime(format!(
                        "The {field} field refers to value \"{shown}\" which is not a valid {kind}: {}",
                        reference.text()
                    ))
                })
            }
        }
    }
}

/// The value at a reference, with AWS's words for fields such as `InputPath`.
pub(crate) fn select(reference: &Reference, view: &View<'_>) -> Result<Value, Failure> {
    match reference {
        Reference::Path(path) => {
            check_input(path, view)?;
            match path.evaluate(view) {
                Ok(found) => {
                    view.pay(reading(&found))?;
                    Ok(found.into_owned())
                }
                Err(PathError::OutOfRange(_)) => Ok(Value::Null),
                Err(error) => Err(Failure::runtime(format!("Invalid path '{path}' : {error}"))),
            }
        }
        Reference::Call(_) => reference.value("", view).map(std::borrow::Cow::into_owned),
    }
}

/// No path leads into null, not even the path to the whole.
///
/// # Errors
/// The path begins at the input, and the input is null.
pub(crate) fn check_input(path: &Path, view: &View<'_>) -> Result<(), Failure> {
    if path.root == Root::Input && view.input().is_null() {
        return Err(Failure::runtime("Unable to apply Path transformation to null or empty input."));
    }
    Ok(())
}
