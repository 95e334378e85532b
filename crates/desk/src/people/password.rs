//! Passwords: argon2id with the parameters that OWASP names first (19 MiB, two rounds, one lane), which are the crate's own
//! defaults.

use argon2::Argon2;
use argon2::password_hash::{Error, PasswordHash, PasswordHasher as _, PasswordVerifier as _, SaltString};
use uuid::Uuid;

use super::{People, PeopleError};

/// Characters of a password: as many as nobody guesses, and not so many that hashing them costs more.
const SHORTEST: usize = 12;
const LONGEST: usize = 200;

/// What the password of nobody is compared with, so that it takes as long as that of somebody. No password has this hash.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// Refuses a password that is too short or too long.
pub fn check(password: &str) -> Result<(), PeopleError> {
    let characters = password.chars().count();
    if (SHORTEST..=LONGEST).contains(&characters) { Ok(()) } else { Err(PeopleError::Password { characters }) }
}

fn hashed(password: &str) -> Result<String, Error> {
    #[expect(clippy::disallowed_methods, reason = "a salt is random")]
    let salt = SaltString::encode_b64(Uuid::new_v4().as_bytes())?;
    Ok(Argon2::default().hash_password(password.as_bytes(), &salt)?.to_string())
}

fn is_of(hash: &str, password: &str) -> bool {
    let hash = PasswordHash::new(hash);
    hash.is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

impl People {
    /// The hash of a password.
    pub(super) async fn hash_of(&self, password: &str) -> Result<String, PeopleError> {
        check(password)?;
        let password = password.to_owned();
        let failed = |why: String| PeopleError::Hashing(why);
        self.hashing(move || hashed(&password)).await.map_err(failed)?.map_err(|error| failed(error.to_string()))
    }

    /// Whether this password has this hash. Without a hash it takes as long, and is not.
    pub(super) async fn has_hash(&self, hash: Option<String>, password: &str) -> Result<bool, PeopleError> {
        // What is longer is nobody's, and hashing it would take longer.
        let password: String = password.chars().take(LONGEST + 1).collect();
        let check = move || is_of(hash.as_deref().unwrap_or(NOBODY), &password) && hash.is_some();
        self.hashing(check).await.map_err(PeopleError::Hashing)
    }

    /// Does this on a thread of its own, a few at a time.
    async fn hashing<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, String> {
        let _permit = self.hashing.acquire().await.map_err(|error| error.to_string())?;
        #[cfg(test)]
        self.hashes.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        tokio::task::spawn_blocking(work).await.map_err(|error| error.to_string())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[test]
    fn a_password_is_kept_as_argon2id_with_a_salt_of_its_own() {
        let (one, other) = (hashed("correct horse battery").unwrap(), hashed("correct horse battery").unwrap());
        assert!(one.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{one}");
        assert_ne!(one, other);
        assert!(is_of(&one, "correct horse battery") && !is_of(&one, "correct horse battery "));
        assert!(!is_of("", "") && !is_of("plain", "plain"));
    }

    #[test]
    fn nobody_s_hash_is_one_that_is_computed_as_any_other() {
        let nobody = PasswordHash::new(NOBODY).unwrap();
        let somebody = hashed("correct horse battery").unwrap();
        let somebody = PasswordHash::new(&somebody).unwrap();
        assert_eq!(
            (nobody.algorithm, nobody.version, &nobody.params),
            (somebody.algorithm, somebody.version, &somebody.params)
        );
        let lengths = |hash: &PasswordHash<'_>| (hash.hash.unwrap().len(), hash.salt.unwrap().len());
        assert_eq!(lengths(&nobody), lengths(&somebody));
    }

    #[test]
    fn a_password_has_twelve_characters_at_least() {
        for (password, fits) in [("elevenchars", false), ("twelve chars", true), ("zwölf-Zeichn", true)] {
            assert_eq!(check(password).is_ok(), fits, "{password}");
        }
        assert!(check(&"x".repeat(200)).is_ok() && check(&"x".repeat(201)).is_err());
    }
}
