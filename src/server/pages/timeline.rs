//! The timeline of an execution: a window of its rows, with the bars that can be told apart in the stretch that is shown.

use std::collections::HashSet;

use countersign_desk::watch::{Record, Waiting};
use countersign_desk::{Actor, Desk};
use countersign_trace::{Attempt, IterationId, Row, RowKind, StateStatus, Visit};

use super::execution::served;
use super::state::numbers;
use super::{Answered, attempt_status, iterations, status, worded};
use crate::wire::Status;
use crate::wire::timeline::{Bar, BarKind, Lane, Timeline};

/// Rows of a window.
const WINDOW: usize = 100;
/// A container with at most so many rows inside is unfolded at first, and so are the iterations in it.
const FEW: usize = 60;
/// Bars closer to each other than this part of the stretch are one: no screen tells them apart.
const PARTS: i64 = 600;

/// A window of the timeline, for `actor`.
///
/// # Errors
/// There is no such execution, or the connection does not answer.
pub async fn timeline(
    desk: &Desk,
    actor: &Actor,
    arn: String,
    iteration: Option<u64>,
    span: Option<String>,
    turned: Option<String>,
    from: Option<u64>,
) -> Answered<Timeline> {
    let (record, waits) = desk.execution(actor, &arn).await.map_err(|error| worded(desk, &error))?;
    let iteration = iteration.map(|event| iterations::named(&record, event));
    let span = span.as_deref().and_then(stretch);
    let turned = turned.as_deref().map(|turned| turned.split(',').collect()).unwrap_or_default();
    let sheet = Sheet::new(&record, &waits, iteration, span, turned, desk.now());
    let shown = sheet.shown();
    let from = from.and_then(|from| usize::try_from(from).ok()).unwrap_or(0).min(shown.len().saturating_sub(1));
    let window = &shown[from..(from + WINDOW).min(shown.len())];
    Ok(Timeline {
        rows: window.iter().map(|line| sheet.lane(line)).collect(),
        from: count(from),
        row_count: count(shown.len()),
        all: count(sheet.rows.len()),
        started_at: record.description.started_at,
        ended_at: record.description.ended_at,
        begin: sheet.begin,
        end: sheet.until,
        span,
        iteration: iteration.and_then(|iteration| iterations::title(&record, iteration)),
        now: desk.now(),
    })
}

fn count(of: usize) -> u64 {
    u64::try_from(of).unwrap_or(u64::MAX)
}

/// A stretch of time as the address says it: two numbers of milliseconds, such as `1500-2000`.
fn stretch(text: &str) -> Option<(i64, i64)> {
    let (from, to) = text.split_once('-')?;
    let (from, to) = (from.parse::<u32>().ok()?, to.parse::<i64>().ok()?);
    let from = i64::from(from);
    // A year and three months: longer than any execution.
    (from < to && to < 40_000_000_000).then_some((from, to))
}

/// What the rows are made of.
struct Sheet<'a> {
    record: &'a Record,
    /// The rows of the tree that belong to what is shown, and their depth.
    rows: &'a [Row],
    depth: usize,
    /// The stretch that is shown, in milliseconds since the epoch.
    begin: i64,
    end: i64,
    /// The same end, where it does not go on.
    until: Option<i64>,
    turned: HashSet<&'a str>,
    /// The states of activities that workers serve, and whether nothing waits for a person.
    served: HashSet<&'a str>,
    nobody: bool,
}

/// A row that is shown.
struct Line<'a> {
    row: &'a Row,
    position: usize,
    open: Option<bool>,
}

