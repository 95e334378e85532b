//! People who sign in, with their sessions and API tokens. Secrets are known by their hash alone.

use serde::{Deserialize, Serialize};

use super::Kept;

/// The SHA-256 of a secret that the program drew.
pub type Hash = [u8; 32];

/// Somebody who may sign in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct User {
    pub id: String,
    pub name: String,
    pub email: Option<String>,
    pub groups: Vec<String>,
    pub disabled: bool,
    /// Whether there is a password; without one nobody signs in as this person.
    pub has_password: bool,
    /// Milliseconds since the epoch.
    pub made_at: i64,
}

/// Whom a provider of OpenID Connect means: no two people have the same one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The provider's URL.
    pub issuer: String,
    /// Its own name for somebody.
    pub subject: String,
}

/// What a one-time link is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Invited {
    /// There is nobody yet: the link makes the first administrator.
    First,
    /// This person sets a password.
    User(String),
}

/// A signed-in browser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SessionRow {
    pub hash: Hash,
    pub user: String,
    pub made_at: i64,
    /// When it was last used.
    pub seen_at: i64,
    /// Where it signed in from, and with what.
    pub address: String,
    pub agent: String,
}

/// What a bearer of an API token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    Read,
    Act,
}

impl Scope {
    /// Its word in rows and forms.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Act => "act",
        }
    }

    /// The scope of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        [Self::Read, Self::Act].into_iter().find(|scope| scope.word() == word)
    }
}

/// An API token, without its secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenRow {
    pub id: i64,
    pub user: String,
    pub name: String,
    pub scope: Scope,
    pub made_at: i64,
    pub expires_at: i64,
    pub used_at: Option<i64>,
}

/// Users, the links with which they set their passwords, their sessions and their API tokens. They belong to no connection.
pub trait Accounts: Send + Sync + 'static {
    /// Everybody, by id.
    fn users(&self) -> Kept<'_, Vec<User>>;

    fn user<'a>(&'a self, id: &'a str) -> Kept<'a, Option<User>>;

    /// The hash of a user's password.
    fn password<'a>(&'a self, id: &'a str) -> Kept<'a, Option<String>>;

    /// Adds a user; `false` where there is one with this id. With `first`, also where there is anybody.
    fn add_user<'a>(&'a self, user: &'a User, password: Option<&'a str>, first: bool) -> Kept<'a, bool>;

    /// Replaces the groups; `false` where there is no such user.
    fn set_groups<'a>(&'a self, id: &'a str, groups: &'a [String]) -> Kept<'a, bool>;

    /// Disables a user, whose sessions end, or enables one; `false` where there is no such user.
    fn set_disabled<'a>(&'a self, id: &'a str, disabled: bool) -> Kept<'a, bool>;

    /// Sets a password; sessions and links end with the one before. `false` where there is no such user.
    fn set_password<'a>(&'a self, id: &'a str, password: &'a str) -> Kept<'a, bool>;

    /// Keeps a link; those before it that were for the same are void.
    fn invite<'a>(&'a self, hash: &'a Hash, invited: &'a Invited, expires_at: i64) -> Kept<'a, ()>;

    /// What a link is for, if it holds at this time.
    fn invited<'a>(&'a self, hash: &'a Hash, now: i64) -> Kept<'a, Option<Invited>>;

    /// Uses a link up; `None` where it does not hold.
    fn take_invitation<'a>(&'a self, hash: &'a Hash, now: i64) -> Kept<'a, Option<Invited>>;

    /// The user who is linked with an identity.
    fn identified<'a>(&'a self, identity: &'a Identity) -> Kept<'a, Option<User>>;

    /// Adds a user without a password, linked with an identity; `false` where there is one with this id, or with this identity.
    fn add_identified<'a>(&'a self, user: &'a User, identity: &'a Identity) -> Kept<'a, bool>;

    /// Links a user with an identity, which nobody else is linked with any more; `false` where there is no such user.
    fn set_identity<'a>(&'a self, id: &'a str, identity: &'a Identity) -> Kept<'a, bool>;

    /// Replaces name, e-mail address and groups of the user with this id.
    fn set_profile<'a>(&'a self, user: &'a User) -> Kept<'a, ()>;

    /// Keeps a session, if its user is not disabled and, where a hash is given, still has the password with it.
    fn add_session<'a>(&'a self, session: &'a SessionRow, password: Option<&'a str>) -> Kept<'a, bool>;

    /// A session with its user, whether either still holds or not.
    fn session<'a>(&'a self, hash: &'a Hash) -> Kept<'a, Option<(SessionRow, User)>>;

    /// Notes that a session was used.
    fn touch_session<'a>(&'a self, hash: &'a Hash, now: i64) -> Kept<'a, ()>;

    /// The sessions of a user, the one used last first.
    fn sessions<'a>(&'a self, user: &'a str) -> Kept<'a, Vec<SessionRow>>;

    /// Ends a session.
    fn remove_session<'a>(&'a self, hash: &'a Hash) -> Kept<'a, ()>;

    /// Ends all sessions of a user.
    fn remove_sessions<'a>(&'a self, user: &'a str) -> Kept<'a, ()>;

    /// Removes sessions that began at `made` or before, or were used last at `seen` or before, and links that have expired at `now`.
    fn sweep(&self, made: i64, seen: i64, now: i64) -> Kept<'_, ()>;

    /// Keeps a token, whose id is not looked at; returns its id.
    fn add_token<'a>(&'a self, hash: &'a Hash, token: &'a TokenRow) -> Kept<'a, i64>;

    /// A token with its user, whether either still holds or not.
    fn token<'a>(&'a self, hash: &'a Hash) -> Kept<'a, Option<(TokenRow, User)>>;

    /// The tokens of a user, the newest first.
    fn tokens<'a>(&'a self, user: &'a str) -> Kept<'a, Vec<TokenRow>>;

    /// Notes that a token was used.
    fn touch_token(&self, id: i64, now: i64) -> Kept<'_, ()>;

    /// Removes a token of a user; returns its name, if it was there.
    fn remove_token<'a>(&'a self, user: &'a str, id: i64) -> Kept<'a, Option<String>>;
}
