//! The resources of stacks: what CloudFormation's types are made of, by the same operations that clients call.
//!
//! # Adding a type
//! 1. Write a file here, or add to one, with `create`, `update` and `delete` over the type's properties, which are
//!    resolved: no function is in them.
//! 2. Add its line to [`TYPES`], [`create`], [`update`] and [`delete`].
//! 3. The table of `countersign-template` (`types/table.rs`) has its properties, and which of them make another resource.
//! 4. Add it to `docs/engine-services.md`.

mod functions;
mod groups;
mod identities;
mod machines;
mod messages;
mod parameters;
mod releases;
mod storage;
mod values;

use std::sync::Arc;

use serde_json::{Map, Value, json};

pub(super) use values::{tag_list, tag_map};

use crate::api::error::ApiError;
use crate::host::{AccountRegion, Host};
use crate::random;

/// Every type that the engine makes.
const TYPES: [&str; 23] = [
    "AWS::StepFunctions::StateMachine",
    "AWS::StepFunctions::StateMachineVersion",
    "AWS::StepFunctions::StateMachineAlias",
    "AWS::StepFunctions::Activity",
    "AWS::Lambda::Function",
    "AWS::Lambda::Permission",
    "AWS::Lambda::Version",
    "AWS::Lambda::Alias",
    "AWS::IAM::Role",
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::SSM::Parameter",
    "AWS::SNS::Topic",
    "AWS::SNS::Subscription",
    "AWS::SNS::TopicPolicy",
    "AWS::SQS::Queue",
    "AWS::SQS::QueuePolicy",
    "AWS::DynamoDB::Table",
    "AWS::Logs::LogGroup",
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::ECR::Repository",
    "AWS::CDK::Metadata",
];

/// Whether the engine makes resources of this type.
#[must_use]
pub fn is_supported(kind: &str) -> bool {
    TYPES.contains(&kind)
}

/// A resource that was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Made {
    /// What identifies it: a name, an ARN or a URL.
    pub physical: String,
    /// What `Fn::GetAtt` says.
    pub attributes: Map<String, Value>,
}

impl Made {
    fn new(physical: impl Into<String>, attributes: Value) -> Self {
        let attributes = match attributes {
            Value::Object(attributes) => attributes,
            _ => Map::new(),
        };
        Self { physical: physical.into(), attributes }
    }
}

/// A resource that is to be made or changed.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub kind: &'a str,
    /// The name that it gets where its properties give none.
    pub name: &'a str,
    /// Resolved.
    pub properties: &'a Value,
}

impl Wanted<'_> {
    /// The name in a property, or the one that was made for it.
    fn named(&self, property: &str) -> &str {
        self.properties[property].as_str().unwrap_or(self.name)
    }
}

/// A resource that is to be changed in its place.
#[derive(Clone, Copy, Debug)]
pub struct Changed<'a> {
    pub wanted: Wanted<'a>,
    /// What identifies it.
    pub physical: &'a str,
    /// Its properties until now, resolved.
    pub before: &'a Value,
}

/// The refusal of a type.
fn unsupported(kind: &str) -> ApiError {
    ApiError::new("ValidationError", format!("The embedded engine makes no resources of the type {kind}."))
}

/// Makes a resource.
///
/// # Errors
/// The refusal of the service.
pub async fn create(host: &Arc<Host>, place: &AccountRegion, wanted: Wanted<'_>) -> Result<Made, ApiError> {
    match wanted.kind {
        "AWS::StepFunctions::StateMachine" => machines::create(host, place, wanted).await,
        "AWS::StepFunctions::StateMachineVersion" => releases::publish(host, place, wanted).await,
        "AWS::StepFunctions::StateMachineAlias" => releases::create_alias(host, place, wanted).await,
        "AWS::StepFunctions::Activity" => machines::create_activity(host, place, wanted).await,
        "AWS::Lambda::Function" => functions::create(host, place, wanted).await,
        "AWS::Lambda::Permission" => functions::permit(host, place, wanted).await,
        "AWS::Lambda::Version" => functions::publish(host, place, wanted).await,
        "AWS::Lambda::Alias" => functions::point(host, place, wanted, "CreateAlias").await,
        "AWS::IAM::Role" => identities::create_role(host, place, wanted).await,
        "AWS::IAM::Policy" => identities::create_policy(host, place, wanted).await,
        "AWS::IAM::ManagedPolicy" => identities::create_managed(host, place, wanted).await,
        "AWS::SSM::Parameter" => parameters::create(host, place, wanted).await,
        "AWS::SNS::Topic" => messages::create_topic(host, place, wanted).await,
        "AWS::SNS::Subscription" => messages::subscribe(host, wanted).await,
        "AWS::SQS::Queue" => messages::create_queue(host, place, wanted).await,
        "AWS::DynamoDB::Table" => storage::create_table(host, place, wanted).await,
        "AWS::Logs::LogGroup" => groups::create(host, place, wanted).await,
        "AWS::S3::Bucket" => storage::create_bucket(host, place, wanted).await,
        "AWS::S3::BucketPolicy" | "AWS::ECR::Repository" => Ok(storage::stored(place, wanted)),
        "AWS::CDK::Metadata" | "AWS::SNS::TopicPolicy" | "AWS::SQS::QueuePolicy" => {
            Ok(Made::new(wanted.name, json!({ "Id": wanted.name })))
        }
        other => Err(unsupported(other)),
    }
}

