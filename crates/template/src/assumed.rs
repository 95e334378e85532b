//! What resources that have not been made will say, as far as it can be said.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};

use crate::environment::{Attributes, Environment, Surroundings};
use crate::resolve::{Path, Resolver, Scope};
use crate::template::{Resource, Template};
use crate::types::{Form, ResourceType, resource_type};
use crate::value::{Map, Value};

/// A reference whose value is known only once the resource has been made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Later {
    pub logical_id: String,
    /// Its type.
    pub kind: String,
    /// The attribute of `Fn::GetAtt`, or `Ref`.
    pub attribute: String,
    /// What stands for the value meanwhile.
    pub placeholder: String,
}

/// Answers for all resources of a template: those that are made as `made` says, others with what they will be called by
/// their template, or with a placeholder in the form of the value, always the same one.
pub(crate) struct Assumed<'t> {
    template: &'t Template,
    scope: &'t Scope,
    around: &'t dyn Surroundings,
    made: Option<&'t dyn Attributes>,
    /// Resources that are made anew, so that `made` no longer counts.
    replaced: RefCell<HashSet<String>>,
    /// Resources that change, so that what depends on their contents does.
    changed: RefCell<HashSet<String>>,
    later: RefCell<Vec<Later>>,
    /// Properties that have been resolved, by resource and name, and `None` for those that are being resolved.
    properties: RefCell<HashMap<(String, String), Option<Told>>>,
    /// How many properties are being resolved for each other.
    depth: Cell<usize>,
}

/// The most properties that are resolved for each other: a name that hangs on more is known later.
const DEEPEST: usize = 64;

/// A property, and whether no part of it is known only later.
#[derive(Clone)]
struct Told {
    value: Value,
    known: bool,
}

impl<'t> Assumed<'t> {
    pub fn new(template: &'t Template, scope: &'t Scope, around: &'t dyn Surroundings) -> Self {
        Self {
            template,
            scope,
            around,
            made: None,
            replaced: RefCell::default(),
            changed: RefCell::default(),
            later: RefCell::default(),
            properties: RefCell::default(),
            depth: Cell::default(),
        }
    }

    pub fn over(mut self, made: &'t dyn Attributes) -> Self {
        self.made = Some(made);
        self
    }

    pub fn replace(&self, logical_id: &str) {
        self.properties.borrow_mut().clear();
        self.replaced.borrow_mut().insert(logical_id.to_owned());
    }

    pub fn change(&self, logical_id: &str) {
        self.properties.borrow_mut().clear();
        self.changed.borrow_mut().insert(logical_id.to_owned());
    }

    /// The references to what is known later, since the last call.
    pub fn take_later(&self) -> Vec<Later> {
        self.later.take()
    }

    fn made(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        if self.replaced.borrow().contains(logical_id) {
            return None;
        }
        let made = self.made?;
        if attribute == "Ref" { made.reference(logical_id) } else { made.attribute(logical_id, attribute) }
    }

    fn answer(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        let resource = self.template.resources.get(logical_id)?;
        let kind = resource_type(&resource.kind);
        let form = match (kind, attribute) {
            (Some(kind), "Ref") => kind.reference,
            (Some(kind), attribute) => kind.attribute(attribute)?,
            (None, _) => Form::Later,
        };
        let contents = matches!(form, Form::Property(_)) || attribute == "StateMachineRevisionId";
        if !(contents && self.changed.borrow().contains(logical_id))
            && let Some(value) = self.made(logical_id, attribute)
        {
            return Some(value);
        }
        let name = self.name(logical_id, resource, kind);
        let path = self.property(logical_id, "Path");
        let property = if let Form::Property(property) = form { self.property(logical_id, property) } else { None };
        let known = match form {
            Form::Property(_) => property.as_ref().is_some_and(|property| property.known),
            _ => name.known && path.as_ref().is_none_or(|path| path.known),
        };
        let path: Map = path.map(|path| ("Path".to_owned(), path.value)).into_iter().collect();
        let text = name.value.scalar().unwrap_or_default();
        let value = match property {
            Some(property) => Some(property.value),
            None => kind.and_then(|kind| form.value(kind, &text, &path, &self.scope.environment)),
        };
        let known = known && value.is_some();
        let value = value.unwrap_or_else(|| self.placeholder(logical_id, resource, attribute).into());
        if !known {
            self.later.borrow_mut().push(Later {
                logical_id: logical_id.to_owned(),
                kind: resource.kind.clone(),
                attribute: attribute.to_owned(),
                placeholder: value.scalar().unwrap_or_default(),
            });
        }
        Some(value)
    }

