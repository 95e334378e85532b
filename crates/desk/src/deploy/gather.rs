//! Reading what is deployed: the state machines of a plan with their settings, tags and aliases, several calls at a time.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use futures::StreamExt as _;

use super::desired::{Alias, Deployed, Route};
use super::leaving::Leaving;
use super::note::{Note, Progress, Why};
use super::outlook::{Effect, FailedVersion, RunningOn};
use super::patience::{Failure, Patience};
use crate::connection::MOST_PARAMETERS;
use crate::connection::{
    Api, CallError, ConnectionKind, ExecutionStatus, Fault, ListedMachine, Listing, MachineDescription, MachineKind,
    Of, Parameter, Tags, Verdict, number_of,
};

/// Calls that are under way at a time.
const AT_ONCE: usize = 16;
/// The most state machines outside of the manifest whose tags are read. On AWS the quota of ListTagsForResource is that of a
/// burst of 100, and one a second.
const MOST_OTHERS: usize = 2_000;
const MOST_OTHERS_ON_AWS: usize = 60;
/// Executions that are counted: a page.
const MOST_RUNNING: i32 = 1_000;

/// A state machine that was read.
struct Read {
    deployed: Deployed,
    /// Why its tags were not read.
    untagged: Option<CallError>,
    /// Why its alias was not read.
    unread_alias: Option<CallError>,
}

/// A call that is under way.
type Going<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What was read of the connection.
#[derive(Clone, Debug, Default)]
pub struct Gathered {
    /// The state machines that were asked for, by name.
    pub machines: BTreeMap<String, Deployed>,
    /// Those that leave, and that were not asked for.
    pub others: Vec<Deployed>,
    /// Why tags could not be read: drift and what is to be removed are not known then.
    pub untagged: Option<CallError>,
    /// The names of the state machines that were asked for and whose tags could not be read.
    pub without_tags: BTreeSet<String>,
    /// How many aliases could not be read, and why the first could not.
    pub unread_aliases: Option<(usize, CallError)>,
    /// How many state machines were not looked at.
    pub not_looked_at: usize,
}

/// Every state machine of the connection.
///
/// # Errors
/// A call fails.
pub async fn listed(patience: &Patience<'_>) -> Result<Vec<ListedMachine>, Failure> {
    let (mut all, mut next) = (Vec::new(), None);
    loop {
        let page = patience.read(Api::ListStateMachines, |calls| calls.list_machines(next.clone())).await?;
        all.extend(page.items);
        next = page.next;
        if next.is_none() {
            return Ok(all);
        }
    }
}

/// Reads the state machines with these names, each with the alias that is asked for, and finds those that are `leaving` beside
/// them; without that, no others are looked at.
///
/// # Errors
/// A call fails; tags and aliases that cannot be read are no failure.
pub async fn gather(
    patience: &Patience<'_>,
    kind: ConnectionKind,
    listed: &[ListedMachine],
    wanted: &BTreeMap<String, Option<String>>,
    leaving: Option<&Leaving>,
) -> Result<Gathered, Failure> {
    let mut gathered = Gathered::default();
    let (mine, others): (Vec<_>, Vec<_>) = listed.iter().partition(|machine| wanted.contains_key(&machine.name));
    let calls = mine.into_iter().map(|machine| {
        let alias = wanted.get(&machine.name).and_then(Option::as_deref);
        Box::pin(deployed(patience, machine, alias)) as Going<'_, _>
    });
    for read in at_once(calls).await {
        let Some(Read { deployed, untagged, unread_alias }) = read? else { continue };
        if untagged.is_some() {
            gathered.without_tags.insert(deployed.name.clone());
        }
        gathered.untagged = gathered.untagged.or(untagged);
        if let Some(error) = unread_alias {
            gathered.unread_aliases.get_or_insert((0, error)).0 += 1;
        }
        gathered.machines.insert(deployed.name.clone(), deployed);
    }
    let Some(leaving) = leaving.filter(|_| gathered.untagged.is_none()) else { return Ok(gathered) };
    let others: Vec<&ListedMachine> = others.into_iter().filter(|machine| leaving.may_be(&machine.name)).collect();
    let most = if kind == ConnectionKind::Aws { MOST_OTHERS_ON_AWS } else { MOST_OTHERS };
    gathered.not_looked_at = others.len().saturating_sub(most);
    let calls = others.into_iter().take(most).map(|machine| Box::pin(left(patience, machine, leaving)) as Going<'_, _>);
    for read in at_once(calls).await {
        match read? {
            Found::Leaves(deployed) => gathered.others.push(*deployed),
            Found::Stays => {}
            Found::Untagged(error) => gathered.untagged = Some(error),
        }
    }
    gathered.others.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(gathered)
}

async fn at_once<'a, T: Send>(calls: impl Iterator<Item = Going<'a, T>>) -> Vec<T> {
    let calls: Vec<Going<'a, T>> = calls.collect();
    futures::stream::iter(calls).buffered(AT_ONCE).collect().await
}

