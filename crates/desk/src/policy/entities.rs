//! A question to the policies in Cedar's terms: who, what and which, with the attributes of the schema.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::LazyLock;

use cedar_policy::{
    Context, Entities, Entity, EntityId, EntityTypeName, EntityUid, Request, RestrictedExpression as Value,
};

use super::payload::{Tag, tags};
use super::{Action, Object, RequestFacts, Resource};
use crate::actor::{Actor, Guest};
use crate::approvals::who::{Requester, is_same};
use crate::connection::Tags;
use crate::store::Scope;

/// The types of the schema.
struct Types {
    group: EntityTypeName,
    person: EntityTypeName,
    guest: EntityTypeName,
    program: EntityTypeName,
    connection: EntityTypeName,
    workflow: EntityTypeName,
    request: EntityTypeName,
    numbers: EntityTypeName,
    texts: EntityTypeName,
    tags: EntityTypeName,
    action: EntityTypeName,
}

#[expect(clippy::expect_used, reason = "the names are written here, and every test asks the policies")]
static TYPES: LazyLock<Types> = LazyLock::new(|| {
    let name = |name: &str| name.parse().expect("the name of a type");
    Types {
        group: name("Group"),
        person: name("Person"),
        guest: name("Guest"),
        program: name("Program"),
        connection: name("Connection"),
        workflow: name("Workflow"),
        request: name("Request"),
        numbers: name("Numbers"),
        texts: name("Texts"),
        tags: name("Tags"),
        action: name("Action"),
    }
});

fn uid(of: &EntityTypeName, id: &str) -> EntityUid {
    EntityUid::from_type_name_and_id(of.clone(), EntityId::new(id))
}

/// A group, as policies name it.
pub fn group(name: &str) -> EntityUid {
    uid(&TYPES.group, name)
}

/// The name of a group; `None` of anything else.
pub fn group_name(entity: &EntityUid) -> Option<String> {
    (*entity.type_name() == TYPES.group).then(|| entity.id().unescaped().to_owned())
}

/// A request, as policies name it.
fn request_id(arn: &str, event: u64) -> String {
    format!("{arn}#{event}")
}

/// Who asks, in these groups.
fn principal(actor: &Actor, groups: HashSet<EntityUid>) -> Result<Entity, String> {
    let of = match actor {
        Actor::Person(_) | Actor::Bearer(..) => &TYPES.person,
        Actor::Guest(_) => &TYPES.guest,
        Actor::Program => &TYPES.program,
    };
    let who = uid(of, actor.id());
    match actor {
        Actor::Guest(guest) => made(who, handed_over(guest), groups),
        Actor::Person(_) | Actor::Bearer(..) | Actor::Program => Ok(Entity::new_no_attrs(who, groups)),
    }
}

/// The request that is there for a guest.
fn handed_over(guest: &Guest) -> [(String, Value); 2] {
    let request = uid(&TYPES.request, &request_id(&guest.execution_arn, guest.event));
    let connection = uid(&TYPES.connection, guest.connection.as_str());
    [("request", request), ("connection", connection)].map(|(name, uid)| (name.to_owned(), Value::new_entity_uid(uid)))
}

/// The question whether `actor` may do `action`, and the entities that it is about; `also` is a group that the actor is in
/// besides. The actions are not among the entities.
pub fn question(
    actor: &Actor,
    also: Option<&str>,
    action: Action,
    resource: &Resource<'_>,
    names: &BTreeSet<String>,
) -> Result<(Request, Vec<Entity>), String> {
    let types = &*TYPES;
    let groups = actor.groups().iter().map(String::as_str).chain(also).map(group).collect();
    let principal = principal(actor, groups)?;
    let who = principal.uid();
    let mut entities = vec![principal];
    let connection = uid(&types.connection, resource.connection.as_str());
    let read_only = || ("readOnly".to_owned(), Value::new_bool(resource.read_only));
    entities.push(made(connection.clone(), [read_only()], [])?);
    let of_connection = || ("connection".to_owned(), Value::new_entity_uid(connection.clone()));
    let which = match resource.object.workflow() {
        None => connection.clone(),
        Some(name) => {
            let workflow = uid(&types.workflow, name);
            let tags = resource.tags.as_deref().map(|tags| tagged(name, tags)).transpose()?;
            let of_tags = tags.as_ref().map(|tags| ("tags".to_owned(), Value::new_entity_uid(tags.uid())));
            let attributes = [read_only(), of_connection()].into_iter().chain(of_tags);
            entities.push(made(workflow.clone(), attributes, [connection.clone()])?);
            entities.extend(tags);
            workflow
        }
    };
    let which = match &resource.object {
        Object::Request(facts) => {
            let attributes =
                [read_only(), of_connection(), ("workflow".to_owned(), Value::new_entity_uid(which.clone()))];
            let id = request_id(facts.execution_arn, facts.event);
            let request = uid(&types.request, &id);
            let attributes = attributes.into_iter().chain(facts_of(facts, actor, &id)?);
            entities.push(made(request.clone(), attributes, [which])?);
            entities.extend(payload(facts.content, names, &id)?);
            request
        }
        _ => which,
    };
    let action = uid(&types.action, action.name());
    let request = Request::new(who, action, which, context(actor)?, None).map_err(|error| error.to_string())?;
    Ok((request, entities))
}

