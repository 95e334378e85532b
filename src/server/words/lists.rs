//! Lists of executions in words: searches that are none, views, and what cannot be done to one of many.

use countersign_desk::ViewError;
use countersign_desk::bulk::BulkError;
use countersign_desk::connection::About;
use countersign_desk::search::{Fault, SearchError};
use countersign_desk::store::Refusal;

use super::{call, read, redrive, start, stop};
use crate::error::{AppError, ErrorKind};
use crate::wire::Problem;

/// Why a text is no search, and how it is written.
#[must_use]
pub fn search(error: &SearchError) -> Problem {
    let (what, remedy) = match &error.fault {
        Fault::TooLong { limit } => (format!("The search has more than {limit} characters."), "Shorten it.".to_owned()),
        Fault::TooMany { limit } => {
            (format!("The search has more than {limit} conditions."), "Leave some out.".to_owned())
        }
        Fault::OpenQuote => (
            "This quote is not closed.".to_owned(),
            "Write \" at the end of the text, or \\\" for a quote in it.".to_owned(),
        ),
        Fault::NoValue { key, sign } if *sign == ":" => (
            format!("A value is missing behind {key}{sign}"),
            format!("Write it directly behind the sign, such as {key}:4711."),
        ),
        Fault::NoValue { key, sign } => (
            format!("A number is missing behind {key}{sign}"),
            format!("Write it directly behind the sign, such as {key}{sign}1000."),
        ),
        Fault::NoKey { sign } => (
            format!("A key is missing before {sign}"),
            format!("Write it directly before the sign, such as total{sign}1000."),
        ),
        Fault::NotAKey(text) => (
            format!("{text:?} is not a key."),
            "A key has letters, digits and _ - . / in it; put another one, or a text with a sign in it, in quotes."
                .to_owned(),
        ),
        Fault::NotANumber(text) => (
            format!("{text:?} is not a number."),
            "Write one such as 1000 or 99.95; for a text, use a colon.".to_owned(),
        ),
        Fault::NotADuration(text) => {
            (format!("{text:?} is not a duration."), "Write one such as 250ms, 30s, 5m or 1h30m.".to_owned())
        }
        Fault::NotATime(text) => (
            format!("{text:?} is not a time."),
            "Write an age such as 2h or 7d, or a time in UTC such as 2026-11-26 or 2026-11-26T09:14.".to_owned(),
        ),
        Fault::NotAStatus(text) => (
            format!("{text:?} is not a status."),
            "Choose running, waiting, succeeded, failed, timed_out or stopped.".to_owned(),
        ),
        Fault::NoOrder(field) => {
            (format!("{field} cannot be compared with < or >."), format!("Write {field}: and a value."))
        }
        Fault::Operator(word) => (
            format!("{word} is not part of the language: all conditions must hold."),
            format!("Leave it out, or put it in quotes to search for the word: \"{word}\"."),
        ),
        Fault::Nothing(text) => (
            format!("{text:?} has neither a letter nor a digit."),
            "Search for a word, a number or a part of one.".to_owned(),
        ),
    };
    Problem { what: format!("{what} (character {})", error.at), remedy }
}

pub(super) fn bulk(error: &BulkError) -> AppError {
    let invalid = |what: String, remedy: &str| AppError::new(ErrorKind::Invalid, what, remedy);
    match error {
        BulkError::Nothing => {
            invalid("No execution was chosen.".to_owned(), "Choose some in the list, then try again.")
        }
        BulkError::TooMany { chosen, limit } => invalid(
            format!("{chosen} executions were chosen; at most {limit} can be acted on at once."),
            "Choose fewer, or go on with the others afterwards.",
        ),
        BulkError::ReasonTooLong { characters, limit } => invalid(
            format!("The reason has {characters} characters; the limit is {limit}. Nothing was done."),
            "Shorten it and try again.",
        ),
        BulkError::NoRun(id) => {
            let id: String = id.chars().take(40).collect();
            AppError::new(ErrorKind::NotFound, format!("There is no list {id:?}."), "Choose the executions again.")
        }
        BulkError::Changed => AppError::new(
            ErrorKind::Conflict,
            "The form belongs to another list. Nothing was done.",
            "Look at the list below, then confirm it.",
        ),
    }
}

