//! The actions of forms: the desk acts, and its errors become sentences.

use countersign_desk::approvals::{Choice, Decided};
use countersign_desk::starting::{Order, Started};
use countersign_desk::{Actor, Desk, Error};

use super::words;
use crate::error::{AppError, ErrorKind};

fn worded(desk: &Desk) -> impl Fn(Error) -> AppError + '_ {
    |error| words::error(desk.about(), &error)
}

/// The choice of a form's field.
fn choice(text: &str) -> Result<Choice, AppError> {
    match text {
        "approve" => Ok(Choice::Approve),
        "reject" => Ok(Choice::Reject),
        other => Err(AppError::new(
            ErrorKind::Invalid,
            format!("{:?} is not a decision.", other.chars().take(40).collect::<String>()),
            "Choose Approve or Reject.",
        )),
    }
}

/// Makes a decision; returns its outcome.
///
/// # Errors
/// The choice is neither approve nor reject, or nothing was recorded.
pub async fn decide(
    desk: &Desk,
    actor: &Actor,
    request: (&str, u64),
    decision: &str,
    comment: &str,
) -> Result<Decided, AppError> {
    let choice = choice(decision)?;
    desk.decide(actor, request, choice, comment).await.map_err(worded(desk))
}

/// Whether the input in the form of `workflow` was typed: it is neither empty nor one of the samples.
///
/// # Errors
/// The actor may not see the workflow.
pub fn is_own_input(desk: &Desk, actor: &Actor, workflow: &str, input: &str) -> Result<bool, AppError> {
    // A browser sends other line ends in a form.
    let lines = |text: &str| text.trim().replace("\r\n", "\n");
    let input = lines(input);
    let samples = desk.samples(actor, workflow).map_err(worded(desk))?;
    Ok(!matches!(input.as_str(), "" | "{}") && !samples.iter().any(|sample| lines(&sample.input) == input))
}

/// Deploys the plan that was shown; returns the names of the workflows.
///
/// # Errors
/// The plan has changed, or something was not deployed.
pub async fn deploy(desk: &Desk, actor: &Actor, only: Option<&str>, seen: &str) -> Result<Vec<String>, AppError> {
    desk.deploy_seen(actor, only, seen).await.map_err(worded(desk))
}

/// Starts an execution.
///
/// # Errors
/// Nothing was started.
pub async fn start(desk: &Desk, actor: &Actor, order: Order<'_>) -> Result<Started, AppError> {
    desk.start_order(actor, order).await.map_err(worded(desk))
}

/// Redrives an execution that had been redriven `seen` times when its page was drawn.
///
/// # Errors
/// Nothing was redriven.
pub async fn redrive(desk: &Desk, actor: &Actor, arn: &str, seen: u64) -> Result<(), AppError> {
    desk.redrive(actor, arn, Some(seen)).await.map_err(worded(desk))
}

/// Stops an execution.
///
/// # Errors
/// Nothing was stopped.
pub async fn stop(desk: &Desk, actor: &Actor, arn: &str, cause: &str) -> Result<(), AppError> {
    desk.stop(actor, arn, cause).await.map_err(worded(desk))
}
