//! Templates of infrastructure: CloudFormation, SAM, the CDK's cloud assemblies and Terraform's plans, read and resolved.
//!
//! ```
//! use countersign_template::{Environment, Nothing, Template};
//! use indexmap::IndexMap;
//!
//! let text = "
//! Resources:
//!   Queue: {Type: 'AWS::SQS::Queue'}
//!   Machine:
//!     Type: AWS::StepFunctions::StateMachine
//!     Properties:
//!       RoleArn: !Sub 'arn:${AWS::Partition}:iam::${AWS::AccountId}:role/steps'
//!       DefinitionString: !Sub '{\"Url\": \"${Queue}\"}'
//! ";
//! let template = Template::read(text).unwrap();
//! let environment = Environment::planned("123456789012", "eu-west-1", "Shop");
//! let scope = template.scope(environment, &IndexMap::new(), &Nothing).unwrap();
//! assert!(template.check(&scope, &Nothing).is_empty());
//! assert_eq!(template.order(&scope).unwrap(), ["Queue", "Machine"]);
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`template`] | a template as it is written |
//! | [`resolve`] | functions applied: what its values say |
//! | [`types`] | the supported resource types: properties, references, names |
//! | [`change`] | what a template changes in a stack |
//! | [`mod@workflows`] | the state machines that a template, `cdk.out` or a plan of Terraform would make |
//! | [`environment`] | the account, other stacks and made resources, which a host gives |
//!
//! The crate does no I/O, reads no clock and draws no random numbers.

mod assumed;
pub mod change;
mod check;
pub mod environment;
mod error;
mod near;
mod order;
mod read;
pub mod resolve;
mod sam;
mod scope;
pub mod template;
pub mod types;
mod value;
pub mod workflows;

pub use assumed::Later;
pub use change::{Action, Cause, Changes, DeployedResource, PropertyChange, ResourceChange, Snapshot};
pub use countersign_yaml::Span;
pub use environment::{Attributes, Environment, Nothing, Surroundings};
pub use error::{Place, TemplateError, What};
pub use resolve::{ResolvedOutput, Resolver, Scope};
pub use template::{Note, Output, Parameter, ParameterType, Policy, Resource, Template};
pub use types::{Form, ResourceType, physical_name, resource_type};
pub use value::{Data, Map, Value};
pub use workflows::{Files, Planning, Workflow, workflows};
