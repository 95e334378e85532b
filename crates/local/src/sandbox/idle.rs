//! Idle workers: none is left a while after a burst of expressions.

use std::sync::{Mutex, Weak};
use std::time::{Duration, Instant};

use super::Worker;
use crate::host::lock;

/// The idle workers of the quick lane.
#[derive(Debug, Default)]
pub struct Idle {
    /// Since when each is idle; the longest idle one comes first.
    pub workers: Vec<(Instant, Worker)>,
    /// A thread ends workers that are idle for too long.
    pub is_watched: bool,
}

/// How long they stay: after the first, one is left; after the second, none.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    pub several: Duration,
    pub one: Duration,
}

impl Idle {
    /// Removes those that have been idle for too long.
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

/// Ends workers that are idle for too long, until none is left.
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
        // The end of each is waited for, and nobody waits for this thread.
        drop(outdated);
        if is_over {
            return;
        }
    }
}
