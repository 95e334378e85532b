//! The page of one execution.

mod basis;
mod course;
mod elsewhere;
mod links;
mod redrive;
mod states;
mod within;

use std::collections::HashSet;

use countersign_desk::connection::ExecutionStatus;
use countersign_desk::eyes::Eyes;
use countersign_desk::index::MapRun;
use countersign_desk::watch::{Record, Snapshot, Waiting, is_activity};
use countersign_desk::{Actor, Desk, Error};

use self::basis::Basis;
pub(super) use self::elsewhere::{runs_elsewhere, told as told_elsewhere};
use super::{Answered, child, execution_status, inbox, refused, rows, state, trouble, worded};
use crate::server::words;
use crate::wire::Status;
use crate::wire::execution::{Execution, Origin};
use crate::wire::executions::ExecutionRow;
use crate::wire::graph::Course;
use crate::wire::refused::{Act, Refused};

/// Children of Map Runs, and requests, that a page carries.
const CHILDREN: u32 = 20;
const REQUESTS: usize = 20;

/// One execution, for `actor`; `iteration` is the one whose course is drawn.
///
/// # Errors
/// There is none, or the connection does not answer.
pub async fn execution(desk: &Desk, actor: &Actor, arn: String, iteration: Option<u64>) -> Answered<Execution> {
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
        version: None,
        error: String::new(),
        place: None,
    };
    let mut page = page(desk, &record, &desk.viewing(actor, &record).await, row);
    let fared = children_of(desk, actor, &record).await.map_err(|error| worded(desk, &error))?;
    let deciders = desk.deciders(actor, &waits).await.map_err(|error| worded(desk, &error))?;
    let named = deciders.iter().filter_map(|((_, event), approvers)| Some((*event, words::deciders(approvers)?)));
    let whom: course::Whom = named.collect();
    page.course = course::course(&record, (waits.as_slice(), &whom), &fared, iteration);
    if let Some(timeout) = record.timeout() {
        let failure = page.failure.get_or_insert_with(|| child::failure(None, None));
        failure.cause.get_or_insert_with(|| words::timed_out(&timeout));
    }
    page.origin = origin(desk, actor, &record).await.map_err(|error| worded(desk, &error))?;
    let related = related(desk, actor, &snapshot, &arn, &mut page);
    related.await.map_err(|error| worded(desk, &error))?;
    let own = u64::try_from(waits.len()).unwrap_or(u64::MAX);
    page.approval_count += own;
    page.row.waits = page.approval_count;
    if page.row.status == Status::Running && page.approval_count > 0 {
        page.row.status = Status::WaitingApproval;
    }
    let rows = desk.readable(actor, &waits).into_iter().map(|(wait, reading)| inbox::row(&wait, &reading));
    page.approvals = rows.chain(std::mem::take(&mut page.approvals)).take(REQUESTS).collect();
    Ok(page)
}

/// What started it, with the place in its course.
async fn origin(desk: &Desk, actor: &Actor, record: &Record) -> Result<Option<Box<Origin>>, Error> {
    let found = desk.origin(actor, record).await?;
    Ok(found.map(|origin| {
        let place = origin.place.map(|(parent, visit)| {
            let iteration = parent.trace.iteration_of(visit).and_then(|id| parent.trace.iteration(id));
            let iteration = iteration.map(|one| one.began_event);
            (parent.trace.visits[visit].state.clone(), iteration, state::number_of(&parent, visit))
        });
        let name = origin.parent_arn.rsplit(':').next().unwrap_or_default().to_owned();
        let (arn, map_run, is_claimed) = (origin.parent_arn, origin.map_run_arn, origin.is_claimed);
        Box::new(Origin { arn, name, map_run, place, is_claimed })
    }))
}

/// How the children of its distributed Maps fare, by the Map Run.
async fn children_of(desk: &Desk, actor: &Actor, record: &Record) -> Result<course::Children, Error> {
    if !Basis::of(record).has_children {
        return Ok(Vec::new());
    }
    let runs = desk.map_runs(actor, &record.description.arn).await?;
    let of_run = |run: MapRun| {
        let counts = run.counts.into_iter().map(|(shown, count)| (rows::shown_status(shown), count)).collect();
        (run.arn, counts)
    };
    Ok(runs.into_iter().map(of_run).collect())
}

/// The children of the execution's Map Runs, and their requests.
async fn related(
    desk: &Desk,
    actor: &Actor,
    snapshot: &Snapshot,
    arn: &str,
    page: &mut Execution,
) -> Result<(), Error> {
    page.refused = refused(desk, actor, Some(&page.row.workflow), &[Act::Start, Act::Stop, Act::Redrive]);
    let children = desk.children(actor, arn, None, None, CHILDREN).await?;
    page.more_children = children.older.is_some();
    page.children = children.rows.iter().map(|one| rows::execution_row(snapshot, one)).collect();
    let under = desk.waiting_under(actor, arn, u32::try_from(REQUESTS).unwrap_or(u32::MAX)).await?;
    page.approval_count = under.total;
    page.approvals =
        desk.readable(actor, &under.rows).iter().map(|(wait, reading)| inbox::row(wait, reading)).collect();
    Ok(())
}

/// Everything the page shows but the drawing.
fn page(desk: &Desk, record: &Record, eyes: &Eyes, row: ExecutionRow) -> Execution {
    let now = desk.now();
    let about = &record.description;
    let basis = Basis::of(record);
    let failed = about.error.is_some() || about.cause.is_some();
    let failure = failed.then(|| {
        child::failure(about.error.as_deref().map(|error| eyes.name(error)), eyes.option(about.cause.as_deref()))
    });
    Execution {
        row,
        failure,
        machine_arn: about.machine_arn.clone(),
        links: links::links(desk, record),
        trouble: trouble::trouble(record),
        course: Course::default(),
        event_count: record.events.len(),
        approvals: Vec::new(),
        approval_count: 0,
        origin: None,
        children: Vec::new(),
        more_children: false,
        redrives: u64::from(record.trace.redrives),
        redriven_at: basis.redriven_at,
        redrive: redrive::redrive(record, now),
        data_at: record.fetched_at,
        chosen: basis.telling.clone(),
        refused: Refused::default(),
        now,
    }
}

/// The state that an execution's page opens on, where nobody chose another.
pub(super) fn telling_state(record: &Record) -> Option<String> {
    Basis::of(record).telling.clone()
}

/// The states whose open tasks are all of activities that workers serve: they wait for no person.
pub(super) fn served<'a>(record: &'a Record, waits: &[Waiting]) -> HashSet<&'a str> {
    let mut served: HashSet<&str> = record.trace.waits.iter().map(|wait| wait.state.as_str()).collect();
    for wait in record.trace.waits.iter().filter(|wait| !is_activity(wait)) {
        served.remove(wait.state.as_str());
    }
    served.retain(|state| waits.iter().all(|wait| wait.state != *state));
    served
}

/// An execution's record, and what whoever looks sees of its payloads.
pub struct View<'a> {
    pub record: &'a Record,
    pub eyes: &'a Eyes,
}
