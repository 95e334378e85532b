//! What a role's policies lack.

use std::fmt;

use crate::document::{Document, Extent, Rule, plain};
use crate::policy::{Policy, Statement};

/// A permission that a role lacks, or may lack.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Missing {
    /// `sns:Publish`
    pub action: String,
    /// The resource that it is needed on, with wildcards.
    pub resource: String,
    pub why: Why,
}

/// Why a permission is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// No statement allows it.
    NotAllowed,
    /// The statement with this name denies it.
    Denied { statement: String },
    /// It may be missing: the policies tell it only when a request is made.
    Perhaps { statement: String, reason: Doubt },
}

/// Why it is not certain that a permission is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Doubt {
    /// The statement has a condition that tests these.
    Condition(Vec<String>),
    /// The statement is about some of the resources only.
    Narrower,
}

impl Missing {
    /// Whether it is certain that the permission is missing.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        !matches!(self.why, Why::Perhaps { .. })
    }
}

impl fmt::Display for Missing {
    fn fmt(&self, out: &mut fmt::Formatter) -> fmt::Result {
        let Self { action, resource, why } = self;
        match why {
            Why::NotAllowed => write!(out, "{action} on {resource} is not allowed"),
            Why::Denied { statement } => write!(out, "{action} on {resource} is denied by {statement}"),
            Why::Perhaps { statement, reason: Doubt::Condition(keys) } => {
                write!(out, "{action} on {resource} depends on the condition of {statement}: {}", keys.join(", "))
            }
            Why::Perhaps { statement, reason: Doubt::Narrower } => {
                write!(out, "{action} on {resource}: {statement} is about some of these resources only")
            }
        }
    }
}

/// What the policies of a role lack of what is needed: those attached to it and those within it. In the order of the
/// needed policy.
///
/// A denial counts before an allowance, as in IAM. Boundaries, policies of the organisation and of the resources are not
/// seen here.
#[must_use]
pub fn missing(needed: &Policy, role: &[Document]) -> Vec<Missing> {
    let rules: Vec<&Rule> = role.iter().flat_map(|document| &document.rules).collect();
    let mut found = Vec::new();
    for statement in &needed.statements {
        for action in &statement.actions {
            let rules: Vec<&Rule> = rules.iter().copied().filter(|rule| rule.has_action(action)).collect();
            for resource in &statement.resources {
                let why = judge(statement, resource, &rules);
                found.extend(why.map(|why| Missing { action: action.clone(), resource: resource.clone(), why }));
            }
        }
    }
    found
}

