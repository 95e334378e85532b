//! The processes of one function: how many there may be, and how long idle ones stay.
#![expect(
    clippy::disallowed_methods,
    reason = "the age of idle processes, on the monotonic clock that tokio's tests can pause"
)]

use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use super::worker::Worker;
use crate::host::lock;

/// How long idle processes stay.
#[derive(Clone, Copy, Debug)]
pub struct Stay {
    /// After so long without a call, one is left.
    pub several: Duration,
    /// After so long, none is left.
    pub one: Duration,
}

impl Default for Stay {
    fn default() -> Self {
        Self { several: Duration::from_secs(60), one: Duration::from_secs(600) }
    }
}

impl Stay {
    /// How often the pool has to be checked.
    pub fn round(self) -> Duration {
        (self.several.min(self.one) / 12).max(Duration::from_millis(10))
    }
}

/// The processes of one function.
pub struct Pool {
    places: Semaphore,
    /// Since when each one is idle; the longest idle one comes first.
    idle: Mutex<VecDeque<(Instant, Worker)>>,
}

impl Pool {
    /// A pool of at most this many processes.
    pub fn new(most: usize) -> Self {
        Self { places: Semaphore::new(most), idle: Mutex::default() }
    }

    /// Waits for a place, in the order of the calls.
    pub async fn place(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.places.acquire().await.ok()
    }

    /// An idle process: the one that was busy last, so that the others can end.
    pub fn take(&self) -> Option<Worker> {
        let mut idle = lock(&self.idle);
        while let Some((_, mut worker)) = idle.pop_back() {
            // Processes that have ended in the meantime are dropped.
            if worker.lives() {
                return Some(worker);
            }
        }
        None
    }

    /// Takes a process back that can be used again.
    pub fn put(&self, worker: Worker) {
        lock(&self.idle).push_back((Instant::now(), worker));
    }

    /// Removes processes that have been idle for too long or have ended.
    pub fn outdated(&self, stay: Stay) -> Vec<Worker> {
        let mut idle = lock(&self.idle);
        let now = Instant::now();
        let mut left = idle.len();
        let mut outdated = Vec::new();
        for (since, mut worker) in std::mem::take(&mut *idle) {
            let waits = now.duration_since(since);
            if !worker.lives() || waits >= stay.one || waits >= stay.several && left > 1 {
                outdated.push(worker);
                left -= 1;
            } else {
                idle.push_back((since, worker));
            }
        }
        outdated
    }

    /// Removes every idle process.
    pub fn empty(&self) -> Vec<Worker> {
        lock(&self.idle).drain(..).map(|(_, worker)| worker).collect()
    }
}
