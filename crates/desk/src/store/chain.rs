//! The chain over the record: what it proves, and where it breaks.
//!
//! Each act has a hash over itself, over the decision and the votes that belong to it, and over the hash before it. So
//! nobody changes, removes or inserts one without all hashes after it. Whoever owns the file can make all of them anew,
//! and can cut off the end: that is seen only by comparing with an [anchor](super::anchors), which lies elsewhere.

use super::Kept;

/// One link of the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Link {
    /// The number of the act.
    pub entry: i64,
    /// SHA-256.
    pub hash: [u8; 32],
}

/// The chain from its first act to its last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// A random name, drawn with the chain: anchors of another store do not fit.
    pub store: String,
    /// How many acts are on record, and when the first and the last one were done, in milliseconds since the epoch.
    pub entries: u64,
    pub span: Option<(i64, i64)>,
    /// The last act that was on record before there was a chain; 0 where there was none.
    pub before: i64,
    /// The last link; of a broken chain, the last one before the break.
    pub head: Option<Link>,
    pub broken: Option<Break>,
}

/// Where a chain is broken first. What follows it proves nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Break {
    /// The act, its decision or its votes are not what they were.
    Changed { entry: i64 },
    /// The act has no hash: it was not put on record by this program.
    Unsealed { entry: i64 },
    /// There is a hash, and the act is gone.
    Gone { entry: i64 },
}

/// The chain of a store.
pub trait Chains: Send + Sync + 'static {
    /// Reads the whole record, and makes every hash again.
    fn verify(&self) -> Kept<'_, Chain>;

    /// The last link, without looking at those before it; `None` where nothing is on record.
    fn head(&self) -> Kept<'_, Option<Link>>;

    /// The link of an act.
    fn link(&self, entry: i64) -> Kept<'_, Option<Link>>;

    /// The random name of the chain.
    fn name(&self) -> Kept<'_, String>;
}
