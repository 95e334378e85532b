//! What a browser gets when it asks once more: how the answer differs from the one that it has.
//!
//! An execution that runs changes many times a second, and each time only a little. So an answer is the bytes of its
//! [`Page`](super::Page), and a browser names the version that it holds. The server sends what is new, and where the rest
//! stands in the old bytes; where it knows the version no more (another run of the program, a version long gone), it sends
//! all of it. Nobody has to keep track of what was missed: two answers are compared, whatever happened between them.

use serde::{Deserialize, Serialize};

/// An answer, whole or as a difference.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reply {
    /// Names these bytes.
    pub version: u64,
    /// The version that [`Piece::Old`] speaks of; nothing where all is new.
    pub base: Option<u64>,
    pub pieces: Vec<Piece>,
}

/// A piece of an answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Piece {
    /// Bytes that the browser has: where they begin, and how many.
    Old(u32, u32),
    New(Vec<u8>),
}

impl Reply {
    /// The bytes of the answer, made of those of the `base`; nothing where they do not fit.
    #[must_use]
    pub fn bytes(&self, base: &[u8]) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        for piece in &self.pieces {
            match piece {
                Piece::New(new) => bytes.extend_from_slice(new),
                Piece::Old(from, length) => {
                    let (from, length) = (usize::try_from(*from).ok()?, usize::try_from(*length).ok()?);
                    bytes.extend_from_slice(base.get(from..from.checked_add(length)?)?);
                }
            }
        }
        Some(bytes)
    }
}
