//! Which kind of source a path leads to.

use super::planned::unused;
use super::{Planning, Workflow, assembly, in_file, joined, machine, terraform, whole};
use crate::error::{TemplateError, What};
use crate::read;

/// The state machines that a source would make: a template of CloudFormation or SAM, the folder of a cloud assembly
/// (`cdk.out`), or a plan of Terraform as JSON. Which of them it is shows in its contents.
///
/// # Errors
/// Everything that is wrong with the source as far as state machines depend on it, each error with its file.
pub fn workflows(path: &str, planning: &Planning) -> Result<Vec<Workflow>, Vec<TemplateError>> {
    let folder = path.trim_end_matches('/');
    if let Ok(manifest) = planning.files.read(&joined(folder, "manifest.json")) {
        return assembly::workflows(folder, &manifest, planning);
    }
    let unreadable = |why| vec![TemplateError::new(What::File { file: path.to_owned(), why }, whole(path))];
    let text = planning.files.read(path).map_err(unreadable)?;
    if let Some(plan) = terraform::plan(&text, path) {
        // Terraform has put the values of its variables in already.
        refused(planning, path, |_| false)?;
        return terraform::workflows(&plan.map_err(|error| vec![error])?, path);
    }
    let environment = crate::Environment::planned(planning.account, planning.region, planning.stack_name);
    let template = read::template(&text, planning.parameters).map_err(|errors| located(errors, path))?;
    refused(planning, path, |name| template.parameters.contains_key(name))?;
    let (parameters, complete) = (planning.parameters.clone(), planning.complete);
    let source = machine::Source { file: path, environment, parameters, complete, assets: None };
    machine::of_template(&template, source, planning).map_err(|errors| located(errors, path))
}

/// Refuses values for parameters that a source does not have, where the values have to be complete.
pub(super) fn refused(planning: &Planning, file: &str, has: impl Fn(&str) -> bool) -> Result<(), Vec<TemplateError>> {
    let unused = if planning.complete { unused(planning.parameters, has) } else { Vec::new() };
    if unused.is_empty() { Ok(()) } else { Err(located(unused, file)) }
}

pub(super) fn located(errors: Vec<TemplateError>, file: &str) -> Vec<TemplateError> {
    errors.into_iter().map(|error| in_file(error, file)).collect()
}
