//! The runs of distributed maps, and their child executions.

use std::sync::Arc;

use countersign_engine::Input;
use countersign_engine::map_run::{Child, MapRun};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::arn::{RUN, check_arn, page, page_of_growing};
use super::error::ApiError;
use super::executions::{find, not_redrivable};
use super::wire::seconds;
use super::{OperationResult, versions};
use crate::host::Host;
use crate::store::{ExecutionRow, RunStatus};

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct List {
    execution_arn: String,
    max_results: Option<i64>,
    next_token: Option<String>,
}

/// `ListMapRuns`, of an execution or of a child that starts runs of its own.
pub async fn list(host: &Arc<Host>, ask: List) -> OperationResult {
    let (row, parent) = match host.child(&ask.execution_arn, |_| ()).await? {
        Some((row, _, child, ())) => (row, Some(child.arn)),
        None => (find(host, &ask.execution_arn)?, None),
    };
    let mut rows = Vec::new();
    for run in host.map_runs(row).await?.into_iter().filter(|run| run.parent == parent) {
        let mut one = json!({
            "executionArn": ask.execution_arn, "mapRunArn": run.arn, "stateMachineArn": run.machine(),
            "startDate": seconds(run.started_at),
        });
        if let Some(at) = run.stopped_at {
            one["stopDate"] = seconds(at);
        }
        rows.push(one);
    }
    let (rows, next) = page(rows, ask.max_results, ask.next_token.as_deref(), &ask.execution_arn)?;
    let mut answer = json!({ "mapRuns": rows });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}

async fn get(host: &Arc<Host>, arn: &str) -> Result<(ExecutionRow, MapRun), ApiError> {
    check_arn(arn, &[RUN])?;
    host.map_run(arn).await?.ok_or_else(|| versions::missing(arn))
}

/// A child's status; a child that waits for its redrive has a status of its own.
fn child_status(child: &Child) -> &'static str {
    if child.pending_redrive { "PENDING_REDRIVE" } else { RunStatus::of(child.status).name() }
}

