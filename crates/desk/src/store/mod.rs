//! What the dashboard itself must remember: the decisions, what became of them, and what else people did.
//!
//! A decision is written here, and synced to the disk, before it is sent. It carries no task token: the token is read
//! from the history again each time the decision is sent.
//!
//! There is a trait for each subject: [`Decisions`], [`Votes`], [`Acts`] and its [`Chains`] only grow; [`Deliveries`],
//! [`Hands`],
//! [`BulkRuns`], [`Views`], [`Outbox`], [`Accounts`], [`Repeats`] and [`Proposals`] change. A [`Store`] is all of them; [`Sqlite`] is one in a file. Every row belongs to
//! a connection, but for those of accounts.
//!
//! # Adding a database
//! 1. Implement the traits in a folder of its own, as `sqlite/` does, with migrations beside `migrations/sqlite`.
//! 2. Run every test of `suite.rs` over it.

mod accounts;
mod acts;
pub mod anchors;
mod bulk;
mod chain;
mod decisions;
mod deliveries;
mod hands;
mod outbox;
mod proposals;
mod repeats;
pub(crate) mod sqlite;
#[cfg(test)]
mod suite;
mod views;
mod votes;

use std::path::PathBuf;
use std::pin::Pin;

pub use accounts::{Accounts, Hash, Identity, Invited, Scope, SessionRow, TokenRow, User};
pub use acts::{Act, ActFilter, ActPage, Acts, Deed, Entry, Kind, Recorded};
pub use bulk::{BulkItem, BulkOutcome, BulkRequest, BulkRun, BulkRuns, Effect, Maker, Refusal, Verb};
pub use chain::{Break, Chain, Chains, Link};
pub use decisions::{Bound, Decision, Decisions, NewDecision, Worded};
pub use deliveries::{Deliveries, DeliveryRecord, Trouble};
pub use hands::{Absence, Claim, Hands, Held, Reassignment, Within};
pub use outbox::{Outbox, Outgoing, Stock, Undelivered};
pub use proposals::{ApprovalRule, Proposal, ProposalEnd, ProposalVote, Proposals, ProposedPlan, ProposedWorkflow};
pub use repeats::{GivenAnswer, Keyed, Repeat, Repeats};
pub use sqlite::Sqlite;
pub(crate) use sqlite::anywhere;
pub use views::{SavedView, Views};
pub use votes::{Cast, Completion, NewVote, Vote, Votes};

/// The answer of a store, once it is there.
pub type Kept<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Everything that the dashboard remembers.
pub trait Store:
    Decisions + Deliveries + Acts + Chains + Votes + Hands + BulkRuns + Views + Outbox + Accounts + Repeats + Proposals
{
    /// Closes the store; waits for what is being written.
    fn close(&self) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database's file cannot be opened.
    #[error("{} cannot be opened: {source}", .file.display())]
    Open { file: PathBuf, source: sqlx::Error },
    /// Another program keeps writing to the database's file.
    #[error("{} is locked by another program", .file.display())]
    Locked { file: PathBuf },
    /// The database has a version of the schema that this program does not know.
    #[error("{} has version {found} of the schema; {known} is the newest that is known", .file.display())]
    Newer { file: PathBuf, found: i64, known: i64 },
    /// The copy of the database that is made before it is migrated failed. The database is as it was.
    #[error("{} cannot be copied to {}: {source}", .file.display(), .copy.display())]
    Copy { file: PathBuf, copy: PathBuf, source: std::io::Error },
    /// The database could not be brought to this program's version of the schema. It is as it was.
    #[error("{} cannot be migrated: {source}", .file.display())]
    Migrate { file: PathBuf, source: sqlx::migrate::MigrateError },
    /// A query failed.
    #[error("the store failed: {0}")]
    Query(#[from] sqlx::Error),
    /// The store has something that cannot be read.
    #[error("{column} of row {row} in {table} cannot be read: {why}")]
    Unreadable { table: &'static str, row: i64, column: &'static str, why: String },
    /// The store cannot hold a value.
    #[error("{what} cannot be kept: {why}")]
    Unstorable { what: &'static str, why: String },
}
