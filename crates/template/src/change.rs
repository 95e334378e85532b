//! What a new template changes in a stack.

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};

use crate::assumed::Assumed;
use crate::environment::{Attributes, Surroundings};
use crate::error::{Place, TemplateError, What};
use crate::resolve::{ResolvedOutput, Resolver, Scope, references};
use crate::template::{Policy, Resource, Template};
use crate::types::resource_type;
use crate::value::{Map, Value};

/// A stack as it was deployed: what a later template is compared with.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    /// In the order in which they were made.
    pub resources: IndexMap<String, DeployedResource>,
    pub outputs: IndexMap<String, ResolvedOutput>,
}

/// A resource as it was deployed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeployedResource {
    /// Its type.
    pub kind: String,
    /// Resolved.
    pub properties: Map,
    pub metadata: Option<Value>,
    pub deletion_policy: Policy,
    pub update_replace_policy: Policy,
}

/// What a template changes.
#[derive(Clone, Debug, PartialEq)]
pub struct Changes {
    /// Those that are made or modified in the order in which that happens, then those that are removed.
    pub resources: Vec<ResourceChange>,
    /// Whether an output is added, changed or removed. One that depends on a resource that changes counts as changed.
    pub outputs: bool,
}

/// What happens to one resource.
#[derive(Clone, Debug, PartialEq)]
pub struct ResourceChange {
    pub action: Action,
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// Whether a modified resource is made anew. What is removed then obeys [`ResourceChange::keeps`].
    pub replacement: bool,
    /// Whether the real resource that is removed or replaced stays, by its policy.
    pub keeps: bool,
    /// What is modified.
    pub properties: Vec<PropertyChange>,
    pub metadata: bool,
    /// Whether its deletion policy or update replace policy changes.
    pub policies: bool,
}

/// What happens to a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Add,
    Modify,
    Remove,
}

/// A property that changes.
#[derive(Clone, Debug, PartialEq)]
pub struct PropertyChange {
    pub name: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
    /// Whether the resource is made anew for it.
    pub replaces: bool,
    pub cause: Cause,
}

/// Why a property changes, as `ChangeSource` and `CausingEntity` of a change set say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The template or the value of a parameter.
    Direct,
    /// It refers to a resource that is made anew: its logical ID.
    Reference(String),
    /// It refers to an attribute of a resource that changes: `LogicalId.Attribute`.
    Attribute(String),
}

impl Changes {
    /// Whether nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.resources.is_empty() && !self.outputs
    }
}

impl Snapshot {
    /// A stack whose resources have all been made by this template.
    ///
    /// # Errors
    /// A value cannot be resolved: a resource has not been made.
    pub fn take(resolver: &Resolver) -> Result<Self, TemplateError> {
        let mut resources = IndexMap::new();
        for logical_id in resolver.template.order(resolver.scope)? {
            let properties = resolver.properties(&logical_id)?;
            let resource = &resolver.template.resources[&logical_id];
            resources.insert(logical_id, DeployedResource::of(resource, properties));
        }
        Ok(Self { resources, outputs: resolver.outputs()? })
    }

    /// What a template changes. `made` answers for the resources of the stack as they are.
    ///
    /// # Errors
    /// A value cannot be resolved, resources depend on each other in a cycle, or the type of one changes.
    pub fn changes(
        &self,
        template: &Template,
        scope: &Scope,
        made: &dyn Attributes,
        around: &dyn Surroundings,
    ) -> Result<Changes, TemplateError> {
        let assumed = Assumed::new(template, scope, around).over(made);
        let resolver = Resolver { template, scope, made: &assumed, around };
        let order = template.order(scope)?;
        let mut comparison = Comparison { before: self, resolver, assumed: &assumed, changed: IndexSet::new() };
        let mut resources = Vec::new();
        for logical_id in &order {
            resources.extend(comparison.resource(logical_id)?);
        }
        let gone = self.resources.iter().rev().filter(|(name, _)| !order.contains(*name));
        resources.extend(gone.map(|(name, resource)| removed(name, resource)));
        let outputs = resolver.outputs()? != self.outputs;
        Ok(Changes { resources, outputs })
    }
}

