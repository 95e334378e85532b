//! The course of an execution as its drawing shows it: a small table by the numbers of states.

use std::collections::{BTreeMap, HashMap};

use countersign_asl::Machine;
use countersign_desk::watch::{Record, Waiting, is_activity};
use countersign_trace::{AttemptResult, EventKind, StateStatus, Trace, Visit, VisitId, Wait};

use super::super::graph::Numbers;
use super::super::status;
use super::basis::Basis;
use super::within::Within;
use crate::visible::visible;
use crate::wire::Status;
use crate::wire::graph::{Course, Note, StateCourse};

/// How the executions of each Map Run fare, by its ARN.
pub type Children = Vec<(String, Vec<(Status, u64)>)>;

/// Whom tasks wait for, in words, by the events that scheduled them.
pub type Whom = BTreeMap<u64, String>;

/// The course; `waits` are its tasks that wait for a person, with those `whom` that is known of, and `children` the executions
/// that its Map Runs started. Of the iteration that began with the event `iteration` only its own, where one is chosen.
pub fn course(
    record: &Record,
    (waits, whom): (&[Waiting], &Whom),
    children: &Children,
    iteration: Option<u64>,
) -> Course {
    let Some(graph) = &record.definition.graph else { return Course::default() };
    let (trace, numbers) = (&record.trace, Numbers::of(graph));
    let basis = Basis::of(record);
    let mut notes = Notes::of(record, &basis, waits, whom);
    notes.count(children);
    let within = iteration.and_then(|event| Within::of(record, event));
    let states = trace.states.iter().filter_map(|(name, summary)| {
        let stands = within.as_ref().map_or(summary.status, |within| within.status(name, summary.status));
        let served = stands == StateStatus::WaitingApproval && notes.is_served(name);
        // What is noted of a state is about all iterations.
        let is_one = within.as_ref().is_some_and(|within| within.is_inside(name));
        Some(StateCourse {
            state: numbers.get(name).filter(|_| stands != StateStatus::NotReached)?,
            status: if served { Status::Waiting } else { status(stands) },
            notes: if is_one { Vec::new() } else { notes.of_state(name) },
        })
    });
    let entered = |map: &str| {
        let whole = trace.states.get(map).map_or(StateStatus::NotReached, |summary| summary.status);
        within.as_ref().map_or(whole, |within| within.status(map, whole)) != StateStatus::NotReached
    };
    let elsewhere = basis.elsewhere.iter().filter(|(_, map)| entered(map)).filter_map(|(name, _)| {
        Some(StateCourse { state: numbers.get(name)?, status: Status::Elsewhere, notes: Vec::new() })
    });
    let all = || trace.edges_taken.iter().map(|(from, to)| (from.as_str(), to.as_str())).collect();
    let edges: Vec<(&str, &str)> = within.as_ref().map_or_else(all, Within::taken);
    let taken = edges.into_iter().filter_map(|(from, to)| Some((numbers.get(from)?, numbers.get(to)?)));
    Course {
        definition: basis.definition,
        states: states.chain(elsewhere).collect(),
        taken: taken.collect(),
        over: record.description.ended_at.is_some(),
    }
}

/// The iterations of a distributed Map, with the executions that run them.
pub fn iterations_of(record: &Record, children: &Children, map: &str) -> Option<Note> {
    let (basis, whom) = (Basis::of(record), Whom::new());
    let mut notes = Notes::of(record, &basis, &[], &whom);
    notes.count(children);
    notes.iterations(map).map(Iterations::note)
}

/// What the visits of each state have to say.
struct Notes<'a> {
    record: &'a Record,
    basis: &'a Basis,
    waits: &'a [Waiting],
    whom: &'a Whom,
    /// The open tasks of each state that wait for an answer.
    open: HashMap<&'a str, Vec<&'a Wait>>,
    /// The iterations of distributed Maps, with the executions that run them.
    children: HashMap<&'a str, Iterations>,
}

