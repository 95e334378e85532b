//! Secrets that the program draws: 244 random bits each. The store has only their hash; a slow one is of no use here, since
//! nobody can guess what is hashed.

use std::fmt;

use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::store::Hash;

/// The digits of a secret.
const DIGITS: usize = 64;

/// A secret that was drawn, or that somebody shows.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// A new one.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "secrets are random")]
    pub fn draw() -> Self {
        Self(format!("{}{}", Uuid::new_v4().simple(), Uuid::new_v4().simple()))
    }

    /// The secret that somebody shows; `None` if it cannot be one.
    #[must_use]
    pub fn of(text: &str) -> Option<Self> {
        let is_digit = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
        (text.len() == DIGITS && text.bytes().all(is_digit)).then(|| Self(text.to_owned()))
    }

    /// Its text, for the one who is to have it.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What the store knows it by.
    #[must_use]
    pub fn hash(&self) -> Hash {
        Sha256::digest(self.0.as_bytes()).into()
    }
}

/// A log never has it.
impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::Secret;

    #[test]
    fn a_secret_is_drawn_anew_and_hides_itself() {
        let (one, other) = (Secret::draw(), Secret::draw());
        assert_ne!(one.reveal(), other.reveal());
        assert_eq!(Secret::of(one.reveal()).map(|secret| secret.hash()), Some(one.hash()));
        assert!(!format!("{one:?}").contains(one.reveal()));
        for none in ["", "a", &"g".repeat(64), &"A".repeat(64), &"0".repeat(65)] {
            assert_eq!(Secret::of(none), None, "{none}");
        }
    }
}
