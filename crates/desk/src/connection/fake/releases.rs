//! The calls about versions, aliases and tags on a fake connection, with AWS's rules.

use super::Fake;
use super::calls::{later, missing, page};
use super::machine::{Alias, Machine};
use super::world::World;
use crate::connection::releases::{ALL_WEIGHT, AliasDescription, ListedVersion, MOST_ROUTES, Releases, Route, Tags};
use crate::connection::{Api, Call, Fault, Page};

/// The most tags of a resource.
const MOST_TAGS: usize = 50;

fn conflict(message: impl Into<String>) -> Fault {
    Fault::of_code("ConflictException", &message.into())
}

fn invalid(message: impl Into<String>) -> Fault {
    Fault::of_code("ValidationException", &message.into())
}

fn no_resource(arn: &str) -> Fault {
    Fault::of_code("ResourceNotFound", &format!("Request references a resource that does not exist. Resource: '{arn}'"))
}

/// The machine with this ARN, to be changed.
fn machine<'w>(world: &'w mut World, arn: &str) -> Result<&'w mut Machine, Fault> {
    world.machines.get_mut(arn).ok_or_else(|| missing("StateMachine", arn))
}

/// The ARN of the machine that all routes lead to, which AWS checks.
fn routed(world: &World, routes: &[Route]) -> Result<String, Fault> {
    if routes.is_empty() || routes.len() > MOST_ROUTES {
        return Err(invalid("Routing configuration must contain one or two versions."));
    }
    if routes.len() == MOST_ROUTES && routes[0].version_arn == routes[1].version_arn {
        return Err(invalid("Routing configuration must contain distinct state machine version ARNs."));
    }
    if routes.iter().map(|route| u32::from(route.weight)).sum::<u32>() != u32::from(ALL_WEIGHT) {
        return Err(invalid("Sum of routing configuration weights must equal 100."));
    }
    let mut found: Option<String> = None;
    for route in routes {
        let arn = &route.version_arn;
        let (machine_arn, number) = arn.rsplit_once(':').ok_or_else(|| no_resource(arn))?;
        let number: u64 = number.parse().map_err(|_| no_resource(arn))?;
        let machine = world.machines.get(machine_arn).ok_or_else(|| no_resource(arn))?;
        if !machine.versions.contains_key(&number) {
            return Err(no_resource(arn));
        }
        if found.as_ref().is_some_and(|known| known != machine_arn) {
            return Err(invalid("Routing configuration must contain versions of the same state machine."));
        }
        found = Some(machine_arn.to_owned());
    }
    found.ok_or_else(|| invalid("Routing configuration must contain one or two versions."))
}

/// The alias with this ARN, to be changed.
fn alias<'w>(world: &'w mut World, arn: &str) -> Result<&'w mut Alias, Fault> {
    let found = arn.rsplit_once(':').and_then(|(of, name)| world.machines.get_mut(of)?.aliases.get_mut(name));
    found.ok_or_else(|| no_resource(arn))
}

