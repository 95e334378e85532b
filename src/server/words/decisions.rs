//! Decisions in words: what they are called, what is wrong with a form, and why one was refused.

use countersign_desk::Error;
use countersign_desk::approvals::ahead::{Mismatch, Warning};
use countersign_desk::approvals::answer::{AnswerError, Part};
use countersign_desk::approvals::form::Fault;
use countersign_desk::approvals::outcomes::{APPROVE, Chosen, REJECT};
use countersign_desk::approvals::{DecideError, HandError, NotDecided};
use countersign_desk::connection::About;

use super::{not_shown, read, store};
use crate::app::absolute;
use crate::error::{AppError, ErrorKind};

pub fn refused(about: &About, error: &DecideError) -> AppError {
    match error {
        DecideError::CommentTooLong { characters, limit } => AppError::new(
            ErrorKind::Invalid,
            format!("The comment has {characters} characters; the limit is {limit}."),
            "Shorten it and decide again: nothing was sent.",
        ),
        DecideError::NotAllowed(why) => AppError { kind: ErrorKind::Forbidden, problem: super::not_allowed(why) },
        DecideError::NoOutcome { given, known } => AppError::new(
            ErrorKind::Invalid,
            format!("{:?} is not a decision.", given.chars().take(40).collect::<String>()),
            format!("Choose {}.", either(known)),
        ),
        DecideError::NoComment(outcome) => AppError::new(
            ErrorKind::Invalid,
            format!("{outcome} needs a comment. Nothing was recorded."),
            "Write why, and decide again.",
        ),
        DecideError::Form { outcome, faults } => {
            let faults: Vec<String> =
                faults.iter().map(|(name, fault)| format!("{name}: {}", fault_of(fault))).collect();
            AppError::new(
                ErrorKind::Invalid,
                format!("The form of {outcome} was not accepted, so nothing was recorded. {}", faults.join(" ")),
                "Correct it and decide again.",
            )
        }
        DecideError::Schema { workflow, state, outcome, why } => AppError::new(
            ErrorKind::Invalid,
            format!("The form of {outcome} cannot be shown: {why}. Nothing was recorded."),
            format!("Correct [workflows.{workflow}.approvals.{state:?}.outcomes] in countersign.toml."),
        ),
        DecideError::Changed => AppError::new(
            ErrorKind::Invalid,
            "The request or its rule has changed since this page showed it. Nothing was recorded.",
            "Read it again, and decide again: what you typed is still here.",
        ),
        DecideError::Held => AppError::new(
            ErrorKind::Invalid,
            "Somebody chose for this request and can still take it back.",
            "Wait a few seconds: the page shows what became of it.",
        ),
        DecideError::NotAnswerable { execution_arn, event } => AppError::new(
            ErrorKind::NotFound,
            format!("Event {event} of {execution_arn} is not a task that can be answered from here."),
            "Open the inbox and choose a request.",
        ),
        DecideError::Obstructed(obstacle) => AppError { kind: ErrorKind::Invalid, problem: super::obstacle(*obstacle) },
        DecideError::NotShown(why) => AppError::new(
            ErrorKind::Invalid,
            format!("This request cannot be shown, so it cannot be decided from here: {}.", not_shown(why)),
            "Answer it through the API, or stop the execution and start it again with a request that can be shown.",
        ),
        DecideError::Answer { workflow, state, why } => AppError::new(
            ErrorKind::Invalid,
            format!("Nothing was recorded. {}", no_answer(why)),
            format!("Correct [workflows.{workflow}.approvals.{state:?}] in countersign.toml."),
        ),
        DecideError::Read(error) => {
            let mut error = read(about, error);
            error.problem.what = format!("Nothing was recorded. {}", error.problem.what);
            error.problem.remedy = format!("{} Then decide again: what you typed is still here.", error.problem.remedy);
            error
        }
        DecideError::Store(error) => store(error),
    }
}

/// Why something about a request was not done.
pub fn hand(error: &HandError) -> AppError {
    let refused = |what: String, remedy: &str| AppError::new(ErrorKind::Invalid, what, remedy);
    match error {
        HandError::NotHeld => refused(
            "There is no choice of yours to take back: it is on record, or you took it back before.".to_owned(),
            "The page shows what became of the request.",
        ),
        HandError::Closed => {
            refused("The request no longer waits.".to_owned(), "The page shows what became of it. Nothing was changed.")
        }
        HandError::NoReason => {
            refused("A reason is needed. Nothing was changed.".to_owned(), "Write why: it goes on record.")
        }
        HandError::ReasonTooLong { characters, limit } => refused(
            format!("The reason has {characters} characters; the limit is {limit}."),
            "Shorten it: nothing was changed.",
        ),
        HandError::Nobody => refused("Nobody was named. Nothing was changed.".to_owned(), "Name a person or a group."),
        HandError::Unknown(name) => refused(
            format!("There is nobody and no group called {name:?}. Nothing was changed."),
            "Use a user name, a name as others see it, an e-mail address, or a group that somebody is in.",
        ),
        HandError::TooMany(limit) => {
            refused(format!("A request is given to at most {limit} people and groups."), "Name a group instead.")
        }
    }
}

/// "Approve or Reject".
pub(super) fn either(words: &[String]) -> String {
    match words {
        [] => "a decision".to_owned(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} or {last}", first.join(", ")),
    }
}

