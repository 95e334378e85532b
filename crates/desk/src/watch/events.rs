//! Which events of a record a filter lets through.
//!
//! A text is sought in what may be shown: nobody learns from a filter what a task token is.

use std::sync::Arc;

use countersign_trace::{EventKind, HistoryEvent, IterationId};

use super::Record;
use crate::eyes::Eyes;

/// Types of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Kinds(u64);

impl Kinds {
    /// All of them.
    pub const ALL: Self = Self(u64::MAX);

    /// Those that are meant.
    #[must_use]
    pub fn only(is_meant: impl Fn(EventKind) -> bool) -> Self {
        let meant = EventKind::ALL.into_iter().enumerate().filter(|(_, kind)| is_meant(*kind));
        Self(meant.map(|(position, _)| 1 << position).sum())
    }

    /// Whether a type is among them.
    #[must_use]
    pub const fn has(self, kind: EventKind) -> bool {
        // The position in `EventKind::ALL`, which has 62 entries.
        self.0 >> (kind as u64) & 1 == 1
    }
}

/// Which events are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventFilter {
    pub kinds: Kinds,
    /// Those of the visits of this state.
    pub state: Option<String>,
    /// Those whose type, state or details contain this text, in whatever case.
    pub text: Option<String>,
    /// Those of this iteration, and of the iterations inside it.
    pub iteration: Option<IterationId>,
}

/// A search, and how much was known of tokens when it was made: what is found depends on both.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Search {
    filter: EventFilter,
    known: (usize, String),
}

impl Record {
    /// The state that an event belongs to. Those of the execution itself belong to none.
    #[must_use]
    pub fn state_of_event(&self, event: &HistoryEvent) -> Option<&str> {
        let visit = self.trace.visit(self.trace.owner(event.id).visit?)?;
        Some(&visit.state)
    }

    /// The positions of the events that `filter` lets through, in order.
    #[must_use]
    pub fn events_matching(&self, filter: &EventFilter, eyes: &Eyes) -> Arc<[usize]> {
        let search = Search { filter: filter.clone(), known: eyes.version() };
        self.searched(&search, || {
            let text = filter.text.as_deref().map(Needle::of);
            let matches = |event: &HistoryEvent| {
                filter.kinds.has(event.kind)
                    && filter.state.as_deref().is_none_or(|state| self.state_of_event(event) == Some(state))
                    && filter.iteration.is_none_or(|iteration| self.is_in(event, iteration))
                    && text.as_ref().is_none_or(|text| self.contains(event, text, eyes))
            };
            let all = self.events.iter().enumerate();
            all.filter(|(_, event)| matches(event)).map(|(position, _)| position).collect()
        })
    }

    fn is_in(&self, event: &HistoryEvent, iteration: IterationId) -> bool {
        let mut around = self.trace.iterations_around(self.trace.owner(event.id).iteration);
        around.any(|around| around == iteration)
    }

    fn contains(&self, event: &HistoryEvent, text: &Needle, eyes: &Eyes) -> bool {
        let names = [Some(event.kind.name()), self.state_of_event(event)];
        names.into_iter().flatten().any(|name| text.is_in(name))
            || details(event).iter().any(|(key, value)| text.is_in(&eyes.detail(key, value)))
    }
}

/// The details of an event under AWS's names, as they were recorded: they may contain tokens.
#[must_use]
pub fn details(event: &HistoryEvent) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Object(fields)) = serde_json::to_value(&event.details) else { return Vec::new() };
    let of = |(key, value): (String, serde_json::Value)| match value {
        serde_json::Value::String(text) => (key, text),
        other => (key, other.to_string()),
    };
    // What AWS says of the completeness of a payload is the same everywhere.
    fields.into_iter().filter(|(key, _)| !key.ends_with("Details")).map(of).collect()
}

/// What is sought.
struct Needle {
    lower: String,
    /// JSON is shown with other spaces than it was written with.
    without_spaces: Option<String>,
}

impl Needle {
    fn of(text: &str) -> Self {
        let lower = text.trim().to_lowercase();
        let without_spaces = lower.contains('"').then(|| without_spaces(&lower));
        Self { lower, without_spaces }
    }

    fn is_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        text.contains(&self.lower)
            || self.without_spaces.as_ref().is_some_and(|needle| without_spaces(&text).contains(needle))
    }
}

fn without_spaces(text: &str) -> String {
    text.chars().filter(|character| !character.is_whitespace()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_in_the_sets_that_name_it_and_in_no_other() {
        for kind in EventKind::ALL {
            let alone = Kinds::only(|one| one == kind);
            assert!(Kinds::ALL.has(kind));
            assert_eq!(EventKind::ALL.into_iter().filter(|one| alone.has(*one)).collect::<Vec<_>>(), [kind]);
        }
    }

    #[test]
    fn json_is_found_whatever_its_spaces_and_case() {
        for (needle, found) in
            [("orderid", true), ("\"orderId\": 4711", true), ("\"orderId\":47", true), ("4712", false)]
        {
            assert_eq!(Needle::of(needle).is_in(r#"{"orderId":4711}"#), found, "{needle}");
        }
    }
}