/// Counts of a run's items, or of its executions; `size` returns how many of them a child stands for.
fn counts(run: &MapRun, total: usize, size: impl Fn(&Child) -> usize) -> Value {
    let sum = |wanted: &dyn Fn(&Child) -> bool| -> usize {
        run.children.iter().filter(|child| wanted(child)).map(&size).sum()
    };
    let of = |wanted: &str| sum(&|child| child_status(child) == wanted);
    // What an ended run never began is not pending any more.
    let left = total.saturating_sub(sum(&|_| true));
    let (pending, never) = if run.status.is_none() { (left, 0) } else { (0, left) };
    json!({
        "pending": pending, "running": of("RUNNING"), "succeeded": of("SUCCEEDED"), "failed": of("FAILED"),
        "timedOut": of("TIMED_OUT"), "aborted": of("ABORTED") + never, "total": total,
        // Without a ResultWriter the state's output holds the results of the successful children.
        "resultsWritten": if run.results_written { sum(&|child| child.status.is_some()) } else { of("SUCCEEDED") },
        "failuresNotRedrivable": sum(&|child| child.lost), "pendingRedrive": of("PENDING_REDRIVE"),
    })
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ByArn {
    map_run_arn: String,
}

/// `DescribeMapRun`.
pub async fn describe(host: &Arc<Host>, ask: ByArn) -> OperationResult {
    let (row, run) = get(host, &ask.map_run_arn).await?;
    // A run has no status for a timeout: its execution has.
    let status = match RunStatus::of(run.status).name() {
        "TIMED_OUT" => "ABORTED",
        status => status,
    };
    let mut answer = json!({
        "mapRunArn": run.arn, "executionArn": run.parent.as_ref().unwrap_or(&row.params.execution_arn), "status": status,
        "startDate": seconds(run.started_at), "maxConcurrency": run.max_concurrency,
        "toleratedFailureCount": run.tolerated_failure_count,
        "toleratedFailurePercentage": run.tolerated_failure_percentage,
        "itemCounts": counts(&run, run.items, |child| child.items),
        "executionCounts": counts(&run, run.executions, |_| 1),
        "redriveCount": run.redrives,
    });
    for (name, at) in [("stopDate", run.stopped_at), ("redriveDate", run.redriven_at)] {
        if let Some(at) = at {
            answer[name] = seconds(at);
        }
    }
    Ok(answer)
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Update {
    map_run_arn: String,
    max_concurrency: Option<i64>,
    tolerated_failure_count: Option<i64>,
    tolerated_failure_percentage: Option<f64>,
}

/// `UpdateMapRun`. A run that has ended keeps its settings.
pub async fn update(host: &Arc<Host>, ask: Update) -> OperationResult {
    let (row, run) = get(host, &ask.map_run_arn).await?;
    let input = Input::UpdateMapRun {
        run: run.arn,
        max_concurrency: ask.max_concurrency,
        tolerated_failure_count: ask.tolerated_failure_count,
        tolerated_failure_percentage: ask.tolerated_failure_percentage,
    };
    host.feed(&row.params.execution_arn, input).await?;
    Ok(json!({}))
}

/// `DescribeExecution` of a child; `None` if no run has such a child.
pub async fn describe_child(host: &Arc<Host>, arn: &str) -> Result<Option<Map<String, Value>>, ApiError> {
    let Some((_, run, child, events)) = host.child(arn, |events| events.len() as u64).await? else { return Ok(None) };
    let mut all = listed(&run, &child);
    all.shift_remove("itemCount");
    all.insert("input".to_owned(), json!(child.input));
    all.insert("inputDetails".to_owned(), json!({ "included": true }));
    if let Some(output) = child.output {
        all.insert("output".to_owned(), json!(output));
        all.insert("outputDetails".to_owned(), json!({ "included": true }));
    }
    all.extend(child.error.map(|error| ("error".to_owned(), json!(error))));
    all.extend(child.cause.map(|cause| ("cause".to_owned(), json!(cause))));
    // An Express child begins again, at any time.
    let stopped_at = child.stopped_at.filter(|_| !run.express);
    let events = if run.express { 0 } else { events };
    let why = not_redrivable(RunStatus::of(child.status), stopped_at, events, host.clock.now());
    let status = if why.is_some() { "NOT_REDRIVABLE" } else { "REDRIVABLE_BY_MAP_RUN" };
    all.insert("redriveStatus".to_owned(), json!(status));
    all.extend(why.map(|why| ("redriveStatusReason".to_owned(), json!(why))));
    Ok(Some(all))
}

/// `StopExecution` of a child, with the time of its stop; `None` if no run has such a child. An Express child cannot be
/// stopped, like other Express executions.
pub async fn stop_child(
    host: &Arc<Host>,
    arn: &str,
    error: Option<String>,
    cause: Option<String>,
) -> Result<Option<i64>, ApiError> {
    let Some((row, run, ..)) = host.child(arn, |_| ()).await? else { return Ok(None) };
    if run.express {
        return Ok(None);
    }
    let input = Input::StopChild { child: arn.to_owned(), error, cause };
    host.feed(&row.params.execution_arn, input).await?;
    let stopped = host.child(arn, |_| ()).await?.and_then(|(_, _, child, ())| child.stopped_at);
    Ok(Some(stopped.unwrap_or_else(|| host.clock.now())))
}

/// Turns the description of a machine into that of its map's processor, which a run's children run.
pub fn of_run(described: &mut Map<String, Value>, run: &MapRun) {
    let machine = run.machine();
    let label = machine.rsplit('/').next().unwrap_or_default();
    let whole = described.get("definition").and_then(Value::as_str).and_then(|text| serde_json::from_str(text).ok());
    if let Some(processor) = whole.as_ref().and_then(|whole| processor(whole, &run.state)) {
        described.insert("definition".to_owned(), json!(processor.to_string()));
    }
    let name = described.get("name").and_then(Value::as_str).unwrap_or_default();
    described.insert("name".to_owned(), json!(format!("{name}/{label}")));
    described.insert("label".to_owned(), json!(label));
    described.insert("mapRunArn".to_owned(), json!(run.arn));
    described.insert("stateMachineArn".to_owned(), json!(machine));
}

/// The processor of the Map state of this name, which is unique in the whole definition.
fn processor<'a>(scope: &'a Value, name: &str) -> Option<&'a Value> {
    let states = scope.get("States")?.as_object()?;
    let inner = |state: &'a Value| state.get("ItemProcessor").or_else(|| state.get("Iterator"));
    if let Some(state) = states.get(name) {
        return inner(state);
    }
    states.values().find_map(|state| {
        let branches = state.get("Branches").and_then(Value::as_array).into_iter().flatten();
        branches.chain(inner(state)).find_map(|scope| processor(scope, name))
    })
}

fn listed(run: &MapRun, child: &Child) -> Map<String, Value> {
    let all = [
        ("executionArn", Some(json!(child.arn))),
        ("stateMachineArn", Some(json!(run.machine()))),
        ("mapRunArn", Some(json!(run.arn))),
        ("name", Some(json!(child.name))),
        ("status", Some(json!(child_status(child)))),
        ("startDate", Some(seconds(child.started_at))),
        ("stopDate", child.stopped_at.map(seconds)),
        ("itemCount", Some(json!(child.items))),
        ("redriveCount", Some(json!(child.redrives))),
        ("redriveDate", child.redriven_at.map(seconds)),
    ];
    all.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?))).collect()
}

/// `ListExecutions` of a run, newest first.
pub async fn children(
    host: &Arc<Host>,
    arn: &str,
    (filter, redriven): (Option<&str>, Option<bool>),
    size: Option<i64>,
    token: Option<&str>,
) -> OperationResult {
    let (_, run) = get(host, arn).await?;
    let wanted = |child: &Child| {
        filter.is_none_or(|filter| child_status(child) == filter)
            && redriven.is_none_or(|redriven| (child.redrives > 0) == redriven)
    };
    let is_wanted = |place: usize| wanted(&run.children[place]);
    let question = format!("{arn} {filter:?} {redriven:?}");
    let (places, next) = page_of_growing(run.children.len(), true, is_wanted, size, token, &question)?;
    let rows: Vec<_> = places.into_iter().map(|place| listed(&run, &run.children[place])).collect();
    let mut answer = json!({ "executions": rows });
    if let Some(next) = next {
        answer["nextToken"] = json!(next);
    }
    Ok(answer)
}
