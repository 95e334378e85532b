//! What Countersign writes into the description of an alias: which version it leads to, since when, by whom, what was there
//! before, and how far a rollout has come.
//!
//! It stands on the alias itself, and changes with its routes in one call. So a rollout survives every restart, two programs
//! that drive it find the same state, and no file of this machine can disagree with the account.

use std::fmt;
use std::str::FromStr;

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::desired::{FailureLimit, Rollout, Steps};
use crate::connection::DESCRIPTION;

/// How a note begins. A description that begins otherwise is none of ours.
const MARK: &str = "countersign";

/// The note on an alias. Times are milliseconds since the Unix epoch, kept to the second.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// The number of the version that the alias leads to, or is being moved to.
    pub version: u64,
    /// The version that it led to before.
    pub before: Option<u64>,
    pub state: Progress,
    /// When the alias was last moved.
    pub at: i64,
    /// The id of whoever began it.
    pub by: String,
}

/// How far the move to a version has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Progress {
    /// All executions get the version.
    Settled,
    /// A share of the executions gets it, in percent.
    Rolling { weight: u8, rollout: Rollout, began_at: i64 },
    /// It was moved back to this version, away from another one.
    Back { from: u64, why: Why },
}

/// Why an alias was moved back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Somebody asked for it.
    ByHand,
    /// So many of the executions of the version that had ended failed; this one was the first.
    Failures { failed: u64, ended: u64, first: String },
}

/// A description that Countersign did not write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it is no note of Countersign")]
pub struct NoNote;

impl Note {
    /// The rollout that is going on: its share, its steps, and when it began.
    #[must_use]
    pub const fn rolling(&self) -> Option<(u8, &Rollout, i64)> {
        match &self.state {
            Progress::Rolling { weight, rollout, began_at } => Some((*weight, rollout, *began_at)),
            Progress::Settled | Progress::Back { .. } => None,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = format!("{MARK} version={} at={}", self.version, moment(self.at));
        if let Some(before) = self.before {
            text += &format!(" before={before}");
        }
        match &self.state {
            Progress::Settled => {}
            Progress::Rolling { weight, rollout, began_at } => {
                let (word, percent, minutes) = match rollout.steps {
                    Steps::AtOnce => ("at-once", 100, 0),
                    Steps::Canary { percent, minutes } => ("canary", percent, minutes),
                    Steps::Linear { percent, minutes } => ("linear", percent, minutes),
                };
                text += &format!(" weight={weight} {word}={percent}%/{minutes}m began={}", moment(*began_at));
                if let Some(FailureLimit { percent, executions }) = rollout.roll_back {
                    text += &format!(" limit={percent}%/{executions}");
                }
            }
            Progress::Back { from, why: Why::ByHand } => text += &format!(" back-from={from}"),
            Progress::Back { from, why: Why::Failures { failed, ended, first } } => {
                text += &format!(" back-from={from} failed={failed}/{ended}");
                // A name of an execution has no white space.
                let room = DESCRIPTION.saturating_sub(text.chars().count() + " first= by=".len() + 20);
                text += &format!(
                    " first={}",
                    first.chars().filter(|letter| !letter.is_whitespace()).take(room).collect::<String>()
                );
            }
        }
        let room = DESCRIPTION.saturating_sub(text.chars().count() + " by=".len());
        let by: String = self.by.chars().filter(|letter| !letter.is_control()).take(room).collect();
        write!(to, "{text} by={by}")
    }
}

impl FromStr for Note {
    type Err = NoNote;

