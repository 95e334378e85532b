//! The trust policy: who may take the role.

use serde_json::{Value, json};

use crate::policy::{VERSION, conditions, quoted};
use crate::subject::Subject;

/// The trust policy of a machine's role: Step Functions alone, and, where the account is known, only for machines of this
/// account, so that no other customer's machine can use the role (the "confused deputy").
#[must_use]
pub fn trust(subject: &Subject) -> Value {
    let mut statement = json!({
        "Sid": "StepFunctions",
        "Effect": "Allow",
        "Principal": { "Service": "states.amazonaws.com" },
        "Action": "sts:AssumeRole",
    });
    if let Some(account) = subject.account {
        let partition = subject.partition;
        let region = subject.region.unwrap_or("*");
        let machine = subject.name.unwrap_or("*");
        statement["Condition"] = json!({
            "StringEquals": { "aws:SourceAccount": account },
            "ArnLike": { "aws:SourceArn": format!("arn:{partition}:states:{region}:{account}:stateMachine:{machine}") },
        });
    }
    json!({ "Version": VERSION, "Statement": [statement] })
}

/// The same as a data source of Terraform's AWS provider.
#[must_use]
pub fn trust_terraform(subject: &Subject, name: &str) -> String {
    let mut out = format!("data \"aws_iam_policy_document\" {} {{\n", quoted(name));
    out += "  statement {\n    sid       = \"StepFunctions\"\n    actions   = [\"sts:AssumeRole\"]\n";
    out += "    principals {\n      type        = \"Service\"\n      identifiers = [\"states.amazonaws.com\"]\n    }\n";
    conditions(&mut out, trust(subject).pointer("/Statement/0/Condition"));
    out + "  }\n}\n"
}
