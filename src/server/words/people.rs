//! What is wrong about people, in words.

use countersign_desk::people::{LONGEST_ABSENCE_DAYS, LONGEST_TOKEN_DAYS, PeopleError};

use crate::wire::Problem;

/// Why something about people was not done.
#[must_use]
pub fn people(error: &PeopleError) -> Problem {
    let (what, remedy) = match error {
        PeopleError::Id(id) => (
            format!("{id:?} cannot be a user name."),
            "Use up to 64 small letters, digits and . _ - @ +, and begin with a letter or a digit.".to_owned(),
        ),
        PeopleError::Name => {
            ("The name cannot be kept.".to_owned(), "Use at most 80 characters in one line.".to_owned())
        }
        PeopleError::Email(email) => {
            (format!("{email:?} is no e-mail address."), "Give one such as dana@example.com, or none.".to_owned())
        }
        PeopleError::Group(group) => (
            format!("{group:?} cannot be the name of a group."),
            "Use up to 64 characters without a comma, and at most 64 groups.".to_owned(),
        ),
        PeopleError::Password { characters } => (
            format!("The password has {characters} characters."),
            "Use 12 to 200: several words are easy to remember.".to_owned(),
        ),
        PeopleError::Taken(id) => (format!("There is a user {id} already."), "Choose another user name.".to_owned()),
        PeopleError::Unknown(id) => {
            (format!("There is no user {id:?} who may sign in."), "The list of users has everybody.".to_owned())
        }
        PeopleError::Invitation => (
            "This link does not hold: it was used, or it has expired, or a newer one was made.".to_owned(),
            "Ask an administrator for another one. The first administrator's is printed when countersign starts."
                .to_owned(),
        ),
        PeopleError::LastAdministrator => (
            "This is the only administrator.".to_owned(),
            "Put somebody else into the group administrators first.".to_owned(),
        ),
        PeopleError::Expiry => {
            ("The token needs an expiry.".to_owned(), format!("Choose 1 to {LONGEST_TOKEN_DAYS} days."))
        }
        PeopleError::TooManyTokens(most) => {
            (format!("You have {most} API tokens, the most that there may be."), "Remove one first.".to_owned())
        }
        PeopleError::Absence => (
            "These days are no absence.".to_owned(),
            format!(
                "Choose a first day that is not before today and a last one that is not before it: at most {LONGEST_ABSENCE_DAYS} days."
            ),
        ),
        PeopleError::Delegate(id) => (
            format!("{id:?} cannot stand in for you."),
            "Give the user name of somebody else who may sign in.".to_owned(),
        ),
        PeopleError::TooManyAbsences(most) => {
            (format!("You have noted {most} absences, the most that there may be."), "End one first.".to_owned())
        }
        PeopleError::NotAnAdministrator => {
            ("Only administrators manage users.".to_owned(), "Ask somebody in the group administrators.".to_owned())
        }
        PeopleError::Hashing(why) => (format!("The password could not be processed: {why}."), "Try again.".to_owned()),
        PeopleError::Store(error) => (
            format!("The users cannot be read or written: {error}."),
            "Check that the data folder is writable and has room, then try again.".to_owned(),
        ),
    };
    Problem { what, remedy }
}