/// Changes a resource, none of whose fixed properties differs.
///
/// # Errors
/// The refusal of the service.
pub async fn update(host: &Arc<Host>, place: &AccountRegion, change: Changed<'_>) -> Result<Made, ApiError> {
    let Changed { wanted, physical, .. } = change;
    match wanted.kind {
        "AWS::StepFunctions::StateMachine" => machines::update(host, place, change).await,
        "AWS::StepFunctions::StateMachineAlias" => releases::update_alias(host, place, change).await,
        "AWS::StepFunctions::Activity" => machines::update_activity(host, place, change).await,
        "AWS::Lambda::Function" => functions::update(host, place, change).await,
        "AWS::Lambda::Alias" => functions::point(host, place, wanted, "UpdateAlias").await,
        "AWS::IAM::Role" => identities::update_role(host, place, change).await,
        "AWS::IAM::Policy" => identities::update_policy(host, place, change).await,
        "AWS::IAM::ManagedPolicy" => identities::update_managed(host, place, change).await,
        "AWS::SSM::Parameter" => parameters::update(host, place, change).await,
        "AWS::SNS::Topic" => messages::update_topic(host, change).await,
        "AWS::SQS::Queue" => messages::update_queue(host, place, change).await,
        "AWS::DynamoDB::Table" => Ok(storage::table(place, physical)),
        "AWS::Logs::LogGroup" => groups::update(host, place, change).await,
        "AWS::S3::Bucket" => Ok(storage::bucket(place, physical)),
        "AWS::S3::BucketPolicy" | "AWS::ECR::Repository" => Ok(storage::stored(place, wanted)),
        "AWS::CDK::Metadata" | "AWS::SNS::TopicPolicy" | "AWS::SQS::QueuePolicy" => {
            Ok(Made::new(physical, json!({ "Id": physical })))
        }
        other => Err(unsupported(other)),
    }
}

/// Deletes a resource. One that does not exist is deleted already.
///
/// # Errors
/// The refusal of the service.
pub async fn delete(
    host: &Arc<Host>,
    place: &AccountRegion,
    kind: &str,
    physical: &str,
    properties: &Value,
) -> Result<(), ApiError> {
    match kind {
        "AWS::StepFunctions::StateMachine" | "AWS::StepFunctions::Activity" => {
            machines::delete(host, place, kind, physical).await
        }
        "AWS::StepFunctions::StateMachineVersion" => releases::delete_version(host, place, physical).await,
        "AWS::StepFunctions::StateMachineAlias" => releases::delete_alias(host, place, physical).await,
        // A version of a function is named by its qualified ARN.
        "AWS::Lambda::Function" | "AWS::Lambda::Version" => functions::delete(host, place, physical).await,
        "AWS::Lambda::Alias" => functions::unpoint(host, place, properties).await,
        "AWS::Lambda::Permission" => functions::forbid(host, place, physical, properties).await,
        "AWS::IAM::Role" => identities::delete_role(host, place, physical).await,
        "AWS::IAM::Policy" => identities::delete_policy(host, place, properties).await,
        "AWS::IAM::ManagedPolicy" => identities::delete_managed(host, place, physical).await,
        "AWS::SSM::Parameter" => parameters::delete(host, place, physical).await,
        "AWS::SNS::Topic" => messages::delete_topic(host, physical).await,
        "AWS::SNS::Subscription" => messages::unsubscribe(host, properties).await,
        "AWS::SQS::Queue" => messages::delete_queue(host, place, physical).await,
        "AWS::DynamoDB::Table" => storage::delete_table(host, place, physical).await,
        "AWS::Logs::LogGroup" => groups::delete(host, place, physical).await,
        "AWS::S3::Bucket" => storage::delete_bucket(host, physical).await,
        _ => Ok(()),
    }
}

/// Whether an error says that what was to be deleted is not there.
fn is_absent(error: &ApiError) -> bool {
    [
        "ResourceNotFoundException",
        "NoSuchEntity",
        "ParameterNotFound",
        "QueueDoesNotExist",
        "NoSuchBucket",
        "NotFound",
        "StateMachineDoesNotExist",
        "ActivityDoesNotExist",
    ]
    .contains(&error.code)
}

/// The outcome of a deletion, for which what is not there is deleted.
fn gone<T>(came: Result<T, ApiError>) -> Result<(), ApiError> {
    match came {
        Err(error) if !is_absent(&error) => Err(error),
        _ => Ok(()),
    }
}

/// Letters and digits at the end of a name that CloudFormation makes.
#[must_use]
pub fn suffix() -> String {
    random::uuid().simple().to_string().to_ascii_uppercase().chars().take(12).collect()
}
