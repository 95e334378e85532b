//! When a message is tried again.

/// The pause after the first attempt, and the longest one, in milliseconds.
const FIRST: i64 = 10_000;
const LONGEST: i64 = 3_600_000;

/// Attempts after which a message is given up: about six hours after the first.
pub const MOST_ATTEMPTS: u32 = 14;

/// The pause after the attempt with this number, which is 1 for the first, in milliseconds: twice as long each time, of which
/// the second half is up to `chance` (from 0 to 1), so that messages that failed together are not tried together again.
#[must_use]
pub fn delay(attempt: u32, chance: f64) -> i64 {
    let whole = FIRST.saturating_mul(1 << attempt.saturating_sub(1).min(20)).min(LONGEST);
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "an hour at most")]
    let extra = ((whole / 2) as f64 * chance.clamp(0.0, 1.0)) as i64;
    whole / 2 + extra
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_an_hour_and_half_of_it_is_chance() {
        let whole = |attempt| (delay(attempt, 0.0), delay(attempt, 1.0));
        assert_eq!(whole(1), (5_000, 10_000));
        assert_eq!(whole(2), (10_000, 20_000));
        assert_eq!(whole(9), (1_280_000, 2_560_000));
        assert_eq!(whole(10), (1_800_000, 3_600_000));
        assert_eq!(whole(u32::MAX), (1_800_000, 3_600_000));
        assert_eq!(delay(1, 0.5), 7_500);
        let all: i64 = (1..MOST_ATTEMPTS).map(|attempt| delay(attempt, 0.5)).sum();
        assert!((3..7).contains(&(all / 3_600_000)), "{all}");
    }
}
