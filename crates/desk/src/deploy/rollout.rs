//! A rollout: how an alias moves to a new version, share by share, and back where the new version's executions fail.
//!
//! Pure: it gets the note on the alias, the alias's routes, what became of the new version's executions, and the time; and
//! returns the next move. Whoever drives it carries the move out ([`super::driving`]).

use super::desired::{FailureLimit, Rollout, Steps};
use super::note::{Note, Progress, Why};
use crate::connection::{ALL_WEIGHT, Route, number_of, same_routes};

const MINUTE: i64 = 60_000;

/// What became of a version's executions that started since a time. Aborted ones say nothing of the version: a person
/// stopped them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    pub succeeded: u64,
    /// Failed, or timed out.
    pub failed: u64,
    /// The ARN of the one that failed first, as far as it is known.
    pub first_failure: Option<String>,
}

impl Outcomes {
    /// How many ended, one way or the other.
    #[must_use]
    pub const fn ended(&self) -> u64 {
        self.succeeded.saturating_add(self.failed)
    }

    /// Whether more failed than a rollout allows.
    #[must_use]
    pub fn exceed(&self, limit: FailureLimit) -> bool {
        let enough = self.ended() >= u64::from(limit.executions.max(1));
        // Whole numbers: no share is rounded to the limit.
        enough && u128::from(self.failed) * 100 > u128::from(limit.percent) * u128::from(self.ended())
    }
}

/// The next move of a rollout.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Move {
    /// Nothing before this time, unless executions fail.
    Wait { until: i64 },
    /// A larger share of the executions gets the new version.
    Shift { weight: u8 },
    /// All executions get it, and the rollout is over.
    Finish,
    /// All executions get the old version again.
    Back(Why),
    /// Somebody routed the alias elsewhere: the rollout is theirs.
    Elsewhere,
}

/// The first share of the executions that a new version gets.
#[must_use]
pub const fn first_weight(steps: Steps) -> u8 {
    match steps {
        Steps::AtOnce => ALL_WEIGHT,
        Steps::Canary { percent, .. } | Steps::Linear { percent, .. } => {
            // A share of nothing would move nowhere.
            if percent == 0 {
                1
            } else if percent > ALL_WEIGHT {
                ALL_WEIGHT
            } else {
                percent
            }
        }
    }
}

/// The share after this one.
#[must_use]
const fn next_weight(steps: Steps, weight: u8) -> u8 {
    match steps {
        Steps::AtOnce | Steps::Canary { .. } => ALL_WEIGHT,
        Steps::Linear { .. } => {
            let next = weight.saturating_add(first_weight(steps));
            if next > ALL_WEIGHT { ALL_WEIGHT } else { next }
        }
    }
}

/// How long a share stays before the next one, in milliseconds.
#[must_use]
pub const fn pause(steps: Steps) -> i64 {
    match steps {
        Steps::AtOnce => 0,
        Steps::Canary { minutes, .. } | Steps::Linear { minutes, .. } => minutes as i64 * MINUTE,
    }
}

/// How long a rollout takes if nothing fails, in milliseconds.
#[must_use]
pub fn duration(steps: Steps) -> i64 {
    let moves = match steps {
        Steps::AtOnce => 0,
        Steps::Canary { .. } => 1,
        Steps::Linear { .. } => i64::from(ALL_WEIGHT.div_ceil(first_weight(steps))) - 1,
    };
    moves.saturating_mul(pause(steps))
}

/// Whether the alias routes as its note says that the rollout stands.
fn is_as_noted(note: &Note, weight: u8, routes: &[Route]) -> bool {
    let Some(before) = note.before else { return false };
    let arn_of = |version: u64| {
        let found = routes.iter().find(|route| number_of(&route.version_arn) == Some(version));
        found.map_or_else(|| version.to_string(), |route| route.version_arn.clone())
    };
    same_routes(routes, &Route::shared(&arn_of(note.version), weight, &arn_of(before)))
}

