//! Who acts: people who sign in ([`People`]), or, where there is no sign-in, the personas of the demonstration.
//!
//! A person proves who they are with a password, once; from then on a session does, or an API token. The store has only the
//! hashes of all three. Every check that a password takes part in costs the same time, whether there is such a person or not,
//! and [`guesses`] bounds how many there may be.

mod absences;
mod accounts;
mod guesses;
mod identities;
mod invitations;
mod password;
mod personas;
mod secret;
mod sessions;
#[cfg(test)]
mod tests;
mod tokens;
mod user;

use std::sync::{Arc, Mutex};

use tokio::sync::Semaphore;

pub use self::absences::{LONGEST_ABSENCE_DAYS, day};
pub use self::guesses::Guesses;
pub use self::identities::Proven;
pub use self::invitations::Welcome;
pub use self::personas::{all, find, first};
pub use self::secret::Secret;
pub use self::sessions::{From, Refused, Session, SignedIn};
pub use self::tokens::{LONGEST_TOKEN_DAYS, Token, has_token};
pub use self::user::{NewUser, check_groups};
use crate::actor::{Actor, Person};
use crate::clock::Clock;
use crate::connection::ConnectionId;
use crate::policy::{Action, Authority, Object, Resource};
use crate::store::{Act, Deed, Store, StoreError, User};

/// The group whose members administer users, by the policies of the program.
pub const ADMINISTRATORS: &str = "administrators";

/// Passwords that are hashed at the same time: each takes 19 MiB and a thread.
const AT_ONCE: usize = 2;

/// The people who may sign in.
pub struct People {
    store: Arc<dyn Store>,
    clock: Clock,
    authority: Arc<Authority>,
    guesses: Mutex<Guesses>,
    hashing: Semaphore,
    /// How many passwords were hashed.
    #[cfg(test)]
    hashes: std::sync::atomic::AtomicUsize,
}

/// Why something about people was not done.
#[derive(Debug, thiserror::Error)]
pub enum PeopleError {
    #[error("{0:?} is no id of a user")]
    Id(String),
    #[error("the name is empty, too long, or has a line break")]
    Name,
    #[error("{0:?} is no e-mail address")]
    Email(String),
    #[error("{0:?} is no name of a group")]
    Group(String),
    #[error("the password has {characters} characters")]
    Password { characters: usize },
    #[error("there is a user {0:?} already")]
    Taken(String),
    #[error("there is no user {0:?}")]
    Unknown(String),
    #[error("the link does not hold")]
    Invitation,
    #[error("an administrator has to be left")]
    LastAdministrator,
    #[error("a token lasts from 1 to {LONGEST_TOKEN_DAYS} days")]
    Expiry,
    #[error("{0} tokens are as many as somebody may have")]
    TooManyTokens(usize),
    #[error("an absence has a beginning, a later end and at most {LONGEST_ABSENCE_DAYS} days")]
    Absence,
    #[error("{0:?} cannot stand in")]
    Delegate(String),
    #[error("{0} absences are as many as somebody may have")]
    TooManyAbsences(usize),
    #[error("only administrators may do this")]
    NotAnAdministrator,
    #[error("the password could not be hashed: {0}")]
    Hashing(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl People {
    /// The people of a store; the authority says who may change them.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, clock: Clock, authority: Arc<Authority>) -> Self {
        Self {
            store,
            clock,
            authority,
            guesses: Mutex::default(),
            hashing: Semaphore::new(AT_ONCE),
            #[cfg(test)]
            hashes: Default::default(),
        }
    }

    /// Whether somebody administers users.
    #[must_use]
    pub fn administers(&self, actor: &Actor) -> bool {
        // People belong to no connection: what one refuses, such as changes, is nothing to them.
        let connection = ConnectionId::default_one();
        let resource = Resource { connection: &connection, read_only: false, tags: None, object: Object::Connection };
        self.authority.permit(actor, Action::Administer, &resource).is_ok()
    }

    /// Refuses those who do not administer users.
    fn permit(&self, by: &Actor) -> Result<(), PeopleError> {
        if self.administers(by) { Ok(()) } else { Err(PeopleError::NotAnAdministrator) }
    }

    /// Puts an act on the record, which is that of the default connection: people belong to none.
    async fn note(&self, (person_id, person_name): (&str, &str), deed: Deed, detail: String) {
        let (person_id, person_name) = (person_id.to_owned(), person_name.to_owned());
        let at = self.clock.now();
        let act = Act { deed, workflow: None, execution_arn: None, event: None, detail, person_id, person_name, at };
        if let Err(error) = self.store.act(&ConnectionId::default_one(), &act).await {
            tracing::error!(%error, ?act, "an act could not be put on record");
        }
    }

    /// Puts on the record what `by` did about a user.
    async fn noted(&self, by: &Actor, what: String) {
        self.note((by.id(), by.name()), Deed::Administered, what).await;
    }
}

/// Whom a name in a request may mean: the users, or, where there are none, the personas.
///
/// # Errors
/// The store failed.
pub async fn everybody(store: &dyn Store) -> Result<Vec<Person>, StoreError> {
    let users = store.users().await?;
    Ok(if users.is_empty() { all() } else { users.iter().map(person).collect() })
}

/// The people whom a name in a request may mean: by their user name, the name that others see, or their e-mail address.
///
/// # Errors
/// The store failed.
pub async fn called(store: &dyn Store, name: &str) -> Result<Vec<Person>, StoreError> {
    let word = name.trim().to_lowercase();
    let users = store.users().await?;
    if users.is_empty() {
        return Ok(all().into_iter().filter(|one| one.id == word || one.name.to_lowercase() == word).collect());
    }
    let is_called = |user: &&User| {
        let names = [Some(&user.id), Some(&user.name), user.email.as_ref()];
        names.into_iter().flatten().any(|name| name.to_lowercase() == word)
    };
    Ok(users.iter().filter(is_called).map(person).collect())
}

/// Somebody who signed in, as the desk knows those who act.
#[must_use]
pub fn person(user: &User) -> Person {
    let role = user.email.clone().unwrap_or_else(|| user.id.clone());
    Person { id: user.id.clone(), name: user.name.clone(), role, groups: user.groups.clone() }
}
