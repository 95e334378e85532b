//! The iterations of a Map, and the executions that a distributed one started.

use countersign_asl::graph::NodeKind;
use countersign_desk::connection::ExecutionStatus;
use countersign_desk::eyes::Eyes;
use countersign_desk::index::{ExecutionCursor, ExecutionPage, ExecutionRow, MapRun, Shown};
use countersign_desk::watch::Record;
use countersign_desk::{Actor, Desk};
use countersign_json::{Json, Kind, Value};
use countersign_trace::{EventKind, Iteration, IterationId, Trace};

use super::execution::telling_state;
use super::{Answered, rows, status, worded};
use crate::wire::iterations::{Chosen, IterationRow, Iterations, MapRunRow, Outcome, Run};

/// Rows of a page.
const PAGE: usize = 50;
/// A longer input (bytes) is not read for what tells its item.
const READ: usize = 16 * 1024;
/// The most characters of what tells an item.
const LABEL: usize = 80;

/// A page of the iterations of the Map `state`, for `actor`.
///
/// # Errors
/// There is no such execution, or the connection does not answer.
pub async fn iterations(
    desk: &Desk,
    actor: &Actor,
    arn: String,
    state: Option<String>,
    within: Option<u64>,
    outcome: Option<String>,
    from: Option<String>,
) -> Answered<Iterations> {
    let (record, _) = desk.execution(actor, &arn).await.map_err(|error| worded(desk, &error))?;
    // A row is told from others by its input.
    let eyes = desk.viewing(actor, &record).await;
    let within = within.map(|event| named(&record, event));
    let outcome = outcome.as_deref().and_then(Outcome::read);
    let chosen = chain(&record.trace, within);
    let nothing = || Iterations { chosen: chosen.clone(), now: desk.now(), ..Iterations::default() };
    let state = state.or_else(|| telling_state(&record));
    let Some(map) = state.filter(|state| is_map(&record, state)) else { return Ok(nothing()) };
    let page = Iterations { map: Some(map.clone()), outcome, ..nothing() };
    let own = of_map(&record, &map, within);
    let is_run = |event: &countersign_trace::HistoryEvent| {
        event.kind == EventKind::MapRunStarted && record.state_of_event(event) == Some(map.as_str())
    };
    if own.is_empty() && record.events.iter().any(is_run) {
        return children(desk, actor, &record, page, from).await;
    }
    Ok(inline(&record, &eyes, page, own, from.as_deref()))
}

/// The iteration that began with an event. One that is none has nothing in it.
#[must_use]
pub fn named(record: &Record, event: u64) -> IterationId {
    record.trace.iteration_begun_by(event).unwrap_or(IterationId(usize::MAX))
}

/// The indexes of an iteration and those around it, the outermost first: `2 › 0`.
#[must_use]
pub fn path(record: &Record, innermost: Option<IterationId>) -> Option<String> {
    let indexes = chain(&record.trace, innermost).into_iter().map(|one| one.index.to_string());
    let words: Vec<String> = indexes.collect();
    (!words.is_empty()).then(|| words.join(" › "))
}

/// An iteration with its Map: `Each 2 › 0`.
#[must_use]
pub fn title(record: &Record, iteration: IterationId) -> Option<String> {
    let map = &chain(&record.trace, Some(iteration)).last()?.map.clone();
    Some(format!("{map} {}", path(record, Some(iteration))?))
}

/// An iteration and those around it, the outermost first.
fn chain(trace: &Trace, innermost: Option<IterationId>) -> Vec<Chosen> {
    let one = |id: IterationId| {
        let iteration = trace.iteration(id)?;
        let map = trace.visit(iteration.map)?.state.clone();
        Some(Chosen { map, index: iteration.index, id: iteration.began_event })
    };
    let mut chain: Vec<Chosen> = trace.iterations_around(innermost).filter_map(one).collect();
    chain.reverse();
    chain
}

fn is_map(record: &Record, state: &str) -> bool {
    let visited = record.visits_of(state).first().and_then(|first| record.trace.visit(*first));
    visited.map_or_else(
        || {
            let graph = record.definition.graph.as_ref();
            graph.is_some_and(|graph| graph.nodes.iter().any(|node| node.id == state && node.kind == NodeKind::Map))
        },
        |visit| visit.state_type == "Map",
    )
}