    fn from_str(text: &str) -> Result<Self, NoNote> {
        // Whoever began it stands last: a name may have spaces.
        let (words, by) = text.split_once(" by=").ok_or(NoNote)?;
        let mut words = words.split(' ');
        if words.next() != Some(MARK) {
            return Err(NoNote);
        }
        let pairs: Vec<(&str, &str)> =
            words.map(|word| word.split_once('=').ok_or(NoNote)).collect::<Result<_, _>>()?;
        let find = |name: &str| pairs.iter().find(|(key, _)| *key == name).map(|(_, value)| *value);
        let number = |name: &str| find(name).map(|text| text.parse::<u64>().map_err(|_| NoNote)).transpose();
        let state = if let Some(weight) = find("weight") {
            let weight = weight.parse().map_err(|_| NoNote)?;
            let rollout = Rollout { steps: steps(&pairs)?, roll_back: find("limit").map(limit).transpose()? };
            Progress::Rolling { weight, rollout, began_at: read_moment(find("began").ok_or(NoNote)?)? }
        } else if let Some(from) = number("back-from")? {
            Progress::Back { from, why: why(find("failed"), find("first"))? }
        } else {
            Progress::Settled
        };
        Ok(Self {
            version: number("version")?.ok_or(NoNote)?,
            before: number("before")?,
            state,
            at: read_moment(find("at").ok_or(NoNote)?)?,
            by: by.to_owned(),
        })
    }
}

fn steps(pairs: &[(&str, &str)]) -> Result<Steps, NoNote> {
    let found = pairs.iter().find_map(|(key, value)| match *key {
        "canary" => Some((true, *value)),
        "linear" => Some((false, *value)),
        _ => None,
    });
    let Some((canary, text)) = found else { return Ok(Steps::AtOnce) };
    let (percent, minutes) = text.split_once("%/").ok_or(NoNote)?;
    let percent = percent.parse().map_err(|_| NoNote)?;
    let minutes = minutes.strip_suffix('m').and_then(|text| text.parse().ok()).ok_or(NoNote)?;
    Ok(if canary { Steps::Canary { percent, minutes } } else { Steps::Linear { percent, minutes } })
}

fn limit(text: &str) -> Result<FailureLimit, NoNote> {
    let (percent, executions) = text.split_once("%/").ok_or(NoNote)?;
    let (percent, executions) = (percent.parse().map_err(|_| NoNote)?, executions.parse().map_err(|_| NoNote)?);
    Ok(FailureLimit { percent, executions })
}

fn why(failed: Option<&str>, first: Option<&str>) -> Result<Why, NoNote> {
    let Some(failed) = failed else { return Ok(Why::ByHand) };
    let (failed, ended) = failed.split_once('/').ok_or(NoNote)?;
    let (failed, ended) = (failed.parse().map_err(|_| NoNote)?, ended.parse().map_err(|_| NoNote)?);
    Ok(Why::Failures { failed, ended, first: first.unwrap_or_default().to_owned() })
}

fn moment(ms: i64) -> String {
    // Proof: the years of the clock are those that the format knows; a time that is not is written as the epoch's.
    let time = OffsetDateTime::from_unix_timestamp(ms.div_euclid(1_000)).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    time.format(&Rfc3339).unwrap_or_default()
}

fn read_moment(text: &str) -> Result<i64, NoNote> {
    let time = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| NoNote)?;
    Ok(time.unix_timestamp().saturating_mul(1_000))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed parse is a failed test")]
    use super::*;

    fn note(state: Progress) -> Note {
        Note { version: 5, before: Some(4), state, at: 1_732_712_559_000, by: "dana whitfield".to_owned() }
    }

    fn rolling(steps: Steps, roll_back: Option<FailureLimit>) -> Progress {
        Progress::Rolling { weight: 20, rollout: Rollout { steps, roll_back }, began_at: 1_732_712_500_000 }
    }

    #[test]
    fn a_note_is_read_as_it_was_written() {
        let limit = Some(FailureLimit { percent: 20, executions: 5 });
        let failures = Why::Failures { failed: 3, ended: 7, first: "run-17".to_owned() };
        for state in [
            Progress::Settled,
            rolling(Steps::Canary { percent: 10, minutes: 5 }, limit),
            rolling(Steps::Linear { percent: 20, minutes: 1 }, None),
            Progress::Back { from: 6, why: Why::ByHand },
            Progress::Back { from: 6, why: failures },
        ] {
            let note = note(state);
            assert_eq!(note.to_string().parse(), Ok(note.clone()), "{note}");
        }
        let first = Note { before: None, ..note(Progress::Settled) };
        assert_eq!(first.to_string(), "countersign version=5 at=2024-11-27T13:02:39Z by=dana whitfield");
        assert_eq!(first.to_string().parse(), Ok(first));
    }

    #[test]
    fn a_note_fits_into_a_description() {
        let why = Why::Failures { failed: u64::MAX, ended: u64::MAX, first: "x".repeat(80) };
        let long = Note {
            version: u64::MAX,
            before: Some(u64::MAX),
            state: Progress::Back { from: u64::MAX, why },
            by: "ä b\n".repeat(400),
            at: 0,
        };
        assert!(long.to_string().chars().count() <= DESCRIPTION, "{long}");
        assert!(!long.to_string().contains('\n'));
        let read: Note = long.to_string().parse().unwrap();
        assert_eq!((read.version, read.before), (long.version, long.before));
    }

    #[test]
    fn what_others_wrote_is_no_note() {
        for text in [
            "",
            "the version of May",
            "countersign",
            "countersign version=5",
            "countersign version=x at=2024-11-27T13:02:39Z by=a",
            "countersign version=5 at=yesterday by=a",
            "countersign version=5 at=2024-11-27T13:02:39Z weight=20 canary=10% by=a",
            "countersign version=5 at=2024-11-27T13:02:39Z back-from=6 failed=3 by=a",
            "Countersign version=5 at=2024-11-27T13:02:39Z by=a",
        ] {
            assert_eq!(text.parse::<Note>(), Err(NoNote), "{text}");
        }
    }
}