impl DeployedResource {
    /// A resource that has been made with these properties.
    #[must_use]
    pub fn of(resource: &Resource, properties: Map) -> Self {
        Self {
            kind: resource.kind.clone(),
            properties,
            metadata: resource.metadata.clone(),
            deletion_policy: resource.deletion_policy,
            update_replace_policy: resource.update_replace_policy,
        }
    }
}

struct Comparison<'c> {
    before: &'c Snapshot,
    resolver: Resolver<'c>,
    assumed: &'c Assumed<'c>,
    /// The resources that are modified, made anew or not.
    changed: IndexSet<String>,
}

impl Comparison<'_> {
    fn resource(&mut self, logical_id: &str) -> Result<Option<ResourceChange>, TemplateError> {
        let resource = &self.resolver.template.resources[logical_id];
        let after = self.resolver.properties(logical_id)?;
        let mut change = ResourceChange {
            action: Action::Add,
            logical_id: logical_id.to_owned(),
            kind: resource.kind.clone(),
            replacement: false,
            keeps: resource.update_replace_policy.keeps(),
            properties: Vec::new(),
            metadata: false,
            policies: false,
        };
        let Some(before) = self.before.resources.get(logical_id) else { return Ok(Some(change)) };
        same_type(logical_id, before, resource)?;
        change.action = Action::Modify;
        change.metadata = before.metadata != resource.metadata;
        change.policies = (before.deletion_policy, before.update_replace_policy)
            != (resource.deletion_policy, resource.update_replace_policy);
        change.properties = self.properties(resource, &before.properties, &after);
        change.replacement = change.properties.iter().any(|property| property.replaces);
        if change.replacement {
            self.assumed.replace(logical_id);
        }
        if !change.properties.is_empty() {
            self.assumed.change(logical_id);
            self.changed.insert(logical_id.to_owned());
        }
        let nothing = change.properties.is_empty() && !change.metadata && !change.policies;
        Ok((!nothing).then_some(change))
    }

    fn properties(&self, resource: &Resource, before: &Map, after: &Map) -> Vec<PropertyChange> {
        let names: IndexSet<&String> = before.keys().chain(after.keys()).collect();
        let kind = resource_type(&resource.kind);
        let differs = |name: &&String| before.get(*name) != after.get(*name);
        names
            .into_iter()
            .filter(differs)
            .map(|name| PropertyChange {
                name: name.clone(),
                before: before.get(name).cloned(),
                after: after.get(name).cloned(),
                replaces: kind.and_then(|kind| kind.property(name)).is_some_and(|property| property.replaces),
                cause: self.cause(resource.properties.get(name)),
            })
            .collect()
    }

    /// The resource that changes and that a property refers to.
    fn cause(&self, value: Option<&Value>) -> Cause {
        let mut found = Vec::new();
        value.into_iter().for_each(|value| references(value, self.resolver.scope, &mut found));
        match found.into_iter().find(|reference| self.changed.contains(&reference.name)) {
            None => Cause::Direct,
            Some(reference) => match reference.attribute {
                None => Cause::Reference(reference.name),
                Some(attribute) => Cause::Attribute(format!("{}.{attribute}", reference.name)),
            },
        }
    }
}

fn same_type(logical_id: &str, before: &DeployedResource, after: &Resource) -> Result<(), TemplateError> {
    if before.kind == after.kind {
        return Ok(());
    }
    let (before, kind) = (before.kind.clone(), after.kind.clone());
    let what = What::TypeChanged { resource: logical_id.to_owned(), before, after: kind };
    Err(TemplateError::new(what, Place::new(format!("Resources.{logical_id}.Type"), after.span)))
}

fn removed(logical_id: &str, resource: &DeployedResource) -> ResourceChange {
    ResourceChange {
        action: Action::Remove,
        logical_id: logical_id.to_owned(),
        kind: resource.kind.clone(),
        replacement: false,
        keeps: resource.deletion_policy.keeps(),
        properties: Vec::new(),
        metadata: false,
        policies: false,
    }
}

#[cfg(test)]
mod tests;
