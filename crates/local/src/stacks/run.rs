//! Creating and updating: the resources in the order of their dependencies, one after the other.

use std::sync::Arc;

use countersign_template::{DeployedResource, Resolver, ResourceType, TemplateError, physical_name, resource_type};

use super::around::{Around, Known};
use super::back;
use super::invalid;
use super::model::{Change, Deployed, Operation, Phase, Stack, Step};
use super::prepare::Prepared;
use super::removal;
use super::resources::{self, Changed, Made, Wanted, suffix};
use super::tags;
use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::random;

/// Runs the change of a stack to its end, from where it is.
///
/// # Errors
/// The store failed.
pub async fn change(host: &Arc<Host>, stack: &mut Stack) -> Result<(), ApiError> {
    if phase(stack) == Some(Phase::Forward) {
        match forward(host, stack).await {
            Ok(()) => enter(stack, Phase::Cleanup),
            Err(error) if error.code == "InternalServerException" => return Err(error),
            Err(error) => {
                if let Some(change) = of(stack) {
                    change.why = Some(error.message);
                }
                if of(stack).is_some_and(|change| change.keeps_failures) {
                    return back::leave(host, stack).await;
                }
                enter(stack, Phase::Back);
            }
        }
        stack.keep(host).await?;
    }
    match phase(stack) {
        Some(Phase::Cleanup) => back::clean_up(host, stack).await,
        Some(Phase::Back) => back::roll_back(host, stack).await,
        _ => Ok(()),
    }
}

/// The change that is under way.
pub fn of(stack: &mut Stack) -> Option<&mut Change> {
    match &mut stack.operation {
        Some(Operation::Change(change)) => Some(change),
        _ => None,
    }
}

fn phase(stack: &mut Stack) -> Option<Phase> {
    of(stack).map(|change| change.phase)
}

fn enter(stack: &mut Stack, phase: Phase) {
    if let Some(change) = of(stack) {
        change.phase = phase;
    }
}

/// Makes and changes what the new source says.
async fn forward(host: &Arc<Host>, stack: &mut Stack) -> Result<(), ApiError> {
    let place = stack.place(host);
    let Some(source) = of(stack).map(|change| change.source.clone()) else { return Ok(()) };
    let around = Around::read(host, &place, &stack.arn).await?;
    let prepared = Prepared::read(&place, stack, &source, &around)?;
    let order = prepared.template.order(&prepared.scope).map_err(|error| wrong(&error))?;
    let needs = prepared.template.dependencies(&prepared.scope);
    for logical in &order {
        let needs = needs.get(logical).into_iter().flatten().cloned().collect();
        one(host, &place, stack, &prepared, &around, logical, needs).await?;
    }
    let outputs = {
        let known = Known(&stack.resources);
        let resolver = Resolver { template: &prepared.template, scope: &prepared.scope, made: &known, around: &around };
        resolver.outputs().map_err(|error| wrong(&error))?
    };
    let taken = outputs.values().filter_map(|output| output.export.as_deref()).find(|name| around.exports(name));
    if let Some(name) = taken {
        return Err(invalid(format!("Export with name {name} is already exported by another stack.")));
    }
    let unwanted = removal::order(stack).into_iter().filter(|logical| !order.contains(logical)).collect();
    if let Some(change) = of(stack) {
        change.unwanted = unwanted;
    }
    stack.outputs = outputs;
    stack.imports = around.imports();
    stack.source = source;
    Ok(())
}

fn wrong(error: &TemplateError) -> ApiError {
    invalid(format!("Template error: {error}"))
}

/// What one resource is to be.
struct Target<'t> {
    logical: &'t str,
    base: DeployedResource,
    properties: serde_json::Value,
    needs: Vec<String>,
    /// Whether its properties give it its name.
    named: bool,
}

