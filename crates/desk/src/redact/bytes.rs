//! A redactor as bytes, for a row of a database.
//!
//! ```text
//! version  1 byte
//! key      8 bytes: the id of the key that the fingerprints were made with
//! each     tail, length and whole (4 bytes each, the least one first), hash (16 bytes)
//! ```

use std::cmp::Reverse;

use super::fingerprints::{Fingerprint, Fingerprints};
use super::{RedactionKey, Redactor, SHORTEST_TOKEN};

/// Also of what is fingerprinted: it changes with the spellings of a token, so that stored sets are made anew.
const VERSION: u8 = 1;
const HEAD: usize = 9;
const EACH: usize = 28;

/// Why bytes are no redactor that can be used. The execution has to be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedactorBytesError {
    /// Another version of the program wrote them.
    #[error("the set of fingerprints has version {0}, and this program reads version {VERSION}")]
    Version(u8),
    /// The key is not that of the fingerprints, so they would find nothing.
    #[error("the set of fingerprints was made with another key")]
    AnotherKey,
    /// Something is missing or impossible.
    #[error("the set of fingerprints is damaged: {bytes} bytes")]
    Damaged { bytes: usize },
}

impl Redactor {
    /// The redactor as bytes; see [`Redactor::from_bytes`]. They contain no token.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEAD + self.known.len() * EACH);
        bytes.push(VERSION);
        bytes.extend(self.key.id());
        for Fingerprint { tail, len: Reverse(len), whole, hash } in self.known.iter() {
            [tail, len, whole].into_iter().for_each(|number| bytes.extend(number.to_le_bytes()));
            bytes.extend(hash);
        }
        bytes
    }

    /// Reads what [`Redactor::to_bytes`] wrote.
    ///
    /// # Errors
    /// The bytes are of another version or key, or damaged.
    pub fn from_bytes(key: &RedactionKey, bytes: &[u8]) -> Result<Self, RedactorBytesError> {
        let damaged = RedactorBytesError::Damaged { bytes: bytes.len() };
        match bytes.first() {
            Some(&VERSION) => {}
            Some(version) => return Err(RedactorBytesError::Version(*version)),
            None => return Err(damaged),
        }
        let (head, rest) = bytes.split_at_checked(HEAD).ok_or(damaged)?;
        if head[1..] != key.id() {
            return Err(RedactorBytesError::AnotherKey);
        }
        let (each, rest) = rest.as_chunks::<EACH>();
        let mut known = Fingerprints::default();
        for fingerprint in each.iter().map(fingerprint) {
            if (fingerprint.len.0 as usize) < SHORTEST_TOKEN || known.contains(&fingerprint) {
                return Err(damaged);
            }
            known.add(fingerprint);
        }
        if rest.is_empty() { Ok(Self { key: key.clone(), known }) } else { Err(damaged) }
    }
}

fn fingerprint(bytes: &[u8; EACH]) -> Fingerprint {
    let number = |at: usize| u32::from_le_bytes(std::array::from_fn(|n| bytes[at + n]));
    Fingerprint {
        tail: number(0),
        len: Reverse(number(4)),
        whole: number(8),
        hash: std::array::from_fn(|n| bytes[12 + n]),
    }
}