/// The iterations of a Map: where one around it is chosen, those inside that one.
fn of_map(record: &Record, map: &str, within: Option<IterationId>) -> Vec<IterationId> {
    let trace = &record.trace;
    let state = |id: IterationId| Some(&*trace.visit(trace.iteration(id)?.map)?.state);
    let chosen: Vec<IterationId> = trace.iterations_around(within).collect();
    let is_inside = |id: IterationId| {
        let around: Vec<IterationId> = trace.iterations_around(Some(id)).skip(1).collect();
        chosen.iter().all(|one| around.contains(one) || around.iter().all(|other| state(*other) != state(*one)))
    };
    let all = (0..trace.iterations.len()).map(IterationId);
    all.filter(|id| state(*id) == Some(map) && is_inside(*id)).collect()
}

fn inline(record: &Record, eyes: &Eyes, page: Iterations, own: Vec<IterationId>, from: Option<&str>) -> Iterations {
    let of = |id: &IterationId| &record.trace.iterations[id.0];
    let outcome = |id: &IterationId| Outcome::of(status(of(id).status));
    let tally = |one: Outcome| (one, Some(count(own.iter().filter(|id| outcome(id) == one).count())));
    let counts = Outcome::ALL.map(tally).to_vec();
    let total = count(own.len());
    let mut wanted: Vec<IterationId> =
        own.into_iter().filter(|id| page.outcome.is_none_or(|wanted| outcome(id) == wanted)).collect();
    // What failed comes first; the sort keeps the order of the rest.
    wanted.sort_by_key(outcome);
    let from = from.and_then(|from| from.parse::<usize>().ok()).unwrap_or(0);
    let from = if from < wanted.len() { from } else { 0 };
    let to = (from + PAGE).min(wanted.len());
    let row = |id: &IterationId| {
        let iteration = of(id);
        IterationRow {
            what: Run::Iteration(iteration.began_event),
            name: path(record, Some(*id)).unwrap_or_default(),
            label: label(record, eyes, iteration),
            status: status(iteration.status),
            began_at: iteration.began_at,
            ended_at: iteration.ended_at,
        }
    };
    Iterations {
        rows: wanted[from..to].iter().map(row).collect(),
        counts,
        matched: Some(count(wanted.len())),
        total: Some(total),
        shown: (count(from + 1).min(count(to)), count(to)),
        earlier: (from > 0).then(|| from.saturating_sub(PAGE).to_string()),
        later: (to < wanted.len()).then(|| to.to_string()),
        ..page
    }
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

/// What tells an item from others: the input of its first state where that is a plain value, else the field of it that looks
/// like a name.
fn label(record: &Record, eyes: &Eyes, iteration: &Iteration) -> Option<String> {
    let visits = &record.trace.visits;
    let start = visits.partition_point(|visit| visit.entered_event < iteration.began_event);
    let is_own = |visit: &&countersign_trace::Visit| {
        visit.parent == Some(iteration.map)
            && visit.iteration.as_ref().is_some_and(|(_, index)| *index == iteration.index)
    };
    let input = visits[start..].iter().find(is_own)?.input.as_deref().filter(|input| input.len() <= READ)?;
    let shown = Some(eyes.text(input)).filter(|_| !eyes.see_nothing())?;
    let json = Json::read(&*shown).ok()?;
    let text = telling(json.root())?;
    Some(text.chars().take(LABEL).collect())
}

fn telling(value: Value<'_>) -> Option<String> {
    let plain = |value: Value<'_>| match value.kind() {
        Kind::Object | Kind::Array => None,
        Kind::String => value.text().map(std::borrow::Cow::into_owned),
        _ => Some(value.raw().to_owned()),
    };
    if let Some(text) = plain(value) {
        return Some(text);
    }
    let fields: Vec<(String, String)> =
        value.members().filter_map(|(key, value)| Some((key.to_string(), plain(value)?))).collect();
    let names = |(key, _): &&(String, String)| {
        let key = key.to_lowercase();
        ["id", "key", "name", "title", "number"].iter().any(|word| key.ends_with(word))
    };
    let (key, text) = fields.iter().find(names).or_else(|| fields.first())?;
    Some(format!("{key} {text}"))
}

/// The outcomes in the order of the list, each with the statuses that it has.
const GROUPS: [(Outcome, Shown); 6] = [
    (Outcome::Failed, Shown::Status(ExecutionStatus::Failed)),
    (Outcome::Failed, Shown::Status(ExecutionStatus::TimedOut)),
    (Outcome::Waiting, Shown::Waiting),
    (Outcome::Running, Shown::Status(ExecutionStatus::Running)),
    (Outcome::Stopped, Shown::Status(ExecutionStatus::Aborted)),
    (Outcome::Succeeded, Shown::Status(ExecutionStatus::Succeeded)),
];

/// Where a page of children begins: the group, what of it comes before, and how many rows there were before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
struct From {
    group: usize,
    before: Option<ExecutionCursor>,
    rows: u64,
}

