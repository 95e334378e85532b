//! What is known of the texts to remove: their fingerprints, in the order in which a search asks for them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

/// The lengths of the ends that a search looks for first; the tokens of one account begin alike. A text is found by the
/// longest window that fits in it.
pub(super) const WINDOWS: [usize; 3] = [8, 16, 24];
/// Bits of the filter for each fingerprint, at least.
const BITS: usize = 16;
/// The fewest bits of the filter, and the most: half a gigabit for 32 million fingerprints.
const FEWEST_BITS: usize = 1 << 9;
const MOST_BITS: usize = 1 << 29;
/// So many removed ones do not spoil the filter.
const STALE: usize = 64;

/// The index of the window by which a text of this length is found; `None` if it is shorter than any.
pub(super) fn window_of(len: usize) -> Option<usize> {
    WINDOWS.iter().rposition(|window| *window <= len)
}

/// What is kept of a text. Those with the same end stand together, the longest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Fingerprint {
    /// Of its last bytes, as many as its window has.
    pub tail: u32,
    pub len: Reverse<u32>,
    /// Of all its bytes. It can be had of any part of a text at once.
    pub whole: u32,
    /// Half of a SHA-256: it decides.
    pub hash: [u8; 16],
}

impl Fingerprint {
    /// The least one with this tail, length and fingerprint of the whole.
    const fn first(tail: u32, len: u32, whole: u32) -> Self {
        Self { tail, len: Reverse(len), whole, hash: [0; 16] }
    }
}

/// Fingerprints, each with the number of times that it was added.
#[derive(Clone, Debug, Default)]
pub(super) struct Fingerprints {
    counts: BTreeMap<Fingerprint, u32>,
    /// How many are found by each window.
    by_window: [usize; WINDOWS.len()],
    filter: Filter,
    /// How many that are gone may still be in the filter.
    stale: usize,
}

impl Fingerprints {
    pub fn is_empty(&self) -> bool {
        self.counts.is_empty()
    }

    pub fn len(&self) -> usize {
        self.counts.len()
    }

    pub fn iter(&self) -> impl Iterator<Item = &Fingerprint> {
        self.counts.keys()
    }

    pub fn contains(&self, fingerprint: &Fingerprint) -> bool {
        self.counts.contains_key(fingerprint)
    }

    /// Adds one; it has to be removed as often as it was added.
    pub fn add(&mut self, fingerprint: Fingerprint) {
        let count = self.counts.entry(fingerprint).or_insert(0);
        *count += 1;
        if *count > 1 {
            return;
        }
        self.by_window[index_of(&fingerprint)] += 1;
        if self.filter.has_room_for(self.counts.len()) {
            self.filter.add(fingerprint.tail);
        } else {
            self.make_filter();
        }
    }

    /// Removes one that was added.
    pub fn remove(&mut self, fingerprint: &Fingerprint) {
        let Some(count) = self.counts.get_mut(fingerprint) else { return };
        *count -= 1;
        if *count > 0 {
            return;
        }
        self.counts.remove(fingerprint);
        self.by_window[index_of(fingerprint)] -= 1;
        self.stale += 1;
        // Seldom, so that a removal costs little on average.
        if self.stale > self.counts.len().max(STALE) {
            self.make_filter();
        }
    }

    fn make_filter(&mut self) {
        self.filter = Filter::of(self.counts.len());
        self.counts.keys().for_each(|known| self.filter.add(known.tail));
        self.stale = 0;
    }

    /// The windows by which something is found.
    pub fn windows(&self) -> impl Iterator<Item = usize> {
        (0..WINDOWS.len()).filter(|index| self.by_window[*index] > 0)
    }

    /// Whether a text may end in this tail; quick, and seldom wrong.
    pub fn may_end_in(&self, tail: u32) -> bool {
        self.filter.may_have(tail)
    }