impl<'a> Sheet<'a> {
    fn new(
        record: &'a Record,
        waits: &[Waiting],
        iteration: Option<IterationId>,
        span: Option<(i64, i64)>,
        turned: HashSet<&'a str>,
        now: i64,
    ) -> Self {
        let rows = of_iteration(&record.tree().rows, iteration);
        let started = record.description.started_at;
        let ended = record.description.ended_at;
        let (begin, until) = match (span, rows.first().filter(|_| iteration.is_some())) {
            (Some((from, to)), _) => (started + from, Some(started + to)),
            // Of one iteration the stretch is that in which it ran.
            (None, Some(row)) => (row.from, row.to.or(ended)),
            (None, None) => (started, ended),
        };
        let end = until.unwrap_or(now).max(begin);
        let depth = rows.first().map_or(0, |row| row.depth);
        let served = served(record, waits);
        Self { record, rows, depth, begin, end, until, turned, served, nobody: waits.is_empty() }
    }

    /// The rows that are shown as things are folded, in the stretch of time.
    fn shown(&self) -> Vec<Line<'a>> {
        let mut shown = Vec::new();
        // Where the containers around a row end, and whether they have few rows inside.
        let mut around: Vec<(usize, bool)> = Vec::new();
        let mut position = 0;
        while let Some(row) = self.rows.get(position) {
            while around.last().is_some_and(|(end, _)| *end <= position) {
                around.pop();
            }
            let after = position + 1 + row.size;
            if row.from > self.end || row.to.is_some_and(|to| to < self.begin) {
                position = after;
                continue;
            }
            let few = match row.kind {
                RowKind::State(_) => row.size <= FEW,
                RowKind::Branch(_) => true,
                RowKind::Iteration(_) => around.last().is_none_or(|(_, few)| *few),
            };
            let open = (row.size > 0).then(|| few != self.turned.contains(self.key(row, position).as_str()));
            shown.push(Line { row, position, open });
            if matches!(row.kind, RowKind::State(_)) && row.size > 0 {
                around.push((after, few));
            }
            position = if open == Some(false) { after } else { position + 1 };
        }
        shown
    }

    /// What a group is called in the address: by the event with which it began.
    fn key(&self, row: &Row, position: usize) -> String {
        let entered =
            |row: &Row| row.visits.first().and_then(|id| self.record.trace.visit(*id)).map(|visit| visit.entered_event);
        match row.kind {
            RowKind::State(_) => entered(row).unwrap_or_default().to_string(),
            RowKind::Iteration(_) => {
                let iteration = row.iteration.and_then(|id| self.record.trace.iteration(id));
                iteration.map_or(0, |iteration| iteration.began_event).to_string()
            }
            RowKind::Branch(_) => format!("{}b", self.rows.get(position + 1).and_then(entered).unwrap_or_default()),
        }
    }

    fn lane(&self, line: &Line<'a>) -> Lane {
        let row = line.row;
        let path = || iterations::path(self.record, row.iteration).unwrap_or_default();
        let (name, state) = match &row.kind {
            RowKind::State(name) => (name.clone(), Some(name.clone())),
            RowKind::Iteration(_) => (format!("Index {}", path()), None),
            RowKind::Branch(number) => (format!("Branch {number}"), None),
        };
        let ended = self.record.description.ended_at;
        let visits = || row.visits.iter().filter_map(|id| self.record.trace.visit(*id));
        let (took, open_since) = if row.visits.is_empty() {
            row.to.or(ended).map_or((0, Some(row.from)), |to| (to - row.from, None))
        } else {
            let took = visits().filter_map(|visit| Some(visit.exited_at.or(ended)? - visit.entered_at)).sum();
            (took, visits().find(|visit| visit.exited_at.or(ended).is_none()).map(|visit| visit.entered_at))
        };
        Lane {
            key: self.key(row, line.position),
            depth: u32::try_from(row.depth - self.depth).unwrap_or(u32::MAX),
            name,
            iteration: row.iteration.and_then(|id| self.record.trace.iteration(id)).map(|one| one.began_event),
            status: self.status(row.status, state.as_deref()),
            note: self.note(line),
            state,
            open: line.open,
            took,
            open_since,
            bars: self.bars(row),
        }
    }

    /// How many visits it has; of a container what is directly inside, and how much of it failed.
    fn note(&self, line: &Line<'a>) -> String {
        let inside = &self.rows[line.position + 1..=line.position + line.row.size];
        let parts = || inside.iter().filter(|part| part.depth == line.row.depth + 1);
        let items = parts().filter(|part| matches!(part.kind, RowKind::Iteration(_))).count();
        let branches = parts().filter(|part| matches!(part.kind, RowKind::Branch(_))).count();
        let failed = parts().filter(|part| matches!(part.status, StateStatus::Failed | StateStatus::TimedOut)).count();
        let of = |count: usize, one: &str, many: &str| {
            let word = if count == 1 { one } else { many };
            let failed = if failed > 0 { format!(", {failed} failed") } else { String::new() };
            format!("{count} {word}{failed}")
        };
        match (items, branches, line.row.visits.len()) {
            (0, 0, 0 | 1) => String::new(),
            (0, 0, visits) => format!("{visits} visits"),
            (0, branches, _) => of(branches, "branch", "branches"),
            (items, ..) => of(items, "item", "items"),
        }
    }

    /// What waits for the worker of an activity waits for no person.
    fn status(&self, of: StateStatus, state: Option<&str>) -> Status {
        let served = state.map_or(self.nobody, |state| self.served.contains(state));
        match status(of) {
            Status::WaitingApproval if served => Status::Waiting,
            other => other,
        }
    }

    fn bars(&self, row: &Row) -> Vec<Bar> {
        let mut bars =
            Merged { bars: Vec::new(), begin: self.begin, end: self.end, ended: self.record.description.ended_at };
        if row.visits.is_empty() {
            let status = self.status(row.status, None);
            bars.add(Bar { kind: BarKind::Whole, visit: None, status, from: row.from, to: row.to });
        }
        let state = row.visits.first().and_then(|id| self.record.trace.visit(*id)).map(|visit| visit.state.as_str());
        let numbers = state.map_or_else(Vec::new, |name| numbers(self.record, name, row.iteration, &row.visits));
        for (id, number) in row.visits.iter().zip(numbers) {
            let Some(visit) = self.record.trace.visit(*id) else { continue };
            if visit.entered_at <= self.end && visit.exited_at.is_none_or(|at| at >= self.begin) {
                self.visit(visit, number, &mut bars);
            }
        }
        bars.bars
    }

    fn visit(&self, visit: &Visit, number: u64, bars: &mut Merged) {
        let whole = self.status(visit.status, Some(&visit.state));
        let ended = visit.attempts.last().is_some_and(|attempt| attempt.ended_at.is_some());
        let goes_on = visit.exited_at.is_none() && visit.status == StateStatus::Waiting;
        if visit.attempts.len() < 2 && !(ended && goes_on) {
            let (from, to) = (visit.entered_at, visit.exited_at);
            return bars.add(Bar { kind: BarKind::Whole, visit: Some(number), status: whole, from, to });
        }
        let mut before: Option<&Attempt> = None;
        let of_visit = Some(number);
        for (number, attempt) in (1..).zip(&visit.attempts) {
            if let Some(ended) = before.and_then(|before| before.ended_at) {
                bars.add(Bar {
                    kind: BarKind::BackOff,
                    visit: of_visit,
                    status: Status::Waiting,
                    from: ended,
                    to: Some(attempt.scheduled_at),
                });
            }
            let status = match attempt_status(attempt.result) {
                // An attempt without an end runs only as long as its state does.
                Status::Running => whole,
                ended => ended,
            };
            let (from, to) = (attempt.scheduled_at, attempt.ended_at);
            bars.add(Bar { kind: BarKind::Attempt(number), visit: of_visit, status, from, to });
            before = Some(attempt);
        }
        // After a failed attempt it waits for the next one.
        if let (Some(ended), None) = (before.and_then(|last| last.ended_at), visit.exited_at) {
            bars.add(Bar { kind: BarKind::BackOff, visit: of_visit, status: Status::Waiting, from: ended, to: None });
        }
    }
}