impl From {
    fn read(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '-');
        let (group, rows, before) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?, parts.next()?);
        let before = if before.is_empty() { None } else { Some(before.parse().ok()?) };
        Some(Self { group, before, rows })
    }

    fn text(self) -> String {
        let before = self.before.map_or_else(String::new, |before| before.to_string());
        format!("{}-{}-{before}", self.group, self.rows)
    }
}

/// The executions that the Map Runs of a state started: what failed first, and in each group the newest.
async fn children(
    desk: &Desk,
    actor: &Actor,
    record: &Record,
    page: Iterations,
    from: Option<String>,
) -> Answered<Iterations> {
    let arn = &record.description.arn;
    let is_own = |run: &MapRun| record.state_of_map_run(&run.arn) == page.map.as_deref();
    let runs = desk.map_runs(actor, arn).await.map_err(|error| worded(desk, &error))?;
    let runs: Vec<MapRun> = runs.into_iter().filter(is_own).collect();
    let arns: Vec<String> = runs.iter().map(|run| run.arn.clone()).collect();
    let of =
        |wanted: Shown| runs.iter().flat_map(|run| &run.counts).filter(|(one, _)| *one == wanted).map(|(_, n)| n).sum();
    let sums: Vec<u64> = GROUPS.iter().map(|(_, shown)| of(*shown)).collect();
    let wanted = |group: &usize| page.outcome.is_none_or(|outcome| GROUPS[*group].0 == outcome);
    let matched: u64 = (0..GROUPS.len()).filter(wanted).map(|group| sums[group]).sum();
    // An address that is none begins at the beginning.
    let from = from.as_deref().and_then(From::read).unwrap_or_default();
    let (mut rows, mut later) = (Vec::new(), None);
    for group in (from.group..GROUPS.len()).filter(wanted) {
        let before = from.before.filter(|_| group == from.group);
        let room = u32::try_from(PAGE - rows.len()).unwrap_or(0);
        if room == 0 {
            later = Some(From { group, before: None, rows: from.rows + count(rows.len()) });
            break;
        }
        let found = desk.children_of_runs(actor, arn, &arns, GROUPS[group].1, before, room);
        let found: ExecutionPage = found.await.map_err(|error| worded(desk, &error))?;
        rows.extend(found.rows.iter().map(child_row));
        if let Some(older) = found.older {
            later = Some(From { group, before: Some(older), rows: from.rows + count(rows.len()) });
            break;
        }
    }
    // Only where there is something behind.
    let later = later.filter(|later| later.rows < matched || later.before.is_some());
    let tally = |one: Outcome| {
        let sum = (0..GROUPS.len()).filter(|group| GROUPS[*group].0 == one).map(|group| sums[group]).sum();
        (one, Some(sum))
    };
    let to = from.rows + count(rows.len());
    Ok(Iterations {
        counts: Outcome::ALL.map(tally).to_vec(),
        total: Some(sums.iter().sum()),
        matched: Some(matched),
        shown: ((from.rows + 1).min(to), to),
        later: later.map(From::text),
        earlier: (from != From::default()).then(String::new),
        runs: runs.iter().map(run_row).collect(),
        rows,
        ..page
    })
}

fn child_row(row: &ExecutionRow) -> IterationRow {
    IterationRow {
        what: Run::Execution(row.summary.arn.clone()),
        name: row.summary.name.clone(),
        label: None,
        status: rows::shown_status(row.shown),
        began_at: row.summary.started_at,
        ended_at: row.summary.ended_at,
    }
}

fn run_row(run: &MapRun) -> MapRunRow {
    let sum = |of: fn(Outcome) -> bool| {
        let of_group = |(shown, n): &(Shown, u64)| {
            let outcome = Outcome::of(rows::shown_status(*shown));
            if of(outcome) { *n } else { 0 }
        };
        run.counts.iter().map(of_group).sum()
    };
    MapRunRow {
        arn: run.arn.clone(),
        total: sum(|_| true),
        failed: sum(|outcome| outcome == Outcome::Failed),
        open: sum(|outcome| matches!(outcome, Outcome::Running | Outcome::Waiting)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_begin_of_a_page_of_children_is_read_as_it_is_written() {
        let cursor = ExecutionCursor { started_at: 1_764_160_000_000, number: 7 };
        for from in [From::default(), From { group: 5, before: Some(cursor), rows: 10_050 }] {
            assert_eq!(From::read(&from.text()), Some(from));
        }
        for text in ["", "1", "1-2", "a-b-c", "1-2-3", "-1-2-"] {
            assert_eq!(From::read(text), None, "{text}");
        }
    }
}
