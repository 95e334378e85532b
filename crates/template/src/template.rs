//! A template as it is written: its parameters, mappings, conditions, resources and outputs.

use countersign_yaml::Span;
use indexmap::IndexMap;

use crate::error::{Place, TemplateError};
use crate::read;
use crate::value::{Map, Value};

/// A template. Resources of SAM have been turned into those that they stand for.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    pub description: Option<String>,
    pub parameters: IndexMap<String, Parameter>,
    /// By the name of the mapping, its first and its second key.
    pub mappings: IndexMap<String, IndexMap<String, Map>>,
    pub conditions: IndexMap<String, Value>,
    pub resources: IndexMap<String, Resource>,
    pub outputs: IndexMap<String, Output>,
    pub metadata: Option<Value>,
    /// What the template has that is read and not used, such as `Rules` or the events of a SAM function.
    pub notes: Vec<Note>,
}

/// A part of a template that is not used, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    pub place: Place,
    pub what: String,
}

/// A parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    pub kind: ParameterType,
    pub default: Option<String>,
    pub allowed_values: Vec<String>,
    pub allowed_pattern: Option<String>,
    pub min_length: Option<u64>,
    pub max_length: Option<u64>,
    pub min_value: Option<f64>,
    pub max_value: Option<f64>,
    pub no_echo: bool,
    pub description: Option<String>,
    pub constraint_description: Option<String>,
    pub span: Span,
}

/// The type of a parameter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterType {
    String,
    Number,
    /// `List<Number>`.
    Numbers,
    /// `CommaDelimitedList`, `List<String>` and lists of AWS's types.
    Strings,
    /// `AWS::SSM::Parameter::Name`: the name itself.
    SsmName,
    /// `AWS::SSM::Parameter::Value<...>`: the value of the named parameter, which is one text or several.
    SsmValue {
        list: bool,
    },
    /// Another type of AWS's, such as `AWS::EC2::VPC::Id`: a text.
    Aws(String),
}

impl ParameterType {
    /// Whether its value is a list.
    #[must_use]
    pub const fn is_list(&self) -> bool {
        matches!(self, Self::Numbers | Self::Strings | Self::SsmValue { list: true })
    }
}

/// A resource.
#[derive(Clone, Debug, PartialEq)]
pub struct Resource {
    /// Its type, such as `AWS::StepFunctions::StateMachine`.
    pub kind: String,
    /// As they are written, functions included.
    pub properties: Map,
    pub depends_on: Vec<String>,
    /// The name of the condition on which it is made.
    pub condition: Option<String>,
    pub deletion_policy: Policy,
    pub update_replace_policy: Policy,
    pub metadata: Option<Value>,
    /// Where its logical ID stands.
    pub span: Span,
}

/// What becomes of the real resource when the stack no longer has it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Policy {
    #[default]
    Delete,
    Retain,
    /// Kept, unless it was made in the same operation that now fails.
    RetainExceptOnCreate,
    /// A snapshot is taken before it is deleted; none of the supported types has one.
    Snapshot,
}

impl Policy {
    /// Whether the real resource outlives its removal from the stack.
    #[must_use]
    pub const fn keeps(self) -> bool {
        matches!(self, Self::Retain | Self::RetainExceptOnCreate)
    }
}

/// An output.
#[derive(Clone, Debug, PartialEq)]
pub struct Output {
    pub value: Value,
    /// The name under which other stacks import it.
    pub export: Option<Value>,
    pub condition: Option<String>,
    pub description: Option<String>,
    pub span: Span,
}

impl Template {
    /// Reads a template in JSON or YAML: in JSON where its first character is an opening brace.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file. The values of parameters, references and the types of
    /// resources are judged by [`Template::scope`] and [`Template::check`].
    pub fn read(text: &str) -> Result<Self, Vec<TemplateError>> {
        Self::read_with(text, &IndexMap::new())
    }

    /// The same with values of parameters: a loop (`Fn::ForEach`) may go through one.
    ///
    /// # Errors
    /// Everything that is wrong with it, in the order of the file; of loops, what is wrong with the first.
    pub fn read_with(text: &str, given: &IndexMap<String, String>) -> Result<Self, Vec<TemplateError>> {
        read::template(text, given)
    }
}
