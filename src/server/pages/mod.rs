//! What pages show: the desk's data as it crosses the wire, worded for people. One file a page.
//!
//! The module SUBJECT has the function SUBJECT, which takes the desk, who acts, and the fields of the question.

pub mod audit;
pub mod bulk;
mod child;
pub mod connection;
pub mod definition;
pub mod deploy;
pub mod drawing;
pub mod events;
pub mod execution;
pub mod executions;
pub mod find;
pub mod frame;
mod graph;
mod hands;
pub mod inbox;
pub mod iterations;
pub mod overview;
pub mod payloads;
pub mod proof;
mod proposals;
mod rows;
pub mod state;
pub mod timeline;
mod trouble;
pub mod value;
pub mod workflow;
pub mod workflows;

pub use self::rows::workflow_name;
use countersign_desk::approvals::ClosedBy;
use countersign_desk::approvals::outcomes::Tone as OutcomeTone;
use countersign_desk::connection::ExecutionStatus;
use countersign_desk::policy::Action;
use countersign_desk::{Actor, Desk, Desks, Error};
use countersign_trace::{AttemptResult, StateStatus};

use super::words;
use crate::error::{AppError, ErrorKind};
use crate::wire::inbox::Tone;
use crate::wire::refused::{Act, Refused};
use crate::wire::{Ask, Page, Status, each_page};

/// A page's data, or why there is none.
pub type Answered<T> = Result<T, AppError>;

macro_rules! answering {
    ($($(#[$about:meta])* $subject:ident: $name:ident $({ $($field:ident: $type:ty),+ })?;)+) => {
        /// The answer of one connection.
        async fn of_connection(desk: &Desk, actor: &Actor, ask: Ask) -> Answered<Page> {
            Ok(match ask {
                $(Ask::$name $({ $($field),+ })? => {
                    Page::$name($subject::$subject(desk, actor $($(, $field)+)?).await?)
                })+
            })
        }
    };
}

each_page!(answering);

/// The answer of a connection to `ask`, for `actor`. What is around every page also has the other connections.
///
/// # Errors
/// Those of the page's own function.
pub async fn answer(desks: &Desks, desk: &Desk, actor: &Actor, ask: Ask) -> Answered<Page> {
    if let Ask::Executions { view } = &ask
        && view.is_everywhere()
    {
        let mut list = executions::everywhere(desks, desk, actor, view.clone()).await?;
        list.connections = u8::try_from(desks.iter().count()).unwrap_or(u8::MAX);
        return Ok(Page::Executions(list));
    }
    if let Ask::Deploy { environment, replay, back } = ask {
        let all: Vec<&Desk> = desks.iter().map(AsRef::as_ref).collect();
        return Ok(Page::Deploy(deploy::among(&all, desk, actor, deploy::Asked { environment, replay, back }).await?));
    }
    let mut page = of_connection(desk, actor, ask).await?;
    if let Page::Executions(list) = &mut page {
        list.connections = u8::try_from(desks.iter().count()).unwrap_or(u8::MAX);
    }
    if let Page::Frame(frame) = &mut page {
        for desk in desks.iter() {
            match frame::card(desk, actor).await {
                Ok(card) => frame.connections.push(card),
                // It is not there for them.
                Err(error) if error.kind == ErrorKind::Forbidden => {}
                // Its own pages say what is wrong; those of the others go on.
                Err(error) => tracing::error!(connection = %desk.id(), "the switcher leaves it out: {error}"),
            }
        }
    }
    Ok(page)
}

/// What `actor` may not do with a workflow, or anywhere on the connection, of what a page offers.
fn refused(desk: &Desk, actor: &Actor, workflow: Option<&str>, acts: &[Act]) -> Refused {
    let action = |act| match act {
        Act::Start => Action::Start,
        Act::Stop => Action::Stop,
        Act::Redrive => Action::Redrive,
        Act::Deploy => Action::Deploy,
    };
    let names = workflow.map_or_else(|| desk.workflow_names(), |one| vec![one.to_owned()]);
    let answer = |act| match workflow {
        Some(one) => desk.may(actor, action(act), Some(one)),
        None => desk.may_to_any(actor, action(act), names.iter().map(String::as_str)),
    };
    words::refusals::refused(acts.iter().map(|act| (*act, answer(*act))))
}

/// An error of the desk for those who look at its connection.
fn worded(desk: &Desk, error: &Error) -> AppError {
    words::error(desk.about(), error)
}

/// An outcome's tone in the vocabulary of the wire.
#[must_use]
pub const fn tone(tone: OutcomeTone) -> Tone {
    match tone {
        OutcomeTone::Good => Tone::Good,
        OutcomeTone::Bad => Tone::Bad,
        OutcomeTone::Neutral => Tone::Neutral,
    }
}

/// An execution's status in the vocabulary of the wire.
#[must_use]
pub const fn execution_status(status: ExecutionStatus) -> Status {
    match status {
        ExecutionStatus::Running => Status::Running,
        ExecutionStatus::Succeeded => Status::Succeeded,
        ExecutionStatus::Failed => Status::Failed,
        ExecutionStatus::TimedOut => Status::TimedOut,
        ExecutionStatus::Aborted => Status::Aborted,
    }
}

/// What closed a task in the same vocabulary.
const fn closed_status(by: &ClosedBy) -> Status {
    match by {
        ClosedBy::Success => Status::Succeeded,
        ClosedBy::Timeout => Status::TimedOut,
        ClosedBy::Failure { .. } | ClosedBy::OwnFailure { .. } | ClosedBy::NotSubmitted { .. } => Status::Failed,
        ClosedBy::ExecutionEnd { .. } | ClosedBy::NoToken | ClosedBy::Unknown { .. } | ClosedBy::Sentence { .. } => {
            Status::Aborted
        }
    }
}

/// The fold's status in the same vocabulary.
#[must_use]
pub const fn status(status: StateStatus) -> Status {
    match status {
        StateStatus::NotReached => Status::NotReached,
        StateStatus::Running => Status::Running,
        StateStatus::WaitingApproval => Status::WaitingApproval,
        StateStatus::Waiting => Status::Waiting,
        StateStatus::Succeeded => Status::Succeeded,
        StateStatus::Caught => Status::Caught,
        StateStatus::Failed => Status::Failed,
        StateStatus::TimedOut => Status::TimedOut,
        StateStatus::Aborted => Status::Aborted,
    }
}

/// An attempt's result in the same vocabulary.
#[must_use]
pub const fn attempt_status(result: AttemptResult) -> Status {
    match result {
        AttemptResult::Running => Status::Running,
        AttemptResult::Succeeded => Status::Succeeded,
        AttemptResult::Failed => Status::Failed,
        AttemptResult::TimedOut => Status::TimedOut,
        AttemptResult::Aborted => Status::Aborted,
    }
}