/// The tags of a workflow.
fn tagged(workflow: &str, tags: &Tags) -> Result<Entity, String> {
    let tags = tags.iter().map(|(key, value)| (key.clone(), Value::new_string(value.clone())));
    Entity::new_with_tags(uid(&TYPES.tags, workflow), [], [], tags).map_err(|error| error.to_string())
}

/// What policies may know of how somebody comes here.
fn context(actor: &Actor) -> Result<Context, String> {
    let scope = actor.scope();
    let pairs = [("byToken", scope.is_some()), ("readsOnly", scope == Some(Scope::Read))];
    let pairs = pairs.map(|(name, holds)| (name.to_owned(), Value::new_bool(holds)));
    Context::from_pairs(pairs).map_err(|error| error.to_string())
}

fn made(
    uid: EntityUid,
    attributes: impl IntoIterator<Item = (String, Value)>,
    parents: impl IntoIterator<Item = EntityUid>,
) -> Result<Entity, String> {
    let attributes: HashMap<_, _> = attributes.into_iter().collect();
    Entity::new(uid, attributes, parents.into_iter().collect::<HashSet<_>>()).map_err(|error| error.to_string())
}

/// What policies may know of a request besides its content.
fn facts_of(facts: &RequestFacts<'_>, actor: &Actor, id: &str) -> Result<Vec<(String, Value)>, String> {
    let types = &*TYPES;
    let set = |of: &EntityTypeName, names: &[String]| {
        Value::new_set(names.iter().map(|name| Value::new_entity_uid(uid(of, name))))
    };
    let approvers = Value::new_record([
        ("anybody".to_owned(), Value::new_bool(facts.approvers.is_everybody())),
        ("groups".to_owned(), set(&types.group, &facts.approvers.groups)),
        ("people".to_owned(), set(&types.person, &facts.approvers.people)),
    ]);
    let (known, mut requesters) = match facts.requester {
        Requester::Known(people) => (true, people.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>()),
        Requester::Nobody { .. } | Requester::Unnamed { .. } => (false, Vec::new()),
    };
    // Somebody of the same name is the same.
    if let Requester::Known(people) = facts.requester
        && people.iter().any(|(id, name)| is_same(actor, id, name))
    {
        requesters.push(actor.id().to_owned());
    }
    Ok(vec![
        ("state".to_owned(), Value::new_string(facts.state.to_owned())),
        ("approvers".to_owned(), approvers.map_err(|error| error.to_string())?),
        ("fourEyes".to_owned(), Value::new_bool(facts.four_eyes)),
        ("requesters".to_owned(), set(&types.person, &requesters)),
        ("requesterKnown".to_owned(), Value::new_bool(known)),
        ("numbers".to_owned(), Value::new_entity_uid(uid(&types.numbers, id))),
        ("texts".to_owned(), Value::new_entity_uid(uid(&types.texts, id))),
    ])
}

/// The values of a request's content, as tags of two entities.
fn payload(content: &str, names: &BTreeSet<String>, id: &str) -> Result<[Entity; 2], String> {
    let (mut numbers, mut texts) = (Vec::new(), Vec::new());
    for (name, tag) in tags(names, content) {
        match tag {
            Tag::Number(number) => numbers.push((name.to_owned(), Value::new_long(number))),
            Tag::Text(text) => texts.push((name.to_owned(), Value::new_string(text))),
        }
    }
    let entity = |of: &EntityTypeName, tags: Vec<(String, Value)>| {
        Entity::new_with_tags(uid(of, id), [], [], tags).map_err(|error| error.to_string())
    };
    Ok([entity(&TYPES.numbers, numbers)?, entity(&TYPES.texts, texts)?])
}

/// All of these entities, beside the actions.
pub fn beside(actions: &Entities, entities: Vec<Entity>) -> Result<Entities, String> {
    actions.clone().add_entities(entities, None).map_err(|error| error.to_string())
}
