//! How often somebody may ask: a program in a loop must not take the desk from the others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Requests that may come at once, and how many a second come back.
const BURST: i64 = 200;
const PER_SECOND: i64 = 20;
/// A request, in thousandths: so many come back each millisecond and second.
const ONE: i64 = 1_000;

/// What is left to each person: thousandths of a request, and when that was.
#[derive(Debug, Default)]
pub struct Pace {
    left: Mutex<HashMap<String, (i64, i64)>>,
}

impl Pace {
    /// Whether a person may ask once more at this time, in milliseconds.
    pub fn admits(&self, person: &str, now: i64) -> bool {
        let mut left = self.left.lock().unwrap_or_else(PoisonError::into_inner);
        let after = |(left, at): (i64, i64)| {
            let back = now.saturating_sub(at).max(0).saturating_mul(PER_SECOND);
            left.saturating_add(back).min(BURST * ONE)
        };
        // Whoever has all of it again is as one who never asked.
        left.retain(|_, was| after(*was) < BURST * ONE);
        let was = left.get(person).copied().unwrap_or((BURST * ONE, now));
        let known = after(was);
        let admitted = known >= ONE;
        left.insert(person.to_owned(), (if admitted { known - ONE } else { known }, now.max(was.1)));
        admitted
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_asks_too_often_waits_and_nobody_else_does() {
        let pace = Pace::default();
        assert_eq!((0..300).filter(|_| pace.admits("dana", 5_000)).count(), 200);
        assert!(pace.admits("omar", 5_000));
        assert!(!pace.admits("dana", 5_049) && pace.admits("dana", 5_050), "one in 50 ms");
        assert_eq!((0..300).filter(|_| pace.admits("dana", 6_050)).count(), 20);
        // A clock that goes back gives nothing.
        assert!(!pace.admits("dana", 100));
        assert!(pace.admits("omar", 60_000) && pace.left.lock().expect("whole").len() == 1);
    }
}
