//! Why an execution is not redriven, and what to do instead.

use countersign_desk::connection::About;
use countersign_desk::redriving::{NotRedrivable, RedriveError};

use crate::error::{AppError, ErrorKind};
use crate::wire::Problem;

/// The way out where an execution cannot go on.
const AGAIN: &str = "Choose Start again: a new execution with the same input.";

/// Why an execution cannot be redriven.
#[must_use]
pub fn not_redrivable(why: &NotRedrivable) -> Problem {
    let (what, remedy) = match why {
        NotRedrivable::Running => ("It runs: there is nothing to redrive.".to_owned(), "Wait for its end, or stop it."),
        NotRedrivable::Succeeded => ("It succeeded: there is nothing to redrive.".to_owned(), AGAIN),
        NotRedrivable::TooOld { .. } => ("It ended more than 14 days ago, too long for a redrive.".to_owned(), AGAIN),
        NotRedrivable::TooManyEvents { events } => {
            (format!("Its history has {events} of 25,000 events: there is no room for a redrive."), AGAIN)
        }
        NotRedrivable::Child => (
            "It was started by a Map Run and is redriven together with the execution of that Map.".to_owned(),
            "Open the execution that started it, and redrive that one.",
        ),
        NotRedrivable::Refused { why } => {
            (format!("Step Functions does not redrive it: {}.", why.trim_end_matches('.')), AGAIN)
        }
    };
    Problem { what, remedy: remedy.to_owned() }
}

/// Why an execution was not redriven.
pub(super) fn redrive(about: &About, error: &RedriveError) -> AppError {
    match error {
        RedriveError::NotRedrivable(why) => {
            let Problem { what, remedy } = not_redrivable(why);
            AppError::new(ErrorKind::Invalid, format!("Nothing was redriven. {what}"), remedy)
        }
        RedriveError::EndedAgain => AppError::new(
            ErrorKind::Conflict,
            "It was redriven already since this page was shown, and has ended again. Nothing was redriven now.",
            "Look at what it did, then redrive it once more.",
        ),
        RedriveError::Read(error) => super::read(about, error),
        RedriveError::Call(error) => {
            let mut worded = super::call(about, error);
            if error.is_passing() {
                worded.problem.remedy = format!(
                    "Choose Redrive once more: it takes effect once, however often it is sent. {}",
                    worded.problem.remedy
                );
            }
            worded
        }
    }
}
