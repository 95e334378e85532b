//! The SDK's types as ours.

use aws_sdk_sfn::primitives::DateTime;
use aws_sdk_sfn::types::{
    ExecutionRedriveStatus, ExecutionStatus as SdkStatus, HistoryEvent as SdkEvent, StateMachineType,
};
use countersign_trace::{Details, EventKind, HistoryEvent};

use super::port::{ExecutionStatus, MachineKind, Redrivable};

/// Milliseconds since the epoch.
#[must_use]
pub fn millis(time: &DateTime) -> i64 {
    time.to_millis().unwrap_or_default()
}

/// An execution's status. A pending redrive counts as running: it starts without anybody's action.
#[must_use]
pub fn status(status: &SdkStatus) -> ExecutionStatus {
    match status {
        SdkStatus::Succeeded => ExecutionStatus::Succeeded,
        SdkStatus::Failed => ExecutionStatus::Failed,
        SdkStatus::TimedOut => ExecutionStatus::TimedOut,
        SdkStatus::Aborted => ExecutionStatus::Aborted,
        _ => ExecutionStatus::Running,
    }
}

/// How often an execution was redriven. Endpoints that know no redrive do not say.
#[must_use]
pub fn redrives(count: Option<i32>) -> u64 {
    count.and_then(|count| u64::try_from(count).ok()).unwrap_or_default()
}

/// Whether an execution can be redriven.
#[must_use]
pub fn redrivable(status: Option<&ExecutionRedriveStatus>, reason: Option<String>) -> Redrivable {
    match status {
        Some(ExecutionRedriveStatus::Redrivable) => Redrivable::Yes,
        Some(ExecutionRedriveStatus::NotRedrivable) => Redrivable::No { reason },
        Some(ExecutionRedriveStatus::RedrivableByMapRun) => Redrivable::ByMapRun,
        _ => Redrivable::Unsaid,
    }
}

/// The filter of a list.
#[must_use]
pub fn status_filter(status: ExecutionStatus) -> SdkStatus {
    match status {
        ExecutionStatus::Running => SdkStatus::Running,
        ExecutionStatus::Succeeded => SdkStatus::Succeeded,
        ExecutionStatus::Failed => SdkStatus::Failed,
        ExecutionStatus::TimedOut => SdkStatus::TimedOut,
        ExecutionStatus::Aborted => SdkStatus::Aborted,
    }
}

/// A state machine's type. An unknown one counts as Standard, whose executions can be listed.
#[must_use]
pub fn kind(kind: &StateMachineType) -> MachineKind {
    if *kind == StateMachineType::Express { MachineKind::Express } else { MachineKind::Standard }
}

/// A state machine's type for the SDK.
#[must_use]
pub fn machine_type(kind: MachineKind) -> StateMachineType {
    match kind {
        MachineKind::Standard => StateMachineType::Standard,
        MachineKind::Express => StateMachineType::Express,
    }
}

/// Moves the named fields of the SDK's details into ours, if there are details.
macro_rules! merge {
    ($to:ident, $from:expr; $($details:ident { $($field:ident),* $(; $text:ident)* })*) => {
        $(if let Some(from) = $from.$details {
            $($to.$field = $to.$field.or(from.$field);)*
            $($to.$text = Some(from.$text);)*
        })*
    };
}

/// An event of the SDK as ours. `None` for a type newer than this program: the history is shown without it.
#[must_use]
pub fn event(from: SdkEvent) -> Option<HistoryEvent> {
    let kind = EventKind::from_name(from.r#type.as_str())?;
    let (id, previous) = (from.id, from.previous_event_id);
    let timestamp = millis(&from.timestamp);
    Some(HistoryEvent {
        id: u64::try_from(id).ok()?,
        previous_event_id: u64::try_from(previous).ok()?,
        timestamp,
        kind,
        details: details(from),
    })
}

fn details(from: SdkEvent) -> Details {
    let mut to = Details::default();
    merge!(to, from;
        activity_failed_event_details { error, cause }
        activity_schedule_failed_event_details { error, cause }
        activity_started_event_details { worker_name }
        activity_succeeded_event_details { output }
        activity_timed_out_event_details { error, cause }
        task_failed_event_details { error, cause; resource_type; resource }
        task_start_failed_event_details { error, cause; resource_type; resource }
        task_started_event_details { ; resource_type; resource }
        task_submit_failed_event_details { error, cause; resource_type; resource }
        task_submitted_event_details { output; resource_type; resource }
        task_succeeded_event_details { output; resource_type; resource }
        task_timed_out_event_details { error, cause; resource_type; resource }
        execution_failed_event_details { error, cause }
        execution_started_event_details { input, role_arn, state_machine_alias_arn, state_machine_version_arn }
        execution_succeeded_event_details { output }
        execution_aborted_event_details { error, cause }
        execution_timed_out_event_details { error, cause }
        lambda_function_failed_event_details { error, cause }
        lambda_function_schedule_failed_event_details { error, cause }
        lambda_function_start_failed_event_details { error, cause }
        lambda_function_succeeded_event_details { output }
        lambda_function_timed_out_event_details { error, cause }
        state_entered_event_details { input; name }
        map_run_started_event_details { map_run_arn }
        map_run_failed_event_details { error, cause }
        evaluation_failed_event_details { error, cause, location; state }
        activity_scheduled_event_details { input, timeout_in_seconds, heartbeat_in_seconds; resource }
    );
    if let Some(from) = from.task_scheduled_event_details {
        to.timeout_in_seconds = from.timeout_in_seconds;
        to.heartbeat_in_seconds = from.heartbeat_in_seconds;
        to.task_credentials = from.task_credentials.and_then(|credentials| credentials.role_arn);
        (to.resource_type, to.resource) = (Some(from.resource_type), Some(from.resource));
        (to.region, to.parameters) = (Some(from.region), Some(from.parameters));
    }
    if let Some(from) = from.lambda_function_scheduled_event_details {
        to.input = from.input;
        to.timeout_in_seconds = from.timeout_in_seconds;
        to.task_credentials = from.task_credentials.and_then(|credentials| credentials.role_arn);
        to.resource = Some(from.resource);
    }
    if let Some(from) = from.state_exited_event_details {
        (to.name, to.output) = (Some(from.name), from.output);
        to.assigned_variables = from.assigned_variables.map(|variables| {
            // The SDK's map has no order; the order of names is stable.
            variables.into_iter().collect::<std::collections::BTreeMap<_, _>>().into_iter().collect()
        });
    }
    to.length = from.map_state_started_event_details.and_then(|from| u64::try_from(from.length).ok());
    for iteration in [
        from.map_iteration_started_event_details,
        from.map_iteration_succeeded_event_details,
        from.map_iteration_failed_event_details,
        from.map_iteration_aborted_event_details,
    ]
    .into_iter()
    .flatten()
    {
        (to.name, to.index) = (iteration.name, u64::try_from(iteration.index).ok());
    }
    let map_run = from.map_run_redriven_event_details;
    to.map_run_arn = to.map_run_arn.or_else(|| map_run.as_ref().and_then(|from| from.map_run_arn.clone()));
    let redrives = (from.execution_redriven_event_details.and_then(|from| from.redrive_count))
        .or(map_run.and_then(|from| from.redrive_count));
    to.redrive_count = redrives.and_then(|count| u64::try_from(count).ok());
    to
}
