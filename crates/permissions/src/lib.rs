//! The IAM policies that a definition needs, and what a role's policies lack.
//!
//! ```
//! use countersign_permissions::{Subject, needed};
//!
//! let definition = serde_json::json!({"StartAt": "Tell", "States": {"Tell": {
//!     "Type": "Task", "Resource": "arn:aws:states:::sns:publish", "End": true,
//!     "Parameters": {"TopicArn": "arn:aws:sns:eu-west-1:111122223333:orders", "Message": "done"},
//! }}});
//! let needed = needed(&Subject::of(&definition));
//! let statement = &needed.policy.statements[0];
//! assert_eq!(statement.actions, ["sns:Publish"]);
//! assert_eq!(statement.resources, ["arn:aws:sns:eu-west-1:111122223333:orders"]);
//! assert!(needed.notes.is_empty());
//! ```
//!
//! | module | subject |
//! |---|---|
//! | [`subject`] | what a policy is for: the definition, and what is set beside it |
//! | `services` | the permissions of each integration, as AWS documents them |
//! | [`policy`] | a policy document that is written |
//! | [`document`] | a policy document that is read |
//! | [`wildcard`] | IAM's patterns |
//! | [`missing()`] | what a role's policies lack |
//!
//! The crate does no I/O. It knows what a definition says, and no account: whether a resource exists, what its own policy
//! permits, and which boundaries and organisation policies hold, it cannot tell.

mod arns;
pub mod document;
mod given;
mod machine;
mod missing;
mod needs;
pub mod policy;
mod services;
pub mod subject;
mod trust;
mod walk;
pub mod wildcard;

pub use document::{Document, DocumentError};
pub use missing::{Missing, Why, missing};
pub use needs::{Needed, Note};
pub use policy::{Policy, Statement};
pub use subject::{Logging, Subject};
pub use trust::{trust, trust_terraform};

/// What the role of a state machine needs: the least policy, and what could not be narrowed or is not known.
///
/// Never silent: every wildcard that stands for a computed value, and everything that the role may need and the definition
/// does not tell, is a [`Note`].
#[must_use]
pub fn needed(subject: &Subject) -> Needed {
    needed_by(std::slice::from_ref(subject))
}

/// What one role of several state machines needs.
#[must_use]
pub fn needed_by(subjects: &[Subject]) -> Needed {
    let mut needs = needs::Needs::new(subjects);
    for subject in subjects {
        needs.about(subject);
        for task in walk::tasks(subject.definition) {
            services::task(&mut needs, &task);
        }
        for map in walk::maps(subject.definition) {
            machine::distributed_map(&mut needs, &map);
        }
        machine::settings(&mut needs);
    }
    needs.finish()
}

#[cfg(test)]
mod tests;
