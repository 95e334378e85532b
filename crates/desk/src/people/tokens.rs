//! API tokens: what a program shows on behalf of a person.

use super::{People, PeopleError, Secret, person};
use crate::actor::Person;
use crate::store::{Deed, Scope, TokenRow};

/// The longest that a token may last.
pub const LONGEST_TOKEN_DAYS: u16 = 365;
/// The most tokens of a person.
const MOST: usize = 50;
/// The most characters of a token's name.
const NAME: usize = 60;
const DAY: i64 = 24 * 60 * 60 * 1_000;
/// Uses that are closer together are one for the store.
const TOUCH: i64 = 60 * 1_000;
/// What a token begins with: tools that look for secrets in files find it by that.
const MARK: &str = "cst_";
/// How many digits a token has behind it.
const DIGITS: usize = 64;

/// A token that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub person: Person,
    pub scope: Scope,
}

/// Whether there is something in a text that has the form of a token.
#[must_use]
pub fn has_token(text: &str) -> bool {
    let is_digit = |letter: u8| letter.is_ascii_digit() || (b'a'..=b'f').contains(&letter);
    let digits = |at: usize| text.as_bytes()[at + MARK.len()..].iter().take_while(|&&letter| is_digit(letter)).count();
    text.match_indices(MARK).any(|(at, _)| digits(at) >= DIGITS)
}

impl People {
    /// Makes a token for `days` days; returns its text, which nobody can read again.
    ///
    /// # Errors
    /// The name or the days cannot be, there are too many, or the store failed.
    pub async fn add_token(&self, of: &Person, name: &str, scope: Scope, days: u16) -> Result<String, PeopleError> {
        let name = name.trim().to_owned();
        if name.is_empty() || name.chars().count() > NAME || name.chars().any(char::is_control) {
            return Err(PeopleError::Name);
        }
        if !(1..=LONGEST_TOKEN_DAYS).contains(&days) {
            return Err(PeopleError::Expiry);
        }
        if self.store.tokens(&of.id).await?.len() >= MOST {
            return Err(PeopleError::TooManyTokens(MOST));
        }
        let (secret, made_at) = (Secret::draw(), self.clock.now());
        let expires_at = made_at + i64::from(days) * DAY;
        let row =
            TokenRow { id: 0, user: of.id.clone(), name: name.clone(), scope, made_at, expires_at, used_at: None };
        self.store.add_token(&secret.hash(), &row).await?;
        self.note((&of.id, &of.name), Deed::Administered, format!("made the API token “{name}”")).await;
        Ok(format!("{MARK}{}", secret.reveal()))
    }

    /// The tokens of somebody, those that expired among them, the newest first.
    ///
    /// # Errors
    /// The store failed.
    pub async fn tokens(&self, of: &Person) -> Result<Vec<TokenRow>, PeopleError> {
        Ok(self.store.tokens(&of.id).await?)
    }

    /// Removes a token of somebody; it holds no longer. Nothing happens where there is none.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remove_token(&self, of: &Person, id: i64) -> Result<(), PeopleError> {
        if let Some(name) = self.store.remove_token(&of.id, id).await? {
            self.note((&of.id, &of.name), Deed::Administered, format!("removed the API token “{name}”")).await;
        }
        Ok(())
    }

    /// The token with this text, if it holds.
    ///
    /// # Errors
    /// The store failed.
    pub async fn token(&self, text: &str) -> Result<Option<Token>, PeopleError> {
        let Some(secret) = text.strip_prefix(MARK).and_then(Secret::of) else { return Ok(None) };
        let now = self.clock.now();
        let found = self.store.token(&secret.hash()).await?;
        let Some((row, user)) = found.filter(|(row, user)| !user.disabled && now < row.expires_at) else {
            return Ok(None);
        };
        if row.used_at.is_none_or(|used| now - used >= TOUCH) {
            self.store.touch_token(row.id, now).await?;
        }
        Ok(Some(Token { person: person(&user), scope: row.scope }))
    }
}
