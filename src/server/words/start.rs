//! Why nothing was started, and what to correct.

use countersign_desk::connection::About;
use countersign_desk::starting::{InputFault, NameFault, StartError, StoredError};

use crate::error::{AppError, ErrorKind};

/// What the form says beside what was typed.
const KEPT: &str = "What you typed is still here.";

/// Why nothing was started.
pub(super) fn start(about: &About, error: &StartError) -> AppError {
    let not_started = |mut error: AppError| {
        if error.kind != ErrorKind::Unavailable {
            error.problem.what = format!("Nothing was started. {}", error.problem.what);
            error.problem.remedy = format!("{} {KEPT}", error.problem.remedy);
        }
        error
    };
    match error {
        StartError::Input(fault) => {
            AppError::new(ErrorKind::Invalid, format!("Nothing was started. {}", input_fault(fault)), KEPT)
        }
        StartError::Name(fault) => AppError::new(
            ErrorKind::Invalid,
            format!("Nothing was started. {}", name_fault(fault)),
            format!("Correct the name, or leave it empty: then one is made. {KEPT}"),
        ),
        StartError::NoQualifier { workflow, qualifier } => AppError::new(
            ErrorKind::Conflict,
            format!("Nothing was started. {workflow} has no version or alias {qualifier:?}."),
            format!("Choose another one. {KEPT}"),
        ),
        StartError::AnotherWorkflow { execution, workflow } => AppError::new(
            ErrorKind::Invalid,
            format!("{execution} is not an execution of {workflow}."),
            "Open that execution and choose Start again there.",
        ),
        StartError::NoInput { execution } => AppError::new(
            ErrorKind::Invalid,
            format!("The input of {execution} cannot be read from here."),
            "Choose a sample or type an input.",
        ),
        StartError::Read(error) => super::read(about, error),
        StartError::Call(error) => not_started(super::call(about, error)),
    }
}

fn name_fault(fault: &NameFault) -> String {
    match fault {
        NameFault::TooLong { characters, limit } => {
            format!("The name has {characters} characters; Step Functions accepts at most {limit}.")
        }
        NameFault::Letter(letter) => format!(
            "The name contains {}. No name may have spaces, controls or any of < > {{ }} [ ] ? * \" # % \\ ^ | ~ ` $ & , ; : /.",
            if *letter == ' ' { "a space".to_owned() } else { format!("{letter:?}") }
        ),
    }
}

fn input_fault(fault: &InputFault) -> String {
    match fault {
        InputFault::TooLong { bytes, limit } => {
            format!("The input has {bytes} bytes; Step Functions accepts at most {limit}. Shorten it.")
        }
        InputFault::NotJson(why) | InputFault::Stored(StoredError::NotJson(why)) => {
            format!("The input is not JSON: {why}. Correct it there and start again.")
        }
        InputFault::Unheld(why) => {
            format!("The engine does not take this input: {why}. Correct it there and start again.")
        }
        InputFault::Marked => format!(
            "The input contains {:?}, which stands for a text that pages do not show. Open the execution and choose Start \
             again, or write the text itself.",
            countersign_desk::redact::MARK
        ),
        InputFault::Stored(StoredError::UnknownMark(mark)) => {
            format!("{mark:?} does not stand for a text of the stored input. Write the text itself.")
        }
    }
}
