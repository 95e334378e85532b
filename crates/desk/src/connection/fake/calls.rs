//! The port's calls on a fake connection.

use countersign_trace::{EventKind, HistoryEvent};

use super::world::Execution;
use super::{Ending, Fake};
use crate::connection::{
    Api, Call, Caller, DefinitionText, Description, ExecutionStatus, Fault, ListedMachine, Listing, MachineDescription,
    NewMachine, Of, Page, Redrivable, StepFunctions, Summary,
};

/// The response to a call. Nothing happens before it is polled.
pub(super) fn later<'a, T: Send + 'a>(call: impl FnOnce() -> Ending<T> + Send + 'a) -> Call<'a, T> {
    Box::pin(async move {
        // Other tasks run meanwhile, as they would during a real call.
        tokio::task::yield_now().await;
        match call() {
            Ending::Answered(answer) => answer,
            Ending::Never => std::future::pending().await,
        }
    })
}

/// One page of `all`; a page token is the number of items before the page.
fn page<T>(all: impl Iterator<Item = T>, size: usize, next: Option<&str>) -> Result<Page<T>, Fault> {
    let from = match next {
        None => 0,
        Some(token) => token.parse().map_err(|_| Fault::of_code("InvalidToken", "Invalid Token"))?,
    };
    let mut items: Vec<T> = all.skip(from).take(size + 1).collect();
    let more = items.len() > size;
    items.truncate(size);
    Ok(Page { items, next: more.then(|| (from + size).to_string()) })
}

fn size_of(size: i32) -> usize {
    usize::try_from(size).unwrap_or(1_000).clamp(1, 1_000)
}

fn missing(what: &str, arn: &str) -> Fault {
    Fault::of_code(&format!("{what}DoesNotExist"), &format!("{what} Does Not Exist: '{arn}'"))
}

fn summary(one: &Execution) -> Summary {
    Summary {
        arn: one.arn.clone(),
        name: one.name.clone(),
        machine_arn: one.machine_arn.clone(),
        status: one.status,
        started_at: one.started_at,
        ended_at: one.ended_at,
        redrives: one.redrives,
        version: one.version.clone(),
        alias: None,
    }
}

impl StepFunctions for Fake {
    fn list_machines(&self, next: Option<String>) -> Call<'_, Page<ListedMachine>> {
        later(move || {
            self.call(Api::ListStateMachines, "", |world, _| {
                let all = world.machines.values().map(|machine| ListedMachine {
                    arn: machine.arn.clone(),
                    name: machine.name.clone(),
                    kind: machine.kind,
                    created_at: machine.created_at,
                });
                page(all, 1_000, next.as_deref())
            })
        })
    }

    fn describe_machine(&self, arn: &str) -> Call<'_, MachineDescription> {
        let arn = arn.to_owned();
        later(move || {
            self.call(Api::DescribeStateMachine, &arn, |world, _| {
                let machine = world.machines.get(&arn).ok_or_else(|| missing("StateMachine", &arn))?;
                Ok(MachineDescription {
                    arn: machine.arn.clone(),
                    name: machine.name.clone(),
                    kind: machine.kind,
                    definition: machine.definition.clone(),
                    revision_id: Some(machine.revision.to_string()),
                    role_arn: Some(machine.role_arn.clone()),
                    created_at: machine.created_at,
                })
            })
        })
    }

    fn list_versions(&self, machine_arn: &str) -> Call<'_, Vec<String>> {
        let arn = machine_arn.to_owned();
        later(move || {
            self.call(Api::ListStateMachineVersions, &arn, |world, _| {
                let machine = world.machines.get(&arn).ok_or_else(|| missing("StateMachine", &arn))?;
                Ok((1..=machine.versions).rev().map(|number| number.to_string()).collect())
            })
        })
    }

    fn list_aliases(&self, machine_arn: &str) -> Call<'_, Vec<String>> {
        let arn = machine_arn.to_owned();
        later(move || {
            self.call(Api::ListStateMachineAliases, &arn, |world, _| {
                let machine = world.machines.get(&arn).ok_or_else(|| missing("StateMachine", &arn))?;
                Ok(machine.aliases.clone())
            })
        })
    }

    fn list_executions(&self, listing: Listing) -> Call<'_, Page<Summary>> {
        later(move || {
            let arn = listing.of.arn().to_owned();
            self.call(Api::ListExecutions, &arn, |world, _| {
                if matches!(&listing.of, Of::Machine(arn) if !world.machines.contains_key(arn)) {
                    return Err(missing("StateMachine", &arn));
                }
                let is_of = |one: &&Execution| match &listing.of {
                    // The children of a Map Run are listed only by their Map Run.
                    Of::Machine(arn) => one.machine_arn == *arn && one.map_run_arn.is_none(),
                    Of::MapRun(arn) => one.map_run_arn.as_deref() == Some(arn),
                };
                let is_so = |one: &&Execution| listing.status.is_none_or(|status| one.status == status);
                let all = world.executions.iter().rev().filter(is_of).filter(is_so).map(summary);
                page(all, size_of(listing.size), listing.next.as_deref())
            })
        })
    }

    fn describe_execution(&self, arn: &str) -> Call<'_, Description> {
        let arn = arn.to_owned();
        later(move || {
            self.call(Api::DescribeExecution, &arn, |world, now| {
                let one = world.execution(&arn).ok_or_else(|| missing("Execution", &arn))?;
                Ok(Description {
                    arn: one.arn.clone(),
                    name: one.name.clone(),
                    machine_arn: one.machine_arn.clone(),
                    status: one.status,
                    started_at: one.started_at,
                    ended_at: one.ended_at,
                    input: Some(one.input.clone()),
                    output: one.output.clone(),
                    error: one.error.clone(),
                    cause: one.cause.clone(),
                    redrives: one.redrives,
                    redrivable: match one.not_redrivable(now) {
                        None => Redrivable::Yes,
                        Some(reason) => Redrivable::No { reason: Some(reason.to_owned()) },
                    },
                })
            })
        })
    }

    fn definition_of_execution(&self, arn: &str) -> Call<'_, DefinitionText> {
        let arn = arn.to_owned();
        later(move || {
            self.call(Api::DescribeStateMachineForExecution, &arn, |world, _| {
                let one = world.execution(&arn).ok_or_else(|| missing("Execution", &arn))?;
                Ok(DefinitionText(one.definition.clone()))
            })
        })
    }

    fn newest_events(&self, arn: &str, size: i32, next: Option<String>) -> Call<'_, Page<HistoryEvent>> {
        let arn = arn.to_owned();
        later(move || {
            self.call(Api::GetExecutionHistory, &arn, |world, _| {
                let one = world.execution(&arn).ok_or_else(|| missing("Execution", &arn))?;
                // The page token names an event, as AWS's does: a history that grows meanwhile shifts no page.
                let from = match next.as_deref() {
                    None => one.events.len(),
                    Some(token) => token.parse().map_err(|_| Fault::of_code("InvalidToken", "Invalid Token"))?,
                };
                let to = from.saturating_sub(size_of(size));
                let items = one.events.get(to..from).unwrap_or_default().iter().rev().cloned().collect();
                Ok(Page { items, next: (to > 0).then(|| to.to_string()) })
            })
        })
    }

    fn start_execution(&self, machine_arn: &str, name: &str, input: &str) -> Call<'_, String> {
        let (machine_arn, name, input) = (machine_arn.to_owned(), name.to_owned(), input.to_owned());
        later(move || {
            self.call(Api::StartExecution, &machine_arn, |world, now| {
                let machine_arn =
                    world.unqualified(&machine_arn).ok_or_else(|| missing("StateMachine", &machine_arn))?;
                let input = serde_json::from_str(&input)
                    .map_err(|_| Fault::of_code("InvalidExecutionInput", "Invalid State Machine Execution Input"))?;
                Ok(world.begin(&machine_arn, &name, None, &input, now))
            })
        })
    }

    fn stop_execution(&self, arn: &str, error: &str, cause: &str) -> Call<'_, ()> {
        let (arn, error, _cause) = (arn.to_owned(), error.to_owned(), cause.to_owned());
        later(move || {
            self.call(Api::StopExecution, &arn, |world, now| {
                if world.execution(&arn).is_none() {
                    return Err(missing("Execution", &arn));
                }
                world.end(&arn, EventKind::ExecutionAborted, ExecutionStatus::Aborted, None, Some(error), now);
                Ok(())
            })
        })
    }

    fn redrive_execution(&self, arn: &str, client_token: &str) -> Call<'_, ()> {
        let (arn, client_token) = (arn.to_owned(), client_token.to_owned());
        later(move || {
            self.call(Api::RedriveExecution, &arn, |world, now| {
                if world.execution(&arn).is_none() {
                    return Err(missing("Execution", &arn));
                }
                world.redrive(&arn, Some(&client_token), now)
            })
        })
    }

    fn send_task_success(&self, token: &str, output: &str) -> Call<'_, ()> {
        let (token, output) = (token.to_owned(), output.to_owned());
        later(move || self.call(Api::SendTaskSuccess, "", |world, now| world.answer(&token, Ok(&output), now)))
    }

    fn send_task_failure(&self, token: &str, error: &str, cause: &str) -> Call<'_, ()> {
        let (token, error, cause) = (token.to_owned(), error.to_owned(), cause.to_owned());
        later(move || {
            self.call(Api::SendTaskFailure, "", |world, now| world.answer(&token, Err((&error, &cause)), now))
        })
    }

    fn send_task_heartbeat(&self, token: &str) -> Call<'_, ()> {
        let token = token.to_owned();
        later(move || self.call(Api::SendTaskHeartbeat, "", |world, _| world.beat(&token)))
    }

    fn create_machine(&self, new: NewMachine) -> Call<'_, String> {
        later(move || {
            self.call(Api::CreateStateMachine, &new.name, |world, now| {
                let arn = world.machine(&new.name, &new.definition, now);
                if let Some(machine) = world.machines.get_mut(&arn) {
                    (machine.kind, machine.role_arn) = (new.kind, new.role_arn.clone());
                }
                Ok(arn)
            })
        })
    }

    fn update_machine(&self, arn: &str, definition: &str, role_arn: Option<&str>) -> Call<'_, ()> {
        let (arn, definition, role_arn) = (arn.to_owned(), definition.to_owned(), role_arn.map(str::to_owned));
        later(move || {
            self.call(Api::UpdateStateMachine, &arn, |world, _| {
                let machine = world.machines.get_mut(&arn).ok_or_else(|| missing("StateMachine", &arn))?;
                machine.definition = definition;
                machine.revision += 1;
                if let Some(role_arn) = role_arn {
                    machine.role_arn = role_arn;
                }
                Ok(())
            })
        })
    }

    fn create_topic(&self, name: &str) -> Call<'_, ()> {
        let name = name.to_owned();
        later(move || self.call(Api::CreateTopic, &name, |_, _| Ok(())))
    }

    fn caller(&self) -> Call<'_, Caller> {
        later(move || {
            self.call(Api::GetCallerIdentity, "", |_, _| {
                Ok(Caller {
                    account: Some("123456789012".to_owned()),
                    arn: Some("arn:aws:sts::123456789012:assumed-role/r/s".to_owned()),
                })
            })
        })
    }
}
