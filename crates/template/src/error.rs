//! What is wrong with a template, and where.

use std::fmt;

use countersign_yaml::Span;
use thiserror::Error;

/// A place in a template.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file, where it is not the template itself.
    pub file: String,
    /// The path of keys, such as `Resources.Machine.Properties.RoleArn`; empty for the whole file.
    pub path: String,
    /// Where it stands in the file; all zero where that is not known.
    pub span: Span,
}

impl Place {
    /// A path at a span.
    #[must_use]
    pub fn new(path: impl Into<String>, span: Span) -> Self {
        Self { file: String::new(), path: path.into(), span }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        if !self.file.is_empty() {
            write!(out, "{}: ", self.file)?;
        }
        match (self.path.as_str(), self.span.line) {
            ("", 0) => write!(out, "the whole file"),
            ("", line) => write!(out, "line {line}, column {}", self.span.column),
            (path, 0) => write!(out, "{path}"),
            (path, line) => write!(out, "{path}, line {line}, column {}", self.span.column),
        }
    }
}

/// What is wrong with a template, and where.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{what} ({place})")]
pub struct TemplateError {
    pub what: What,
    pub place: Place,
}

impl TemplateError {
    /// It at a place.
    #[must_use]
    pub const fn new(what: What, place: Place) -> Self {
        Self { what, place }
    }
}

/// What is wrong with a template. The text says what to do where that is not plain.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum What {
    #[error("{0}")]
    Unreadable(countersign_yaml::What),
    #[error("a template is an object with `Resources`: this is {0}")]
    NoTemplate(&'static str),
    #[error("the section `{key}` is not known{}", nearest(.near))]
    UnknownKey { key: String, near: Option<String> },
    #[error("expected {expected}, found {found}")]
    Shape { expected: &'static str, found: &'static str },
    #[error("`{0}` is missing")]
    Missing(&'static str),
    #[error("`{0}` is no logical ID: letters and digits only, at most 255")]
    LogicalId(String),
    #[error("the template has no resources")]
    NoResources,
    #[error("resources of the type `{0}` are not supported: remove the resource, or deploy this template with AWS")]
    UnsupportedType(String),
    #[error("`{function}` is not supported: {why}")]
    UnsupportedFunction { function: String, why: &'static str },
    #[error("the loop `{name}` {why}")]
    Loop { name: String, why: String },
    #[error("the function `{0}` is not known")]
    UnknownFunction(String),
    #[error("`{function}` takes {expected}")]
    Arguments { function: &'static str, expected: &'static str },
    #[error("`{0}` names no parameter, resource or pseudo parameter of the template")]
    UnknownReference(String),
    #[error("`{0}` names no resource of the template")]
    UnknownResource(String),
    #[error("the resource `{0}` is not made, because its condition `{1}` is false")]
    Conditional(String, String),
    #[error("the type `{kind}` has no attribute `{attribute}`: it has {}", listed(.has))]
    UnknownAttribute { kind: String, attribute: String, has: Vec<String> },
    #[error("the attribute `{attribute}` of `{resource}` is not known: the resource has not been made")]
    NotMade { resource: String, attribute: String },
    #[error("`{0}` names no condition of the template")]
    UnknownCondition(String),
    #[error("the map `{map}` has no value at `{path}`")]
    NotInMap { map: String, path: String },
    #[error("the index {index} is beyond the list of {count} items")]
    Index { index: String, count: usize },
    #[error("the import `{0}` is exported by no stack")]
    UnknownExport(String),
    #[error("`{name}` depends on itself: {}", .around.join(" -> "))]
    Cycle { name: String, around: Vec<String> },
    #[error("the parameter `{0}` has neither a value nor a default")]
    NoValue(String),
    #[error("the template has no parameter `{0}`")]
    UnknownParameter(String),
    #[error("the value of the parameter `{parameter}` does not fit: {why}")]
    ParameterValue { parameter: String, why: String },
    #[error("the SSM parameter `{0}` is not known")]
    UnknownSsmParameter(String),
    #[error("the parameter type `{0}` is not supported: use `String` with the value itself")]
    ParameterType(String),
    #[error("the dynamic reference `{0}` is not supported here: give the value with a parameter")]
    DynamicReference(String),
    #[error("the type `{kind}` has no property `{property}`{}", nearest(.near))]
    UnknownProperty { kind: String, property: String, near: Option<String> },
    #[error("the property `{property}` of `{kind}` is missing")]
    MissingProperty { kind: String, property: &'static str },
    #[error("{first} and {second} exclude each other: keep one")]
    Excluding { first: &'static str, second: &'static str },
    #[error("one of {0} is needed")]
    OneOf(&'static str),
    #[error("the type of `{resource}` cannot change from `{before}` to `{after}`: give the resource a new logical ID")]
    TypeChanged { resource: String, before: String, after: String },
    #[error("the file `{file}` cannot be read: {why}")]
    File { file: String, why: String },
    #[error("the asset of `s3://{bucket}/{key}` is not in the folder: synthesise it again")]
    NoAsset { bucket: String, key: String },
    #[error("the definition is not {0}")]
    Definition(String),
    #[error("`{0}` is not supported in a SAM template here: {1}")]
    Sam(String, &'static str),
    #[error("this is no plan of Terraform: {0}; write it with `terraform show -json PLAN`")]
    Terraform(&'static str),
    #[error("this is no cloud assembly: {0}; write it with `cdk synth`")]
    Assembly(String),
}

fn nearest(near: &Option<String>) -> String {
    near.as_ref().map(|near| format!(": did you mean `{near}`?")).unwrap_or_default()
}

fn listed(has: &[String]) -> String {
    if has.is_empty() { "none".to_owned() } else { has.join(", ") }
}
