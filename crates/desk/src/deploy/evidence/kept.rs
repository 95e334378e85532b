//! Evidence that was found lately, in memory: a page that somebody looks at again replays nothing.

use std::collections::VecDeque;

use sha2::{Digest as _, Sha256};

use super::super::definitions::Fingerprint;
use super::Replays;
use crate::actor::Actor;

/// The most results that are kept, and the most visits of states in all of them together.
const MOST: usize = 64;
const MOST_VISITS: usize = 200_000;
/// For how long a result is kept: who may see what can change meanwhile. One with executions that could not be read is tried
/// again sooner.
const KEPT_MS: i64 = 10 * 60 * 1_000;
const UNREAD_KEPT_MS: i64 = 60 * 1_000;

/// What a result depends on. The connection is the desk's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Results have only what this actor may see.
    actor: Actor,
    machine_arn: String,
    /// The folder, whose manifest says what is hidden.
    folder: Fingerprint,
    definition: [u8; 32],
    /// The executions that are looked at: a newer one makes it another question.
    executions: [u8; 32],
}

impl Asked {
    /// What these executions of a machine would do under a definition.
    #[must_use]
    pub fn of(actor: &Actor, machine_arn: &str, folder: Fingerprint, definition: &str, executions: &[String]) -> Self {
        let mut hasher = Sha256::new();
        for arn in executions {
            // No ARN has a line break.
            hasher.update(arn);
            hasher.update("\n");
        }
        Self {
            actor: actor.clone(),
            machine_arn: machine_arn.to_owned(),
            folder,
            definition: Sha256::digest(definition).into(),
            executions: hasher.finalize().into(),
        }
    }
}

/// What was found.
#[derive(Debug)]
pub(super) struct Entry {
    asked: Asked,
    until: i64,
    visits: usize,
    pub(super) found: Replays,
}

/// The results that are kept, that which was asked for last at the end.
#[derive(Debug, Default)]
pub struct Kept(pub(super) VecDeque<Entry>);

impl Kept {
    /// What was found, if it is known.
    pub fn of(&mut self, asked: &Asked, now: i64) -> Option<Replays> {
        self.0.retain(|entry| entry.until > now);
        let at = self.0.iter().position(|entry| entry.asked == *asked)?;
        let entry = self.0.remove(at)?;
        let found = entry.found.clone();
        self.0.push_back(entry);
        Some(found)
    }

    /// Keeps what was found, and forgets what was asked for longest ago where there is no room.
    pub fn keep(&mut self, asked: Asked, found: &Replays, now: i64) {
        self.0.retain(|entry| entry.asked != asked);
        let ms = if found.unread.is_empty() { KEPT_MS } else { UNREAD_KEPT_MS };
        let visits = found.executions.iter().map(|(_, one)| one.then.visits.len() + one.now.visits.len() + 1).sum();
        self.0.push_back(Entry { asked, until: now.saturating_add(ms), visits, found: found.clone() });
        while self.0.len() > MOST || self.0.iter().map(|entry| entry.visits).sum::<usize>() > MOST_VISITS {
            self.0.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use countersign_replay::course::Course;
    use countersign_replay::evidence::{Evidence, Found};

    use super::*;

    fn asked(definition: &str) -> Asked {
        Asked::of(&Actor::Program, "arn:ask", Vec::new(), definition, &["arn:run-1".to_owned()])
    }

    fn found(executions: usize) -> Replays {
        let evidence = Evidence {
            found: Found::SamePath { same_output: true },
            then: Course::default(),
            now: Course::default(),
            asked_otherwise: Vec::new(),
        };
        let executions = (0..executions).map(|number| (format!("arn:run-{number}"), evidence.clone()));
        Replays { executions: executions.collect(), ..Replays::default() }
    }

    #[test]
    fn what_was_asked_for_longest_ago_is_forgotten_first() {
        let mut kept = Kept::default();
        for number in 0..MOST {
            kept.keep(asked(&number.to_string()), &found(1), 0);
        }
        assert!(kept.of(&asked("0"), 1).is_some());
        kept.keep(asked("one more"), &found(1), 1);
        assert!(kept.of(&asked("0"), 2).is_some() && kept.of(&asked("1"), 2).is_none());
        assert_eq!(kept.0.len(), MOST);
        kept.keep(asked("large"), &found(MOST_VISITS - 1), 2);
        assert_eq!(kept.0.len(), 2, "its size counts, too");
        kept.keep(asked("too large"), &found(MOST_VISITS + 1), 2);
        assert!(kept.0.is_empty());
    }

    #[test]
    fn a_result_is_kept_for_a_time() {
        let mut kept = Kept::default();
        kept.keep(asked("a"), &found(1), 0);
        kept.keep(asked("b"), &Replays { unread: vec![("arn:run-2".to_owned(), None)], ..found(1) }, 0);
        assert!(kept.of(&asked("a"), UNREAD_KEPT_MS).is_some() && kept.of(&asked("b"), UNREAD_KEPT_MS).is_none());
        assert!(kept.of(&asked("a"), KEPT_MS).is_none());
    }

    #[test]
    fn everything_that_a_result_depends_on_makes_another_question() {
        let one = asked("a");
        let folder: Fingerprint = vec![("countersign.toml".into(), None)];
        let executions = ["arn:run-2".to_owned(), "arn:run-1".to_owned()];
        for other in [
            asked("b"),
            Asked { machine_arn: "arn:other".to_owned(), ..one.clone() },
            Asked::of(&Actor::Program, "arn:ask", folder, "a", &executions[1..]),
            Asked::of(&Actor::Program, "arn:ask", Vec::new(), "a", &executions),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(one, Asked::of(&Actor::Program, "arn:ask", Vec::new(), "a", &executions[1..]));
    }
}
