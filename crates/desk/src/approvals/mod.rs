//! Approvals: what a request says, deciding it, and delivering the decision.
//!
//! A decision is durable before it is sent, is sent at least once, and takes effect at most once: the store takes one
//! decision a task, a token works once, and a decision whose sending may have been lost looks into the history before it
//! is sent again.

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

/// The error name of a rejection, which a definition catches.
pub const REJECTED: &str = "ApprovalRejected";