pub(super) fn view(error: &ViewError) -> AppError {
    let (what, remedy) = match error {
        ViewError::NoName => ("The view has no name.".to_owned(), "Type one, then save it again."),
        ViewError::NameTooLong { characters, limit } => {
            (format!("The name has {characters} characters; the limit is {limit}."), "Shorten it, then save it again.")
        }
        ViewError::QueryTooLong { characters, limit } => (
            format!("The search and its filters have {characters} characters; the limit is {limit}."),
            "Shorten the search.",
        ),
        ViewError::TooMany { limit } => {
            (format!("There are {limit} saved views already."), "Remove one that nobody needs, then save it again.")
        }
    };
    AppError::new(ErrorKind::Invalid, what, remedy)
}

/// Why nothing was done to one of many executions.
#[must_use]
pub fn refusal(about: &About, refusal: &Refusal) -> String {
    match refusal {
        Refusal::NotRunning => "It does not run any more.".to_owned(),
        Refusal::Running => "It still runs.".to_owned(),
        Refusal::Succeeded => "It succeeded, so there is nothing to redrive.".to_owned(),
        Refusal::Gone => "It is not there any more.".to_owned(),
        Refusal::NoInput => "Its input cannot be read from here.".to_owned(),
        Refusal::Denied(_) => "The policy refuses it.".to_owned(),
        Refusal::Policy(denied) => super::refusals::refusal(denied).what,
        Refusal::Call(error) => call(about, error).problem.what,
        Refusal::Stop(error) => stop(about, error).problem.what,
        Refusal::Start(error) => start::start(about, error).problem.what,
        Refusal::Redrive(error) => redrive::redrive(about, error).problem.what,
        Refusal::Read(error) => read(about, error).problem.what,
        Refusal::Failed(_) => "It failed for a reason that the server's log names.".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use countersign_desk::ReadError;
    use countersign_desk::connection::{Colour, ConnectionKind};
    use countersign_desk::policy::{Action, DenialReason, Denied};
    use countersign_desk::redriving::{NotRedrivable, RedriveError};

    use super::*;

    #[test]
    fn what_is_said_of_one_of_many_is_said_in_the_words_of_pages() {
        let about = About {
            label: "Endpoint".to_owned(),
            detail: "http://localhost".to_owned(),
            region: "eu-west-1".to_owned(),
            kind: ConnectionKind::Endpoint,
            profile: None,
            role_arn: None,
            colour: Colour::Teal,
            read_only: false,
        };
        let reason = DenialReason::Forbidden { rule: "month-end".to_owned(), why: Some("it is month end".to_owned()) };
        let denied = Denied {
            actor: "Kenji Mori".to_owned(),
            action: Action::Stop,
            workflow: Some("order".to_owned()),
            reason: Box::new(reason),
            groups: Vec::new(),
        };
        assert_eq!(
            refusal(&about, &Refusal::Policy(denied)),
            "You may not stop executions of order: it is month end. (policy month-end)"
        );
        let too_old = RedriveError::NotRedrivable(NotRedrivable::TooOld { ended_at: 0 });
        for (refused, words) in [
            (Refusal::Redrive(too_old), "ended more than 14 days ago"),
            (Refusal::Redrive(RedriveError::EndedAgain), "redriven"),
            (Refusal::Read(ReadError::NoWorkflow("gone".to_owned())), "no workflow named"),
            (Refusal::Denied("viewer may not Stop: the policy EIO forbids it".to_owned()), "policy refuses it"),
            (Refusal::Failed("the disk: EIO".to_owned()), "the server's log"),
        ] {
            let said = refusal(&about, &refused);
            assert!(said.contains(words) && said.ends_with('.'), "{said}");
            assert!(said.starts_with(char::is_uppercase) && !said.contains("EIO"), "{said}");
        }
    }
}
