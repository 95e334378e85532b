//! The policies, and their answers.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, PoisonError, RwLock};

use cedar_policy::{Authorizer, Decision, Entities, PolicyId, PolicySet, Response};

use super::entities::{beside, group_name, question};
use super::file::{self, Mistake, PolicyFault};
use super::{Action, DEFAULT, DenialReason, Denied, Object, Resource, payload, rule};
use crate::actor::Actor;
use crate::connection::Tags;
use crate::store::Scope;

/// The most answers that are remembered.
const REMEMBERED: usize = 20_000;

/// The one authority on who may do what: the policies of the program and of the user's file. They are read once, at the
/// start; so its answers about connections and workflows are remembered.
pub struct Authority {
    policies: PolicySet,
    authorizer: Authorizer,
    /// The hierarchy of actions.
    actions: Entities,
    /// The `@id`s in the order of the files: of several policies that forbid, the first one is named.
    order: Vec<String>,
    /// The groups that policies name: whoever is refused may be permitted as one of these.
    groups: BTreeSet<String>,
    /// The values of a request's content that policies name.
    names: BTreeSet<String>,
    /// Whether a policy speaks of the tags of workflows.
    reads_tags: bool,
    remembered: RwLock<HashMap<Asked, Result<(), Denied>>>,
}

/// A question whose answer is remembered: it depends on nothing else.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Asked {
    person: Option<String>,
    scope: Option<Scope>,
    groups: Vec<String>,
    action: Action,
    connection: String,
    read_only: bool,
    workflow: Option<String>,
    /// Empty where no policy speaks of them.
    tags: Option<Arc<Tags>>,
}

impl fmt::Debug for Authority {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Authority").field("policies", &self.order).finish_non_exhaustive()
    }
}

impl Authority {
    /// The policies that ship with the program.
    ///
    /// # Panics
    /// Never: they are part of the program, and its tests read them.
    #[must_use]
    #[expect(clippy::expect_used, reason = "what is part of the program can be read")]
    pub fn shipped() -> Self {
        Self::of(None).expect("the policies of the program").0
    }

    /// These and those of a user's file; and what is strange in it.
    ///
    /// # Errors
    /// The file cannot be read, or has mistakes: all of them.
    pub fn read(file: &Path) -> Result<(Self, Vec<Mistake>), PolicyFault> {
        let text = std::fs::read_to_string(file);
        let text = text.map_err(|why| PolicyFault::Unreadable { file: file.to_owned(), why })?;
        Self::of(Some((file, &text)))
    }

    /// The same for a text, which `file` has.
    ///
    /// # Errors
    /// It has mistakes: all of them.
    pub fn of(user: Option<(&Path, &str)>) -> Result<(Self, Vec<Mistake>), PolicyFault> {
        let (named, warnings) = file::read(user)?;
        let inside = |why: String| {
            let file = user.map_or_else(|| Path::new("default.cedar"), |(file, _)| file).to_owned();
            let (line, column, remedy) = (1, 1, String::new());
            PolicyFault::Mistakes(vec![Mistake { file, line, column, message: why, remedy, is_warning: false }])
        };
        let order = named.iter().map(|one| one.id.clone()).collect();
        let policies = PolicySet::from_policies(named.into_iter().map(|one| one.policy));
        let policies = policies.map_err(|error| inside(error.to_string()))?;
        let literals = policies.policies().flat_map(cedar_policy::Policy::entity_literals);
        let groups = literals.filter_map(|literal| group_name(&literal)).collect();
        let schema = file::schema().map_err(inside)?;
        let actions = schema.action_entities().map_err(|error| inside(error.to_string()))?;
        let mut names = payload::names(DEFAULT);
        names.extend(user.map(|(_, text)| payload::names(text)).unwrap_or_default());
        // A text that mentions them without meaning it costs calls and nothing else.
        let reads_tags = policies.policies().any(|policy| policy.to_string().contains("tags"));
        let authorizer = Authorizer::new();
        let remembered = RwLock::default();
        Ok((Self { policies, authorizer, actions, order, groups, names, reads_tags, remembered }, warnings))
    }