/// One resource: makes, changes or replaces it, or leaves it as it is.
async fn one(
    host: &Arc<Host>,
    place: &AccountRegion,
    stack: &mut Stack,
    prepared: &Prepared,
    around: &Around,
    logical: &str,
    needs: Vec<String>,
) -> Result<(), ApiError> {
    let properties = {
        let known = Known(&stack.resources);
        let resolver = Resolver { template: &prepared.template, scope: &prepared.scope, made: &known, around };
        resolver.properties(logical).map_err(|error| wrong(&error))?
    };
    let Some(resource) = prepared.template.resources.get(logical) else { return Ok(()) };
    let kind = resource_type(&resource.kind);
    let named = kind.and_then(|kind| kind.given_name(&properties)).is_some();
    let base = DeployedResource::of(resource, properties);
    let properties = countersign_template::Value::from(base.properties.clone()).to_serde();
    let target = Target { logical, base, properties, needs, named };
    let Some(before) = stack.resources.get(logical).cloned() else {
        return make(host, place, stack, target, None).await;
    };
    if before.base.kind != target.base.kind {
        return Err(invalid(format!(
            "Update of resource type is not permitted. The new template modifies resource type of the following resources: [{logical}]"
        )));
    }
    if before.base.properties == target.base.properties && !tags::change(stack, &target.base.kind) {
        if before.base != target.base || before.needs != target.needs {
            note(stack, target, before);
            return stack.keep(host).await;
        }
        return Ok(());
    }
    let differs = |name: &str| before.base.properties.get(name) != target.base.properties.get(name);
    let replaces = kind.is_some_and(|kind| kind.properties().any(|one| one.replaces && differs(one.name)));
    if replaces || is_always_replaced(&target.base.kind) {
        return make(host, place, stack, target, Some(before)).await;
    }
    modify(host, place, stack, target, before).await
}

/// Types that have no operation that changes them.
fn is_always_replaced(kind: &str) -> bool {
    ["AWS::Lambda::Permission", "AWS::SNS::Subscription"].contains(&kind)
}

/// Keeps what only the stack knows of a resource: its metadata and policies.
fn note(stack: &mut Stack, target: Target<'_>, before: Deployed) {
    let now = Deployed { base: target.base, needs: target.needs, ..before.clone() };
    stack.resources.insert(target.logical.to_owned(), now);
    if let Some(change) = of(stack) {
        change.steps.push(Step::Noted { logical: target.logical.to_owned(), before });
    }
}

/// The name of a new resource.
fn name_for(stack: &Stack, target: &Target<'_>) -> String {
    let kind = resource_type(&target.base.kind);
    let mut choose = |below: usize| usize::from(random::uuid().as_bytes()[0]) % below.max(1);
    let made = kind.and_then(|kind| {
        kind.given_name(&target.base.properties)
            .or_else(|| physical_name(kind, &stack.name, target.logical, &target.base.properties, &mut choose))
    });
    made.unwrap_or_else(|| {
        let stack = stack.name.get(..40).unwrap_or(&stack.name);
        format!("{stack}-{}-{}", target.logical.get(..40).unwrap_or(target.logical), suffix())
    })
}

/// What will identify a resource before it is made, as far as that is known.
fn expected(place: &AccountRegion, stack: &Stack, target: &Target<'_>, name: &str) -> String {
    let environment = super::around::environment(place, stack, &[]);
    let form = resource_type(&target.base.kind)
        .and_then(|kind| kind.reference.value(kind, name, &target.base.properties, &environment)?.scalar());
    form.unwrap_or_else(|| name.to_owned())
}

/// Whether the template gives a resource the name that the one in its place has.
fn keeps_its_name(target: &Target<'_>, before: &Deployed) -> bool {
    let is_same =
        |kind: &ResourceType| kind.given_name(&before.base.properties) == kind.given_name(&target.base.properties);
    target.named && resource_type(&target.base.kind).is_some_and(is_same)
}

/// The step that makes a resource, or another one in the place of `before`.
fn step_of(target: &Target<'_>, before: Option<Deployed>) -> Step {
    let (logical, named) = (target.logical.to_owned(), target.named);
    match before {
        None => Step::Made { logical, named },
        Some(before) => Step::Replaced { logical, before, keeps: target.base.update_replace_policy.keeps(), named },
    }
}