/// Why one of many requests was not decided.
#[must_use]
pub fn not_decided(why: &NotDecided, choice: Option<&Chosen>) -> String {
    match why {
        NotDecided::NotAllowed(why) => super::not_allowed(why).what,
        NotDecided::Earlier { outcome, person, own, at } => {
            let who = if *own { "You" } else { person };
            format!("{who} {} at {}.", did(outcome), absolute(*at))
        }
        NotDecided::Closed { by, .. } => super::closed_by(by),
        NotDecided::Held { outcome, own: true, .. } => {
            format!("You {} a moment ago and can still take that back.", did(outcome))
        }
        NotDecided::Held { outcome, person, .. } => {
            format!("{person} {} a moment ago and can still take that back.", did(outcome))
        }
        NotDecided::Claimed { person } => {
            format!("{person} looks after it. Take it over on its page, or leave it to them.")
        }
        NotDecided::NeedsFields => "This outcome has fields to fill in: choose it on the request's page.".to_owned(),
        NotDecided::Breaks(found) => match choice {
            Some(choice) => warning(choice, found),
            None => "The execution would break.".to_owned(),
        },
        NotDecided::Changed => {
            "The request or its rule has changed since this list was made. Nothing was recorded.".to_owned()
        }
        NotDecided::Obstructed(obstacle) => super::obstacle(*obstacle).what,
        NotDecided::NotAnswerable => "It is not a task that can be answered from here.".to_owned(),
        NotDecided::NotShown(why) => {
            format!("This request cannot be shown, so it cannot be decided from here: {}.", not_shown(why))
        }
        NotDecided::NotSignedIn => "Whoever confirmed the list may no longer sign in.".to_owned(),
    }
}

/// What happens on which condition: "If approved".
#[must_use]
pub fn condition(outcome: &Chosen) -> String {
    match outcome.id.as_str() {
        APPROVE => "If approved".to_owned(),
        REJECT => "If rejected".to_owned(),
        _ => format!("If “{}”", outcome.label),
    }
}

/// What somebody did with a request: "approved this request".
#[must_use]
pub fn did(outcome: &Chosen) -> String {
    match outcome.id.as_str() {
        APPROVE => "approved this request".to_owned(),
        REJECT => "rejected this request".to_owned(),
        _ => format!("chose “{}” for this request", outcome.label),
    }
}

/// What came too late: "rejection".
#[must_use]
pub fn late(outcome: &str) -> String {
    match outcome {
        APPROVE => "approval".to_owned(),
        REJECT => "rejection".to_owned(),
        other => format!("choice “{}”", other.chars().take(40).collect::<String>()),
    }
}

/// Why an answer cannot be made.
fn no_answer(error: &AnswerError) -> String {
    match error {
        AnswerError::Unreadable { part: Part::Form, why } => {
            format!("What was filled in cannot be read: {}.", why.trim_end_matches('.'))
        }
        AnswerError::Unreadable { part, why } => format!("The {part} cannot be read: {}.", why.trim_end_matches('.')),
        AnswerError::Expression { expression, place, why } => {
            format!("The expression {expression:?} in {place} of the manifest {why}")
        }
        AnswerError::NotText { place, returned } => {
            format!("{place} of the manifest returned {returned}, which is not a string.")
        }
        AnswerError::TooLong { part, bytes, limit } => {
            format!("The {part} has {bytes} bytes; Step Functions accepts at most {limit}.")
        }
        AnswerError::Failed(why) => format!("The program could not make it: {}.", why.trim_end_matches('.')),
    }
}

/// Why an answer will not do what it is for.
#[must_use]
pub fn warning(outcome: &Chosen, warning: &Warning) -> String {
    let condition = condition(outcome);
    match warning {
        Warning::NoAnswer { why } => format!("{condition}, the answer cannot be made. {}", no_answer(why)),
        Warning::Fails { state, why: Mismatch::Cause(cause) } => format!("{condition}, {state} fails: {cause}"),
        Warning::Fails { state, why: Mismatch::Unread { path } } => {
            format!("{condition}, {state} fails: it reads {path}, which the answer does not have.")
        }
    }
}

/// What is wrong with each field of a form, if that is the error.
#[must_use]
pub fn faults(error: &Error) -> Option<Vec<(String, String)>> {
    let Error::Decide(DecideError::Form { faults, .. }) = error else { return None };
    Some(faults.iter().map(|(name, fault)| (name.clone(), fault_of(fault))).collect())
}

fn fault_of(fault: &Fault) -> String {
    match fault {
        Fault::Missing => "Fill this in.".to_owned(),
        Fault::NotANumber => "Write a number, such as 12.50.".to_owned(),
        Fault::NotWhole => "Write a whole number.".to_owned(),
        Fault::Below(min) => format!("Write {min} or more."),
        Fault::Above(max) => format!("Write {max} or less."),
        Fault::TooShort { min } => format!("Write at least {min} characters."),
        Fault::TooLong { characters, max } => format!("{characters} characters; at most {max} are accepted."),
        Fault::Pattern => "This is not in the form that is asked for.".to_owned(),
        Fault::NotADate => "Choose a date.".to_owned(),
        Fault::NotAnAddress => "Write an e-mail address, such as name@example.com.".to_owned(),
        Fault::NotALink => "Write a link that begins with https:// or http://.".to_owned(),
        Fault::NotAChoice => "Choose one of these.".to_owned(),
        Fault::TooFew { min } => format!("Choose at least {min}."),
        Fault::TooMany { max } => format!("Choose at most {max}."),
        Fault::Unknown => "The form does not ask for this. Reload the page: the form has changed.".to_owned(),
    }
}
