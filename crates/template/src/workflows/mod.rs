//! The state machines that a template, a SAM template, a cloud assembly of the CDK or a plan of Terraform would make.

mod assembly;
mod definition;
mod leaving;
mod machine;
mod planned;
mod sources;
mod terraform;

use countersign_yaml::Span;
use indexmap::IndexMap;

use crate::assumed::Later;
use crate::environment::Surroundings;
use crate::error::{Place, TemplateError};

pub use definition::Definition;
pub use leaving::Leaving;
pub use sources::{Reading, read_source, workflows};

/// The files that a template names, by their paths as they are written or joined to the folder of the template.
pub trait Files {
    /// The contents of a file.
    ///
    /// # Errors
    /// It cannot be read: why, in words.
    fn read(&self, path: &str) -> Result<String, String>;
}

/// What a plan depends on beside the files.
#[derive(Clone, Copy)]
pub struct Planning<'p> {
    pub files: &'p dyn Files,
    /// The account and region that are deployed to.
    pub account: &'p str,
    pub region: &'p str,
    /// The name of the stack of a template; a cloud assembly names its own.
    pub stack_name: &'p str,
    /// Values of parameters.
    pub parameters: &'p IndexMap<String, String>,
    /// Whether these and the defaults have to be all values: a parameter without one, and a value without a parameter, is an
    /// error. Otherwise the name of a parameter stands for its value, and is listed.
    pub complete: bool,
    pub around: &'p dyn Surroundings,
}

/// A state machine that would be made.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// `None` where CloudFormation or Terraform generates one.
    pub name: Option<String>,
    /// Its logical ID, or Terraform's address.
    pub logical_id: String,
    /// The stack that it belongs to; Terraform has none.
    pub stack: Option<String>,
    /// The file that describes it, and where.
    pub file: String,
    pub place: Place,
    /// `None` where it is known only once something else has been made, as with Terraform.
    pub definition: Option<Definition>,
    pub kind: WorkflowKind,
    pub role_arn: Option<String>,
    pub logging: Option<Logging>,
    pub tracing: bool,
    pub encryption: Option<Encryption>,
    pub tags: IndexMap<String, String>,
    /// The aliases that would point to its versions.
    pub aliases: Vec<String>,
    /// Whether a version is published, and its description.
    pub version: Option<Version>,
    /// Whether Terraform marks the definition as sensitive: it is not to be shown.
    pub sensitive: bool,
    /// What is known only after deployment; a placeholder stands for it.
    pub unresolved: Vec<Unresolved>,
}

/// The type of a state machine.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WorkflowKind {
    #[default]
    Standard,
    Express,
}

/// What is logged, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Logging {
    /// `ALL`, `ERROR`, `FATAL` or `OFF`.
    pub level: String,
    pub include_execution_data: bool,
    /// ARNs of log groups.
    pub destinations: Vec<String>,
}

/// How the definition and the data of executions are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encryption {
    /// `AWS_OWNED_KEY` or `CUSTOMER_MANAGED_KMS_KEY`.
    pub kind: String,
    pub kms_key_id: Option<String>,
    /// Seconds.
    pub data_key_reuse: Option<i64>,
}

/// A version that is published.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    pub description: Option<String>,
}

/// A value that is known only after deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unresolved {
    pub waiting: Waiting,
    /// The property that has it.
    pub place: Place,
}

/// What a value waits for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Waiting {
    /// A resource that has not been made.
    Resource(Later),
    /// A parameter without a value.
    Parameter(String),
    /// A parameter of Parameter Store.
    Ssm(String),
    /// An export of another stack.
    Export(String),
    /// Terraform does not know it yet.
    Apply(String),
}

impl std::fmt::Display for Waiting {
    fn fmt(&self, out: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            Self::Resource(later) if later.attribute == "Ref" => {
                write!(out, "{} is known once {} has been made", later.placeholder, later.logical_id)
            }
            Self::Resource(later) => {
                write!(out, "{} of {} is known once it has been made", later.attribute, later.logical_id)
            }
            Self::Parameter(name) => write!(out, "the parameter {name} has no value"),
            Self::Ssm(name) => write!(out, "the SSM parameter {name} is not known"),
            Self::Export(name) => write!(out, "the export {name} is not known"),
            Self::Apply(name) => write!(out, "{name} is known after apply"),
        }
    }
}

/// A folder and a path below it.
pub(crate) fn joined(folder: &str, path: &str) -> String {
    if folder.is_empty() || path.starts_with('/') { path.to_owned() } else { format!("{folder}/{path}") }
}

/// The folder of a file.
pub(crate) fn folder_of(file: &str) -> &str {
    file.rfind('/').map_or("", |at| &file[..at])
}

/// An error in another file than the template.
pub(crate) fn in_file(mut error: TemplateError, file: &str) -> TemplateError {
    if error.place.file.is_empty() {
        file.clone_into(&mut error.place.file);
    }
    error
}

/// The place of a whole file.
pub(crate) fn whole(file: &str) -> Place {
    Place { file: file.to_owned(), path: String::new(), span: Span::default() }
}

#[cfg(test)]
mod tests;