/// Makes a resource, or another one in the place of `before`.
async fn make(
    host: &Arc<Host>,
    place: &AccountRegion,
    stack: &mut Stack,
    target: Target<'_>,
    before: Option<Deployed>,
) -> Result<(), ApiError> {
    let name = name_for(stack, &target);
    let (logical, kind) = (target.logical.to_owned(), target.base.kind.clone());
    let verb = if before.is_some() { "UPDATE" } else { "CREATE" };
    if let Some(before) = before.as_ref().filter(|before| keeps_its_name(&target, before)) {
        let why = format!(
            "CloudFormation cannot update a stack when a custom-named resource requires replacing. Rename {name} and update \
             the stack again."
        );
        stack.say(host, &logical, &before.physical, &kind, "UPDATE_FAILED", Some(why.clone()), None).await?;
        return Err(invalid(failed(&logical, verb, &why)));
    }
    if let Some(change) = of(stack) {
        change.steps.push(step_of(&target, before.clone()));
    }
    let shown = target.properties.to_string();
    let replacing = "Requested update requires the creation of a new physical resource; hence creating one.";
    let reason = before.as_ref().map(|_| replacing.to_owned());
    let expected = expected(place, stack, &target, &name);
    put(stack, host, &target, &expected, &format!("{verb}_IN_PROGRESS"));
    let old = before.as_ref().map_or("", |before| before.physical.as_str()).to_owned();
    stack.say(host, &logical, &old, &kind, &format!("{verb}_IN_PROGRESS"), reason, Some(shown.clone())).await?;
    let properties = tags::after(stack, &logical, &kind, &target.properties);
    let wanted = Wanted { kind: &kind, name: &name, properties: &properties };
    match resources::create(host, place, wanted).await {
        Ok(made) => {
            done(stack, host, &logical, &made, &format!("{verb}_COMPLETE"));
            stack.say(host, &logical, &made.physical, &kind, &format!("{verb}_COMPLETE"), None, Some(shown)).await
        }
        Err(error) => {
            // Nothing was made: there is nothing to undo.
            if let Some(change) = of(stack) {
                change.steps.pop();
            }
            match before {
                Some(before) => drop(stack.resources.insert(logical.clone(), before)),
                None => drop(stack.resources.shift_remove(&logical)),
            }
            let why = format!("{} ({})", error.message, error.code);
            stack.say(host, &logical, &old, &kind, &format!("{verb}_FAILED"), Some(why.clone()), Some(shown)).await?;
            Err(invalid(failed(&logical, verb, &why)))
        }
    }
}

/// Changes a resource in its place.
async fn modify(
    host: &Arc<Host>,
    place: &AccountRegion,
    stack: &mut Stack,
    target: Target<'_>,
    before: Deployed,
) -> Result<(), ApiError> {
    let (logical, kind) = (target.logical.to_owned(), target.base.kind.clone());
    let physical = before.physical.clone();
    let shown = target.properties.to_string();
    let old = before.past_stack.clone().unwrap_or_else(|| before.properties());
    let old = tags::before(stack, &logical, &kind, &old);
    let properties = tags::after(stack, &logical, &kind, &target.properties);
    if let Some(change) = of(stack) {
        change.steps.push(Step::Changed { logical: logical.clone(), before: before.clone() });
    }
    put(stack, host, &target, &physical, "UPDATE_IN_PROGRESS");
    stack.say(host, &logical, &physical, &kind, "UPDATE_IN_PROGRESS", None, Some(shown.clone())).await?;
    let wanted = Wanted { kind: &kind, name: &physical, properties: &properties };
    match resources::update(host, place, Changed { wanted, physical: &physical, before: &old }).await {
        Ok(made) => {
            done(stack, host, &logical, &made, "UPDATE_COMPLETE");
            stack.say(host, &logical, &made.physical, &kind, "UPDATE_COMPLETE", None, Some(shown)).await
        }
        // A part of it may have changed: the roll-back changes it back.
        Err(error) => {
            let why = format!("{} ({})", error.message, error.code);
            stack.say(host, &logical, &physical, &kind, "UPDATE_FAILED", Some(why.clone()), Some(shown)).await?;
            Err(invalid(failed(&logical, "UPDATE", &why)))
        }
    }
}

fn failed(logical: &str, verb: &str, why: &str) -> String {
    let verb = verb.to_ascii_lowercase();
    format!("The following resource(s) failed to {verb}: [{logical}]. {why}")
}

/// Puts a resource that is being made or changed into the stack. What it says stays what it was, until it is done.
fn put(stack: &mut Stack, host: &Host, target: &Target<'_>, physical: &str, status: &str) {
    let known = stack.resources.get(target.logical);
    let attributes = known.map(|known| known.attributes.clone()).unwrap_or_default();
    let deployed = Deployed {
        base: target.base.clone(),
        physical: physical.to_owned(),
        attributes,
        status: status.to_owned(),
        reason: None,
        at: host.clock.now(),
        past_stack: None,
        needs: target.needs.clone(),
    };
    stack.resources.insert(target.logical.to_owned(), deployed);
}

fn done(stack: &mut Stack, host: &Host, logical: &str, made: &Made, status: &str) {
    if let Some(deployed) = stack.resources.get_mut(logical) {
        deployed.physical.clone_from(&made.physical);
        deployed.attributes.clone_from(&made.attributes);
        status.clone_into(&mut deployed.status);
        deployed.at = host.clock.now();
    }
}
