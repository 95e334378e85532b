//! How many messages a channel takes: at most so many in any minute. The others wait in the outbox, and lose nothing by it
//! but time.
//!
//! Attempts count, not messages: an attempt that fails is one more request to the channel.

use std::collections::VecDeque;

/// A minute, in milliseconds.
const MINUTE: i64 = 60_000;

/// The attempts of the last minute, and how many there may be.
#[derive(Debug)]
pub struct Pace {
    per_minute: usize,
    begun: VecDeque<i64>,
}

impl Pace {
    /// At most so many attempts in any minute, and at least one.
    #[must_use]
    pub fn new(per_minute: u32) -> Self {
        Self { per_minute: usize::try_from(per_minute).unwrap_or(usize::MAX).max(1), begun: VecDeque::new() }
    }

    /// How many attempts may begin at `now`.
    pub fn free(&mut self, now: i64) -> usize {
        // An attempt that is still to come was counted before somebody set the clock back.
        self.begun.retain(|at| (now - MINUTE + 1..=now).contains(at));
        self.per_minute.saturating_sub(self.begun.len())
    }

    /// An attempt begins.
    pub fn begin(&mut self, now: i64) {
        self.begun.push_back(now);
    }

    /// When the next attempt may begin, at `now` or later.
    pub fn free_at(&mut self, now: i64) -> i64 {
        if self.free(now) > 0 {
            return now;
        }
        // All of them are of the last minute, the oldest one first.
        self.begun.front().map_or(now, |oldest| oldest + MINUTE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn in_no_minute_are_there_more_attempts_than_the_channel_takes() {
        let mut pace = Pace::new(3);
        for at in [0, 10_000, 20_000] {
            assert_eq!((pace.free_at(at), pace.free(at) > 0), (at, true));
            pace.begin(at);
        }
        assert_eq!((pace.free(20_000), pace.free_at(20_000)), (0, 60_000));
        assert_eq!((pace.free(59_999), pace.free(60_000)), (0, 1));
        pace.begin(60_000);
        assert_eq!((pace.free(60_000), pace.free_at(60_000)), (0, 70_000));
        assert_eq!(pace.free(200_000), 3, "a pause saves nothing up");
    }

    #[test]
    fn a_clock_that_is_set_back_stops_no_channel() {
        let mut pace = Pace::new(1);
        pace.begin(10_000_000);
        assert_eq!((pace.free(10_000_000), pace.free(1)), (0, 1));
        assert_eq!(Pace::new(0).free(1), 1, "a channel that takes nothing is none");
    }
}
