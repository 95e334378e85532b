//! The calls that the watch makes, each with its paging.

use std::sync::Arc;

use aws_sdk_sfn::Client;
use aws_sdk_sfn::types::{ExecutionStatus, StateMachineType};
use countersign_trace::HistoryEvent;

use super::convert::{event, millis, status};
use super::record::{Description, Record};
use super::snapshot::{Definition, Summary};
use super::{Machine, Watch};
use crate::dto::Status;
use crate::error::{AppError, ErrorKind};
use crate::server::connection::problem;

/// Events of one page: the most that AWS gives.
const PAGE: i32 = 1_000;

/// Every state machine: ARN, name, type, and when it was made.
pub async fn list_machines(watch: &Watch) -> Result<Vec<(String, String, String, i64)>, AppError> {
    let mut found = Vec::new();
    let mut next = None;
    loop {
        let page = watch
            .clients
            .sfn
            .list_state_machines()
            .max_results(PAGE)
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| problem("list the state machines", &watch.clients.about, &error))?;
        found.extend(page.state_machines.into_iter().map(|machine| {
            let made = millis(&machine.creation_date);
            (machine.state_machine_arn, machine.name, machine.r#type.as_str().to_owned(), made)
        }));
        next = page.next_token;
        if next.is_none() {
            return Ok(found);
        }
    }
}

/// One state machine; `known` is the last reading, whose drawing is kept where the text is the same.
pub async fn describe_machine(watch: &Watch, arn: &str, known: Option<&Machine>) -> Result<Machine, AppError> {
    let described = watch
        .clients
        .sfn
        .describe_state_machine()
        .state_machine_arn(arn)
        .send()
        .await
        .map_err(|error| problem(&format!("read the state machine {arn}"), &watch.clients.about, &error))?;
    let definition = match known.filter(|known| known.definition.text == described.definition) {
        Some(known) => Arc::clone(&known.definition),
        None => Arc::new(Definition::read(described.definition)),
    };
    Ok(Machine {
        arn: described.state_machine_arn,
        name: described.name,
        kind: described.r#type.as_str().to_owned(),
        definition,
        revision_id: described.revision_id,
        role_arn: Some(described.role_arn).filter(|role| !role.is_empty()),
        created_at: Some(millis(&described.creation_date)),
        described_at: watch.now(),
        listed_at: known.map_or(0, |known| known.listed_at),
    })
}

/// The newest 100 executions of a machine, and every running one. An Express machine has none to list.
pub async fn list_executions(watch: &Watch, machine: &Machine) -> Result<Vec<Summary>, AppError> {
    if machine.kind == StateMachineType::Express.as_str() {
        return Ok(Vec::new());
    }
    let (mut found, more) = list_page(watch, &machine.arn, None, 100, None).await?;
    if more.is_some() {
        // There are older ones; those that still run must not be missed.
        let mut next = None;
        loop {
            let (running, more) = list_page(watch, &machine.arn, Some(ExecutionStatus::Running), PAGE, next).await?;
            let old =
                running.into_iter().filter(|one| !found.iter().any(|known| known.arn == one.arn)).collect::<Vec<_>>();
            found.extend(old);
            next = more;
            if next.is_none() {
                break;
            }
        }
    }
    found.sort_by_key(|one| std::cmp::Reverse(one.started_at));
    Ok(found)
}

async fn list_page(
    watch: &Watch,
    machine_arn: &str,
    filter: Option<ExecutionStatus>,
    size: i32,
    next: Option<String>,
) -> Result<(Vec<Summary>, Option<String>), AppError> {
    let page = watch
        .clients
        .sfn
        .list_executions()
        .state_machine_arn(machine_arn)
        .set_status_filter(filter)
        .max_results(size)
        .set_next_token(next)
        .send()
        .await
        .map_err(|error| problem(&format!("list the executions of {machine_arn}"), &watch.clients.about, &error))?;
    let rows = page.executions.into_iter().map(|one| Summary {
        status: status(&one.status),
        started_at: millis(&one.start_date),
        ended_at: one.stop_date.as_ref().map(millis),
        arn: one.execution_arn,
        name: one.name,
        machine_arn: one.state_machine_arn,
    });
    Ok((rows.collect(), page.next_token))
}

