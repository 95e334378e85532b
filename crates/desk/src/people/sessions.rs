//! Signing in and out.

use std::net::IpAddr;
use std::sync::PoisonError;

use super::user::id_of;
use super::{People, PeopleError, Secret, person};
use crate::actor::Person;
use crate::store::{Deed, Hash, SessionRow, StoreError, User};

/// A session that was not used for this long has ended: a working day.
const IDLE: i64 = 10 * 60 * 60 * 1_000;
/// No session lasts longer.
const LONGEST: i64 = 7 * 24 * 60 * 60 * 1_000;
/// Uses that are closer together are one for the store.
const TOUCH: i64 = 60 * 1_000;
/// The most sessions of a person: the one that was used longest ago ends for another.
const MOST: usize = 50;
/// The most characters of what a browser says it is.
const AGENT: usize = 200;

/// Where somebody signs in from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct From {
    pub address: Option<IpAddr>,
    /// What the browser says it is.
    pub agent: String,
}

/// A session that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    pub hash: Hash,
    pub person: Person,
}

/// Somebody who has just signed in: what the browser keeps, and who it is.
#[derive(Debug)]
pub struct SignedIn {
    pub secret: Secret,
    pub person: Person,
}

/// Why somebody was not signed in.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such user, it has no password or another one, or it is disabled: nobody is told which.
    #[error("the name or the password is wrong")]
    Wrong,
    /// Too many passwords were tried.
    #[error("too many passwords were tried")]
    TooMany,
    /// The user whom a provider has proven is disabled.
    #[error("the user is disabled")]
    Disabled,
    #[error(transparent)]
    People(#[from] PeopleError),
}

impl std::convert::From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        Self::People(error.into())
    }
}

