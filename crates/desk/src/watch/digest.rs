//! What pages ask of a record again and again: found once a reading, when it is first asked for.

use std::any::{Any, TypeId};
use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};

use countersign_trace::{Owner, Trace, Tree, VisitId};

use super::events::Search;
use super::{Record, lock};
use crate::eyes::Hide;

/// Searches whose findings are kept with a record.
const SEARCHES: usize = 8;

/// The findings, each made when it is first asked for.
#[derive(Debug, Default)]
pub(super) struct Digest {
    pub first_failure: OnceLock<Option<VisitId>>,
    visits_of: OnceLock<HashMap<String, Vec<VisitId>>>,
    tree: OnceLock<Tree>,
    calls: OnceLock<Calls>,
    error_event: OnceLock<Option<u64>>,
    searches: Mutex<VecDeque<(Search, Arc<[usize]>)>>,
    hidden: Mutex<Option<Hidden>>,
    kept: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

/// Fields that are to be hidden, and the same with the values that the payloads have in them; nothing where these are too
/// many.
type Hidden = (Hide, Option<Arc<Hide>>);

/// The events of each attempt.
#[derive(Debug, Default)]
struct Calls {
    /// By position of the event: the number of its attempt.
    of_event: Vec<Option<usize>>,
    count: usize,
}

impl Record {
    /// The visits of a state, in order.
    #[must_use]
    pub fn visits_of(&self, state: &str) -> &[VisitId] {
        let all = self.digest.visits_of.get_or_init(|| by_state(&self.trace));
        all.get(state).map_or(&[], Vec::as_slice)
    }

    /// The visits as a tree of rows.
    #[must_use]
    pub fn tree(&self) -> &Tree {
        self.digest.tree.get_or_init(|| Tree::of(&self.trace))
    }

    /// The event that says what went wrong first: the last failure of the visit that failed first, or the end of an
    /// execution that failed in no state.
    #[must_use]
    pub fn error_event(&self) -> Option<u64> {
        *self.digest.error_event.get_or_init(|| {
            let failures = || self.events.iter().rev().filter(|event| event.kind.is_failure());
            match self.first_failure() {
                Some(first) => {
                    let own = failures().find(|event| self.trace.owner(event.id).visit == Some(first));
                    own.map(|event| event.id).or_else(|| Some(self.trace.visit(first)?.entered_event))
                }
                None => failures().find(|event| event.kind.is_execution_end()).map(|event| event.id),
            }
        })
    }

    /// Groups events of one attempt, named by their positions: each group stands where its first event does, and keeps the
    /// order. An event that belongs to no attempt is a group of its own.
    #[must_use]
    pub fn grouped(&self, positions: &[usize]) -> Vec<Vec<usize>> {
        let calls = self.digest.calls.get_or_init(|| Calls::of(self));
        let mut places: Vec<Option<usize>> = vec![None; calls.count];
        let mut groups: Vec<Vec<usize>> = Vec::new();
        for &position in positions {
            let call = calls.of_event.get(position).copied().flatten();
            match call.and_then(|call| places[call]) {
                Some(place) => groups[place].push(position),
                None => {
                    if let Some(call) = call {
                        places[call] = Some(groups.len());
                    }
                    groups.push(vec![position]);
                }
            }
        }
        groups
    }

    /// What these fields have in the payloads, which is hidden with them; nothing where that is too much to be looked for.
    /// The manifest seldom changes, so the payloads are gone through once.
    pub(crate) fn hidden(&self, hide: &Hide) -> Option<Arc<Hide>> {
        let mut known = lock(&self.digest.hidden);
        if let Some((_, found)) = known.as_ref().filter(|(fields, _)| fields == hide) {
            return found.clone();
        }
        let ends = [self.description.input.as_deref(), self.description.output.as_deref()];
        let within = self.events.iter().flat_map(|event| {
            let details = &event.details;
            [details.input.as_deref(), details.output.as_deref(), details.parameters.as_deref()]
        });
        let found = hide.knowing(ends.into_iter().chain(within).flatten()).map(Arc::new);
        *known = Some((hide.clone(), found.clone()));
        found
    }