/// The rows of an iteration, its own first; all of them where none is chosen.
fn of_iteration(rows: &[Row], iteration: Option<IterationId>) -> &[Row] {
    let Some(iteration) = iteration else { return rows };
    let is_it = |row: &Row| matches!(row.kind, RowKind::Iteration(_)) && row.iteration == Some(iteration);
    rows.iter().position(is_it).map_or(&[], |at| &rows[at..=at + rows[at].size])
}

/// Bars in the order of time; those that nobody could tell apart are one.
struct Merged {
    bars: Vec<Bar>,
    begin: i64,
    end: i64,
    ended: Option<i64>,
}

impl Merged {
    fn add(&mut self, bar: Bar) {
        let bar = Bar { to: bar.to.or(self.ended), ..bar };
        let end = bar.to.unwrap_or(self.end);
        if bar.from > self.end || end < self.begin {
            return;
        }
        let least = ((self.end - self.begin) / PARTS).max(1);
        let Some(last) = self.bars.last_mut() else { return self.bars.push(bar) };
        let last_end = last.to.unwrap_or(self.end);
        let is_thin = |bar: &Bar, end: i64| matches!(bar.kind, BarKind::Many(_)) || end - bar.from < 2 * least;
        let close = bar.from - last_end < least && is_thin(last, last_end) && end - bar.from < 2 * least;
        if !close || bar.to.is_none() {
            return self.bars.push(bar);
        }
        let of = |kind: BarKind| match kind {
            BarKind::Whole | BarKind::Attempt(_) => 1,
            BarKind::BackOff => 0,
            BarKind::Many(count) => count,
        };
        let status = worse(last.status, bar.status);
        if status != last.status {
            (last.status, last.visit) = (status, bar.visit);
        }
        last.kind = match of(last.kind) + of(bar.kind) {
            0 => BarKind::BackOff,
            count => BarKind::Many(count),
        };
        last.to = Some(last_end.max(end));
    }
}

