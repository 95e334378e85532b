//! Adding and changing users, for those whom the policies let administer; who sits at the terminal owns the data folder
//! anyway.

use super::user::{NewUser, check_groups, id_of};
use super::{ADMINISTRATORS, People, PeopleError};
use crate::actor::Actor;
use crate::store::User;

impl People {
    /// Everybody, by id.
    ///
    /// # Errors
    /// The store failed.
    pub async fn users(&self, by: &Actor) -> Result<Vec<User>, PeopleError> {
        self.permit(by)?;
        Ok(self.store.users().await?)
    }

    /// Whether there is anybody.
    ///
    /// # Errors
    /// The store failed.
    pub async fn is_empty(&self) -> Result<bool, PeopleError> {
        Ok(self.store.users().await?.is_empty())
    }

    /// Adds a user; without a password, who has to set one with a link. Returns the id.
    ///
    /// # Errors
    /// Somebody has the id, a part cannot be kept, or the store failed.
    pub async fn add(&self, by: &Actor, new: NewUser, password: Option<&str>) -> Result<String, PeopleError> {
        self.permit(by)?;
        let new = new.checked()?;
        let hash = match password {
            Some(password) => Some(self.hash_of(password).await?),
            None => None,
        };
        let id = self.insert(new, hash, false).await?;
        self.noted(by, format!("added the user {id}")).await;
        Ok(id)
    }

    /// Adds a user who was checked, with the hash of a password; with `first`, only if there is nobody.
    pub(super) async fn insert(&self, new: NewUser, hash: Option<String>, first: bool) -> Result<String, PeopleError> {
        let NewUser { id, name, email, groups } = new;
        let (has_password, made_at) = (hash.is_some(), self.clock.now());
        let user = User { id, name, email, groups, disabled: false, has_password, made_at };
        if !self.store.add_user(&user, hash.as_deref(), first).await? {
            return Err(if first { PeopleError::Invitation } else { PeopleError::Taken(user.id) });
        }
        Ok(user.id)
    }

    /// Puts a user into these groups and no others.
    ///
    /// # Errors
    /// There is no such user, a name cannot be a group's, or nobody would administer users any more.
    pub async fn set_groups(&self, by: &Actor, id: &str, groups: &[String]) -> Result<(), PeopleError> {
        self.permit(by)?;
        let (id, groups) = (id_of(id), check_groups(groups)?);
        if !groups.iter().any(|group| group == ADMINISTRATORS) {
            self.check_others_administer(&id).await?;
        }
        found(&id, self.store.set_groups(&id, &groups).await?)?;
        let list = if groups.is_empty() { "no group".to_owned() } else { groups.join(", ") };
        self.noted(by, format!("put the user {id} into {list}")).await;
        Ok(())
    }

    /// Disables a user, whose sessions end and whose tokens no longer hold.
    ///
    /// # Errors
    /// There is no such user, or nobody would administer users any more.
    pub async fn disable(&self, by: &Actor, id: &str) -> Result<(), PeopleError> {
        self.permit(by)?;
        let id = id_of(id);
        self.check_others_administer(&id).await?;
        found(&id, self.store.set_disabled(&id, true).await?)?;
        self.noted(by, format!("disabled the user {id}")).await;
        Ok(())
    }

    /// Lets a disabled user sign in again.
    ///
    /// # Errors
    /// There is no such user.
    pub async fn enable(&self, by: &Actor, id: &str) -> Result<(), PeopleError> {
        self.permit(by)?;
        let id = id_of(id);
        found(&id, self.store.set_disabled(&id, false).await?)?;
        self.noted(by, format!("enabled the user {id}")).await;
        Ok(())
    }

    /// Sets the password of somebody, whose sessions end.
    ///
    /// # Errors
    /// There is no such user, or the password is too short or too long.
    pub async fn set_password(&self, by: &Actor, id: &str, password: &str) -> Result<(), PeopleError> {
        self.permit(by)?;
        let id = id_of(id);
        let hash = self.hash_of(password).await?;
        found(&id, self.store.set_password(&id, &hash).await?)?;
        self.noted(by, format!("set the password of the user {id}")).await;
        Ok(())
    }

    /// Refuses to take the last administrator away.
    async fn check_others_administer(&self, id: &str) -> Result<(), PeopleError> {
        let is_administrator = |user: &User| !user.disabled && user.groups.iter().any(|group| group == ADMINISTRATORS);
        let users = self.store.users().await?;
        let administrators: Vec<&User> = users.iter().filter(|user| is_administrator(user)).collect();
        match administrators[..] {
            [only] if only.id == id => Err(PeopleError::LastAdministrator),
            _ => Ok(()),
        }
    }
}

fn found(id: &str, found: bool) -> Result<(), PeopleError> {
    if found { Ok(()) } else { Err(PeopleError::Unknown(id.to_owned())) }
}