impl<'a> Notes<'a> {
    fn of(record: &'a Record, basis: &'a Basis, waits: &'a [Waiting], whom: &'a Whom) -> Self {
        let mut open: HashMap<&str, Vec<&Wait>> = HashMap::new();
        for wait in &record.trace.waits {
            open.entry(&wait.state).or_default().push(wait);
        }
        Self { record, basis, waits, whom, open, children: HashMap::new() }
    }

    /// Adds the children of distributed Maps.
    fn count(&mut self, children: &Children) {
        for (map_run, counts) in children {
            let Some(state) = self.record.state_of_map_run(map_run) else { continue };
            let basis = self.basis;
            let own = || basis.iterations.get(state).cloned().unwrap_or_default();
            let iterations = self.children.entry(state).or_insert_with(own);
            counts.iter().for_each(|(status, count)| iterations.add(*status, *count));
        }
    }

    /// Whether every open task of the state is an activity's whose workers answer.
    fn is_served(&self, state: &str) -> bool {
        let open = self.open.get(state).map_or(&[][..], Vec::as_slice);
        !open.is_empty()
            && open.iter().all(|wait| is_activity(wait))
            && self.waits.iter().all(|wait| wait.state != state)
    }

    fn iterations(&self, map: &str) -> Option<&Iterations> {
        self.children.get(map).or_else(|| self.basis.iterations.get(map))
    }

    fn of_state(&self, state: &str) -> Vec<Note> {
        let mut notes: Vec<Note> = Vec::new();
        notes.extend(self.iterations(state).map(Iterations::note));
        let visit = self.basis.last.get(state).map(|id| &self.record.trace.visits[*id]);
        notes.extend(self.waiting(state).or_else(|| visit.and_then(|visit| self.pause(visit))));
        notes.extend(visit.and_then(|visit| attempt(visit, self.record.definition.machine.as_ref())));
        notes
    }

    /// Tasks that wait for an answer: the one that is due first.
    fn waiting(&self, state: &str) -> Option<Note> {
        let open = self.open.get(state)?;
        let due = |wait: &&&Wait| (wait.timeout_at.unwrap_or(i64::MAX), wait.since);
        let first = open.iter().min_by_key(due)?;
        let asked = self.waits.iter().find(|wait| wait.event == first.scheduled_event);
        let known = self.whom.get(&first.scheduled_event).map(|whom| visible(whom).into_owned());
        let person = || known.unwrap_or_else(|| "a person".to_owned());
        let whom = if self.is_served(state) { "a worker".to_owned() } else { person() };
        Some(Note::Waits {
            whom: Some(whom),
            since: first.since,
            until: asked.and_then(|wait| wait.due).or(first.timeout_at),
            count: u32::try_from(open.len()).unwrap_or(u32::MAX),
        })
    }

    /// A Wait state, a service whose job has to end, or a task between two attempts.
    fn pause(&self, visit: &Visit) -> Option<Note> {
        if visit.exited_at.is_some() || visit.status != StateStatus::Waiting {
            return None;
        }
        let attempt = visit.attempts.last().filter(|attempt| attempt.result == AttemptResult::Running);
        let whom = attempt.and_then(|attempt| attempt.resource_type.as_deref());
        Some(Note::Waits {
            whom: whom.map(|service| visible(service).into_owned()),
            since: attempt
                .map(|attempt| attempt.scheduled_at)
                .or_else(|| visit.attempts.last().and_then(|failed| failed.ended_at))
                .unwrap_or(visit.entered_at),
            until: self.record.wait_ends(visit).or_else(|| self.record.next_attempt(visit)),
            count: 1,
        })
    }
}