/// Of two bars that become one, what must not be overlooked.
fn worse(one: Status, other: Status) -> Status {
    let weight = |status: Status| match status {
        Status::Failed | Status::TimedOut => 5,
        Status::WaitingApproval => 4,
        Status::Caught => 3,
        Status::Aborted => 2,
        Status::Running => 1,
        Status::Succeeded | Status::Waiting | Status::NotReached | Status::Elsewhere => 0,
    };
    if weight(other) > weight(one) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_two_numbers_that_grow() {
        assert_eq!(stretch("1500-2000"), Some((1_500, 2_000)));
        for text in ["", "-", "5", "5-5", "9-5", "-5-9", "a-b", "0-99999999999999"] {
            assert_eq!(stretch(text), None, "{text}");
        }
    }

    #[test]
    fn thousands_of_bars_become_as_many_as_can_be_told_apart() {
        let mut merged = Merged { bars: Vec::new(), begin: 0, end: 1_000_000, ended: None };
        for at in 0..10_000 {
            let status = if at == 7_777 { Status::Failed } else { Status::Succeeded };
            let visit = u64::try_from(at + 1).ok();
            merged.add(Bar { kind: BarKind::Whole, visit, status, from: at * 100, to: Some(at * 100 + 60) });
        }
        let count: u32 =
            merged.bars.iter().map(|bar| if let BarKind::Many(count) = bar.kind { count } else { 1 }).sum();
        assert_eq!(count, 10_000, "each visit is in one of them");
        assert!(merged.bars.len() <= 700, "{}", merged.bars.len());
        let failed = merged.bars.iter().find(|bar| bar.status == Status::Failed);
        assert_eq!(failed.and_then(|bar| bar.visit), Some(7_778), "a failure is not hidden among the others");
    }
}
