//! The port's calls on a fake connection.

use countersign_trace::{EventKind, HistoryEvent};

use super::machine::Machine;
use super::world::{Execution, World};
use super::{Ending, Fake};
use crate::connection::{
    Api, Call, Caller, DefinitionText, Description, ExecutionStatus, Fault, ListedMachine, Listing, MachineDescription,
    MachineSettings, MachineUpdate, NewMachine, Of, Page, Redrivable, StepFunctions, Summary,
};
use crate::deploy::desired::{Encryption, Logging};

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
pub(super) fn page<T>(all: impl Iterator<Item = T>, size: usize, next: Option<&str>) -> Result<Page<T>, Fault> {
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

pub(super) fn missing(what: &str, arn: &str) -> Fault {
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

/// Changes the settings that are given.
fn set(machine: &mut Machine, settings: MachineSettings) {
    machine.logging = settings.logging.unwrap_or_else(|| machine.logging.clone());
    machine.tracing = settings.tracing.unwrap_or(machine.tracing);
    machine.encryption = settings.encryption.unwrap_or_else(|| machine.encryption.clone());
}

/// A machine, or one of its versions: that has the definition, role and revision of its time.
fn described(world: &World, arn: &str) -> Option<MachineDescription> {
    let machine = world.machines.get(&world.unqualified(arn)?)?;
    let number: Option<u64> = if machine.arn == arn { None } else { arn.rsplit(':').next()?.parse().ok() };
    let version = number.and_then(|number| machine.versions.get(&number));
    let revision = version.map_or(machine.revision, |version| version.revision);
    Some(MachineDescription {
        arn: arn.to_owned(),
        name: machine.name.clone(),
        kind: machine.kind,
        definition: version.map_or(&machine.definition, |version| &version.definition).clone(),
        revision_id: (revision > 1).then(|| revision.to_string()),
        role_arn: Some(version.map_or(&machine.role_arn, |version| &version.role_arn).clone()),
        logging: machine.logging.clone(),
        tracing: machine.tracing,
        encryption: machine.encryption.clone(),
        description: version.and_then(|version| version.description.clone()),
        created_at: version.map_or(machine.created_at, |version| version.created_at),
    })
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
                described(world, &arn).ok_or_else(|| missing("StateMachine", &arn))
            })
        })
    }

    fn list_versions(&self, machine_arn: &str) -> Call<'_, Vec<String>> {
        let arn = machine_arn.to_owned();
        later(move || {
            self.call(Api::ListStateMachineVersions, &arn, |world, _| {
                let machine = world.machines.get(&arn).ok_or_else(|| missing("StateMachine", &arn))?;
                Ok(machine.versions.keys().rev().take(100).map(u64::to_string).collect())
            })
        })
    }

    fn list_aliases(&self, machine_arn: &str) -> Call<'_, Vec<String>> {
        let arn = machine_arn.to_owned();
        later(move || {
            self.call(Api::ListStateMachineAliases, &arn, |world, _| {
                let machine = world.machines.get(&arn).ok_or_else(|| missing("StateMachine", &arn))?;
                Ok(machine.aliases.keys().cloned().collect())
            })
        })
    }

    fn list_executions(&self, listing: Listing) -> Call<'_, Page<Summary>> {
        later(move || {
            let arn = listing.of.arn().to_owned();
            self.call(Api::ListExecutions, &arn, |world, _| {
                let machine = world.unqualified(&arn);
                if matches!(&listing.of, Of::Machine(_)) && machine.is_none() {
                    return Err(missing("StateMachine", &arn));
                }
                // A version lists what was started with it.
                let number = machine.as_deref().filter(|of| *of != arn).and_then(|_| arn.rsplit(':').next());
                let is_of = |one: &&Execution| match &listing.of {
                    // The children of a Map Run are listed only by their Map Run.
                    Of::Machine(_) => {
                        Some(&one.machine_arn) == machine.as_ref()
                            && one.map_run_arn.is_none()
                            && (number.is_none() || one.version.as_deref() == number)
                    }
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

    fn parent_of_map_run(&self, arn: &str) -> Call<'_, String> {
        let arn = arn.to_owned();
        later(move || {
            self.call(Api::DescribeMapRun, &arn, |world, _| {
                let began = |one: &&Execution| {
                    one.events.iter().any(|event| event.details.map_run_arn.as_deref() == Some(arn.as_str()))
                };
                let parent = world.executions.iter().find(began).ok_or_else(|| missing("MapRun", &arn))?;
                Ok(parent.arn.clone())
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
                if let Some(known) = world.machines.values().find(|machine| machine.name == new.name) {
                    let NewMachine { settings, .. } = &new;
                    // A repeated call may have another role or other tags; they are ignored.
                    let same = known.definition == new.definition
                        && known.kind == new.kind
                        && known.logging == settings.logging.clone().unwrap_or(Logging::OFF)
                        && known.tracing == settings.tracing.unwrap_or_default()
                        && known.encryption == settings.encryption.clone().unwrap_or(Encryption::AwsOwnedKey);
                    let exists = || Fault::of_code("StateMachineAlreadyExists", "State Machine Already Exists");
                    return if same { Ok(known.arn.clone()) } else { Err(exists()) };
                }
                let arn = world.machine(&new.name, &new.definition, now);
                if let Some(machine) = world.machines.get_mut(&arn) {
                    (machine.kind, machine.role_arn) = (new.kind, new.role_arn.clone());
                    machine.tags = new.tags.clone();
                    set(machine, new.settings.clone());
                    if let Some(description) = &new.publish {
                        machine.publish(Some(description.clone()), now)?;
                    }
                }
                Ok(arn)
            })
        })
    }

    fn update_machine(&self, arn: &str, update: MachineUpdate) -> Call<'_, Option<String>> {
        let arn = arn.to_owned();
        later(move || {
            self.call(Api::UpdateStateMachine, &arn, |world, now| {
                let machine = world.machines.get_mut(&arn).ok_or_else(|| missing("StateMachine", &arn))?;
                if update.is_empty() {
                    return Err(Fault::of_code("MissingRequiredParameter", "Something must be specified"));
                }
                let mut updated = machine.clone();
                updated.definition = update.definition.unwrap_or(updated.definition);
                updated.role_arn = update.role_arn.unwrap_or(updated.role_arn);
                set(&mut updated, update.settings);
                updated.revision += 1;
                if let Some(description) = update.publish {
                    // Without room for the version nothing is updated.
                    updated.publish(Some(description), now)?;
                }
                *machine = updated;
                Ok(machine.revision_id())
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
