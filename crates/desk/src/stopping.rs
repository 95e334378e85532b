//! Stopping an execution.

use crate::actor::Actor;
use crate::audit::Done;
use crate::desk::{Desk, workflow_of};
use crate::error::{Error, StopError};
use crate::policy::Action;
use crate::starting::refuse_express;

/// AWS's limit of a cause, in characters.
const CAUSE: usize = 32_768;
/// The most characters of the reason for stopping an execution: a cause has the name of who stops it before it.
pub(crate) const STOP_REASON: usize = 32_000;

impl Desk {
    /// Stops an execution, in the actor's name.
    ///
    /// # Errors
    /// The reason is too long, there is no such running execution, or the connection does not answer.
    pub async fn stop(&self, actor: &Actor, arn: &str, cause: &str) -> Result<(), Error> {
        self.stop_only(actor, arn, cause).await?;
        self.watch().look_again().await;
        Ok(())
    }

    /// The same without waiting until pages know of it.
    pub(crate) async fn stop_only(&self, actor: &Actor, arn: &str, cause: &str) -> Result<(), Error> {
        refuse_express(arn)?;
        self.permit_change(actor, Action::Stop, workflow_of(arn), Some(arn)).await?;
        let reason = cause.trim();
        let characters = reason.chars().count();
        if characters > STOP_REASON {
            return Err(StopError::CauseTooLong { characters, limit: STOP_REASON }.into());
        }
        let cause = cause_of_stop(actor.name(), reason);
        let stopped = self.watch().connection.calls.stop_execution(arn, "Countersign.Stopped", &cause).await;
        stopped.map_err(StopError::from)?;
        let done = Done::Stopped { execution_arn: arn.to_owned(), cause: reason.to_owned() };
        self.note(actor, done).await;
        Ok(())
    }
}

/// What the history says of a stop. A name without end does not take the reason's room.
fn cause_of_stop(name: &str, reason: &str) -> String {
    if reason.is_empty() {
        return format!("Stopped by {name}.").chars().take(CAUSE).collect();
    }
    let name: String = name.chars().take(CAUSE - STOP_REASON - 20).collect();
    format!("Stopped by {name}: {reason}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_reason_fits_into_the_cause_whoever_stops() {
        let reason = "ä".repeat(STOP_REASON);
        for name in ["Dana", &"x".repeat(5_000)] {
            let cause = cause_of_stop(name, &reason);
            assert!(cause.ends_with(&reason) && cause.chars().count() <= CAUSE, "{name:.20}");
            assert!(cause_of_stop(name, "").chars().count() <= CAUSE);
        }
        assert_eq!(cause_of_stop("Dana", "Wrong order."), "Stopped by Dana: Wrong order.");
    }
}
