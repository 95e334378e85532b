//! The permissions of each integration, as AWS documents them for its optimised integrations.
//!
//! Adding an integration: a function of its service in the file of its subject, and a line in [`call`]. An action that
//! none of them knows is a note, never nothing.

mod compute;
mod data;
mod messages;
mod models;
mod roles;
mod sdk;
mod web;

use countersign_asl::{Pattern, Resource};
use serde_json::{Value, json};

use crate::arns::Scope;
use crate::given::Given;
use crate::needs::Needs;
use crate::walk::StateAt;

/// What a Task state needs.
pub(crate) fn task(needs: &mut Needs, at: &StateAt) {
    if at.state.contains_key("Credentials") {
        credentials(needs, at);
        return;
    }
    let text = at.state.get("Resource").and_then(Value::as_str).unwrap_or_default();
    match Resource::read(text) {
        // Its worker asks for tasks with permissions of its own.
        Some(Resource::Activity(_)) => {}
        Some(Resource::Function(arn)) => {
            needs.allow("Lambda", &["lambda:InvokeFunction"], [arn.to_owned()]);
        }
        Some(Resource::Sdk { service, action, .. }) => sdk::call(needs, at, service, action),
        Some(Resource::Call { service, action, pattern }) => {
            let waits = matches!(pattern, Pattern::Sync | Pattern::Sync2);
            if !call(needs, at, service, action, waits) {
                needs.note(
                    Some(at.name),
                    format!("The permissions of {service}:{action} are not known: add them by hand."),
                );
            }
        }
        None => needs.note(
            Some(at.name),
            "The Resource is a placeholder, or names nothing that a task can call: what it needs is not known.",
        ),
    }
}

/// A task with a role of its own: this role takes that one, which needs the permissions of the call.
fn credentials(needs: &mut Needs, at: &StateAt) {
    let given = at.state.get("Credentials").map_or(Given::Absent, |value| crate::given::of(value, at.language));
    let role = given.get("RoleArn", at.language);
    let resource = needs.named(at.name, "The RoleArn of its Credentials", role, |_, _| "*".to_owned());
    needs.allow("Credentials", &["sts:AssumeRole"], [resource]);
    let called = at.state.get("Resource").and_then(Value::as_str).unwrap_or_default();
    needs.note(
        Some(at.name),
        format!("The role of its Credentials needs the permissions of {called}, and has to trust this role."),
    );
}

/// Adds what an optimised integration needs. False: it is not known.
fn call(needs: &mut Needs, at: &StateAt, service: &str, action: &str, waits: bool) -> bool {
    match service {
        "lambda" => messages::lambda(needs, at, action),
        "sns" => messages::sns(needs, at, action),
        "sqs" => messages::sqs(needs, at, action),
        "events" => messages::events(needs, at, action),
        "states" => messages::states(needs, at, action, waits),
        "dynamodb" => data::dynamodb(needs, at, action),
        "athena" => data::athena(needs, at, action, waits),
        "glue" => data::glue(needs, at, action, waits),
        "databrew" => data::databrew(needs, at, action, waits),
        "elasticmapreduce" => data::emr(needs, at, action, waits),
        "emr-containers" => data::emr_containers(needs, at, action, waits),
        "emr-serverless" => data::emr_serverless(needs, at, action, waits),
        "batch" => compute::batch(needs, at, action, waits),
        "ecs" => compute::ecs(needs, at, action, waits),
        "eks" => compute::eks(needs, at, action, waits),
        "codebuild" => compute::codebuild(needs, at, action, waits),
        "mediaconvert" => compute::mediaconvert(needs, at, action, waits),
        "sagemaker" => models::sagemaker(needs, at, action, waits),
        "bedrock" => models::bedrock(needs, at, action, waits),
        "apigateway" => web::apigateway(needs, at, action),
        "http" => web::http(needs, at, action),
        _ => false,
    }
}

/// The managed rule of EventBridge by which Step Functions learns that a job has ended.
fn rule(needs: &mut Needs, name: &str) {
    let rule = needs.arn("events", Scope::Regional, &format!("rule/{name}"));
    needs.allow("JobEvents", &["events:DescribeRule", "events:PutRule", "events:PutTargets"], [rule]);
}

/// Hands a role to the service that a job runs in.
fn pass_role(needs: &mut Needs, at: &StateAt, parameter: &str, given: Given, service: &str) {
    if given == Given::Absent {
        return;
    }
    let role = needs.named(at.name, parameter, given, |needs, name| {
        needs.arn("iam", Scope::Global, &format!("role/{}", name.trim_start_matches("role/")))
    });
    let condition = json!({ "StringEquals": { "iam:PassedToService": service } });
    needs.allow_if("PassRole", &["iam:PassRole"], [role], Some(condition));
}
