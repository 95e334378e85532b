//! Which kind of source a path leads to.

use countersign_yaml::Document;

use super::planned::unused;
use super::{Leaving, Planning, Workflow, assembly, in_file, joined, machine, terraform, whole};
use crate::error::{TemplateError, What};
use crate::read;

/// What a source says.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    /// The state machines that it would make.
    pub workflows: Vec<Workflow>,
    /// What leaves it.
    pub leaving: Leaving,
}

/// A source by its kind, which shows in its contents.
enum Source<'p> {
    /// The folder of a cloud assembly, and its manifest.
    Assembly { folder: &'p str, manifest: String },
    /// A plan of Terraform.
    Terraform(Document),
    /// The text of a template of CloudFormation or SAM.
    Template(String),
}

/// What a path leads to.
///
/// # Errors
/// It cannot be read, or is a plan of Terraform that cannot be used.
fn source<'p>(path: &'p str, planning: &Planning) -> Result<Source<'p>, Vec<TemplateError>> {
    let folder = path.trim_end_matches('/');
    if let Ok(manifest) = planning.files.read(&joined(folder, "manifest.json")) {
        return Ok(Source::Assembly { folder, manifest });
    }
    let unreadable = |why| vec![TemplateError::new(What::File { file: path.to_owned(), why }, whole(path))];
    let text = planning.files.read(path).map_err(unreadable)?;
    match terraform::plan(&text, path) {
        Some(plan) => plan.map(Source::Terraform).map_err(|error| vec![error]),
        None => Ok(Source::Template(text)),
    }
}

/// What a source says: a template of CloudFormation or SAM, the folder of a cloud assembly (`cdk.out`), or a plan of Terraform as
/// JSON. Which of them it is shows in its contents.
///
/// # Errors
/// Everything that is wrong with the source as far as state machines depend on it, each error with its file.
pub fn read_source(path: &str, planning: &Planning) -> Result<Reading, Vec<TemplateError>> {
    match source(path, planning)? {
        Source::Assembly { folder, manifest } => {
            let (workflows, stacks) = assembly::workflows(folder, &manifest, planning)?;
            Ok(Reading { workflows, leaving: Leaving::of_stacks(stacks) })
        }
        Source::Terraform(plan) => {
            // Terraform has put the values of its variables in already.
            refused(planning, path, |_| false)?;
            let workflows = terraform::workflows(&plan, path)?;
            Ok(Reading { workflows, leaving: Leaving::of_terraform(terraform::destroyed(&plan)) })
        }
        Source::Template(text) => {
            let workflows = of_text(&text, path, planning)?;
            Ok(Reading { workflows, leaving: Leaving::of_stacks(vec![planning.stack_name.to_owned()]) })
        }
    }
}

/// The state machines that a source would make.
///
/// # Errors
/// Those of [`read_source`].
pub fn workflows(path: &str, planning: &Planning) -> Result<Vec<Workflow>, Vec<TemplateError>> {
    read_source(path, planning).map(|read| read.workflows)
}

/// The state machines of a template's text.
fn of_text(text: &str, path: &str, planning: &Planning) -> Result<Vec<Workflow>, Vec<TemplateError>> {
    let environment = crate::Environment::planned(planning.account, planning.region, planning.stack_name);
    let template = read::template(text, planning.parameters).map_err(|errors| located(errors, path))?;
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