/// The next move of the rollout that a note tells of, where the alias has these routes; `None` where none is going on.
///
/// Each share stays for its minutes from the time of the last move, so a program that was away for long does not skip one.
#[must_use]
pub fn next(note: &Note, routes: &[Route], outcomes: &Outcomes, now: i64) -> Option<Move> {
    let (weight, rollout, _) = note.rolling()?;
    if !is_as_noted(note, weight, routes) {
        return Some(Move::Elsewhere);
    }
    if let Some(why) = failures(rollout, outcomes) {
        return Some(Move::Back(why));
    }
    let until = note.at.saturating_add(pause(rollout.steps));
    if now < until {
        return Some(Move::Wait { until });
    }
    Some(match next_weight(rollout.steps, weight) {
        ALL_WEIGHT => Move::Finish,
        weight => Move::Shift { weight },
    })
}

fn failures(rollout: &Rollout, outcomes: &Outcomes) -> Option<Why> {
    let limit = rollout.roll_back?;
    let name = |arn: &String| arn.rsplit(':').next().unwrap_or(arn).to_owned();
    outcomes.exceed(limit).then(|| Why::Failures {
        failed: outcomes.failed,
        ended: outcomes.ended(),
        first: outcomes.first_failure.as_ref().map(name).unwrap_or_default(),
    })
}