impl Releases for Fake {
    fn publish_version(
        &self,
        machine_arn: &str,
        revision_id: Option<&str>,
        description: Option<&str>,
    ) -> Call<'_, String> {
        let (arn, revision) = (machine_arn.to_owned(), revision_id.map(str::to_owned));
        let description = description.map(str::to_owned);
        later(move || {
            self.call(Api::PublishStateMachineVersion, &arn, |world, now| {
                let machine = machine(world, &arn)?;
                let current = machine.revision_id();
                if revision.is_some_and(|revision| revision != current.as_deref().unwrap_or("INITIAL")) {
                    return Err(conflict("Failed to publish the State Machine version: the revision is another."));
                }
                let number = machine.publish(description, now)?;
                Ok(format!("{arn}:{number}"))
            })
        })
    }

    fn versions(&self, machine_arn: &str, next: Option<String>) -> Call<'_, Page<ListedVersion>> {
        let arn = machine_arn.to_owned();
        later(move || {
            self.call(Api::ListStateMachineVersions, &arn, |world, _| {
                let machine = machine(world, &arn)?;
                let all = machine.versions.iter().rev().map(|(number, version)| ListedVersion {
                    arn: format!("{arn}:{number}"),
                    created_at: version.created_at,
                });
                page(all, 1_000, next.as_deref())
            })
        })
    }

    fn delete_version(&self, version_arn: &str) -> Call<'_, ()> {
        let arn = version_arn.to_owned();
        later(move || {
            self.call(Api::DeleteStateMachineVersion, &arn, |world, _| {
                let Some((machine_arn, number)) = arn.rsplit_once(':') else { return Ok(()) };
                let Some(machine) = world.machines.get_mut(machine_arn) else { return Ok(()) };
                let leads_there = |alias: &&Alias| alias.routes.iter().any(|route| route.version_arn == arn);
                let users: Vec<&str> =
                    machine.aliases.values().filter(leads_there).map(|alias| alias.name.as_str()).collect();
                if !users.is_empty() {
                    return Err(conflict(format!(
                        "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: [{}]",
                        users.join(", ")
                    )));
                }
                if let Ok(number) = number.parse() {
                    machine.versions.remove(&number);
                }
                Ok(())
            })
        })
    }

    fn create_alias(&self, name: &str, description: Option<&str>, routes: &[Route]) -> Call<'_, String> {
        let (name, description, routes) = (name.to_owned(), description.map(str::to_owned), routes.to_vec());
        later(move || {
            self.call(Api::CreateStateMachineAlias, &name, |world, now| {
                let arn = routed(world, &routes)?;
                let aliases = &mut machine(world, &arn)?.aliases;
                match aliases.get(&name) {
                    Some(known) if known.routes != routes || known.description != description => {
                        return Err(conflict("an alias with the same name and a different routing already exists"));
                    }
                    Some(_) => {}
                    None => {
                        let alias =
                            Alias { name: name.clone(), description, routes, created_at: now, updated_at: None };
                        aliases.insert(name.clone(), alias);
                    }
                }
                Ok(format!("{arn}:{name}"))
            })
        })
    }

    fn update_alias(&self, alias_arn: &str, description: Option<&str>, routes: &[Route]) -> Call<'_, ()> {
        let (arn, description, routes) = (alias_arn.to_owned(), description.map(str::to_owned), routes.to_vec());
        later(move || {
            self.call(Api::UpdateStateMachineAlias, &arn, |world, now| {
                alias(world, &arn)?;
                if Some(routed(world, &routes)?.as_str()) != arn.rsplit_once(':').map(|(machine, _)| machine) {
                    return Err(invalid("Routing configuration must contain versions of the alias's state machine."));
                }
                let alias = alias(world, &arn)?;
                (alias.routes, alias.updated_at) = (routes, Some(now));
                alias.description = description.or(alias.description.take());
                Ok(())
            })
        })
    }

    fn describe_alias(&self, alias_arn: &str) -> Call<'_, AliasDescription> {
        let arn = alias_arn.to_owned();
        later(move || {
            self.call(Api::DescribeStateMachineAlias, &arn, |world, _| {
                let alias = alias(world, &arn)?;
                Ok(AliasDescription {
                    arn: arn.clone(),
                    name: alias.name.clone(),
                    description: alias.description.clone(),
                    routes: alias.routes.clone(),
                    created_at: alias.created_at,
                    updated_at: alias.updated_at,
                })
            })
        })
    }

    fn delete_alias(&self, alias_arn: &str) -> Call<'_, ()> {
        let arn = alias_arn.to_owned();
        later(move || {
            self.call(Api::DeleteStateMachineAlias, &arn, |world, _| {
                if let Some((machine_arn, name)) = arn.rsplit_once(':')
                    && let Some(machine) = world.machines.get_mut(machine_arn)
                {
                    machine.aliases.remove(name);
                }
                Ok(())
            })
        })
    }

    fn delete_machine(&self, arn: &str) -> Call<'_, ()> {
        let arn = arn.to_owned();
        later(move || {
            self.call(Api::DeleteStateMachine, &arn, |world, _| {
                world.machines.remove(&arn);
                Ok(())
            })
        })
    }

    fn tags(&self, arn: &str) -> Call<'_, Tags> {
        let arn = arn.to_owned();
        later(move || {
            self.call(Api::ListTagsForResource, &arn, |world, _| {
                let machine = world.machines.get(&arn).ok_or_else(|| no_resource(&arn))?;
                Ok(machine.tags.clone())
            })
        })
    }

    fn tag(&self, arn: &str, tags: &Tags) -> Call<'_, ()> {
        let (arn, tags) = (arn.to_owned(), tags.clone());
        later(move || {
            self.call(Api::TagResource, &arn, |world, _| {
                let machine = world.machines.get_mut(&arn).ok_or_else(|| no_resource(&arn))?;
                let new = tags.keys().filter(|key| !machine.tags.contains_key(*key)).count();
                if machine.tags.len() + new > MOST_TAGS {
                    return Err(Fault::of_code("TooManyTags", &format!("Too Many Tags: '{arn}'")));
                }
                machine.tags.extend(tags);
                Ok(())
            })
        })
    }

    fn untag(&self, arn: &str, keys: &[String]) -> Call<'_, ()> {
        let (arn, keys) = (arn.to_owned(), keys.to_vec());
        later(move || {
            self.call(Api::UntagResource, &arn, |world, _| {
                let machine = world.machines.get_mut(&arn).ok_or_else(|| no_resource(&arn))?;
                machine.tags.retain(|key, _| !keys.contains(key));
                Ok(())
            })
        })
    }
}
