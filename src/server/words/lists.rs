//! Lists of executions in words: searches that are none, and views.

use countersign_desk::ViewError;
use countersign_desk::search::{Fault, SearchError};

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
        Fault::Backwards { from, to } => {
            (format!("{from}..{to} ends before it begins."), format!("Write the other end first: {to}..{from}."))
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