/// A visit that was tried again, or will be: which attempt it is, and of how many at most.
fn attempt(visit: &Visit, machine: Option<&Machine>) -> Option<Note> {
    let made = u32::try_from(visit.attempts.len()).unwrap_or(u32::MAX).max(visit.restarts.saturating_add(1));
    let ended = visit.attempts.last().is_some_and(|attempt| attempt.result != AttemptResult::Running);
    let number =
        if visit.exited_at.is_none() && visit.status == StateStatus::Waiting && ended { made + 1 } else { made };
    if number < 2 {
        return None;
    }
    let errors = visit.attempts.iter().filter_map(|attempt| attempt.error.as_deref()).collect::<Vec<_>>();
    let retriers = machine.and_then(|machine| machine.state(&visit.state)).map_or(&[][..], |state| &state.retry);
    let is_for = |name: &String| name == "States.ALL" || name == "States.TaskFailed" || errors.contains(&name.as_str());
    let most =
        retriers.iter().find(|retrier| retrier.errors.iter().any(is_for)).map(|retrier| retrier.max_attempts + 1);
    Some(Note::Attempt { number, of: most.filter(|most| *most >= number) })
}

/// The iterations of a Map.
#[derive(Clone, Default)]
pub struct Iterations {
    total: Option<u64>,
    counts: BTreeMap<u8, (Status, u64)>,
}

impl Iterations {
    fn note(&self) -> Note {
        Note::Iterations { total: self.total, counts: self.counts.values().copied().collect() }
    }

    fn add(&mut self, status: Status, count: u64) {
        self.counts.entry(rank(status)).or_insert((status, 0)).1 += count;
    }
}

/// In which order outcomes are counted: what went wrong first.
const fn rank(status: Status) -> u8 {
    match status {
        Status::Failed => 0,
        Status::TimedOut => 1,
        Status::WaitingApproval => 2,
        Status::Waiting => 3,
        Status::Running => 4,
        Status::Aborted => 5,
        Status::Caught => 6,
        Status::Succeeded => 7,
        Status::NotReached | Status::Elsewhere => 8,
    }
}

/// The last visit of each state that is still of interest.
pub fn last_visits(trace: &Trace) -> HashMap<&str, VisitId> {
    let mut last: HashMap<&str, VisitId> = HashMap::new();
    for (id, visit) in trace.numbered_visits() {
        // Of several, one that goes on tells more than one that has ended.
        let goes_on = |id: VisitId| trace.visits[id].exited_at.is_none();
        if last.get(visit.state.as_str()).is_none_or(|before| !goes_on(*before) || goes_on(id)) {
            last.insert(&visit.state, id);
        }
    }
    last
}

/// The iterations of each Map, in its last visit of each iteration around it.
pub fn iterations(record: &Record) -> HashMap<&str, Iterations> {
    let trace = &record.trace;
    let mut found: HashMap<&str, Iterations> = HashMap::new();
    let lengths: HashMap<u64, u64> = record
        .events
        .iter()
        .filter(|event| event.kind == EventKind::MapStateStarted)
        .filter_map(|event| Some((event.previous_event_id, event.details.length?)))
        .collect();
    let mut newest: HashMap<(Option<VisitId>, Option<u64>, &str), VisitId> = HashMap::new();
    for (id, visit) in trace.numbered_visits().filter(|(_, visit)| visit.state_type == "Map") {
        newest.insert((visit.parent, visit.iteration.as_ref().map(|(_, index)| *index), &visit.state), id);
    }
    // A Map that is tried again begins its iterations again: the last of each index counts.
    let mut last: BTreeMap<(VisitId, u64), StateStatus> = BTreeMap::new();
    for iteration in &trace.iterations {
        last.insert((iteration.map, iteration.index), iteration.status);
    }
    for ((_, _, state), id) in newest {
        let iterations = found.entry(state).or_default();
        if let Some(length) = lengths.get(&trace.visits[id].entered_event) {
            *iterations.total.get_or_insert(0) += length;
        }
        for (_, fared) in last.range((id, 0)..=(id, u64::MAX)) {
            iterations.add(status(*fared), 1);
        }
    }
    found.retain(|_, iterations| iterations.total.is_some() || !iterations.counts.is_empty());
    found
}
