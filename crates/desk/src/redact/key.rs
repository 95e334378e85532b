//! The key of the fingerprints, and their arithmetic.
//!
//! The short fingerprints are values of a polynomial modulo 2^61 - 1 whose digits are the bytes of the text. Such a value
//! can be moved along a text byte by byte, and that of any part of a text follows from those of two of its beginnings.
//! The point at which the polynomial is evaluated is secret, so nobody can write texts that collide.

use std::fmt;
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::fingerprints::{Fingerprint, WINDOWS, window_of};

/// A prime, so that two texts of n bytes have the same value at n points at most.
const PRIME: u64 = (1 << 61) - 1;
/// Bytes that are added to a value at once.
const AT_ONCE: usize = 8;

/// The secret that fingerprints are made with. Every [`super::Redactor`] and [`super::Tokens`] of a process has the same
/// one; stored fingerprints can be used again only with the key that they were made with.
#[derive(Clone)]
pub struct RedactionKey(Arc<Derived>);

struct Derived {
    id: [u8; 8],
    base: u64,
    /// The powers of the base from the highest one down to 1, for bytes that are added at once.
    powers: [u64; AT_ONCE],
    /// An odd number that spreads a value over 64 bits.
    spread: u64,
    /// A hash of the key alone, which goes on with a text.
    hash: Sha256,
    /// By window and byte: what takes the byte that leaves the window out of the value.
    leaving: [[u64; 256]; WINDOWS.len()],
}

impl fmt::Debug for RedactionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RedactionKey(..)")
    }
}

impl PartialEq for RedactionKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl RedactionKey {
    /// A key of 16 random bytes.
    #[must_use]
    pub fn new(random: [u8; 16]) -> Self {
        let number = |purpose: &str| u64::from_le_bytes(derived(&random, purpose));
        let base = 256 + number("base") % (PRIME - 256);
        let mut powers = [1; AT_ONCE];
        for at in (0..AT_ONCE - 1).rev() {
            powers[at] = times(powers[at + 1], base);
        }
        let leaving = WINDOWS.map(|window| {
            let power = raised(base, window);
            std::array::from_fn(|byte| least(PRIME - times(byte as u64, power)))
        });
        // A whole block of SHA-256, so that its work is done once.
        let hash = Sha256::new_with_prefix([random; 4].as_flattened());
        let spread = number("spread") | 1;
        Self(Arc::new(Derived { id: derived(&random, "id"), base, powers, spread, hash, leaving }))
    }

    /// Tells keys apart, and says nothing about them.
    pub(super) fn id(&self) -> [u8; 8] {
        self.0.id
    }

    /// The fingerprint of a text, which is not shorter than the shortest window.
    pub(super) fn fingerprint(&self, text: &str) -> Option<Fingerprint> {
        let bytes = text.as_bytes();
        let window = WINDOWS[window_of(bytes.len())?];
        Some(Fingerprint {
            tail: self.short(self.value(&bytes[bytes.len() - window..])),
            // A longer text fits no history.
            len: std::cmp::Reverse(u32::try_from(bytes.len()).ok()?),
            whole: self.short(self.value(bytes)),
            hash: self.hash(bytes),
        })
    }

    /// The hash that decides whether two texts are the same.
    pub(super) fn hash(&self, bytes: &[u8]) -> [u8; 16] {
        let hash: [u8; 32] = self.0.hash.clone().chain_update(bytes).finalize().into();
        let mut half = [0; 16];
        half.copy_from_slice(&hash[..16]);
        half
    }

    /// The polynomial's value for a text.
    fn value(&self, bytes: &[u8]) -> u64 {
        let high = times(self.0.powers[0], self.0.base);
        let (chunks, rest) = bytes.as_chunks::<AT_ONCE>();
        let value = chunks.iter().fold(0, |value, chunk| {
            let digits = chunk.iter().zip(&self.0.powers).map(|(byte, power)| u128::from(*byte) * u128::from(*power));
            reduced(u128::from(value) * u128::from(high) + digits.sum::<u128>())
        });
        least(rest.iter().fold(value, |value, byte| self.with(value, *byte)))
    }

    /// The value of a text with one more byte.
    fn with(&self, value: u64, byte: u8) -> u64 {
        reduced(u128::from(value) * u128::from(self.0.base) + u128::from(byte))
    }