/// A state machine with everything that a plan compares; `None` if it is gone meanwhile.
async fn deployed(
    patience: &Patience<'_>,
    machine: &ListedMachine,
    alias: Option<&str>,
) -> Result<Option<Read>, Failure> {
    let Some(described) = describe(patience, &machine.arn).await? else { return Ok(None) };
    let (tags, untagged) = match tags(patience, &machine.arn).await? {
        Ok(tags) => (tags, None),
        Err(error) => (Tags::new(), Some(error)),
    };
    let mut deployed = of_description(described, tags);
    let mut unread_alias = None;
    if let Some(name) = alias {
        match unless_left_out(of_alias(patience, &deployed, name).await)? {
            Ok(there) => deployed.aliases.extend(there),
            Err(error) => {
                unread_alias = Some(error);
                let arn = format!("{}:{name}", deployed.arn);
                deployed.aliases.push(Alias { name: name.to_owned(), arn, routes: Vec::new(), failed: None });
            }
        }
        deployed.versions =
            deployed.aliases.iter().flat_map(|alias| &alias.routes).map(|one| one.version.clone()).collect();
    }
    Ok(Some(Read { deployed, untagged, unread_alias }))
}

async fn describe(patience: &Patience<'_>, arn: &str) -> Result<Option<MachineDescription>, Failure> {
    missing_is_none(patience.read(Api::DescribeStateMachine, |calls| calls.describe_machine(arn)).await)
}

fn missing_is_none<T>(answer: Result<T, Failure>) -> Result<Option<T>, Failure> {
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(Failure::Call(error)) if error.is_missing() => Ok(None),
        Err(error) => Err(error),
    }
}

/// What was read, or why the plan is without it: IAM denies the call, the endpoint does not know it, or it stays throttled.
/// Everything else is a failure: without credentials and without an answer nothing can be planned.
fn unless_left_out<T>(read: Result<T, Failure>) -> Result<Result<T, CallError>, Failure> {
    match read {
        Ok(read) => Ok(Ok(read)),
        Err(Failure::Call(error))
            if matches!(error.fault, Fault::Denied { .. } | Fault::Refused { .. } | Fault::Throttled { .. }) =>
        {
            Ok(Err(error))
        }
        Err(failure) => Err(failure),
    }
}

/// The tags of a state machine, or why the connection does not say them.
pub(super) async fn tags(patience: &Patience<'_>, arn: &str) -> Result<Result<Tags, CallError>, Failure> {
    let read = patience.read(Api::ListTagsForResource, |calls| calls.tags(arn)).await;
    unless_left_out(missing_is_none(read).map(Option::unwrap_or_default))
}

/// A machine as it was described, with its tags.
pub(super) fn of_description(described: MachineDescription, tags: Tags) -> Deployed {
    Deployed {
        arn: described.arn,
        name: described.name,
        kind: described.kind,
        revision_id: described.revision_id,
        definition: described.definition,
        role_arn: described.role_arn,
        logging: described.logging,
        tracing: described.tracing,
        encryption: described.encryption,
        tags,
        versions: Vec::new(),
        aliases: Vec::new(),
    }
}

