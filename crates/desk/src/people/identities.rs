//! People whom a provider of OpenID Connect has signed in. Checking what it says is the caller's; here somebody gets a user.
//!
//! A provider's own name for somebody ([`Identity`]) decides, and nothing else does: a user name or an e-mail address can be given
//! to somebody else. So a user who was added here belongs to nobody at a provider until an administrator links them.

use super::sessions::{From, Refused, SignedIn, place};
use super::user::{NewUser, id_of};
use super::{People, PeopleError};
use crate::actor::Actor;
use crate::store::{Deed, Hash, Identity, User};

/// Who somebody is, as a provider has proven it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    pub identity: Identity,
    /// The user name that somebody gets who comes for the first time.
    pub id: String,
    /// The name that pages show.
    pub name: String,
    pub email: Option<String>,
    /// The groups, where the provider tells them: then they replace those of before.
    pub groups: Option<Vec<String>>,
}

impl People {
    /// Signs somebody in whom a provider has proven: who comes for the first time is added as a user, and the name, the address and
    /// the groups of others are brought up to date. `before` ends.
    ///
    /// # Errors
    /// The user is disabled, a user of this name is there who is not linked, what the provider says cannot be kept, or the store
    /// failed.
    pub async fn sign_in_proven(
        &self,
        proven: &Proven,
        from: &From,
        before: Option<&Hash>,
    ) -> Result<SignedIn, Refused> {
        let user = match self.store.identified(&proven.identity).await? {
            Some(user) if user.disabled => {
                self.note((&user.id, &user.name), Deed::SignInRefused, place(from)).await;
                return Err(Refused::Disabled);
            }
            Some(user) => self.brought_up_to_date(user, proven).await?,
            None => self.introduced(proven).await?,
        };
        // Disabled since.
        self.begin_session(&user, None, from, before).await?.ok_or(Refused::Disabled)
    }

    /// What the provider says of a user who is known.
    async fn brought_up_to_date(&self, user: User, proven: &Proven) -> Result<User, PeopleError> {
        let groups = proven.groups.clone().unwrap_or_else(|| user.groups.clone());
        let told = NewUser { id: user.id.clone(), name: proven.name.clone(), email: proven.email.clone(), groups };
        let NewUser { name, email, groups, .. } = told.checked()?;
        let told = User { name, email: email.or_else(|| user.email.clone()), groups, ..user.clone() };
        if told != user {
            self.store.set_profile(&told).await?;
        }
        if told.groups != user.groups {
            let list = if told.groups.is_empty() { "no group".to_owned() } else { told.groups.join(", ") };
            let what = format!("put the user {} into {list}, as {} says", told.id, proven.identity.issuer);
            self.noted(&Actor::Program, what).await;
        }
        Ok(told)
    }

    /// Adds somebody who comes for the first time.
    async fn introduced(&self, proven: &Proven) -> Result<User, PeopleError> {
        let groups = proven.groups.clone().unwrap_or_default();
        let new = NewUser { id: proven.id.clone(), name: proven.name.clone(), email: proven.email.clone(), groups };
        let NewUser { id, name, email, groups } = new.checked()?;
        let made_at = self.clock.now();
        let user = User { id, name, email, groups, disabled: false, has_password: false, made_at };
        if !self.store.add_identified(&user, &proven.identity).await? {
            return Err(PeopleError::Taken(user.id));
        }
        let list = if user.groups.is_empty() { "no group".to_owned() } else { user.groups.join(", ") };
        let what = format!("added the user {} in {list}, as {} says", user.id, proven.identity.issuer);
        self.noted(&Actor::Program, what).await;
        Ok(user)
    }

    /// Links a user with somebody at a provider, who then signs in as this user. Whoever was linked with the identity no longer is.
    ///
    /// # Errors
    /// There is no such user, or the store failed.
    pub async fn link(&self, by: &Actor, id: &str, identity: &Identity) -> Result<(), PeopleError> {
        self.permit(by)?;
        let id = id_of(id);
        if !self.store.set_identity(&id, identity).await? {
            return Err(PeopleError::Unknown(id));
        }
        self.noted(by, format!("linked the user {id} with {} at {}", identity.subject, identity.issuer)).await;
        Ok(())
    }
}
