//! Fields, resources and actions that AWS has replaced or retired.

use super::super::services;
use super::Advice;
use super::walk::StateAt;
use crate::resource::Resource;
use crate::rule::Rule;

pub(super) fn check(advice: &mut Advice, at: &StateAt) {
    if at.kind() == "Map" {
        for (old, new) in [("Iterator", "ItemProcessor"), ("Parameters", "ItemSelector")] {
            if at.state.contains_key(old) {
                // The whole value of a large field is not marked: its opening bracket is.
                let message = format!("{new} has replaced the field {old} of Map states");
                let path = format!("{}/{old}", at.path);
                advice.advise(Rule::DeprecatedResource, &path, message, format!("Write {new}; its contents stay."));
            }
        }
    }
    let path = format!("{}/Resource", at.path);
    match at.resource() {
        Some(Resource::Function(_)) => advice.advise(
            Rule::DeprecatedResource,
            &path,
            "The task names a function's ARN, which AWS keeps for older definitions",
            "Write arn:aws:states:::lambda:invoke, with FunctionName and Payload; the result is then in its Payload.",
        ),
        Some(Resource::Sdk { service, .. }) if services::is_retired(service) => advice.advise(
            Rule::DeprecatedResource,
            &path,
            format!("AWS's SDK no longer has the service {service}"),
            "Call the service that has taken its place.",
        ),
        Some(Resource::Sdk { service, action, .. }) if services::is_deprecated(service, action) => advice.advise(
            Rule::DeprecatedResource,
            &path,
            format!("AWS has deprecated the action {service}:{action}"),
            "Call the action that the service's documentation names in its place.",
        ),
        _ => {}
    }
}
