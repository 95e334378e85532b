//! Roles that a call of the AWS SDK hands to a service. The models do not tell them from other texts: their names and ARNs do.

use countersign_asl::QueryLanguage;
use serde_json::Value;

use super::{compute, pass_role};
use crate::arns::Scope;
use crate::given::{Given, of};
use crate::needs::Needs;
use crate::walk::StateAt;

/// Actions that begin so read or remove: a role in their parameters is handed to nobody.
const HANDS_NOTHING_ON: [&str; 5] = ["delete", "describe", "get", "list", "search"];

/// Parameters of a service that are a role, by its ARN or its name, although their own name does not end in `RoleArn`. `Role` alone
/// says nothing: in a conversation it is who speaks.
const OTHERWISE_NAMED: &[(&str, &[&str])] = &[
    ("athena", &["ExecutionRole"]),
    ("batch", &["ServiceRole", "SpotIamFleetRole"]),
    ("codebuild", &["FleetServiceRole", "ServiceRole", "ServiceRoleOverride"]),
    ("ec2", &["IamFleetRole"]),
    ("ecs", &["Role"]),
    ("eks", &["NodeRole"]),
    ("emr", &["AutoScalingRole", "JobFlowRole", "ServiceRole"]),
    ("glue", &["Role"]),
    ("guardduty", &["Role"]),
    ("imagebuilder", &["ExecutionRole"]),
    ("kinesisanalyticsv2", &["ServiceExecutionRole"]),
    ("lambda", &["Role"]),
    ("mediaconvert", &["Role"]),
    ("redshift", &["AddIamRoles", "IamRoles"]),
    ("redshiftserverless", &["IamRoles"]),
    ("s3", &["Role"]),
    ("sagemaker", &["ExecutionRole"]),
    ("storagegateway", &["Role"]),
    ("transfer", &["AccessRole", "ExecutionRole", "InvocationRole", "LoggingRole", "Role"]),
];

/// Parameters that name an instance profile, in which the role is.
const PROFILES: &[(&str, &[&str])] =
    &[("autoscaling", &["IamInstanceProfile"]), ("batch", &["InstanceRole"]), ("ec2", &["IamInstanceProfile"])];

/// Allows the roles in the parameters of a call to be handed on, at whatever depth they are, and those of what it runs.
pub(super) fn handed_on(needs: &mut Needs, at: &StateAt, service: &str, action: &str) {
    let runs_task = service == "ecs" && matches!(action, "runTask" | "startTask");
    if runs_task {
        compute::task_roles(needs, at);
    }
    // STS takes a role itself, which is its own permission; and EMR on EKS is not handed one, but has its jobs take it.
    let is_taken = service == "sts" || service == "emrcontainers" && action == "startJobRun";
    if is_taken || HANDS_NOTHING_ON.iter().any(|begin| action.starts_with(begin)) {
        return;
    }
    let Given::Fixed(parameters) = at.parameters() else { return };
    let mut roles = Roles { service, language: at.language, found: Vec::new(), has_profile: false };
    roles.read(parameters);
    let Roles { found, has_profile, .. } = roles;
    for (name, role) in found.into_iter().filter(|(name, _)| !runs_task || !compute::TASK_ROLES.contains(name)) {
        let role = needs.named(at.name, name, role, |needs, text| {
            needs.arn("iam", Scope::Global, &format!("role/{}", text.trim_start_matches("role/")))
        });
        needs.allow("PassRole", &["iam:PassRole"], [role]);
        needs.note(
            Some(at.name),
            format!("{name} is handed to the service that uses it: narrow PassRole to that service with iam:PassedToService."),
        );
    }
    if has_profile {
        needs.note(
            Some(at.name),
            "The instance profile has the role that is passed on: any role is allowed for EC2. Narrow PassRole to it.",
        );
        pass_role(needs, at, "The role of the instance profile", Given::Computed, "ec2.amazonaws.com");
    }
}

/// The roles among the parameters of a call, each with the name of its parameter.
struct Roles<'v, 's> {
    service: &'s str,
    language: QueryLanguage,
    found: Vec<(&'v str, Given<'v>)>,
    has_profile: bool,
}

impl<'v> Roles<'v, '_> {
    fn read(&mut self, value: &'v Value) {
        match value {
            Value::Object(members) => members.iter().for_each(|(key, value)| self.member(key, value)),
            Value::Array(items) => items.iter().for_each(|item| self.read(item)),
            _ => {}
        }
    }

    fn member(&mut self, key: &'v str, value: &'v Value) {
        let path = if self.language == QueryLanguage::JsonPath { key.strip_suffix(".$") } else { None };
        let name = path.unwrap_or(key);
        if is_in(PROFILES, self.service, name) {
            self.has_profile = true;
            return;
        }
        let is_named = is_in(OTHERWISE_NAMED, self.service, name);
        let given = if path.is_some() { Given::Computed } else { of(value, self.language) };
        match given {
            Given::Computed if is_named || name.to_ascii_lowercase().ends_with("rolearn") => {
                self.found.push((name, given));
            }
            Given::Fixed(Value::String(text)) if is_named && !has_wildcard(text) || is_role(name, text) => {
                self.found.push((name, given));
            }
            Given::Fixed(Value::Array(_)) if is_named => {
                self.found.extend(given.items(self.language).into_iter().map(|item| (name, item)));
            }
            Given::Fixed(inner) => self.read(inner),
            Given::Computed | Given::Absent => {}
        }
    }
}

fn is_in(names: &[(&str, &[&str])], service: &str, name: &str) -> bool {
    names.iter().any(|(of, names)| *of == service && names.iter().any(|one| one.eq_ignore_ascii_case(name)))
}

fn is_role(name: &str, text: &str) -> bool {
    let is_arn = text.starts_with("arn:") && text.contains(":iam::") && text.contains(":role/");
    is_arn && name.to_ascii_lowercase().contains("role") && !has_wildcard(text)
}

fn has_wildcard(text: &str) -> bool {
    text.contains(['*', '?'])
}
