//! What the role of a workflow lacks of what its definition needs.

use countersign_permissions::{Document, Missing, Needed, Note, Subject, missing, needed};

use crate::connection::{CallError, RolePolicy, StepFunctions};

/// What is known about the permissions of a workflow's role.
#[derive(Clone, Debug, PartialEq)]
pub struct RolePermissions {
    /// The role's ARN; `None` where neither the manifest nor the machine names one.
    pub role_arn: Option<String>,
    pub outcome: RoleOutcome,
    /// What the definition does not tell about its own permissions.
    pub notes: Vec<Note>,
}

/// The outcome of a look at a role.
#[derive(Clone, Debug, PartialEq)]
pub enum RoleOutcome {
    /// It was compared. Nothing is missing where the list is empty.
    Compared(Vec<Missing>),
    /// There is no role to look at.
    NoRole,
    /// IAM does not allow us to look: the call that it denied.
    NotAllowedToLook(CallError),
    /// The role does not exist.
    NoSuchRole,
    /// The look failed for another reason.
    Failed(CallError),
    /// A policy of the role, by its name, cannot be read: why.
    Unreadable { policy: String, why: String },
}

/// Compares what a definition needs with the role's policies, as the port returned them.
#[must_use]
pub fn compare(needed: &Needed, policies: Result<Vec<RolePolicy>, CallError>) -> RoleOutcome {
    let policies = match policies {
        Ok(policies) => policies,
        Err(error) if error.is_denied() => return RoleOutcome::NotAllowedToLook(error),
        Err(error) if error.is_missing() => return RoleOutcome::NoSuchRole,
        Err(error) => return RoleOutcome::Failed(error),
    };
    let mut documents = Vec::new();
    for RolePolicy { name, document } in policies {
        match Document::read(&document) {
            Ok(document) => documents.push(document),
            Err(why) => return RoleOutcome::Unreadable { policy: name, why: why.to_string() },
        }
    }
    RoleOutcome::Compared(missing(&needed.policy, &documents))
}

/// Looks at a role, and compares it with what a machine needs. A machine that needs nothing costs no call.
pub async fn role_permissions(
    calls: &dyn StepFunctions,
    subject: &Subject<'_>,
    role_arn: Option<&str>,
) -> RolePermissions {
    let needed = needed(subject);
    let outcome = match role_arn {
        _ if needed.policy.statements.is_empty() => RoleOutcome::Compared(Vec::new()),
        None => RoleOutcome::NoRole,
        Some(arn) => compare(&needed, calls.role_policies(arn).await),
    };
    RolePermissions { role_arn: role_arn.map(str::to_owned), outcome, notes: needed.notes }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a failed step is a failed test")]
    use serde_json::{Value, json};

    use super::*;
    use crate::connection::fake::{Fake, SetClock};
    use crate::connection::{Api, Fault};

    fn definition() -> Value {
        json!({ "StartAt": "A", "States": { "A": { "Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true,
            "Parameters": { "TopicArn": "arn:aws:sns:eu-west-1:111122223333:orders", "Message": "a" } } } })
    }

    fn policy(document: &str) -> RolePolicy {
        RolePolicy { name: "own".to_owned(), document: document.to_owned() }
    }

    fn denied(fault: Fault) -> CallError {
        CallError { api: Api::ListRolePolicies, subject: "arn:aws:iam::111122223333:role/r".to_owned(), fault }
    }

    #[test]
    fn what_a_role_lacks_is_named() {
        let definition = definition();
        let needed = needed(&Subject::of(&definition));
        let allows = r#"{"Statement": {"Effect": "Allow", "Action": "sns:Publish", "Resource": "*"}}"#;
        assert_eq!(compare(&needed, Ok(vec![policy(allows)])), RoleOutcome::Compared(Vec::new()));
        let RoleOutcome::Compared(found) = compare(&needed, Ok(Vec::new())) else { panic!("it was compared") };
        assert_eq!(found[0].to_string(), "sns:Publish on arn:aws:sns:eu-west-1:111122223333:orders is not allowed");
    }

    #[test]
    fn a_look_that_fails_is_not_taken_for_an_answer() {
        let definition = definition();
        let needed = needed(&Subject::of(&definition));
        let outcome = |fault| compare(&needed, Err(denied(fault)));
        let not_allowed = Fault::of_code("AccessDenied", "is not authorized to perform: iam:ListRolePolicies");
        assert!(matches!(outcome(not_allowed), RoleOutcome::NotAllowedToLook(_)));
        assert_eq!(outcome(Fault::of_code("NoSuchEntity", "gone")), RoleOutcome::NoSuchRole);
        assert!(matches!(outcome(Fault::Unreachable), RoleOutcome::Failed(_)));
        let unreadable = compare(&needed, Ok(vec![policy("{")]));
        assert!(matches!(unreadable, RoleOutcome::Unreadable { policy, .. } if policy == "own"));
    }

    #[tokio::test]
    async fn a_role_is_read_through_the_port() {
        let fake = Fake::new(&SetClock::at(0));
        let definition = definition();
        let subject = Subject::of(&definition);
        let arn = "arn:aws:iam::111122223333:role/shop/pay";
        assert_eq!(role_permissions(&fake, &subject, None).await.outcome, RoleOutcome::NoRole);
        assert_eq!(role_permissions(&fake, &subject, Some(arn)).await.outcome, RoleOutcome::NoSuchRole);
        let allows = r#"{"Statement": [{"Effect": "Allow", "Action": "sns:*", "Resource": "*"}]}"#;
        fake.change(|world, _| world.role_policies.insert("pay".to_owned(), vec![policy(allows)]));
        let found = role_permissions(&fake, &subject, Some(arn)).await;
        assert_eq!(found.outcome, RoleOutcome::Compared(Vec::new()));
        let nothing = json!({ "StartAt": "A", "States": { "A": { "Type": "Succeed" } } });
        let found = role_permissions(&fake, &Subject::of(&nothing), None).await;
        assert_eq!(found.outcome, RoleOutcome::Compared(Vec::new()));
    }
}
