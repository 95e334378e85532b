//! The events of an execution: a window of those that are wanted, and the details of one.

use std::ops::Range;

use countersign_desk::eyes::Eyes;
use countersign_desk::watch::{EventFilter, Kinds, Record, details};
use countersign_desk::{Actor, Desk};
use countersign_trace::{EventKind, HistoryEvent};

use super::state::number_of;
use super::value::{Source, value};
use super::{Answered, iterations, worded};
use crate::error::{AppError, ErrorKind};
use crate::wire::Status;
use crate::wire::events::{EventDetails, EventRow, Events, Group, Wanted};

/// Rows of a window.
const WINDOW: usize = 200;
/// The most characters of a text that is sought.
const SOUGHT: usize = 200;
/// The most characters of a row's detail.
const SUMMARY: usize = 200;

/// A window of the events that are wanted, for `actor`: from a row on, or around the event `open`.
///
/// # Errors
/// There is no such execution, or the connection does not answer.
pub async fn events(
    desk: &Desk,
    actor: &Actor,
    arn: String,
    wanted: Wanted,
    from: Option<u64>,
    open: Option<u64>,
) -> Answered<Events> {
    let (record, _) = desk.execution(actor, &arn).await.map_err(|error| worded(desk, &error))?;
    let (eyes, connection) = (desk.viewing(actor, &record).await, desk.id().as_str().to_owned());
    let cut = move || window(&record, (&connection, &eyes), &wanted, from, open);
    // A text is sought in every detail, which takes time.
    tokio::task::spawn_blocking(cut).await.map_err(|_| {
        let what = "The events could not be read.";
        AppError::new(
            ErrorKind::Internal,
            what,
            "Reload the page; if it happens again, report it with the server's log.",
        )
    })
}

/// Rows of the list, each by the positions of its events.
enum Rows<'a> {
    Single(&'a [usize]),
    Grouped(Vec<Vec<usize>>),
}

impl Rows<'_> {
    fn len(&self) -> usize {
        match self {
            Rows::Single(all) => all.len(),
            Rows::Grouped(all) => all.len(),
        }
    }

    /// The row that has the event at this position.
    fn place(&self, position: usize) -> Option<usize> {
        match self {
            Rows::Single(all) => all.binary_search(&position).ok(),
            Rows::Grouped(all) => all.iter().position(|group| group.binary_search(&position).is_ok()),
        }
    }

    fn within(&self, range: Range<usize>) -> Vec<&[usize]> {
        match self {
            Rows::Single(all) => all[range].iter().map(std::slice::from_ref).collect(),
            Rows::Grouped(all) => all[range].iter().map(Vec::as_slice).collect(),
        }
    }
}

fn window(
    record: &Record,
    (connection, eyes): (&str, &Eyes),
    wanted: &Wanted,
    from: Option<u64>,
    open: Option<u64>,
) -> Events {
    let filter = filter(record, wanted);
    let matching = record.events_matching(&filter, eyes);
    let rows = if wanted.grouped { Rows::Grouped(record.grouped(&matching)) } else { Rows::Single(&matching) };
    let opened = open.and_then(|id| record.event(id));
    let open_at = opened.and_then(|event| rows.place(position(event)));
    let from = match from {
        Some(from) => usize::try_from(from).unwrap_or(usize::MAX),
        None => open_at.map_or(0, |at| at.saturating_sub(WINDOW / 2)),
    };
    // A page that was kept may begin behind the end of what a filter lets through today.
    let from = from.min(rows.len().saturating_sub(1));
    let range = from..(from + WINDOW).min(rows.len());
    Events {
        rows: rows.within(range).into_iter().filter_map(|row| event_row(record, eyes, row)).collect(),
        from: count(from),
        row_count: count(rows.len()),
        matched: count(matching.len()),
        total: count(record.events.len()),
        states: record.trace.states.keys().cloned().collect(),
        started_at: record.description.started_at,
        iteration: filter.iteration.and_then(|iteration| iterations::title(record, iteration)),
        error: record.error_event(),
        open: opened.map(|event| event_details(record, connection, eyes, event)),
        open_at: open_at.map(count),
    }
}

fn filter(record: &Record, wanted: &Wanted) -> EventFilter {
    let kinds = wanted.kind.as_deref().map_or(Kinds::ALL, |word| match Group::of(word) {
        Some(group) => Kinds::only(|kind| has(group, kind)),
        None => Kinds::only(|kind| kind.name() == word),
    });
    let text = wanted.text.as_deref().map(|text| text.trim().chars().take(SOUGHT).collect::<String>());
    EventFilter {
        kinds,
        state: wanted.state.clone(),
        text: text.filter(|text| !text.is_empty()),
        iteration: wanted.iteration.map(|event| iterations::named(record, event)),
    }
}