impl People {
    /// Signs somebody in: a session with a new secret, whatever the browser had before. `before` ends.
    ///
    /// # Errors
    /// The name or the password is wrong, too many were tried, or the store failed.
    pub async fn sign_in(
        &self,
        id: &str,
        password: &str,
        from: &From,
        before: Option<&Hash>,
    ) -> Result<SignedIn, Refused> {
        let (id, now) = (id_of(id), self.clock.now());
        if !self.take_guess(&id, from, now) {
            return Err(Refused::TooMany);
        }
        // The same steps for those whom there is not: the answer takes as long.
        let user = self.store.user(&id).await?;
        let hash = self.store.password(&id).await?;
        let is_right = self.has_hash(hash.clone(), password).await?;
        let Some((user, hash)) = user.filter(|user| is_right && !user.disabled).zip(hash) else {
            // What nobody is called may be a password in the wrong field: it is not put on record.
            let known = self.store.user(&id).await?;
            let (person_id, name) =
                known.map_or(("unknown".to_owned(), "Somebody".to_owned()), |user| (user.id, user.name));
            self.note((&person_id, &name), Deed::SignInRefused, place(from)).await;
            return Err(Refused::Wrong);
        };
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner).give_back(&id, from.address, now);
        // Disabled, or with another password, since it was compared.
        self.begin_session(&user, Some(&hash), from, before).await?.ok_or(Refused::Wrong)
    }

    /// A new session of a user, with a new secret; `before` ends. `None` where the user was disabled meanwhile, or has no longer
    /// the password with this hash.
    pub(super) async fn begin_session(
        &self,
        user: &User,
        password: Option<&str>,
        from: &From,
        before: Option<&Hash>,
    ) -> Result<Option<SignedIn>, StoreError> {
        let (secret, now) = (Secret::draw(), self.clock.now());
        let agent = from.agent.chars().filter(|letter| !letter.is_control()).take(AGENT).collect();
        let address = from.address.map(|address| address.to_string()).unwrap_or_default();
        let row = SessionRow { hash: secret.hash(), user: user.id.clone(), made_at: now, seen_at: now, address, agent };
        self.store.sweep(now - LONGEST, now - IDLE, now).await?;
        if let Some(before) = before {
            self.store.remove_session(before).await?;
        }
        if !self.store.add_session(&row, password).await? {
            return Ok(None);
        }
        let others = self.store.sessions(&user.id).await?.into_iter().filter(|other| other.hash != row.hash);
        for oldest in others.skip(MOST - 1) {
            self.store.remove_session(&oldest.hash).await?;
        }
        self.note((&user.id, &user.name), Deed::SignedIn, place(from)).await;
        Ok(Some(SignedIn { secret, person: person(user) }))
    }

    fn take_guess(&self, id: &str, from: &From, now: i64) -> bool {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner).take(id, from.address, now)
    }

    /// The session of a secret, if it holds; it was used now.
    ///
    /// # Errors
    /// The store failed.
    pub async fn session(&self, secret: &Secret) -> Result<Option<Session>, PeopleError> {
        let hash = secret.hash();
        let found = self.holds(&hash).await?;
        let now = self.clock.now();
        if found.as_ref().is_some_and(|(row, _)| now - row.seen_at >= TOUCH) {
            self.store.touch_session(&hash, now).await?;
        }
        Ok(found.map(|(row, person)| Session { hash: row.hash, person }))
    }

    /// Whether a session still holds; looking is no use of it.
    ///
    /// # Errors
    /// The store failed.
    pub async fn still(&self, hash: &Hash) -> Result<bool, PeopleError> {
        Ok(self.holds(hash).await?.is_some())
    }

    async fn holds(&self, hash: &Hash) -> Result<Option<(SessionRow, Person)>, PeopleError> {
        let now = self.clock.now();
        let found = self.store.session(hash).await?;
        let holds = |row: &SessionRow| now - row.seen_at < IDLE && now - row.made_at < LONGEST;
        Ok(found.filter(|(row, user)| !user.disabled && holds(row)).map(|(row, user)| (row, person(&user))))
    }

    /// The sessions of somebody that hold, the one used last first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sessions(&self, person: &Person) -> Result<Vec<SessionRow>, PeopleError> {
        let now = self.clock.now();
        let mut rows = self.store.sessions(&person.id).await?;
        rows.retain(|row| now - row.seen_at < IDLE && now - row.made_at < LONGEST);
        Ok(rows)
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_out(&self, session: &Session) -> Result<(), PeopleError> {
        self.store.remove_session(&session.hash).await?;
        self.note((&session.person.id, &session.person.name), Deed::SignedOut, String::new()).await;
        Ok(())
    }

    /// Ends all sessions of somebody.
    ///
    /// # Errors
    /// The store failed.
    pub async fn sign_out_everywhere(&self, person: &Person) -> Result<(), PeopleError> {
        self.store.remove_sessions(&person.id).await?;
        self.note((&person.id, &person.name), Deed::SignedOut, "everywhere".to_owned()).await;
        Ok(())
    }

    /// Changes somebody's own password; all sessions end. The old password counts as a guess.
    ///
    /// # Errors
    /// The old password is wrong, the new one too short or too long, or the store failed.
    pub async fn change_password(&self, person: &Person, old: &str, new: &str, from: &From) -> Result<(), Refused> {
        let now = self.clock.now();
        if !self.take_guess(&person.id, from, now) {
            return Err(Refused::TooMany);
        }
        let hash = self.store.password(&person.id).await?;
        if !self.has_hash(hash, old).await? {
            self.note((&person.id, &person.name), Deed::SignInRefused, place(from)).await;
            return Err(Refused::Wrong);
        }
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner).give_back(&person.id, from.address, now);
        let hash = self.hash_of(new).await?;
        self.store.set_password(&person.id, &hash).await?;
        self.note((&person.id, &person.name), Deed::Administered, "changed the own password".to_owned()).await;
        Ok(())
    }
}

/// Where somebody came from, for the record.
pub(super) fn place(from: &From) -> String {
    from.address.map(|address| format!("from {address}")).unwrap_or_default()
}
