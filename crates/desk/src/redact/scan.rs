//! Finds known spellings in a text.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::Range;

use super::fingerprints::Fingerprints;
use super::key::{Beginnings, RedactionKey};

/// Lengths that are tried for each byte of a text, and for a text in any case. Few tokens have the same end, so more are
/// needed only where somebody built the texts for it.
const TRIES_A_BYTE: usize = 8;
const TRIES: usize = 10_000;

/// Where known spellings stand in a text, in order and without overlaps: of those that overlap the longest one counts, and
/// of two of the same length the first one. All of the text if the search would take too long.
pub(super) fn occurrences(key: &RedactionKey, known: &Fingerprints, text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut ends = Vec::new();
    for window in known.windows() {
        key.roll(bytes, window, |end, tail| {
            if known.may_end_in(tail) && known.longest(tail, u32::MAX).is_some() {
                ends.push((end, tail));
            }
        });
    }
    if ends.is_empty() {
        return Vec::new();
    }
    let tries = bytes.len() * TRIES_A_BYTE + TRIES;
    let search = Search { known, text, beginnings: key.beginnings(bytes), tries, candidates: BinaryHeap::new() };
    search.places(key, ends).unwrap_or_else(|_| std::iter::once(0..text.len()).collect())
}

/// A spelling that the short fingerprints have found. The greatest one is the longest, and of these the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    len: u32,
    start: Reverse<usize>,
    tail: u32,
    whole: u32,
}

struct Search<'a> {
    known: &'a Fingerprints,
    text: &'a str,
    beginnings: Beginnings<'a>,
    tries: usize,
    candidates: BinaryHeap<Candidate>,
}

/// The search would take too long.
struct TooLong;

impl Search<'_> {
    fn places(mut self, key: &RedactionKey, ends: Vec<(usize, u32)>) -> Result<Vec<Range<usize>>, TooLong> {
        for (end, tail) in ends {
            self.try_at(end, tail, end)?;
        }
        let mut places: BTreeMap<usize, usize> = BTreeMap::new();
        while let Some(candidate) = self.candidates.pop() {
            let Candidate { len, start: Reverse(start), tail, whole } = candidate;
            let end = start + len as usize;
            let taken = places.range(..end).next_back().map_or(0, |(_, taken)| *taken);
            if taken >= end {
                continue;
            }
            if taken > start {
                self.try_at(end, tail, end - taken)?;
            } else if self.is_known(key, start..end, (tail, len, whole)) {
                places.insert(start, end);
            } else {
                self.try_at(end, tail, len as usize - 1)?;
            }
        }
        Ok(places.into_iter().map(|(start, end)| start..end).collect())
    }

    /// Makes the longest spelling that may end here a candidate, if it is not longer than `most`.
    fn try_at(&mut self, end: usize, tail: u32, most: usize) -> Result<(), TooLong> {
        let mut most = u32::try_from(most).unwrap_or(u32::MAX);
        while let Some(len) = self.known.longest(tail, most) {
            self.tries = self.tries.checked_sub(1).ok_or(TooLong)?;
            let start = end - len as usize;
            let whole = self.beginnings.part(start, end);
            if self.known.hashes(tail, len, whole).next().is_some() {
                self.candidates.push(Candidate { len, start: Reverse(start), tail, whole });
                break;
            }
            // No length is 0.
            most = len - 1;
        }
        Ok(())
    }

    fn is_known(&self, key: &RedactionKey, place: Range<usize>, (tail, len, whole): (u32, u32, u32)) -> bool {
        self.text.get(place).is_some_and(|part| {
            let hash = key.hash(part.as_bytes());
            self.known.hashes(tail, len, whole).any(|known| *known == hash)
        })
    }
}
