//! Rollouts that a terminal waits for.

use std::path::Path;
use std::process::ExitCode;

use countersign_desk::connection::Connection;
use countersign_desk::deploy::{
    By, Failure as CallFailure, Listed, Looked, Move, Note, Patience, Timer, Why, look, moved,
};
use countersign_desk::{Actor, Clock};
use tokio_util::sync::CancellationToken;

use super::reach::call_failure;
use super::terminal_user::record;
use super::{Failure, progress};

/// The pause between two looks, in milliseconds.
const PAUSE: i64 = 5_000;

/// Looks at aliases that move until each has come to its end; the workflows are beside their aliases. Failures that pass are
/// waited out.
///
/// # Errors
/// A version failed and went back, or the connection refuses a move.
pub async fn follow(
    data: &Path,
    connection: &Connection,
    rollouts: &[(String, String)],
    stop: &CancellationToken,
) -> Result<ExitCode, Failure> {
    let (clock, timer) = (Clock::system(), Timer::system());
    let patience = Patience::new(connection, &clock, &timer, stop, &|_| {});
    let said = |workflow: &str, alias_arn: &str, note: &Note, to: &Move| {
        progress::moved(&connection.about, workflow, alias_arn, note, to).unwrap_or_default()
    };
    let mut open: Vec<(String, String)> = rollouts.to_vec();
    let mut went_back = None;
    while !open.is_empty() {
        let mut still = Vec::new();
        for (workflow, alias_arn) in open {
            let looked = match look(&patience, &alias_arn, &Listed(&patience)).await {
                Ok(looked) => looked,
                Err(CallFailure::Stopped) => return Ok(left()),
                Err(CallFailure::Call(error)) if error.is_passing() => {
                    eprintln!("countersign: {workflow} could not be looked at; the rollout stands meanwhile");
                    still.push((workflow, alias_arn));
                    continue;
                }
                Err(failure) => return Err(refused(connection, &workflow, failure)),
            };
            match looked {
                Looked::Waits { .. } => still.push((workflow, alias_arn)),
                Looked::None => println!("{workflow}: the rollout is over"),
                Looked::Elsewhere { note } => {
                    println!("{}", said(&workflow, &alias_arn, &note, &Move::Elsewhere));
                }
                Looked::Moved { note, to } => {
                    println!("{}", said(&workflow, &alias_arn, &note, &to));
                    let by = By { actor: &Actor::Program, at: clock.now() };
                    let act: Vec<_> = moved(&alias_arn, &note, &to, by).into_iter().collect();
                    record(data, &connection.id, &act).await;
                    if let Move::Back(Why::Failures { .. }) = &to {
                        went_back = Some(workflow.clone());
                    }
                    if note.rolling().is_some() {
                        still.push((workflow, alias_arn));
                    }
                }
            }
        }
        open = still;
        if open.is_empty() {
            break;
        }
        tokio::select! {
            () = stop.cancelled() => return Ok(left()),
            () = timer.wait(PAUSE) => {}
        }
    }
    match went_back {
        None => Ok(ExitCode::SUCCESS),
        Some(workflow) => Err(Failure::new(
            format!("The new version of {workflow} failed, and its alias leads to the version before again."),
            "Open the execution that is named above, correct the definition, and apply again.",
        )),
    }
}

/// Somebody stopped waiting.
fn left() -> ExitCode {
    println!(
        "The rollout stands where it is. A running dashboard on this connection goes on with it; so does countersign deploy rollout."
    );
    ExitCode::SUCCESS
}

fn refused(connection: &Connection, workflow: &str, failure: CallFailure) -> Failure {
    match failure {
        CallFailure::Call(error) | CallFailure::Unknown(error) => {
            let Failure { what, remedy } = call_failure(connection, &error);
            Failure::new(format!("{workflow}: {what} The rollout stands where it is."), remedy)
        }
        CallFailure::Moved | CallFailure::Stopped => Failure::new(
            format!("The alias of {workflow} was changed meanwhile."),
            "Look at countersign deploy status.",
        ),
    }
}