/// An alias, and which of its versions the state machine still is.
async fn of_alias(patience: &Patience<'_>, machine: &Deployed, name: &str) -> Result<Option<Alias>, Failure> {
    let arn = format!("{}:{name}", machine.arn);
    let read = patience.read(Api::DescribeStateMachineAlias, |calls| calls.describe_alias(&arn)).await;
    let Some(described) = missing_is_none(read)? else { return Ok(None) };
    let is_current = |version: &MachineDescription| {
        version.revision_id == machine.revision_id && version.definition == machine.definition
    };
    // Whoever made the alias may describe it in words of their own: then nothing was rolled back by Countersign.
    let note = described.description.as_deref().and_then(|text| text.parse::<Note>().ok());
    let mut failed = None;
    if let Some(Progress::Back { from, why: Why::Failures { failed: count, ended, first } }) =
        note.map(|note| note.state)
        && describe(patience, &format!("{}:{from}", machine.arn)).await?.as_ref().is_some_and(is_current)
    {
        failed = Some(FailedVersion { version: from, failed: count, ended, first });
    }
    let mut routes = Vec::new();
    for route in described.routes {
        let version = describe(patience, &route.version_arn).await?;
        routes.push(Route {
            version: number_of(&route.version_arn)
                .map_or_else(|| route.version_arn.clone(), |number| number.to_string()),
            weight: route.weight,
            is_current: version.as_ref().is_some_and(is_current),
        });
    }
    Ok(Some(Alias { name: name.to_owned(), arn, routes, failed }))
}

/// What the tags of a state machine outside of the manifest say.
enum Found {
    Leaves(Box<Deployed>),
    Stays,
    Untagged(CallError),
}

async fn left(patience: &Patience<'_>, machine: &ListedMachine, leaving: &Leaving) -> Result<Found, Failure> {
    let tags = match tags(patience, &machine.arn).await? {
        Ok(tags) => tags,
        Err(error) => return Ok(Found::Untagged(error)),
    };
    if !leaving.is(&machine.name, &tags) {
        return Ok(Found::Stays);
    }
    let described = describe(patience, &machine.arn).await?;
    Ok(described.map_or(Found::Stays, |described| Found::Leaves(Box::new(of_description(described, tags)))))
}

/// The parameters with these names; or why the Parameter Store cannot be read.
///
/// # Errors
/// A call fails otherwise.
pub async fn parameters(
    patience: &Patience<'_>,
    names: &BTreeSet<String>,
) -> Result<Result<BTreeMap<String, Parameter>, CallError>, Failure> {
    let names: Vec<String> = names.iter().cloned().collect();
    let mut found = BTreeMap::new();
    for names in names.chunks(MOST_PARAMETERS) {
        let read = patience.read(Api::GetParameters, |calls| calls.parameters(names.to_vec())).await;
        match unless_left_out(read)? {
            Ok(some) => found.extend(some),
            Err(error) => return Ok(Err(error)),
        }
    }
    Ok(Ok(found))
}

/// What the service says about definitions, or why it does not say. In the order of the definitions.
///
/// # Errors
/// A call fails otherwise.
pub async fn verdicts(
    patience: &Patience<'_>,
    definitions: &[(String, MachineKind)],
) -> Result<Vec<Result<Vec<Verdict>, CallError>>, Failure> {
    let calls = definitions.iter().map(|(definition, kind)| {
        let api = Api::ValidateStateMachineDefinition;
        Box::pin(patience.read(api, |calls| calls.validate_definition(definition, *kind))) as Going<'_, _>
    });
    at_once(calls).await.into_iter().map(unless_left_out).collect()
}

/// The running executions of state machines, by version; `None` of one that is gone meanwhile. Or why the connection does not
/// say. In the order of the ARNs.
///
/// # Errors
/// A call fails otherwise.
pub async fn running(
    patience: &Patience<'_>,
    arns: &[String],
) -> Result<Vec<Result<Option<Effect>, CallError>>, Failure> {
    let calls = arns.iter().map(|arn| Box::pin(running_of(patience, arn)) as Going<'_, _>);
    at_once(calls).await.into_iter().map(unless_left_out).collect()
}

async fn running_of(patience: &Patience<'_>, arn: &str) -> Result<Option<Effect>, Failure> {
    let listing = Listing {
        of: Of::Machine(arn.to_owned()),
        status: Some(ExecutionStatus::Running),
        size: MOST_RUNNING,
        next: None,
    };
    let read = patience.read(Api::ListExecutions, |calls| calls.list_executions(listing.clone())).await;
    let Some(page) = missing_is_none(read)? else { return Ok(None) };
    let mut by_version: BTreeMap<Option<String>, usize> = BTreeMap::new();
    for execution in page.items {
        *by_version.entry(execution.version).or_default() += 1;
    }
    let running = by_version.into_iter().map(|(version, executions)| RunningOn { version, executions }).collect();
    Ok(Some(Effect { running, more: page.next.is_some(), ..Effect::default() }))
}
