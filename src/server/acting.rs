//! What forms do: the desk acts, and its errors are put into words.

use countersign_desk::approvals::{Choice, Decided};
use countersign_desk::starting::Started;
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
            format!("{:?} is no decision.", other.chars().take(40).collect::<String>()),
            "Choose Approve or Reject.",
        )),
    }
}

/// Takes a decision; what came of it.
///
/// # Errors
/// The choice is none, or nothing was recorded.
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

/// Whether an input of the form of `workflow` was typed by somebody: it is neither empty nor one of the ready-made ones.
///
/// # Errors
/// The actor may not see the workflow.
pub fn is_own_input(desk: &Desk, actor: &Actor, workflow: &str, input: &str) -> Result<bool, AppError> {
    // A browser sends the lines of a form with other ends.
    let lines = |text: &str| text.trim().replace("\r\n", "\n");
    let input = lines(input);
    let samples = desk.samples(actor, workflow).map_err(worded(desk))?;
    Ok(!matches!(input.as_str(), "" | "{}") && !samples.iter().any(|sample| lines(&sample.input) == input))
}

/// Deploys what was seen; the names of the workflows.
///
/// # Errors
/// The plan is another one by now, or something was not deployed.
pub async fn deploy(desk: &Desk, actor: &Actor, only: Option<&str>, seen: &str) -> Result<Vec<String>, AppError> {
    desk.deploy_seen(actor, only, seen).await.map_err(worded(desk))
}

/// Starts an execution.
///
/// # Errors
/// Nothing was started.
pub async fn start(
    desk: &Desk,
    actor: &Actor,
    workflow: &str,
    name: &str,
    input: &str,
    again: Option<&str>,
) -> Result<Started, AppError> {
    desk.start(actor, workflow, name, input, again).await.map_err(worded(desk))
}

/// Stops an execution.
///
/// # Errors
/// Nothing was stopped.
pub async fn stop(desk: &Desk, actor: &Actor, arn: &str, cause: &str) -> Result<(), AppError> {
    desk.stop(actor, arn, cause).await.map_err(worded(desk))
}
