//! The page of one execution.

use std::collections::BTreeMap;

use countersign_asl::StateKind;
use countersign_desk::connection::ExecutionStatus;
use countersign_desk::redact::Tokens;
use countersign_desk::watch::{Record, Snapshot, Waiting, is_activity};
use countersign_desk::{Actor, Desk, Error};
use countersign_json::{Json, pretty};
use countersign_trace::{HistoryEvent, StateStatus, Visit, VisitId};

use super::{Answered, attempt_status, execution_status, graph, inbox, rows, status, trouble, worded};
use crate::server::words;
use crate::wire::Status;
use crate::wire::execution::{AttemptView, EventRow, Execution, Span, StateView, VisitView};
use crate::wire::executions::ExecutionRow;

/// Visits of one state, spans and events that a page carries; the newest are kept.
const VISITS: usize = 20;
const SPANS: usize = 400;
const EVENTS: usize = 1_000;
/// Children of Map Runs, and requests, that a page carries.
const CHILDREN: u32 = 20;
const REQUESTS: usize = 20;
/// A payload longer than this (bytes) is cut for the page; the API has it whole.
const TEXT: usize = 64 * 1024;

/// The sentence of a cause: a function's own message, where a function wrote it.
fn sentence(cause: String) -> String {
    let message = Json::read(&*cause)
        .ok()
        .and_then(|thrown| thrown.root().get("errorMessage")?.text().map(std::borrow::Cow::into_owned));
    message.unwrap_or(cause)
}

/// One execution, for `actor`; `chosen` is the state that the reader asked for, `folded` names the states whose insides are
/// not drawn.
///
/// # Errors
/// There is none, or the connection does not answer.
pub async fn execution(
    desk: &Desk,
    actor: &Actor,
    arn: String,
    chosen: Option<String>,
    folded: Option<String>,
) -> Answered<Execution> {
    let (record, waits) = desk.execution(actor, &arn).await.map_err(|error| worded(desk, &error))?;
    let snapshot = desk.snapshot(actor).await.map_err(|error| worded(desk, &error))?;
    let about = &record.description;
    let row = ExecutionRow {
        arn: about.arn.clone(),
        name: about.name.clone(),
        workflow: rows::workflow_name(&snapshot, &about.machine_arn),
        status: if about.status == ExecutionStatus::Running && !waits.is_empty() {
            Status::WaitingApproval
        } else {
            execution_status(about.status)
        },
        started_at: about.started_at,
        ended_at: about.ended_at,
        waits: u64::try_from(waits.len()).unwrap_or(u64::MAX),
    };
    let drawn = graph::drawn(&record.definition, folded.as_deref());
    let mut page = Execution { graph: drawn, ..page(&record, &desk.redactor(), row, chosen, desk.now()) };
    served_by_workers(&mut page, &record, &waits);
    page.cause = page.cause.or_else(|| record.timeout().as_ref().map(words::timed_out));
    let related = related(desk, actor, &snapshot, &arn, &mut page);
    related.await.map_err(|error| worded(desk, &error))?;
    let own = u64::try_from(waits.len()).unwrap_or(u64::MAX);
    page.approval_count += own;
    page.row.waits = page.approval_count;
    if page.row.status == Status::Running && page.approval_count > 0 {
        page.row.status = Status::WaitingApproval;
    }
    let rows = desk.readable(&waits).into_iter().map(|(wait, reading)| inbox::row(&wait, &reading));
    page.approvals = rows.chain(std::mem::take(&mut page.approvals)).take(REQUESTS).collect();
    Ok(page)
}

/// The execution's parent, the children of its Map Runs, and their requests.
async fn related(
    desk: &Desk,
    actor: &Actor,
    snapshot: &Snapshot,
    arn: &str,
    page: &mut Execution,
) -> Result<(), Error> {
    page.parent_arn = desk.listed(actor, arn).await?.and_then(|listed| listed.parent_arn);
    let children = desk.children(actor, arn, None, None, CHILDREN).await?;
    page.more_children = children.older.is_some();
    page.children = children.rows.iter().map(|one| rows::execution_row(snapshot, one)).collect();
    let under = desk.waiting_under(actor, arn, u32::try_from(REQUESTS).unwrap_or(u32::MAX)).await?;
    page.approval_count = under.total;
    page.approvals = desk.readable(&under.rows).iter().map(|(wait, reading)| inbox::row(wait, reading)).collect();
    Ok(())
}

/// The tasks of activities that workers serve wait for no person.
fn served_by_workers(page: &mut Execution, record: &Record, waits: &[Waiting]) {
    let is_served = |state: &str| {
        let mut open = record.trace.waits.iter().filter(|wait| wait.state == state).peekable();
        open.peek().is_some() && open.all(is_activity) && waits.iter().all(|wait| wait.state != state)
    };
    let waits = |status: &mut Status| {
        if *status == Status::WaitingApproval {
            *status = Status::Waiting;
        }
    };
    for state in page.states.iter_mut().filter(|state| is_served(&state.name)) {
        waits(&mut state.status);
        for visit in &mut state.visits {
            waits(&mut visit.status);
            visit.attempts.iter_mut().for_each(|attempt| waits(&mut attempt.status));
        }
    }
    page.spans.iter_mut().filter(|span| is_served(&span.state)).for_each(|span| waits(&mut span.status));
}

