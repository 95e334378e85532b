//! Approvals: the wording of a request, deciding it, and delivering the decision.
//!
//! A decision is durable before it is sent, is sent at least once, and takes effect at most once: the store accepts one
//! decision a task, and a task token works once. Before the courier sends a decision again, it looks into the history,
//! because the first attempt may have arrived.

pub mod ahead;
pub mod answer;
pub mod asked;
pub mod branches;
pub mod changes;
mod courier;
pub(crate) mod decide;
pub mod form;
mod form_schema;
mod growth;
mod hands;
mod held;
mod keeper;
mod not_decided;
mod outcome;
pub mod outcomes;
mod policy;
mod render;
pub mod shown;
mod spellings;
pub(crate) mod standing;
mod template;
#[cfg(test)]
mod tests;
pub(crate) mod timing;
pub(crate) mod votes;
pub mod when;
pub mod who;
mod worded;

pub use courier::Courier;
pub use decide::{Choice, DecideError, Decided, NotShown, can_be_shown, check};
pub use hands::HandError;
pub(crate) use held::Holding;
pub use held::LONGEST_UNDO;
pub(crate) use held::{deciding, passes};
pub(crate) use keeper::Keeper;
pub use not_decided::NotDecided;
pub use outcome::{Closed, ClosedBy, closed};
pub use policy::{Field, Policies, Policy, Reading, Rejection, read};
pub use template::template_fault;
pub use timing::Times;
pub(crate) use timing::reached_since;
pub use votes::Who;
pub(crate) use worded::worded;

/// The error name of a rejection, which a definition can catch.
pub const REJECTED: &str = "ApprovalRejected";