/// The note and the routes after a move at `now`; `None` of a move that changes neither.
#[must_use]
pub fn after(note: &Note, to: &Move, machine_arn: &str, now: i64) -> Option<(Note, Vec<Route>)> {
    let version_arn = |version: u64| format!("{machine_arn}:{version}");
    let before = note.before?;
    let moved = |version: u64, before: u64, state: Progress| Note {
        version,
        before: Some(before),
        state,
        at: now,
        by: note.by.clone(),
    };
    match to {
        Move::Wait { .. } | Move::Elsewhere => None,
        Move::Shift { weight } => {
            let Progress::Rolling { rollout, began_at, .. } = &note.state else { return None };
            let state = Progress::Rolling { weight: *weight, rollout: rollout.clone(), began_at: *began_at };
            let routes = Route::shared(&version_arn(note.version), *weight, &version_arn(before));
            Some((moved(note.version, before, state), routes))
        }
        Move::Finish => {
            Some((moved(note.version, before, Progress::Settled), Route::all_to(&version_arn(note.version))))
        }
        Move::Back(why) => {
            let state = Progress::Back { from: note.version, why: why.clone() };
            Some((moved(before, note.version, state), Route::all_to(&version_arn(before))))
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a move that is not there is a failed test")]
    use super::*;

    const MACHINE: &str = "arn:aws:states:us-east-1:123456789012:stateMachine:order";

    fn begun(steps: Steps, roll_back: Option<FailureLimit>) -> (Note, Vec<Route>) {
        let weight = first_weight(steps);
        let rollout = Rollout { steps, roll_back };
        let state = Progress::Rolling { weight, rollout, began_at: 0 };
        let note = Note { version: 2, before: Some(1), state, at: 0, by: "dana".to_owned() };
        (note, Route::shared(&format!("{MACHINE}:2"), weight, &format!("{MACHINE}:1")))
    }

    /// The shares by minutes, while nothing fails and somebody looks every minute.
    fn shares(steps: Steps) -> Vec<(i64, u8)> {
        let (mut note, mut routes) = begun(steps, None);
        let mut seen = vec![(0, routes[0].weight)];
        for minute in 1..=10_000 {
            let now = minute * MINUTE;
            match next(&note, &routes, &Outcomes::default(), now) {
                None => return seen,
                Some(Move::Wait { until }) => assert!(until > now),
                Some(to) => {
                    (note, routes) = after(&note, &to, MACHINE, now).unwrap();
                    seen.push((minute, routes[0].weight));
                }
            }
        }
        panic!("it never ends: {seen:?}")
    }

    #[test]
    fn shares_grow_with_the_time() {
        for (steps, expected) in [
            (Steps::Canary { percent: 10, minutes: 5 }, vec![(0, 10), (5, 100)]),
            (Steps::Linear { percent: 25, minutes: 2 }, vec![(0, 25), (2, 50), (4, 75), (6, 100)]),
            (Steps::Linear { percent: 30, minutes: 1 }, vec![(0, 30), (1, 60), (2, 90), (3, 100)]),
            (Steps::Linear { percent: 99, minutes: 3 }, vec![(0, 99), (3, 100)]),
        ] {
            assert_eq!(shares(steps), expected, "{steps:?}");
            assert_eq!(duration(steps), expected.last().unwrap().0 * MINUTE, "{steps:?}");
        }
        assert_eq!(duration(Steps::AtOnce), 0);
        assert_eq!(shares(Steps::Linear { percent: 1, minutes: 1 }).len(), 100);
    }

    #[test]
    fn no_share_is_skipped_by_a_program_that_was_away() {
        let (note, routes) = begun(Steps::Linear { percent: 10, minutes: 1 }, None);
        let late = 60 * MINUTE;
        let to = next(&note, &routes, &Outcomes::default(), late).unwrap();
        assert_eq!(to, Move::Shift { weight: 20 });
        let (note, routes) = after(&note, &to, MACHINE, late).unwrap();
        assert_eq!(
            next(&note, &routes, &Outcomes::default(), late + 1),
            Some(Move::Wait { until: late + MINUTE }),
            "each share stays for its minutes"
        );
    }

    #[test]
    fn failures_beyond_the_limit_move_back() {
        let limit = |percent, executions| FailureLimit { percent, executions };
        for (limit, succeeded, failed, back) in [
            (limit(20, 5), 4, 1, false),
            (limit(20, 5), 3, 2, true),
            (limit(20, 5), 1, 3, false),
            (limit(0, 1), 0, 1, true),
            (limit(0, 1), 1_000_000, 1, true),
            (limit(0, 1), 5, 0, false),
            (limit(99, 1), 0, 1, true),
            (limit(33, 3), 67, 33, false),
            (limit(33, 3), 66, 34, true),
        ] {
            let outcomes = Outcomes { succeeded, failed, first_failure: Some(format!("{MACHINE}:run-9")) };
            let (note, routes) = begun(Steps::Canary { percent: 10, minutes: 5 }, Some(limit));
            // Failures count before the time: a share that is due is not given to a version that fails.
            let to = next(&note, &routes, &outcomes, 5 * MINUTE).unwrap();
            let why = Why::Failures { failed, ended: succeeded + failed, first: "run-9".to_owned() };
            assert_eq!(to, if back { Move::Back(why) } else { Move::Finish }, "{limit:?} {outcomes:?}");
        }
        let (note, routes) = begun(Steps::Canary { percent: 10, minutes: 5 }, None);
        let failed = Outcomes { failed: 10, ..Outcomes::default() };
        assert_eq!(next(&note, &routes, &failed, 5 * MINUTE), Some(Move::Finish), "nobody asked for it");
    }

    #[test]
    fn moving_back_leads_all_executions_to_the_version_before() {
        let (note, _) = begun(Steps::Canary { percent: 10, minutes: 5 }, None);
        let (note, routes) = after(&note, &Move::Back(Why::ByHand), MACHINE, 7_000).unwrap();
        assert_eq!(routes, Route::all_to(&format!("{MACHINE}:1")));
        assert_eq!((note.version, note.before, note.at), (1, Some(2), 7_000));
        assert_eq!(next(&note, &routes, &Outcomes::default(), 9_000), None, "it is over");
    }

    #[test]
    fn an_alias_that_somebody_routed_elsewhere_is_left_alone() {
        let (note, routes) = begun(Steps::Canary { percent: 10, minutes: 5 }, None);
        let arn = |version: u64| format!("{MACHINE}:{version}");
        for other in [
            Route::all_to(&arn(3)),
            Route::all_to(&arn(1)),
            Route::shared(&arn(2), 11, &arn(1)),
            Route::shared(&arn(2), 10, &arn(3)),
            Vec::new(),
        ] {
            assert_eq!(next(&note, &other, &Outcomes::default(), 99 * MINUTE), Some(Move::Elsewhere), "{other:?}");
        }
        let turned: Vec<Route> = routes.into_iter().rev().collect();
        assert_eq!(next(&note, &turned, &Outcomes::default(), 99 * MINUTE), Some(Move::Finish), "the order is AWS's");
    }
}