/// Everything the page shows but the drawing; `chosen` is the state that the reader asked for.
fn page(record: &Record, tokens: &Tokens, row: ExecutionRow, chosen: Option<String>, now: i64) -> Execution {
    let view = View { record, tokens };
    let about = &record.description;
    let chosen = chosen.filter(|name| view.knows(name)).or_else(|| view.telling_state());
    Execution {
        row,
        input: view.json(about.input.as_deref()),
        output: view.json(about.output.as_deref()),
        error: view.words(about.error.as_deref()),
        cause: view.words(about.cause.as_deref()).map(sentence),
        trouble: trouble::trouble(record),
        graph: None,
        states: view.states(chosen.as_deref()),
        taken: record.trace.edges_taken.clone(),
        spans: view.spans(),
        events: view.events(),
        event_count: record.events.len(),
        definition: Some(pretty(&record.definition.text)),
        approvals: Vec::new(),
        approval_count: 0,
        parent_arn: None,
        children: Vec::new(),
        more_children: false,
        data_at: record.fetched_at,
        chosen,
        now,
    }
}

struct View<'a> {
    record: &'a Record,
    tokens: &'a Tokens,
}

impl View<'_> {
    fn words(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| cut(&self.tokens.text(text)))
    }

    fn json(&self, text: Option<&str>) -> Option<String> {
        text.map(|text| cut(&pretty(&self.tokens.text(text))))
    }

    fn knows(&self, state: &str) -> bool {
        self.record.trace.states.contains_key(state)
            || self
                .record
                .definition
                .graph
                .as_ref()
                .is_some_and(|graph| graph.nodes.iter().any(|node| node.id == state))
    }

    /// The state to open on: what failed first, else what waits, else what runs, else what was entered last.
    fn telling_state(&self) -> Option<String> {
        let visits = &self.record.trace.visits;
        if let Some(first) = self.record.first_failure().and_then(|first| self.record.trace.visit(first)) {
            return Some(first.state.clone());
        }
        // What failed and was caught is over.
        let bad = matches!(self.record.description.status, ExecutionStatus::Failed | ExecutionStatus::TimedOut);
        let rank = |visit: &Visit| match visit.status {
            StateStatus::Failed | StateStatus::TimedOut if bad => 0,
            StateStatus::WaitingApproval => 1,
            // A container runs as long as its content, which shows more.
            StateStatus::Running | StateStatus::Waiting if !visit.attempts.is_empty() => 2,
            StateStatus::Running | StateStatus::Waiting => 3,
            _ => 4,
        };
        visits
            .iter()
            .enumerate()
            // Of several failures the innermost was entered last; of what ended well, the last is the end.
            .min_by_key(|(index, visit)| (rank(visit), std::cmp::Reverse(*index)))
            .map(|(_, visit)| visit.state.clone())
    }

    /// Every state that was entered; whole visits only of the chosen one, which is what keeps a page small.
    fn states(&self, chosen: Option<&str>) -> Vec<StateView> {
        let mut visits: BTreeMap<&str, Vec<VisitId>> = BTreeMap::new();
        if let Some(chosen) = chosen {
            visits.insert(chosen, self.newest_of(chosen));
        }
        let cause = self.record.trace.cause;
        let states = self.record.trace.states.iter();
        states
            .map(|(name, summary)| {
                let seen = visits.get(name.as_str()).map_or(&[][..], Vec::as_slice);
                StateView {
                    name: name.clone(),
                    status: status(summary.status),
                    visits: seen.iter().map(|index| self.visit(&self.record.trace.visits[*index])).collect(),
                    failed: seen.iter().position(|index| Some(*index) == cause),
                    visit_count: usize::try_from(summary.visits).unwrap_or(usize::MAX),
                }
            })
            .collect()
    }

    /// The newest visits of a state, by their ids; the one that the execution failed in is among them.
    fn newest_of(&self, state: &str) -> Vec<VisitId> {
        let all = self.record.trace.numbered_visits().filter(|(_, visit)| visit.state == state);
        let mut seen: Vec<VisitId> = all.map(|(index, _)| index).collect();
        let older = seen.len().saturating_sub(VISITS);
        let cause = seen[..older].iter().copied().find(|index| Some(*index) == self.record.trace.cause);
        seen.drain(..older);
        if let Some(cause) = cause {
            seen[0] = cause;
        }
        seen
    }

    /// The error and cause of a visit. Those of a Fail state are in its definition if the history has none.
    fn failure(&self, visit: &Visit) -> (Option<String>, Option<String>) {
        let recorded = (visit.error.clone(), visit.cause.clone());
        let fails = visit.state_type == "Fail" && recorded == (None, None);
        let machine = self.record.definition.machine.as_ref().filter(|_| fails);
        match machine.and_then(|machine| machine.state(&visit.state)).map(|state| &state.kind) {
            Some(StateKind::Fail(failure)) => (literal(failure.error.as_ref()), literal(failure.cause.as_ref())),
            _ => recorded,
        }
    }

    fn visit(&self, visit: &Visit) -> VisitView {
        let (error, cause) = self.failure(visit);
        let attempts = visit.attempts.iter().enumerate().map(|(index, attempt)| {
            let result = match attempt_status(attempt.result) {
                // An attempt without an end runs only as long as its state does.
                Status::Running => status(visit.status),
                ended => ended,
            };
            let kind = attempt.resource_type.as_deref().map_or_else(String::new, |kind| format!("{kind}:"));
            let withheld = attempt.scheduled_event.map(|event| self.record.request(event));
            AttemptView {
                number: index + 1,
                status: result,
                resource: format!("{kind}{}", attempt.resource.as_deref().unwrap_or_default()),
                parameters: withheld.map(|text| cut(&pretty(&self.tokens.text(&text)))),
                output: self.json(attempt.output.as_deref()),
                error: self.words(attempt.error.as_deref()),
                cause: self.words(attempt.cause.as_deref()),
                scheduled_at: attempt.scheduled_at,
                ended_at: attempt.ended_at,
            }
        });
        VisitView {
            status: status(visit.status),
            place: trouble::place_of(&self.record.trace, visit),
            entered_at: visit.entered_at,
            exited_at: visit.exited_at,
            input: self.json(visit.input.as_deref()),
            output: self.json(visit.output.as_deref()),
            error: self.words(error.as_deref()),
            cause: self.words(cause.as_deref()),
            attempts: attempts.collect(),
        }
    }

    fn spans(&self) -> Vec<Span> {
        let visits = &self.record.trace.visits;
        let span = |number, visit: &Visit, from, to, status| Span {
            state: visit.state.clone(),
            visit: number,
            entered: visit.entered_at,
            exited: visit.exited_at.or(self.record.description.ended_at),
            status,
            from,
            to,
        };
        let all: Vec<Span> = visits
            .iter()
            .enumerate()
            .flat_map(|(number, visit)| {
                if visit.attempts.len() < 2 {
                    return vec![span(
                        number,
                        visit,
                        visit.entered_at,
                        visit.exited_at.or(self.record.description.ended_at),
                        status(visit.status),
                    )];
                }
                let attempts = visit.attempts.iter();
                attempts
                    .map(|attempt| {
                        let result = match attempt_status(attempt.result) {
                            Status::Running => status(visit.status),
                            ended => ended,
                        };
                        span(
                            number,
                            visit,
                            attempt.scheduled_at,
                            attempt.ended_at.or(self.record.description.ended_at),
                            result,
                        )
                    })
                    .collect()
            })
            .collect();
        let surplus = all.len().saturating_sub(SPANS);
        all.into_iter().skip(surplus).collect()
    }

    fn events(&self) -> Vec<EventRow> {
        let surplus = self.record.events.len().saturating_sub(EVENTS);
        self.record.events.iter().skip(surplus).map(|event| self.event(event)).collect()
    }

    fn event(&self, event: &HistoryEvent) -> EventRow {
        let details = serde_json::to_value(&event.details).unwrap_or_default();
        let summary = [&event.details.error, &event.details.name, &event.details.resource, &event.details.worker_name]
            .into_iter()
            .find_map(Option::as_deref)
            .unwrap_or_default();
        EventRow {
            id: event.id,
            previous: event.previous_event_id,
            at: event.timestamp,
            kind: event.kind.name().to_owned(),
            state: self.record.state_of(event.id).map(str::to_owned),
            summary: self.tokens.text(summary),
            details: cut(&pretty(&self.tokens.text(&details.to_string()))),
            tone: tone(event),
        }
    }
}

/// A text of a definition that is neither a path nor an expression.
fn literal(text: Option<&String>) -> Option<String> {
    let is_made = |text: &&String| {
        text.starts_with('$') || text.starts_with("States.") && text.ends_with(')') || text.starts_with("{%")
    };
    text.filter(|text| !is_made(text)).cloned()
}

fn tone(event: &HistoryEvent) -> Status {
    let name = event.kind.name();
    if name.ends_with("TimedOut") {
        Status::TimedOut
    } else if name.contains("Fail") && name != "FailStateEntered" {
        Status::Failed
    } else if name.ends_with("Aborted") {
        Status::Aborted
    } else if name.ends_with("Succeeded") {
        Status::Succeeded
    } else {
        Status::NotReached
    }
}

fn cut(text: &str) -> String {
    if text.len() <= TEXT {
        return text.to_owned();
    }
    let mut end = TEXT;
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    format!("{}\n… {} more bytes: read them with GetExecutionHistory.", &text[..end], text.len() - end)
}
