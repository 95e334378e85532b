//! The last answers, by their versions: the next one is sent as what differs from the one that a browser has.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use crate::wire::difference::{Piece, Reply};

/// The most bytes of answers that are kept, and the most answers.
const BYTES: usize = 16 * 1024 * 1024;
const ANSWERS: usize = 1_024;
/// Bytes that are looked up at once; a shorter likeness costs as much as it saves.
const BLOCK: usize = 16;

/// The answers of this run.
static ANSWERED: LazyLock<Versions> = LazyLock::new(Versions::default);

/// Answers by their versions, the latest last.
#[derive(Default)]
struct Versions {
    /// A key of this run: nobody names the version of an answer that was not theirs, and none of an earlier run is known.
    key: RandomState,
    kept: Mutex<Kept>,
}

#[derive(Default)]
struct Kept {
    answers: HashMap<u64, Arc<[u8]>>,
    order: VecDeque<u64>,
    bytes: usize,
}

/// The reply that has these bytes, for a browser that has the version `have`.
#[must_use]
pub fn reply(bytes: Vec<u8>, have: Option<u64>) -> Reply {
    ANSWERED.reply(bytes, have)
}

impl Versions {
    fn reply(&self, bytes: Vec<u8>, have: Option<u64>) -> Reply {
        let version = self.key.hash_one(&bytes);
        let bytes: Arc<[u8]> = bytes.into();
        let base = {
            let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.keep(version, &bytes);
            have.and_then(|have| Some((have, Arc::clone(kept.answers.get(&have)?))))
        };
        match base {
            Some((have, old)) => Reply { version, base: Some(have), pieces: difference(&old, &bytes) },
            None => Reply { version, base: None, pieces: vec![Piece::New(bytes.to_vec())] },
        }
    }
}

impl Kept {
    fn keep(&mut self, version: u64, bytes: &Arc<[u8]>) {
        if self.answers.insert(version, Arc::clone(bytes)).is_some() {
            return;
        }
        self.order.push_back(version);
        self.bytes += bytes.len();
        while (self.bytes > BYTES || self.order.len() > ANSWERS) && self.order.len() > 1 {
            let Some(oldest) = self.order.pop_front() else { return };
            self.bytes -= self.answers.remove(&oldest).map_or(0, |gone| gone.len());
        }
    }
}

/// The pieces of `new`: what stands in `old`, and what does not.
fn difference(old: &[u8], new: &[u8]) -> Vec<Piece> {
    let mut pieces = Pieces::default();
    let begin = old.iter().zip(new).take_while(|(old, new)| old == new).count();
    let ends = old[begin..].iter().rev().zip(new[begin..].iter().rev());
    let end = ends.take_while(|(old, new)| old == new).count();
    pieces.push_old(0, begin);
    let (old_middle, new_middle) = (&old[..old.len() - end], &new[begin..new.len() - end]);
    // Whatever is in between may have moved: an entry of a list that became longer.
    let blocks: HashMap<&[u8], usize> =
        old_middle.chunks_exact(BLOCK).enumerate().map(|(number, block)| (block, number * BLOCK)).collect();
    let mut at = 0;
    while at < new_middle.len() {
        let found = new_middle.get(at..at + BLOCK).and_then(|block| blocks.get(block)).copied();
        let Some(from) = found else {
            pieces.push_new(&new_middle[at..=at]);
            at += 1;
            continue;
        };
        let same = old_middle[from..].iter().zip(&new_middle[at..]).take_while(|(old, new)| old == new).count();
        pieces.push_old(from, same);
        at += same;
    }
    pieces.push_old(old.len() - end, end);
    pieces.0
}

/// Pieces in order; neighbours of one kind are one.
#[derive(Default)]
struct Pieces(Vec<Piece>);

impl Pieces {
    fn push_old(&mut self, from: usize, length: usize) {
        if length > 0
            && let (Ok(from), Ok(length)) = (u32::try_from(from), u32::try_from(length))
        {
            self.0.push(Piece::Old(from, length));
        }
    }

    fn push_new(&mut self, bytes: &[u8]) {
        match self.0.last_mut() {
            Some(Piece::New(last)) => last.extend_from_slice(bytes),
            _ => self.0.push(Piece::New(bytes.to_vec())),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use super::*;

    #[track_caller]
    fn check(old: &[u8], new: &[u8]) -> usize {
        let reply = Reply { version: 0, base: Some(1), pieces: difference(old, new) };
        assert_eq!(reply.bytes(old).as_deref(), Some(new));
        postcard::to_allocvec(&reply).unwrap().len()
    }

    #[test]
    fn a_difference_leads_from_the_old_bytes_to_the_new() {
        let words = |count: u32, but: u32| -> Vec<u8> {
            (0..count)
                .flat_map(|number| format!("state {} is fine; ", if number == but { 0 } else { number }).into_bytes())
                .collect()
        };
        let all = words(1_000, 1_001);
        assert!(check(&all, &all) < 16, "nothing has changed");
        assert!(check(&all, &words(1_000, 500)) < 64, "one of a thousand has changed");
        assert!(check(&all, &words(1_010, 1_011)) < 300, "some were added");
        let moved = [b"a new head, which is longer".to_vec(), words(1_000, 77), b"!".to_vec()].concat();
        assert!(check(&all, &moved) < 120, "all has moved");
        for (old, new) in [("", ""), ("", "a"), ("a", ""), ("aaaa", "aa"), ("aa", "aaaa"), ("abc", "xyz")] {
            check(old.as_bytes(), new.as_bytes());
        }
    }

    #[test]
    fn a_browser_that_names_an_unknown_version_gets_all_of_it() {
        let (versions, other_run) = (Versions::default(), Versions::default());
        let first = versions.reply(b"one".to_vec(), None);
        let again = versions.reply(b"one two".to_vec(), Some(first.version));
        assert_eq!(again.base, Some(first.version));
        assert_eq!(again.bytes(b"one").unwrap(), b"one two");
        for have in [None, Some(7)] {
            assert_eq!(versions.reply(b"one two".to_vec(), have).base, None);
        }
        assert_eq!(other_run.reply(b"one two".to_vec(), Some(first.version)).base, None);
    }

    #[test]
    fn a_reply_that_does_not_fit_makes_nothing() {
        let reply = Reply { version: 0, base: Some(1), pieces: vec![Piece::Old(2, u32::MAX)] };
        assert_eq!(reply.bytes(b"abc"), None);
    }

    #[test]
    fn old_answers_make_room() {
        let versions = Versions::default();
        let first = versions.reply(vec![0; 1_000], None).version;
        for number in 0..20_u8 {
            versions.reply(vec![number + 1; 1024 * 1024], None);
        }
        assert!(versions.kept.lock().unwrap().bytes <= BYTES);
        assert_eq!(
            versions.reply(vec![0; 1_000], Some(first)).base,
            Some(first),
            "what is answered again is kept again"
        );
    }
}