    /// What somebody else makes of this reading and asks for again and again: one value of each type, made when it is first
    /// asked for. The next reading has none of them. They have to be small beside the history, whose weight has room for
    /// them.
    pub fn kept<T: Any + Send + Sync>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        let known = lock(&self.digest.kept).get(&TypeId::of::<T>()).cloned();
        if let Some(known) = known.and_then(|known| known.downcast::<T>().ok()) {
            return known;
        }
        // Not under the lock: two that ask at once both make it, and either will do.
        let made = Arc::new(make());
        let kept: Arc<dyn Any + Send + Sync> = made.clone();
        lock(&self.digest.kept).insert(TypeId::of::<T>(), kept);
        made
    }

    /// The findings of a search, made by `find` unless the same search was made before.
    pub(super) fn searched(&self, search: &Search, find: impl FnOnce() -> Vec<usize>) -> Arc<[usize]> {
        let known =
            lock(&self.digest.searches).iter().find(|(known, _)| known == search).map(|(_, found)| Arc::clone(found));
        known.unwrap_or_else(|| {
            let found: Arc<[usize]> = find().into();
            let mut searches = lock(&self.digest.searches);
            searches.truncate(SEARCHES - 1);
            searches.push_front((search.clone(), Arc::clone(&found)));
            found
        })
    }
}

fn by_state(trace: &Trace) -> HashMap<String, Vec<VisitId>> {
    let mut found: HashMap<String, Vec<VisitId>> = HashMap::new();
    for (id, visit) in trace.numbered_visits() {
        match found.get_mut(&visit.state) {
            Some(visits) => visits.push(id),
            None => {
                found.insert(visit.state.clone(), vec![id]);
            }
        }
    }
    found
}

impl Calls {
    fn of(record: &Record) -> Self {
        let mut numbers = HashMap::new();
        let number = |owner: Owner| {
            let next = numbers.len();
            Some(*numbers.entry((owner.visit?, owner.attempt?)).or_insert(next))
        };
        let of_event = record.events.iter().map(|event| record.trace.owner(event.id)).map(number).collect();
        Self { of_event, count: numbers.len() }
    }
}

#[cfg(test)]
mod tests {
    use countersign_trace::{Details, EventKind, HistoryEvent};

    use super::*;
    use crate::connection::{Description, ExecutionStatus, Redrivable};
    use crate::redact::{RedactionKey, Redactor};
    use crate::watch::Definition;

    /// A reading of so many events; `known` is the one before.
    fn reading(events: u64, known: Option<&Record>) -> Record {
        let event = |id: u64| HistoryEvent {
            id,
            previous_event_id: id - 1,
            timestamp: 1_700_000_000_000,
            kind: if id == 1 { EventKind::ExecutionStarted } else { EventKind::PassStateEntered },
            details: Details { name: Some(format!("State {id}")), ..Details::default() },
        };
        let description = Description {
            arn: "arn:aws:states:us-east-1:000000000000:execution:made:up".to_owned(),
            name: "up".to_owned(),
            machine_arn: "arn:aws:states:us-east-1:000000000000:stateMachine:made".to_owned(),
            status: ExecutionStatus::Running,
            started_at: 1_700_000_000_000,
            ended_at: None,
            input: None,
            output: None,
            error: None,
            cause: None,
            redrivable: Redrivable::Unsaid,
            redrives: 0,
        };
        let definition =
            known.map_or_else(|| Arc::new(Definition::read(String::new())), |known| Arc::clone(&known.definition));
        let redactor = Redactor::new(&RedactionKey::new([7; 16]));
        Record::new(description, (1..=events).map(event).collect(), definition, 0, known, redactor, None)
    }

    /// How many visits a reading has, and which of the questions found it.
    #[derive(Debug, PartialEq, Eq)]
    struct Visits(usize, &'static str);

    #[test]
    fn what_is_made_of_a_reading_is_made_once_and_anew_with_the_next_event() {
        let record = reading(2, None);
        let ask = |record: &Record, who| record.kept(|| Visits(record.trace.visits.len(), who));
        let first = ask(&record, "first");
        assert_eq!(*first, Visits(1, "first"));
        assert!(Arc::ptr_eq(&first, &ask(&record, "second")));
        assert_eq!(*record.kept(|| 7_u8), 7, "another type is another value");
        assert!(Arc::ptr_eq(&first, &ask(&record, "third")));
        let next = reading(3, Some(&record));
        assert_eq!(*ask(&next, "next"), Visits(2, "next"));
        assert_eq!(*ask(&next.withhold(0), "withheld"), Visits(2, "withheld"), "its payloads are others");
    }
}