/// Whether a type belongs to a group. Every type belongs to one group beside the failures.
fn has(group: Group, kind: EventKind) -> bool {
    let name = kind.name();
    let is_state = kind.is_state_entered() || kind.is_state_exited();
    let is_container = !is_state && (name.starts_with("Map") || name.starts_with("Parallel"));
    match group {
        Group::Failures => kind.is_failure(),
        Group::States => {
            is_state || name.ends_with("StateAborted") && !is_container || kind == EventKind::EvaluationFailed
        }
        Group::Tasks => {
            let is_call = ["Task", "LambdaFunction", "Activity"].iter().any(|word| name.starts_with(word));
            is_call && !name.starts_with("TaskState")
        }
        Group::Containers => is_container,
        Group::Execution => name.starts_with("Execution"),
    }
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

/// Ids count from 1 without gaps.
fn position(event: &HistoryEvent) -> usize {
    usize::try_from(event.id - 1).unwrap_or(usize::MAX)
}

fn event_row(record: &Record, eyes: &Eyes, positions: &[usize]) -> Option<EventRow> {
    let event = record.events.get(*positions.first()?)?;
    let last = record.events.get(*positions.last()?)?;
    let before = record.events.get(positions.first()?.wrapping_sub(1));
    let group = (positions.len() > 1).then(|| {
        let kinds: Vec<String> = positions.iter().map(|at| step(record.events[*at].kind)).collect();
        (kinds.join(", "), last.timestamp - event.timestamp)
    });
    let kind = if group.is_some() { service(event.kind) } else { event.kind.name() };
    let told = positions.iter().rev().map(|at| &record.events[*at]).find(|event| event.details.error.is_some());
    Some(EventRow {
        id: event.id,
        at: event.timestamp,
        after: before.map_or(0, |before| event.timestamp - before.timestamp),
        kind: kind.to_owned(),
        state: record.state_of_event(event).map(str::to_owned),
        place: iterations::path(record, record.trace.owner(event.id).iteration),
        summary: summary(record, eyes, told.unwrap_or(event)),
        tone: tone(last),
        group,
    })
}

/// What the events of a call are about.
fn service(kind: EventKind) -> &'static str {
    let name = kind.name();
    ["LambdaFunction", "Activity", "Task"].into_iter().find(|word| name.starts_with(word)).unwrap_or(name)
}

/// What an event says of a call, such as `schedule failed`.
fn step(kind: EventKind) -> String {
    let rest = kind.name().strip_prefix(service(kind)).unwrap_or_default();
    let spaced = rest.chars().enumerate().flat_map(|(at, character)| {
        let space = (at > 0 && character.is_uppercase()).then_some(' ');
        space.into_iter().chain(character.to_lowercase())
    });
    spaced.collect()
}

/// The most telling detail.
fn summary(record: &Record, eyes: &Eyes, event: &HistoryEvent) -> String {
    let details = &event.details;
    let name = details.name.as_deref().filter(|name| record.state_of_event(event) != Some(name));
    let resource = details.resource.as_deref().map(|resource| match details.resource_type.as_deref() {
        Some(kind) if !resource.starts_with("arn:") => format!("{kind}:{resource}"),
        _ => resource.to_owned(),
    });
    let length = details.length.map(|length| if length == 1 { "1 item".to_owned() } else { format!("{length} items") });
    let texts = [details.error.as_deref(), name, resource.as_deref(), details.worker_name.as_deref()];
    let text = texts.into_iter().flatten().next().or(length.as_deref()).or(details.map_run_arn.as_deref());
    eyes.name(text.unwrap_or_default()).chars().take(SUMMARY).collect()
}

fn tone(event: &HistoryEvent) -> Status {
    let name = event.kind.name();
    if name.ends_with("TimedOut") {
        Status::TimedOut
    } else if name.ends_with("Aborted") {
        Status::Aborted
    } else if event.kind.is_failure() {
        Status::Failed
    } else if name.ends_with("Succeeded") {
        Status::Succeeded
    } else {
        Status::NotReached
    }
}

fn event_details(record: &Record, connection: &str, eyes: &Eyes, event: &HistoryEvent) -> EventDetails {
    let owner = record.trace.owner(event.id);
    let of_attempt = |other: &&HistoryEvent| record.trace.owner(other.id) == owner;
    let attempt = owner.attempt.map_or_else(Vec::new, |_| {
        record.events.iter().filter(of_attempt).map(|other| (other.id, other.kind.name().to_owned())).collect()
    });
    let field = |(key, text): (String, String)| {
        let source = Source::Detail(event.id, key.clone());
        let shown = eyes.detail(&key, &text);
        (key, value(connection, &record.description.arn, shown, &source))
    };
    EventDetails {
        id: event.id,
        at: event.timestamp,
        kind: event.kind.name().to_owned(),
        tone: tone(event),
        state: record.state_of_event(event).map(str::to_owned),
        place: iterations::path(record, owner.iteration),
        iteration: owner.iteration.and_then(|id| record.trace.iteration(id)).map(|iteration| iteration.began_event),
        visit: owner.visit.map(|visit| number_of(record, visit)),
        previous: record.event(event.previous_event_id).map(|before| before.id),
        next: record.event(event.id + 1).map(|next| next.id),
        attempt,
        fields: details(event).into_iter().map(field).collect(),
    }
}

#[cfg(test)]
mod tests;
