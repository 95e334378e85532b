//! Workers without work: a burst of expressions leaves none behind.

use std::sync::{Mutex, Weak};
use std::time::{Duration, Instant};

use super::Worker;
use crate::host::lock;

/// The workers of the quick lane that have nothing to do.
#[derive(Debug, Default)]
pub struct Idle {
    /// Since when each waits; the one that has waited longest comes first.
    pub workers: Vec<(Instant, Worker)>,
    /// A thread ends those that wait for too long.
    pub is_watched: bool,
}

/// How long they stay: after the first, one is left; after the second, none.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    pub several: Duration,
    pub one: Duration,
}

impl Idle {
    /// Takes out those that have waited for too long.
    fn outdated(&mut self, stay: Stay) -> Vec<(Instant, Worker)> {
        let mut left = self.workers.len();
        let ends = |(since, _): &mut (Instant, Worker)| {
            let waits = since.elapsed();
            let ends = waits >= stay.one || waits >= stay.several && left > 1;
            left -= usize::from(ends);
            ends
        };
        self.workers.extract_if(.., ends).collect()
    }
}

/// Ends workers that wait for too long, until there is none left.
pub fn look_after(idle: &Weak<Mutex<Idle>>, stay: Stay) {
    loop {
        std::thread::sleep(stay.several / 12);
        let Some(idle) = idle.upgrade() else { return };
        let (outdated, is_over) = {
            let mut idle = lock(&idle);
            let outdated = idle.outdated(stay);
            idle.is_watched = !idle.workers.is_empty();
            (outdated, !idle.is_watched)
        };
        // The end of each is waited for, and nobody waits for that.
        drop(outdated);
        if is_over {
            return;
        }
    }
}