    /// 32 bits of a value: few enough that they say little about the text.
    fn short(&self, value: u64) -> u32 {
        (value.wrapping_mul(self.0.spread) >> 32) as u32
    }

    /// Calls `at` with the end and the fingerprint of every part of the text that is as long as the window `index`.
    pub(super) fn roll(&self, bytes: &[u8], index: usize, mut at: impl FnMut(usize, u32)) {
        let window = WINDOWS[index];
        let Some((first, rest)) = bytes.split_at_checked(window) else { return };
        let (base, leaving) = (u128::from(self.0.base), &self.0.leaving[index]);
        let mut value = self.value(first);
        at(window, self.short(value));
        for (before, (byte, leaves)) in rest.iter().zip(bytes).enumerate() {
            let change = u64::from(*byte) + leaving[usize::from(*leaves)];
            value = reduced(u128::from(value) * base + u128::from(change));
            at(window + before + 1, self.short(least(value)));
        }
    }

    /// The values of all beginnings of a text: any part's fingerprint follows from two of them.
    pub(super) fn beginnings(&self, bytes: &[u8]) -> Beginnings<'_> {
        let mut values = Vec::with_capacity(bytes.len() + 1);
        let mut value = 0;
        values.push(value);
        for byte in bytes {
            value = self.with(value, *byte);
            values.push(value);
        }
        Beginnings { key: self, values }
    }
}

/// See [`RedactionKey::beginnings`].
pub(super) struct Beginnings<'a> {
    key: &'a RedactionKey,
    values: Vec<u64>,
}

impl Beginnings<'_> {
    /// The fingerprint of the part from `start` to `end`.
    pub(super) fn part(&self, start: usize, end: usize) -> u32 {
        let before = times(self.values[start], raised(self.key.0.base, end - start));
        self.key.short(least(self.values[end] + PRIME - before))
    }
}

/// Eight bytes for one purpose.
fn derived(random: &[u8; 16], purpose: &str) -> [u8; 8] {
    let hash: [u8; 32] = Sha256::new_with_prefix(purpose).chain_update(random).finalize().into();
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash[..8]);
    bytes
}

/// A number of the same residue that is hardly greater than the prime.
const fn reduced(number: u128) -> u64 {
    // Of at most 125 bits, so the sum is of 64: both parts are folded once more.
    let once = (number as u64 & PRIME) as u128 + (number >> 61);
    (once as u64 & PRIME) + (once >> 61) as u64
}

/// The least number of the same residue.
const fn least(number: u64) -> u64 {
    number % PRIME
}

const fn times(one: u64, other: u64) -> u64 {
    least(reduced(one as u128 * other as u128))
}

const fn raised(base: u64, mut exponent: usize) -> u64 {
    let (mut power, mut square) = (1, base);
    while exponent > 0 {
        if exponent % 2 == 1 {
            power = times(power, square);
        }
        square = times(square, square);
        exponent /= 2;
    }
    power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rolled_value_is_that_of_the_window() {
        let key = RedactionKey::new([3; 16]);
        let text: Vec<u8> = (0..300_u32).map(|n| (n * 77 % 256) as u8).collect();
        let beginnings = key.beginnings(&text);
        for (index, window) in WINDOWS.into_iter().enumerate() {
            let mut ends = 0;
            key.roll(&text, index, |end, short| {
                assert_eq!(short, key.short(key.value(&text[end - window..end])));
                assert_eq!(short, beginnings.part(end - window, end));
                ends += 1;
            });
            assert_eq!(ends, text.len() - window + 1);
        }
    }

    #[test]
    fn the_value_is_the_polynomial_at_the_base() {
        let key = RedactionKey::new([9; 16]);
        let text = [255; 37];
        let slow = text
            .iter()
            .fold(0_u128, |value, byte| (value * u128::from(key.0.base) + u128::from(*byte)) % u128::from(PRIME));
        assert_eq!(u128::from(key.value(&text)), slow);
        assert_eq!(reduced(u128::from(PRIME) << 63), PRIME, "the greatest number still fits");
    }

    #[test]
    fn a_key_is_not_printed_and_differs_from_others() {
        let (one, other) = (RedactionKey::new([1; 16]), RedactionKey::new([2; 16]));
        assert_eq!(format!("{one:?}"), "RedactionKey(..)");
        assert_ne!(one, other);
        assert_ne!(one.fingerprint("a text of some length"), other.fingerprint("a text of some length"));
    }
}
