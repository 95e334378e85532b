//! The order in which resources are made: what is referred to comes first.

use indexmap::{IndexMap, IndexSet};

use crate::error::{Place, TemplateError, What};
use crate::resolve::{Path, Scope, references};
use crate::template::{Resource, Template};

impl Template {
    /// The logical IDs of the resources that are made, each behind those that it depends on by `Ref`, `Fn::GetAtt`,
    /// `Fn::Sub` or `DependsOn`. Independent ones are in the order of the template.
    ///
    /// # Errors
    /// A resource depends on itself: the cycle is named.
    pub fn order(&self, scope: &Scope) -> Result<Vec<String>, TemplateError> {
        let needs = self.dependencies(scope);
        let mut order: IndexSet<&str> = IndexSet::new();
        for name in needs.keys() {
            place(name, &needs, &mut order).map_err(|cycle| self.cycle(cycle))?;
        }
        Ok(order.into_iter().map(str::to_owned).collect())
    }

    /// What each resource that is made depends on directly.
    #[must_use]
    pub fn dependencies(&self, scope: &Scope) -> IndexMap<String, IndexSet<String>> {
        let made = |name: &str| self.resources.get(name).is_some_and(|resource| holds(resource, scope));
        let mut all = IndexMap::new();
        for (name, resource) in self.resources.iter().filter(|(name, _)| made(name)) {
            let mut found = Vec::new();
            resource.properties.values().for_each(|value| references(value, scope, &mut found));
            let names = found.into_iter().map(|reference| reference.name).chain(resource.depends_on.iter().cloned());
            all.insert(name.clone(), names.filter(|name| made(name)).collect());
        }
        all
    }

    fn cycle(&self, names: Vec<String>) -> TemplateError {
        let first = names.first().cloned().unwrap_or_default();
        let span = self.resources.get(&first).map(|resource| resource.span).unwrap_or_default();
        let place = Place::new(format!("Resources.{first}"), span);
        TemplateError::new(What::Cycle { name: first, around: names }, place)
    }
}

fn holds(resource: &Resource, scope: &Scope) -> bool {
    resource.condition.as_ref().is_none_or(|name| scope.conditions.get(name).copied().unwrap_or(false))
}

/// Puts a resource behind what it needs. A walk with a list of its own: a template may chain thousands of resources.
///
/// # Errors
/// The names around a cycle, the first one again at the end.
fn place<'n>(
    name: &'n str,
    needs: &'n IndexMap<String, IndexSet<String>>,
    order: &mut IndexSet<&'n str>,
) -> Result<(), Vec<String>> {
    let mut open: IndexMap<&str, usize> = IndexMap::new();
    open.insert(name, 0);
    while let Some((&current, next)) = open.last_mut().map(|(name, next)| (name, next)) {
        let need = needs.get(current).and_then(|needs| needs.get_index(*next)).map(String::as_str);
        *next += 1;
        match need {
            None => {
                order.insert(current);
                open.pop();
            }
            Some(need) if order.contains(need) => {}
            Some(need) => match open.get_index_of(need) {
                Some(begin) => {
                    let around = open.keys().skip(begin).map(|name| (*name).to_owned());
                    return Err(around.chain([need.to_owned()]).collect());
                }
                None => _ = open.insert(need, 0),
            },
        }
    }
    Ok(())
}

/// Errors of references from a section's values, for [`Template::check`].
pub(crate) fn depends_on_unknown(template: &Template) -> Vec<TemplateError> {
    let mut errors = Vec::new();
    for (name, resource) in &template.resources {
        for unknown in resource.depends_on.iter().filter(|name| !template.resources.contains_key(*name)) {
            let place = Place::new(format!("Resources.{name}.DependsOn"), resource.span);
            errors.push(TemplateError::new(What::UnknownResource(unknown.clone()), place));
        }
        let unknown = resource.condition.as_ref().filter(|name| !template.conditions.contains_key(*name));
        if let Some(condition) = unknown {
            let path = Path::of(&["Resources", name, "Condition"]);
            errors.push(path.error(What::UnknownCondition(condition.clone()), resource.span));
        }
    }
    errors
}
