//! One-time links, with which the first administrator is made and others set their password.

use super::user::id_of;
use super::{ADMINISTRATORS, NewUser, People, PeopleError, Secret};
use crate::actor::Actor;
use crate::store::{Invited, User};

/// How long a link holds, in milliseconds: that of the first administrator, and that of others.
const FIRST: i64 = 60 * 60 * 1_000;
const OTHERS: i64 = 3 * 24 * 60 * 60 * 1_000;

/// Whom a link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Welcome {
    /// The first administrator, who chooses an id and a name.
    First,
    /// Somebody who is known.
    User(User),
}

impl People {
    /// The secret of a link that makes the first administrator; `None` where there is somebody already. The one before it
    /// no longer holds.
    ///
    /// # Errors
    /// The store failed.
    pub async fn invite_first(&self) -> Result<Option<Secret>, PeopleError> {
        if !self.is_empty().await? {
            return Ok(None);
        }
        let secret = Secret::draw();
        self.store.invite(&secret.hash(), &Invited::First, self.clock.now() + FIRST).await?;
        Ok(Some(secret))
    }

    /// The secret of a link with which a user sets a password. The one before it no longer holds.
    ///
    /// # Errors
    /// There is no such user, or the store failed.
    pub async fn invite(&self, by: &Actor, id: &str) -> Result<Secret, PeopleError> {
        self.permit(by)?;
        let id = id_of(id);
        if self.store.user(&id).await?.is_none_or(|user| user.disabled) {
            return Err(PeopleError::Unknown(id));
        }
        let secret = Secret::draw();
        self.store.invite(&secret.hash(), &Invited::User(id.clone()), self.clock.now() + OTHERS).await?;
        self.noted(by, format!("made a link for the user {id} to set a password")).await;
        Ok(secret)
    }

    /// Whom a link is for. It is not used up: a scanner of links opens it too.
    ///
    /// # Errors
    /// It does not hold, or the store failed.
    pub async fn welcome(&self, secret: &Secret) -> Result<Welcome, PeopleError> {
        match self.store.invited(&secret.hash(), self.clock.now()).await? {
            None => Err(PeopleError::Invitation),
            Some(Invited::First) => Ok(Welcome::First),
            Some(Invited::User(id)) => {
                let user = self.store.user(&id).await?.filter(|user| !user.disabled);
                user.map(Welcome::User).ok_or(PeopleError::Invitation)
            }
        }
    }

    /// Uses a link up: makes the first administrator of `new`, or sets the password of whom it is for. Returns the id.
    ///
    /// # Errors
    /// It does not hold, or something about the person or the password cannot be; then it holds on.
    pub async fn accept(&self, secret: &Secret, new: NewUser, password: &str) -> Result<String, PeopleError> {
        // What cannot be kept must not use the link up.
        let (welcome, hash) = (self.welcome(secret).await?, self.hash_of(password).await?);
        let new = match &welcome {
            Welcome::First => Some(new.checked()?),
            Welcome::User(_) => None,
        };
        let taken = self.store.take_invitation(&secret.hash(), self.clock.now()).await?;
        match (taken, new) {
            (Some(Invited::First), Some(new)) => {
                let groups = vec![ADMINISTRATORS.to_owned()];
                let new = NewUser { groups, ..new };
                let id = self.insert(new, Some(hash), true).await?;
                self.noted(&Actor::Program, format!("made the first administrator {id}")).await;
                Ok(id)
            }
            (Some(Invited::User(id)), None) => {
                if !self.store.set_password(&id, &hash).await? {
                    return Err(PeopleError::Unknown(id));
                }
                self.noted(&Actor::Program, format!("set the password of the user {id} with a link")).await;
                Ok(id)
            }
            _ => Err(PeopleError::Invitation),
        }
    }
}
