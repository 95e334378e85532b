//! `GET /api/executions`: the executions of a connection, and the search over them.

use axum::Json;
use axum::extract::State;
use axum::http::request::Parts;
use countersign_desk::Desk;
use countersign_desk::connection::ExecutionStatus as Ended;
use countersign_desk::index::{ExecutionCursor, ExecutionRow, Shown};
use countersign_desk::watch::Snapshot;

use super::asked::Asked;
use super::problem::Problem;
use super::shapes::{Execution, ExecutionStatus, Executions};
use crate::app::instant;
use crate::routes;
use crate::server::http::Site;
use crate::server::pages;
use crate::wire::executions::View;

/// Rows of a page where nothing else is asked for, and the most.
const ROWS: u32 = 50;
const MOST: u32 = 200;
/// The parameters that choose executions.
const FILTERS: [&str; 5] = ["q", "workflow", "status", "time", "parent"];

/// The executions of a connection, newest first; with `q`, those that it finds.
#[utoipa::path(
    get, path = "/api/executions", tag = "executions",
    params(
        ("q" = Option<String>, Query, description = "A search, such as `orderId:4711 total>1000 status:failed`"),
        ("workflow" = Option<String>, Query, description = "The name of a workflow"),
        ("status" = Option<String>, Query, description = "running, waiting, succeeded, failed, timed_out or aborted"),
        ("time" = Option<String>, Query, description = "When they started: an age such as `24h`, a day, or two times with `..` between them"),
        ("parent" = Option<String>, Query, description = "The ARN of the execution whose Map Runs started them, or of one of these Map Runs"),
        ("limit" = Option<u32>, Query, minimum = 1, maximum = 200, description = "The most executions of a page: 50 where it is left out"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("connection" = Option<String>, Query, description = "The name of the connection: `default` where it is left out"),
    ),
    responses(
        (status = 200, body = Executions),
        (status = "4XX", body = Problem, content_type = "application/problem+json"),
        (status = 503, body = Problem, content_type = "application/problem+json"),
    ),
    security(("token" = [])),
)]
pub async fn list(State(site): State<Site>, parts: Parts) -> Result<Json<Executions>, Problem> {
    let names: Vec<&str> = FILTERS.into_iter().chain(["limit", "cursor"]).collect();
    let Asked { desk, actor, query } = Asked::read(&site, &parts, &names)?;
    let (before, limit) = (query.cursor::<ExecutionCursor>()?, query.limit(ROWS, MOST)?);
    let mut view = View::default();
    // One after the other, so that a refusal names the parameter.
    for name in FILTERS {
        let value = query.get(name).map(str::to_owned);
        let place = match name {
            "q" => &mut view.q,
            "workflow" => &mut view.workflow,
            "status" => &mut view.status,
            "time" => &mut view.time,
            _ => &mut view.parent,
        };
        *place = value;
        let wrong = |error| Problem { parameter: Some(name.to_owned()), ..Problem::from(error) };
        pages::executions::wanted(&desk, &view).map_err(wrong)?;
    }
    let wanted = pages::executions::wanted(&desk, &view).map_err(Problem::from)?;
    let failed = |error| Problem::of(&desk, &error);
    let snapshot = desk.snapshot(&actor).await.map_err(failed)?;
    if let Some(name) = wanted.workflow.as_deref().filter(|name| snapshot.machine_named(name).is_none()) {
        // Whether they may see it is said first.
        desk.machine(&actor, name).await.map_err(failed)?;
    }
    let page = desk.select(&actor, &wanted, before, limit).await.map_err(failed)?;
    let complete = match &wanted.parent {
        Some(parent) => desk.has_all_under(&actor, parent).await.map_err(failed)?,
        None => true,
    };
    let executions = page.rows.iter().map(|row| execution(&desk, &snapshot, row)).collect();
    Ok(Json(Executions { executions, complete, next: page.older.map(|cursor| cursor.to_string()) }))
}

fn execution(desk: &Desk, snapshot: &Snapshot, row: &ExecutionRow) -> Execution {
    let summary = &row.summary;
    Execution {
        workflow: pages::workflow_name(snapshot, &summary.machine_arn),
        status: match row.shown {
            Shown::Waiting => ExecutionStatus::Waiting,
            Shown::Status(Ended::Running) => ExecutionStatus::Running,
            Shown::Status(Ended::Succeeded) => ExecutionStatus::Succeeded,
            Shown::Status(Ended::Failed) => ExecutionStatus::Failed,
            Shown::Status(Ended::TimedOut) => ExecutionStatus::TimedOut,
            Shown::Status(Ended::Aborted) => ExecutionStatus::Aborted,
        },
        started_at: instant(summary.started_at),
        ended_at: summary.ended_at.map(instant),
        version: summary.version.clone(),
        alias: summary.alias.clone(),
        error: Some(row.error.clone()).filter(|error| !error.is_empty()),
        waiting: row.waits,
        parent: row.parent_arn.clone(),
        page: routes::of(desk.id().as_str()).execution(&summary.arn),
        arn: summary.arn.clone(),
        name: summary.name.clone(),
    }
}