    /// The length of the longest text with this tail that is not longer than `most`.
    pub fn longest(&self, tail: u32, most: u32) -> Option<u32> {
        let (found, _) = self.counts.range(Fingerprint::first(tail, most, 0)..).next()?;
        (found.tail == tail).then_some(found.len.0)
    }

    /// The hashes of the texts with this tail, length and fingerprint of the whole.
    pub fn hashes(&self, tail: u32, len: u32, whole: u32) -> impl Iterator<Item = &[u8; 16]> {
        let alike = self.counts.range(Fingerprint::first(tail, len, whole)..);
        let alike = alike.take_while(move |(known, _)| (known.tail, known.len.0, known.whole) == (tail, len, whole));
        alike.map(|(known, _)| &known.hash)
    }
}

fn index_of(fingerprint: &Fingerprint) -> usize {
    // None is made of a shorter text, and none is read from bytes.
    usize::try_from(fingerprint.len.0).ok().and_then(window_of).unwrap_or_default()
}

/// A bit for each tail: most parts of a text are passed over without a search among the fingerprints.
#[derive(Clone, Debug, Default)]
struct Filter(Vec<u64>);

impl Filter {
    /// With room for twice as many.
    fn of(count: usize) -> Self {
        let bits = (count * 2 * BITS).next_power_of_two().clamp(FEWEST_BITS, MOST_BITS);
        Self(vec![0; bits / 64])
    }

    fn has_room_for(&self, count: usize) -> bool {
        count * BITS <= self.0.len() * 64 || self.0.len() * 64 == MOST_BITS
    }

    /// The word and the bit of a tail. The number of words is a power of two.
    fn place(&self, tail: u32) -> (usize, u64) {
        let words = self.0.len();
        ((tail >> 6) as usize & words.wrapping_sub(1), 1 << (tail & 63))
    }

    fn add(&mut self, tail: u32) {
        let (word, bit) = self.place(tail);
        self.0[word] |= bit;
    }

    fn may_have(&self, tail: u32) -> bool {
        let (word, bit) = self.place(tail);
        self.0.get(word).is_some_and(|bits| bits & bit != 0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fingerprint(n: u32) -> Fingerprint {
        Fingerprint { tail: n.wrapping_mul(0x9e37_79b9), len: Reverse(8 + n % 40), whole: n, hash: [n as u8; 16] }
    }

    #[test]
    fn what_was_removed_as_often_as_added_is_gone() {
        let mut known = Fingerprints::default();
        for n in 0..2_000 {
            known.add(fingerprint(n));
            known.add(fingerprint(n / 2));
        }
        assert_eq!(known.len(), 2_000);
        (0..2_000).for_each(|n| assert!(known.may_end_in(fingerprint(n).tail), "{n}"));
        for n in 0..2_000 {
            known.remove(&fingerprint(n));
            known.remove(&fingerprint(n));
        }
        assert_eq!(known.len(), 1_000, "those below 1,000 were added three times");
        (0..1_000).for_each(|n| assert!(known.may_end_in(fingerprint(n).tail), "{n}"));
        (0..1_000).for_each(|n| known.remove(&fingerprint(n)));
        assert!(known.is_empty() && known.windows().next().is_none());
    }

    #[test]
    fn the_longest_comes_first() {
        let mut known = Fingerprints::default();
        for len in [30, 8, 100] {
            known.add(Fingerprint { tail: 7, len: Reverse(len), whole: len, hash: [1; 16] });
        }
        known.add(Fingerprint { tail: 8, len: Reverse(9), whole: 0, hash: [1; 16] });
        let mut most = 1_000;
        let mut lengths = Vec::new();
        while let Some(len) = known.longest(7, most) {
            lengths.push(len);
            most = len - 1;
        }
        assert_eq!(lengths, [100, 30, 8]);
        assert_eq!((known.hashes(7, 30, 30).count(), known.hashes(7, 30, 31).count()), (1, 0));
        assert_eq!(known.windows().collect::<Vec<_>>(), [0, 2]);
    }
}
