//! Approvals: what a request says, deciding it, and delivering the decision.
//!
//! A decision is durable before it is sent, is sent at least once, and takes effect at most once: the store takes one
//! decision a task, a token works once, and a decision whose sending may have been lost looks into the history before it
//! is sent again.

pub mod ahead;
pub mod answer;
pub mod asked;
pub mod branches;
mod decide;
mod deliver;
mod growth;
mod policy;
mod template;

pub use decide::{Choice, Outcome, decide, shown};
pub use deliver::{Courier, Sent};
pub use policy::{Field, Policies, Policy, Reading, Rejection, read};
pub use template::template_fault;

use crate::dto::{ActRow, DecisionRow, Delivery, Problem};
use crate::server::store::{Act, Decision, Deed, DeliveryRecord};

/// The error name of a rejection, which a definition catches.
pub const REJECTED: &str = "ApprovalRejected";

/// An act as it crosses the wire.
#[must_use]
pub fn act_row(act: Act) -> ActRow {
    let what = match act.deed {
        Deed::Started => "Started",
        Deed::Stopped => "Stopped",
        Deed::Deployed => "Deployed",
        Deed::ActedAs => "Acts as",
    };
    ActRow {
        what: what.to_owned(),
        workflow: act.workflow,
        execution_arn: act.execution_arn,
        detail: act.detail,
        person: act.person_name,
        at: act.at,
    }
}

/// A decision as it crosses the wire.
#[must_use]
pub fn decision_row(decision: &Decision) -> DecisionRow {
    let about = &decision.decision;
    DecisionRow {
        execution_arn: about.execution_arn.clone(),
        event: about.event,
        workflow: about.workflow.clone(),
        state: about.state.clone(),
        title: about.title.clone(),
        approved: about.approved,
        person: about.person_name.clone(),
        comment: about.comment.clone(),
        decided_at: about.decided_at,
        delivery: match (&decision.delivery, &decision.trouble) {
            (DeliveryRecord::Delivered { at }, _) => Delivery::Delivered { at: *at },
            (DeliveryRecord::Late { how }, _) => Delivery::Late { how: how.clone() },
            (DeliveryRecord::Pending, None) => Delivery::Pending,
            (DeliveryRecord::Pending, Some(why)) => Delivery::Retrying {
                problem: Problem {
                    what: why.clone(),
                    remedy: "The decision is on record and is sent again every few seconds until it arrives."
                        .to_owned(),
                },
            },
        },
    }
}