/// Why a permission is missing; `None` where it is there. The rules are those about its action.
fn judge(needed: &Statement, resource: &str, rules: &[&Rule]) -> Option<Why> {
    let of = |allows: bool| {
        rules.iter().filter(move |rule| rule.allows == allows).map(|rule| (*rule, rule.extent(resource)))
    };
    let denied = of(false).find(|(rule, extent)| *extent == Extent::All && rule.condition.is_none());
    if let Some((rule, _)) = denied {
        return Some(Why::Denied { statement: rule.name.clone() });
    }
    let own = needed.condition.as_ref().and_then(|condition| condition.as_object()).map(plain);
    let holds = |rule: &Rule| rule.condition.is_none() || rule.condition == own;
    let allowed = of(true).any(|(rule, extent)| extent == Extent::All && holds(rule));
    let perhaps = |(rule, extent): (&Rule, Extent)| {
        let reason = match extent {
            Extent::Nothing => return None,
            _ if !holds(rule) => Doubt::Condition(rule.condition_keys()),
            Extent::Some => Doubt::Narrower,
            Extent::All => return None,
        };
        Some(Why::Perhaps { statement: rule.name.clone(), reason })
    };
    if allowed {
        // A denial of some of the resources, or under a condition.
        return of(false).find_map(|(rule, extent)| match extent {
            Extent::Nothing => None,
            _ if rule.condition.is_some() => {
                Some(Why::Perhaps { statement: rule.name.clone(), reason: Doubt::Condition(rule.condition_keys()) })
            }
            _ => Some(Why::Perhaps { statement: rule.name.clone(), reason: Doubt::Narrower }),
        });
    }
    Some(of(true).find_map(perhaps).unwrap_or(Why::NotAllowed))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use serde_json::json;

    use super::*;

    fn need(action: &str, resource: &str) -> Policy {
        let (actions, resources) = (vec![action.to_owned()], vec![resource.to_owned()]);
        Policy { statements: vec![Statement { sid: "A".to_owned(), actions, resources, condition: None }] }
    }

    #[track_caller]
    fn check(statements: serde_json::Value, expected: Option<&str>) {
        let document = Document::read(&json!({ "Statement": statements }).to_string()).unwrap();
        let found = missing(&need("sns:Publish", "arn:aws:sns:eu-west-1:1:orders"), &[document]);
        assert_eq!(found.first().map(ToString::to_string).as_deref(), expected);
    }

    const ORDERS: &str = "arn:aws:sns:eu-west-1:1:orders";

    #[test]
    fn what_is_allowed_is_not_missing() {
        for (action, resource) in [
            ("sns:Publish", ORDERS),
            ("SNS:publish", ORDERS),
            ("sns:*", "*"),
            ("*", "arn:aws:sns:*:*:*"),
            ("sns:Pub?ish", "arn:aws:sns:eu-west-1:1:ord*"),
        ] {
            check(json!([{ "Effect": "Allow", "Action": action, "Resource": resource }]), None);
        }
        check(json!({ "Effect": "Allow", "NotAction": ["sqs:*"], "NotResource": "arn:aws:sqs:*" }), None);
    }

    #[test]
    fn what_is_not_allowed_is_missing() {
        let absent = Some("sns:Publish on arn:aws:sns:eu-west-1:1:orders is not allowed");
        check(json!([]), absent);
        for (action, resource) in [
            ("sns:Publish", "arn:aws:sns:eu-west-1:1:other"),
            ("sns:Subscribe", "*"),
            ("sqs:*", "*"),
            ("sns:Publish", "ARN:aws:sns:*"),
        ] {
            check(json!([{ "Effect": "Allow", "Action": [action], "Resource": [resource] }]), absent);
        }
        check(json!({ "Effect": "Allow", "NotAction": "sns:*", "Resource": "*" }), absent);
        check(json!({ "Effect": "Allow", "Action": "*", "NotResource": "arn:aws:sns:*" }), absent);
    }

    #[test]
    fn a_denial_counts_first() {
        let all = json!({ "Effect": "Allow", "Action": "*", "Resource": "*" });
        let deny = |resource: &str| json!({ "Sid": "No", "Effect": "Deny", "Action": "sns:*", "Resource": resource });
        check(json!([all, deny("*")]), Some("sns:Publish on arn:aws:sns:eu-west-1:1:orders is denied by No"));
        check(json!([all, deny("arn:aws:sns:eu-west-1:1:other")]), None);
        let mut conditional = deny("*");
        conditional["Condition"] = json!({ "Bool": { "aws:SecureTransport": "false" } });
        check(
            json!([all, conditional]),
            Some("sns:Publish on arn:aws:sns:eu-west-1:1:orders depends on the condition of No: aws:SecureTransport"),
        );
    }

    #[test]
    fn a_condition_makes_it_uncertain() {
        let condition = json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } });
        check(
            json!([{ "Effect": "Allow", "Action": "sns:Publish", "Resource": "*", "Condition": condition }]),
            Some(
                "sns:Publish on arn:aws:sns:eu-west-1:1:orders depends on the condition of Statement[0]: aws:RequestedRegion",
            ),
        );
        // The condition that the need has itself.
        let mut needed = need("iam:PassRole", "*");
        needed.statements[0].condition =
            Some(json!({ "StringEquals": { "iam:PassedToService": "ecs-tasks.amazonaws.com" } }));
        let allow = json!({ "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": needed.statements[0].condition });
        let document = Document::read(&json!({ "Statement": [allow] }).to_string()).unwrap();
        assert_eq!(missing(&needed, &[document]), []);
    }

    #[test]
    fn a_narrower_resource_is_uncertain() {
        let allow =
            json!({ "Statement": [{ "Sid": "Some", "Effect": "Allow", "Action": "sns:*", "Resource": ORDERS }] });
        let document = Document::read(&allow.to_string()).unwrap();
        let found = missing(&need("sns:Publish", "*"), &[document]);
        assert!(!found[0].is_certain());
        assert_eq!(found[0].to_string(), "sns:Publish on *: Some is about some of these resources only");
    }

    #[test]
    fn several_policies_count_together() {
        let [first, second] = ["sns:Subscribe", "sns:Publish"].map(|action| {
            let allow = json!({ "Statement": { "Effect": "Allow", "Action": action, "Resource": "*" } });
            Document::read(&allow.to_string()).unwrap()
        });
        assert_eq!(missing(&need("sns:Publish", ORDERS), &[first, second]), []);
    }
}
