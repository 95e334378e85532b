//! Approvals: the wording of a request, deciding it, and delivering the decision.
//!
//! A decision is durable before it is sent, is sent at least once, and takes effect at most once: the store accepts one
//! decision a task, and a task token works once. Before the courier sends a decision again, it looks into the history,
//! because the first attempt may have arrived.

pub mod ahead;
pub mod answer;
pub mod asked;
pub mod branches;
mod courier;
mod decide;
mod growth;
mod outcome;
mod policy;
mod template;
#[cfg(test)]
mod tests;

pub use courier::Courier;
pub use decide::{Choice, DecideError, Decided, NotShown, can_be_shown, decide};
pub use outcome::{Closed, ClosedBy, closed};
pub use policy::{Field, Policies, Policy, Reading, Rejection, read};
pub use template::template_fault;

/// The error name of a rejection, which a definition can catch.
pub const REJECTED: &str = "ApprovalRejected";
