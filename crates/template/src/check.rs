//! Everything that can be wrong with a template before anything is made.

use crate::assumed::Assumed;
use crate::environment::Surroundings;
use crate::error::{Place, TemplateError, What};
use crate::near::nearest;
use crate::order::depends_on_unknown;
use crate::resolve::{Resolver, Scope};
use crate::template::{Resource, Template};
use crate::types::{ResourceType, resource_type};
use crate::value::Value;

impl Template {
    /// Judges the template before anything is made: types that are not supported, properties that a type does not have or
    /// that are missing, references that lead nowhere, cycles. All that is wrong is returned, in the order of the file.
    #[must_use]
    pub fn check(&self, scope: &Scope, around: &dyn Surroundings) -> Vec<TemplateError> {
        let mut errors = depends_on_unknown(self);
        let assumed = Assumed::new(self, scope, around);
        let resolver = Resolver { template: self, scope, made: &assumed, around };
        for (name, resource) in &self.resources {
            if !resolver.holds(resource.condition.as_deref()) {
                continue;
            }
            match resource_type(&resource.kind) {
                Some(kind) => self.check_resource(name, resource, kind, &resolver, &mut errors),
                None => errors.push(unsupported(name, resource)),
            }
        }
        if let Err(error) = self.order(scope) {
            errors.push(error);
        }
        if let Err(error) = resolver.outputs() {
            errors.push(error);
        }
        errors
    }

    fn check_resource(
        &self,
        name: &str,
        resource: &Resource,
        kind: &ResourceType,
        resolver: &Resolver,
        errors: &mut Vec<TemplateError>,
    ) {
        let path = format!("Resources.{name}.Properties");
        errors.extend(unknown_properties(name, resource, kind));
        let (_, wrong) = resolver.each_property(name);
        errors.extend(wrong);
        let required = kind.properties().filter(|property| property.required);
        errors.extend(required.filter(|property| !resource.properties.contains_key(property.name)).map(|property| {
            let what = What::MissingProperty { kind: resource.kind.clone(), property: property.name };
            TemplateError::new(what, Place::new(&*path, resource.span))
        }));
    }
}

/// The properties of a resource that its type does not have.
pub(crate) fn unknown_properties(name: &str, resource: &Resource, kind: &ResourceType) -> Vec<TemplateError> {
    let unknown = resource.properties.iter().filter(|(name, _)| kind.property(name).is_none());
    let error = |(property, value): (&String, &Value)| {
        let near = nearest(property, kind.properties().map(|property| property.name));
        let what = What::UnknownProperty { kind: resource.kind.clone(), property: property.clone(), near };
        TemplateError::new(what, Place::new(format!("Resources.{name}.Properties.{property}"), value.span))
    };
    unknown.map(error).collect()
}

fn unsupported(name: &str, resource: &Resource) -> TemplateError {
    let place = Place::new(format!("Resources.{name}"), resource.span);
    TemplateError::new(What::UnsupportedType(resource.kind.clone()), place)
}