    /// The name of a resource; known where the template gives it.
    fn name(&self, logical_id: &str, resource: &Resource, kind: Option<&ResourceType>) -> Told {
        let property = kind.and_then(|kind| kind.naming).map(|(property, _)| property);
        let given = property.filter(|property| resource.properties.contains_key(*property));
        let name = given.and_then(|property| self.property(logical_id, property));
        name.filter(|name| name.value.scalar().is_some_and(|name| !name.is_empty())).unwrap_or_else(|| Told {
            value: format!("{}-{logical_id}", self.scope.environment.stack_name).into(),
            known: false,
        })
    }

    /// A property of a resource, resolved once; `None` where it has none, where it cannot be resolved, and where names
    /// depend on each other in a circle or too deep.
    fn property(&self, logical_id: &str, property: &str) -> Option<Told> {
        let value = self.template.resources.get(logical_id)?.properties.get(property)?;
        let key = (logical_id.to_owned(), property.to_owned());
        if let Some(told) = self.properties.borrow().get(&key) {
            return told.clone();
        }
        if self.depth.get() >= DEEPEST {
            return None;
        }
        self.depth.set(self.depth.get() + 1);
        self.properties.borrow_mut().insert(key.clone(), None);
        let before = self.later.borrow().len();
        let resolver = Resolver { template: self.template, scope: self.scope, made: self, around: self.around };
        let mut path = Path::of(&["Resources", logical_id, "Properties", property]);
        // An error is reported where this property itself is resolved.
        let resolved = resolver.whole(value, &mut path).ok().flatten();
        let known = self.later.borrow().len() == before;
        self.later.borrow_mut().truncate(before);
        let told = resolved.map(|value| Told { value, known });
        self.properties.borrow_mut().insert(key, told.clone());
        self.depth.set(self.depth.get() - 1);
        told
    }

    /// What stands for a value that only the maker of a resource knows.
    fn placeholder(&self, logical_id: &str, resource: &Resource, attribute: &str) -> String {
        let text = |property: &str| self.property(logical_id, property).and_then(|told| told.value.scalar());
        let Environment { account, region, partition, stack_name, .. } = &self.scope.environment;
        let id = format!("{stack_name}-{logical_id}");
        match (resource.kind.as_str(), attribute) {
            ("AWS::Lambda::Version", "Version") => "1".to_owned(),
            ("AWS::Lambda::Version", _) => format!("{}:1", self.function(text("FunctionName"), &id)),
            ("AWS::Lambda::Alias", _) => {
                format!("{}:{}", self.function(text("FunctionName"), &id), text("Name").unwrap_or(id))
            }
            ("AWS::StepFunctions::StateMachineVersion", _) => {
                let machine = format!("arn:{partition}:states:{region}:{account}:stateMachine:{id}");
                format!("{}:1", text("StateMachineArn").unwrap_or(machine))
            }
            ("AWS::StepFunctions::StateMachineAlias", _) => {
                format!(
                    "arn:{partition}:states:{region}:{account}:stateMachine:{id}:{}",
                    text("Name").unwrap_or_default()
                )
            }
            ("AWS::StepFunctions::StateMachine", _) => "00000000-0000-0000-0000-000000000000".to_owned(),
            ("AWS::KMS::Key", "Arn") => format!("arn:{partition}:kms:{region}:{account}:key/{id}"),
            (kind, attribute) if attribute.ends_with("Arn") => {
                let service = kind.split("::").nth(1).unwrap_or_default().to_lowercase();
                format!("arn:{partition}:{service}:{region}:{account}:{id}")
            }
            _ => id,
        }
    }

    /// The ARN of a function that is named by its name or by its ARN.
    fn function(&self, name: Option<String>, default: &str) -> String {
        let name = name.unwrap_or_else(|| default.to_owned());
        if name.starts_with("arn:") {
            return name;
        }
        let Environment { account, region, partition, .. } = &self.scope.environment;
        format!("arn:{partition}:lambda:{region}:{account}:function:{name}")
    }
}

impl Attributes for Assumed<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        self.answer(logical_id, "Ref")
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> Option<Value> {
        self.answer(logical_id, attribute)
    }
}