/// One execution, whole. Of `known`, the last reading, what cannot have changed is kept.
pub async fn read_execution(
    watch: &Watch,
    client: &Client,
    arn: &str,
    known: Option<Arc<Record>>,
) -> Result<Record, AppError> {
    let events = read_history(watch, client, arn, known.as_deref().map_or(&[][..], |known| known.whole().1)).await?;
    let ended = events.last().is_some_and(|event| event.kind.is_execution_end());
    let description = match &known {
        Some(known) if !ended && known.description.status == Status::Running => known.whole().0.clone(),
        _ => describe(watch, client, arn).await?,
    };
    let definition = match &known {
        Some(known) => Arc::clone(&known.definition),
        None => definition_of(watch, client, arn, &description.machine_arn).await?,
    };
    let (now, sandbox) = (watch.now(), watch.sandbox.clone());
    // Evaluating takes a moment, and what is evaluated was written by others.
    let made = tokio::task::spawn_blocking(move || {
        Record::new(description, events, definition, now, known.as_deref(), sandbox)
    });
    made.await.map_err(|error| {
        let what = format!("The history of {arn} could not be understood: {error}.");
        AppError::new(ErrorKind::Internal, what, "Report it as a defect, with the workflow's definition.")
    })
}

async fn describe(watch: &Watch, client: &Client, arn: &str) -> Result<Description, AppError> {
    let described = client
        .describe_execution()
        .execution_arn(arn)
        .send()
        .await
        .map_err(|error| problem(&format!("read the execution {arn}"), &watch.clients.about, &error))?;
    Ok(Description {
        name: described.name.unwrap_or_else(|| arn.rsplit(':').next().unwrap_or(arn).to_owned()),
        arn: described.execution_arn,
        machine_arn: described.state_machine_arn,
        status: status(&described.status),
        started_at: millis(&described.start_date),
        ended_at: described.stop_date.as_ref().map(millis),
        input: described.input,
        output: described.output,
        error: described.error,
        cause: described.cause,
    })
}

/// The definition that the execution runs, which may be older than the machine's. It never changes.
async fn definition_of(
    watch: &Watch,
    client: &Client,
    arn: &str,
    machine_arn: &str,
) -> Result<Arc<Definition>, AppError> {
    let current = watch.snapshot().machines.get(machine_arn).map(|machine| Arc::clone(&machine.definition));
    let answer = client.describe_state_machine_for_execution().execution_arn(arn).send().await;
    let text = match answer {
        Ok(described) => described.definition,
        // The quota of this call is one a second: the machine's own definition is nearly always the same.
        Err(error) => {
            return current
                .ok_or_else(|| problem(&format!("read the definition of {arn}"), &watch.clients.about, &error));
        }
    };
    Ok(current.filter(|known| known.text == text).unwrap_or_else(|| Arc::new(Definition::read(text))))
}

/// The history from its newest event back to the first one that is not known, put after what is known.
async fn read_history(
    watch: &Watch,
    client: &Client,
    arn: &str,
    known: &[HistoryEvent],
) -> Result<Vec<HistoryEvent>, AppError> {
    let last = known.last().map_or(0, |event| event.id);
    let mut fresh = Vec::new();
    let mut next = None;
    loop {
        let page = client
            .get_execution_history()
            .execution_arn(arn)
            .reverse_order(true)
            // Once something is known the news is short: a short page costs less.
            .max_results(if known.is_empty() { PAGE } else { 100 })
            .set_next_token(next)
            .send()
            .await
            .map_err(|error| problem(&format!("read the history of {arn}"), &watch.clients.about, &error))?;
        fresh.extend(page.events.into_iter().filter_map(event));
        let reached = fresh.iter().any(|event| event.id <= last + 1);
        next = page.next_token;
        if reached || next.is_none() {
            break;
        }
    }
    fresh.retain(|event| event.id > last);
    fresh.sort_by_key(|event| event.id);
    fresh.dedup_by_key(|event| event.id);
    Ok(known.iter().cloned().chain(fresh).collect())
}