    /// The `@id`s of the policies, in their order.
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.order
    }

    /// Whether a policy speaks of the tags of workflows, so that they have to be read.
    #[must_use]
    pub const fn reads_tags(&self) -> bool {
        self.reads_tags
    }

    /// Permits an action or refuses it.
    ///
    /// # Errors
    /// The actor may not do this.
    pub fn permit(&self, actor: &Actor, action: Action, resource: &Resource<'_>) -> Result<(), Denied> {
        // What a guest may do depends on the request that was handed over.
        if matches!(resource.object, Object::Request(_)) || matches!(actor, Actor::Guest(_)) {
            return self.answer(actor, action, resource);
        }
        let asked = Asked::of(actor, action, resource);
        if let Some(known) = self.remembered.read().unwrap_or_else(PoisonError::into_inner).get(&asked) {
            return known.clone();
        }
        let answer = self.answer(actor, action, resource);
        let mut remembered = self.remembered.write().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(asked, answer.clone());
        answer
    }

    /// The same without what is remembered.
    fn answer(&self, actor: &Actor, action: Action, resource: &Resource<'_>) -> Result<(), Denied> {
        let reason = match self.ask(actor, None, action, resource) {
            Ok(response) if permits(&response) => return Ok(()),
            Ok(response) => self.reason(&response, resource),
            Err(why) => DenialReason::Failed { rule: "all".to_owned(), why },
        };
        let groups = match reason {
            DenialReason::ReadOnly(_) => Vec::new(),
            _ => self.groups_for(actor, action, resource),
        };
        let denied = Denied {
            actor: actor.name().to_owned(),
            action,
            workflow: resource.object.workflow().map(str::to_owned),
            reason: Box::new(reason),
            groups,
        };
        tracing::debug!(actor = actor.id(), ?action, %denied, "refused");
        Err(denied)
    }

    fn ask(
        &self,
        actor: &Actor,
        also: Option<&str>,
        action: Action,
        resource: &Resource<'_>,
    ) -> Result<Response, String> {
        let (request, entities) = question(actor, also, action, resource, &self.names)?;
        let entities = beside(&self.actions, entities)?;
        Ok(self.authorizer.is_authorized(&request, &self.policies, &entities))
    }

    fn reason(&self, response: &Response, resource: &Resource<'_>) -> DenialReason {
        let diagnostics = response.diagnostics();
        if let Some(error) = diagnostics.errors().next() {
            let cedar_policy::AuthorizationError::PolicyEvaluationError(error) = error;
            let rule = error.policy_id().to_string();
            if self.reads_tags && resource.tags.is_none() && resource.object.workflow().is_some() {
                return DenialReason::TagsUnknown { rule };
            }
            return DenialReason::Failed { rule, why: error.inner().to_string() };
        }
        let forbid: BTreeSet<String> = diagnostics.reason().map(ToString::to_string).collect();
        if forbid.contains(rule::READ_ONLY) {
            return DenialReason::ReadOnly(resource.connection.clone());
        }
        match self.order.iter().find(|id| forbid.contains(*id)) {
            Some(id) => {
                let why = self.policies.annotation(&PolicyId::new(id), "reason");
                let why = why.filter(|why| !why.is_empty()).map(str::to_owned);
                DenialReason::Forbidden { rule: id.clone(), why }
            }
            None => DenialReason::NotPermitted,
        }
    }

    /// The groups of which each would let the actor do it. Whom the manifest names is among them.
    fn groups_for(&self, actor: &Actor, action: Action, resource: &Resource<'_>) -> Vec<String> {
        let mut candidates = self.groups.clone();
        if let Object::Request(facts) = &resource.object {
            candidates.extend(facts.approvers.groups.iter().cloned());
        }
        let would_do = |group: &String| {
            !actor.groups().contains(group)
                && self.ask(actor, Some(group), action, resource).is_ok_and(|response| permits(&response))
        };
        candidates.into_iter().filter(would_do).collect()
    }
}

impl Asked {
    fn of(actor: &Actor, action: Action, resource: &Resource<'_>) -> Self {
        Self {
            person: actor.person().map(|person| format!("{}\n{}", person.id, person.name)),
            scope: actor.scope(),
            groups: actor.groups().to_vec(),
            action,
            connection: resource.connection.as_str().to_owned(),
            read_only: resource.read_only,
            workflow: resource.object.workflow().map(str::to_owned),
            tags: resource.tags.clone(),
        }
    }
}

/// A policy that cannot be evaluated is skipped by Cedar; it may be one that forbids.
fn permits(response: &Response) -> bool {
    response.decision() == Decision::Allow && response.diagnostics().errors().next().is_none()
}
